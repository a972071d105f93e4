# SPDX-License-Identifier: ISC
"""Orders as tenants make them: what comes back, what may change, what goes, and who stands in the way."""
import json
import re
import uuid

import pytest
from fake_edge import FakeEdge

from support import V3, World, rows, send, tables

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
UUID = "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"


def refused(client, method, path, body, code, status=400):
    answer = send(client, method, V3 + path, json.dumps(body).encode() if body is not None else b"")
    assert (answer.status, answer["error_code"]) == (status, code), answer
    return answer["error_msg"]


# Virtual gateways

def test_a_gateway_is_as_ordered_and_active_at_once(tenant):
    vpc = tenant.vpc()
    made = tenant.post(V3 + "virtual-gateways", {"virtual_gateway": {
        "name": "gw", "description": "words", "vpc_id": vpc, "local_ep_group": ["10.1.0.0/16", "10.2.0.0/16"],
        "bgp_asn": 65500, "enterprise_project_id": UUID, "tags": [{"key": "k", "value": "v"}, {"key": "e"}],
        "type": "default", "unknown": 5}})["virtual_gateway"]
    assert made["status"] == "ACTIVE" and made["tenant_id"] == tenant.project_id and made["vpc_id"] == vpc
    assert made["local_ep_group"] == ["10.1.0.0/16", "10.2.0.0/16"] and made["bgp_asn"] == 65500
    assert made["enterprise_project_id"] == UUID and made["tags"] == [{"key": "k", "value": "v"}, {"key": "e", "value": ""}]
    assert made["type"] == "default" and made["admin_state_up"] is True and made["description"] == "words"
    assert tenant.show("virtual-gateways/" + made["id"]) == made


def test_the_server_fills_what_a_gateway_leaves_out(tenant):
    made = tenant.post(V3 + "virtual-gateways", {"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group":
                                                                     ["10.1.0.0/16"]}})["virtual_gateway"]
    assert (made["name"], made["description"], made["bgp_asn"], made["enterprise_project_id"]) == ("", "", 64512, "0")


def test_numbers_may_arrive_quoted_and_leave_as_numbers(tenant, line):
    gateway = tenant.gateway(bgp_asn="64600")
    assert gateway["bgp_asn"] == 64600
    made = tenant.interface(line, gateway["id"], vlan="355", bandwidth="60", bgp_asn="65001")
    assert (made["vlan"], made["bandwidth"], made["bgp_asn"]) == (355, 60, 65001)


@pytest.mark.parametrize("spelled, is_number", [("64512.0", 64512), ("6.46e4", 64600), ("4294967295.000", 4294967295), ("64512.5", None),
                                                ("1e300", None), ("9007199254740994.0", None), ("-1.0", None)])
def test_a_number_with_a_point_is_whole_when_its_value_is(tenant, spelled, is_number):
    body = '{"virtual_gateway": {"vpc_id": "%s", "local_ep_group": ["10.1.0.0/16"], "bgp_asn": %s}}' % (tenant.vpc(), spelled)
    answer = send(tenant, "POST", V3 + "virtual-gateways", body.encode())
    if is_number is None:
        assert (answer.status, answer["error_code"]) == (400, "DC.0008"), answer
    else:
        assert (answer.status, answer["virtual_gateway"]["bgp_asn"]) == (201, is_number), answer


def test_as_numbers_reach_32_bits(tenant, line):
    gateway = tenant.gateway(bgp_asn=4200000000)
    assert gateway["bgp_asn"] == 4200000000
    assert tenant.interface(line, gateway["id"], bgp_asn=4294967295)["vif_peers"][0]["bgp_asn"] == 4294967295


@pytest.mark.parametrize("members, code", [
    ({"vpc_id": UUID}, "DC.0007"), ({"vpc_id": None}, "DC.0001"), ({"vpc_id": "x"}, "DC.0001"),
    ({"local_ep_group": None}, "DC.0001"), ({"local_ep_group": []}, "DC.0001"), ({"local_ep_group": ["x"]}, "DC.0004"),
    ({"local_ep_group": ["0.0.0.0/0"]}, "DC.0004"), ({"local_ep_group": ["2001:db8::/48"]}, "DC.0004"),
    ({"local_ep_group": ["10.1.0.0/16", "10.1.0.0/16"]}, "DC.1401"), ({"bgp_asn": 0}, "DC.0008"),
    ({"local_ep_group": ["10.%d.0.0/16" % n for n in range(51)]}, "DC.1101"), ({"bgp_asn": 4294967296}, "DC.0008"),
    ({"bgp_asn": 4290000001}, "DC.0008"), ({"name": "x" * 65}, "DC.0001"), ({"tags": [{"key": ""}]}, "DC.0001"),
    ({"local_ep_group_ipv6": ["10.0.0.0/8"]}, "DC.0004"), ({"local_ep_group_ipv6": []}, "DC.0001")])
def test_a_wrong_gateway_is_refused(tenant, members, code):
    body = {"name": "gw", "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"], **members}
    refused(tenant, "POST", "virtual-gateways", {"virtual_gateway": body}, code)


def test_a_vpc_has_one_gateway(tenant):
    vpc = tenant.vpc()
    tenant.gateway(vpc_id=vpc)
    refused(tenant, "POST", "virtual-gateways", {"virtual_gateway": {"vpc_id": vpc, "local_ep_group": ["10.1.0.0/16"]}},
            "DC.1110")


def test_the_quota_of_gateways_is_kept(tenant):
    for _ in range(5):
        tenant.gateway()
    refused(tenant, "POST", "virtual-gateways", {"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group":
                                                                     ["10.1.0.0/16"]}}, "DC.1019")
    # What the order refers to is looked at first.
    refused(tenant, "POST", "virtual-gateways", {"virtual_gateway": {"vpc_id": str(uuid.uuid4()), "local_ep_group":
                                                                     ["10.1.0.0/16"]}}, "DC.0007")


def test_a_gateway_changes_what_may_change(tenant):
    gateway = tenant.gateway(name="before", description="before")
    changed = tenant.put(V3 + "virtual-gateways/" + gateway["id"], {"virtual_gateway": {
        "name": "after", "description": "", "local_ep_group": ["10.9.0.0/16"], "bgp_asn": 1, "vpc_id": UUID}})[
            "virtual_gateway"]
    assert changed == {**gateway, "name": "after", "description": "", "local_ep_group": ["10.9.0.0/16"]}
    for body in ({"virtual_gateway": {}}, {"virtual_gateway": {"bgp_asn": 5}}, {"virtual_gateway": {"name": None}}):
        refused(tenant, "PUT", "virtual-gateways/" + gateway["id"], body, "DC.0001")


def test_a_gateways_blocks_may_not_cover_what_is_behind_its_interfaces(tenant, line, gateway):
    tenant.interface(line, gateway)
    for blocks, code in ((["192.168.0.0/16"], "DC.1105"), (["192.0.2.0/24"], "DC.1105")):
        refused(tenant, "PUT", "virtual-gateways/" + gateway, {"virtual_gateway": {"local_ep_group": blocks}}, code)


def test_a_gateway_in_use_stays(tenant, line, gateway):
    tenant.interface(line, gateway)
    assert "1 virtual interface: " in refused(tenant, "DELETE", "virtual-gateways/" + gateway, None, "DC.1106")
    assert tenant.show("virtual-gateways/" + gateway)["status"] == "ACTIVE"


@pytest.mark.parametrize("path, code", [("virtual-gateways/", "DC.1111"), ("virtual-interfaces/", "DC.1211"),
                                        ("direct-connects/", "DC.1012")])
@pytest.mark.parametrize("wrong", [UUID, UUID.upper(), "x", "0", "'", "%22", "x" * 2000])
def test_an_unknown_id_is_not_found(tenant, path, code, wrong):
    refused(tenant, "GET", path + wrong, None, code, 404)
    refused(tenant, "DELETE", path + wrong, None, code, 404)


def test_words_that_were_cut_are_still_utf_8(tenant):
    """The words of an error quote what was sent, up to a length: it may end inside a character."""
    for shift in range(4):
        answer = send(tenant, "GET", V3 + "virtual-gateways/" + "x" * shift + "%F0%9F%98%80" * 100)
        assert answer.status == 404 and json.loads(answer.text.decode("utf-8"))["error_code"] == "DC.1111"


def test_an_id_in_upper_case_is_the_same_id(dcaasd):
    """In each part of a path, in filters, markers and bodies."""
    site = World(dcaasd)
    edge, tenant = FakeEdge(site.endpoint, site.edge_token), site.tenant()
    line, gateway = site.connection(tenant), tenant.gateway()["id"]
    assert tenant.show("virtual-gateways/" + gateway.upper())["id"] == gateway
    project = V3.replace("{project_id}", tenant.project_id.upper())
    assert tenant.get(project + "virtual-gateways/" + gateway)["virtual_gateway"]["tenant_id"] == tenant.project_id
    vif = tenant.interface(line.upper(), gateway.upper())
    assert tenant.show("virtual-interfaces/" + vif["id"])["vif_peers"][0]["vif_id"] == vif["id"]
    for at in (vif["id"].upper(), vif["vif_peers"][0]["id"].upper()):
        made = tenant.post(project + "vif-peers/" + at, {"vif_peer": {
            "vif_id": vif["id"].upper(), "local_gateway_ip": "2001:db8::1/64", "remote_gateway_ip": "2001:db8::2/64"}})["vif_peer"]
        assert made["vif_id"] == vif["id"].upper()
        edge.apply()
        tenant.delete(V3 + "vif-peers/" + made["id"].upper())
        edge.apply()
    for query in ("id=" + vif["id"].upper(), "vgw_id=" + gateway.upper(), "direct_connect_id=" + line.upper()):
        assert [v["id"] for v in tenant.get(V3 + "virtual-interfaces?" + query)["virtual_interfaces"]] == [vif["id"]]
    assert tenant.get(V3 + "virtual-interfaces?marker=" + vif["id"].upper())["virtual_interfaces"] == []
    vpc = tenant.show("virtual-gateways/" + gateway)["vpc_id"]
    refused(tenant, "POST", "virtual-gateways", {"virtual_gateway": {"vpc_id": vpc.upper(), "local_ep_group": ["10.1.0.0/16"]}},
            "DC.1110")
    assert send(tenant, "GET", project.replace("/v3/", "/v3/f") + "virtual-gateways").status in (403, 404)


def test_ids_come_back_as_they_were_sent(tenant, line, gateway):
    """Terraform replaces what it reads in another spelling."""
    mixed = UUID[:18].upper() + UUID[18:]
    vpc = tenant.vpc()
    made = tenant.gateway(vpc_id=vpc.upper(), enterprise_project_id=mixed)
    vif = tenant.interface(line.upper(), gateway.upper(), enterprise_project_id=mixed)
    for path, one, sent in (
            ("virtual-gateways", made, {"vpc_id": vpc.upper(), "enterprise_project_id": mixed}),
            ("virtual-interfaces", vif, {"direct_connect_id": line.upper(), "vgw_id": gateway.upper(), "enterprise_project_id": mixed})):
        plural, name = path.replace("-", "_"), path[:-1].replace("-", "_")
        changed = tenant.put(V3 + path + "/" + one["id"], {name: {"name": "after"}})[name]
        query = "?enterprise_project_id=" + UUID + "&id=" + one["id"].upper()
        listed = tenant.get(V3 + path + query)[plural]
        assert len(listed) == 1, path
        for seen in (one, changed, tenant.show(path + "/" + one["id"]), listed[0]):
            assert {member: seen[member] for member in sent} == sent
            assert seen["id"] == one["id"] and seen["tenant_id"] == tenant.project_id and "spelling" not in seen
    assert [v["id"] for v in tenant.get(V3 + "virtual-interfaces?vgw_id=" + gateway)["virtual_interfaces"]] == [vif["id"]]


# Virtual interfaces

def test_an_interface_brings_its_first_peer(tenant, line, gateway):
    made = tenant.interface(line, gateway, 100, name="office", description="words", bgp_md5="secret words",
                            remote_ep_group=["192.168.0.0/24", "192.168.1.0/24 192.168.2.0/24", "192.0.2.0/30"],
                            tags=[{"key": "k", "value": "v"}])
    peer = made["vif_peers"][0]
    assert len(made["vif_peers"]) == 1
    for name in ("name", "description", "tenant_id", "device_id", "route_mode", "bgp_asn", "bgp_md5", "remote_ep_group",
                 "address_family", "bgp_route_limit", "enable_bfd", "enable_nqa"):
        assert made[name] == peer[name], name
    assert made["remote_ep_group"] == ["192.168.0.0/24", "192.168.1.0/24 192.168.2.0/24", "192.0.2.0/30"]
    assert (peer["local_gateway_ip"], peer["remote_gateway_ip"]) == ("192.0.2.1/30", "192.0.2.2/30")
    assert (peer["status"], peer["bgp_status"], peer["receive_route_num"]) == ("PENDING_CREATE", "down", 0)
    assert peer["vif_id"] == made["id"] and made["status"] == "PENDING_CREATE"
    assert made["device_id"] == "172.16.40.2" and made["service_type"] == "VGW" and made["type"] == "private"
    assert (made["route_limit"], made["bgp_route_limit"], made["priority"]) == (50, 100, "normal")
    assert (made["enable_bfd"], made["enable_nqa"], made["rate_limit"], made["admin_state_up"]) == (False, False, False, True)
    assert made["address_family"] == "ipv4" and made["enterprise_project_id"] == "0" and TIME.match(made["create_time"])
    assert made["extend_attribute"] is None and made["lag_id"] is None
    assert tenant.show("virtual-interfaces/" + made["id"]) == made


def test_a_static_interface_has_no_session(tenant, line, gateway):
    made = tenant.interface(line, gateway, route_mode="static", bgp_asn=None)
    assert (made["vif_peers"][0]["bgp_status"], made["vif_peers"][0]["receive_route_num"]) == (None, -1)
    assert made["bgp_asn"] is None


def test_a_static_interface_shows_the_as_number_it_was_given(tenant, line, gateway):
    assert tenant.interface(line, gateway, route_mode="static", bgp_asn=65010)["bgp_asn"] == 65010


@pytest.mark.parametrize("family", ["ipv6", "IPv6", "IPV6"])
def test_an_interface_may_be_of_ipv6_only(tenant, line, gateway, family):
    made = tenant.interface(line, gateway, address_family=family, local_gateway_v4_ip=None, remote_gateway_v4_ip=None,
                            local_gateway_v6_ip="2001:db8::1/64", remote_gateway_v6_ip="2001:db8::2/64",
                            remote_ep_group=["2001:db8:a::/48", "2001:db8::/64"])
    assert made["address_family"] == "ipv6" and made["vif_peers"][0]["address_family"] == "ipv6"
    assert made["vif_peers"][0]["local_gateway_ip"] == "2001:db8::1/64"


@pytest.mark.parametrize("local, remote", [
    ("192.0.2.0/31", "192.0.2.1/31"), ("169.254.10.1/30", "169.254.10.2/30"), ("100.64.0.1/30", "100.64.0.2/30"),
    ("203.0.113.200/24", "203.0.113.1/24")])
def test_link_addresses_that_are_fine(tenant, line, gateway, local, remote):
    made = tenant.interface(line, gateway, local_gateway_v4_ip=local, remote_gateway_v4_ip=remote)
    assert made["local_gateway_v4_ip"] == local and made["vif_peers"][0]["remote_gateway_ip"] == remote


@pytest.mark.parametrize("local, remote", [("2001:db8::/127", "2001:db8::1/127"), ("fd00::1/126", "fd00::2/126")])
def test_ipv6_link_addresses_that_are_fine(tenant, line, gateway, local, remote):
    made = tenant.interface(line, gateway, address_family="ipv6", local_gateway_v4_ip=None, remote_gateway_v4_ip=None,
                            local_gateway_v6_ip=local, remote_gateway_v6_ip=remote, remote_ep_group=None)
    assert made["vif_peers"][0]["local_gateway_ip"] == local


@pytest.mark.parametrize("local, remote", [("fe80::1/64", "fe80::2/64"), ("febf::1/126", "febf::2/126")])
def test_link_local_link_addresses_are_refused(tenant, line, gateway, local, remote):
    """Every device of a VRF has that subnet: no two interfaces of a gateway could."""
    of_interface = {"local_gateway_v6_ip": local, "remote_gateway_v6_ip": remote}
    for family in ("ipv4", "ipv6"):
        words = refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": tenant.interface_body(
            line, gateway, address_family=family, remote_ep_group=None, **of_interface)}, "DC.0004")
        assert "virtual_interface.local_gateway_v6_ip" in words and "link-local" in words
    vif = tenant.interface(line, gateway)["id"]
    words = refused(tenant, "POST", "vif-peers", {"vif_peer": {"vif_id": vif, "local_gateway_ip": local,
                                                              "remote_gateway_ip": remote}}, "DC.0004")
    assert "vif_peer.local_gateway_ip" in words and "link-local" in words


def test_a_network_is_not_attached_by_a_link_local_address(world, tenant):
    answer = world.operator.call("POST", "/dcaas/v1/attachments", {"attachment": {
        "tenant_id": tenant.project_id, "vpc_id": str(uuid.uuid4()), "port_id": world.vpc_port, "vlan": 3998,
        "prefixes": ["fd00:99::/48"], "local_ipv6": "fe80::1/64", "next_hop_ipv6": "fe80::2"}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0004"), answer
    assert "attachment.local_ipv6" in answer["error_msg"] and "link-local" in answer["error_msg"]


def test_the_link_subnet_always_belongs_into_the_list(tenant, line, gateway):
    made = tenant.interface(line, gateway, local_gateway_v4_ip="169.254.10.1/30", remote_gateway_v4_ip="169.254.10.2/30",
                            remote_ep_group=["169.254.10.0/30", "192.168.0.0/24"])
    assert made["remote_ep_group"] == ["169.254.10.0/30", "192.168.0.0/24"]


def test_a_default_route_of_the_customer_is_fine(tenant, line, gateway):
    assert tenant.interface(line, gateway, remote_ep_group=["0.0.0.0/0"])["remote_ep_group"] == ["0.0.0.0/0"]


@pytest.mark.parametrize("name", ['x"; } protocol static { route 0.0.0.0/0 blackhole; } #', "};\\\"'`$(reboot)", "' OR 1=1 --",
                                  "日本語 ネットワーク", "<script>", "%s%n%d"])
def test_a_name_full_of_syntax_is_a_name(dcaasd, tenant, line, gateway, name):
    made = tenant.interface(line, gateway, name=name, description=name)
    assert tenant.show("virtual-interfaces/" + made["id"])["name"] == name
    bodies = rows(dcaasd, "SELECT body FROM edge_object WHERE owner_id = ?", made["id"])
    assert bodies and not any(name in json.loads(json.dumps(body)) for (body,) in bodies if body)


@pytest.mark.parametrize("password", ["x", "x" * 80, "a b'c\\d;}#${}%s", "", " "])
def test_passwords_that_bird_and_the_kernel_can_hold(tenant, line, gateway, password):
    made = tenant.interface(line, gateway, bgp_md5=password)
    assert made["bgp_md5"] == (password or None)


def test_passwords_are_sealed_in_the_database(dcaasd, tenant, line, gateway):
    tenant.interface(line, gateway, bgp_md5="very secret words")
    with open(dcaasd.state + "/dcaas.db", "rb") as file:
        whole = file.read()
    with open(dcaasd.state + "/dcaas.db-wal", "rb") as file:
        whole += file.read()
    assert b"very secret words" not in whole and tenant.secret_key.encode() not in whole
    assert "very secret words" not in dcaasd.log() and tenant.secret_key not in dcaasd.log()


def test_an_interface_changes_what_may_change(tenant, line, gateway):
    made = tenant.interface(line, gateway)
    changed = tenant.put(V3 + "virtual-interfaces/" + made["id"], {"virtual_interface": {
        "name": "after", "description": "words", "bandwidth": 100, "remote_ep_group": ["192.168.9.0/24"], "vlan": 5,
        "bgp_asn": 5, "vgw_id": UUID, "bgp_md5": "x", "local_gateway_v4_ip": "1.2.3.4/30"}})["virtual_interface"]
    assert (changed["name"], changed["description"], changed["bandwidth"]) == ("after", "words", 100)
    assert changed["remote_ep_group"] == changed["vif_peers"][0]["remote_ep_group"] == ["192.168.9.0/24"]
    for fixed in ("vlan", "bgp_asn", "vgw_id", "bgp_md5", "local_gateway_v4_ip", "id", "create_time"):
        assert changed[fixed] == made[fixed]
    assert TIME.match(changed["update_time"])


@pytest.mark.parametrize("members, code", [
    ({}, "DC.0001"), ({"vlan": 7}, "DC.0001"), ({"bandwidth": 1001}, "DC.1000"), ({"bandwidth": 1}, "DC.0001"),
    ({"name": "x" * 65}, "DC.0001"), ({"remote_ep_group": ["10.1.0.0/16"]}, "DC.1105"),
    ({"remote_ep_group": ["x"]}, "DC.0004"), ({"priority": "low"}, "DC.0001"), ({"priority": "normal", "name": "x"}, "DC.0001"),
    ({"enable_bfd": True, "enable_nqa": True}, "DC.0001"), ({"status": "x"}, "DC.0001"),
    ({"status": "ACCEPTED"}, "DC.1210"), ({"status": "ACTIVE"}, "DC.0001"), ({"service_ep_group": ["x"]}, "DC.0004")])
def test_a_wrong_change_of_an_interface_is_refused(tenant, line, gateway, members, code):
    made = tenant.interface(line, gateway)
    refused(tenant, "PUT", "virtual-interfaces/" + made["id"], {"virtual_interface": members}, code)
    assert tenant.show("virtual-interfaces/" + made["id"]) == made


def test_an_interface_being_deleted_changes_no_more(tenant, line, gateway):
    made = tenant.interface(line, gateway)
    assert send(tenant, "DELETE", V3 + "virtual-interfaces/" + made["id"]).status == 204
    assert tenant.show("virtual-interfaces/" + made["id"])["status"] == "PENDING_DELETE"
    assert send(tenant, "DELETE", V3 + "virtual-interfaces/" + made["id"]).status == 204
    refused(tenant, "PUT", "virtual-interfaces/" + made["id"], {"virtual_interface": {"name": "x"}}, "DC.1210")
    refused(tenant, "POST", "vif-peers", {"vif_peer": {"vif_id": made["id"]}}, "DC.1210")
    refused(tenant, "PUT", "vif-peers/" + made["vif_peers"][0]["id"], {"vif_peer": {"name": "x"}}, "DC.1210")


def test_a_vlan_waits_for_the_edge_before_it_is_free_again(tenant, line, gateway):
    made = tenant.interface(line, gateway, 100)
    tenant.delete(V3 + "virtual-interfaces/" + made["id"])
    refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": tenant.interface_body(
        line, gateway, 100, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30")}, "DC.1209")


def test_vlan_0_excludes_others_both_ways(world, tenant, gateway):
    line = world.connection(tenant)
    tenant.interface(line, gateway, 0)
    refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": tenant.interface_body(
        line, gateway, 5, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30")}, "DC.1219")


def test_a_gateway_serves_two_connections_at_most(world, tenant, gateway):
    for number in range(2):
        tenant.interface(world.connection(tenant), gateway, local_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 1),
                         remote_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 2), remote_ep_group=None)
    refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": tenant.interface_body(
        world.connection(tenant), gateway, local_gateway_v4_ip="192.0.2.9/30", remote_gateway_v4_ip="192.0.2.10/30")},
        "DC.1117")


@pytest.mark.parametrize("members, code", [({"type": "hosting"}, "DC.1204"), ({"port_id": None}, "DC.1005")])
def test_connections_that_carry_no_interface(world, tenant, gateway, members, code):
    line = world.connection(tenant, **members)
    refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": tenant.interface_body(line, gateway)}, code)


def test_a_hosted_connection_carries_its_one_vlan(world, tenant, gateway):
    partner = world.tenant()
    hosting = world.connection(partner, type="hosting")
    hosted = world.connection(tenant, type="hosted", hosting_id=hosting, vlan=77, bandwidth=100)
    body = tenant.interface_body(hosted, gateway, 78)
    refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": body}, "DC.1207")
    made = tenant.interface(hosted, gateway, 77)
    refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": {**body, "vlan": 77,
            "local_gateway_v4_ip": "192.0.2.5/30", "remote_gateway_v4_ip": "192.0.2.6/30"}}, "DC.1206")
    refused(tenant, "PUT", "virtual-interfaces/" + made["id"], {"virtual_interface": {"bandwidth": 60}}, "DC.1208")


# Static blocks and links of one gateway

def link(number, family="ipv4"):
    v = {"ipv4": ("v4", "198.51.100.%d/30", 4), "ipv6": ("v6", "2001:db8:77::%x/126", 4)}[family]
    return {"local_gateway_%s_ip" % v[0]: v[1] % (v[2] * number + 1), "remote_gateway_%s_ip" % v[0]: v[1] % (v[2] * number + 2)}


def one_of(tenant, line, gateway, number, family, blocks, mode="static"):
    no_v4 = {"local_gateway_v4_ip": None, "remote_gateway_v4_ip": None} if family == "ipv6" else {}
    return tenant.interface_body(line, gateway, 100 + number, address_family=family, route_mode=mode,
                                 remote_ep_group=blocks, **{**no_v4, **link(number, family)})


DRAWN = [("ipv4", "198.51.100.4/30"), ("ipv4", "198.51.100.6/32"), ("ipv4", "198.51.100.4/32"), ("ipv4", "198.51.100.0/24"),
         ("ipv4", "198.51.100.0/29"), ("ipv4", "198.51.100.4/31"), ("ipv4", "128.0.0.0/1"), ("ipv6", "2001:db8:77::4/126"),
         ("ipv6", "2001:db8:77::6/128"), ("ipv6", "2001:db8:77::4/128"), ("ipv6", "2001:db8::/32"), ("ipv6", "2000::/3")]
BESIDE = [("ipv4", "198.51.100.8/30"), ("ipv4", "198.51.100.3/32"), ("ipv4", "198.51.101.0/24"), ("ipv4", "0.0.0.0/0"),
          ("ipv4", "64.0.0.0/2"), ("ipv6", "2001:db8:77::8/126"), ("ipv6", "2001:db8:78::/48"), ("ipv6", "::/0")]


@pytest.mark.parametrize("mode", ["bgp", "static"])
@pytest.mark.parametrize("family, block", DRAWN)
def test_a_static_block_draws_no_traffic_away_from_another_link(tenant, line, gateway, family, block, mode):
    tenant.post(V3 + "virtual-interfaces", {"virtual_interface": one_of(tenant, line, gateway, 1, family, None, mode)})
    body = one_of(tenant, line, gateway, 5, family, [block])
    words = refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": body}, "DC.0004")
    assert "virtual_interface.remote_ep_group" in words and block in words
    other = tenant.post(V3 + "virtual-interfaces", {"virtual_interface": {**body, "remote_ep_group": []}})["virtual_interface"]
    words = refused(tenant, "PUT", "virtual-interfaces/" + other["id"], {"virtual_interface": {"remote_ep_group": [block]}},
                    "DC.0004")
    assert "virtual_interface.remote_ep_group" in words
    words = refused(tenant, "PUT", "vif-peers/" + other["vif_peers"][0]["id"], {"vif_peer": {"remote_ep_group": [block]}},
                    "DC.0004")
    assert "vif_peer.remote_ep_group" in words


@pytest.mark.parametrize("mode", ["bgp", "static"])
@pytest.mark.parametrize("family, block", DRAWN)
def test_a_link_is_not_made_under_another_ones_static_block(tenant, line, gateway, family, block, mode):
    first = one_of(tenant, line, gateway, 60 if family == "ipv4" else 600, family, [block])
    if family == "ipv4":  # its own link may lie in its own block
        first.update(local_gateway_v4_ip="203.0.113.1/30", remote_gateway_v4_ip="203.0.113.2/30")
    made = tenant.post(V3 + "virtual-interfaces", {"virtual_interface": {**first, "vlan": 99}})["virtual_interface"]
    body = one_of(tenant, line, gateway, 1, family, None, mode)
    words = refused(tenant, "POST", "virtual-interfaces", {"virtual_interface": body}, "DC.0004")
    assert "virtual_interface.local_gateway_v%s_ip" % family[-1] in words and block in words
    tenant.put(V3 + "virtual-interfaces/" + made["id"], {"virtual_interface": {"remote_ep_group": []}})
    tenant.post(V3 + "virtual-interfaces", {"virtual_interface": body})


@pytest.mark.parametrize("family, block", BESIDE)
def test_a_static_block_beside_the_links_is_fine(tenant, line, gateway, family, block):
    tenant.post(V3 + "virtual-interfaces", {"virtual_interface": one_of(tenant, line, gateway, 1, family, None)})
    tenant.post(V3 + "virtual-interfaces", {"virtual_interface": one_of(tenant, line, gateway, 5, family, [block])})
    made = one_of(tenant, line, gateway, 6, family, None)
    assert tenant.post(V3 + "virtual-interfaces", {"virtual_interface": made}).status == 201


def test_a_static_block_may_hold_its_own_link(tenant, line, gateway):
    body = one_of(tenant, line, gateway, 1, "ipv4", ["198.51.100.0/24", "198.51.100.4/30", "198.51.100.6/32"])
    assert tenant.post(V3 + "virtual-interfaces", {"virtual_interface": body}).status == 201


# Peers

@pytest.fixture
def dual(tenant, line, gateway):
    """An interface with a peer of each family."""
    made = tenant.interface(line, gateway, remote_ep_group=["192.168.0.0/24"])
    second = tenant.peer(made["id"], local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64",
                         remote_ep_group=["2001:db8:a::/48"])
    return made, second


def test_the_second_family_comes_by_a_peer_of_its_own(tenant, dual):
    made, second = dual
    assert second["address_family"] == "ipv6" and second["vif_id"] == made["id"] and second["name"] == made["name"]
    assert (second["route_mode"], second["bgp_asn"]) == ("bgp", 65001)
    shown = tenant.show("virtual-interfaces/" + made["id"])
    assert [peer["id"] for peer in shown["vif_peers"]] == [made["vif_peers"][0]["id"], second["id"]]
    assert (shown["local_gateway_v6_ip"], shown["remote_gateway_v6_ip"]) == ("2001:db8::1/64", "2001:db8::2/64")
    assert shown["address_family"] == "ipv4" and shown["remote_ep_group"] == ["192.168.0.0/24"]


def test_a_third_peer_is_refused(tenant, dual):
    for family in ("ipv4", "ipv6"):
        refused(tenant, "POST", "vif-peers", {"vif_peer": {"vif_id": dual[0]["id"], "address_family": family}}, "DC.1214")


def test_an_absent_family_is_the_missing_one_and_its_addresses_come_from_the_interface(tenant, line, gateway):
    made = tenant.interface(line, gateway, local_gateway_v6_ip="2001:db8::1/64", remote_gateway_v6_ip="2001:db8::2/64")
    second = tenant.peer(made["id"])
    assert (second["address_family"], second["local_gateway_ip"]) == ("ipv6", "2001:db8::1/64")
    assert second["remote_ep_group"] == [] and second["description"] == ""


def test_a_peer_without_addresses_is_accepted(tenant, line, gateway):
    made = tenant.interface(line, gateway)
    second = tenant.peer(made["id"], address_family="ipv6")
    assert second["local_gateway_ip"] is None and second["remote_gateway_ip"] is None
    # Nothing of it is on the edge, so no report would ever make it anything but PENDING_CREATE.
    assert second["status"] == "DOWN"
    shown = tenant.show("virtual-interfaces/" + made["id"])
    assert [peer["status"] for peer in shown["vif_peers"]] == ["PENDING_CREATE", "DOWN"]
    assert "ipv6: no gateway addresses" in shown["reason"]


def test_what_an_interface_shows_at_its_top_is_what_its_first_peer_shows(tenant, line, gateway):
    made = tenant.interface(line, gateway, remote_ep_group=None)
    assert made["remote_ep_group"] == made["vif_peers"][0]["remote_ep_group"] == []
    tenant.peer(made["id"], address_family="ipv6")
    public = ["203.0.113.0/24"]
    changed = tenant.put(V3 + "virtual-interfaces/" + made["id"], {"virtual_interface": {"service_ep_group": public}})
    for shown in (changed["virtual_interface"], tenant.show("virtual-interfaces/" + made["id"])):
        assert [shown["service_ep_group"]] + [peer["service_ep_group"] for peer in shown["vif_peers"]] == [public] * 3


@pytest.mark.parametrize("place", ["interface", "peer"])
def test_the_alias_takes_the_id_of_an_interface_or_of_its_peer(tenant, line, gateway, place):
    made = tenant.interface(line, gateway)
    where = made["id"] if place == "interface" else made["vif_peers"][0]["id"]
    second = tenant.post(V3 + "vif-peers/" + where, {"vif_peer": {"address_family": "ipv6"}})["vif_peer"]
    assert second["vif_id"] == made["id"]


def test_a_peer_changes_what_may_change(tenant, dual):
    made, second = dual
    changed = tenant.put(V3 + "vif-peers/" + second["id"], {"vif_peer": {
        "name": "after", "description": "words", "remote_ep_group": ["2001:db8:b::/48"], "bgp_asn": 5,
        "local_gateway_ip": "2001:db8:1::1/64"}})["vif_peer"]
    assert changed == {**second, "name": "after", "description": "words", "remote_ep_group": ["2001:db8:b::/48"],
                       "status": changed["status"]}
    first = made["vif_peers"][0]["id"]
    tenant.put(V3 + "vif-peers/" + first, {"vif_peer": {"remote_ep_group": ["192.168.77.0/24"]}})
    assert tenant.show("virtual-interfaces/" + made["id"])["remote_ep_group"] == ["192.168.77.0/24"]


@pytest.mark.parametrize("members, code", [({}, "DC.0001"), ({"vif_id": UUID}, "DC.0001"), ({"name": "x" * 65}, "DC.0001"),
                                           ({"remote_ep_group": ["192.168.0.0/24"]}, "DC.0004"),
                                           ({"remote_ep_group": ["2001:db8:a::/48"] * 2}, "DC.1401")])
def test_a_wrong_change_of_a_peer_is_refused(tenant, dual, members, code):
    refused(tenant, "PUT", "vif-peers/" + dual[1]["id"], {"vif_peer": members}, code)


def test_the_last_peer_stays(tenant, line, gateway):
    made = tenant.interface(line, gateway)
    refused(tenant, "DELETE", "vif-peers/" + made["vif_peers"][0]["id"], None, "DC.1214")


@pytest.mark.parametrize("which", [0, 1])
def test_a_peer_goes_and_the_interface_shows_the_other(tenant, dual, which):
    made, second = dual
    ids = [made["vif_peers"][0]["id"], second["id"]]
    assert send(tenant, "DELETE", V3 + "vif-peers/" + ids[which]).status == 204
    refused(tenant, "DELETE", "vif-peers/" + ids[1 - which], None, "DC.1214")
    shown = tenant.show("virtual-interfaces/" + made["id"])
    gone = ("local_gateway_v4_ip", "local_gateway_v6_ip")[which]
    assert shown[gone] is None and shown["address_family"] == ("ipv6", "ipv4")[which]
    assert [peer["status"] for peer in shown["vif_peers"]][which] == "PENDING_DELETE"


def test_changed_blocks_go_to_the_peer_that_stays(tenant, dual):
    """The first peer is on its way out: the interface's own blocks are the other's from then on."""
    made, second = dual
    tenant.delete(V3 + "vif-peers/" + made["vif_peers"][0]["id"])
    changed = tenant.put(V3 + "virtual-interfaces/" + made["id"], {"virtual_interface": {
        "remote_ep_group": ["2001:db8:c::/48"]}})["virtual_interface"]
    assert changed["remote_ep_group"] == ["2001:db8:c::/48"]
    assert {peer["id"]: peer["remote_ep_group"] for peer in changed["vif_peers"]}[second["id"]] == ["2001:db8:c::/48"]


def test_a_peer_that_stays_shows_its_blocks_in_the_interface(tenant, dual):
    made, second = dual
    tenant.delete(V3 + "vif-peers/" + made["vif_peers"][0]["id"])
    tenant.put(V3 + "vif-peers/" + second["id"], {"vif_peer": {"remote_ep_group": ["2001:db8:d::/48"]}})
    assert tenant.show("virtual-interfaces/" + made["id"])["remote_ep_group"] == ["2001:db8:d::/48"]


# Connections

def test_a_connection_is_the_operators_and_its_tenant_changes_some_of_it(world, tenant):
    line = world.connection(tenant, bandwidth=100)
    made = tenant.show("direct-connects/" + line)
    assert made["tenant_id"] == tenant.project_id and made["bandwidth"] == 100 and made["type"] == "standard"
    changed = tenant.put(V3 + "direct-connects/" + line, {"direct_connect": {"name": "mine", "bandwidth": 200}})[
        "direct_connect"]
    assert (changed["name"], changed["bandwidth"]) == ("mine", 200)
    refused(tenant, "PUT", "direct-connects/" + line, {"direct_connect": {"bandwidth": 100}}, "DC.1010")
    refused(tenant, "PUT", "direct-connects/" + line, {"direct_connect": {}}, "DC.0001")
    refused(tenant, "POST", "direct-connects", {"direct_connect": {"name": "x"}}, "APIGW.0101", 404)


def test_a_connection_in_use_stays(tenant, line, gateway):
    tenant.interface(line, gateway)
    refused(tenant, "DELETE", "direct-connects/" + line, None, "DC.1007")


def test_every_change_leaves_an_event(world, tenant, line, gateway):
    made = tenant.interface(line, gateway)
    tenant.put(V3 + "virtual-interfaces/" + made["id"], {"virtual_interface": {"name": "x"}})
    tenant.delete(V3 + "virtual-interfaces/" + made["id"])
    events = world.operator.get("/dcaas/v1/events?resource_id=" + made["id"])["events"]
    assert [event["action"] for event in events] == ["create", "update", "delete"]
    assert all(event["user_name"] == tenant.name and len(event["request_id"]) == 32 for event in events)


def test_the_operators_tags_are_checked_too(world, tenant):
    answer = world.operator.call("POST", "/dcaas/v1/connections", {"direct_connect": {
        "tenant_id": tenant.project_id, "bandwidth": 5, "tags": [{"value": "v"}]}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "tags[0].key" in answer["error_msg"]
    path = "/dcaas/v1/connections/" + world.connection(tenant, tags=[{"key": "a", "value": "1"}])
    for tags in ([{"value": "v"}], [{"key": "a/b"}], [{"key": "a"}, {"key": "a"}]):
        answer = world.operator.call("PUT", path, {"direct_connect": {"tags": tags}}, check=False)
        assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "tags" in answer["error_msg"]
    changed = world.operator.put(path, {"direct_connect": {"tags": [{"key": "b"}]}})["direct_connect"]
    assert changed["tags"] == [{"key": "b", "value": ""}]


# Orders that are only tried

TOUCHED = ("virtual_gateway", "virtual_interface", "vif_peer", "link_subnet", "port_vlan", "edge_object", "edge_revision",
           "edge_number", "event")


def test_an_order_that_is_only_tried_is_answered_and_leaves_nothing(tenant, line, gateway, dcaasd):
    def content():
        return {name: found for name, found in tables(dcaasd).items() if name in TOUCHED}

    def tried(method, path, body=None):
        raw = json.dumps(body).encode() if body else b""
        return send(tenant, method, V3 + path, raw, {"x-dcaas-dry-run": "true"})

    before = content()
    body = {"virtual_interface": tenant.interface_body(line, gateway, 777)}
    answer = tried("POST", "virtual-interfaces", body)
    assert (answer.status, answer["virtual_interface"]["status"]) == (201, "PENDING_CREATE")
    assert tried("POST", "virtual-interfaces", {"virtual_interface": {**body["virtual_interface"], "vlan": 5000}}).status == 400
    assert tried("DELETE", "virtual-gateways/" + gateway).status == 200
    assert content() == before
    assert tenant.show("virtual-gateways/" + gateway)["status"] == "ACTIVE"
    assert tenant.post(V3 + "virtual-interfaces", body).status == 201
