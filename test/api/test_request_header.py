# SPDX-License-Identifier: ISC
"""HTTP's own rules for a request's header. A proxy in front of dcaasd must see the same message, from the same
caller, as dcaasd does: what could be read in two ways is refused, and the connection is closed after the answer."""
import json

import pytest
from test_auth import issue, token_request
from test_http import chunked, order, request, wire  # noqa: F401

from support import V3, exchange, send, signed


@pytest.fixture
def token(world, tenant):
    return issue(tenant, token_request(world, tenant)).headers["x-subject-token"]


def gateways(tenant):
    return V3.replace("{project_id}", tenant.project_id) + "virtual-gateways"


def refused(wire):
    """400 in the contract's shape, and nothing that follows on the connection is read."""
    status, headers, body = wire.answer()
    assert (status, json.loads(body)["error_code"]) == (400, "APIGW.0201"), body
    assert headers["x-request-id"] == json.loads(body)["request_id"]
    assert wire.closed()


# A second request that would be answered if the first one's end were found elsewhere.
HIDDEN = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"

AMBIGUOUS = [
    ("two lengths", "POST", b"content-length: 2\r\ncontent-length: 35\r\n", b"{}"),
    ("one length twice", "POST", b"content-length: 2\r\nContent-Length: 2\r\n", b"{}"),
    ("a length and chunks", "POST", b"content-length: 2\r\ntransfer-encoding: chunked\r\n", chunked(b"{}", 2)),
    ("chunks and a length", "DELETE", b"transfer-encoding: chunked\r\ncontent-length: 2\r\n", chunked(b"{}", 2)),
    ("two encodings", "POST", b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n", chunked(b"{}", 2)),
    ("an encoding that is none", "POST", b"transfer-encoding: identity\r\n", b"{}"),
    ("an encoding that nobody knows", "GET", b"transfer-encoding: gzip, chunked\r\n", chunked(b"{}", 2)),
    ("a blank before the colon", "POST", b"content-length : 2\r\n", b"{}"),
    ("a name that is none", "GET", b"x(y: 2\r\n", b""),
    ("a folded encoding", "POST", b"transfer-encoding:\r\n chunked\r\n", chunked(b"{}", 2)),
    ("a folded encoding, and more", "POST", b"transfer-encoding:\r\n\tchunked\r\naccept: */*\r\n", chunked(b"{}", 2)),
    ("a folded length", "POST", b"content-length:\r\n 2\r\n", b"{}"),
    ("any folded value", "GET", b"accept: text/plain,\r\n text/html\r\nx-a: b\r\n", b""),
    ("a line folded twice", "GET", b"accept: a,\r\n b,\r\n c\r\n", b""),
    ("a folded first line", "GET", b" accept: a\r\n", b""),
    ("a bare return in a value", "POST", b"x-a: b\rtransfer-encoding: chunked\r\n", chunked(b"{}", 2)),
    ("a bare return before the end of a line", "POST", b"transfer-encoding: chunked\r\r\n", chunked(b"{}", 2)),
    ("a bare return in a name", "GET", b"x-a\rb: c\r\n", b""),
    ("a NUL in a value", "POST", b"content-length: 2\x005\r\nx-a: b\r\n", b"{}"),
    ("a NUL in the last value", "POST", b"content-length: 2\x005\r\n", b"{}"),
    ("a second host", "GET", b"Host: elsewhere.example\r\n", b""),
]


@pytest.mark.parametrize("title, method, lines, body", AMBIGUOUS, ids=[case[0] for case in AMBIGUOUS])
def test_a_header_that_can_be_read_in_two_ways_is_refused(tenant, token, wire, title, method, lines, body):
    wire.send(b"%s %s HTTP/1.1\r\nhost: %s\r\nx-auth-token: %s\r\n" % (
        method.encode(), gateways(tenant).encode(), tenant.at.netloc.encode(), token.encode()) + lines + b"\r\n" + body + HIDDEN)
    refused(wire)


@pytest.mark.parametrize("lines", [b"\r\r\n", b"x-a\x00: b\r\n", b"x-a\r\n"])
def test_a_line_without_a_colon_is_refused(tenant, token, wire, lines):
    """By libmicrohttpd itself."""
    wire.send(b"GET %s HTTP/1.1\r\nhost: %s\r\nx-auth-token: %s\r\n" % (
        gateways(tenant).encode(), tenant.at.netloc.encode(), token.encode()) + lines + b"\r\n" + HIDDEN)
    assert wire.answer()[0] == 400
    assert wire.closed()


@pytest.mark.parametrize("name", ["x-auth-token", "authorization", "x-sdk-date", "x-dcaas-edge-token"])
def test_credentials_stand_once(tenant, token, wire, name):
    """A proxy that checks the one and a server that believes the other are none."""
    headers = signed(tenant, "GET", gateways(tenant), b"", {})
    headers["x-auth-token"] = token
    headers.setdefault(name, "x")
    second = "%s: %s\r\n" % (name.title(), headers[name])
    wire.send(("GET %s HTTP/1.1\r\n" % gateways(tenant) + "".join("%s: %s\r\n" % item for item in headers.items()) + second +
               "\r\n").encode() + HIDDEN)
    refused(wire)


def test_other_headers_may_stand_twice(tenant, wire):
    whole = request(tenant, "GET", V3 + "virtual-gateways", headers={"accept": "text/plain"})
    wire.send(whole.replace(b"\r\n\r\n", b"\r\nAccept: */*\r\nx-forwarded-for: a\r\nx-forwarded-for: b\r\n\r\n"))
    assert wire.answer()[0] == 200


def test_http_1_1_names_its_host(tenant, token, wire):
    wire.send(b"GET %s HTTP/1.1\r\nx-auth-token: %s\r\n\r\n" % (gateways(tenant).encode(), token.encode()))
    refused(wire)


def test_http_1_0_needs_no_host(tenant, token, wire):
    wire.send(b"GET %s HTTP/1.0\r\nx-auth-token: %s\r\n\r\n" % (gateways(tenant).encode(), token.encode()))
    assert wire.answer()[0] == 200
    assert wire.closed()


def test_blanks_around_a_value_are_not_part_of_it(tenant, token):
    answer = exchange(tenant, "GET", gateways(tenant), headers={"host": tenant.at.netloc, "x-auth-token": "  " + token + " \t "})
    assert answer.status == 200


@pytest.mark.parametrize("scheme", ["http", "HTTP", "https"])
def test_the_absolute_form_is_the_same_target(tenant, scheme):
    """RFC 9112, 3.2.2: a server takes it from everybody. The signature is over the path alone."""
    headers = signed(tenant, "GET", gateways(tenant) + "?limit=5", b"", {})
    target = "%s://%s%s?limit=5" % (scheme, tenant.at.netloc, gateways(tenant))
    assert exchange(tenant, "GET", target, headers=headers).status == 200


@pytest.mark.parametrize("target, status", [("http://x", 200), ("http://x?y", 200), ("http:///health", 404), ("http://", 404),
                                            ("http://x/nothing", 404), ("ftp://x/health", 404), ("x/health", 404),
                                            ("http:/health", 404)])
def test_an_absolute_form_has_an_authority_and_a_path(tenant, target, status):
    """Without a path it is the list of versions."""
    answer = exchange(tenant, "GET", target, headers={"host": tenant.at.netloc})
    assert answer.status == status
    assert ("versions" in answer) == (status == 200)


def test_trailers_change_nothing(tenant, wire):
    body = order(tenant)
    whole = request(tenant, "POST", V3 + "virtual-gateways", body, {"transfer-encoding": "chunked"}, length=False)
    wire.send(whole + b"%x\r\n%s\r\n0\r\nX-Auth-Token: another\r\nContent-Length: 5\r\n\r\n" % (len(body), body))
    assert wire.answer()[0] == 201
    assert send(tenant, "GET", V3 + "virtual-gateways").status == 200
