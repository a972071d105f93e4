# SPDX-License-Identifier: ISC
"""Constraints of the database: each has a row in its table, and a client that breaks one reads the words of that row, never the
database's words. That the rows and the schema are alike is looked at whenever a database is opened."""
import os
import sqlite3
import uuid

import pytest

from lab.dcaasd import Dcaasd
from support import V3, World, send


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


def refusal(client, method, path, body=None):
    answer = client.call(method, path, body, check=False)
    assert answer.status == 400, (answer.status, answer)
    return answer["error_msg"]


def test_taken_names_are_reported_by_their_member(world):
    operator, name = world.operator, uuid.uuid4().hex[:12]
    domain = operator.post("/dcaas/v1/domains", {"domain": {"name": name}})["domain"]["id"]
    project = operator.post("/dcaas/v1/projects", {"project": {"name": name}})["project"]["id"]
    other = operator.post("/dcaas/v1/projects", {"project": {"name": name + "-2"}})["project"]["id"]
    user = operator.post("/dcaas/v1/users", {"user": {"name": name, "project_id": project}})["user"]["id"]
    key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": user}})["access_key"]["access_key"]
    device = "eth%d" % next(world.numbers)
    operator.post("/dcaas/v1/ports", {"port": {"edge_id": world.edge, "device": device}})
    for method, path, body, words in [
            ("POST", "domains", {"domain": {"name": name}}, "domain.name: another domain has this name"),
            ("POST", "domains", {"domain": {"id": domain, "name": "x"}}, "domain.id: %s is the id of another domain" % domain),
            ("POST", "projects", {"project": {"name": name}}, "project.name: another project of the domain has this name"),
            ("PUT", "projects/" + other, {"project": {"name": name}}, "project.name: another project of the domain has this name"),
            ("POST", "users", {"user": {"name": name, "project_id": project}},
             "user.name: another user of the domain has this name"),
            ("POST", "access-keys", {"access_key": {"user_id": user, "access_key": key, "secret_key": "s" * 40}},
             "access_key.access_key: another access key is the same"),
            ("POST", "ports", {"port": {"edge_id": world.edge, "device": device}},
             "port.device: %s is a port of the edge already" % device)]:
        assert refusal(world.operator, method, "/dcaas/v1/" + path, body) == words


def test_what_others_refer_to_is_not_deleted_and_the_words_name_them(world):
    operator = world.operator
    domain = operator.post("/dcaas/v1/domains", {"domain": {"name": uuid.uuid4().hex[:12]}})["domain"]["id"]
    project = operator.post("/dcaas/v1/projects", {"project": {"name": "p", "domain_id": domain}})["project"]["id"]
    assert refusal(operator, "DELETE", "/dcaas/v1/domains/" + domain) == "The domain has projects"
    assert operator.delete("/dcaas/v1/projects/" + project) is not None
    user = operator.post("/dcaas/v1/users", {"user": {"name": "u", "domain_id": domain, "all_projects": True}})["user"]["id"]
    assert refusal(operator, "DELETE", "/dcaas/v1/domains/" + domain) == "The domain has users"
    operator.delete("/dcaas/v1/users/" + user)
    operator.delete("/dcaas/v1/domains/" + domain)
    tenant = world.tenant()
    path = "/dcaas/v1/projects/" + tenant.project_id
    seen = {refusal(operator, "DELETE", path)}
    operator.delete("/dcaas/v1/users/" + tenant.user_id)
    assert seen <= {"The project has users", "The project has access keys"}, seen
    tenant = world.tenant()
    gateway = tenant.gateway()["id"]
    operator.put("/dcaas/v1/users/" + tenant.user_id, {"user": {"name": "moved " + tenant.name}})
    said = refusal(operator, "DELETE", "/dcaas/v1/projects/" + tenant.project_id)
    assert said.startswith("The project has "), said
    assert send(tenant, "GET", V3 + "virtual-gateways/" + gateway).status == 200


def constraints(path):
    """(table, what) of all of a database, read from its schema by other means than the program's."""
    database = sqlite3.connect(path)
    try:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = []
        for table in tables:
            found += [(table, "unique") for row in database.execute('PRAGMA index_list("%s")' % table) if row[2] and row[3] != "pk"]
            found += [(table, "foreign key") for row in database.execute('PRAGMA foreign_key_list("%s")' % table)]
            sql = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
            found += [(table, "check")] * sql.count("CHECK (")
        return found
    finally:
        database.close()


@pytest.mark.parametrize("statement, words", [
    ("CREATE UNIQUE INDEX location_name ON location (name)", "constraint location_name of table location is not known"),
    ("CREATE TABLE pool_x (id TEXT PRIMARY KEY, guard INTEGER); ALTER TABLE pool ADD COLUMN other TEXT REFERENCES pool_x (id)",
     "column other of table pool is not known"),
    ("DROP INDEX edge_token", "table edge lacks constraint edge_token"),
])
def test_a_schema_whose_constraints_the_program_does_not_know_is_refused(statement, words):
    daemon = Dcaasd()
    try:
        daemon.init()
        path = os.path.join(daemon.state, "dcaas.db")
        kinds = {kind for _, kind in constraints(path)}
        assert kinds == {"unique", "foreign key", "check"} and len(constraints(path)) > 60
        owner = os.stat(path)
        database = sqlite3.connect(path)
        database.executescript(statement)
        database.close()
        for name in os.listdir(daemon.state):
            os.chown(os.path.join(daemon.state, name), owner.st_uid, owner.st_gid)
        with pytest.raises(Exception):
            daemon.start()
        assert words in daemon.log(), daemon.log()[-500:]
    finally:
        daemon.remove()
