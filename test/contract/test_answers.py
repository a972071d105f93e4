# SPDX-License-Identifier: ISC
"""Answers as they come: each has the contract's members, with values of the contract's types and within its limits."""
import json
import re

import pytest
from test_contract import CONTRACT

from support import V3, send

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "number": (int, float)}


def wrong(value, fact, at):
    """Lines that name each value that differs from the contract."""
    if value is None:
        if not fact.get("nullable") and fact.get("required"):
            yield "%s: null" % at
        return
    kind = TYPES.get(fact["type"])
    if kind and (not isinstance(value, kind) or (fact["type"] == "integer" and isinstance(value, bool))):
        yield "%s: %r is no %s" % (at, value, fact["type"])
        return
    if isinstance(value, str) and not fact.get("minLength", 0) <= len(value) <= fact.get("maxLength", 1 << 30):
        yield "%s: %r has %d characters" % (at, value, len(value))
    if fact.get("enum") and value not in fact["enum"]:
        yield "%s: %r is none of %s" % (at, value, fact["enum"])
    if fact["type"] == "integer" and not fact.get("minimum", value) <= value <= fact.get("maximum", value):
        yield "%s: %d is out of range" % (at, value)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from wrong(item, fact["items"], "%s[%d]" % (at, number))
    if isinstance(value, dict) and "members" in fact:
        yield from wrong_members(value, fact["members"], at + ".")


def wrong_members(value, facts, where=""):
    for name, fact in facts.items():
        if name not in value:
            yield "%s%s: missing" % (where, name)
        else:
            yield from wrong(value[name], fact, where + name)


def check(operation, answer, leave_out=()):
    fact = CONTRACT[operation]
    assert answer.status == fact["status"], answer
    if "answer" not in fact:
        assert answer.text == b""
        return
    assert answer.headers["content-type"].startswith("application/json")
    found = [line for line in wrong_members(answer, fact["answer"])
             if not any(line.split(":")[0].endswith(name) for name in leave_out)]
    assert found == [], operation


@pytest.fixture(scope="module")
def whole(world):
    """A tenant that has one of everything, as full and as empty as can be."""
    tenant = world.tenant()
    tenant.line = world.connection(tenant)
    tenant.vgw = tenant.gateway(name="", local_ep_group_ipv6=["fd00:10:1::/48"], tags=[{"key": "k", "value": "v"}])["id"]
    tenant.full = tenant.interface(tenant.line, tenant.vgw, name="n" * 64, description="d" * 128, bgp_asn=4294967295,
                                   bgp_md5="x" * 80, tags=[{"key": "k", "value": "v"}])["id"]
    tenant.second = tenant.peer(tenant.full, local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64")["id"]
    tenant.bare = tenant.interface(tenant.line, tenant.vgw, 101, name=None, route_mode="static", bgp_asn=None,
                                   remote_ep_group=None, local_gateway_v4_ip="192.0.2.5/30",
                                   remote_gateway_v4_ip="192.0.2.6/30")["id"]
    return tenant


def ask(tenant, method, path, body=b""):
    return send(tenant, method, V3 + path, body)


@pytest.mark.parametrize("operation, path", [
    ("ListDirectConnects", "direct-connects"), ("ListVirtualGateways", "virtual-gateways"),
    ("ListVirtualInterfaces", "virtual-interfaces"), ("ListDirectConnectLocations", "direct-connect-locations"),
    ("ListDirectConnects", "direct-connects?marker=ffffffff-ffff-4fff-bfff-ffffffffffff"),
    ("ListVirtualInterfaces", "virtual-interfaces?name=nobody"), ("ListVirtualInterfaces", "virtual-interfaces?limit=1")])
def test_lists(whole, operation, path):
    check(operation, ask(whole, "GET", path))


@pytest.mark.parametrize("operation, path", [
    ("ShowDirectConnect", "direct-connects/$line"), ("ShowVirtualGateway", "virtual-gateways/$vgw"),
    ("ShowVirtualInterface", "virtual-interfaces/$full"), ("ShowVirtualInterface", "virtual-interfaces/$bare")])
def test_shows(whole, operation, path):
    check(operation, ask(whole, "GET", re.sub(r"\$(\w+)", lambda found: getattr(whole, found.group(1)), path)))


def test_a_location_is_shown(world, whole):
    check("ShowDirectConnectLocation", ask(whole, "GET", "direct-connect-locations/" + world.location))


@pytest.mark.parametrize("operation, path, body", [
    ("UpdateDirectConnect", "direct-connects/$line", b'{"direct_connect": {"name": "after"}}'),
    ("UpdateVirtualGateway", "virtual-gateways/$vgw", b'{"virtual_gateway": {"name": "after"}}'),
    ("UpdateVirtualInterface", "virtual-interfaces/$full", b'{"virtual_interface": {"name": "after"}}'),
    ("UpdateVifPeer", "vif-peers/$second", b'{"vif_peer": {"name": "after"}}')])
def test_updates(whole, operation, path, body):
    check(operation, ask(whole, "PUT", re.sub(r"\$(\w+)", lambda found: getattr(whole, found.group(1)), path), body))


def test_creations_and_deletions(world, tenant):
    line = world.connection(tenant)
    made = ask(tenant, "POST", "virtual-gateways", json.dumps({"virtual_gateway": {
        "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode())
    check("CreateVirtualGateway", made)
    gateway = made["virtual_gateway"]["id"]
    vif = ask(tenant, "POST", "virtual-interfaces", json.dumps({"virtual_interface": tenant.interface_body(
        line, gateway)}).encode())
    check("CreateVirtualInterface", vif)
    peer = ask(tenant, "POST", "vif-peers", json.dumps({"vif_peer": {"vif_id": vif["virtual_interface"]["id"]}}).encode())
    check("CreateVifPeer", peer)
    check("DeleteVifPeer", ask(tenant, "DELETE", "vif-peers/" + peer["vif_peer"]["id"]))
    check("DeleteVirtualInterface", ask(tenant, "DELETE", "virtual-interfaces/" + vif["virtual_interface"]["id"]))
    other = world.connection(tenant)
    check("DeleteDirectConnect", ask(tenant, "DELETE", "direct-connects/" + other))
    spare = tenant.gateway()["id"]
    check("DeleteVirtualGateway", ask(tenant, "DELETE", "virtual-gateways/" + spare))


def test_global_gateways(tenant):
    made = ask(tenant, "POST", "global-dc-gateways", json.dumps({"global_dc_gateway": {"name": "gdgw"}}).encode())
    check("CreateGlobalDcGateway", made, leave_out=("updated_time", "locales", "reason"))
    gateway = made["global_dc_gateway"]["id"]
    check("ShowGlobalDcGateway", ask(tenant, "GET", "global-dc-gateways/" + gateway))
    check("ListGlobalDcGateways", ask(tenant, "GET", "global-dc-gateways"))
    check("UpdateGlobalDcGateway", ask(tenant, "PUT", "global-dc-gateways/" + gateway,
                                       b'{"global_dc_gateway": {"name": "after"}}'))
    check("ListPeerLinks", ask(tenant, "GET", "global-dc-gateways/%s/peer-links" % gateway))
    check("DeleteGlobalDcGateway", ask(tenant, "DELETE", "global-dc-gateways/" + gateway))
