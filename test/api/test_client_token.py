# SPDX-License-Identifier: ISC
"""An order with a client token may be sent again: within a day, the same order gets the same answer and orders nothing."""
import concurrent.futures
import time
import uuid

import pytest

from support import V3, World, change, rows, wait_for

GATEWAYS = V3 + "virtual-gateways"
DAY = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(["accept_unattached_vpc = yes"]))


def gateway(vpc=None, **members):
    return {"virtual_gateway": {"vpc_id": vpc or str(uuid.uuid4()), "local_ep_group": ["10.1.0.0/16"], **members}}


def order(tenant, body, token, name="X-Client-Token", path=GATEWAYS):
    return tenant.call("POST", path, body, check=False, headers={name: token})


def present(tenant):
    return [row["id"] for row in tenant.get(GATEWAYS)["virtual_gateways"]]


@pytest.mark.parametrize("name", ["X-Client-Token", "Idempotency-Key"])
def test_the_same_order_with_the_same_token_gets_the_same_answer(world, name):
    tenant, body = world.tenant(), gateway(name="office")
    first, second = order(tenant, body, "try 1", name), order(tenant, body, "try 1", name)
    assert first.status == second.status == 201 and second == first
    assert "X-Dcaas-Repeated" not in first.headers and second.headers["X-Dcaas-Repeated"] == "true"
    assert present(tenant) == [first["virtual_gateway"]["id"]]


def test_another_token_or_none_orders_again(world):
    tenant = world.tenant()
    ids = {order(tenant, gateway(), token)["virtual_gateway"]["id"] for token in ("a", "b")}
    ids |= {tenant.post(GATEWAYS, gateway())["virtual_gateway"]["id"] for _ in range(2)}
    assert set(present(tenant)) == ids and len(ids) == 4


def test_another_order_with_the_same_token_is_refused(world):
    tenant = world.tenant()
    order(tenant, gateway(), "once")
    answer = order(tenant, gateway(), "once")
    assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "X-Client-Token" in answer["error_msg"]
    assert len(present(tenant)) == 1
    assert order(tenant, gateway(), "once", path=GATEWAYS + "?x=1").status == 400


def test_a_refused_order_leaves_its_token_free(world):
    tenant = world.tenant()
    assert order(tenant, gateway(local_ep_group=["10.1.0.0/99"]), "again").status == 400
    assert order(tenant, gateway(), "again").status == 201


def test_tokens_of_two_projects_are_two(world):
    body = gateway()
    one, two = (order(world.tenant(), body, "same") for _ in range(2))
    assert one.status == 201 and "X-Dcaas-Repeated" not in two.headers


@pytest.mark.parametrize("token", ["", "x" * 65, "a\tb"])
def test_a_token_that_is_none_is_refused_before_anything_is_ordered(world, token):
    tenant = world.tenant()
    answer = order(tenant, gateway(), token)
    assert (answer.status, answer["error_code"]) == (400, "APIGW.0201") and present(tenant) == []


def test_after_a_day_the_token_is_free_and_its_answer_is_removed(world):
    tenant, body = world.tenant(), gateway()
    order(tenant, body, "daily")
    change(world.dcaasd, "UPDATE client_token SET created_at = ? WHERE id LIKE '%/daily'", int(time.time() * 1000) - DAY - 1)
    assert "X-Dcaas-Repeated" not in order(tenant, gateway(), "daily").headers
    change(world.dcaasd, "UPDATE client_token SET created_at = 1 WHERE id LIKE '%/daily'")
    change(world.dcaasd, "UPDATE due SET at = 1 WHERE kind = 'client_token_trim'")
    wait_for("the old answer is removed", lambda: rows(
        world.dcaasd, "SELECT count(*) FROM client_token WHERE id LIKE '%/daily'") == [(0,)])


def test_the_answer_outlives_a_kill_and_is_not_readable_in_the_database(world):
    tenant, body = world.tenant(), gateway(name="very-readable-words")
    first = order(tenant, body, "kept")
    world.dcaasd.kill()
    kept = rows(world.dcaasd, "SELECT answer FROM client_token WHERE id LIKE '%/kept'")[0][0]
    world.dcaasd.start()
    assert "readable" not in kept
    assert order(tenant, body, "kept") == first


def test_of_many_that_send_one_order_at_a_time_one_orders(world):
    tenant, body = world.tenant(), gateway()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: order(tenant, body, "race"), range(64)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer["request_id"] for answer in answers}) == 1 and len(present(tenant)) == 1
    assert sum("X-Dcaas-Repeated" not in answer.headers for answer in answers) == 1


def test_a_dry_run_uses_no_token(world):
    tenant, body = world.tenant(), gateway()
    headers = {"X-Client-Token": "dry", "X-Dcaas-Dry-Run": "true"}
    assert tenant.call("POST", GATEWAYS, body, headers=headers).status == 201
    assert "X-Dcaas-Repeated" not in order(tenant, body, "dry").headers and len(present(tenant)) == 1


def test_members_without_an_effect_are_named(world):
    tenant = world.tenant()
    made = tenant.post(GATEWAYS, gateway(bandwith=10, status="ACTIVE", description="x"))
    assert sorted(made.headers["X-Dcaas-Ignored-Members"].split(", ")) == ["virtual_gateway.bandwith", "virtual_gateway.status"]
    assert "X-Dcaas-Ignored-Members" not in tenant.post(GATEWAYS, gateway()).headers
    changed = tenant.put(GATEWAYS + "/" + made["virtual_gateway"]["id"], {"virtual_gateway": {"name": "b", "vpc_id": "x"}})
    assert changed.headers["X-Dcaas-Ignored-Members"] == "virtual_gateway.vpc_id"
