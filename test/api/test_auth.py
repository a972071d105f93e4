# SPDX-License-Identifier: ISC
"""Who may call: signatures as every client makes them, tokens, projects, roles."""
import contextlib
import hashlib
import json
import os
import socket
import sqlite3
import threading
import time

import pytest
from fake_edge import FakeEdge

from lab import api_client
from support import V3, World, exchange, send, signed, wait_for

VECTORS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "signature-vectors.json")
LIST = V3 + "virtual-gateways"


def target_of(tenant, target=LIST):
    return target.replace("{project_id}", tenant.project_id)


def refused(answer, status=401, code="APIGW.0301"):
    assert (answer.status, answer["error_code"]) == (status, code), answer
    assert answer["request_id"] == answer.headers["x-request-id"]
    return answer["error_msg"]


# Signatures

def test_what_clients_sign_is_accepted(tenant):
    """The headers that Go, Java, Python, Node and Terraform sign."""
    for headers in ({"user-agent": "huaweicloud-usdk-go/3.0", "x-project-id": tenant.project_id}, {},
                    {"content-type": "application/json", "user-agent": "huaweicloud-usdk-python/3.0"},
                    {"accept": "application/json", "user-agent": "terraform-provider-iac golangsdk/2.0.0",
                     "x-language": "en-us"}, {"x-security-token": ""}):
        assert exchange(tenant, "GET", target_of(tenant), headers=signed(tenant, "GET", target_of(tenant), b"", headers)
                        ).status == 200, headers


def test_only_the_date_must_be_signed(tenant):
    headers = {"x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
    value = api_client.signature("GET", target_of(tenant), "", headers, b"", tenant.access_key, tenant.secret_key)
    assert exchange(tenant, "GET", target_of(tenant), headers={**headers, "host": "anything", "authorization": value}
                    ).status == 200
    other = {"host": tenant.at.netloc}
    value = api_client.signature("GET", target_of(tenant), "", {**other, **headers}, b"", tenant.access_key,
                                 tenant.secret_key).replace("host;x-sdk-date", "host")
    refused(exchange(tenant, "GET", target_of(tenant), headers={**other, **headers, "authorization": value}))


@pytest.mark.parametrize("query", ["limit=2&name=b&name=a", "name=a%20b%2Bc%2F%C3%A9~%2A%27%28%29%21&marker=",
                                   "name=a-&name=a%2F", "name", "x=%7E", "%6Eame=z"])
def test_queries_in_every_spelling_are_verified(tenant, query):
    assert send(tenant, "GET", LIST + "?" + query).status == 200


def test_repeated_values_may_be_signed_in_the_order_they_are_sent(tenant):
    """As Java does: everybody else sorts the values."""
    target = target_of(tenant, LIST + "?name=z&name=a")
    headers = {"host": tenant.at.netloc, "x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
    original = api_client.canonical_query
    api_client.canonical_query = lambda raw: raw
    try:
        value = api_client.signature("GET", target_of(tenant), "name=z&name=a", headers, b"", tenant.access_key,
                                     tenant.secret_key)
    finally:
        api_client.canonical_query = original
    assert exchange(tenant, "GET", target, headers={**headers, "authorization": value}).status == 200


def test_our_signer_makes_the_published_signatures():
    """The client of these tests is right, so what the server accepts from it is what others send."""
    with open(VECTORS, encoding="utf-8") as file:
        vectors = json.load(file)
    compared = 0
    for case in vectors["vectors"]:
        if not case.get("sortvals", True):
            continue  # as Java signs; the server's own test has it
        headers = {name.lower(): case["headers"][name] for name in case["headers"] if name.lower() in case["signed"].split(";")}
        value = api_client.signature(case["method"], case["path"], case["query"], headers, case["body"].encode(),
                                     vectors["ak"], vectors["sk"])
        assert value.endswith("Signature=" + case["signature"]), case["id"]
        compared += 1
    assert compared >= 7


@pytest.mark.parametrize("title, options, words", [
    ("a wrong secret key", {"secret_key": "x" * 40}, "signature"), ("an unknown access key", {"access_key": "UNKNOWN"}, "ak"),
    ("another body", {"body": b"{}"}, "signature"), ("an old date", {"at": 0}, "time")])
def test_a_wrong_signature_is_refused(tenant, title, options, words):
    assert words in refused(send(tenant, "GET", LIST, **options)), title


@pytest.mark.parametrize("seconds, status", [(-1000, 401), (-800, 200), (0, 200), (890, 200), (1100, 401)])
def test_a_signature_is_good_for_fifteen_minutes(tenant, seconds, status):
    assert send(tenant, "GET", LIST, at=time.time() + seconds).status == status


def test_a_signature_is_for_its_method_path_query_and_headers(tenant):
    good = signed(tenant, "GET", target_of(tenant), b"", {"x-project-id": tenant.project_id})
    assert exchange(tenant, "GET", target_of(tenant), headers=good).status == 200
    for method, target, headers in (("POST", target_of(tenant), {}), ("GET", target_of(tenant) + "?limit=1", {}),
                                    ("GET", target_of(tenant, V3 + "virtual-interfaces"), {}),
                                    ("GET", target_of(tenant), {"x-project-id": "0" * 32}),
                                    ("GET", target_of(tenant), {"host": "other"}),
                                    ("GET", target_of(tenant), {"x-sdk-date": time.strftime(
                                        "%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 60))})):
        refused(exchange(tenant, method, target, headers={**good, **headers}))


@pytest.mark.parametrize("value", [
    "", "x", "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=, SignedHeaders=, Signature=", "Bearer x", "Basic eDp5",
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=x-sdk-date, Signature=" + "0" * 63,
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=x-sdk-date, Signature=" + "0" * 64,
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=x-sdk-date, Signature=" + "g" * 64,
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=not-there;x-sdk-date, Signature=" + "0" * 64,
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=" + "a;" * 3000 + "x-sdk-date, Signature=" + "0" * 64,
    "SDK-HMAC-SM3 Access={ak}, SignedHeaders=x-sdk-date, Signature=" + "0" * 64,
    "V11-HMAC-SHA256 Credential={ak}/20260801/r/s, SignedHeaders=x-sdk-date, Signature=" + "0" * 64])
def test_an_authorization_that_is_none_is_refused(tenant, value):
    headers = {"host": tenant.at.netloc, "x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
               "authorization": value.replace("{ak}", tenant.access_key)}
    refused(exchange(tenant, "GET", target_of(tenant), headers=headers))


@pytest.mark.parametrize("date", [None, "", "x", "20260801T120000", "2026-08-01T12:00:00Z", "20261301T120000Z",
                                  "99999999T999999Z"])
def test_a_date_that_is_none_is_refused(tenant, date):
    headers = {"host": tenant.at.netloc, "x-sdk-date": date or ""}
    value = api_client.signature("GET", target_of(tenant), "", headers, b"", tenant.access_key, tenant.secret_key)
    if date is None:
        del headers["x-sdk-date"]
    refused(exchange(tenant, "GET", target_of(tenant), headers={**headers, "authorization": value}))


@pytest.mark.parametrize("sent", ["UNSIGNED-PAYLOAD", "of another body"])
def test_the_hash_is_that_of_the_body_with_any_header(tenant, sent):
    body, other = b'{"virtual_gateway": {"name": "evil"}}', b'{"virtual_gateway": {"name": "good"}}'
    claimed = "UNSIGNED-PAYLOAD" if sent == "UNSIGNED-PAYLOAD" else hashlib.sha256(other).hexdigest()
    headers = signed(tenant, "POST", target_of(tenant), b"", {"x-sdk-content-sha256": claimed}, body=other)
    refused(exchange(tenant, "POST", target_of(tenant), body, headers))


UNSIGNED = {"x-sdk-content-sha256": "UNSIGNED-PAYLOAD", "content-type": "application/json"}


def as_php_signs(tenant, method, target, body=b"", **options):
    """The PHP SDK signs this word in place of the body's hash, in every call that has JSON for its media type, GET too."""
    target = target_of(tenant, target)
    headers = signed(tenant, method, target, body, UNSIGNED, payload="UNSIGNED-PAYLOAD", **options)
    return exchange(tenant, method, target, body, headers)


def test_a_payload_that_was_not_signed_is_refused_with_the_reason(tenant):
    for method in ("GET", "POST"):
        assert "accept_unsigned_payload" in refused(as_php_signs(tenant, method, LIST))


@pytest.fixture(scope="module")
def trusting(new_dcaasd):
    return World(new_dcaasd(settings=["accept_unsigned_payload = yes"])).tenant()


def test_a_payload_that_was_not_signed_is_accepted_where_the_operator_allows_it(trusting):
    body = json.dumps({"virtual_gateway": {"vpc_id": trusting.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()
    made = as_php_signs(trusting, "POST", LIST, body)
    assert made.status == 201
    one = LIST + "/" + made["virtual_gateway"]["id"]
    assert as_php_signs(trusting, "GET", one + "?fields=name").status == 200
    assert as_php_signs(trusting, "PUT", one, b'{"virtual_gateway": {"name": "of PHP"}}').status == 200
    assert as_php_signs(trusting, "DELETE", one).status == 204


def test_all_else_is_signed_as_ever(trusting):
    refused(as_php_signs(trusting, "GET", LIST, secret_key="another"))
    target = target_of(trusting)
    headers = signed(trusting, "GET", target, b"", UNSIGNED, payload="UNSIGNED-PAYLOAD")
    refused(exchange(trusting, "GET", target + "?limit=1", headers=headers))
    # Without the word, or with another hash, the signature is over the body.
    refused(exchange(trusting, "GET", target, headers=signed(trusting, "GET", target, payload="UNSIGNED-PAYLOAD")))
    other = {"x-sdk-content-sha256": hashlib.sha256(b"other").hexdigest()}
    refused(exchange(trusting, "GET", target, headers=signed(trusting, "GET", target, b"", other, body=b"other")))
    assert exchange(trusting, "GET", target, headers=signed(trusting, "GET", target)).status == 200


def test_the_word_counts_only_where_it_is_signed(trusting):
    """It can be put beside no signature that was made over a body."""
    body, target = b'{"virtual_gateway": {}}', target_of(trusting)
    headers = signed(trusting, "POST", target, body, {"content-type": "application/json"})
    refused(exchange(trusting, "POST", target, b'{"virtual_gateway": {"name": "evil"}}', {**headers, **UNSIGNED}))


def test_nobody_is_refused(tenant):
    assert "x-auth-token" in refused(exchange(tenant, "GET", target_of(tenant), headers={"host": "x"}))
    refused(exchange(tenant, "GET", target_of(tenant), headers={"host": "x", "x-auth-token": ""}))


def test_a_disabled_key_and_a_disabled_user_are_refused(world):
    tenant, operator = world.tenant(), world.operator
    keys = operator.get("/dcaas/v1/access-keys?user_id=" + tenant.user_id)["access_keys"]
    path = "/dcaas/v1/access-keys/" + keys[0]["id"]
    operator.put(path, {"access_key": {"enabled": False}})
    refused(send(tenant, "GET", LIST))
    operator.put(path, {"access_key": {"enabled": True}})
    assert send(tenant, "GET", LIST).status == 200
    operator.put("/dcaas/v1/users/" + tenant.user_id, {"user": {"enabled": False}})
    refused(send(tenant, "GET", LIST))
    operator.delete("/dcaas/v1/users/" + tenant.user_id)
    refused(send(tenant, "GET", LIST))


# Tokens

def token_request(world, tenant, **replaced):
    domain = world.operator.get("/dcaas/v1/domains")["domains"][0]
    user = {"name": tenant.name, "password": "password of " + tenant.name, "domain": {"name": domain["name"]}}
    user.update(replaced.pop("user", {}))
    auth = {"identity": {"methods": ["password"], "password": {"user": user}},
            "scope": replaced.pop("scope", {"project": {"id": tenant.project_id}})}
    return {"auth": {name: value for name, value in auth.items() if value is not None}}


def issue(tenant, body):
    return exchange(tenant, "POST", "/v3/auth/tokens", json.dumps(body).encode(),
                    {"host": tenant.at.netloc, "content-type": "application/json"})


def with_token(tenant, token, target=LIST, method="GET", body=b"", **headers):
    return exchange(tenant, method, target_of(tenant, target), body,
                    {"host": tenant.at.netloc, "x-auth-token": token, **headers})


def test_a_token_is_issued_used_shown_and_revoked(world, tenant):
    answer = issue(tenant, token_request(world, tenant))
    assert answer.status == 201, answer
    token, described = answer.headers["x-subject-token"], answer["token"]
    assert described["project"]["id"] == tenant.project_id and described["user"]["name"] == tenant.name
    assert described["methods"] == ["password"] and described["expires_at"] > described["issued_at"]
    assert with_token(tenant, token).status == 200
    body = json.dumps({"virtual_gateway": {"name": "g", "vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()
    assert with_token(tenant, token, method="POST", body=body).status == 201
    shown = with_token(tenant, token, "/v3/auth/tokens", **{"x-subject-token": token})
    assert shown.status == 200 and shown["token"]["project"]["id"] == tenant.project_id
    assert with_token(tenant, token, "/v3/auth/tokens", "DELETE", **{"x-subject-token": token}).status == 204
    refused(with_token(tenant, token))


@pytest.mark.parametrize("scope", ["project by name", "domain", "none"])
def test_tokens_have_the_scope_that_was_asked_for(world, tenant, scope):
    domain = world.operator.get("/dcaas/v1/domains")["domains"][0]
    scopes = {"project by name": {"project": {"name": tenant.name, "domain": {"name": domain["name"]}}},
              "domain": {"domain": {"name": domain["name"]}}, "none": None}
    answer = issue(tenant, token_request(world, tenant, scope=scopes[scope]))
    assert answer.status == 201, answer
    used = with_token(tenant, answer.headers["x-subject-token"])
    if scope == "domain":
        assert "project" not in answer["token"]
        refused(used, 403, "APIGW.0302")
    else:
        assert answer["token"]["project"]["id"] == tenant.project_id and used.status == 200


def test_a_token_from_a_token_lives_no_longer(world, tenant):
    first = issue(tenant, token_request(world, tenant))
    second = issue(tenant, {"auth": {"identity": {"methods": ["token"], "token": {"id": first.headers["x-subject-token"]}},
                                     "scope": {"project": {"id": tenant.project_id}}}})
    assert second.status == 201
    assert second["token"]["expires_at"] <= first["token"]["expires_at"]
    assert with_token(tenant, second.headers["x-subject-token"]).status == 200


@pytest.mark.parametrize("user", [{"password": "wrong"}, {"name": "nobody"}, {"domain": {"name": "nowhere"}}])
def test_a_wrong_password_gives_no_token(world, tenant, user):
    answer = issue(tenant, token_request(world, tenant, user=user))
    refused(answer)
    assert "x-subject-token" not in answer.headers


def test_no_token_for_a_foreign_project(world, tenant):
    other = world.tenant()
    refused(issue(tenant, token_request(world, tenant, scope={"project": {"id": other.project_id}})))


@pytest.mark.parametrize("body", [
    {}, {"auth": {}}, {"auth": {"identity": {}}}, {"auth": {"identity": {"methods": []}}},
    {"auth": {"identity": {"methods": ["password"]}}}, {"auth": {"identity": {"methods": ["password"], "password": {}}}},
    {"auth": {"identity": {"methods": ["password"], "password": {"user": {}}}}},
    {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "x"}}}}},
    {"auth": {"identity": {"methods": ["token"], "token": {}}}}, {"auth": {"identity": {"methods": ["token"]}}},
    {"auth": {"identity": "x"}}, {"auth": []}])
def test_a_token_request_that_is_none_is_refused(tenant, body):
    answer = issue(tenant, body)
    assert answer.status in (400, 401) and answer["error_code"], answer


def test_a_forged_or_cut_token_is_refused(world, tenant):
    token = issue(tenant, token_request(world, tenant)).headers["x-subject-token"]
    for wrong in (token[:-1], token + "0", token.swapcase() if token.swapcase() != token else "x", "x", "M" * 10240):
        refused(with_token(tenant, wrong))


def test_a_new_password_ends_the_tokens(world, tenant):
    token = issue(tenant, token_request(world, tenant)).headers["x-subject-token"]
    world.operator.put("/dcaas/v1/users/" + tenant.user_id, {"user": {"password": "a new password"}})
    refused(with_token(tenant, token))
    assert issue(tenant, token_request(world, tenant, user={"password": "a new password"})).status == 201


# Calls that wait are identified again before they are answered

class Background:
    """A call that is answered later. value: what it returned."""

    def __init__(self, call):
        self.value, self._call = None, call
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        self.value = self._call()

    def join(self):
        self._thread.join()
        return self.value


@contextlib.contextmanager
def busy_writer(world):
    """Nothing is written meanwhile: orders wait for their turn. For less than the server waits itself (5 s)."""
    database = sqlite3.connect(os.path.join(world.dcaasd.state, "dcaas.db"), isolation_level=None, timeout=30)
    try:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")
    finally:
        database.close()


def settled(world):
    """What was sent before has been read: the server has answered others since."""
    for _ in range(10):
        assert exchange(world.operator, "GET", "/health", headers={"host": "x"}).status == 200


def poll(world, token, revision, epoch):
    """Sends a waiting poll; the socket."""
    sock = socket.create_connection((world.operator.at.hostname, world.operator.at.port))
    sock.sendall(("GET /dcaas/v1/edge/desired?revision=%d&wait=60&epoch=%s HTTP/1.1\r\nhost: x\r\nx-dcaas-edge-token: %s\r\n"
                  "connection: close\r\n\r\n" % (revision, epoch, token)).encode())
    return sock


def read_all(sock):
    text = b""
    with sock:
        while part := sock.recv(65536):
            text += part
    return text


def test_a_poll_that_waits_with_a_renewed_credential_hears_no_password(dcaasd):
    world = World(dcaasd)
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    edge.poll()
    waiting = poll(world, world.edge_token, edge.revision, edge.epoch)
    settled(world)
    world.operator.post("/dcaas/v1/edges/%s/token" % world.edge, {})
    tenant.interface(line, gateway, bgp_md5="secret words")
    answer = read_all(waiting)
    assert b" 401 " in answer and b"secret words" not in answer, answer


def test_an_order_that_waits_for_its_turn_is_refused_once_its_user_is(dcaasd):
    """The user is disabled, loses the key, or the role, while the order stands behind that in the queue."""
    world = World(dcaasd)
    tenants = [world.tenant() for _ in range(4)]
    keys = [world.operator.get("/dcaas/v1/access-keys?user_id=" + t.user_id)["access_keys"][0]["id"] for t in tenants]
    bodies = [json.dumps({"virtual_gateway": {"name": "late", "vpc_id": t.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()
              for t in tenants]
    changes = [lambda: world.operator.put("/dcaas/v1/users/" + tenants[0].user_id, {"user": {"enabled": False}}),
               lambda: world.operator.delete("/dcaas/v1/access-keys/" + keys[1]),
               lambda: world.operator.put("/dcaas/v1/users/" + tenants[2].user_id, {"user": {"role": "reader"}}), None]
    for tenant, change, body, status in zip(tenants, changes, bodies, (401, 401, 403, 201)):
        with busy_writer(world):
            changed = Background(change) if change else None
            settled(world)
            order = Background(lambda: send(tenant, "POST", LIST, body))
            settled(world)
        assert changed is None or changed.join() is not None
        assert order.join().status == status, order.value


def test_nothing_is_remembered_of_what_a_commit_has_changed(world):
    """Callers that ask all the time: no call that begins after the change was answered is taken for one of before."""
    tenant, operator = world.tenant(), world.operator
    key = operator.get("/dcaas/v1/access-keys?user_id=" + tenant.user_id)["access_keys"][0]["id"]
    user = "/dcaas/v1/users/" + tenant.user_id
    seen, ended = [], threading.Event()

    def ask(method, body, good):
        while not ended.is_set():
            begun = time.monotonic()
            status = send(tenant, method, LIST, body).status
            seen.append((begun, "good" if status == good else status))

    threads = [threading.Thread(target=ask, args=args) for args in (("GET", b"", 200), ("GET", b"", 200), ("POST", b"{}", 400))]
    for thread in threads:
        thread.start()
    try:
        for path, body, expected in ((user, {"user": {"enabled": False}}, 401), (user, {"user": {"enabled": True}}, "good"),
                                     ("/dcaas/v1/access-keys/" + key, {"access_key": {"enabled": False}}, 401),
                                     ("/dcaas/v1/access-keys/" + key, {"access_key": {"enabled": True}}, "good")) * 5:
            operator.put(path, body)
            changed = time.monotonic()
            wait_for("calls that began later", lambda: [begun for begun, _ in list(seen) if begun > changed][8:],
                     pause=0.001)
            later = {what for begun, what in list(seen) if begun > changed}
            assert later == {expected}, (path, body, later)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    # The same of a token that was used.
    token = issue(tenant, token_request(world, tenant)).headers["x-subject-token"]
    for _ in range(3):
        assert with_token(tenant, token).status == 200
    assert with_token(tenant, token, "/v3/auth/tokens", "DELETE", **{"x-subject-token": token}).status == 204
    refused(with_token(tenant, token))


# Projects and roles

def test_a_foreign_project_is_forbidden(world, tenant):
    other = world.tenant()
    for project in (other.project_id, "0" * 32, "f" * 32):
        refused(send(tenant, "GET", LIST.replace("{project_id}", project)), 403, "APIGW.0302")
        refused(send(tenant, "POST", LIST.replace("{project_id}", project), b"{}"), 403, "APIGW.0302")


def test_what_others_own_is_not_found(world, tenant, gateway, line):
    other = world.tenant()
    vif = tenant.interface(line, gateway)
    for path in ("virtual-gateways/" + gateway, "direct-connects/" + line, "virtual-interfaces/" + vif["id"]):
        for method, body in (("GET", b""), ("PUT", b'{"x": 1}'), ("DELETE", b"")):
            if method == "PUT":
                body = json.dumps({path.split("/")[0][:-1].replace("-", "_"): {"name": "mine"}}).encode()
            assert send(other, method, V3 + path, body).status == 404, (method, path)
    peer = vif["vif_peers"][0]["id"]
    assert send(other, "PUT", V3 + "vif-peers/" + peer, b'{"vif_peer": {"name": "mine"}}').status == 404
    assert send(other, "DELETE", V3 + "vif-peers/" + peer).status == 404
    for path in ("virtual-gateways", "direct-connects", "virtual-interfaces"):
        assert other.get(V3 + path)[path.replace("-", "_")] == []


def test_a_reader_reads_and_changes_nothing(world, tenant, gateway, line):
    reader = tenant.other("reader")
    vif = tenant.interface(line, gateway, bgp_md5="secret words")
    assert reader.get(V3 + "virtual-gateways/" + gateway)["virtual_gateway"]["id"] == gateway
    seen = reader.get(V3 + "virtual-interfaces/" + vif["id"])["virtual_interface"]
    assert seen["bgp_md5"] is None and seen["vif_peers"][0]["bgp_md5"] is None
    assert tenant.get(V3 + "virtual-interfaces/" + vif["id"])["virtual_interface"]["bgp_md5"] == "secret words"
    for method, path in (("POST", "virtual-gateways"), ("PUT", "virtual-gateways/" + gateway),
                         ("DELETE", "virtual-gateways/" + gateway), ("POST", "vif-peers"),
                         ("DELETE", "virtual-interfaces/" + vif["id"]), ("DELETE", "direct-connects/" + line)):
        refused(send(reader, method, V3 + path, b"{}"), 403, "APIGW.0302")


def test_the_operators_side_is_for_operators(tenant, world):
    for member in (tenant, tenant.other("reader")):
        for method, path in (("GET", "edges"), ("POST", "edges"), ("GET", "projects"), ("POST", "access-keys"),
                             ("GET", "users"), ("GET", "objects"), ("DELETE", "edges/" + world.edge)):
            refused(send(member, method, "/dcaas/v1/" + path, b"{}" if method == "POST" else b""), 403, "APIGW.0302")


def test_an_edges_credential_is_good_for_its_channel_only(world, tenant):
    headers = {"host": tenant.at.netloc, "x-dcaas-edge-token": world.edge_token}
    for target in (target_of(tenant), "/dcaas/v1/edges", "/dcaas/v1/projects", "/v3/projects"):
        assert exchange(tenant, "GET", target, headers=headers).status == 403
    refused(exchange(tenant, "GET", target_of(tenant), headers={**headers, "x-dcaas-edge-token": "x"}))


def test_what_sdks_ask_before_the_first_call(world, tenant):
    """The project of a region, and the account's domain."""
    projects = send(tenant, "GET", "/v3/projects?name=region-1")["projects"]
    assert [project["id"] for project in projects] == [tenant.project_id]
    domains = send(tenant, "GET", "/v3/auth/domains")["domains"]
    assert len(domains) == 1 and len(domains[0]["id"]) == 32
