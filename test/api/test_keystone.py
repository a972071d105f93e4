# SPDX-License-Identifier: ISC
"""Tokens of a Keystone: whose they are is asked there, once for a while, and dcaasd serves others while Keystone fails."""
import concurrent.futures
import json
import os
import ssl
import subprocess
import threading
import time
import uuid

import pytest
from fake_keystone import DOMAIN, FakeKeystone, cut

from support import V3, World, exchange, own_dcaasd, rows, send, wait_for

LIST = "/v3/%s/dcaas/virtual-gateways"
CACHE_SECONDS = 2


def settings(keystone, folder="$folder", **more):
    lines = {"identity": "keystone", "keystone_url": keystone.url, "keystone_password_file": folder + "/password",
             "keystone_cache_seconds": CACHE_SECONDS, **more}
    return ["%s = %s" % item for item in lines.items()]


class Site(World):
    """A dcaasd whose tokens are a Keystone's."""

    def __init__(self, dcaasd, keystone):
        super().__init__(dcaasd)
        self.keystone = keystone

    def call(self, token, project=None, method="GET", path=None, body=None, headers=None):
        path = path or LIST % (project or self.keystone.project_of(token))
        return exchange(self.operator, method, path, json.dumps(body).encode() if body else b"",
                        {"host": "x", "x-auth-token": token, "content-type": "application/json", **(headers or {})})


def write_password(folder, text):
    with open(folder + "/password", "w", encoding="ascii") as file:
        file.write(text + "\n")


def started(made, keystone):
    write_password(made.folder, keystone.password)
    made.start()
    return Site(made, keystone)


@pytest.fixture(scope="module")
def shared():
    with FakeKeystone() as keystone, own_dcaasd(settings(keystone), start=False) as made:
        yield started(made, keystone)


@pytest.fixture
def site(shared):
    """The same dcaasd for all, and a Keystone that behaves."""
    yield shared
    shared.keystone.behave = shared.keystone.behave_at_login = None


def words(answer, status, code="APIGW.0301"):
    assert (answer.status, answer["error_code"]) == (status, code), answer
    return answer["error_msg"]


# what a token is worth

def test_a_project_is_known_on_the_first_use_of_its_token(site):
    token = site.keystone.issue()
    project = site.keystone.project_of(token)
    assert site.call(token)["virtual_gateways"] == []
    known = site.operator.get("/dcaas/v1/projects/" + project)["project"]
    assert known["name"] == site.keystone.tokens[token]["project"]["name"]
    assert site.operator.get("/dcaas/v1/domains/" + known["domain_id"])["domain"]["name"] == "Default"
    assert site.call(token, path="/v3/%s/dcaas/quotas" % project)["quotas"]["resources"]
    assert [p["id"] for p in site.call(token, path="/v3/projects")["projects"]] == [project]


def test_an_order_by_a_token_is_an_order(site):
    token = site.keystone.issue()
    project = site.keystone.project_of(token)
    site.call(token)
    vpc = site.attach(type("P", (), {"project_id": project}), ["10.1.0.0/16"])
    made = site.call(token, method="POST", body={"virtual_gateway": {"name": "g", "vpc_id": vpc, "local_ep_group": ["10.1.0.0/16"]}})
    assert made.status == 201, made
    assert [row["id"] for row in site.call(token)["virtual_gateways"]] == [made["virtual_gateway"]["id"]]
    said = site.keystone.tokens[token]
    event = rows(site.dcaasd, "SELECT user_id, user_name, credential FROM event WHERE resource_id = ?", made["virtual_gateway"]["id"])
    assert event == [(said["user"]["id"], "alice", said["audit_ids"][0])]


def test_roles_are_worth_what_the_configuration_sets(site):
    project = uuid.uuid4().hex
    body = {"virtual_gateway": {"name": "g", "vpc_id": str(uuid.uuid4()), "local_ep_group": ["10.1.0.0/16"]}}
    reader, member, admin = (site.keystone.issue((role, "other"), project) for role in ("reader", "member", "admin"))
    assert site.call(reader).status == 200
    assert "role member" in words(site.call(reader, method="POST", body=body), 403, "APIGW.0302")
    assert site.call(member, method="POST", body=body)["error_code"] == "DC.0007"  # nobody has attached the VPC
    assert "role operator" in words(site.call(member, path="/dcaas/v1/projects"), 403, "APIGW.0302")
    assert site.call(admin, path="/dcaas/v1/projects").status == 200
    for roles in ((), ("other",), ("Member",), ("mem",), ("member admin",)):
        assert "no role" in words(site.call(site.keystone.issue(roles, project)), 403, "APIGW.0302")


def test_a_token_opens_its_own_project_only(site):
    mine, other = site.keystone.issue(), site.keystone.issue()
    assert site.call(other).status == 200
    words(site.call(mine, site.keystone.project_of(other)), 403, "APIGW.0302")
    assert site.call(site.keystone.issue(("admin",)), site.keystone.project_of(other)).status == 200


def test_an_admin_of_another_than_the_admin_project_is_no_operator(site):
    token = site.keystone.issue(("admin", "member"), is_admin_project=False)
    assert site.call(token).status == 200
    words(site.call(token, path="/dcaas/v1/projects"), 403, "APIGW.0302")


def test_a_token_of_no_project_is_refused_unless_it_is_the_systems(site):
    issue = site.keystone.issue
    project = uuid.uuid4().hex
    site.call(issue(project=project))
    assert "not scoped" in words(site.call(issue(project=False), project), 403, "APIGW.0302")
    of_domain = issue(("admin",), project=False, domain=DOMAIN)
    assert "not scoped" in words(site.call(of_domain, project), 403, "APIGW.0302")
    for roles, status in ((("admin",), 200), (("reader",), 403)):
        of_system = issue(roles, project=False, system={"all": True})
        assert site.call(of_system, path="/dcaas/v1/projects").status == status
    odd = issue(project={"id": "not-hex", "name": "x", "domain": DOMAIN})
    assert "hex digits" in words(site.call(odd, project), 403, "APIGW.0302")


def test_names_follow_keystone_and_yield_to_those_that_are_taken(site):
    first, second = uuid.uuid4().hex, uuid.uuid4().hex

    def use(project, name):
        token = site.keystone.issue(project={"id": project.upper(), "name": name, "domain": {"id": "e" * 32, "name": "Names"}})
        assert site.call(token, project).status == 200
        return site.operator.get("/dcaas/v1/projects/" + project)["project"]["name"]

    assert use(first, "one") == "one"
    assert use(first, "zwei – two") == "zwei – two"
    assert use(second, "zwei – two") == second
    assert use(second, "own") == "own"
    assert use(first, "x" * 200) == first


def test_a_project_that_the_operator_made_stays_where_it_is(site):
    made = site.operator.post("/dcaas/v1/projects", {"project": {"name": "by hand " + uuid.uuid4().hex[:8]}})["project"]
    assert site.call(site.keystone.issue(project=made["id"])).status == 200
    assert site.operator.get("/dcaas/v1/projects/" + made["id"])["project"] == made


# beside it

def test_access_keys_and_edges_work_beside_keystone(site):
    tenant = site.tenant()
    assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []
    asked = len(site.keystone.asked)
    poll = "/dcaas/v1/edge/desired?boot=%s&epoch=&revision=0&wait=0&parts=1&questions=1" % uuid.uuid4()
    edge = exchange(site.operator, "GET", poll, headers={"host": "x", "x-dcaas-edge-token": site.edge_token, "x-auth-token": "no"})
    assert edge.status == 200 and len(site.keystone.asked) == asked


def test_tokens_are_neither_issued_nor_shown_here_and_keystone_is_named(site):
    ask = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "a", "domain": {"id": "b"}, "password": "c"}}}}}
    refused = exchange(site.operator, "POST", "/v3/auth/tokens", json.dumps(ask).encode(), {"host": "x"})
    assert site.keystone.url + "/auth/tokens" in words(refused, 403, "APIGW.0302")
    token = site.keystone.issue()
    for method in ("GET", "DELETE"):
        shown = site.call(token, path="/v3/auth/tokens", method=method, headers={"x-subject-token": token})
        assert site.keystone.url + "/auth/tokens" in words(shown, 403, "APIGW.0302")
    catalog = {one["type"]: one["endpoints"][0]["url"] for one in site.call(token, path="/v3/auth/catalog")["catalog"]}
    assert catalog == {"identity": site.keystone.url, "dcaas": "http://x/v3/" + site.keystone.project_of(token)}


# what is known, and for how long

def test_keystone_is_asked_once_for_a_while_and_calls_that_come_together_share_the_answer(site):
    token = site.keystone.issue()

    def slowly(handler):
        time.sleep(0.5)
    site.keystone.behave = slowly
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        assert {answer.status for answer in pool.map(lambda _: site.call(token), range(96))} == {200}
    assert site.keystone.asked.count(token) <= 2
    site.keystone.behave = None
    wait_for("the token is asked about again", lambda: site.call(token) and site.keystone.asked.count(token) > 2)


def test_a_revoked_token_ends_within_the_cache_time(site):
    token = site.keystone.issue()
    assert site.call(token).status == 200
    del site.keystone.tokens[token]
    revoked = time.monotonic()
    wait_for("the token ends", lambda: site.call(token, "0" * 32).status == 401)
    assert time.monotonic() - revoked < CACHE_SECONDS + 1 * float(os.environ["DCAAS_PATIENCE"])
    assert "Keystone does not know" in words(site.call(token, "0" * 32), 401)


def test_a_token_ends_at_its_own_time(site):
    token = site.keystone.issue(seconds=2)
    project = site.keystone.project_of(token)
    site.keystone.tokens[token]["expires_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1.5))
    wait_for("the end", lambda: site.call(token, project).status == 401)
    assert "token expires" in words(site.call(token, project), 401)


def test_a_refused_token_is_not_asked_about_with_each_call(site):
    token = "gAAAAA" + uuid.uuid4().hex
    for _ in range(5):
        words(site.call(token, "0" * 32), 401)
    assert site.keystone.asked.count(token) == 1


@pytest.mark.parametrize("token", ["x" * 2049, "a b", "a\tb", "tök", "\"", "a;b"])
def test_what_is_no_token_is_refused_without_a_question(site, token):
    asked = len(site.keystone.asked)
    answer = site.call(token.encode("utf-8").decode("latin-1"), "0" * 32)
    assert answer.status == 401 and len(site.keystone.asked) == asked


def test_no_token_and_no_password_is_logged_or_stored(site):
    good, bad = site.keystone.issue(), "gAAAAA" + uuid.uuid4().hex
    site.call(good)
    site.call(bad, "0" * 32)
    site.keystone.behave = cut
    site.call(site.keystone.issue())
    log = site.dcaasd.log()
    for secret in [good, bad, site.keystone.password, *site.keystone.own, *site.keystone.tokens]:
        assert secret not in log
    for name in os.listdir(site.dcaasd.state):
        with open(os.path.join(site.dcaasd.state, name), "rb") as file:
            text = file.read()
        assert good.encode() not in text and bad.encode() not in text


# a Keystone that fails

def slow(seconds):
    def behave(handler):
        time.sleep(seconds)
        return cut(handler)
    return behave


def says(status=200, value=None, raw=None, **headers):
    def behave(handler):
        handler.answer(status, value, headers, raw)
        return True
    return behave


def endless(handler):
    """More than anybody wants to read."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    except OSError:
        return True


def dribble(handler):
    """A byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for _ in range(600):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass
    return True


BROKEN = {
    "cut": cut, "cut late": slow(0.3), "500": says(500), "502": says(502, raw=b"<html>"), "403": says(403), "400": says(400),
    "redirect": says(302, Location="http://127.0.0.1:1/"), "204": says(204), "empty": says(raw=b""), "no JSON": says(raw=b"{"),
    "no object": says(raw=b"[]"), "no token": says(value={"x": 1}), "null": says(value={"token": None}),
    "no user": says(value={"token": {"expires_at": "2030-01-01T00:00:00Z"}}),
    "no time": says(value={"token": {"user": {"id": "a", "domain": DOMAIN}, "expires_at": "soon"}}),
    "twice": says(raw=b'{"token": {}, "token": {}}'), "deep": says(raw=b'{"token":' + b"[" * 100000), "endless": endless,
    "NUL": says(raw=b'{"token":{"user":{"id":"a\\u0000b"}}}'), "no UTF-8": says(raw=b'{"token":{"user":{"id":"\xff"}}}'),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_answer_is_503_with_words_and_others_are_served(site, how):
    token, known = site.keystone.issue(), site.keystone.issue()
    tenant = site.tenant()
    wait_for("a token is known", lambda: site.call(known).status == 200)
    site.keystone.behave = BROKEN[how]
    assert words(site.call(token), 503, "DC.0003").startswith("The token cannot be checked now: ")
    assert site.call(known).status == 200
    assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []
    site.keystone.behave = None
    wait_for("Keystone answers again", lambda: site.call(token).status == 200)


@pytest.mark.parametrize("how", [slow(60), dribble], ids=["silent", "dribble"])
def test_a_keystone_that_takes_for_ever_holds_nobody(site, how):
    token, known, tenant = site.keystone.issue(), site.keystone.issue(), site.tenant()
    site.keystone.behave = None
    wait_for("a token is known", lambda: site.call(known).status == 200)
    site.keystone.behave = how
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(site.call, token) for _ in range(20)]
        waiting += [pool.submit(site.call, site.keystone.issue()) for _ in range(20)]
        wait_for("Keystone is asked", lambda: site.keystone.asked.count(token))
        assert site.call(known).status == 200
        assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []
        assert time.monotonic() - began < 6
        for call in waiting:
            assert words(call.result(), 503, "DC.0003").startswith("The token cannot be checked now: ")
    assert time.monotonic() - began < 12 * float(os.environ["DCAAS_PATIENCE"])


def test_health_names_a_keystone_that_fails(site):
    wait_for("health is good", lambda: site.call(site.keystone.issue()).status == 200
             and "keystone_fails" not in site.dcaasd.health()["reasons"])
    site.keystone.behave = says(500)
    site.call(site.keystone.issue())
    wait_for("health shows it", lambda: "keystone_fails" in site.dcaasd.health()["reasons"])
    site.keystone.behave = None
    wait_for("health is good again", lambda: site.call(site.keystone.issue()).status == 200
             and "keystone_fails" not in site.dcaasd.health()["reasons"])


def test_a_large_body_from_a_token_that_is_not_known_yet_is_an_order(site):
    token = site.keystone.issue()
    body = {"virtual_gateway": {"name": "g", "vpc_id": str(uuid.uuid4()), "local_ep_group": ["10.1.0.0/16"], "x": "y" * 100000}}
    assert site.call(token, method="POST", body=body)["error_code"] == "DC.0007"
    words(site.call("gAAAAA" + uuid.uuid4().hex, "0" * 32, method="POST", body=body), 401)


# dcaasd's own log-in

def test_the_log_in_is_made_again_when_keystone_has_forgotten_it(site):
    assert site.call(site.keystone.issue()).status == 200
    logins = len(site.keystone.logins)
    site.keystone.own.clear()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(lambda _: site.call(site.keystone.issue()), range(8))} == {200}
    assert 0 < len(site.keystone.logins) - logins <= 8


@pytest.mark.parametrize("how", [says(500), cut, says(201), says(401), says(201, raw=b"{", **{"X-Subject-Token": ""})],
                         ids=["500", "cut", "no token", "401", "empty token"])
def test_a_log_in_that_fails_is_503_with_words(site, how):
    wait_for("Keystone answers", lambda: site.call(site.keystone.issue()).status == 200)
    site.keystone.own.clear()
    site.keystone.behave_at_login = how
    reason = "Keystone does not answer" if how is cut else "dcaasd's own log-in at Keystone fails"
    assert words(site.call(site.keystone.issue()), 503, "DC.0003") == "The token cannot be checked now: " + reason
    site.keystone.behave_at_login = None
    wait_for("it works again", lambda: site.call(site.keystone.issue()).status == 200)


def test_a_password_that_is_changed_in_its_file_is_used_at_once(site):
    site.keystone.password = "another"
    site.keystone.own.clear()
    assert "log-in" in words(site.call(site.keystone.issue()), 503, "DC.0003")
    write_password(site.dcaasd.folder, "another")
    wait_for("it works again", lambda: site.call(site.keystone.issue()).status == 200)


def test_the_log_in_is_by_name_or_by_an_application_credential(site):
    identity = site.keystone.logins[-1]["auth"]
    assert identity["scope"] == {"project": {"name": "service", "domain": {"name": "Default"}}}
    assert identity["identity"]["password"]["user"]["name"] == "dcaas"
    with FakeKeystone() as keystone, own_dcaasd(settings(keystone, keystone_application_credential="abc"), start=False) as made:
        other = started(made, keystone)
        assert other.call(keystone.issue()).status == 200
        assert keystone.logins == [{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {
            "id": "abc", "secret": keystone.password}}}}]


# starts, stops and connections

def test_a_keystone_that_is_not_there_yet_keeps_nobody_else_out():
    with FakeKeystone() as keystone:
        port = keystone.port
    keystone.url = "http://127.0.0.1:%d" % port
    with own_dcaasd(settings(keystone), start=False) as made:
        site = started(made, keystone)
        tenant, token = site.tenant(), keystone.issue()
        assert "Keystone does not answer" in words(site.call(token), 503, "DC.0003")
        assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []
        with FakeKeystone(port=port) as present:
            present.tokens = keystone.tokens
            wait_for("Keystone answers", lambda: site.call(token).status == 200)


def test_a_stop_answers_those_who_wait_for_keystone():
    with FakeKeystone() as keystone, own_dcaasd(settings(keystone), start=False) as made:
        site = started(made, keystone)
        keystone.behave = slow(60)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(site.call, keystone.issue()) for _ in range(8)]
            wait_for("Keystone is asked", lambda: len(keystone.asked) == 8)
            assert made.stop() == 0
            for call in waiting:
                assert words(call.result(), 503, "DC.0003") == "The server is stopping"


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
                    "subjectAltName=DNS:" + name, "-keyout", folder + "/key.pem", "-out", folder + "/" + name + ".pem"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/" + name + ".pem", folder + "/key.pem")
    os.chmod(folder + "/" + name + ".pem", 0o644)
    return context


@pytest.mark.parametrize("name, trusted, works", [("localhost", True, True), ("localhost", False, False), ("elsewhere", True, False)])
def test_the_certificate_of_keystone_is_checked(tmp_path, name, trusted, works):
    with FakeKeystone(tls=certificate(str(tmp_path), name)) as keystone:
        with own_dcaasd(settings(keystone, **({"keystone_ca_file": "$folder/ca"} if trusted else {})), start=False) as made:
            with open(str(tmp_path / (name + ".pem")), encoding="ascii") as file, open(made.folder + "/ca", "w", encoding="ascii") as ca:
                ca.write(file.read())
            site = started(made, keystone)
            answer = site.call(keystone.issue())
            assert answer.status == (200 if works else 503), answer
            assert bool(keystone.logins) == works


def test_many_strangers_with_bad_tokens_leave_places_for_others(site):
    """All come from one address here: those beyond its part are sent away, and a known token works all the while."""
    known = site.keystone.issue()

    def slowly(handler):
        time.sleep(0.2)
    assert site.call(known).status == 200
    site.keystone.behave = slowly
    stop = threading.Event()

    def flood():
        seen = set()
        while not stop.is_set():
            seen.add(site.call("gAAAAA" + uuid.uuid4().hex, "0" * 32).status)
        return seen
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        floods = [pool.submit(flood) for _ in range(48)]
        for _ in range(20):
            assert site.call(known).status == 200
        stop.set()
        assert set().union(*(one.result() for one in floods)) <= {401, 503}


@pytest.mark.parametrize("line, rule", [
    ("identity = ldap", "must be builtin or keystone"),
    ("keystone_url =", "keystone_url"), ("keystone_url = ftp://x/v3", "keystone_url"), ("keystone_url = https://u:p@x/v3", "keystone_url"),
    ("keystone_url = https://x/v3?a=b", "keystone_url"), ("keystone_url = http://keystone.example.net:5000/v3", "keystone_allow_plain"),
    ("keystone_password_file = /nowhere/file", "keystone_password_file"), ("keystone_cache_seconds = 0", "keystone_cache_seconds"),
    ("keystone_ca_file = /nowhere/file", "keystone_ca_file")])
def test_a_configuration_that_cannot_work_is_refused_with_words(site, line, rule):
    with own_dcaasd(settings(site.keystone), start=False) as made:
        write_password(made.folder, "x")
        key = line.split(" ")[0]
        made.settings = [one for one in made.settings if one.split(" ")[0] != key] + [line]
        made.write_config()
        done = subprocess.run(made._argv("-n"), capture_output=True, text=True, check=False)
        assert done.returncode == 1 and rule in done.stderr, done.stderr
