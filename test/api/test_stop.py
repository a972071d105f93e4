# SPDX-License-Identifier: ISC
"""A stop with two listeners, with clients busy at each of them."""
import http.client
import json
import os
import socket
import ssl
import threading
import time

import pytest

from fake_edge import FakeEdge
from lab.dcaasd import STOPS_SECONDS, Dcaasd
from support import V3, World, signed, wait_for

KEY_ID = 4  # bytes of the id of a key for secrets
HALVES = [b"", b"POST /v3/x HT", b"POST /v3/auth/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"]


class Inherited:
    """What a Dcaasd asks for a second listener; port: the lab's, not used here."""

    def listener(self, port):
        self.socket = socket.create_server(("127.0.0.1", 0))
        return self.socket


class Door:
    """One of the listeners, as a client finds it."""

    def __init__(self, port, context=None):
        self.port, self.context = port, context

    def connect(self):
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        return self.context.wrap_socket(wire, server_hostname="127.0.0.1") if self.context else wire

    def connection(self):
        if self.context:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=120, context=self.context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method, target, body=None, headers=None):
        """Status and body of one request on a connection of its own; None for the status when it was not answered."""
        connection = self.connection()
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()


class Site:
    """A dcaasd with two listeners."""

    def __init__(self, kind):
        inherited = Inherited() if kind == "inherited" else None
        self.daemon = Dcaasd(lab=inherited, settings=["quota_virtual_interfaces = -1"])
        if kind == "https":
            port_file = self.daemon.folder + "/tls_port"
            self.daemon.settings += ["listen_tls = 127.0.0.1:0", "tls_port_file = " + port_file]
            self.daemon.write_config()
        self.daemon.init()
        self.daemon.start()
        if inherited:
            second = Door(inherited.socket.getsockname()[1])
        else:
            with open(port_file, encoding="ascii") as file:
                port = int(file.read().strip().rsplit(":", 1)[1])
            second = Door(port, ssl.create_default_context(cafile=self.daemon.state + "/tls.crt"))
        self.doors = [Door(self.daemon.port), second]
        self.world = World(self.daemon)

    def close_inherited(self):
        """As long as somebody has it, connections wait in its queue for the next dcaasd."""
        if self.daemon.listener:
            self.daemon.listener.close()
            self.daemon.listener = None


@pytest.fixture(params=["https", "inherited"])
def site(request):
    made = Site(request.param)
    yield made
    made.daemon.remove()


class Orderer(threading.Thread):
    """Orders interfaces at one listener, one after the other, until it is not answered any more."""

    def __init__(self, site, door, number):
        super().__init__()
        self.tenant = site.world.tenant()
        self.line, self.gateway = site.world.connection(self.tenant), self.tenant.gateway()["id"]
        self.door, self.number, self.answered = door, number, set()

    def run(self):
        for n in range(1, 4000):
            name = "%d-%d" % (self.number, n)
            body = json.dumps({"virtual_interface": self.tenant.interface_body(
                self.line, self.gateway, n, name=name, bandwidth=2, remote_ep_group=["192.168.%d.%d/32" % divmod(n, 256)],
                local_gateway_v4_ip="172.%d.%d.1/30" % (16 + n // 256, n % 256),
                remote_gateway_v4_ip="172.%d.%d.2/30" % (16 + n // 256, n % 256))}).encode()
            target = V3.replace("{project_id}", self.tenant.project_id) + "virtual-interfaces"
            headers = signed(self.tenant, "POST", target, body, {"content-type": "application/json"})
            status, text = self.door.ask("POST", target, body, headers)
            if status in (None, 503):
                return
            assert status == 201, text
            self.answered.add(name)


class Poller(threading.Thread):
    """The edge, waiting for news at one listener."""

    def __init__(self, site, door):
        super().__init__()
        self.door, self.polls = door, 0
        self.fake = FakeEdge(site.world.endpoint, site.world.edge_token)

    def run(self):
        revision, epoch = 0, None
        while True:
            status, text = self.door.ask("GET", "/dcaas/v1/edge/desired?revision=%d&wait=30&boot=%s%s" % (
                revision, self.fake.boot, "&epoch=" + epoch if epoch else ""), headers={"X-Dcaas-Edge-Token": self.fake.token})
            if status not in (200, 423):
                return
            self.polls += 1
            if status == 200:
                desired = json.loads(text)
                revision, epoch = desired["revision"], desired["epoch"]


def test_a_stop_amid_orders_and_polls_at_two_listeners_answers_what_is_committed(site, figure):
    """An order at one listener wakes the polls at both: none is gone before the last order is answered."""
    pollers = [Poller(site, door) for door in site.doors]
    orderers = [Orderer(site, site.doors[n % 2], n) for n in range(6)]
    halves = [door.connect() for door in site.doors for _ in HALVES]
    for n, wire in enumerate(halves):
        wire.sendall(HALVES[n % len(HALVES)])
    for thread in pollers + orderers:
        thread.start()
    wait_for("orders at both listeners", lambda: all(len(one.answered) > 5 for one in orderers))
    begun = time.monotonic()
    assert site.daemon.stop() == 0, site.daemon.log()[-4000:]
    figure("a stop with two listeners, orders, polls and half-sent requests", time.monotonic() - begun, STOPS_SECONDS)
    site.close_inherited()
    for thread in pollers + orderers:
        thread.join(120)
        assert not thread.is_alive()
    for wire in halves:
        wire.close()
    site.daemon.start()
    for one in orderers:
        present = one.tenant.get(V3 + "virtual-interfaces?limit=2000")["virtual_interfaces"]
        assert {row["name"] for row in present} == one.answered
    assert site.daemon.stop() == 0


def test_half_sent_requests_do_not_hold_up_a_stop(site, figure):
    """They cannot become orders: nothing is waited for."""
    halves = [door.connect() for door in site.doors for _ in range(20)]
    for n, wire in enumerate(halves):
        wire.sendall(HALVES[n % len(HALVES)])
    begun = time.monotonic()
    assert site.daemon.stop() == 0
    # One listener alone gave slow clients four seconds.
    figure("a stop with 40 half-sent requests", time.monotonic() - begun, 0.4)
    for wire in halves:
        wire.close()


def hello(site, method, target, headers, body=b""):
    """A request on a connection that nobody has accepted yet."""
    wire = socket.create_connection(("127.0.0.1", site.doors[1].port), timeout=60)
    wire.sendall(("%s %s HTTP/1.1\r\n" % (method, target) + "".join("%s: %s\r\n" % item for item in headers.items()) +
                  "content-length: %d\r\n\r\n" % len(body)).encode() + body)
    return wire


@pytest.mark.parametrize("site", ["inherited"], indirect=True)
def test_orders_of_the_first_moment_wake_polls(site, figure):
    """A rotation that was cut short continues at the start; meanwhile clients come. An order reaches the polls that wait, or
    else is not taken yet."""
    tenant, operator, edge = site.world.tenant(), site.world.operator, FakeEdge(site.world.endpoint, site.world.edge_token)
    line, gateway = site.world.connection(tenant), tenant.gateway()["id"]
    for _ in range(300):
        operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": tenant.user_id}})
    edge.poll()
    for vlan in (1, 2, 3):
        assert site.daemon.stop() == 0
        with open(site.daemon.state + "/dcaas.key", encoding="ascii") as file:
            old = file.read()
        with open(site.daemon.state + "/dcaas.key", "w", encoding="ascii") as file:
            file.write("v1:%s:%s\n" % (os.urandom(KEY_ID).hex(), os.urandom(32).hex()) + old)
        waits = hello(site, "GET", "/dcaas/v1/edge/desired?wait=60&revision=%d&boot=%s&epoch=%s" % (
            edge.revision, edge.boot, edge.epoch), {"host": "x", "x-dcaas-edge-token": edge.token})
        body = json.dumps({"virtual_interface": tenant.interface_body(
            line, gateway, vlan, local_gateway_v4_ip="172.16.%d.1/30" % vlan, remote_gateway_v4_ip="172.16.%d.2/30" % vlan,
            remote_ep_group=["192.168.%d.0/24" % vlan])}).encode()
        target = V3.replace("{project_id}", tenant.project_id) + "virtual-interfaces"
        orders = hello(site, "POST", target, signed(tenant, "POST", target, body, {"content-type": "application/json"}), body)
        site.daemon.start()
        assert orders.recv(12) == b"HTTP/1.1 201"
        begun = time.monotonic()
        assert waits.recv(12) == b"HTTP/1.1 200"
        figure("a poll that waited when the server began, after an order", time.monotonic() - begun, 1)
        orders.close()
        waits.close()
        edge.poll()
    assert site.daemon.stop() == 0
