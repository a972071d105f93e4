# SPDX-License-Identifier: ISC
"""Snapshots of a test double: the whole service as it was, in milliseconds, and what was kept in memory follows."""
import concurrent.futures
import uuid

import pytest
from fake_edge import FakeEdge

from support import V3, World, own_dcaasd, tables, wait_for

SNAPSHOTS, FAULTS = "/dcaas/v1/snapshots", "/dcaas/v1/faults"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(["test_double = yes", "quota_virtual_gateways = -1", "accept_unattached_vpc = yes"]))


@pytest.fixture
def tenant(world):
    for one in snapshots(world):
        world.operator.delete(SNAPSHOTS + "/" + one["name"])
    return world.tenant()


def snapshots(world):
    return world.operator.get(SNAPSHOTS)["snapshots"]


def take(world, name="clean", check=True):
    return world.operator.call("POST", SNAPSHOTS, {"snapshot": {"name": name}}, check=check)


def restore(world, name="clean", check=True):
    return world.operator.call("POST", SNAPSHOTS + "/%s/restore" % name, check=check)


def gateways(tenant):
    return [one["id"] for one in tenant.get(V3 + "virtual-gateways")["virtual_gateways"]]


def everything(world):
    """All rows but what outlives the database by intent: what is known of edges, and the epoch."""
    return tables(world.dcaasd, leave_out=("edge_report", "edge_revision", "store_meta", "due"))


def test_the_whole_service_is_as_it_was(world, tenant):
    first = tenant.gateway()["id"]
    before, made = everything(world), take(world)["snapshot"]
    assert made["name"] == "clean" and made["bytes"] > 100000 and made["created_time"]
    tenant.put(V3 + "virtual-gateways/" + first, {"virtual_gateway": {"name": "renamed"}})
    second, other = tenant.gateway()["id"], world.tenant()
    assert everything(world) != before
    assert restore(world)["snapshot"]["name"] == "clean"
    assert everything(world) == before
    assert gateways(tenant) == [first] and tenant.show("virtual-gateways/" + first)["name"] == "gateway"
    assert tenant.call("GET", V3 + "virtual-gateways/" + second, check=False).status == 404
    assert other.call("GET", V3 + "virtual-gateways", check=False).status == 401
    # And it works on: the same names and numbers can be had again.
    assert tenant.gateway()["id"] not in (first, second)
    restore(world)
    assert gateways(tenant) == [first]


def test_snapshots_have_names_and_one_takes_the_place_of_an_earlier_one_of_its_name(world, tenant):
    take(world, "empty")
    first = tenant.gateway()["id"]
    take(world, "one")
    tenant.gateway()
    take(world, "empty-again")
    assert [one["name"] for one in snapshots(world)] == ["empty", "one", "empty-again"]
    restore(world, "empty")
    assert gateways(tenant) == []
    restore(world, "one")
    assert gateways(tenant) == [first]
    take(world, "empty")
    assert [one["name"] for one in snapshots(world)] == ["one", "empty-again", "empty"]
    tenant.gateway()
    restore(world, "empty")
    assert gateways(tenant) == [first]
    assert world.operator.delete(SNAPSHOTS + "/one").status == 204
    for answer in (restore(world, "one", check=False), world.operator.call("DELETE", SNAPSHOTS + "/one", check=False)):
        assert (answer.status, answer["error_code"]) == (404, "DC.0002")


def test_a_bounded_number_of_snapshots_is_kept(world, tenant):
    for number in range(16):
        take(world, "n%d" % number)
    answer = take(world, "more", check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1019")
    take(world, "n3")


@pytest.mark.parametrize("name", ["", "x" * 65, None])
def test_a_name_that_is_none_is_refused(world, tenant, name):
    answer = take(world, name, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "snapshot.name" in answer["error_msg"]


def test_faults_and_kept_answers_and_identities_do_not_outlive_a_restore(world, tenant):
    first = tenant.gateway()["id"]
    take(world)
    world.operator.post(FAULTS, {"fault": {"operation": "*", "error_code": "DC.0003", "times": 100, "project_id": "0" * 32}})
    mate = tenant.other("member")
    for _ in range(3):
        assert mate.show("virtual-gateways/" + first)["name"] == "gateway"  # kept, and the caller known
    tenant.put(V3 + "virtual-gateways/" + first, {"virtual_gateway": {"name": "renamed"}})
    for _ in range(3):
        assert tenant.show("virtual-gateways/" + first)["name"] == "renamed"
    restore(world)
    assert tenant.show("virtual-gateways/" + first)["name"] == "gateway"
    assert mate.call("GET", V3 + "virtual-gateways/" + first, check=False).status == 401
    assert world.operator.get(FAULTS)["faults"] == []


def test_health_is_that_of_what_was_restored_at_once(world, tenant):
    take(world)
    before = world.operator.get("/health")["edges"]
    more = world.operator.post("/dcaas/v1/edges", {"edge": {"name": "more"}})["edge"]["id"]
    wait_for("the edge is counted", lambda: world.operator.get("/health")["edges"] == before + 1)
    restore(world)
    assert world.operator.get("/health")["edges"] == before
    assert world.operator.call("GET", "/dcaas/v1/edges/" + more, check=False).status == 404


def test_a_client_token_belongs_to_what_was_restored(world, tenant):
    take(world)
    body, headers = {"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}, {"X-Client-Token": "once"}
    take(world)
    first = tenant.call("POST", V3 + "virtual-gateways", body, headers=headers)
    restore(world)
    again = tenant.call("POST", V3 + "virtual-gateways", body, headers=headers)
    assert "x-dcaas-repeated" not in {name.lower() for name in again.headers}
    assert again["virtual_gateway"]["id"] != first["virtual_gateway"]["id"]


def test_a_key_that_was_rotated_since_refuses_the_snapshot(world, tenant):
    take(world)
    world.operator.post("/dcaas/v1/key/rotate", {})
    answer = restore(world, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0009") and "rotated" in answer["error_msg"]
    take(world)
    restore(world)


def test_restores_and_orders_at_once_leave_a_service_that_is_whole(world, tenant):
    """Each order is answered before a restore, and gone, or after the last one, and there."""
    take(world)

    def orders(number):
        answers = [tenant.call("POST", V3 + "virtual-gateways", {"virtual_gateway": {
            "vpc_id": str(uuid.uuid4()), "local_ep_group": ["10.1.0.0/16"]}}, check=False) for _ in range(20)]
        assert {answer.status for answer in answers} <= {201, 400}, answers
        return [tenant.call("GET", V3 + "virtual-gateways", check=False).status for _ in range(20)]

    def restores():
        return [restore(world).status for _ in range(20)]

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        running = [pool.submit(orders, number) for number in range(8)]
        assert set(pool.submit(restores).result()) == {200}
        for one in running:
            assert set(one.result()) == {200}
    restore(world)
    assert gateways(tenant) == []


def test_a_restore_takes_milliseconds(world, tenant, figure):
    tenant.gateway()
    took = []
    for _ in range(20):
        take(world)
        took.append(restore(world).milliseconds / 1000)
    figure("a restore of %d kB, seen by the client" % (snapshots(world)[0]["bytes"] // 1000), sorted(took)[10], 0.05)


# --- edges ---


def states(edge):
    """What the edge is asked to have by now."""
    return {key for key, one in edge.objects.items() if not one["deleted"]}


def test_a_simulated_edge_follows_a_restore_without_a_confirmation(world, tenant, line):
    gateway = tenant.gateway()["id"]
    vif = tenant.interface(line, gateway)["id"]
    edge = FakeEdge(world.endpoint, world.edge_token).apply()
    wanted, epoch, revision = states(edge), edge.epoch, edge.revision
    take(world)
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    edge.apply()
    edge.apply()
    assert tenant.call("GET", V3 + "virtual-interfaces/" + vif, check=False).status == 404
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(edge.ask, wait=60)  # a long poll ends at once
        wait_for("the poll waits", lambda: world.load()["calls_waiting"] >= 1)
        restore(world)
        status, desired = waiting.result(30)
    assert (status, desired["full"]) == (200, True) and desired["epoch"] != epoch
    assert (desired["confirm_epoch"], desired["confirm_revision"]) == (edge.epoch, edge.revision)
    assert desired["revision"] > edge.revision >= revision
    edge.apply()
    assert states(edge) == wanted and tenant.show("virtual-interfaces/" + vif)["status"] == "ACTIVE"
    assert world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["held"] is False


def test_a_real_router_waits_for_the_operator(world, tenant, line):
    vif = tenant.interface(line, tenant.gateway()["id"])["id"]
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.apply()
    edge.report(edge.states(), fabric="linux")
    take(world)
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    restore(world)
    status, desired = edge.ask()
    assert status == 200 and desired["confirm_epoch"] is None  # it holds


def test_an_edge_is_not_silent_because_a_snapshot_is_old(world, tenant, line):
    take(world)
    FakeEdge(world.endpoint, world.edge_token).apply()
    seen = world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["reported_time"]
    restore(world)
    assert world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["reported_time"] == seen
    assert world.operator.get("/health")["edges_silent"] == 0


# --- no test double ---


def test_a_server_that_is_no_test_double_has_no_snapshots():
    with own_dcaasd() as daemon:
        world = World(daemon)
        for answer in (take(world, check=False), restore(world, check=False), world.operator.call("GET", SNAPSHOTS, check=False),
                       world.operator.call("DELETE", SNAPSHOTS + "/clean", check=False)):
            assert (answer.status, answer["error_code"]) == (400, "DC.0009") and "test_double" in answer["error_msg"]


def test_a_restart_forgets_the_snapshots_and_keeps_what_was_restored():
    with own_dcaasd(["test_double = yes"]) as daemon:
        world = World(daemon)
        tenant = world.tenant()
        take(world)
        tenant.gateway()
        restore(world)
        daemon.kill()
        daemon.start()
        assert gateways(tenant) == [] and snapshots(world) == []
