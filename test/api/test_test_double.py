# SPDX-License-Identifier: ISC
"""Faults that a tester orders of a test double: the next calls of an operation are slow, are refused, or get no answer."""
import concurrent.futures
import http.client
import uuid

import pytest

from support import V3, World, wait_for

GATEWAYS, FAULTS = V3 + "virtual-gateways", "/dcaas/v1/faults"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(["accept_unattached_vpc = yes", "test_double = yes"]))


@pytest.fixture
def tenant(world):
    world.operator.delete(FAULTS)
    return world.tenant()


def gateway():
    return {"virtual_gateway": {"vpc_id": str(uuid.uuid4()), "local_ep_group": ["10.1.0.0/16"]}}


def order(tenant):
    return tenant.call("POST", GATEWAYS, gateway(), check=False)


def fault(world, operation="CreateVirtualGateway", **members):
    return world.operator.post(FAULTS, {"fault": {"operation": operation, **members}})["fault"]


def present(tenant):
    return len(tenant.get(GATEWAYS)["virtual_gateways"])


def test_the_next_order_is_refused_as_the_tester_orders_and_the_one_after_is_carried_out(world, tenant):
    fault(world, error_code="DC.1019", error_msg="the quota is used up")
    answer = order(tenant)
    assert (answer.status, answer["error_code"], answer["error_msg"]) == (400, "DC.1019", "the quota is used up")
    assert present(tenant) == 0 and order(tenant).status == 201 and present(tenant) == 1


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_any_status_can_be_had(world, tenant, status):
    fault(world, error_code="APIGW.0308", error_msg="too many", status=status)
    answer = order(tenant)
    assert (answer.status, answer["error_code"], answer["error_msg"]) == (status, "APIGW.0308", "too many")


def test_a_slow_call_is_carried_out_at_its_end_and_others_do_not_wait(world, tenant):
    fault(world, delay_ms=1500)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(order, tenant)
        wait_for("the call has begun", lambda: world.operator.get(FAULTS)["faults"] == [])
        assert present(tenant) == 0 and order(tenant).milliseconds < slow.result().milliseconds
    assert slow.result().status == 201 and slow.result().milliseconds >= 1500 and present(tenant) == 2


def test_an_order_without_an_answer_was_carried_out(world, tenant):
    fault(world, drop=True)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        order(tenant)
    assert present(tenant) == 1


def test_a_client_token_finds_the_answer_that_was_dropped(world, tenant):
    body, headers = gateway(), {"X-Client-Token": "once"}
    fault(world, drop=True)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        tenant.call("POST", GATEWAYS, body, headers=headers)
    again = tenant.call("POST", GATEWAYS, body, headers=headers)
    assert again.headers["X-Dcaas-Repeated"] == "true" and present(tenant) == 1


def test_a_fault_is_for_its_operation_its_project_and_its_number_of_calls(world, tenant):
    other = world.tenant()
    made = fault(world, project_id=tenant.project_id, times=2, error_code="DC.0001")
    assert made["times"] == 2 and tenant.get(GATEWAYS).status == 200 and order(other).status == 201
    assert [order(tenant).status for _ in range(3)] == [400, 400, 201]


def test_reads_suffer_too_also_those_that_are_kept(world, tenant):
    assert present(tenant) == 0 and present(tenant) == 0
    fault(world, "*", error_code="DC.0003", status=503)
    assert tenant.call("GET", GATEWAYS, check=False).status == 503
    assert present(tenant) == 0


def test_faults_are_listed_and_removed(world, tenant):
    made = [fault(world, error_code="DC.0001", times=7), fault(world, "ListVirtualGateways", delay_ms=5)]
    assert world.operator.get(FAULTS)["faults"] == made
    assert world.operator.delete(FAULTS + "/" + made[0]["id"]).status == 204
    assert world.operator.call("DELETE", FAULTS + "/" + made[0]["id"], check=False).status == 404
    world.operator.delete(FAULTS)
    assert world.operator.get(FAULTS)["faults"] == []


@pytest.mark.parametrize("members, word", [
    ({"operation": "NoSuchThing", "drop": True}, "fault.operation"), ({"operation": "*"}, "fault must have"),
    ({"operation": "*", "status": 500}, "fault.error_code"), ({"operation": "*", "delay_ms": 60001}, "fault.delay_ms"),
    ({"operation": "*", "drop": True, "times": 0}, "fault.times"), ({"drop": True}, "fault.operation")])
def test_a_fault_that_is_none_is_refused(world, tenant, members, word):
    answer = world.operator.call("POST", FAULTS, {"fault": members}, check=False)
    assert answer.status == 400 and word in answer["error_msg"]
    assert world.operator.get(FAULTS)["faults"] == []


def test_a_bounded_number_of_faults_is_kept(world, tenant):
    for _ in range(64):
        fault(world, delay_ms=1, project_id="0" * 32)
    answer = world.operator.call("POST", FAULTS, {"fault": {"operation": "*", "drop": True}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1019")


def test_a_server_that_is_no_test_double_has_no_faults(new_dcaasd):
    world = World(new_dcaasd())
    for method, body in (("POST", {"fault": {"operation": "*", "drop": True}}), ("GET", None), ("DELETE", None)):
        answer = world.operator.call(method, FAULTS, body, check=False)
        assert (answer.status, answer["error_code"]) == (400, "DC.0009") and "test_double" in answer["error_msg"]
