# SPDX-License-Identifier: ISC
"""A dry run answers what an order would do to edges: objects added, changed and removed, and what sessions notice. Nothing is
stored, and nobody is woken."""
import json
import uuid

import pytest

from support import V3, rows, tables

DRY = {"X-Dcaas-Dry-Run": "true"}


@pytest.fixture
def plan(world, tenant):
    """The plan of a dry run by that caller, as (actions of objects by kind, actions of sessions)."""
    def ask(method, path, body=None, caller=tenant):
        before = tables(world.dcaasd)
        answer = caller.call(method, path if path.startswith("/") else V3 + path, body, headers=DRY)
        assert tables(world.dcaasd) == before
        return answer, sorted((row["action"], row["kind"]) for row in answer["plan"]["objects"]), [
            row["action"] for row in answer["plan"]["sessions"]]
    return ask


def order(tenant, line, gateway, **members):
    return {"virtual_interface": tenant.interface_body(line, gateway, **members)}


def test_the_first_interface_of_a_gateway_brings_its_vrf_and_a_session(plan, tenant, line, gateway):
    answer, objects, sessions = plan("POST", "virtual-interfaces", order(tenant, line, gateway))
    assert answer.status == 201 and {("add", "vrf"), ("add", "vlan"), ("add", "addr"), ("add", "bgp")} <= set(objects)
    assert {action for action, _ in objects} == {"add"} and sessions == ["start"]
    owners = {row["owner_kind"]: row["owner_id"] for row in answer["plan"]["objects"]}
    assert owners["virtual_gateway"] == gateway and owners["virtual_interface"] == answer["virtual_interface"]["id"]
    assert not any("edge_id" in row for rows in answer["plan"].values() for row in rows)


def test_a_second_interface_changes_nothing_of_the_first(plan, tenant, line, gateway):
    first = tenant.interface(line, gateway)
    answer, objects, sessions = plan("POST", "virtual-interfaces", order(
        tenant, line, gateway, vlan=101, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30"))
    assert {action for action, _ in objects} == {"add"} and ("add", "vrf") not in objects and sessions == ["start"]
    assert first["id"] not in json.dumps(answer["plan"])


def test_a_name_is_no_affair_of_an_edge(plan, tenant, line, gateway):
    vif = tenant.interface(line, gateway)
    assert plan("PUT", "virtual-interfaces/" + vif["id"], {"virtual_interface": {"name": "other"}})[1:] == ([], [])


def test_a_deletion_answers_with_what_goes(plan, tenant, line, gateway):
    vif = tenant.interface(line, gateway)
    answer, objects, sessions = plan("DELETE", "virtual-interfaces/" + vif["id"])
    assert answer.status == 200 and list(answer) == ["plan"]
    # The VRF follows when the edge has reported that the rest is gone.
    assert {("remove", "vlan"), ("remove", "addr"), ("remove", "bgp")} <= set(objects) and sessions == ["stop"]
    assert tenant.show("virtual-interfaces/" + vif["id"])["admin_state_up"] is True


def test_an_order_that_is_refused_is_refused_in_the_same_words(plan, tenant, line, gateway):
    wrong = order(tenant, line, gateway, vlan=9999)
    dry, real = (tenant.call("POST", V3 + "virtual-interfaces", wrong, check=False, headers=headers) for headers in (DRY, None))
    assert (dry.status, dry["error_msg"]) == (real.status, real["error_msg"]) and "plan" not in dry


def test_an_operator_sees_on_which_edge(plan, world, tenant, line):
    gateway = tenant.gateway()
    tenant.interface(line, gateway["id"])
    body = {"attachment": {"tenant_id": tenant.project_id, "vpc_id": str(uuid.uuid4()), "port_id": world.vpc_port,
                           "vlan": next(world.numbers), "prefixes": ["10.99.0.0/16"], "local_ip": "198.18.250.1/30",
                           "next_hop": "198.18.250.2"}}
    attachment = next(row for row in world.operator.get("/dcaas/v1/attachments")["attachments"]
                      if row["vpc_id"] == gateway["vpc_id"])
    answer, objects, sessions = plan("PUT", "/dcaas/v1/attachments/" + attachment["id"], {
        "attachment": {"next_hop": attachment["local_ip"].replace(".1/30", ".3")}}, caller=world.operator)
    assert objects and sessions == [] and {row["edge_id"] for row in answer["plan"]["objects"]} == {world.edge}
    assert plan("POST", "/dcaas/v1/attachments", body, caller=world.operator)[1:] == ([], [])


def keys(world):
    """Of all objects that an edge should have."""
    return {key for key, in rows(world.dcaasd, "SELECT key FROM edge_object WHERE NOT deleted")}


def test_a_plan_is_what_happens(plan, world, tenant, line, gateway):
    """The keys of the plan are the keys of the objects that the order then makes."""
    body = order(tenant, line, gateway)
    answer, _, _ = plan("POST", "virtual-interfaces", body)
    before = keys(world)
    vif = tenant.post(V3 + "virtual-interfaces", body)["virtual_interface"]
    after = keys(world)
    planned = json.dumps(sorted(row["key"] for row in answer["plan"]["objects"]))
    for tried, real in ((answer["virtual_interface"]["id"], vif["id"]),
                        (answer["virtual_interface"]["vif_peers"][0]["id"], vif["vif_peers"][0]["id"])):
        planned = planned.replace(tried, real)
    assert set(json.loads(planned)) == after - before
