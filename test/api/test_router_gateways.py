# SPDX-License-Identifier: ISC
"""Virtual gateways of an enterprise router: their interfaces are in the router's VRF, with the gateway's own AS number."""
import uuid

import pytest
from test_links import ROUTERS, Edge, attach, in_use, link, router

from support import V3, World, rows

GATEWAYS = V3 + "virtual-gateways"


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd(["quota_virtual_gateways = -1", "quota_global_dc_gateways = -1"]))


@pytest.fixture(scope="module")
def edge(site):
    return Edge(site, site.edge, site.edge_token)


@pytest.fixture
def customer(site):
    return site.tenant()


def ordered(tenant, er, check=True, **members):
    body = {"name": "vgw", "enterprise_router_id": er["id"], "bgp_asn": 64900, **members}
    answer = tenant.call("POST", GATEWAYS, {"virtual_gateway": body}, check=check)
    return answer["virtual_gateway"] if answer.status == 201 else answer


def refused(answer, code, *words):
    assert (answer.status, answer["error_code"]) == (400, code), answer
    assert all(word in answer["error_msg"] for word in words), answer["error_msg"]


def routers_state(site, er):
    seen = site.operator.get(ROUTERS + "/" + er["id"])["enterprise_router"]
    return seen["status"], seen["reason"]


def test_an_interface_is_in_the_routers_vrf_with_the_gateways_as_number(site, edge, customer):
    er = router(site, customer)
    gateway = ordered(customer, er)
    assert (gateway["enterprise_router_id"], gateway["vpc_id"], gateway["status"]) == (er["id"], None, "ACTIVE")
    assert routers_state(site, er) == ("DOWN", "neither a peer link nor an interface leads to the router")
    vif = customer.interface(site.connection(customer), gateway["id"])
    edge.apply()
    vrf = "vrf/" + er["id"]
    assert "vrf/" + gateway["id"] not in edge.objects
    assert edge.of("vrf")[vrf]["own"] == ["172.20.0.0/16", "fd00:20::/48"]
    assert edge.of("vlan")["vlan/" + vif["id"]]["vrf"] == vrf
    session = edge.of("bgp")["bgp/" + vif["vif_peers"][0]["id"]]
    assert (session["vrf"], session["local_asn"]) == (vrf, 64900)
    assert {body["prefix"] for body in edge.of("route").values() if body["vrf"] == vrf} == {"172.20.0.0/16", "fd00:20::/48"}
    edge.say(["bgp/" + vif["vif_peers"][0]["id"]])
    assert customer.show("virtual-interfaces/" + vif["id"])["status"] == "ACTIVE"
    assert routers_state(site, er) == ("ACTIVE", None)
    assert customer.show("virtual-gateways/" + gateway["id"])["device_id"] == "172.16.40.2"
    # What fails in the router's VRF is seen by gateway and interface.
    edge.report([{"key": vrf, "revision": edge.objects[vrf]["revision"], "state": "error", "error": "no VRF"}])
    assert customer.show("virtual-gateways/" + gateway["id"])["status"] == "ERROR"
    assert customer.show("virtual-interfaces/" + vif["id"])["status"] == "ERROR"
    edge.report([{"key": vrf, "revision": edge.objects[vrf]["revision"], "state": "applied"}])
    assert customer.show("virtual-gateways/" + gateway["id"])["status"] == "ACTIVE"
    customer.delete(V3 + "virtual-interfaces/" + vif["id"])
    edge.apply()
    edge.apply()
    assert vrf not in edge.objects and routers_state(site, er)[0] == "DOWN"
    assert customer.delete(GATEWAYS + "/" + gateway["id"]).status == 204
    assert rows(site.dcaasd, "SELECT 1 FROM gateway WHERE id = ?", gateway["id"]) == []


def test_the_routers_links_and_its_interfaces_share_the_vrf(site, edge, customer):
    er, near = router(site, customer), in_use(site, customer)
    gateway = ordered(customer, er)
    vif = customer.interface(site.connection(customer), gateway["id"], local_gateway_v4_ip="192.0.2.5/30",
                             remote_gateway_v4_ip="192.0.2.6/30")
    made = link(customer, near, er)
    edge.apply()
    assert {body["vrf"] for key, body in edge.of("veth").items() if made["id"] in key} == {"vrf/" + er["id"], "vrf/" + near["id"]}
    customer.delete(V3 + "virtual-interfaces/" + vif["id"])
    edge.apply()
    assert "vrf/" + er["id"] in edge.of("vrf")


def test_claims_are_the_routers_for_all_gateways_that_show_it(site, customer):
    er = router(site, customer)
    first, second = ordered(customer, er), ordered(customer, er, bgp_asn=64901)
    customer.interface(site.connection(customer), first["id"])

    def order(gateway, **members):
        return customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": customer.interface_body(
            site.connection(customer), gateway["id"], **members)}, check=False)
    refused(order(second), "DC.0004", "link subnet")
    free = {"local_gateway_v4_ip": "192.0.2.5/30", "remote_gateway_v4_ip": "192.0.2.6/30"}
    refused(order(second, bgp_asn=64901, **free), "DC.1223")
    refused(order(second, route_mode="static", remote_ep_group=["172.20.1.0/24"], **free), "DC.1105")
    made = order(second, **free)
    assert made.status == 201
    answer = customer.call("POST", V3 + "vif-peers", {"vif_peer": {
        "vif_id": made["virtual_interface"]["id"], "bgp_asn": 64901, "local_gateway_ip": "fd00:7::1/126",
        "remote_gateway_ip": "fd00:7::2/126"}}, check=False)
    refused(answer, "DC.1223", "bgp_asn")


def test_what_such_a_gateway_is_refused_for(site, customer):
    er, other = router(site, customer), site.tenant()
    refused(ordered(customer, er, check=False, vpc_id=customer.vpc()), "DC.0001", "exclude each other")
    told = []
    for one in (router(site, other)["id"], str(uuid.uuid4()), customer.gateway()["id"]):
        answer = ordered(customer, {"id": one}, check=False)
        refused(answer, "DC.0002", "enterprise_router_id")
        told.append(answer["error_msg"].replace(one, "ID"))
    assert len(set(told)) == 1
    refused(customer.call("POST", GATEWAYS, {"virtual_gateway": {"name": "x", "local_ep_group": ["10.0.0.0/8"]}}, check=False),
            "DC.0001", "vpc_id")
    gateway = ordered(customer, er, local_ep_group=["172.20.0.0/16"])
    assert gateway["local_ep_group"] == ["172.20.0.0/16"]
    for attached in site.operator.get("/dcaas/v1/attachments?enterprise_router_id=" + er["id"])["attachments"]:
        site.operator.delete("/dcaas/v1/attachments/" + attached["id"])
    refused(site.operator.call("DELETE", ROUTERS + "/" + er["id"], check=False), "DC.1106", gateway["id"])


def test_a_network_attached_later_is_routed_for_the_gateways_customers(site, edge, customer):
    er = router(site, customer, attached=False)
    gateway = ordered(customer, er)
    customer.interface(site.connection(customer), gateway["id"])
    edge.apply()
    made = attach(site, customer, er, prefixes=["172.21.0.0/16"])["attachment"]["id"]
    edge.apply()
    vrf = "vrf/" + er["id"]
    assert edge.of("vlan")["vlan/" + made]["vrf"] == vrf and edge.of("vrf")[vrf]["own"] == ["172.21.0.0/16"]
    assert edge.of("route")["route/%s/172.21.0.0/16" % made]["class"] == "vpc"
