# SPDX-License-Identifier: ISC
"""Interfaces into another project's gateway: they wait for that project's word, and both projects see them."""
import pytest
from test_links import Edge, ordered, router

from support import V3, World, rows

VIFS = V3 + "virtual-interfaces"


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd(["quota_virtual_gateways = -1", "quota_virtual_interfaces = -1"]))


@pytest.fixture(scope="module")
def edge(site):
    return Edge(site, site.edge, site.edge_token)


@pytest.fixture
def customer(site):
    return site.tenant()


@pytest.fixture
def owner(site):
    """Who has the gateway."""
    return site.tenant()


def cross(site, tenant, owner, gateway, vlan=100, check=True, connection=None, **members):
    body = tenant.interface_body(connection or site.connection(tenant), gateway, vlan, resource_tenant_id=owner.project_id,
                                 **members)
    answer = tenant.call("POST", VIFS, {"virtual_interface": body}, check=check)
    return answer["virtual_interface"] if answer.status == 201 else answer


def answer(tenant, vif, word, check=True, **more):
    got = tenant.call("PUT", VIFS + "/" + vif["id"], {"virtual_interface": {"status": word, **more}}, check=check)
    return got["virtual_interface"] if got.status == 200 else got


def refused(got, code, *words):
    assert (got.status, got["error_code"]) == (400, code), got
    assert all(word in got["error_msg"] for word in words), got["error_msg"]


def show(tenant, vif):
    return tenant.show("virtual-interfaces/" + vif["id"])


def about(edge, vif, gateway):
    return [key for key in edge.objects if vif["id"] in key or vif["vif_peers"][0]["id"] in key or gateway in key]


def test_an_order_waits_for_the_other_project_and_has_nothing_on_the_router(site, edge, customer, owner):
    gateway = owner.gateway()["id"]
    made = cross(site, customer, owner, gateway, bgp_md5="secret of the customer")
    assert (made["status"], made["vgw_id"], made["resource_tenant_id"], made["tenant_id"]) == (
        "AUTHORIZATION", gateway, owner.project_id, customer.project_id)
    assert made["vif_peers"][0]["status"] == "AUTHORIZATION" and made["bgp_md5"] == "secret of the customer"
    edge.apply()
    assert about(edge, made, gateway) == []
    for table in ("link_subnet", "remote_subnet"):
        assert rows(site.dcaasd, "SELECT 1 FROM %s WHERE gateway_id = ?" % table, gateway) == []
    seen = show(owner, made)
    assert (seen["status"], seen["vgw_id"], seen["bgp_md5"], seen["vif_peers"][0]["bgp_md5"]) == (
        "AUTHORIZATION", gateway, None, None)
    accepted = answer(owner, made, "ACCEPTED")
    assert accepted["status"] == "PENDING_CREATE" and accepted["vif_peers"][0]["status"] == "PENDING_CREATE"
    edge.apply()
    assert edge.of("vlan")["vlan/" + made["id"]]["vrf"] == "vrf/" + gateway
    edge.say(["bgp/" + made["vif_peers"][0]["id"]])
    for tenant in (customer, owner):
        assert show(tenant, made)["status"] == "ACTIVE"
    refused(answer(owner, made, "REJECTED", check=False), "DC.1210", "not waiting")
    # The gateway stays while the interface is there, which its customer deletes.
    got = owner.call("DELETE", V3 + "virtual-gateways/" + gateway, check=False)
    refused(got, "DC.1106", made["id"])
    refused(owner.call("DELETE", VIFS + "/" + made["id"], check=False), "DC.1213")
    assert customer.delete(VIFS + "/" + made["id"]).status == 204
    edge.apply()
    edge.apply()
    assert about(edge, made, gateway) == []
    for tenant in (customer, owner):
        assert tenant.call("GET", VIFS + "/" + made["id"], check=False).status == 404


def test_a_rejected_order_is_final_and_holds_nothing_of_the_other_project(site, edge, customer, owner):
    gateway = owner.gateway()["id"]
    made = cross(site, customer, owner, gateway)
    assert answer(owner, made, "REJECTED")["status"] == "REJECTED"
    assert show(customer, made)["status"] == "REJECTED"
    refused(answer(owner, made, "ACCEPTED", check=False), "DC.1210", "not waiting")
    assert owner.delete(V3 + "virtual-gateways/" + gateway).status == 204
    assert show(customer, made)["vgw_id"] == gateway
    assert customer.delete(VIFS + "/" + made["id"]).status == 204
    assert customer.call("GET", VIFS + "/" + made["id"], check=False).status == 404
    edge.apply()
    assert rows(site.dcaasd, "SELECT 1 FROM port_vlan WHERE id = ?", made["id"]) == []


def test_a_gateway_that_is_asked_for_can_be_deleted_and_is_then_not_accepted(site, customer, owner):
    gateway = owner.gateway()["id"]
    made = cross(site, customer, owner, gateway)
    assert owner.delete(V3 + "virtual-gateways/" + gateway).status == 204
    refused(answer(owner, made, "ACCEPTED", check=False), "DC.1213", gateway)
    assert show(owner, made)["status"] == "AUTHORIZATION"
    assert answer(owner, made, "REJECTED")["status"] == "REJECTED"


def test_who_may_change_what(site, customer, owner):
    gateway, third = owner.gateway()["id"], site.tenant()
    made = cross(site, customer, owner, gateway)
    refused(answer(customer, made, "ACCEPTED", check=False), "DC.1213")
    refused(answer(owner, made, "ACCEPTED", check=False, name="mine"), "DC.0001", "alone")
    got = third.call("PUT", VIFS + "/" + made["id"], {"virtual_interface": {"status": "ACCEPTED"}}, check=False)
    assert (got.status, got["error_code"]) == (404, "DC.1211")
    refused(owner.call("PUT", VIFS + "/" + made["id"], {"virtual_interface": {"name": "mine"}}, check=False), "DC.1213")
    assert answer(owner.other("reader"), made, "ACCEPTED", check=False).status == 403

    def change(**members):
        return customer.call("PUT", VIFS + "/" + made["id"], {"virtual_interface": members}, check=False)
    assert change(name="renamed")["virtual_interface"]["name"] == "renamed"
    for members in ({"bandwidth": 60}, {"remote_ep_group": ["10.7.0.0/16"]}, {"priority": "normal"}):
        refused(change(**members), "DC.1210", "AUTHORIZATION")
    refused(customer.call("POST", V3 + "vif-peers", {"vif_peer": {
        "vif_id": made["id"], "local_gateway_ip": "fd00:7::1/126", "remote_gateway_ip": "fd00:7::2/126"}}, check=False), "DC.1210")
    got = owner.call("POST", V3 + "vif-peers", {"vif_peer": {"vif_id": made["id"]}}, check=False)
    refused(got, "DC.1211")
    ordinary = customer.interface(site.connection(customer), customer.gateway()["id"])
    refused(answer(customer, ordinary, "ACCEPTED", check=False), "DC.1210", "not waiting")
    answer(owner, made, "ACCEPTED")
    refused(owner.call("PUT", VIFS + "/" + made["id"], {"virtual_interface": {"name": "mine"}}, check=False), "DC.1213")
    assert change(bandwidth=60)["virtual_interface"]["bandwidth"] == 60
    events = rows(site.dcaasd, "SELECT project_id, action FROM event WHERE resource_id = ?", made["id"])
    assert (owner.project_id, "accept") in events and (customer.project_id, "create") in events


def test_what_an_order_is_refused_for(site, customer, owner):
    gateway, line, third = owner.gateway()["id"], site.connection(customer), site.tenant()
    told = []
    for one in (customer.gateway()["id"], third.gateway()["id"], "11111111-1111-4111-8111-111111111111"):
        got = cross(site, customer, owner, one, check=False, connection=line)
        refused(got, "DC.1213", "vgw_id")
        told.append(got["error_msg"].replace(one, "ID"))
    assert len(set(told)) == 1
    refused(cross(site, customer, owner, gateway, check=False, connection=line, tags=[{"key": "a"}]), "DC.0001", "tags")
    refused(cross(site, customer, owner, gateway, check=False, connection=line, bgp_asn=64512), "DC.1223")
    refused(cross(site, customer, owner, gateway, check=False, connection=line, local_gateway_v4_ip="1.2.3.4"), "DC.0004")
    refused(cross(site, customer, owner, gateway, check=False, connection=line, bandwidth=5000), "DC.1000")
    # The VLAN is the customer's own, and taken at once.
    cross(site, customer, owner, gateway, connection=line)
    refused(cross(site, customer, owner, gateway, check=False, connection=line), "DC.1209")
    own = customer.gateway()["id"]
    same = customer.interface(site.connection(customer), own, resource_tenant_id=customer.project_id)
    assert (same["status"], same["resource_tenant_id"], same["vgw_id"]) == ("PENDING_CREATE", None, own)


def test_what_overlaps_in_the_gateway_is_found_when_it_is_accepted(site, customer, owner):
    """The customer learns nothing of it; the gateway's project does."""
    gateway = owner.gateway()["id"]
    owner.interface(site.connection(owner), gateway)
    made = cross(site, customer, owner, gateway, remote_ep_group=["10.1.7.0/24"])
    refused(answer(owner, made, "ACCEPTED", check=False), "DC.1105")
    other = cross(site, customer, owner, gateway, vlan=101)
    refused(answer(owner, other, "ACCEPTED", check=False), "DC.0004", "link subnet")
    fine = cross(site, customer, owner, gateway, vlan=102, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30")
    third = cross(site, customer, owner, gateway, vlan=103, local_gateway_v4_ip="192.0.2.9/30",
                  remote_gateway_v4_ip="192.0.2.10/30")
    assert answer(owner, fine, "ACCEPTED")["status"] == "PENDING_CREATE"
    refused(answer(owner, third, "ACCEPTED", check=False), "DC.1117")


def test_global_gateways_and_routers_of_another_project_accept_too(site, edge, customer, owner):
    gateway, er = ordered(owner), router(site, owner)
    made = cross(site, customer, owner, None, service_type="GDGW", gateway_id=gateway["id"])
    assert (made["gateway_id"], made["status"]) == (gateway["id"], "AUTHORIZATION")
    vgw = owner.post(V3 + "virtual-gateways", {"virtual_gateway": {"name": "er", "enterprise_router_id": er["id"]}})[
        "virtual_gateway"]["id"]
    second = cross(site, customer, owner, vgw)
    for one in (made, second):
        answer(owner, one, "ACCEPTED")
    edge.apply()
    assert edge.of("vlan")["vlan/" + made["id"]]["vrf"] == "vrf/" + gateway["id"]
    assert edge.of("vlan")["vlan/" + second["id"]]["vrf"] == "vrf/" + er["id"]


def test_lists_of_both_projects_have_them_in_order(site, customer, owner):
    gateway = owner.gateway()["id"]
    made = []
    for n in range(6):  # in turns: the owner's own, and received ones
        if n % 2:
            made.append(cross(site, customer, owner, gateway, name="n%d" % (n * 7 % 5), bandwidth=10 + n))
        else:
            made.append(owner.interface(site.connection(owner), owner.gateway()["id"], name="n%d" % (n * 7 % 5), bandwidth=10 + n))
    by_id = [one["id"] for one in made]
    assert [one["id"] for one in owner.get(VIFS)["virtual_interfaces"]] == by_id
    assert [one["id"] for one in customer.get(VIFS)["virtual_interfaces"]] == by_id[1::2]
    assert [one["id"] for one in owner.get(VIFS + "?status=AUTHORIZATION")["virtual_interfaces"]] == by_id[1::2]

    def all_pages(query, step):
        seen, marker = [], ""
        while True:
            page = owner.get(VIFS + "?limit=%d&%s%s" % (step, query, marker), say=False)
            seen += [one["id"] for one in page["virtual_interfaces"]]
            if page["page_info"]["next_marker"] is None:
                return seen
            marker = "&marker=" + page["page_info"]["next_marker"]
    for key in ("id", "name", "bandwidth", "status", "create_time", "vlan"):
        for direction, sign in (("asc", 1), ("desc", -1)):
            wanted = [one["id"] for one in sorted(owner.get(VIFS, say=False)["virtual_interfaces"], key=lambda one, k=key: (
                one[k], one["id"]))][::sign]
            query = "sort_key=%s&sort_dir=%s" % (key, direction)
            for step in (1, 2, 4, 6):
                assert all_pages(query, step) == wanted, (key, direction, step)
            for offset in range(8):
                page = owner.get(VIFS + "?limit=2&offset=%d&%s" % (offset, query), say=False)["virtual_interfaces"]
                assert [one["id"] for one in page] == wanted[offset:offset + 2], (key, direction, offset)
            for at in range(6):
                page = owner.get(VIFS + "?limit=2&page_reverse=true&marker=%s&%s" % (wanted[at], query), say=False)
                assert [one["id"] for one in page["virtual_interfaces"]] == wanted[max(0, at - 2):at], (key, direction, at)
