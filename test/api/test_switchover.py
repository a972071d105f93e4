# SPDX-License-Identifier: ISC
"""Switchover tests: who may order one and when, what is refused meanwhile, and the record of each, as an edge reports."""
import concurrent.futures
import json

import pytest
from fake_edge import edge_for

from support import V3, World, change, rows, send

PATH = V3 + "switchover-test"
UNKNOWN = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(settings=["quota_virtual_gateways = -1", "quota_virtual_interfaces = -1"]))


@pytest.fixture
def tenant(world):
    return world.tenant()


@pytest.fixture
def edge(world, tenant):
    return edge_for(world, tenant)


@pytest.fixture
def vif(world, tenant, edge):
    """An interface that is ACTIVE."""
    line = world.connection(tenant, port_id=world.port(edge.id))
    made = tenant.interface(line, tenant.gateway()["id"])
    edge.apply()
    assert status(tenant, made) == "ACTIVE"
    return made


def status(tenant, vif):
    return tenant.show("virtual-interfaces/" + vif["id"])["status"]


def body(vif, operation="shutdown", **members):
    return {"switchover_test_record": {"resource_id": vif["id"], "operation": operation, **members}}


def order(tenant, vif, operation="shutdown"):
    return tenant.post(PATH, body(vif, operation))["switchover_test_record"]


def refused(tenant, vif, operation="shutdown", code="DC.1210", word="", **members):
    answer = send(tenant, "POST", PATH, json.dumps(body(vif, operation, **members)).encode())
    assert (answer.status, answer["error_code"]) == (400, code) and word in answer["error_msg"], answer


def records(tenant, query=""):
    return tenant.get(PATH + query)["switchover_test_records"]


def progress(tenant):
    return [(one["operation"], one["operate_status"]) for one in records(tenant)]


def test_the_record_follows_what_the_edge_reports(tenant, edge, vif):
    made = order(tenant, vif)
    assert made["resource_type"] == "virtual_interface" and made["tenant_id"] == tenant.project_id
    assert progress(tenant) == [("shutdown", "STARTING")] and status(tenant, vif) == "ADMIN_SHUTDOWN"
    edge.apply()  # has it, and the session is up still
    assert edge.body("bgp")["shut_until"] > made["start_time"]
    assert progress(tenant) == [("shutdown", "INPROGRESS")] and records(tenant)[0]["end_time"] is None
    edge.report([], edge.sessions(False))
    assert progress(tenant) == [("shutdown", "COMPLETE")] and records(tenant)[0]["end_time"] is not None
    assert status(tenant, vif) == "ADMIN_SHUTDOWN"
    order(tenant, vif, "undo_shutdown")
    assert status(tenant, vif) == "PENDING_UPDATE"
    edge.apply()
    assert edge.body("bgp")["shut_until"] is None
    assert status(tenant, vif) == "ACTIVE" and progress(tenant) == [("shutdown", "COMPLETE"), ("undo_shutdown", "COMPLETE")]


def test_what_fails_on_the_edge_fails_the_record(tenant, edge, vif):
    order(tenant, vif)
    edge.apply(bgp={"state": "error", "error": "the daemon refuses it"})
    assert progress(tenant) == [("shutdown", "ERROR")] and records(tenant)[0]["end_time"] is not None


def test_an_undo_overtakes_a_shutdown_that_is_not_done(tenant, edge, vif):
    order(tenant, vif)
    order(tenant, vif, "undo_shutdown")
    edge.apply()
    assert progress(tenant) == [("shutdown", "ERROR"), ("undo_shutdown", "COMPLETE")] and status(tenant, vif) == "ACTIVE"


def test_only_what_is_settled_is_shut_down_and_only_what_is_shut_down_comes_back(world, tenant, edge, vif):
    refused(tenant, vif, "undo_shutdown", word="operation")
    order(tenant, vif)
    refused(tenant, vif, word="ADMIN_SHUTDOWN")
    order(tenant, vif, "undo_shutdown")
    refused(tenant, vif, word="PENDING_UPDATE")
    edge.apply(session={"established": False})
    order(tenant, vif)  # DOWN


def test_while_it_is_shut_down_nothing_but_its_deletion_changes_it(tenant, edge, vif):
    path, peer = V3 + "virtual-interfaces/" + vif["id"], vif["vif_peers"][0]["id"]
    order(tenant, vif)
    for method, target, sent in [
            ("PUT", path, {"virtual_interface": {"name": "x"}}), ("PUT", path, {"virtual_interface": {"priority": "normal"}}),
            ("PUT", path + "/extend-attributes", {"extend_attribute": {"ha_type": "bfd"}}),
            ("POST", V3 + "vif-peers", {"vif_peer": {"vif_id": vif["id"], "address_family": "ipv6"}}),
            ("PUT", V3 + "vif-peers/" + peer, {"vif_peer": {"name": "x"}}), ("DELETE", V3 + "vif-peers/" + peer, None)]:
        answer = send(tenant, method, target, json.dumps(sent).encode() if sent else b"")
        assert (answer.status, answer["error_code"]) == (400, "DC.1210"), (method, target, answer)
    tenant.delete(path)
    assert status(tenant, vif) == "PENDING_DELETE"
    refused(tenant, vif, word="PENDING_DELETE")
    edge.apply()
    edge.apply()
    assert tenant.call("GET", path, check=False).status == 404 and records(tenant) == []


def test_what_is_no_interface_of_the_project_is_unknown(world, tenant, vif):
    other = world.tenant()
    for one in (vif, {"id": UNKNOWN}):
        refused(other, one, code="DC.1211", word=one["id"])
    refused(tenant, vif, "restart", code="DC.0001", word="operation")
    refused(tenant, vif, code="DC.0001", word="resource_type", resource_type="virtual_gateway")
    order(tenant, vif)
    assert records(other) == [] and records(other, "?resource_id=" + vif["id"]) == []
    reader = tenant.other("reader")
    assert len(records(reader)) == 1
    assert send(reader, "POST", PATH, json.dumps(body(vif, "undo_shutdown")).encode()).status == 403


def test_records_are_listed_by_page_and_by_interface(world, tenant, edge, vif):
    for _ in range(2):
        order(tenant, vif)
        order(tenant, vif, "undo_shutdown")
        edge.apply()
    all_of = records(tenant)
    assert [one["operation"] for one in all_of] == ["shutdown", "undo_shutdown"] * 2
    assert records(tenant, "?limit=2") == all_of[:2] and records(tenant, "?marker=" + all_of[1]["id"]) == all_of[2:]
    assert records(tenant, "?resource_id=" + vif["id"]) == all_of and records(tenant, "?resource_id=" + UNKNOWN) == []
    assert records(tenant, "?sort_key=id&sort_dir=desc") == all_of[::-1]


def test_an_interface_keeps_the_newest_hundred_records(world, tenant, edge, vif):
    for number in range(120):
        change(world.dcaasd, "INSERT INTO switchover_record (id, tenant_id, resource_id, resource_type, operation, operate_status, "
               "start_time) VALUES (?, ?, ?, 'virtual_interface', 'shutdown', 'COMPLETE', 1)",
               "00000000-0000-4000-8000-%012d" % number, tenant.project_id, vif["id"])
    made = order(tenant, vif)
    found = records(tenant)
    assert len(found) == 100 and found[-1]["id"] == made["id"] and found[0]["id"].endswith("21")


def test_of_many_orders_at_once_one_shuts_it_down(world, tenant, edge, vif):
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: tenant.call("POST", PATH, body(vif), check=False).status, range(32)))
    assert sorted(answers) == [201] + [400] * 31 and len(records(tenant)) == 1
    assert rows(world.dcaasd, "SELECT count(*) FROM due WHERE kind = 'switchover_end' AND owner = ?", vif["id"]) == [(1,)]


def test_a_dry_run_shuts_nothing_down(world, tenant, vif):
    answer = send(tenant, "POST", PATH, json.dumps(body(vif)).encode(), {"X-Dcaas-Dry-Run": "true"})
    assert answer.status == 201 and records(tenant) == [] and status(tenant, vif) == "ACTIVE"
