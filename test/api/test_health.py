# SPDX-License-Identifier: ISC
"""GET /health: what it shows when something is wrong, by which methods, and what full disks do to orders."""
import os
import subprocess
import types
import urllib.parse

import pytest

from fake_edge import FakeEdge
from lab.dcaasd import Dcaasd
from support import V3, World, exchange, rows, send, wait_for

MEMBERS = {"status", "reasons", "version", "fabric", "edges", "edges_held", "edges_silent", "objects_in_error", "request_id"}
GATEWAY = b'{"virtual_gateway": {"name": "g", "vpc_id": "%s", "local_ep_group": ["10.1.0.0/16"]}}'


def ask(daemon, method="GET"):
    """The answer to a caller without credentials."""
    anybody = types.SimpleNamespace(at=urllib.parse.urlsplit(daemon.endpoint), timeout=120)
    return exchange(anybody, method, "/health", headers={"host": "x"})


def shows(daemon, *reasons):
    """Waits until these are the reasons; the answer."""
    def look():
        answer = ask(daemon)
        return answer if answer["reasons"] == list(reasons) else None
    return wait_for("the reasons %s" % (reasons,), look)


def test_a_server_without_orders_is_well(daemon):
    answer = shows(daemon)
    assert answer.status == 200 and set(answer) == MEMBERS
    assert (answer["status"], answer["edges"], answer["fabric"], answer["objects_in_error"]) == ("ok", 0, "none", 0)


def test_a_prober_may_ask_by_head_and_options(daemon):
    head = ask(daemon, "HEAD")
    assert (head.status, head.text) == (200, b"") and int(head.headers["content-length"]) > 0
    options = ask(daemon, "OPTIONS")
    assert (options.status, options.text, options.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert ask(daemon, "PATCH").status == 404


def test_a_database_without_an_operator_is_reported():
    made = Dcaasd()
    try:
        os.makedirs(made.state)
        if made.drop:
            os.chown(made.state, *[os.stat(made.config).st_uid] * 2)
        made.start()
        assert ask(made)["status"] == "degraded" and ask(made)["reasons"] == ["no_operator"]
        subprocess.run(made._argv("--operator-key"), check=False, capture_output=True)
        done = subprocess.run(made._argv("--init"), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert shows(made)["status"] == "ok"
        assert made.stop() == 0
    finally:
        made.remove()


def test_a_router_with_little_memory_for_keys_is_a_reason(daemon):
    world = World(daemon, edge={"report_interval": 60})
    edge = FakeEdge(daemon.endpoint, world.edge_token)
    edge.poll()
    edge.report(edge.states(), key_room=150)
    assert "key_memory_small" in shows(daemon, "key_memory_small")["reasons"]
    edge.report(edge.states(), key_room=7710)
    wait_for("no reason any more", lambda: ask(daemon)["reasons"] == [])


def test_edges_and_objects_that_are_not_well_are_counted(daemon):
    """A router that cannot make a VRF, then one that is not heard of any more."""
    world = World(daemon, edge={"report_interval": 1})
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    assert shows(daemon, "edges_silent")["edges_silent"] == 1
    edge = FakeEdge(daemon.endpoint, world.edge_token)
    edge.apply()
    assert shows(daemon)["fabric"] == "simulated"
    vif = tenant.interface(line, gateway)["id"]
    edge.poll()
    broken = {"state": "error", "error": "Operation not supported"}

    def in_error():
        assert edge.report(edge.states(vrf=broken), edge.sessions(established=False)) == 204
        answer = ask(daemon)
        return answer if "objects_in_error" in answer["reasons"] else None
    answer = wait_for("an object in error", in_error)
    assert (answer.status, answer["status"], answer["objects_in_error"]) == (200, "degraded", 1)
    assert vif not in answer.text.decode() and "supported" not in answer.text.decode(), "nothing of tenants is for everybody"

    def well():
        edge.apply()
        return ask(daemon)["reasons"] == []
    wait_for("no reason any more", well)
    assert shows(daemon, "edges_silent")["edges_silent"] == 1


def limit(daemon, size):
    """Files may not grow beyond this size: what a full disk does, for any user."""
    subprocess.run(daemon.unprivileged() + ["prlimit", "--pid", str(daemon.process.pid), "--fsize=%s:unlimited" % size],
                   check=True)


def test_on_a_full_disk_orders_are_refused_with_words_until_there_is_room(daemon):
    world = World(daemon)
    tenant = world.tenant()
    vpc = tenant.vpc()
    body = GATEWAY % vpc.encode()
    before = rows(daemon, "SELECT count(*) FROM virtual_gateway")
    limit(daemon, 4096)
    try:
        for _ in range(3):
            answer = send(tenant, "POST", V3 + "virtual-gateways", body)
            assert answer.status == 503 and answer["error_code"] == "DC.0003" and "disk" in answer["error_msg"], answer.text
        # Without any order it is found, too.
        answer = wait_for("the full disk in /health", lambda: (lambda a: a if a.status == 503 else None)(ask(daemon)))
        assert answer["status"] == "failing" and "writes_fail" in answer["reasons"] and "disk" in answer["error_msg"]
        assert ask(daemon, "HEAD").status == 503
        assert send(tenant, "GET", V3 + "virtual-gateways").status == 200, "what is there can still be read"
    finally:
        limit(daemon, "unlimited")
    wait_for("room", lambda: ask(daemon).status == 200)
    assert rows(daemon, "SELECT count(*) FROM virtual_gateway") == before
    assert send(tenant, "POST", V3 + "virtual-gateways", body).status == 201


def test_a_disk_that_is_full_while_nobody_orders_is_found(daemon):
    shows(daemon)
    limit(daemon, 4096)
    try:
        assert wait_for("the full disk", lambda: ask(daemon).status == 503, seconds=30)
    finally:
        limit(daemon, "unlimited")
    wait_for("room", lambda: ask(daemon).status == 200)


CLOCK = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The wall clock, so many seconds away from the machine's as the file says. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	char text[32] = "";
	int rc = (int)syscall(SYS_clock_gettime, id, ts), fd;

	if (id != CLOCK_REALTIME || (fd = open(getenv("CLOCK_FILE"), O_RDONLY)) < 0)
		return rc;
	if (read(fd, text, sizeof(text) - 1) > 0)
		ts->tv_sec += atol(text);
	close(fd);
	return rc;
}
"""


def test_a_clock_that_is_set_back_is_reported_and_a_dead_edge_stays_silent():
    daemon = Dcaasd()
    try:
        clock, source, library = [os.path.join(daemon.folder, name) for name in ("clock", "clock.c", "clock.so")]
        with open(source, "w", encoding="ascii") as file:
            file.write(CLOCK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)

        def away(seconds):
            with open(clock + ".new", "w", encoding="ascii") as file:
                file.write(str(seconds))
            os.chmod(clock + ".new", 0o644)
            os.rename(clock + ".new", clock)

        away(0)
        daemon.init()
        argv = daemon._argv
        options = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
        daemon._argv = lambda *more: ["env", "ASAN_OPTIONS=" + options, "CLOCK_FILE=" + clock, "LD_PRELOAD=" + library, *argv(*more)]
        daemon.start()
        world = World(daemon, edge={"report_interval": 1})
        edge = FakeEdge(daemon.endpoint, world.edge_token)
        edge.poll()

        def well():
            edge.report()
            return ask(daemon)["reasons"] == []
        wait_for("an edge that is heard", well)
        away(-86400)
        # The edge has died together with the clock: its last report is from tomorrow.
        assert shows(daemon, "edges_silent", "clock_behind")["status"] == "degraded"
        assert "clock stepped" in daemon.log()
        away(0)
        shows(daemon, "edges_silent")
        assert daemon.stop() == 0, daemon.log()
    finally:
        daemon.remove()
