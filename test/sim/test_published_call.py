# SPDX-License-Identifier: ISC
"""The published example of *create a vif peer*, to both of its URLs; and the loop at the size of a thousand interfaces."""
import json
import threading
import time

import pytest

from support import V3, send, wait_for

# As printed, ids and times aside. remote_ep_group comes back as it was sent.
REQUEST = {"name": "vif-0819", "description": "mytest", "remote_ep_group": ["20.1.1.0/24"]}
ANSWER = {"name": "vif-0819", "description": "mytest", "address_family": "ipv4", "local_gateway_ip": "12.3.4.1/30",
          "remote_gateway_ip": "12.3.4.2/30", "route_mode": "static", "bgp_asn": None, "bgp_md5": None,
          "bgp_route_limit": 100, "bgp_status": None, "status": "PENDING_CREATE", "receive_route_num": -1,
          "remote_ep_group": ["20.1.1.0/24"]}
INTERFACES = 1000


def static_ipv6(site, number):
    """A static interface of IPv6 only that also carries the example's IPv4 addresses, in a gateway of its own."""
    gateway = site.tenant.gateway(local_ep_group_ipv6=["fd00:10:1::/48"])["id"]
    return site.tenant.interface(
        site.line, gateway, 1000 + number, name="vif", route_mode="static", bgp_asn=None, address_family="ipv6",
        local_gateway_v4_ip="12.3.4.1/30", remote_gateway_v4_ip="12.3.4.2/30", local_gateway_v6_ip="2001:db8::1/64",
        remote_gateway_v6_ip="2001:db8::2/64", remote_ep_group=["2001:db8:a::/48"])["id"]


@pytest.mark.parametrize("place", ["as printed, to the id of the interface", "with vif_id in the body"])
def test_the_published_call_gives_the_published_answer(site, place):
    vif = [static_ipv6(site, number) for number in range(2)][place.startswith("with")]
    path, body = ("vif-peers/" + vif, REQUEST) if place.startswith("as") else ("vif-peers", {**REQUEST, "vif_id": vif})
    answer = send(site.tenant, "POST", V3 + path, json.dumps({"vif_peer": body}).encode())
    assert answer.status == 201, answer
    peer = answer["vif_peer"]
    assert {name: peer[name] for name in ANSWER} == ANSWER
    assert len(peer["id"]) == 36 and peer["vif_id"] == vif and peer["tenant_id"] == site.tenant.project_id

    def active():
        shown = site.tenant.show("virtual-interfaces/" + vif)
        return shown if [one["status"] for one in shown["vif_peers"]] == ["ACTIVE", "ACTIVE"] else None

    shown = wait_for("both peers ACTIVE", active)
    later = shown["vif_peers"][1]
    assert {name: later[name] for name in ANSWER} == {**ANSWER, "status": "ACTIVE"} and later["id"] == peer["id"]
    again = send(site.tenant, "POST", V3 + path, json.dumps({"vif_peer": body}).encode())
    assert (again.status, again["error_code"]) == (400, "DC.1214")


def test_a_thousand_interfaces_with_two_peers_each_become_active(new_site):
    """Eight clients order them through the API; the time until the last one is ACTIVE is printed."""
    site = new_site()
    tenant = site.tenant
    gateways = [tenant.gateway()["id"] for _ in range(20)]
    numbers, lock, wrong = iter(range(INTERFACES)), threading.Lock(), []

    def orders():
        while True:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            try:
                made = tenant.interface(site.line, gateways[n % 20], 1 + n, remote_ep_group=None,
                                        local_gateway_v4_ip="172.16.%d.%d/30" % (n // 60, n % 60 * 4 + 1),
                                        remote_gateway_v4_ip="172.16.%d.%d/30" % (n // 60, n % 60 * 4 + 2))
                tenant.peer(made["id"], local_gateway_ip="2001:db8:%x::1/64" % n, remote_gateway_ip="2001:db8:%x::2/64" % n)
            except Exception as error:
                wrong.append(error)
                return

    begun = time.monotonic()
    threads = [threading.Thread(target=orders) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    ordered = time.monotonic() - begun

    def all_active():
        rows = tenant.get(V3 + "virtual-interfaces?status=ACTIVE&fields=id&fields=vif_peers", say=False)["virtual_interfaces"]
        return len(rows) == INTERFACES and all([peer["status"] for peer in row["vif_peers"]] == ["ACTIVE", "ACTIVE"]
                                               for row in rows)

    wait_for("a thousand interfaces ACTIVE", all_active, 240, 0.5)
    print("\n%d interfaces with two peers each: ordered in %.1f s, the last one ACTIVE %.1f s after the first order "
          "(simulated router)" % (INTERFACES, ordered, time.monotonic() - begun))
