# SPDX-License-Identifier: ISC
"""Hosted connections: a partner hands VLANs of a hosting connection to other projects; both see the same thing."""
import concurrent.futures

import pytest

from fake_edge import FakeEdge
from support import V3, World, wait_for

HOSTED = V3 + "hosted-connects"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


@pytest.fixture
def partner(world):
    return world.tenant()


@pytest.fixture
def tenant(world):
    return world.tenant()


@pytest.fixture
def hosting(world, partner):
    return world.connection(partner, type="hosting", bandwidth=1000, provider="carrier", port_type="10G")


def body(hosting, tenant, vlan=77, **members):
    return {"hosted_connect": {"name": "share", "hosting_id": hosting, "vlan": vlan, "bandwidth": 100,
                               "resource_tenant_id": tenant.project_id, **members}}


def hand_out(partner, hosting, tenant, vlan=77, **members):
    return partner.post(HOSTED, body(hosting, tenant, vlan, **members))["hosted_connect"]


def test_the_partner_and_the_receiver_see_the_same_connection(partner, hosting, tenant):
    made = hand_out(partner, hosting, tenant, peer_location="Main Street 1")
    assert (made["type"], made["status"], made["vlan"], made["hosting_id"]) == ("hosted", "BUILD", 77, hosting)
    assert (made["tenant_id"], made["provider"], made["port_type"]) == (tenant.project_id, "carrier", "10G")
    assert made["peer_location"] == "Main Street 1" and made["location"] == "site"
    assert [row["id"] for row in partner.get(HOSTED)["hosted_connects"]] == [made["id"]]
    assert partner.get(HOSTED + "/" + made["id"])["hosted_connect"] == made
    received = tenant.get(V3 + "direct-connects")["direct_connects"]
    assert [(row["id"], row["type"], row["hosting_id"], row["vlan"], row["bandwidth"]) for row in received] == [
        (made["id"], "hosted", hosting, 77, 100)]
    assert tenant.get(HOSTED)["hosted_connects"] == []
    assert [row["id"] for row in partner.get(V3 + "direct-connects")["direct_connects"]] == [hosting]


def test_each_side_finds_only_its_own(world, partner, hosting, tenant):
    made = hand_out(partner, hosting, tenant)
    for stranger, path in ((tenant, HOSTED), (world.tenant(), HOSTED), (partner, V3 + "direct-connects")):
        answer = stranger.call("GET", path + "/" + made["id"], check=False)
        assert (answer.status, answer["error_code"]) == (404, "DC.1012")
        assert stranger.call("DELETE", path + "/" + made["id"], check=False).status == 404


def test_the_list_filters_and_pages(partner, hosting, tenant):
    ids = [hand_out(partner, hosting, tenant, vlan, name="n%d" % vlan, bandwidth=10)["id"] for vlan in (1, 2, 3)]
    listed = lambda query: [row["id"] for row in partner.get(HOSTED + "?" + query)["hosted_connects"]]  # noqa: E731
    assert listed("hosting_id=" + hosting) == ids and listed("name=n2&name=n3") == ids[1:] and listed("id=" + ids[0]) == ids[:1]
    assert listed("limit=1&marker=" + ids[0]) == ids[1:2] and listed("hosting_id=" + ids[0]) == []


@pytest.mark.parametrize("members, code, word", [
    ({"vlan": 0}, "DC.1017", "hosted_connect.vlan"), ({"vlan": 4000}, "DC.0001", "hosted_connect.vlan"),
    ({"vlan": None}, "DC.0001", "hosted_connect.vlan"), ({"bandwidth": 1001}, "DC.1000", "hosted_connect.bandwidth"),
    ({"bandwidth": 1}, "DC.0001", "hosted_connect.bandwidth"), ({"resource_tenant_id": "0" * 32}, "DC.0002", "resource_tenant_id"),
    ({"hosting_id": "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"}, "DC.1012", "hosted_connect.hosting_id"),
    ({"resource_tenant_id": None}, "DC.0001", "resource_tenant_id")])
def test_a_wrong_order_is_refused_and_named(partner, hosting, tenant, members, code, word):
    answer = partner.call("POST", HOSTED, body(hosting, tenant, **members), check=False)
    assert (answer.status, answer["error_code"]) == (400, code) and word in answer["error_msg"], answer
    assert partner.get(HOSTED)["hosted_connects"] == []


def test_only_the_owner_of_a_hosting_connection_hands_it_out(world, partner, hosting, tenant):
    answer = tenant.call("POST", HOSTED, body(hosting, tenant), check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1012")
    standard = world.connection(partner)
    answer = partner.call("POST", HOSTED, body(standard, tenant), check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1004")


def test_a_vlan_is_handed_out_once_against_ten_orders_at_once(partner, hosting, tenant):
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: partner.call("POST", HOSTED, body(hosting, tenant, bandwidth=2), check=False), range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 9
    assert {answer["error_code"] for answer in answers if answer.status == 400} == {"DC.1008"}


def test_the_shares_never_exceed_the_line_against_ten_orders_at_once(partner, hosting, tenant):
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda vlan: partner.call("POST", HOSTED, body(hosting, tenant, vlan, bandwidth=300),
                                                          check=False).status, range(1, 11)))
    assert sorted(answers) == [201] * 3 + [400] * 7


def test_a_share_changes_within_what_is_left(partner, hosting, tenant):
    made, _ = hand_out(partner, hosting, tenant, 1), hand_out(partner, hosting, tenant, 2, bandwidth=600)
    change = lambda **members: partner.call("PUT", HOSTED + "/" + made["id"], {"hosted_connect": members}, check=False)  # noqa: E731
    assert change(name="other", description="text", bandwidth=400)["hosted_connect"]["bandwidth"] == 400
    assert change(bandwidth=401)["error_code"] == "DC.1000"
    assert change()["error_code"] == "DC.0001"
    received = tenant.get(V3 + "direct-connects/" + made["id"])["direct_connect"]
    assert (received["name"], received["description"], received["bandwidth"]) == ("other", "text", 400)


def test_a_share_is_active_once_its_interface_was_up(world, partner, hosting, tenant):
    edge = FakeEdge(world.endpoint, world.edge_token)
    made = hand_out(partner, hosting, tenant)
    state = lambda: partner.get(HOSTED + "/" + made["id"])["hosted_connect"]["status"]  # noqa: E731
    edge.apply()
    assert state() == "BUILD", "the carrier of the partner's port alone brings nobody into service"
    gateway = tenant.gateway()["id"]
    interface = tenant.interface(made["id"], gateway, 77)
    edge.apply()
    assert tenant.show("virtual-interfaces/" + interface["id"])["status"] == "ACTIVE"
    wait_for("the share is in use", lambda: state() == "ACTIVE")
    smaller = partner.call("PUT", HOSTED + "/" + made["id"], {"hosted_connect": {"bandwidth": 49}}, check=False)
    assert smaller["error_code"] == "DC.1000", "the interface has 50"
    answer = partner.call("DELETE", HOSTED + "/" + made["id"], check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1007") and interface["id"] in answer["error_msg"]
    tenant.delete(V3 + "virtual-interfaces/" + interface["id"])
    edge.apply()
    partner.delete(HOSTED + "/" + made["id"])
    assert tenant.call("GET", V3 + "direct-connects/" + made["id"], check=False).status == 404


def test_the_receiver_may_give_a_share_back(partner, hosting, tenant):
    made = hand_out(partner, hosting, tenant)
    tenant.delete(V3 + "direct-connects/" + made["id"])
    assert partner.get(HOSTED)["hosted_connects"] == []
    hand_out(partner, hosting, tenant)


def test_a_hosting_connection_stays_while_it_has_shares(partner, hosting, tenant):
    made = hand_out(partner, hosting, tenant)
    answer = partner.call("DELETE", V3 + "direct-connects/" + hosting, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1007")
    partner.delete(HOSTED + "/" + made["id"])
    partner.delete(V3 + "direct-connects/" + hosting)


def test_the_receivers_quota_of_connections_is_kept(world, partner, hosting, tenant):
    world.operator.post("/dcaas/v1/quotas", {"quota": {"project_id": tenant.project_id, "type": "physicalConnect", "quota": 1}})
    hand_out(partner, hosting, tenant, 1)
    answer = partner.call("POST", HOSTED, body(hosting, tenant, 2), check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1019")


def test_a_reader_lists_and_orders_nothing(partner, hosting, tenant):
    reader = partner.other("reader")
    assert reader.get(HOSTED)["hosted_connects"] == []
    assert reader.call("POST", HOSTED, body(hosting, tenant), check=False).status == 403
