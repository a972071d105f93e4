# SPDX-License-Identifier: ISC
"""Two dcaasd over one database: what is done at one is so at the other."""
import json
import shutil
import threading
import time

import pytest

import api.test_races as races
from fake_edge import FakeEdge
from lab.dcaasd import Dcaasd, LabError
from support import V3, change, exchange, postgresql, rows, send, wait_for


@pytest.fixture
def tenant(site):
    return site.everywhere("tenant-%x" % time.monotonic_ns())


@pytest.fixture
def line(site, tenant):
    return site.connection(tenant)


@pytest.fixture
def gateway(tenant):
    return tenant.gateway()["id"]


def numbered(tenant, line, gateway, n, **members):
    at = "100.%d.%d." % (64 + n // 256 % 64, n % 256)
    return tenant.interface_body(line, gateway, n % 4094 + 1, local_gateway_v4_ip=at + "1/30", remote_gateway_v4_ip=at + "2/30",
                                 remote_ep_group=None, **members)


def test_an_order_at_one_server_is_seen_at_the_other_at_once(site, tenant, line, gateway):
    a, b = (site.at(tenant, server) for server in site.servers)
    for n in range(16):
        here, there = (a, b) if n % 2 else (b, a)
        made = here.post(V3 + "virtual-interfaces", {"virtual_interface": numbered(here, line, gateway, n)})["virtual_interface"]["id"]
        assert there.show("virtual-interfaces/" + made)["id"] == made
        there.put(V3 + "virtual-interfaces/" + made, {"virtual_interface": {"name": "n%d" % n}})
        assert here.show("virtual-interfaces/" + made)["name"] == "n%d" % n
        assert {one["name"] for one in here.get(V3 + "virtual-interfaces")["virtual_interfaces"]} == {"n%d" % n}
        there.delete(V3 + "virtual-interfaces/" + made)
        assert here.show("virtual-interfaces/" + made)["status"] == "PENDING_DELETE"
        edge = FakeEdge(there.endpoint, site.edge_token)
        edge.apply()
        assert here.call("GET", V3 + "virtual-interfaces/" + made, check=False).status == 404


def test_an_edge_that_polls_at_one_server_is_woken_by_an_order_at_the_other(site, tenant, line, gateway, figure):
    edge = FakeEdge(site.servers[1].endpoint, site.edge_token)
    edge.apply()
    here, longest = site.at(tenant, site.servers[0]), 0
    for n in range(10):
        came = []
        waiting = threading.Thread(target=lambda came=came: came.append((edge.poll(wait=30), time.monotonic())))
        waiting.start()
        wait_for("the poll", lambda: site.operators[1].get("/dcaas/v1/load", say=False)["calls_waiting"] > 0)
        here.post(V3 + "virtual-interfaces", {"virtual_interface": numbered(here, line, gateway, 100 + n)})
        answered = time.monotonic()
        waiting.join()
        objects, when = came[0]
        assert objects, "the poll ended without news"
        longest = max(longest, when - answered)
    figure("an order at one server reaches an edge that waits at the other", longest, 1)


def test_a_credential_that_is_revoked_at_one_server_is_refused_at_the_other(site, tenant):
    a, b = site.operators
    here, there = (site.at(tenant, server) for server in site.servers)
    for _ in range(10):
        key = a.post("/dcaas/v1/access-keys", {"access_key": {"user_id": tenant.user_id}})["access_key"]
        there.access_key, there.secret_key = key["access_key"], key["secret_key"]
        for _ in range(3):  # the other server knows the caller by memory
            assert send(there, "GET", V3 + "virtual-gateways").status == 200
        assert send(a, "DELETE", "/dcaas/v1/access-keys/" + key["id"]).status == 204
        assert send(there, "GET", V3 + "virtual-gateways").status == 401
    token = login(here)
    assert by_token(there, token) == 200 and by_token(there, token) == 200
    b.put("/dcaas/v1/users/" + tenant.user_id, {"user": {"enabled": False}})
    assert by_token(here, token) == by_token(there, token) == 401
    a.put("/dcaas/v1/users/" + tenant.user_id, {"user": {"enabled": True}})
    token = login(here)
    assert by_token(here, token) == by_token(there, token) == 200
    revoked = exchange(here, "DELETE", "/v3/auth/tokens", headers={"host": "x", "x-auth-token": token, "x-subject-token": token})
    assert revoked.status == 204
    assert by_token(there, token) == by_token(here, token) == 401


def login(client):
    raw = json.dumps({"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "id": client.user_id, "password": "password of " + client.name}}}, "scope": {"project": {"id": client.project_id}}}}).encode()
    answer = exchange(client, "POST", "/v3/auth/tokens", raw, {"host": "x", "content-type": "application/json"})
    assert answer.status == 201, answer.text
    return answer.headers["x-subject-token"]


def by_token(client, token):
    return exchange(client, "GET", (V3 + "virtual-gateways").replace("{project_id}", client.project_id), headers={"host": "x", "x-auth-token": token}).status


def test_a_report_at_one_server_counts_at_the_other(site, tenant, line, gateway):
    a, b = (site.at(tenant, server) for server in site.servers)
    made = a.post(V3 + "virtual-interfaces", {"virtual_interface": numbered(a, line, gateway, 500)})["virtual_interface"]["id"]
    edge = FakeEdge(b.endpoint, site.edge_token)
    edge.apply()
    for client in (a, b):
        shown = client.get(V3 + "virtual-interfaces/" + made)
        assert shown["virtual_interface"]["status"] == "ACTIVE"
        age = {name.lower(): value for name, value in shown.headers.items()}["x-dcaas-observed-age"]
        assert float(age) < 10, age
    # Since the servers began to look, the edge has reported to the other one only.
    for server in site.servers:
        health = wait_for("a healthy server", lambda server=server: (lambda found: found if "edges_silent" not in found.get(
            "reasons", []) else None)(server.health()))
        assert health["status"] in ("ok", "degraded"), health


def test_what_is_due_is_done_once_by_whichever_server_comes_first(site, tenant, line, gateway):
    a = site.at(tenant, site.servers[0])
    tokens = [login(a) for _ in range(20)]
    assert len(tokens) == 20
    change(site.servers[0], "UPDATE token SET expires_at = 1 WHERE user_id = ?", tenant.user_id)
    change(site.servers[0], "UPDATE due SET at = 1 WHERE kind = 'token_expiry'")
    wait_for("the tokens' end", lambda: rows(site.servers[0], "SELECT count(*) FROM token WHERE user_id = ?", tenant.user_id) == [(0,)])
    for server in site.servers:
        assert "bug:" not in server.log()
        assert "due work failed" not in server.log()


def test_one_server_is_killed_and_the_other_continues(new_site):
    """Every order that either of them has answered is there; the edge continues at the other server."""
    site = new_site(settings=["quota_virtual_interfaces = -1"])
    tenant = site.everywhere("killed")
    line, gateway = site.connection(tenant), tenant.gateway()["id"]
    answered, lock, stop, numbers = {}, threading.Lock(), threading.Event(), iter(range(1, 4000))
    lost = [0, 0]

    def orders(which):
        client = site.at(tenant, site.servers[which])
        while not stop.is_set():
            with lock:
                n = next(numbers)
            try:
                answer = send(client, "POST", V3 + "virtual-interfaces", json.dumps(
                    {"virtual_interface": numbered(client, line, gateway, n)}).encode())
            except Exception:  # the server is gone, or its answer was cut
                lost[which] += 1
                stop.wait(0.02)
                continue
            if answer.status == 201:
                with lock:
                    answered[answer["virtual_interface"]["id"]] = (n, which)
            else:
                lost[which] += 1

    threads = [threading.Thread(target=orders, args=(n % 2,)) for n in range(6)]
    for thread in threads:
        thread.start()
    try:
        for victim in (0, 1, 0):
            before = sum(which == 1 - victim for _, which in answered.values())
            site.servers[victim].kill()
            wait_for("orders at the other server", lambda victim=victim, before=before: sum(
                which == 1 - victim for _, which in list(answered.values())) > before + 20)
            edge = FakeEdge(site.servers[1 - victim].endpoint, site.edge_token)
            edge.apply()
            before = sum(which == victim for _, which in list(answered.values()))
            site.servers[victim].start()
            wait_for("orders at the server that came back", lambda victim=victim, before=before: sum(
                which == victim for _, which in list(answered.values())) > before + 20)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    present = {row[0]: row[1] for row in rows(site.servers[0], "SELECT id, vlan FROM virtual_interface")}
    assert {one: present.get(one) for one in answered} == {one: n % 4094 + 1 for one, (n, _) in answered.items()}
    for title, statement in races.INVARIANTS.items():
        if title != "the quota":
            assert rows(site.servers[0], statement) == [], title
    print("\n%d orders over two servers, three kills: each that was answered is there, whole" % len(answered))


def test_a_server_with_another_key_or_without_one_is_refused(site):
    third, alone = Dcaasd(settings=["database = " + postgresql(site.servers[0])]), Dcaasd()
    try:
        with pytest.raises(LabError) as refused:
            third.start()
        assert "dcaas.key" in str(refused.value) and "--forget-secrets" in str(refused.value)
        alone.init()
        shutil.copytree(alone.state, third.state, dirs_exist_ok=True)
        with pytest.raises(LabError) as refused:
            third.start()
        assert "were sealed with the key file" in str(refused.value)
    finally:
        third.remove()
        alone.remove()


INSTANCE = {"instance": 1, "daemon": "running", "why": None, "age_ms": 5, "sessions": 2, "established": 1, "devices": 3, "addresses": 4,
            "routes": 5, "wanted": 6, "applied": 6}


@pytest.mark.parametrize("polls, answers", [(1, 1), (1, 0), (0, 1), (0, 0)])
def test_a_question_at_one_server_reaches_an_edge_that_polls_at_the_other(site, polls, answers):
    """And the answer comes back, to whichever server the edge gives it."""
    edge = FakeEdge(site.servers[polls].endpoint, site.edge_token, parts=True)
    edge.apply()
    asked = []
    asking = threading.Thread(target=lambda: asked.append(
        site.operators[0].call("GET", "/dcaas/v1/edges/%s/instances/1" % site.edge, check=False)))
    asking.start()
    status, desired = edge.call("GET", "/dcaas/v1/edge/desired?revision=%d&wait=20&boot=%s&parts=1&questions=1&epoch=%s" % (
        edge.revision, edge.boot, edge.epoch))
    assert status == 200, (status, desired)
    (question,) = desired["questions"]
    edge.host = site.servers[answers].endpoint.split("//", 1)[1]
    status, _ = edge.call("POST", "/dcaas/v1/edge/answer", {"version": 1, "id": question["id"], "body": INSTANCE})
    assert status == 204
    asking.join()
    assert asked[0].status == 200, asked[0]
    assert {name: asked[0][name] for name in INSTANCE} == INSTANCE
