# SPDX-License-Identifier: ISC
"""The database is away, restarts under load, or stands still: orders are answered 503 or carried out, whole, and the server recovers
by itself."""
import json
import threading
import time

import pytest

import api.test_races as races
from cluster import Cluster
from support import V3, World, postgresql, psql, rows, send, wait_for


@pytest.fixture(scope="module")
def own():
    """A PostgreSQL that a test may do anything to."""
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def world(own, daemons):
    return World(daemons.new(own.new_database(), settings=["quota_virtual_interfaces = -1"]))


@pytest.fixture(scope="module")
def tenant(world):
    return world.tenant()


@pytest.fixture(scope="module")
def place(world, tenant):
    return world.connection(tenant), tenant.gateway()["id"]


class Orders:
    """Orders interfaces one after another, from several threads; made: {id: number} of those that were answered 201."""

    def __init__(self, tenant, place, threads=6, first=1):
        self.tenant, self.place, self.numbers = tenant, place, iter(range(first, first + 1900))
        self.made, self.codes, self.wrong, self.slowest = {}, {}, [], 0
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]

    def body(self, n):
        at = "100.%d.%d." % (64 + n // 256, n % 256)
        return self.tenant.interface_body(*self.place, n, remote_ep_group=None, local_gateway_v4_ip=at + "1/30",
                                          remote_gateway_v4_ip=at + "2/30")

    def run(self):
        while not self.stop.is_set():
            with self.lock:
                n = next(self.numbers)
            began = time.monotonic()
            answer = send(self.tenant, "POST", V3 + "virtual-interfaces", json.dumps({"virtual_interface": self.body(n)}).encode())
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.codes[answer.status] = self.codes.get(answer.status, 0) + 1
                if answer.status == 201:
                    self.made[answer["virtual_interface"]["id"]] = n
                elif answer.status == 503:
                    self.stop.wait(0.05)
                else:
                    self.wrong.append(answer.text)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def more(self, n=20):
        before = len(self.made)
        wait_for("further orders", lambda: len(self.made) >= before + n or self.wrong)


def check(world, orders):
    """What was answered is there, and nothing is half there."""
    assert orders.wrong == []
    present = {row[0]: row[1] for row in rows(world.dcaasd, "SELECT id, vlan FROM virtual_interface")}
    assert {one: present.get(one) for one in orders.made} == orders.made
    for title, statement in races.INVARIANTS.items():
        if title != "the quota":
            assert rows(world.dcaasd, statement) == [], title
    assert "bug:" not in world.dcaasd.log()


def health_is(daemon, failing):
    return wait_for("health", lambda: (lambda found: found if ("writes_fail" in found["reasons"]) == failing else None)(daemon.health()))


def test_connections_are_cut_under_load_and_no_order_fails_but_one_in_its_commit(own, world, tenant, place):
    with Orders(tenant, place) as orders:
        for _ in range(10):
            orders.more()
            psql(postgresql(world.dcaasd), "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                           "WHERE application_name = 'dcaasd'")
    check(world, orders)
    assert set(orders.codes) <= {201, 503}
    print("\nten times all connections cut: %d orders carried out, %d answered 503" % (orders.codes[201], orders.codes.get(503, 0)))


def test_the_database_is_killed_and_started_again_under_load(own, world, tenant, place):
    with Orders(tenant, place, first=2000) as orders:
        for how in ("immediate", "fast"):
            orders.more()
            own.stop(how)
            refused = orders.codes.get(503, 0)
            wait_for("refusals", lambda refused=refused: orders.codes.get(503, 0) > refused)
            answer = send(tenant, "GET", V3 + "virtual-gateways")
            assert answer.status == 503 and "try again" in answer["error_msg"], answer
            health_is(world.dcaasd, True)
            own.start()
            orders.more()
            health_is(world.dcaasd, False)
    check(world, orders)
    assert world.dcaasd.process.poll() is None
    print("\ntwo restarts of the database: %d orders carried out, %d answered 503, the slowest in %.1f s" % (
        orders.codes[201], orders.codes[503], orders.slowest))


def test_a_database_that_stands_still_holds_up_neither_health_nor_a_stop(own, daemons, figure):
    daemon = daemons.new(own.new_database())
    world = World(daemon)
    tenant = world.tenant()
    own.pause()
    try:
        answers = []
        asking = threading.Thread(target=lambda: answers.append(send(tenant, "GET", V3 + "virtual-gateways")))
        asking.start()
        health_is(daemon, True)
        began = time.monotonic()
        daemon.health()
        figure("GET /health while the database stands still", time.monotonic() - began, 0.5)
        asking.join()
        assert answers[0].status == 503
    finally:
        own.pause(False)
    health_is(daemon, False)
    assert send(tenant, "GET", V3 + "virtual-gateways").status == 200
    assert "password" not in daemon.log()


def test_a_server_that_starts_before_its_database_is_refused_with_the_reason(own, daemons):
    daemon = daemons.new(own.new_database())
    daemon.stop()
    own.stop("fast")
    try:
        with pytest.raises(Exception) as refused:
            daemon.start()
        assert "database does not" in str(refused.value)
    finally:
        own.start()
        daemon.process = None
    daemon.start()


class UntilGone(Orders):
    def run(self):
        try:
            super().run()
        except Exception:  # the server has gone
            pass


def test_a_stop_does_not_wait_for_a_database_that_stands_still(own, daemons, figure):
    daemon = daemons.new(own.new_database())
    world = World(daemon)
    tenant = world.tenant()
    with UntilGone(tenant, (world.connection(tenant), tenant.gateway()["id"])) as orders:
        orders.more(5)
        own.pause()
        try:
            health_is(daemon, True)  # orders have waited for the database since before
            began = time.monotonic()
            daemon.process.terminate()
            assert daemon.process.wait(60) == 0
            figure("a stop while the database stands still", time.monotonic() - began, 5)
            daemon.process = None
        finally:
            own.pause(False)
