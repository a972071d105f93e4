# SPDX-License-Identifier: ISC
"""The HTTP side: connections, bodies in every form, limits, slow clients, and paths that try to be others."""
import gzip
import http.client
import json
import os
import socket
import sqlite3
import threading
import time

import pytest

from support import V3, exchange, send, signed, wait_for
from lab.dcaasd import STOPS_SECONDS, Dcaasd

IDLE_SECONDS = 2
CLOSED_SECONDS = IDLE_SECONDS + 1  # promised


class Wire:
    """One connection, bytes as they are."""

    def __init__(self, client):
        self.socket = socket.create_connection((client.at.hostname, client.at.port), timeout=60)
        self.left = b""

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, head=False):
        """(status, headers, body) of the next answer; None when the other side has closed."""
        while b"\r\n\r\n" not in self.left:
            part = self.socket.recv(65536)
            if not part:
                return None
            self.left += part
        top, _, self.left = self.left.partition(b"\r\n\r\n")
        lines = top.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = 0 if head else int(headers.get("content-length", 0))
        while len(self.left) < length:
            self.left += self.socket.recv(65536)
        body, self.left = self.left[:length], self.left[length:]
        return int(lines[0].split()[1]), headers, body

    def closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()


@pytest.fixture
def wire(tenant):
    made = Wire(tenant)
    yield made
    made.close()


def request(tenant, method, target, body=b"", headers=None, length=True, **options):
    """Bytes of a signed request."""
    target = target.replace("{project_id}", tenant.project_id)
    all_headers = signed(tenant, method, target, body, {"content-type": "application/json"}, **options)
    all_headers.update(headers or {})
    if length and (body or method in ("POST", "PUT")):
        all_headers["content-length"] = str(len(body))
    top = "%s %s HTTP/1.1\r\n" % (method, target) + "".join("%s: %s\r\n" % item for item in all_headers.items()) + "\r\n"
    return top.encode("latin-1")


def chunked(body, size):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def order(tenant, name="gateway"):
    return json.dumps({"virtual_gateway": {"name": name, "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()


def test_one_connection_serves_many_requests(tenant, wire):
    for number in range(20):
        wire.send(request(tenant, "GET", V3 + "virtual-gateways?limit=%d" % (number + 1)))
        status, headers, _ = wire.answer()
        assert status == 200 and headers["content-type"] == "application/json"
    body = order(tenant)
    wire.send(request(tenant, "POST", V3 + "virtual-gateways", body) + body)
    assert wire.answer()[0] == 201
    wire.send(request(tenant, "POST", V3 + "virtual-gateways", b"{") + b"{")
    assert wire.answer()[0] == 400
    wire.send(request(tenant, "GET", V3 + "virtual-gateways"))
    status, _, body = wire.answer()
    assert status == 200 and len(json.loads(body)["virtual_gateways"]) == 1


def test_pipelined_requests_are_answered_in_order(tenant, wire):
    good, bad = order(tenant, "first"), b'{"virtual_gateway": {"name": 5}}'
    wire.send(request(tenant, "POST", V3 + "virtual-gateways", good) + good +
              request(tenant, "GET", V3 + "virtual-gateways") +
              request(tenant, "POST", V3 + "virtual-gateways", bad) + bad +
              request(tenant, "GET", V3 + "nothing"))
    answers = [wire.answer() for _ in range(4)]
    assert [answer[0] for answer in answers] == [201, 200, 400, 404]
    assert json.loads(answers[1][2])["virtual_gateways"][0]["name"] == "first"


def test_a_body_comes_after_100_continue(tenant, wire):
    body = order(tenant)
    wire.send(request(tenant, "POST", V3 + "virtual-gateways", body, {"expect": "100-continue"}))
    assert wire.answer()[0] == 100
    wire.send(body)
    assert wire.answer()[0] == 201


def test_a_body_that_would_be_too_large_is_refused_before_it_is_sent(tenant, wire):
    target = V3.replace("{project_id}", tenant.project_id) + "virtual-gateways"
    headers = signed(tenant, "POST", target, b"", {"content-type": "application/json"})
    wire.send(("POST %s HTTP/1.1\r\n" % target + "".join("%s: %s\r\n" % item for item in headers.items()) +
               "content-length: %d\r\nexpect: 100-continue\r\n\r\n" % (13 * 1024 * 1024)).encode())
    status, headers, body = wire.answer()
    assert status == 413 and headers["x-request-id"] == json.loads(body)["request_id"]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_chunked_body_is_the_same_body(tenant, wire, size):
    body = order(tenant)
    wire.send(request(tenant, "POST", V3 + "virtual-gateways", body, {"transfer-encoding": "chunked"}, length=False) +
              chunked(body, size))
    assert wire.answer()[0] == 201


def test_a_chunked_body_is_refused_when_it_grows_too_large(tenant, wire):
    wire.send(request(tenant, "POST", V3 + "virtual-gateways", b"", {"transfer-encoding": "chunked"}, length=False))
    part = b"%x\r\n%s\r\n" % (1 << 20, b" " * (1 << 20))
    for _ in range(13):
        wire.send(part)
    wire.send(b"0\r\n\r\n")
    assert wire.answer()[0] == 413


def test_a_body_may_come_in_pieces(tenant, wire):
    body = order(tenant)
    whole = request(tenant, "POST", V3 + "virtual-gateways", body) + body
    for at in range(0, len(whole), 40):
        wire.send(whole[at:at + 40])
    assert wire.answer()[0] == 201


@pytest.fixture
def kept(tenant):
    """A connection of somebody else that was answered and stays."""
    made = Wire(tenant)
    made.send(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    assert made.answer()[0] == 200
    yield made
    made.close()


@pytest.fixture
def disk(dcaasd):
    """The database, as somebody sees it who can keep dcaasd from writing."""
    connection = sqlite3.connect(os.path.join(dcaasd.state, "dcaas.db"), isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize("ending", ["length", "chunks"])
def test_a_client_that_has_sent_all_and_closes_its_side_is_answered(tenant, gateway, wire, kept, disk, ending):
    """An order that is carried out has an answer. The sending side is closed before the order can have been written; another
    client's connection is kept open, as they are: without one libmicrohttpd answers in another order."""
    body, target = b'{"virtual_gateway": {"name": "changed"}}', V3 + "virtual-gateways/" + gateway
    disk.execute("BEGIN IMMEDIATE")
    if ending == "length":
        wire.send(request(tenant, "PUT", target, body) + body)
    else:
        wire.send(request(tenant, "PUT", target, body, {"transfer-encoding": "chunked"}, length=False) + chunked(body, 10))
    wire.socket.shutdown(socket.SHUT_WR)
    disk.execute("ROLLBACK")
    answer = wire.answer()
    assert answer is not None and answer[0] == 200
    assert tenant.show("virtual-gateways/" + gateway)["name"] == "changed"
    kept.send(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    assert kept.answer()[0] == 200


def test_a_get_may_have_a_body(tenant, wire):
    """Node's SDK sends {} with its GET, signed."""
    wire.send(request(tenant, "GET", V3 + "virtual-gateways", b"{}") + b"{}")
    assert wire.answer()[0] == 200


def test_a_delete_may_have_an_empty_body_and_a_type(tenant, gateway):
    answer = send(tenant, "DELETE", V3 + "virtual-gateways/" + gateway, headers={"content-length": "0"})
    assert (answer.status, answer.text) == (204, b"")
    assert "content-type" not in answer.headers


def test_every_answer_has_a_request_id_of_its_own(tenant, gateway):
    targets = [("GET", V3 + "virtual-gateways"), ("GET", V3 + "virtual-gateways/" + gateway), ("GET", V3 + "nothing"),
               ("GET", "/health"), ("POST", V3 + "virtual-gateways"), ("DELETE", V3 + "virtual-gateways/" + gateway),
               ("DELETE", V3 + "virtual-gateways/" + gateway), ("PATCH", V3 + "virtual-gateways"), ("GET", "/")]
    seen = []
    for method, target in targets:
        answer = send(tenant, method, target)
        seen.append(answer.headers["x-request-id"])
        if answer.status >= 400:
            assert answer["request_id"] == seen[-1] and answer["error_code"] and answer["error_msg"]
    assert len(set(seen)) == len(targets) and all(len(value) == 32 for value in seen)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "BREW"])
def test_other_methods_are_not_found(tenant, wire, method):
    wire.send(request(tenant, method, V3 + "virtual-gateways"))
    status, headers, _ = wire.answer(head=method == "HEAD")
    assert status == 404 and headers["x-request-id"]


def test_a_trailing_slash_is_the_same_path(tenant):
    assert send(tenant, "GET", V3 + "virtual-gateways/").status == 200


@pytest.mark.parametrize("target, status", [
    ("/v3/{project_id}/dcaas/virtual-gateways%00", (400, 404)),
    ("/v3/{project_id}/dcaas/virtual-gateways%00/x", (400, 404)),
    ("/v3/{project_id}%00/dcaas/virtual-gateways", (400,)),
    ("/v3/{project_id}/dcaas%2Fvirtual-gateways", (400, 404)),
    ("/v3/{project_id}%2Fdcaas/virtual-gateways", (400, 404)),
    ("/v3/{project_id}/dcaas/virtual-gateways/%2e%2e/virtual-interfaces", (404,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/../virtual-interfaces", (404,)),
    ("/v3/{project_id}//dcaas/virtual-gateways", (404,)),
    ("/v3/%7Bproject_id%7D/dcaas/virtual-gateways", (403,)),
    ("/v3/x/dcaas/virtual-gateways", (403,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/%", (400,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/%f", (400,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/%zz", (400,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/%ff%fe", (400,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/a%00b", (400,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/a%2Fb", (400, 404)),
    ("/v3/{project_id}/dcaas/virtual-gateways?name=%", (400,)),
    ("/v3/{project_id}/dcaas/virtual-gateways?name=%00", (400,)),
    ("/V3/{project_id}/dcaas/virtual-gateways", (404,)),
    ("/v3/{project_id}/dcaas/Virtual-Gateways", (404,)),
    ("/v3/{project_id}/dcaas", (404,)), ("/v3/{project_id}", (404,)), ("//", (404,)),
    ("/v3/{project_id}/dcaas/virtual-gateways/x/y/z", (404,)),
])
def test_a_path_that_is_none_is_refused(tenant, target, status):
    answer = send(tenant, "GET", target)
    assert answer.status in status, answer
    assert answer["error_code"] in ("APIGW.0101", "APIGW.0201", "APIGW.0302")


def test_a_path_without_a_project_is_that_of_the_callers_only_one(world, tenant):
    """Terraform's provider deletes hosted connections so."""
    made, bare = tenant.gateway(), "/v3//dcaas/virtual-gateways"
    assert [row["id"] for row in send(tenant, "GET", bare)["virtual_gateways"]] == [made["id"]]
    assert send(tenant, "DELETE", bare + "/" + made["id"]).status == 204
    assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []
    refused = send(world.operator, "GET", bare)
    assert (refused.status, refused["error_code"]) == (403, "APIGW.0302") and "no project id" in refused["error_msg"]


@pytest.mark.parametrize("method, path, name", [
    ("GET", V3 + "global-dc-gateways/0190c2d4-0000-7000-8000-000000000001/peer-links/%7Bpeer_link_id%7D", "peer_link_id"),
    ("DELETE", V3 + "virtual-gateways/%7bvirtual_gateway_id%7d", "virtual_gateway_id"),
    ("PUT", V3 + "virtual-interfaces/{virtual_interface_id}", "virtual_interface_id"),
    ("GET", V3 + "virtual-interfaces/{id}", "virtual_interface_id"),
    ("GET", "/dcaas/v1/edges/%7Bedge_id%7D", "edge_id")])
def test_a_path_parameter_that_was_left_unfilled_is_named(tenant, method, path, name):
    answer = send(tenant, method, path)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001") and name in answer["error_msg"], answer


def test_encoded_segments_are_the_same_path(tenant, gateway):
    assert send(tenant, "GET", V3 + "virtual%2Dgateways/" + gateway.replace("-", "%2d")).status == 200


def test_header_lines_up_to_16_kib_are_taken_and_endless_ones_are_not(tenant, wire):
    target = V3.replace("{project_id}", tenant.project_id) + "virtual-gateways"
    answer = exchange(tenant, "GET", target, headers={"host": tenant.at.netloc, "x-auth-token": "M" * 16000})
    assert answer.status == 401
    wire.send(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
    try:
        for _ in range(64):
            wire.send(b"x" * 4096)
        answer = wire.answer()
    except OSError:
        answer = None
    assert answer is None or answer[0] in (413, 431)


NO_HTTP = [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\n\r\n",
           b"GET / HTTP/1.1\r\nhost x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
           b"POST /v3 HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
           b"POST /v3 HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n",
           b"POST /v3 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
           b"POST /v3 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n"]


@pytest.fixture(scope="module")
def impatient(new_dcaasd):
    """A dcaasd that closes idle connections soon and takes few."""
    return new_dcaasd(settings=["idle_seconds = %d" % IDLE_SECONDS, "max_connections = 20", "max_per_address = 10"])


@pytest.mark.parametrize("text", NO_HTTP)
def test_what_is_no_http_does_no_harm(impatient, text):
    wire = Wire(impatient.operator())
    wire.send(text)
    while not wire.closed():
        pass
    wire.close()
    wait_for("an answer to another", lambda: healthy(impatient))
    assert impatient.process.poll() is None


@pytest.mark.parametrize("beginning", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nhost: x\r\n",
                b"POST /v3/auth/tokens HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"])
def test_a_client_that_stops_talking_is_closed(impatient, beginning, figure):
    wire = Wire(impatient.operator())
    begun = time.monotonic()
    wire.send(beginning)
    while not wire.closed():
        pass
    figure("a client that stops talking is closed", time.monotonic() - begun, CLOSED_SECONDS)
    wire.close()


def test_a_client_that_drips_is_closed(impatient, figure):
    """A byte now and then keeps a connection from being idle; it is closed all the same."""
    wire = Wire(impatient.operator())
    wire.socket.settimeout(0.2)
    wire.send(b"GET /health HTTP/1.1\r\n")
    begun = time.monotonic()
    while time.monotonic() - begun < 300:
        try:
            wire.send(b"x")
            if wire.closed():
                break
        except TimeoutError:
            continue
        except OSError:
            break
    figure("a client that drips is closed", time.monotonic() - begun, CLOSED_SECONDS)
    wire.close()


def healthy(daemon):
    try:
        return daemon.health()["status"] != "failing"
    except OSError:  # closed: the limits hold for this one, too
        return False


def test_connections_beyond_the_limit_are_closed_and_others_come_again(impatient):
    client = impatient.operator()
    wires = [Wire(client) for _ in range(30)]

    def answered(wire):
        try:
            wire.send(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
            return wire.answer() is not None
        except OSError:
            return False

    assert sum([answered(wire) for wire in wires]) <= 10
    for wire in wires:
        wire.close()
    wait_for("an answer after the others have gone", lambda: healthy(impatient))


def test_a_stop_is_graceful_and_within_five_seconds(new_dcaasd, figure):
    """Orders that were being answered are answered; a kept connection and a waiting one do not hold it up."""
    daemon = new_dcaasd(settings=["accept_unattached_vpc = yes", "quota_virtual_gateways = -1"])
    operator = daemon.operator()
    project = operator.post("/dcaas/v1/projects", {"project": {"name": "p"}})["project"]["id"]
    idle = Wire(operator)
    idle.send(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    assert idle.answer()[0] == 200
    done, stop = [], threading.Event()

    def orders(number):
        while not stop.is_set():
            body = json.dumps({"virtual_gateway": {"name": "g", "local_ep_group": ["10.0.0.0/16"], "vpc_id":
                              "00000000-0000-4000-8000-%012x" % (number * 100000 + len(done))}}).encode()
            try:
                answer = send(operator, "POST", "/v3/%s/dcaas/virtual-gateways" % project, body)
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 201:
                done.append(answer["virtual_gateway"]["id"])
            elif answer.status == 503:
                return

    threads = [threading.Thread(target=orders, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    wait_for("orders", lambda: len(done) > 20)
    begun = time.monotonic()
    assert daemon.stop() == 0
    figure("a stop during orders", time.monotonic() - begun, STOPS_SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    idle.close()
    daemon.start()
    present = {row["id"] for row in operator.get("/v3/%s/dcaas/virtual-gateways" % project)["virtual_gateways"]}
    assert set(done) <= present


def test_a_reload_takes_new_settings_and_keeps_the_old_ones_when_they_are_wrong(new_dcaasd):
    daemon = new_dcaasd()
    operator = daemon.operator()
    project = operator.post("/dcaas/v1/projects", {"project": {"name": "p"}})["project"]["id"]

    def create(number):
        body = {"virtual_gateway": {"name": "g", "local_ep_group": ["10.0.0.0/16"],
                                    "vpc_id": "00000000-0000-4000-8000-%012x" % number}}
        return operator.call("POST", "/v3/%s/dcaas/virtual-gateways" % project, body, check=False)

    assert create(1)["error_code"] == "DC.0007"
    daemon.settings.append("accept_unattached_vpc = yes")
    daemon.write_config()
    daemon.process.send_signal(1)
    wait_for("the new settings", lambda: create(2).status == 201)
    daemon.settings.append("quota_virtual_gateways = many")
    daemon.write_config()
    daemon.process.send_signal(1)
    wait_for("words about the wrong settings", lambda: "quota_virtual_gateways" in daemon.log())
    assert create(3).status == 201
    daemon.settings.pop()
    daemon.write_config()


def test_a_long_request_cannot_keep_itself_out_of_the_log(new_dcaasd):
    """The line of a call shows its result, however long its path and its method are."""
    daemon = new_dcaasd()
    for method, path in (("GET", "/v3/" + "p" * 20000), ("GET", "/" + "%22" * 5000), ("M" * 20000, "/health")):
        answer = exchange(daemon.operator(), method, path, b"", {"host": "x"})
        request_id = answer.headers["x-request-id"]
        line = wait_for("the line of the call", lambda: next(
            (line for line in daemon.log().splitlines() if "event=call " in line and request_id in line), None))
        assert "status=%d " % answer.status in line and "code=APIGW" in line
        assert len(line) < 8192


def test_a_wrong_configuration_does_not_start(tmp_path):
    daemon = Dcaasd(str(tmp_path / "d"), settings=["quota_virtual_gateways = many"])
    with pytest.raises(Exception, match="quota_virtual_gateways"):
        daemon.init()
    daemon.remove()


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "identity, gzip", "x" * 300])
@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_a_content_encoding_is_refused_by_its_name(tenant, encoding, compress):
    """Not called broken JSON; and a plain body that is only called so is not taken either."""
    body = json.dumps({"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()
    answer = send(tenant, "POST", V3 + "virtual-gateways", compress(body), {"content-encoding": encoding})
    assert (answer.status, answer["error_code"]) == (400, "APIGW.0201"), answer
    assert "Content-Encoding" in answer["error_msg"] and encoding[:40] in answer["error_msg"]
    assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_a_body_as_it_is_may_be_named_identity(tenant, encoding):
    body = json.dumps({"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()
    assert send(tenant, "POST", V3 + "virtual-gateways", body, {"content-encoding": encoding}).status == 201
