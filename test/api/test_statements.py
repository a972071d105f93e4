# SPDX-License-Identifier: ISC
"""How many statements an order runs in its transaction: what it costs on any machine. The line of each call in the log shows
it."""
import re

import pytest

from support import V3, World, rows, wait_for

# At most. A change that needs fewer puts the new number here.
CREATE_INTERFACE, CREATE_PEER, RENAME = 41, 24, 8
TRIES = 3  # one event in 64 trims those of before


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd())


def statements_of(site, answer):
    request = answer["request_id"]
    line = wait_for("the line of the call", lambda: re.search("request_id=%s .*statements=([0-9]+)" % request, site.dcaasd.log()))
    return int(line.group(1))


def test_orders_take_no_more_statements_than_they_did(site):
    tenant = site.tenant()
    line, gateway = site.connection(tenant), tenant.gateway()["id"]
    tenant.interface(line, gateway, 100)  # the first brings the gateway to the router
    counted = []
    for n in range(1, TRIES + 1):
        body = tenant.interface_body(line, gateway, 100 + n, local_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 1),
                                     remote_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 2),
                                     remote_ep_group=["192.168.%d.0/24" % n])
        made = tenant.post(V3 + "virtual-interfaces", {"virtual_interface": body})
        interface = made["virtual_interface"]["id"]
        peer = tenant.post(V3 + "vif-peers", {"vif_peer": {
            "vif_id": interface, "address_family": "ipv6", "local_gateway_ip": "2001:db8:%d::1/64" % n,
            "remote_gateway_ip": "2001:db8:%d::2/64" % n, "remote_ep_group": ["2001:db8:ff%02x::/48" % n]}})
        before = rows(site.dcaasd, "SELECT revision FROM edge_revision WHERE id = ?", site.edge)
        renamed = tenant.put(V3 + "virtual-interfaces/" + interface, {"virtual_interface": {"name": "another"}})
        # A name is nothing that a router knows.
        assert rows(site.dcaasd, "SELECT revision FROM edge_revision WHERE id = ?", site.edge) == before
        counted.append([statements_of(site, answer) for answer in (made, peer, renamed)])
    least = [min(column) for column in zip(*counted)]
    print("\nstatements: POST virtual-interfaces %d, POST vif-peers %d, a rename %d" % tuple(least))
    assert all(0 < n <= most for n, most in zip(least, (CREATE_INTERFACE, CREATE_PEER, RENAME))), counted
