# SPDX-License-Identifier: ISC
"""Peer links to another project's gateway: allowed by the operator's policy, seen by both projects, ended by either."""
import json
import uuid

import pytest
from test_links import GATEWAYS, Edge, in_use, link, link_body, path, router, show, shown

from support import World, own_dcaasd, rows, send

OWN = "/dcaas/v1/projects/{project_id}/peer-links"
PAIRS = "/dcaas/v1/project-pairs"


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd(["peer_links_across_projects = listed"]))


@pytest.fixture(scope="module")
def edge(site):
    return Edge(site, site.edge, site.edge_token)


@pytest.fixture
def near(site):
    return site.tenant()


@pytest.fixture
def far(site, near):
    """Another project, whose gateways may be linked to those of the first one."""
    other = site.tenant()
    pair(site, near, other)
    return other


def pair(site, one, other, check=True, **members):
    return site.operator.call("POST", PAIRS, {"project_pair": {
        "project_id": one.project_id, "peer_project_id": other.project_id, **members}}, check=check)


def across(tenant, gateway, other, to, **members):
    return link(tenant, gateway, to, peer_site={"project_id": other.project_id}, **members)


def order(tenant, gateway, other, to, **members):
    return tenant.call("POST", "%s/%s/peer-links" % (GATEWAYS, gateway["id"]),
                       link_body(tenant, to, peer_site={"project_id": other.project_id}, **members), check=False)


def refused(answer, code, *words):
    assert (answer.status, answer["error_code"]) == (400, code), answer
    assert all(word in answer["error_msg"] for word in words), answer["error_msg"]


def missing(answer):
    assert (answer.status, answer["error_code"]) == (404, "DC.0002"), answer


def own(tenant, query=""):
    return tenant.get(OWN + query)["peer_links"]


def test_both_projects_see_the_link_each_from_its_own_end(site, edge, near, far):
    here, there = in_use(site, near), in_use(site, far)
    made = across(near, here, far, there, description="a note of ours")
    assert made["peer_site"]["gateway_id"] == there["id"] and made["peer_site"]["project_id"] == far.project_id
    seen = shown(far, there, made)
    assert (seen["id"], seen["name"], seen["tenant_id"], seen["global_dc_gateway_id"], seen["description"]) == (
        made["id"], "link", near.project_id, there["id"], None)
    assert seen["peer_site"] == {"gateway_id": here["id"], "link_id": None, "project_id": near.project_id,
                                 "region_id": "region-1", "site_code": "region-1", "type": "GDGW"}
    assert set(seen) == set(shown(near, here, made))
    edge.bring_up(made)
    assert shown(near, here, made)["status"] == shown(far, there, made)["status"] == "ACTIVE"
    assert shown(far, there, made)["peer_site"]["link_id"] == made["id"]
    assert show(near, here)["current_peer_link_count"] == show(far, there)["current_peer_link_count"] == 1
    for tenant, gateway in ((near, here), (far, there)):
        assert [one["id"] for one in tenant.get("%s/%s/peer-links" % (GATEWAYS, gateway["id"]))["peer_links"]] == [made["id"]]
        assert [one["id"] for one in own(tenant)] == [made["id"]]
        assert tenant.get(OWN + "/" + made["id"])["peer_link"] == shown(tenant, gateway, made)


def test_below_a_gateway_of_its_own_each_project_finds_its_own_end_only(site, near, far):
    here, there, more = in_use(site, near), in_use(site, far), in_use(site, far)
    made = across(near, here, far, there)
    for tenant, gateway in ((near, there), (far, here), (far, more)):
        missing(tenant.call("GET", path(gateway, made), check=False))
        missing(tenant.call("DELETE", path(gateway, made), check=False))
    assert far.get("%s/%s/peer-links" % (GATEWAYS, more["id"]))["peer_links"] == []


def test_the_link_of_a_router_of_another_project_is_in_that_projects_list(site, edge, near, far):
    here, there = in_use(site, near), router(site, far)
    made = across(near, here, far, there)
    assert made["peer_site"]["type"] == "ER"
    edge.bring_up(made)
    (seen,) = own(far)
    assert (seen["id"], seen["status"], seen["global_dc_gateway_id"], seen["peer_site"]["gateway_id"],
            seen["peer_site"]["type"]) == (made["id"], "ACTIVE", there["id"], here["id"], "GDGW")
    assert far.delete(OWN + "/" + made["id"]).status == 204
    assert own(near) == own(far) == []
    missing(near.call("GET", path(here, made), check=False))


def test_links_of_one_project_are_in_its_list_once(site, near):
    here, there = in_use(site, near), in_use(site, near)
    made = link(near, here, there)
    assert [one["id"] for one in own(near)] == [made["id"]]
    assert near.delete(OWN + "/" + made["id"]).status == 204 and own(near) == []


def test_own_links_and_received_ones_come_in_one_order_page_by_page(site, near, far):
    ends = [in_use(site, near) for _ in range(3)]
    there = in_use(site, far)
    mine = [across(near, ends[0], far, there, name="b"), link(near, ends[0], ends[1], name="c")]
    theirs = [across(far, there, near, ends[1], name="a"), across(far, there, near, ends[2], name="d")]
    everything = sorted(one["id"] for one in mine + theirs)
    assert [one["id"] for one in own(near)] == everything
    assert [one["name"] for one in own(near, "?sort_key=name")] == ["a", "b", "c", "d"]
    assert [one["id"] for one in own(near, "?limit=2")] + [
        one["id"] for one in own(near, "?limit=2&marker=" + everything[1])] == everything
    assert [one["name"] for one in own(near, "?name=a")] == ["a"]
    assert [one["id"] for one in near.get("%s/%s/peer-links" % (GATEWAYS, ends[1]["id"]))["peer_links"]] == [theirs[0]["id"]]


def test_the_far_project_ends_the_link_and_changes_nothing_else(site, edge, near, far):
    here, there = in_use(site, near), in_use(site, far)
    made = across(near, here, far, there)
    edge.bring_up(made)
    refused(far.call("PUT", path(there, made), {"peer_link": {"name": "mine"}}, check=False), "DC.0009", "may delete it")
    near.put(path(here, made), {"peer_link": {"name": "renamed"}})
    assert shown(far, there, made)["name"] == "renamed"
    reader = far.other("reader")
    assert send(reader, "DELETE", path(there, made).replace("{project_id}", far.project_id)).status == 403
    assert far.delete(path(there, made)).status == 204
    for tenant, gateway in ((near, here), (far, there)):
        missing(tenant.call("GET", path(gateway, made), check=False))
        assert show(tenant, gateway)["current_peer_link_count"] == 0
    edge.apply()
    assert not [key for key in edge.objects if made["id"] in key]
    assert rows(site.dcaasd, "SELECT 1 FROM peer_link WHERE id = ?", made["id"]) == []


def test_both_projects_have_events_and_none_shows_the_others_users(site, near, far):
    here, there = in_use(site, near), in_use(site, far)
    made = across(near, here, far, there)
    far.delete(path(there, made))
    for tenant, user in ((near, "create"), (far, "delete")):
        seen = tenant.get("/dcaas/v1/projects/{project_id}/events?resource_id=" + made["id"])["project_events"]
        assert [(one["action"], one["kind"]) for one in seen] == [("create", "peer_link"), ("delete", "peer_link")]
        for one in seen:
            assert (one["user_name"], one["credential"]) == ((tenant.name, tenant.access_key) if one["action"] == user
                                                             else (None, None))


def routes(tenant, gateway, **change):
    return tenant.call("PUT", "/v3/{project_id}/dcaas/gdgw/%s/routetables" % gateway["id"], {"gdgw_routetable": change},
                       check=False)


def table(tenant, gateway):
    return tenant.get("/v3/{project_id}/dcaas/gdgw/%s/routetables" % gateway["id"])["gdgw_routetables"]


def test_routes_of_the_other_project_end_with_the_link_and_own_ones_keep_it(site, edge, near, far):
    here, there = in_use(site, near), in_use(site, far)
    made = across(near, here, far, there)
    mine, theirs = [{"destination": "172.30.0.0/16", "nexthop": there["id"], "type": "gdgw"}], [
        {"destination": "172.31.0.0/16", "nexthop": here["id"], "type": "gdgw"}]
    assert routes(near, here, add_routes=mine).status == routes(far, there, add_routes=theirs).status == 200
    edge.apply()
    other = table(far, there)[0]["id"]
    answer = near.call("DELETE", path(here, made), check=False)
    refused(answer, "DC.1106", table(near, here)[0]["id"])
    assert other not in answer["error_msg"]
    assert routes(near, here, del_routes=mine).status == 200
    assert near.delete(path(here, made)).status == 204
    assert table(far, there) == table(near, here) == []
    edge.apply()
    edge.apply()
    assert [key for key, body in edge.of("route").items() if body["prefix"] in ("172.30.0.0/16", "172.31.0.0/16")] == []
    assert routes(far, there, add_routes=[{"destination": "172.31.0.0/16", "nexthop": there["interface"]["vif_peers"][0]["id"]}]
                  ).status == 200


# --- the operator's policy ---


def test_without_a_pair_the_answer_is_the_same_for_every_project(site, near):
    here, other = in_use(site, near), site.tenant()
    there = in_use(site, other)
    answers = [near.call("POST", "%s/%s/peer-links" % (GATEWAYS, here["id"]), link_body(
        near, {"id": gateway}, peer_site={"project_id": project}), check=False)
        for project, gateway in ((other.project_id, there["id"]), (other.project_id, str(uuid.uuid4())),
                                 ("0123456789abcdef" * 2, str(uuid.uuid4())))]
    assert len({answer["error_msg"] for answer in answers}) == 1
    refused(answers[0], "DC.0009", "peer_link.peer_site.project_id", "does not allow")


def test_a_pair_is_for_both_directions_and_ends_no_link(site, near):
    other = site.tenant()
    here, there, further = in_use(site, near), in_use(site, other), in_use(site, near)
    made = pair(site, other, near, description="agreed")["project_pair"]
    first = across(near, here, other, there)
    second = across(other, there, near, further)
    assert site.operator.delete(PAIRS + "/" + made["id"]).status == 204
    assert shown(near, here, first)["id"] == first["id"] and shown(other, there, second)["id"] == second["id"]
    refused(order(near, in_use(site, near), other, there), "DC.0009", "does not allow")


def test_a_gateway_of_a_third_project_is_not_found_and_does_not_show(site, near, far):
    here, third = in_use(site, near), site.tenant()
    hidden = in_use(site, third)
    unknown = {"id": str(uuid.uuid4())}
    answers = [order(near, here, far, gateway) for gateway in (hidden, unknown)]
    assert [answer["error_msg"].replace(gateway["id"], "ID") for answer, gateway in zip(answers, (hidden, unknown))] == [
        answers[0]["error_msg"].replace(hidden["id"], "ID")] * 2
    refused(answers[0], "DC.0002", "peer_link.peer_site.gateway_id")


def test_pairs_are_the_operators(site, near):
    other = site.tenant()
    made = pair(site, near, other, description="agreed")["project_pair"]
    assert (made["project_id"], made["peer_project_id"], made["description"]) == (near.project_id, other.project_id, "agreed")
    assert site.operator.get(PAIRS + "/" + made["id"])["project_pair"] == made
    assert site.operator.get(PAIRS + "?project_id=" + near.project_id)["project_pairs"] == [made]
    refused(pair(site, near, other, check=False), "DC.0001", "a pair already")
    refused(pair(site, other, near, check=False), "DC.0001", "a pair already")
    refused(pair(site, near, near, check=False), "DC.0001", "another project")
    answer = site.operator.call("POST", PAIRS, {"project_pair": {"project_id": near.project_id, "peer_project_id": "0" * 32}},
                                check=False)
    refused(answer, "DC.0002", "project_pair.peer_project_id")
    assert near.call("GET", PAIRS, check=False).status == 403


@pytest.mark.parametrize("policy, allowed", [(None, False), ("never", False), ("all", True)])
def test_the_policy_decides_where_no_pair_is_asked_for(policy, allowed):
    with own_dcaasd(["peer_links_across_projects = " + policy] if policy else []) as daemon:
        site = World(daemon)
        near, far = site.tenant(), site.tenant()
        pair(site, near, far)
        answer = order(near, in_use(site, near), far, in_use(site, far))
        assert answer.status == 201 if allowed else answer["error_code"] == "DC.0009", answer


def test_the_quota_of_the_far_gateway_holds_too(site, near, far):
    there = in_use(site, far)
    ends = [in_use(site, near) for _ in range(4)]
    assert [order(near, gateway, far, there).status for gateway in ends] == [201] * 3 + [400]
    refused(order(near, ends[3], far, there), "DC.1019")


def test_a_gateway_with_a_received_link_stays(site, near, far):
    here, there = in_use(site, near), in_use(site, far)
    made = across(near, here, far, there)
    answer = far.call("DELETE", GATEWAYS + "/" + there["id"], check=False)
    refused(answer, "DC.1106")
    assert json.dumps(answer).count(near.project_id) == 0
    far.delete(path(there, made))
