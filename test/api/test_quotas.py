# SPDX-License-Identifier: ISC
"""Quotas: what a tenant reads of limits and use, and the operator's numbers for single projects."""
import concurrent.futures

import pytest

from support import V3, World, send

QUOTAS = V3 + "quotas"
OPERATORS = "/dcaas/v1/quotas"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


@pytest.fixture
def tenant(world):
    return world.tenant()


def used(tenant):
    return {row["type"]: (row["quota"], row["used"]) for row in tenant.get(QUOTAS)["quotas"]["resources"]}


def set_quota(world, tenant, kind, quota):
    return world.operator.post(OPERATORS, {"quota": {"project_id": tenant.project_id, "type": kind, "quota": quota}})["quota"]


def refused(tenant, path, body):
    answer = tenant.call("POST", V3 + path, body, check=False)
    return answer.status, answer.get("error_code"), answer.get("error_msg")


def test_limits_and_use_are_shown_with_201(world, tenant):
    answer = tenant.call("GET", QUOTAS)
    assert answer.status == 201 and answer["request_id"]
    assert used(tenant) == {"physicalConnect": (10, 0), "virtualInterface": (50, 0), "globalDcGateway": (5, 0),
                            "peerLinkPerGdgw": (3, 0), "connectGateway": (5, 0), "geip": (50, 0)}
    line = world.connection(tenant)
    tenant.interface(line, tenant.gateway()["id"])
    tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})
    assert used(tenant) == {"physicalConnect": (10, 1), "virtualInterface": (50, 1), "globalDcGateway": (5, 1),
                            "peerLinkPerGdgw": (3, 0), "connectGateway": (5, 0), "geip": (50, 0)}


def test_the_filter_chooses_kinds_and_refuses_what_is_none(tenant):
    some = tenant.get(QUOTAS + "?type=globalDcGateway&type=virtualInterface")["quotas"]["resources"]
    assert [row["type"] for row in some] == ["virtualInterface", "globalDcGateway"]
    assert tenant.get(QUOTAS + "?type=localGateway")["quotas"]["resources"] == []
    answer = send(tenant, "GET", QUOTAS + "?type=bandwidth")
    assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "type" in answer["error_msg"]


def test_a_reader_may_read_the_quotas(tenant):
    assert used(tenant.other("reader"))["globalDcGateway"] == (5, 0)


def test_the_operators_number_holds_for_its_project_only(world, tenant):
    other = world.tenant()
    quota = set_quota(world, tenant, "virtualGateway", 1)
    tenant.gateway()
    status, code, words = refused(tenant, "virtual-gateways", {"virtual_gateway": {
        "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}})
    assert (status, code) == (400, "DC.1019") and "quota of 1 virtual gateways" in words
    other.gateway()
    other.gateway()
    world.operator.put(OPERATORS + "/" + quota["id"], {"quota": {"quota": -1}})
    for _ in range(6):
        tenant.gateway()
    world.operator.delete(OPERATORS + "/" + quota["id"])
    assert refused(tenant, "virtual-gateways", {"virtual_gateway": {
        "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}})[1] == "DC.1019"


def test_interfaces_and_global_gateways_have_their_own_numbers(world, tenant):
    set_quota(world, tenant, "virtualInterface", 1)
    set_quota(world, tenant, "globalDcGateway", 0)
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    tenant.interface(line, gateway, 100)
    body = tenant.interface_body(line, gateway, 101, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30")
    assert refused(tenant, "virtual-interfaces", {"virtual_interface": body})[1] == "DC.1019"
    assert refused(tenant, "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})[1] == "DC.1019"
    assert (used(tenant)["virtualInterface"], used(tenant)["globalDcGateway"]) == ((1, 1), (0, 0))


def test_the_number_of_links_is_shown_by_the_gateway(world, tenant):
    gateway = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]
    path = V3 + "global-dc-gateways/" + gateway["id"]
    assert tenant.get(path)["global_dc_gateway"]["available_peer_link_count"] == 3
    set_quota(world, tenant, "peerLinkPerGdgw", 7)
    assert tenant.get(path)["global_dc_gateway"]["available_peer_link_count"] == 7
    assert used(tenant)["peerLinkPerGdgw"] == (7, 0)


def test_numbers_of_subnets_are_kept(world, tenant):
    set_quota(world, tenant, "localSubnetPerVgw", 2)
    set_quota(world, tenant, "remoteSubnetPerVif", 2)
    gateway = tenant.gateway(local_ep_group=["10.1.0.0/24", "10.1.1.0/24"])["id"]
    assert refused(tenant, "virtual-gateways", {"virtual_gateway": {
        "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"]}})[1] == "DC.1101"
    line = world.connection(tenant)
    blocks = ["192.168.%d.0/24" % n for n in range(3)]
    assert refused(tenant, "virtual-interfaces", {"virtual_interface": tenant.interface_body(
        line, gateway, remote_ep_group=blocks)})[1] == "DC.1400"
    assert refused(tenant, "virtual-interfaces", {"virtual_interface": tenant.interface_body(
        line, gateway, remote_ep_group=[" ".join(blocks)])})[1] == "DC.1400"
    interface = tenant.interface(line, gateway, remote_ep_group=blocks[:2])
    answer = tenant.call("PUT", V3 + "virtual-interfaces/" + interface["id"], {"virtual_interface": {"remote_ep_group": blocks}},
                         check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1400")


@pytest.mark.parametrize("members,word", [
    ({"type": "bandwidth"}, "quota.type"), ({"quota": -2}, "quota.quota"), ({"quota": 1000001}, "quota.quota"),
    ({"type": "localSubnetPerVgw", "quota": -1}, "quota.quota"), ({"type": "remoteSubnetPerVif", "quota": 0}, "quota.quota"),
    ({"project_id": "0" * 32}, "quota.project_id"), ({"quota": None}, "quota.quota")])
def test_a_wrong_number_is_refused_and_named(world, tenant, members, word):
    body = {"project_id": tenant.project_id, "type": "virtualGateway", "quota": 3, **members}
    answer = world.operator.call("POST", OPERATORS, {"quota": body}, check=False)
    assert answer.status == 400 and word in answer["error_msg"], answer


def test_a_project_has_one_number_of_a_kind_against_ten_orders_at_once(world, tenant):
    body = {"quota": {"project_id": tenant.project_id, "type": "virtualGateway", "quota": 3}}
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: world.operator.call("POST", OPERATORS, body, check=False).status, range(10)))
    assert sorted(answers) == [201] + [400] * 9


def test_a_tenant_sets_no_quota(world, tenant):
    answer = tenant.call("POST", OPERATORS, {"quota": {"project_id": tenant.project_id, "type": "virtualGateway", "quota": -1}},
                         check=False)
    assert answer.status == 403


def test_a_deleted_project_takes_its_numbers_along(world):
    project = world.operator.post("/dcaas/v1/projects", {"project": {"name": "short"}})["project"]["id"]
    body = {"quota": {"project_id": project, "type": "virtualGateway", "quota": 3}}
    quota = world.operator.post(OPERATORS, body)["quota"]
    world.operator.delete("/dcaas/v1/projects/" + project)
    assert world.operator.call("GET", OPERATORS + "/" + quota["id"], check=False).status == 404
