# SPDX-License-Identifier: ISC
"""Clients that leave while their call runs or waits, and how many calls one address may have at a time."""
import json
import socket
import ssl
import time

import pytest
from crowd import request
from fake_edge import FakeEdge
from test_auth import busy_writer, settled
from test_fairness import paths, token_of, wrong

from support import V3, World, wait_for

POLLS = 5


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


@pytest.fixture(scope="module")
def tenant(world):
    made = world.tenant()
    made.token = token_of(world, made)
    return made


def test_log_ins_whose_clients_have_left_leave_the_queue(world, tenant, figure):
    """What is checked already is left aside; the rest is not checked at all, and gives its places to others at once."""
    text = (wrong(world, "nobody") + " ").encode()[:-1]
    wires = [socket.create_connection((tenant.at.hostname, tenant.at.port)) for _ in range(120)]
    refused = world.dcaasd.log().count("path=\"/v3/auth/tokens\" status=401")
    for wire in wires:
        wire.sendall(text)
    wait_for("log-ins stand in the queue", lambda: world.load()["calls_queued"] > 60)
    for wire in wires:
        wire.close()
    begun = time.monotonic()
    wait_for("the queue is empty", lambda: world.load()["calls_queued"] == 0)
    figure("the places of log-ins whose clients have left are free", time.monotonic() - begun, 1.5)
    checked = world.dcaasd.log().count("path=\"/v3/auth/tokens\" status=401") - refused
    assert checked < 110, "they were checked, one by one"
    assert token_of(world, tenant)


def places(world):
    """Connections, and calls that wait; that of who asks is one."""
    seen = world.load()
    return seen["connections"], seen["calls_waiting"]


def plain(world):
    return socket.create_connection(("127.0.0.1", world.dcaasd.port))


def over_tls(world):
    with open(world.dcaasd.folder + "/tls", encoding="ascii") as file:
        port = int(file.read().split(":")[-1])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port)))


@pytest.mark.parametrize("connect", [plain, over_tls])
def test_a_poll_whose_client_has_left_gives_its_place_back_at_once(new_dcaasd, figure, connect):
    world = World(new_dcaasd(settings=["listen_tls = 127.0.0.1:0", "tls_port_file = $folder/tls"]))
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()

    wait_for("nobody else is there", lambda: places(world) == (1, 0))
    text = ("GET /dcaas/v1/edge/desired?revision=%d&epoch=%s&wait=60 HTTP/1.1\r\nhost: x\r\nx-dcaas-edge-token: %s\r\n\r\n" % (
        edge.revision, edge.epoch, edge.token)).encode()
    wires = [connect(world) for _ in range(POLLS)]
    for wire in wires:
        wire.sendall(text)
    wait_for("the polls wait", lambda: places(world) == (1 + POLLS, POLLS))
    for wire in wires:
        wire.close()
    begun = time.monotonic()
    wait_for("their places are free", lambda: places(world) == (1, 0))
    figure("the places of polls whose clients have left are free", time.monotonic() - begun, 1.5)


def test_an_order_whose_client_has_left_is_carried_out(world, tenant):
    """Only what is of no use without its answer is given up."""
    body = json.dumps({"virtual_gateway": {"name": "left behind", "vpc_id": tenant.vpc(), "local_ep_group": ["10.7.0.0/16"]}})
    text = request("POST", paths(tenant) + "virtual-gateways", {"x-auth-token": tenant.token}, body).encode()
    with busy_writer(world):
        with socket.create_connection((tenant.at.hostname, tenant.at.port)) as wire:
            wire.sendall(text)
            settled(world)
        wait_for("the server sees that the client has left", lambda: world.load()["calls_left"] == 1)
    made = wait_for("the order", lambda: [one for one in tenant.get(V3 + "virtual-gateways?name=left%20behind")["virtual_gateways"]])
    tenant.delete(V3 + "virtual-gateways/" + made[0]["id"])


def test_one_address_has_so_many_calls_at_a_time_and_others_have_theirs(new_dcaasd):
    """With any projects of the callers: a project's own turns do not help against a hundred projects of one address."""
    most = 16
    world = World(new_dcaasd(settings=["max_calls_per_address = %d" % most]))
    tenants = [world.tenant() for _ in range(4)]
    vpcs = [tenant.vpc() for tenant in tenants]
    for tenant in tenants:
        tenant.token = token_of(world, tenant)
    bodies = [(tenants[n % 4], json.dumps({"virtual_gateway": {
        "name": "g%d" % n, "vpc_id": vpcs[n % 4], "local_ep_group": ["10.1.0.0/16"]}})) for n in range(most + 14)]

    def wire(address):
        made = socket.socket()
        made.bind((address, 0))
        made.connect(("127.0.0.1", world.dcaasd.port))
        made.settimeout(60)
        return made

    def ask(made, tenant, method="GET", body=""):
        made.sendall(request(method, paths(tenant) + "virtual-gateways", {"x-auth-token": tenant.token}, body).encode())

    wires = [wire("127.0.0.2") for _ in bodies]
    with busy_writer(world):
        for made, (tenant, body) in zip(wires[:most], bodies):
            ask(made, tenant, "POST", body)
        wait_for("the orders stand in the writer's queue", lambda: world.load()["calls_running"] >= most)
        for made, (tenant, body) in zip(wires[most:], bodies[most:]):
            ask(made, tenant, "POST", body)
            answer = made.recv(65536)
            assert b" 503 " in answer.split(b"\r\n")[0] and b"Too many calls from this address" in answer, answer
        other = wire("127.0.0.3")
        ask(other, tenants[0])
        assert other.recv(65536).startswith(b"HTTP/1.1 200 ")
    statuses = [made.recv(65536).split(b" ")[1] for made in wires[:most]]
    assert set(statuses) <= {b"201", b"400"} and b"201" in statuses, statuses
    ask(wires[-1], tenants[1])
    assert wires[-1].recv(65536).startswith(b"HTTP/1.1 200 ")
