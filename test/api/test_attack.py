"""Clients without credentials who want to keep others waiting, each for DCAAS_ATTACK_SECONDS (5), from loopback addresses of
their own. A tenant's calls go on meanwhile, each on a connection of its own; afterwards dcaasd has the descriptors that it had
before."""
import itertools
import os
import select
import socket
import threading
import time

import pytest

from fake_edge import FakeEdge
from lab.guest import PATIENCE
from support import V3, World, send, wait_for

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
    figure("a tenant's call beside %s, the slowest of %d" % (what, len(tenant.seconds)), tenant.seconds[-1],
           CALL_SECONDS * max(1, PATIENCE / 5))


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
    """Connections from some addresses that say something and wait; those that are closed come again, so many a second."""

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

    def reap(self):
        poll = select.poll()
        of = {wire.fileno(): wire for wire in self.wires}
        for number in of:
            poll.register(number, select.POLLIN)
        ended = set()
        for number, _ in poll.poll(0):
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
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < seconds:
            while self.made < now * self.rate:
                self.step()
            self.reap()
            time.sleep(0.01)

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
    """Behind one translated address, say."""
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
    flood.run(SECONDS)
    kept.send(request(target.tenant, "GET", V3 + "virtual-gateways"))
    assert kept.answer()[0] == 200
    kept.close()
    assert flood.closed > 0
    flood.close()
