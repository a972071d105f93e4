# SPDX-License-Identifier: ISC
"""support.py - what the Python tests share: a site as an operator describes it, tenants with their orders, requests signed
but otherwise as a test wants them, and the database as it stands."""
import contextlib
import http.client
import itertools
import json
import re
import sqlite3
import subprocess
import time
import urllib.parse
import uuid

from lab.api_client import Answer, Client, signature
from lab.dcaasd import Dcaasd
from lab.guest import PATIENCE

V3 = "/v3/{project_id}/dcaas/"


def wait_for(what, look, seconds=20, pause=0.05):
    """look() until it is true; its value. seconds: at most, on an idle machine."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not seen within %g s: %s" % (seconds, what))
        time.sleep(pause)


def signed(client, method, target, raw=b"", headers=None, at=None, **replaced):
    """Headers of a signed request. headers: further ones, signed too. at: seconds since the epoch. replaced: access_key,
    secret_key, body or payload that the signature is made with instead."""
    path, _, query = target.partition("?")
    all_headers = {"host": client.at.netloc, "x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at)),
                   **{name.lower(): value for name, value in (headers or {}).items()}}
    all_headers["authorization"] = signature(method, path, query, all_headers, replaced.get("body", raw),
                                             replaced.get("access_key", client.access_key),
                                             replaced.get("secret_key", client.secret_key), replaced.get("payload"))
    return all_headers


def exchange(client, method, target, raw=b"", headers=None):
    """One request with exactly these headers and this body."""
    connection = http.client.HTTPConnection(client.at.hostname, client.at.port, timeout=client.timeout)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if raw or method in ("POST", "PUT"):
            connection.putheader("content-length", str(len(raw)))
        connection.endheaders(raw)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        value = {}
    answer = Answer(value if isinstance(value, dict) else {})
    answer.status, answer.text, answer.headers = response.status, text, {k.lower(): v for k, v in response.getheaders()}
    return answer


def send(client, method, target, raw=b"", headers=None, **options):
    """One signed request with a body as it is."""
    target = target.replace("{project_id}", client.project_id or "")
    more = {"content-type": "application/json", **(headers or {})}
    return exchange(client, method, target, raw, signed(client, method, target, raw, more, **options))


@contextlib.contextmanager
def own_dcaasd(settings=(), start=True):
    """A dcaasd for one test, which may do to it what it likes. It ends with exit code 0, unless the test has ended it."""
    made = Dcaasd(settings=settings)
    try:
        made.settings = [line.replace("$folder", made.folder) for line in made.settings]
        made.write_config()
        made.init()
        yield made.start() if start else made
        assert made.stop() in (0, None), made.log()
    finally:
        made.remove()


def slow_statements(log):
    """What a build with -Dcheck_plans=true logs of statements that scan a table that grows, or sort; see HACKING.md."""
    return sorted(set(re.findall("bug: the cost of a statement grows with a table.*", log)))


class Tenant(Client):
    """A member of an own project."""

    def __init__(self, world, name, role="member", project_id=None):
        operator = world.operator
        self.world, self.name = world, name
        project_id = project_id or operator.post("/dcaas/v1/projects", {"project": {"name": name}})["project"]["id"]
        self.user_id = operator.post("/dcaas/v1/users", {"user": {
            "name": name, "project_id": project_id, "role": role, "password": "password of " + name}})["user"]["id"]
        key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": self.user_id}})["access_key"]
        super().__init__(world.endpoint, key["access_key"], key["secret_key"], project_id, world.say)

    def other(self, role):
        """Another user of the same project."""
        return Tenant(self.world, "%s-%s-%s" % (self.name, role, uuid.uuid4().hex[:6]), role, self.project_id)

    # orders

    def vpc(self, prefixes=("10.0.0.0/8", "fd00:10::/32")):
        """The id of a VPC that is attached to the edge."""
        return self.world.attach(self, prefixes)

    def gateway(self, **members):
        body = {"name": "gateway", "local_ep_group": ["10.1.0.0/16"], **members}
        if "vpc_id" not in body:
            body["vpc_id"] = self.vpc()
        return self.post(V3 + "virtual-gateways", {"virtual_gateway": body})["virtual_gateway"]

    def interface_body(self, connection, gateway, vlan=100, **members):
        """A good order; members replace, None takes away."""
        body = {"name": "interface", "direct_connect_id": connection, "vgw_id": gateway, "type": "private", "vlan": vlan,
                "bandwidth": 50, "route_mode": "bgp", "bgp_asn": 65001, "local_gateway_v4_ip": "192.0.2.1/30",
                "remote_gateway_v4_ip": "192.0.2.2/30", "remote_ep_group": ["192.168.0.0/24"], **members}
        return {name: value for name, value in body.items() if value is not None}

    def interface(self, connection, gateway, vlan=100, **members):
        body = self.interface_body(connection, gateway, vlan, **members)
        return self.post(V3 + "virtual-interfaces", {"virtual_interface": body})["virtual_interface"]

    def peer(self, interface, **members):
        return self.post(V3 + "vif-peers", {"vif_peer": {"vif_id": interface, **members}})["vif_peer"]

    def show(self, path):
        """The one object of a show."""
        answer = self.get(V3 + path, say=False)
        return next(value for name, value in answer.items() if name != "request_id")


class World:
    """A dcaasd and what its operator describes: an edge with ports for customers and one for VPCs."""

    def __init__(self, dcaasd, say=None, edge=None):
        self.dcaasd, self.endpoint, self.say = dcaasd, dcaasd.endpoint, say
        self.operator = dcaasd.operator(say)
        self.numbers = itertools.count(1)
        operator = self.operator
        self.location = operator.post("/dcaas/v1/locations", {"direct_connect_location": {"name": "site"}})[
            "direct_connect_location"]["id"]
        made = operator.post("/dcaas/v1/edges", {"edge": {"name": "edge", "location_id": self.location,
                             "device_id": "172.16.40.2", "report_interval": 60, **(edge or {})}})["edge"]
        self.edge, self.edge_token = made["id"], made["token"]
        self.vpc_port = self.port()

    def load(self):
        """What the server is busy with: its connections, and calls that run, stand in a queue, or wait for news."""
        return self.operator.get("/dcaas/v1/load", say=False)

    def port(self, edge=None):
        return self.operator.post("/dcaas/v1/ports", {"port": {"edge_id": edge or self.edge,
                                  "device": "eth%d" % next(self.numbers)}})["port"]["id"]

    def tenant(self, name=None, role="member"):
        return Tenant(self, name or "tenant-" + uuid.uuid4().hex[:12], role)

    def connection(self, tenant, **members):
        """The id of a connection on a port of its own."""
        body = {"tenant_id": tenant.project_id, "name": "line", "bandwidth": 1000, "location": "site", "port_type": "10G",
                **members}
        if "port_id" not in body and "hosting_id" not in body:
            body["port_id"] = self.port()
        return self.operator.post("/dcaas/v1/connections", {"direct_connect": body})["direct_connect"]["id"]

    def attach(self, tenant, prefixes):
        vpc, number = str(uuid.uuid4()), next(self.numbers)
        self.operator.post("/dcaas/v1/attachments", {"attachment": {
            "tenant_id": tenant.project_id, "vpc_id": vpc, "port_id": self.vpc_port, "vlan": number,
            "prefixes": list(prefixes), "local_ip": "198.18.%d.1/30" % (number % 256),
            "next_hop": "198.18.%d.2" % (number % 256), "local_ipv6": "fd00:ffff:0:%x::1/64" % number,
            "next_hop_ipv6": "fd00:ffff:0:%x::2" % number}})
        return vpc


def postgresql(dcaasd):
    """The connection string of its database on PostgreSQL; None: it has a file of SQLite."""
    return next((line.split("=", 1)[1].strip() for line in dcaasd.settings if line.startswith("database =")), None)


def filled(statement, values):
    """The statement with its values in place of the question marks, for psql."""
    parts = statement.split("?")
    texts = ["NULL" if value is None else str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
             for value in values]
    return "".join(part + text for part, text in zip(parts, [*texts, ""]))


def psql(database, text):
    done = subprocess.run(["psql", "-X", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAt", "-f", "-"], input=text,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pairs_to_rows(found):
    """(names of the columns, rows)"""
    return [name for name, _ in found[0]] if found else [], [tuple(value for _, value in row) for row in found]


def psql_rows(database, statement):
    """Rows as SQLite's module gives them."""
    found = json.loads(psql(database, "SELECT coalesce(json_agg(row_to_json(found)), '[]') FROM (%s) AS found" % statement),
                       object_pairs_hook=list)
    return pairs_to_rows(found)[1]


def tables(dcaasd, leave_out=("token",), named=False):
    """Every table's rows, as the database has them now. named: (names of the columns, rows) of each."""
    if postgresql(dcaasd):
        database = postgresql(dcaasd)
        names = [row[0] for row in psql_rows(database, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                                                       "'public'::regnamespace AND relname <> 'store_turn' ORDER BY relname")]
        each = ", ".join("'%s', (SELECT coalesce(json_agg(row_to_json(x)), '[]') FROM \"%s\" AS x)" % (name, name)
                         for name in names if name not in leave_out)
        found = {name: pairs_to_rows(rows) for name, rows in json.loads(
            psql(database, "SELECT json_build_object(%s)" % each), object_pairs_hook=list)}
        return {name: pair if named else sorted(pair[1], key=repr) for name, pair in found.items()}
    database = sqlite3.connect("file:%s/dcaas.db?mode=ro" % urllib.parse.quote(dcaasd.state), uri=True, timeout=10)
    try:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found = {name: database.execute('SELECT * FROM "%s"' % name) for name in names if name not in leave_out}
        return {name: ([column[0] for column in cursor.description], cursor.fetchall()) if named
                else sorted(cursor.fetchall(), key=repr) for name, cursor in found.items()}
    finally:
        database.close()


def change(dcaasd, statement, *values):
    """One statement, done to the database by hand while dcaasd serves it."""
    if postgresql(dcaasd):
        psql(postgresql(dcaasd), filled(statement, values))
        return
    database = sqlite3.connect(dcaasd.state + "/dcaas.db", timeout=30)
    try:
        with database:
            database.execute(statement, values)
    finally:
        database.close()


def rows(dcaasd, statement, *values):
    if postgresql(dcaasd):
        return psql_rows(postgresql(dcaasd), filled(statement, values))
    database = sqlite3.connect("file:%s/dcaas.db?mode=ro" % urllib.parse.quote(dcaasd.state), uri=True, timeout=10)
    try:
        return database.execute(statement, values).fetchall()
    finally:
        database.close()
