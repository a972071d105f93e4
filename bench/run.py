#!/usr/bin/python3
"""run.py - what dcaas costs, as ratios to the bare library doing the same work, side by side in one run.

    python3 bench/run.py [get] [create] [apply] [--runs N] [--seconds S]

`apply` needs root: it runs a lab.

Each figure is the median of N runs; a run times the yardstick and the server one after the other. Absolute numbers are
this machine's; the ratios are the point. wrk is the client, on the same cores as the server.
"""
import argparse
import json
import os
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lab.api_client import Client, signature  # noqa: E402
from lab.dcaasd import Dcaasd  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build"))


def program(name):
    return os.path.join(BUILD, "bench", name)


def wrk(url, clients, seconds, headers=(), script=None, arguments=()):
    """Requests a second; fails when an answer was not a success."""
    argv = ["wrk", "-t%d" % min(clients, 2), "-c%d" % clients, "-d%gs" % seconds, "--latency"]
    for header in headers:
        argv += ["-H", header]
    if script:
        argv += ["-s", os.path.join(ROOT, "bench", script)]
    done = subprocess.run(argv + [url, *(("--", *arguments) if arguments else ())], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit("bench: answers were not all successes:\n" + done.stdout + done.stderr)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))


class Rows:
    """The table that is printed: a line for each measurement, medians and their ratio."""

    def __init__(self):
        self.lines = []

    def add(self, what, unit, yardstick, ours):
        bare, own = statistics.median(yardstick), statistics.median(ours)
        self.lines.append("| %s | %.4g | %.4g | **%.2f** | %.2f–%.2f |" % (
            what + ", " + unit, bare, own, own / bare, min(o / y for o, y in zip(ours, yardstick)),
            max(o / y for o, y in zip(ours, yardstick))))
        print(self.lines[-1], flush=True)

    def head(self):
        print("| what | yardstick | dcaas | ratio | spread |\n| --- | --- | --- | --- | --- |", flush=True)


class Server:
    """A dcaasd with one project whose member has a key and a token."""

    def __init__(self, settings=("accept_unattached_vpc = yes", "quota_virtual_gateways = -1", "quota_virtual_interfaces = -1",
                                 "log = warning")):
        self.dcaasd = Dcaasd(settings=settings)
        self.dcaasd.init()
        self.dcaasd.start()
        operator = self.operator = self.dcaasd.operator()
        self.project = operator.post("/dcaas/v1/projects", {"project": {"name": "bench"}})["project"]["id"]
        user = operator.post("/dcaas/v1/users", {"user": {"name": "bench", "project_id": self.project, "role": "member",
                                                          "password": "bench-Password-1"}})["user"]
        key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": user["id"]}})["access_key"]
        self.key = key["access_key"], key["secret_key"]
        self.tenant = Client(self.dcaasd.endpoint, *self.key, self.project)
        domain = [p for p in operator.get("/dcaas/v1/users")["users"] if p["id"] == user["id"]][0]
        self.token = self._token(domain)

    def _token(self, user):
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
            "name": user["name"], "password": "bench-Password-1", "domain": {"id": user["domain_id"]}}}},
            "scope": {"project": {"id": self.project}}}}
        return self.tenant.post("/v3/auth/tokens", body).headers["X-Subject-Token"]

    def path(self, rest):
        return "/v3/%s/dcaas/%s" % (self.project, rest)

    def signed(self, path):
        """Headers of a signed GET; good for some minutes."""
        headers = {"host": self.dcaasd.endpoint.split("//")[1], "x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
        headers["authorization"] = signature("GET", path, "", headers, b"", *self.key)
        return ["X-Sdk-Date: " + headers["x-sdk-date"], "Authorization: " + headers["authorization"]]

    def interface(self):
        """One virtual interface, with its peer."""
        operator = self.operator
        location = operator.post("/dcaas/v1/locations", {"direct_connect_location": {"name": "bench"}})[
            "direct_connect_location"]["id"]
        edge = operator.post("/dcaas/v1/edges", {"edge": {"name": "bench", "location_id": location}})["edge"]["id"]
        port = operator.post("/dcaas/v1/ports", {"port": {"edge_id": edge, "device": "trunk0", "name": "trunk0"}})["port"]["id"]
        line = operator.post("/dcaas/v1/connections", {"direct_connect": {
            "tenant_id": self.project, "name": "bench", "port_id": port, "bandwidth": 1000, "location": "bench",
            "port_type": "10G", "provider": "bench"}})["direct_connect"]["id"]
        gateway = self.tenant.post(self.path("virtual-gateways"), {"virtual_gateway": {
            "name": "bench", "vpc_id": "00000000-0000-4000-8000-000000000001", "local_ep_group": ["10.0.0.0/16"]}})[
            "virtual_gateway"]["id"]
        return self.tenant.post(self.path("virtual-interfaces"), {"virtual_interface": {
            "name": "bench", "direct_connect_id": line, "vgw_id": gateway, "vlan": 100, "bandwidth": 100, "type": "private",
            "service_type": "VGW", "route_mode": "bgp", "bgp_asn": 65001, "bgp_md5": "bench-password",
            "local_gateway_v4_ip": "169.254.10.1/30", "remote_gateway_v4_ip": "169.254.10.2/30",
            "remote_ep_group": ["192.168.0.0/24"]}})["virtual_interface"]["id"]

    def close(self):
        self.dcaasd.remove()


class Bare:
    """bare_http with a body."""

    def __init__(self, body, threads):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        port, file = os.path.join(self.folder, "port"), os.path.join(self.folder, "body")
        with open(file, "wb") as out:
            out.write(body)
        self.process = subprocess.Popen([program("bare_http"), file, port, str(threads)])
        while not (os.path.exists(port) and os.path.getsize(port)):
            time.sleep(0.01)
        with open(port) as text:
            self.url = "http://127.0.0.1:%s/" % text.read().strip()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.folder)


def bench_get(rows, runs, seconds):
    server = Server()
    path = server.path("virtual-interfaces/" + server.interface())
    body = json.dumps(server.tenant.get(path), separators=(",", ":")).encode()
    bare = Bare(body, 1)
    try:
        for name, headers in (("a token", ["X-Auth-Token: " + server.token]), ("a signature", server.signed(path))):
            yardstick, ours = [], []
            for _ in range(runs):
                yardstick.append(wrk(bare.url, 32, seconds, headers))
                ours.append(wrk(server.dcaasd.endpoint + path, 32, seconds, headers))
            rows.add("GET one interface (%d bytes) with %s, 32 connections" % (len(body), name), "requests/s", yardstick, ours)
    finally:
        bare.close()
        server.close()


def snapshot(database):
    db = sqlite3.connect("file:%s?mode=ro" % database, uri=True)
    names = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    rows = {}
    for name in names:
        cursor = db.execute("SELECT * FROM %s" % name)
        rows[name] = [c[0] for c in cursor.description], set(cursor.fetchall())
    db.close()
    return rows


def statements(before, after, path):
    """The rows that one order added, as INSERTs whose own ids are parameters."""
    lines, numbers = [], {}
    for name, (columns, rows) in after.items():
        for row in rows - before[name][1]:
            values = []
            for value in row:
                if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
                    number = numbers.setdefault(value, len(numbers) + 1)
                    values.append("?%d" % number)
                elif value is None:
                    values.append("NULL")
                else:
                    values.append(str(value) if isinstance(value, (int, float)) else "'%s'" % value.replace("'", "''"))
            if before[name][1] and any(row[0] == old[0] for old in before[name][1]):
                continue  # a row that was there already and was changed
            lines.append((name, "INSERT INTO %s (%s) VALUES (%s);" % (name, ", ".join(columns), ", ".join(values))))
    lines.sort(key=lambda line: line[0] == "event")
    with open(path, "w") as out:
        out.write("\n".join(text for _, text in lines) + "\n")
    return len(lines)


def raw(database, file, group, seconds):
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.path.dirname(database)) as folder:
        copy = os.path.join(folder, "raw.db")
        source, target = sqlite3.connect(database), sqlite3.connect(copy)
        source.backup(target)
        target.close()
        source.close()
        done = subprocess.run([program("raw_sqlite"), copy, file, str(group), str(seconds)], capture_output=True, text=True,
                              check=True)
        return float(done.stdout)


def bench_create(rows, runs, seconds):
    server = Server()
    try:
        state = server.dcaasd.state
        database = [os.path.join(state, name) for name in os.listdir(state) if name.endswith(".db")][0]
        before = snapshot(database)
        server.tenant.post(server.path("virtual-gateways"), {"virtual_gateway": {
            "name": "bench", "vpc_id": "00000000-0000-4000-8000-0000000000ff", "local_ep_group": ["10.0.0.0/16"]}})
        file = os.path.join(server.dcaasd.folder, "statements.sql")
        count = statements(before, snapshot(database), file)
        rates = {group: raw(database, file, group, 1) for group in (1, 8, 16, 32, 64, 128, 256)}
        best = max(rates, key=rates.get)
        print("raw SQLite, %d rows an order, by orders in a transaction: %s" % (
            count, ", ".join("%d: %.0f/s" % item for item in rates.items())), file=sys.stderr)
        seed = int(time.time())
        for clients in (1, 8, 64):
            yardstick, ours = [], []
            for _ in range(runs):
                seed += 1
                yardstick.append(raw(database, file, 1 if clients == 1 else best, seconds))
                ours.append(wrk(server.dcaasd.endpoint, clients, seconds, script="post.lua",
                                arguments=(server.project, server.token, str(seed))))
            rows.add("durable creates of a gateway, %d client%s against raw SQLite in groups of %d" % (
                clients, "s" if clients > 1 else "", 1 if clients == 1 else best), "creates/s", yardstick, ours)
    finally:
        server.close()


class Yardstick:
    """One interface added by the agent's own netlink code and one `configure` of a BIRD, in a guest without dcaas-edge:
    what the kernel and BIRD cost by themselves."""
    INSTANCE, STATE = 900, "/var/lib/dcaas-bench"

    def __init__(self, guest, vrf, present):
        self.guest, self.vrf, self.conf = guest, vrf, self.STATE + "/bird/%d/bird.conf" % self.INSTANCE
        guest.shell("mkdir -p {0} && chown -R 65534:65534 {1}".format(os.path.dirname(self.conf), self.STATE))
        self.ask("netns-add instance=900", "vrf-add instance=900 device=%s mark=dcaas:bench table=%d" % vrf,
                 *[line for item in present for line in self.device(*item)])

    def device(self, device, vlan, address):
        where = "instance=900 device=%s" % device
        return ["vlan-add %s mark=dcaas:bench%s port=trunk1 vlan=%d vrf=%s" % (where, device, vlan, self.vrf[0]),
                "addr-add %s table=%d prefix=%s" % (where, self.vrf[1], address),
                "guard-on %s local=%s" % (where, address.split("/")[0]), "link-up " + where]

    def ask(self, *lines):
        out = self.guest.run(program_of("src/edge/agent/agent_try"), 65534, 65534, self.STATE, timeout=120,
                             stdin="\n".join(lines) + "\n").out
        if out.count("\nok\n") != len(lines):
            raise SystemExit("bench: the yardstick failed:\n" + out)
        return [int(word) for word in re.findall(r"\+ clock (\d+)", out)]

    def write(self, text, name="bird.conf"):
        self.guest.write(os.path.dirname(self.conf) + "/" + name, re.sub(r'log "[^;]*;', "", text))
        self.guest.shell("chown 65534:65534 %s/*" % os.path.dirname(self.conf))

    def start(self, text):
        self.write(text)
        self.ask("daemon-start instance=900 recover=0")

    def add(self, text, item):
        """Seconds of one addition; it is taken back."""
        before = self.guest.read(self.conf)
        self.write(text, "new")
        folder, (device, _, address) = os.path.dirname(self.conf), item
        socket = folder + "/bird.ctl"
        began, ended = self.ask("clock", *self.device(*item), "rename %s/new %s" % (folder, self.conf),
                                "bird %s configure check" % socket, "bird %s configure" % socket,
                                "guard-off instance=900 device=%s local=%s" % (device, address.split("/")[0]), "clock")
        self.write(before)
        self.ask("bird %s configure" % socket, "link-del instance=900 device=" + device)
        return (ended - began) / 1e6


def program_of(path):
    return os.path.join(BUILD, path)


class Field:
    """A site whose gateway gets many interfaces."""

    def __init__(self):
        from lab.order import Gateway
        from lab.site import Site
        self.site = Site(settings=("accept_unattached_vpc = no", "quota_virtual_interfaces = -1", "log = warning"),
                         say=lambda words: None)
        self.site.start_edge()
        self.site.wait_edge()
        self.tenant = self.site.tenant("bench")
        self.line = self.site.connection(self.tenant, bandwidth=10000)
        self.gateway = Gateway(self.site, self.tenant, 1)
        self.made = []

    def body(self, n):
        a, b = "172.%d.%d.%%d/30" % (16 + n // 16384, n // 64 % 256), n % 64 * 4
        return {"virtual_interface": {
            "name": "b%d" % n, "type": "private", "direct_connect_id": self.line, **self.gateway.members(), "vlan": 1 + n,
            "bandwidth": 2, "route_mode": "bgp", "bgp_asn": 65001, "bgp_md5": "bench-password-%d" % n,
            "local_gateway_v4_ip": a % (b + 1), "remote_gateway_v4_ip": a % (b + 2)}}

    def post(self, n):
        return self.tenant.post("/v3/{project_id}/dcaas/virtual-interfaces", self.body(n))["virtual_interface"]["id"]

    def wait_applied(self, vif, timeout=120):
        end = time.monotonic() + timeout
        while self.site.interface(self.tenant, vif)["status"] == "PENDING_CREATE":
            if time.monotonic() > end:
                raise SystemExit("bench: interface %s is not applied after %d s" % (vif, timeout))
            time.sleep(0.002)

    def grow(self, n):
        began = time.monotonic()
        before = len(self.made)
        while len(self.made) < n:
            self.made.append(self.post(len(self.made)))
        for vif in self.made[before:]:
            self.wait_applied(vif, 600)
        return time.monotonic() - began

    def add(self, n):
        """Seconds from the order to the edge's word that it is there; it is deleted again."""
        began = time.monotonic()
        vif = self.post(n)
        self.wait_applied(vif)
        seconds = time.monotonic() - began
        text = self.bird()
        self.tenant.delete("/v3/{project_id}/dcaas/virtual-interfaces/" + vif)
        self.site.wait_gone(self.tenant, "/v3/{project_id}/dcaas/virtual-interfaces/" + vif)
        return seconds, text

    def bird(self):
        return self.site.lab.edge.read("/run/dcaas/edge/bird/1/bird.conf")

    def devices(self):
        """What the routing daemon's file and the orders say: (device, vlan, address) of each interface, the VRF first."""
        rows = self.site.rows("objects?limit=2000", "objects")
        links = {row["key"]: json.loads(row["body"]) if isinstance(row["body"], str) else row["body"] for row in rows}
        vrf = next(body for key, body in links.items() if key.startswith("vrf/"))
        found = [(links[body["link"]]["device"], links[body["link"]]["vlan"], body["prefix"])
                 for key, body in links.items() if key.startswith("addr/") and body["prefix"].startswith("172.")]
        return (vrf["device"], vrf["table"]), sorted(found, key=lambda item: item[1])

    def close(self):
        self.site.down()


def bench_apply(rows, runs, seconds):
    field = Field()
    try:
        field.grow(10)
        vrf, present = field.devices()
        yardstick = Yardstick(field.site.lab.customers, vrf, present)
        yardstick.start(field.bird())
        bare, ours = [], []
        for _ in range(runs):
            took, text = field.add(10)
            device = re.search(r'vrf "%s"' % vrf[0], text) and sorted(set(re.findall(r'ifname != "(\w+)"', text)) -
                                                                      {d for d, _, _ in present})[0]
            ours.append(took)
            bare.append(yardstick.add(text, (device, 4000, field.body(10)["virtual_interface"]["local_gateway_v4_ip"])))
        rows.add("POST to applied, one interface with MD5, against its netlink and one configure, in the lab", "s", bare, ours)
        base = ours
        for n in (100, 1000):
            took = field.grow(n)
            print("%d interfaces more in %.1f s" % (n, took), file=sys.stderr)
            rows.add("adding one interface with %d present, against 10" % n, "s", base,
                     [field.add(n)[0] for _ in range(runs)])
    finally:
        field.close()


BENCHES = {"get": bench_get, "create": bench_create, "apply": bench_apply}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="*", help=", ".join(BENCHES))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    rows = Rows()
    rows.head()
    for name in options.what or BENCHES:
        BENCHES[name](rows, options.runs, options.seconds)


if __name__ == "__main__":
    main()
