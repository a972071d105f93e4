# SPDX-License-Identifier: ISC
"""Clients, most without credentials, who want to keep others waiting, each for DCAAS_ATTACK_SECONDS (5), from loopback addresses of
their own. A tenant's calls continue meanwhile, each on a connection of its own; afterwards dcaasd has the descriptors that it had
before."""
import itertools
import math
import os
import select
import socket
import threading
import time

import pytest

from fake_edge import FakeEdge
from lab.dcaasd import Dcaasd
from support import V3, World, exchange, send, wait_for

SECONDS = float(os.environ.get("DCAAS_ATTACK_SECONDS", "5"))
CALL_SECONDS = 1  # of the tenant, at most, on an idle machine
FORGOTTEN_SECONDS = 3  # after the end of a connection that nobody closed
PLACES, OF_ADDRESS = 400, 100
HEALTH = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"


class Target:
    """A dcaasd with few places, so that few connections are an attack; idle connections are kept for long."""

    def __init__(self, new_dcaasd, *settings):
        self.daemon = new_dcaasd(settings=["max_connections = %d" % PLACES, "max_per_address = %d" % OF_ADDRESS,
                                           "accept_unattached_vpc = yes", "quota_virtual_gateways = -1", *settings])
        self.world = World(self.daemon)
        self.tenant = self.world.tenant()
        self.edge = FakeEdge(self.daemon.endpoint, self.world.edge_token)
        self.edge.poll()
        send(self.tenant, "GET", V3 + "virtual-gateways")
        self.at_rest = None

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.daemon.process.pid))

    def resident(self):
        """Bytes of memory that the process has."""
        with open("/proc/%d/statm" % self.daemon.process.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def connect(self, address):
        wire = socket.socket()
        wire.settimeout(60)
        wire.bind((address, 0))
        wire.connect(("127.0.0.1", self.daemon.port))
        return wire


@pytest.fixture(scope="module")
def shared(new_dcaasd):
    return Target(new_dcaasd)


@pytest.fixture
def target(shared):
    """With the descriptors that it has at rest, now and at the end."""
    before = shared.at_rest = shared.descriptors()
    yield shared
    # Readers of the database are made when they are needed and kept, up to 16.
    wait_for("the descriptors of before", lambda: shared.descriptors() <= before + 16 * 3)
    assert send(shared.tenant, "GET", V3 + "virtual-gateways").status == 200
    assert shared.daemon.process.poll() is None


class Tenant(threading.Thread):
    """A tenant who reads and orders, and an edge that polls and reports, until stopped."""

    def __init__(self, target):
        super().__init__()
        self.target, self.ended = target, threading.Event()
        self.seconds, self.wrong = [], []

    def once(self, number):
        tenant, begun = self.target.tenant, time.monotonic()
        try:
            if number % 3 == 0:
                made = tenant.gateway(name="g%d" % number, vpc_id="%08x-0000-4000-8000-000000000001" % number)
                status = 204 if tenant.delete(V3 + "virtual-gateways/" + made["id"]) is not None else 0
            elif number % 3 == 1:
                status = send(tenant, "GET", V3 + "virtual-gateways").status
            else:
                status = self.target.edge.ask()[0]
        except Exception as error:  # pylint: disable=broad-except
            status = repr(error)
        if status not in (200, 204):
            self.wrong.append(status)
        self.seconds.append(time.monotonic() - begun)

    def run(self):
        for number in itertools.count():
            if self.ended.wait(0.02):
                return
            self.once(number)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self.join()


def check(tenant, figure, what):
    tenant.seconds.sort()
    assert not tenant.wrong, tenant.wrong[:5]
    assert len(tenant.seconds) > SECONDS
    figure("a tenant's call beside %s, the slowest of %d" % (what, len(tenant.seconds)), tenant.seconds[-1], CALL_SECONDS)


def say_all_and_end(wire, words):
    """The last words and the end in one segment: one event for the other side."""
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    wire.send(words)
    wire.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("words", [HEALTH, b"GET /health HT", b"",
                                   b"POST /v3/auth/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"])
def test_clients_that_are_gone_keep_no_place(target, figure, words):
    """libmicrohttpd's epoll does not hear of an end that comes together with data. No limit is reached here, so nobody's
    place is wanted."""
    wires = [target.connect("127.0.1.%d" % (1 + n % 4)) for n in range(4 * OF_ADDRESS // 2)]
    for wire in wires:
        say_all_and_end(wire, words)
    begun = time.monotonic()
    wait_for("the end of them all", lambda: target.descriptors() <= target.at_rest + 16 * 3, 30)
    figure("until clients that are gone are forgotten", time.monotonic() - begun, FORGOTTEN_SECONDS)
    for wire in wires:
        wire.close()


class Flood:
    """Connections from some addresses that send something and wait; those that are closed come again, so many a second."""

    def __init__(self, target, addresses, words, rate=200):
        self.target, self.words, self.rate = target, words, rate
        self.addresses, self.wires, self.made, self.closed = itertools.cycle(addresses), [], 0, 0

    def step(self):
        wire = self.target.connect(next(self.addresses))
        try:
            wire.sendall(self.words)
        except OSError:
            pass
        self.wires.append(wire)
        self.made += 1

    def reap(self, milliseconds=0):
        """Closes those that the server has closed; waits so long for one."""
        poll = select.poll()
        of = {wire.fileno(): wire for wire in self.wires}
        for number in of:
            poll.register(number, select.POLLIN)
        ended = set()
        for number, _ in poll.poll(milliseconds):
            try:
                if not of[number].recv(65536):
                    ended.add(number)
            except OSError:
                ended.add(number)
        for number in ended:
            of[number].close()
        self.closed += len(ended)
        self.wires = [wire for number, wire in of.items() if number not in ended]

    def run(self, seconds):
        begun, before = time.monotonic(), self.made
        while (now := time.monotonic() - begun) < seconds:
            while self.made - before < now * self.rate:
                self.step()
            self.reap(10)

    def close(self):
        for wire in self.wires:
            wire.close()


@pytest.mark.parametrize("words", [b"GET /health HT", b"", HEALTH,
                                   b"POST /v3/auth/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"])
def test_half_sent_requests_do_not_take_all_places(target, figure, words):
    """The place that has waited longest goes to who comes."""
    flood = Flood(target, ["127.0.2.%d" % n for n in range(1, 7)], words, rate=max(200, PLACES))
    flood.run(1.5 * max(1, PLACES / flood.rate))  # until it is full
    with Tenant(target) as tenant:
        flood.run(SECONDS)
    check(tenant, figure, "half-sent requests")
    assert flood.closed > 0
    flood.close()


def test_half_sent_requests_of_the_same_address_do_not_keep_a_tenant_out(target, figure):
    """Behind one translated address, for example."""
    flood = Flood(target, ["127.0.0.1"], b"GET /health HT", rate=OF_ADDRESS)
    flood.run(1.5)
    with Tenant(target) as tenant:
        flood.run(SECONDS)
    check(tenant, figure, "half-sent requests of the same address")
    assert flood.closed > 0
    flood.close()


def test_a_kept_connection_of_an_edge_or_a_tenant_outlives_a_flood(target):
    """Strangers give their places first."""
    from test_http import Wire, request
    kept = Wire(target.tenant)
    kept.send(request(target.tenant, "GET", V3 + "virtual-gateways"))
    assert kept.answer()[0] == 200
    flood = Flood(target, ["127.0.3.%d" % n for n in range(1, 7)], b"GET /health HT", rate=max(200, PLACES))
    rounds = math.ceil(SECONDS / 20)  # a connection that is silent for idle_seconds (60) is closed without a flood
    for _ in range(rounds):
        flood.run(SECONDS / rounds)
        kept.send(request(target.tenant, "GET", V3 + "virtual-gateways"))
        assert kept.answer()[0] == 200
    kept.close()
    assert flood.closed > 0
    flood.close()


MIB = 1 << 20


def password_log_in(tenant):
    """Status of a log-in."""
    user = tenant.world.operator.get("/dcaas/v1/users?name=%s" % tenant.name)["users"][0]
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": tenant.name, "password": "password of " + tenant.name, "domain": {"id": user["domain_id"]}}}},
        "scope": {"project": {"id": tenant.project_id}}}}
    return tenant.call("POST", "/v3/auth/tokens", body, check=False)


def head_of(method, path, headers):
    return ("%s %s HTTP/1.1\r\nhost: x\r\n" % (method, path) + "".join("%s: %s\r\n" % item for item in headers.items()) +
            "\r\n").encode()


def claims(target):
    """Headers by which somebody without credentials might claim an identity; the last has seen an access key."""
    tenant = target.tenant
    path = V3.replace("{project_id}", tenant.project_id) + "virtual-gateways"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return [("/v3/auth/tokens", {}), (path, {}), (path, {"x-auth-token": "x" * 40}), ("/dcaas/v1/edge/report", {}),
            ("/dcaas/v1/edge/report", {"x-dcaas-edge-token": "x" * 40}), ("/nothing", {}),
            (path, {"x-sdk-date": stamp, "authorization": "SDK-HMAC-SHA256 Access=%s, SignedHeaders=host;x-sdk-date, "
                    "Signature=%064x" % (tenant.access_key, 0)})]


def test_bodies_that_stop_short_fill_nothing_for_others(target, figure):
    """Of 12 MB each, from addresses of their own. A small body needs no room of all, a large one only that of its kind."""
    tenant = target.tenant
    ends = itertools.cycle(claims(target))
    wires = []
    for n in range(42):
        path, headers = next(ends)
        wires.append(target.connect("127.0.4.%d" % n if n else "127.0.0.1"))
        wires[-1].sendall(head_of("POST", path, {"content-type": "application/json", "content-length": 12 * MIB, **headers}))
    for _ in range(11):
        for wire in wires:
            try:
                wire.sendall(b" " * MIB)
            except OSError:
                pass  # closed by the other side: so much the better
    large = b'{"virtual_gateway": {"name": 5' + b" " * (100 << 10) + b"}}"
    with Tenant(target) as other:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            issued = password_log_in(tenant)
            assert issued.status == 201
            token = issued.headers["X-Subject-Token"]  # of many, only the newest are kept
            by_token = exchange(tenant, "POST", V3.replace("{project_id}", tenant.project_id) + "virtual-gateways", large,
                                {"host": "x", "x-auth-token": token, "content-type": "application/json"})
            by_signature = send(tenant, "POST", V3 + "virtual-gateways", large)
            status, _ = target.edge.call("POST", "/dcaas/v1/edge/report", {"padding": "x" * (100 << 10)})
            # Each was read to its end: its content is wrong, and the answer names that.
            assert (by_token.status, by_signature.status, status) == (400, 400, 400), (by_token, by_signature)
    check(other, figure, "bodies that stop short")
    for wire in wires:
        wire.close()


@pytest.mark.parametrize("method, path, headers, status", [
    ("POST", "/nothing", {}, 404), ("BREW", "/v3/auth/tokens", {}, 404), ("POST", "/v3/auth/tokens", {}, 413),
    ("GET", "/health", {}, 413), ("POST", V3 + "virtual-gateways", {}, 401),
    ("POST", V3 + "virtual-gateways", {"x-auth-token": "x"}, 401), ("POST", "/dcaas/v1/edge/report", {}, 401),
    ("POST", "/dcaas/v1/edge/report", {"x-dcaas-edge-token": "x"}, 401),
    ("POST", V3 + "virtual-gateways", {"x-sdk-date": "20200101T000000Z", "authorization": "SDK-HMAC-SHA256 Access=x, "
                                       "SignedHeaders=host, Signature=00"}, 401),
])
def test_what_a_route_does_not_take_is_refused_before_it_is_sent(target, method, path, headers, status):
    """By the head alone; a client that does not ask hears it at the end, and its body is kept nowhere."""
    from test_http import Wire
    path = path.replace("{project_id}", target.tenant.project_id)
    for asks in (True, False):
        wire = Wire(target.tenant)
        wire.send(head_of(method, path, {"content-type": "application/json", "content-length": 100 << 10,
                                      **({"expect": "100-continue"} if asks else {}), **headers}))
        if not asks:
            wire.send(b" " * (100 << 10))
        assert wire.answer()[0] == status
        wire.close()


def test_a_chunked_body_of_a_stranger_is_refused_when_it_is_not_small(target):
    from test_http import Wire
    for path, status in (("/v3/auth/tokens", 413), (V3.replace("{project_id}", target.tenant.project_id) + "vif-peers", 401)):
        wire = Wire(target.tenant)
        wire.send(head_of("POST", path, {"content-type": "application/json", "transfer-encoding": "chunked"}))
        for _ in range(100):
            wire.send(b"400\r\n" + b" " * 1024 + b"\r\n")
        wire.send(b"0\r\n\r\n")
        assert wire.answer()[0] == status
        wire.close()


def test_few_descriptors_do_not_make_it_deaf(figure):
    """It accepts as many connections as it has descriptors for, and logs that, with any max_connections."""
    daemon = Dcaasd(settings=["max_connections = 4096", "max_per_address = 4096"])
    try:
        daemon.init()
        inherited = daemon.unprivileged
        daemon.unprivileged = lambda: ["prlimit", "--nofile=300:300", *inherited()]
        daemon.start()
        daemon.unprivileged = inherited
        assert "fewer connections than max_connections" in daemon.log()
        wires = []
        for _ in range(400):
            wires.append(socket.create_connection(("127.0.0.1", daemon.port), timeout=60))
            wires[-1].sendall(b"GET /health HT")
        begun = time.monotonic()
        for _ in range(20):
            assert daemon.health()["version"]
        figure("20 calls where descriptors are few", time.monotonic() - begun, 2)
        for wire in wires:
            wire.close()
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def test_large_bodies_are_decoded_beside_the_threads_that_serve(new_dcaasd):
    """With one of them: a tenant's call does not wait for the reports of an edge that sends one after the other."""
    target = Target(new_dcaasd, "http_threads = 1")
    ended, large = threading.Event(), []
    body = {"padding": [0] * 300000}

    def report():
        begun = time.monotonic()
        assert target.edge.call("POST", "/dcaas/v1/edge/report", body)[0] == 400  # once it is decoded
        large.append(time.monotonic() - begun)

    def reports():
        while not ended.is_set():
            report()

    report()
    threads = [threading.Thread(target=reports) for _ in range(4)]
    for thread in threads:
        thread.start()
    small, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.monotonic()
        assert send(target.tenant, "GET", V3 + "virtual-gateways").status == 200
        small.append(time.monotonic() - begun)
        time.sleep(0.05)
    ended.set()
    for thread in threads:
        thread.join()
    # Both beside the same load. On the thread that serves, the read would wait for the reports of all four.
    median, of_large = sorted(small)[len(small) // 2], sorted(large[1:])[len(large[1:]) // 2]
    print("\nbeside four senders of large reports, a report %.3f s (alone %.3f), a tenant's read %.3f s (medians of %d and %d)" % (
        of_large, large[0], median, len(large) - 1, len(small)))
    assert median < of_large / 2
