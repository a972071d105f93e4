# SPDX-License-Identifier: ISC
"""Who may keep whom waiting: a tenant with few calls beside a tenant with as many as possible, and right log-ins beside
wrong ones."""
import http.client
import json
import os
import sqlite3
import threading
import time
import uuid

import pytest
from crowd import Crowd, request
from test_auth import issue, token_request

from support import V3, World, wait_for

INTERFACES = 2000
SECONDS = 6  # of a measurement


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(settings=["quota_virtual_interfaces = -1", "log = warning"]))


def token_of(world, tenant):
    return issue(tenant, token_request(world, tenant)).headers["x-subject-token"]


def copy_row(database, table, row_id, **replaced):
    columns = [row[1] for row in database.execute('PRAGMA table_info("%s")' % table)]
    chosen = ", ".join("?" if name in replaced else '"%s"' % name for name in columns)
    database.execute('INSERT INTO "%s" SELECT %s FROM "%s" WHERE id = ?' % (table, chosen, table),
                     [replaced[name] for name in columns if name in replaced] + [row_id])


@pytest.fixture(scope="module")
def heavy(world):
    """A tenant with as many interfaces as one list has: one is ordered, the others are its rows again."""
    tenant = world.tenant()
    tenant.gateways = [tenant.gateway()["id"] for _ in range(5)]
    vif = tenant.interface(world.connection(tenant), tenant.gateways[0])
    database = sqlite3.connect(os.path.join(world.dcaasd.state, "dcaas.db"), timeout=60)
    with database:
        for number in range(1, INTERFACES):
            one = str(uuid.uuid4())
            copy_row(database, "virtual_interface", vif["id"], id=one, vlan=100 + number)
            copy_row(database, "vif_peer", vif["vif_peers"][0]["id"], id=str(uuid.uuid4()), vif_id=one)
    database.close()
    tenant.token = token_of(world, tenant)
    return tenant


@pytest.fixture(scope="module")
def light(world):
    tenant = world.tenant()
    tenant.gateway_id = tenant.gateway()["id"]
    tenant.vif = tenant.interface(world.connection(tenant), tenant.gateway_id)["id"]
    tenant.token = token_of(world, tenant)
    return tenant


def paths(tenant):
    return V3.replace("{project_id}", tenant.project_id)


class Pace:
    """Calls of one client, one after the other, and how long each took."""

    def __init__(self, tenant):
        self.connection = http.client.HTTPConnection(tenant.at.hostname, tenant.at.port, timeout=tenant.timeout)
        self.headers = {"X-Auth-Token": tenant.token, "Content-Type": "application/json"}
        self.seconds = []

    def call(self, method, target, body=None, status=200):
        begun = time.monotonic()
        self.connection.request(method, target, json.dumps(body) if body is not None else None, self.headers)
        response = self.connection.getresponse()
        text = response.read()
        self.seconds.append(time.monotonic() - begun)
        assert response.status == status, (response.status, text)

    def p99(self):
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


def measured(tenant, write=False):
    """p99 of the tenant's calls, and how many they were."""
    pace, end, number = Pace(tenant), time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        number += 1
        if write:
            pace.call("PUT", paths(tenant) + "virtual-gateways/" + tenant.gateway_id,
                      {"virtual_gateway": {"name": "name %d" % number}})
        else:
            pace.call("GET", paths(tenant) + "virtual-interfaces/" + tenant.vif)
            pace.call("GET", paths(tenant) + "virtual-interfaces?limit=20")
    return pace.p99(), len(pace.seconds)


@pytest.mark.parametrize("clients", [4, 32])
def test_who_lists_thousands_keeps_nobody_waiting(world, heavy, light, clients, figure):
    lists = request("GET", paths(heavy) + "virtual-interfaces", {"x-auth-token": heavy.token})
    idle, idle_n = measured(light)
    with Crowd(world.operator, [lists] * clients) as crowd:
        p99, n = measured(light)
        write_p99, _ = measured(light, write=True)
    assert set(crowd.answers) == {200} and crowd.answers[200] > 4, crowd.answers
    print("\n%d clients list %d interfaces, %d lists; a light tenant: %d calls (%d alone), p99 %.1f ms (%.1f alone)" % (
        clients, INTERFACES, crowd.answers[200], n, idle_n, 1000 * p99, 1000 * idle))
    figure("p99 of a light tenant's reads beside %d clients that list %d interfaces" % (clients, INTERFACES), p99, 0.1)
    figure("p99 of a light tenant's orders beside them", write_p99, 0.1)


def test_who_orders_with_two_hundred_clients_keeps_nobodys_order_waiting(world, heavy, light, figure):
    requests = [request("PUT", paths(heavy) + "virtual-gateways/" + heavy.gateways[number % 5], {"x-auth-token": heavy.token},
                        json.dumps({"virtual_gateway": {"name": "name %d" % number}})) for number in range(200)]
    alone, _ = measured(light, write=True)
    with Crowd(world.operator, requests) as crowd:
        p99, n = measured(light, write=True)
        read_p99, _ = measured(light)
    assert set(crowd.answers) == {200}, crowd.answers
    print("\n200 writers of one tenant made %d changes; a light tenant: %d, p99 %.1f ms (%.1f alone)" % (
        crowd.answers[200], n, 1000 * p99, 1000 * alone))
    figure("p99 of a light tenant's orders beside 200 writers of another", p99, 0.1)
    figure("p99 of a light tenant's reads beside them", read_p99, 0.1)


# Log-ins

def wrong(world, name):
    domain = world.operator.get("/dcaas/v1/domains")["domains"][0]["name"]
    return request("POST", "/v3/auth/tokens", {}, json.dumps({"auth": {"identity": {"methods": ["password"], "password": {
        "user": {"name": name, "password": "wrong password", "domain": {"name": domain}}}}}}))


@pytest.mark.parametrize("names", ["of the user himself", "of another user", "of nobody, each another"])
def test_wrong_passwords_keep_no_right_ones_out(world, light, names, figure):
    """From one address, as on loopback all is: a hundred clients, without a pause."""
    user = world.tenant()
    himself = names == "of the user himself"
    users = [user] * 20 if himself else [user.other("reader") for _ in range(20)]
    chosen = {"of the user himself": lambda n: user.name, "of another user": lambda n: light.name,
              "of nobody, each another": lambda n: "nobody %d" % n}[names]
    requests = [wrong(world, chosen(number)) for number in range(100)]
    took, bodies = [], [token_request(world, one) for one in users]

    def log_in(body):
        begun = time.monotonic()
        answer = issue(user, body)
        took.append((answer.status, time.monotonic() - begun))

    with Crowd(world.operator, requests) as crowd:
        threads = [threading.Thread(target=log_in, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        p99, _ = measured(light)
    assert [status for status, _ in took] == [201] * 20, took
    took = [seconds for _, seconds in took]
    assert crowd.answers.get(401, 0) > 10, crowd.answers
    print("\n100 clients with wrong passwords %s: 20 of 20 log-ins, the longest %.2f s" % (names, max(took)))
    figure("the longest of 20 log-ins beside 100 clients with wrong passwords " + names, max(took), 5)
    figure("p99 of a light tenant's reads beside them", p99, 0.1)


def test_an_operator_logs_in_and_changes_the_key_beside_strangers(world, figure):
    """In a lane of their own: never behind a hundred passwords of others."""
    name, password = "operator-%s" % uuid.uuid4().hex[:8], "an operator's password"
    operator = world.operator
    operator.post("/dcaas/v1/users", {"user": {"name": name, "role": "operator", "password": password}})
    domain = operator.get("/dcaas/v1/domains")["domains"][0]["name"]
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": name, "password": password, "domain": {"name": domain}}}}}}
    with Crowd(operator, [wrong(world, "nobody %d" % number) for number in range(100)]):
        begun = time.monotonic()
        assert issue(operator, body).status == 201
        figure("an operator's log-in beside 100 clients with wrong passwords", time.monotonic() - begun, 0.5)
        begun = time.monotonic()
        world.tenant()
        figure("a user with a password made beside them", time.monotonic() - begun, 0.5)
        begun = time.monotonic()
        operator.post("/dcaas/v1/key/rotate", {})
        figure("the key changed beside them", time.monotonic() - begun, 2)


def test_a_flood_of_one_user_is_answered_503_and_others_log_in(world):
    user, flooded = world.tenant(), world.tenant()
    with Crowd(world.operator, [wrong(world, flooded.name)] * 200) as crowd:
        for _ in range(3):
            assert issue(user, token_request(world, user)).status == 201
    assert crowd.answers.get(503, 0) > 0 and crowd.answers.get(401, 0) > 0, crowd.answers


def test_lists_answer_all_who_asked_also_when_they_wait(world, heavy):
    """The heavy tenant gets each list, one after the other; none is lost."""
    answers = []

    def ask():
        answers.append(len(heavy.get(V3 + "virtual-interfaces")["virtual_interfaces"]))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [INTERFACES] * 12
    wait_for("nothing runs any more", lambda: heavy.get(V3 + "virtual-interfaces?limit=1")["virtual_interfaces"])
