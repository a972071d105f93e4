# SPDX-License-Identifier: ISC
"""An edge with thousands of objects reports everything, and asks for everything, and its tenants notice nothing of it."""
import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import uuid

import pytest
from fake_edge import FakeEdge

from support import V3, World

GATEWAYS, INTERFACES = 2000, 5000
CLIENTS = 8
READ_SECONDS, WRITE_SECONDS = 0.020, 0.050  # 99 of 100, promised
ALONE_SECONDS = 3
PART = 128
LATENCY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "latency.py")


def in_parallel(count, order):
    """order(n) for each number below count, by some clients at once; the results in order."""
    numbers, results, wrong = itertools.count(), [None] * count, []

    def client():
        for n in numbers:
            if n >= count or wrong:
                return
            try:
                results[n] = order(n)
            except Exception as error:
                wrong.append(error)
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0]
    return results


class Site:
    """One edge with INTERFACES interfaces in GATEWAYS gateways of one tenant, and a second tenant with one interface."""

    def __init__(self, daemon):
        world = self.world = World(daemon)
        self.big, self.small = world.tenant(), world.tenant()
        lines = [world.connection(self.big, bandwidth=100000) for _ in range(2)]
        begun = time.monotonic()
        gateways = in_parallel(GATEWAYS, lambda n: self.big.post(
            V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}}, say=False)["global_dc_gateway"]["id"])
        # All those of one gateway have link subnets of their own.
        in_parallel(INTERFACES, lambda n: self.big.interface(
            lines[n % 2], None, 1 + n // 2, service_type="GDGW", gateway_id=gateways[n % GATEWAYS], remote_ep_group=None,
            bandwidth=2, local_gateway_v4_ip="192.0.2.%d/30" % (n // GATEWAYS * 4 + 1),
            remote_gateway_v4_ip="192.0.2.%d/30" % (n // GATEWAYS * 4 + 2))["id"])
        self.vif = self.small.interface(world.connection(self.small), self.small.gateway()["id"])["id"]
        print("\n%d interfaces in %d gateways ordered in %.1f s" % (INTERFACES, GATEWAYS, time.monotonic() - begun))
        self.edge = FakeEdge(world.endpoint, world.edge_token, parts=True)

    def group(self, key):
        """Of what stands together in a report: an object's device."""
        body = self.edge.objects[key]["body"]
        return json.loads(body).get("link", key) if isinstance(body, str) else (body or {}).get("link", key)

    def parts(self):
        """A full report, cut as an edge cuts it: (objects, sessions) of each part."""
        states = {state["key"]: state for state in self.edge.states()}
        sessions = {session["key"]: session for session in self.edge.sessions()}
        keys = sorted(states, key=lambda key: (self.group(key), key))
        for at in range(0, len(keys), PART):
            some = keys[at:at + PART]
            yield [states[key] for key in some], [sessions[key] for key in some if key in sessions]

    @contextlib.contextmanager
    def measured(self):
        """While it lasts, the small tenant reads and writes. Afterwards a list has 99 of 100 latencies of each, and counts."""
        path = V3.format(project_id=self.small.project_id) + "virtual-interfaces/" + self.vif
        client = self.small
        processes = [subprocess.Popen([sys.executable, LATENCY, self.world.endpoint, client.access_key, client.secret_key,
                                       client.project_id, do, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                     for do in ("read", "write")]
        result = []
        try:
            for process in processes:
                process.stdout.readline()  # it has begun
            yield result
        finally:
            told = [sorted(json.loads(process.communicate()[0])) for process in processes]
        assert [process.returncode for process in processes] == [0, 0]
        result += [(seen[len(seen) * 99 // 100], len(seen)) for seen in told]

    @contextlib.contextmanager
    def tenants(self, what):
        """While it lasts, the small tenant reads and writes; the latencies are printed, and held to five times what is
        promised. Where the same tenant alone does not have them either, because the machine is busy with other things, to
        five times what it has alone."""
        with self.measured() as alone:
            time.sleep(ALONE_SECONDS)
        begun = time.monotonic()
        with self.measured() as beside:
            yield
            seconds = time.monotonic() - begun
        for did, promised, (base, _), (p99, count) in zip(("reads", "writes"), (READ_SECONDS, WRITE_SECONDS), alone, beside):
            print("\n%s, %.1f s: %d %s meanwhile, p99 %.1f ms (promised %g ms; alone %.1f ms)" % (
                what, seconds, count, did, 1000 * p99, 1000 * promised, 1000 * base))
            assert p99 <= 5 * max(promised, base)


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return Site(new_dcaasd(settings=["quota_%s = -1" % name for name in (
        "virtual_gateways", "virtual_interfaces", "global_dc_gateways")]))


def count_active(site):
    listed = site.world.operator.get("/dcaas/v1/edges/" + site.world.edge, say=False)
    assert listed["edge"]["held"] is False
    page = site.big.get(V3 + "virtual-interfaces?limit=2000&status=ACTIVE&fields=id", say=False)["virtual_interfaces"]
    return len(page)


def test_a_full_poll_of_a_restarted_edge_keeps_nobody_waiting(site):
    site.edge.start()
    with site.tenants("a full poll in parts"):
        came = site.edge.poll()
        site.edge.start()
        came = site.edge.poll()
    assert len({one["key"] for one in came}) >= 3 * INTERFACES + GATEWAYS


def test_a_full_report_keeps_nobody_waiting(site):
    site.edge.poll()
    for round in ("the first full report", "the full report of a restarted edge"):
        parts = list(site.parts())
        with site.tenants("%s, in %d parts" % (round, len(parts))):
            for n, (objects, sessions) in enumerate(parts, 1):
                assert site.edge.report(objects, sessions, full=True, part=n, last=n == len(parts)) == 204
        assert count_active(site) == 2000
        site.edge.boot, site.edge.sequence = str(uuid.uuid4()), 0


def test_a_whole_report_of_an_older_edge_keeps_nobody_waiting(site):
    parts = list(site.parts())
    site.edge.boot, site.edge.sequence = str(uuid.uuid4()), 0
    with site.tenants("a whole report of %d objects" % sum(len(objects) for objects, _ in parts)):
        assert site.edge.report([one for objects, _ in parts for one in objects],
                                [one for _, sessions in parts for one in sessions], full=True) == 204
    assert count_active(site) == 2000
