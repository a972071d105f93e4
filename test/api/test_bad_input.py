# SPDX-License-Identifier: ISC
"""Orders that must be refused: the right code, the member named, and nothing changed in any table."""
import json
import time

import pytest

from bad_input import ABSENT, BODIES, CHANGES, VIF_PEER, VIRTUAL_INTERFACE
from support import V3, exchange, send, tables


def merge(good, members, ids):
    body = dict(good)
    for name, value in members.items():
        if value is ABSENT:
            body.pop(name, None)
        else:
            body[name] = ids[value[1:]] if isinstance(value, str) and value.startswith("$") else value
    return body


class Orders:
    """A project with one interface, another with the same, and good orders beside them."""

    def __init__(self, world):
        self.tenant = tenant = world.tenant()
        line = world.connection(tenant)
        gateway = tenant.gateway(local_ep_group=["10.1.0.0/16"], local_ep_group_ipv6=["fd00:10:1::/48"])["id"]
        present = tenant.interface(line, gateway, 500, route_mode="static", bgp_asn=None, remote_ep_group=["172.20.0.0/16"],
                                   local_gateway_v4_ip="198.51.100.1/30", remote_gateway_v4_ip="198.51.100.2/30")
        self.present = {"virtual_interface": "virtual-interfaces/" + present["id"], "direct_connect": "direct-connects/" + line,
                        "vif_peer": "vif-peers/" + present["vif_peers"][0]["id"], "virtual_gateway": "virtual-gateways/" + gateway}
        other = world.tenant()
        foreign_line, foreign_gateway = world.connection(other), other.gateway()["id"]
        self.ids = {"foreign_connection": foreign_line, "foreign_gateway": foreign_gateway,
                    "foreign_interface": other.interface(foreign_line, foreign_gateway)["id"]}
        self.interface = tenant.interface_body(line, gateway, 100)
        self.peer = {"vif_id": present["id"], "name": "second", "address_family": "ipv6", "route_mode": "bgp",
                     "bgp_asn": 65001, "local_gateway_ip": "2001:db8::1/64", "remote_gateway_ip": "2001:db8::2/64",
                     "remote_ep_group": ["2001:db8:a::/48"]}


@pytest.fixture(scope="module")
def orders(world):
    return Orders(world)


@pytest.fixture
def unchanged(dcaasd, orders):
    """Fails the test when a row of any table is not as it was."""
    before = tables(dcaasd)
    yield
    assert tables(dcaasd) == before


def refused(answer, code, member=None):
    assert answer.status == 400, (answer.status, answer)
    assert answer["error_code"] in code.split("|"), answer
    if member:
        assert any(name in answer["error_msg"] for name in member.split("|")), answer
    assert answer["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("title, members, code, member", VIRTUAL_INTERFACE, ids=[case[0][:60] for case in VIRTUAL_INTERFACE])
def test_an_interface_is_refused(orders, unchanged, title, members, code, member):
    body = json.dumps({"virtual_interface": merge(orders.interface, members, orders.ids)}).encode()
    refused(send(orders.tenant, "POST", V3 + "virtual-interfaces", body), code, member)


@pytest.mark.parametrize("title, members, code, member", VIF_PEER, ids=[case[0][:60] for case in VIF_PEER])
def test_a_peer_is_refused(orders, unchanged, title, members, code, member):
    body = json.dumps({"vif_peer": merge(orders.peer, members, orders.ids)}).encode()
    refused(send(orders.tenant, "POST", V3 + "vif-peers", body), code, member)


@pytest.mark.parametrize("kind, title, members, code, member", CHANGES, ids=["%s: %s" % case[:2] for case in CHANGES])
def test_a_change_is_refused(orders, unchanged, kind, title, members, code, member):
    path, given = orders.present[kind], {name: value for name, value in members.items() if value is not ABSENT}
    refused(send(orders.tenant, "PUT", V3 + path, json.dumps({kind: given}).encode()), code, member)


@pytest.mark.parametrize("envelope, path", [("virtual_interface", "virtual-interfaces"), ("vif_peer", "vif-peers")])
@pytest.mark.parametrize("title, body, code", BODIES, ids=[case[0] for case in BODIES])
def test_a_body_that_is_no_order_is_refused(orders, unchanged, envelope, path, title, body, code):
    body = body.replace(b"$envelope", envelope.encode())
    refused(send(orders.tenant, "POST", V3 + path, body), code)


@pytest.mark.parametrize("members", [{"virtual_interface": {"vlan": 7}}, {"extra": 1}])
def test_a_duplicate_member_is_refused_and_named(orders, unchanged, members):
    good = json.dumps({"virtual_interface": orders.interface})
    twice = good[:-2] + ', "vlan": 7}}'
    answer = send(orders.tenant, "POST", V3 + "virtual-interfaces", twice.encode())
    refused(answer, "DC.0000", "vlan")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/jsonx", "multipart/form-data",
                                        "application/x-www-form-urlencoded"])
def test_another_media_type_is_refused(orders, unchanged, media_type):
    body = json.dumps({"virtual_interface": orders.interface}).encode()
    refused(send(orders.tenant, "POST", V3 + "virtual-interfaces", body, {"content-type": media_type}), "APIGW.0201",
            "application/json")


def test_a_body_of_more_than_12_megabytes_is_refused(orders, unchanged):
    body = b'{"virtual_interface": {"name": "' + b"x" * (12 * 1024 * 1024) + b'"}}'
    answer = send(orders.tenant, "POST", V3 + "virtual-interfaces", body)
    assert (answer.status, answer["error_code"]) == (413, "APIGW.0201")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("where, status, code", [
    ("interface", 404, "DC.1211"), ("peer", 404, "DC.1211"), ("not an id", 404, "DC.1211|APIGW.0101")])
def test_the_alias_with_an_unknown_id_is_not_found(orders, unchanged, where, status, code):
    ids = {"interface": "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f", "peer": orders.ids["foreign_interface"], "not an id": "x"}
    body = json.dumps({"vif_peer": {name: value for name, value in orders.peer.items() if name != "vif_id"}}).encode()
    answer = send(orders.tenant, "POST", V3 + "vif-peers/" + ids[where], body)
    assert answer.status == status and answer["error_code"] in code.split("|"), answer


def test_the_alias_with_another_interface_in_the_body_is_refused(orders, unchanged):
    body = json.dumps({"vif_peer": {**orders.peer, "vif_id": orders.ids["foreign_interface"]}}).encode()
    refused(send(orders.tenant, "POST", V3 + "vif-peers/" + orders.peer["vif_id"], body), "DC.0001", "vif_id")


@pytest.mark.parametrize("path, name, member", [
    ("virtual-interfaces", "virtual_interface", "remote_ep_group"), ("virtual-interfaces", "virtual_interface", "service_ep_group"),
    ("vif-peers", "vif_peer", "remote_ep_group")])
@pytest.mark.parametrize("form", ["one in each string", "ten in each string"])
def test_hundreds_of_thousands_of_blocks_hold_nobody_up(orders, unchanged, figure, path, name, member, form):
    """A body within its limit; the database's writer, which everybody shares, is not to spend seconds on it."""
    family = "10.%d.%d.%d/32" if name == "virtual_interface" else "2001:db8:%x:%x::%x/128"
    blocks = [family % (n >> 16, n >> 8 & 255, n & 255) for n in range(200000)]
    blocks = [" ".join(blocks[at:at + 10]) for at in range(0, len(blocks), 10)] if form.startswith("ten") else blocks
    good = orders.interface if name == "virtual_interface" else orders.peer
    body = json.dumps({name: {**good, member: blocks}}).encode()
    begun = time.monotonic()
    refused(send(orders.tenant, "POST", V3 + path, body), "DC.1400", member)
    figure("200000 blocks, %s, refused" % form, time.monotonic() - begun, 2)


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1", b'""'])
def test_millions_of_values_are_refused(orders, unchanged, dcaasd, value):
    """A tree of them would take a hundred times the bytes of the text."""
    body = b'{"virtual_interface": {"x": [' + (value + b",") * 4000000 + value + b"]}}"
    refused(send(orders.tenant, "POST", V3 + "virtual-interfaces", body), "DC.0000", "values")
    answer = exchange(orders.tenant, "POST", "/v3/auth/tokens", b'{"auth": [' + (value + b",") * 40000 + value + b"]}",
                      {"host": "x", "content-type": "application/json"})
    assert (answer.status, answer["error_code"]) == (413, "APIGW.0201")


def test_the_good_orders_are_accepted(orders):
    """Without this, everything above could be refused for another reason. Runs last: it changes the tables."""
    body = json.dumps({"virtual_interface": orders.interface}).encode()
    assert send(orders.tenant, "POST", V3 + "virtual-interfaces", body).status == 201
    assert send(orders.tenant, "POST", V3 + "vif-peers", json.dumps({"vif_peer": orders.peer}).encode()).status == 201
