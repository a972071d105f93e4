#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""run.py - what dcaas costs, as ratios to the bare library doing the same work, side by side in one run.

    python3 bench/run.py [edge] [growth] [field] [get] [lists] [create] [postgresql] [others] [profile] [birds] [--runs N] [--seconds S]

`field` and `birds` need root: a lab, or a network namespace. `others` installs by name, below build-check/bench, what a user would pick instead: moto's
server with AWS's Direct Connect, and Prism serving our openapi.json.

Each figure is the median of N runs; a run times the yardstick and the server one after the other. Absolute numbers are
this machine's; the ratios are the point. wrk is the client, on the same cores as the server.
"""
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", *more) for more in ((), ("test",))]
from cluster import Cluster  # noqa: E402
from lab.api_client import Client, signature  # noqa: E402
from lab.dcaasd import Dcaasd  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build"))
INSTALLED = os.path.join(ROOT, "build-check", "bench")


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


SETTINGS = ("accept_unattached_vpc = yes", "quota_virtual_gateways = -1", "quota_virtual_interfaces = -1", "log = warning")


class Server:
    """A dcaasd with one project whose member has a key and a token."""

    def __init__(self, settings=SETTINGS, environment=None):
        self.dcaasd = Dcaasd(settings=settings, environment=environment)
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

    def http_threads(self):
        """How many of libmicrohttpd's there are, each with its own share of the connections."""
        tasks = "/proc/%d/task" % self.dcaasd.process.pid
        names = []
        for task in os.listdir(tasks):
            with open(os.path.join(tasks, task, "comm")) as file:
                names.append(file.read().strip())
        workers = sum(name.startswith("MHD-worker") for name in names)
        return workers or max(1, sum(name.startswith("MHD-") for name in names))

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


def processor_seconds(process):
    with open("/proc/%d/stat" % process.pid) as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measured(process, url, seconds, headers):
    """Requests a second, and the processor time of the server for one, in us."""
    before = processor_seconds(process)
    rate = wrk(url, 32, seconds, headers)
    return rate, (processor_seconds(process) - before) * 1e6 / (rate * seconds)


def bench_get(rows, runs, seconds):
    """Answers that are kept, and, in another server, answers that are made each time."""
    for how, settings in (("", ()), (", not kept (answer_memory = 0)", ("answer_memory = 0",))):
        server = Server(settings=SETTINGS + settings)
        path = server.path("virtual-interfaces/" + server.interface())
        body = json.dumps(server.tenant.get(path), separators=(",", ":")).encode()
        bare = Bare(body, server.http_threads())
        try:
            for name, headers in (("a token", ["X-Auth-Token: " + server.token]), ("a signature", server.signed(path))):
                yardstick, ours = [], []
                for _ in range(runs):
                    yardstick.append(measured(bare.process, bare.url, seconds, headers))
                    ours.append(measured(server.dcaasd.process, server.dcaasd.endpoint + path, seconds, headers))
                what = "GET one interface (%d bytes) with %s, 32 connections%s" % (len(body), name, how)
                rows.add(what, "requests/s", [rate for rate, _ in yardstick], [rate for rate, _ in ours])
                rows.add(what + ": processor time of one", "us", [time for _, time in yardstick], [time for _, time in ours])
        finally:
            bare.close()
            server.close()


UUID = re.compile(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'")


def statements(recorded, known, path):
    """Writes the statements of the one order in the record, whose new ids are parameters: those that `known` has not. Their
    number."""
    lines, numbers = [], {}

    def parameter(match):
        if match.group(1) in known:
            return match.group()
        return "?%d" % numbers.setdefault(match.group(1), len(numbers) + 1)

    for line in recorded.splitlines():
        if line.split(" ", 1)[0] not in ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"):
            lines.append(UUID.sub(parameter, line))
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")
    return len([line for line in lines if not line.startswith(("SAVEPOINT", "RELEASE"))])


def create_gateway(server, vpc):
    return server.tenant.post(server.path("virtual-gateways"), {"virtual_gateway": {
        "name": "bench", "vpc_id": "00000000-0000-4000-8000-%012x" % vpc, "local_ep_group": ["10.0.0.0/16"]}})


def record(folder):
    """(database, statements, number): what a server had just before an order, and what it ran for it."""
    path = os.path.join(folder, "record")
    os.chmod(folder, 0o755)  # dcaasd is nobody
    with open(path, "w"):
        os.chmod(path, 0o666)
    server = Server(environment={"DCAAS_STATEMENTS": path})
    try:
        for vpc in (1, 2, 3):
            create_gateway(server, vpc)
        database, copy = os.path.join(server.dcaasd.state, "dcaas.db"), os.path.join(folder, "before.db")
        with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        with open(path) as file:
            known = file.read()
        create_gateway(server, 4)
        with open(path) as file:
            text = file.read()[len(known):]
        lines = os.path.join(folder, "statements.sql")
        return copy, lines, statements(text, known, lines)
    finally:
        server.dcaasd.stop()
        server.close()


def raw(database, file, group, seconds):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        copy = os.path.join(folder, "raw.db")
        shutil.copy(database, copy)
        done = subprocess.run([program("raw_sqlite"), copy, file, str(group), str(seconds)], capture_output=True, text=True,
                              check=True)
        return float(done.stdout)


def creates(clients, seconds, seed):
    """(creates a second, orders in a transaction) of a new server."""
    server = Server(environment={"DCAAS_GROUPS": "yes"})
    try:
        rate = wrk(server.dcaasd.endpoint, clients, seconds, script="post.lua", arguments=(server.project, server.token, str(seed)))
        server.dcaasd.stop()
        jobs, commits = re.findall(r"jobs=(\d+) commits=(\d+)", server.dcaasd.log())[-1]
        return rate, int(jobs) / int(commits)
    finally:
        server.close()


def bench_create(rows, runs, seconds):
    global BUILD
    build, BUILD = BUILD, traced()
    os.environ["DCAAS_BUILD"] = BUILD
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            database, file, count = record(folder)
            seed = int(time.time())
            for clients in (1, 8, 64):
                yardstick, ours, groups = [], [], []
                for _ in range(runs):
                    seed += 1
                    rate, group = creates(clients, seconds, seed)
                    ours.append(rate)
                    groups.append(max(1, round(group)))
                    yardstick.append(raw(database, file, groups[-1], seconds))
                rows.add("durable creates of a gateway, %d client%s, against SQLite with the same %d statements, %d orders in a "
                         "transaction" % (clients, "s" if clients > 1 else "", count, statistics.median(groups)), "creates/s",
                         yardstick, ours)
    finally:
        BUILD = build
        os.environ["DCAAS_BUILD"] = build


def record_on(database, folder):
    """As record(), on PostgreSQL: (statements, number)."""
    path, lines = os.path.join(folder, "record"), os.path.join(folder, "statements.sql")
    os.chmod(folder, 0o755)  # dcaasd is nobody
    with open(path, "w"):
        os.chmod(path, 0o666)
    server = Server((*SETTINGS, "database = " + database), {"DCAAS_STATEMENTS": path})
    try:
        for vpc in (1, 2, 3):
            create_gateway(server, vpc)
        with open(path) as file:
            known = file.read()
        create_gateway(server, 4)
        with open(path) as file:
            text = file.read()[len(known):]
    finally:
        server.dcaasd.stop()
        server.close()
    count = statements(text, known, lines)
    with open(lines) as file:
        text = re.sub(r"\?(\d+)", r"$\1", file.read())
    with open(lines, "w") as file:
        file.write(text)
    return lines, count


def bench_postgresql(rows, runs, seconds):
    """With fsync, on the machine's own disk."""
    global BUILD
    build, BUILD = BUILD, traced()
    os.environ["DCAAS_BUILD"] = BUILD
    cluster = Cluster(fsync="on", full_page_writes="on")
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            database = cluster.new_database()
            lines, count = record_on(database, folder)
            for clients in (1, 8):
                yardstick, ours = [], []
                for run in range(runs):
                    server = Server((*SETTINGS, "database = " + cluster.new_database()))
                    try:
                        ours.append(wrk(server.dcaasd.endpoint, clients, seconds, script="post.lua", arguments=(
                            server.project, server.token, str(int(time.time()) + run))))
                        server.dcaasd.stop()
                    finally:
                        server.close()
                    done = subprocess.run([program("raw_pg"), database, lines, str(clients), str(seconds)], stdout=subprocess.PIPE,
                                          text=True, check=True)
                    yardstick.append(float(done.stdout))
                rows.add("durable creates of a gateway on PostgreSQL, %d client%s, against libpq with the same %d statements" % (
                    clients, "s" if clients > 1 else "", count), "creates/s", yardstick, ours)
    finally:
        cluster.remove()
        BUILD = build
        os.environ["DCAAS_BUILD"] = build


def traced():
    """A build that also counts its statements and the sizes of its groups."""
    folder = os.path.join(INSTALLED, "traced")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["meson", "setup", folder, "-Dcheck_plans=true"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "src/dcaasd/dcaasd", "bench/bare_http", "bench/raw_sqlite", "bench/raw_pg"], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


class Other:
    """Another server, as a process of its own that answers on a port of loopback."""

    def __init__(self, argv, port):
        self.url = "http://127.0.0.1:%d" % port
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(argv, stdout=self.log, stderr=self.log, start_new_session=True)
        end = time.monotonic() + 120
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.log.seek(0)
                    raise SystemExit("bench: %s did not start:\n%s" % (argv[0], self.log.read().decode()[-2000:])) from None
                time.sleep(0.1)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def moto():
    folder, port = os.path.join(INSTALLED, "moto"), free_port()
    program_path = os.path.join(folder, "bin", "moto_server")
    if not os.path.exists(program_path):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([os.path.join(folder, "bin", "pip"), "install", "--quiet", "moto[server]"], check=True)
    return Other([program_path, "-H", "127.0.0.1", "-p", str(port)], port)


def prism():
    """None where npm, which installs it, is not there."""
    if shutil.which("npm") is None:
        return None
    folder, port = os.path.join(INSTALLED, "prism"), free_port()
    program_path = os.path.join(folder, "node_modules", ".bin", "prism")
    if not os.path.exists(program_path):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "@stoplight/prism-cli"], check=True)
    return Other([program_path, "mock", "-h", "127.0.0.1", "-p", str(port), os.path.join(ROOT, "doc", "openapi.json")], port)


AWS = ["Content-Type: application/x-amz-json-1.1",
       "Authorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/directconnect/aws4_request, SignedHeaders=host, Signature=0"]


def bench_others(rows, runs, seconds):
    """What a user would pick instead, and the same of ours; the ratio is ours to theirs."""
    server, theirs = Server(), moto()
    shown = server.path("virtual-interfaces/" + server.interface())
    seed = int(time.time()) + 1000
    try:
        yardstick, ours = [], []
        for _ in range(runs):
            seed += 1
            yardstick.append(wrk(theirs.url + "/", 8, seconds, AWS + ["X-Amz-Target: OvertureService.CreateConnection"], "aws.lua"))
            ours.append(wrk(server.dcaasd.endpoint, 8, seconds, script="post.lua",
                            arguments=(server.project, server.token, str(seed))))
        rows.add("creates (durable) against moto's create_connection (in memory), 8 clients", "creates/s", yardstick, ours)
        theirs.close()
        theirs = moto()
        headers = dict(line.split(": ", 1) for line in AWS + ["X-Amz-Target: OvertureService.CreateConnection"])
        urllib.request.urlopen(urllib.request.Request(theirs.url + "/", headers=headers, data=json.dumps(
            {"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "bench"}).encode())).close()
        yardstick, ours = [], []
        for _ in range(runs):
            yardstick.append(wrk(theirs.url + "/", 8, seconds, AWS + ["X-Amz-Target: OvertureService.DescribeConnections"], "aws.lua"))
            ours.append(wrk(server.dcaasd.endpoint + shown, 8, seconds, ["X-Auth-Token: " + server.token]))
        rows.add("GET one interface against moto's describe_connections, 8 clients", "requests/s", yardstick, ours)
        theirs.close()
        theirs = prism()
        if theirs is None:
            print("Prism is not measured: npm is not installed (apt-get install npm)", flush=True)
            return
        yardstick, ours = [], []
        for _ in range(runs):
            yardstick.append(wrk(theirs.url + shown, 8, seconds, ["X-Auth-Token: " + server.token]))
            ours.append(wrk(server.dcaasd.endpoint + shown, 8, seconds, ["X-Auth-Token: " + server.token]))
        rows.add("GET one interface against Prism with our openapi.json, 8 clients", "requests/s", yardstick, ours)
    finally:
        if theirs is not None:
            theirs.close()
        server.close()


def bench_profile(_rows, _runs, seconds):
    """Where the server's time goes, by perf: the share of each library, and the functions that have most."""
    if shutil.which("perf") is None:
        print("\nprofile: perf is not installed", flush=True)
        return
    for what in ("reads", "creates"):
        server = Server()
        try:
            path = server.path("virtual-interfaces/" + server.interface())
            data = os.path.join(server.dcaasd.folder, "perf.data")
            watch = subprocess.Popen(["perf", "record", "-q", "-F", "499", "-g", "-o", data, "-p", str(server.dcaasd.process.pid)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if what == "reads":
                wrk(server.dcaasd.endpoint + path, 32, seconds, ["X-Auth-Token: " + server.token])
            else:
                wrk(server.dcaasd.endpoint, 64, seconds, script="post.lua",
                    arguments=(server.project, server.token, str(int(time.time()))))
            watch.send_signal(signal.SIGINT)
            watch.wait()
            for keys in ("dso", "dso,symbol"):
                done = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none", "--sort", keys,
                                       "--percent-limit", "1"], capture_output=True, text=True)
                found = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("#")][:15]
                print("\nprofile of %s by %s:\n%s" % (what, keys, "\n".join(found) or done.stderr), flush=True)
        finally:
            server.close()


class Yardstick:
    """One interface added by the agent's own netlink code and one `configure` of a BIRD, in a guest without dcaas-edge:
    what the kernel and BIRD cost by themselves."""
    INSTANCE, STATE = 900, "/var/lib/dcaas-bench"

    def __init__(self, field):
        self.field, self.guest, self.conf = field, field.site.lab.customers, self.STATE + "/bird/%d/bird.conf" % self.INSTANCE
        self.vrf, self.present, self.runs = None, set(), False
        self.guest.shell("mkdir -p {0}/run && chown -R 65534:65534 {1}".format(os.path.dirname(self.conf), self.STATE))

    def follow(self):
        """What the edge has is there, too."""
        self.vrf, devices = self.field.devices()
        text = self.field.bird()
        lines = [line for item in devices if item not in self.present for line in self.device(*item)]
        self.ask("netns-add instance=900", "vrf-add instance=900 device=%s mark=dcaas:bench table=%d" % self.vrf)
        for at in range(0, len(lines), 400):
            self.ask(*lines[at:at + 400])
        self.present = set(devices)
        self.write(text)
        if self.runs:
            self.ask("bird %s/run/bird.ctl configure" % os.path.dirname(self.conf))
        else:
            self.ask("daemon-start instance=900 recover=0")
        self.runs = True

    def device(self, device, vlan, address):
        where = "instance=900 device=%s" % device
        return ["vlan-add %s mark=dcaas:bench%s port=trunk1 vlan=%d vrf=%s" % (where, device, vlan, self.vrf[0]),
                "addr-add %s table=%d prefix=%s" % (where, self.vrf[1], address),
                "filter-add %s is_customer=1" % where, "link-up " + where]

    def ask(self, *lines):
        out = self.guest.run(program_of("src/edge/agent/agent_try"), 65534, 65534, self.STATE, timeout=120,
                             stdin="\n".join(lines) + "\n").out
        if out.count("\nok\n") != len(lines):
            raise SystemExit("bench: the yardstick failed:\n" + out)
        return [int(word) for word in re.findall(r"\+ clock (\d+)", out)]

    def write(self, text, name="bird.conf"):
        self.guest.write(os.path.dirname(self.conf) + "/" + name, re.sub(r'log "[^;]*;', "", text))
        self.guest.shell("chown 65534:65534 {0}/{1} && chmod 644 {0}/{1}".format(os.path.dirname(self.conf), name))

    def add(self, text, item):
        """Seconds of one addition; it is taken back."""
        before = self.guest.read(self.conf)
        self.write(text, "new")
        folder, device = os.path.dirname(self.conf), item[0]
        socket = folder + "/run/bird.ctl"
        began, ended = self.ask("clock", *self.device(*item), "rename %s/new %s" % (folder, self.conf),
                                "bird %s configure" % socket, "clock")
        self.write(before)
        self.ask("bird %s configure" % socket, "link-del instance=900 device=" + device)
        return (ended - began) / 1e6


def program_of(path):
    return os.path.join(BUILD, path)


SLOW_AFTER = 20  # seconds; 300 by default, for which nobody wants to wait here


class Field:
    """A site whose gateway gets many interfaces."""

    def __init__(self):
        from lab.order import Gateway
        from lab.site import Site
        self.site = Site(settings=("accept_unattached_vpc = no", "quota_virtual_interfaces = -1", "log = warning"),
                         say=lambda words: None, edge_settings=("slow_retry_after = %d" % SLOW_AFTER,))
        self.site.start_edge()
        self.site.wait_edge()
        self.tenant = self.site.tenant("bench")
        self.line = self.site.connection(self.tenant, bandwidth=10000)
        self.gateway = Gateway(self.site, self.tenant, 1)
        self.made, self.rest = [], 0

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

    def one_more(self, runs, yardstick):
        """Medians: seconds of the edge, seconds of the yardstick, and the router's processor time for an addition and its end."""
        took, bare, work = [], [], []
        vrf, present = self.devices()
        for _ in range(runs):
            before, begun, rest = self.processor(), time.monotonic(), self.rest
            seconds, text = self.add(len(self.made))
            work.append(self.processor() - before - rest * (time.monotonic() - begun))
            took.append(seconds)
            device = sorted(set(re.findall(r'ifname = "(\w+)"', text)) - {device for device, _, _ in present})[0]
            bare.append(yardstick.add(text, (device, 3999, self.body(len(self.made))["virtual_interface"]["local_gateway_v4_ip"])))
        return took, bare, statistics.median(work)

    def processor(self):
        """Seconds of processor time of the router's kernel and all its programs, as the host counts them."""
        total = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().split(b"\0")
                if b"umid=edge" not in words or b"LAB_RUN=" + self.site.lab.run.encode() not in words:
                    continue
                with open("/proc/%s/stat" % pid) as file:
                    fields = file.read().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def idle(self, seconds=15):
        """Part of a processor that the router takes while nothing happens."""
        before, begun = self.processor(), time.monotonic()
        time.sleep(seconds)
        return (self.processor() - before) / (time.monotonic() - begun)

    def wait_slow(self, timeout=300):
        """Until BIRD tries every neighbour once a minute."""
        end = time.monotonic() + timeout
        while self.bird().count("connect retry time 60;") < len(self.made):
            if time.monotonic() > end:
                raise SystemExit("bench: not all neighbours have the slow pace after %d s" % timeout)
            time.sleep(1)

    def shares(self):
        """Percent of a processor with sessions down: all, and BIRD without the edge. The edge is started again, and settles."""
        self.site.stop_edge()
        alone = self.idle()
        self.site.run_edge()
        self.site.wait_edge()
        time.sleep(10)
        return 100 * self.rest, 100 * alone

    def memory(self):
        """MB that the edge's processes and BIRD have resident."""
        pids = [*self.site.edge_processes().values(), *self.site.birds()]
        return sum(int(re.search(r"VmRSS:\s+(\d+)", self.site.lab.edge.read("/proc/%d/status" % pid)).group(1)) for pid in pids) / 1024

    def shrink(self, n):
        """Seconds from the first of n deletions to the word that all are gone."""
        gone, self.made = self.made[-n:], self.made[:-n]
        began = time.monotonic()
        for vif in gone:
            self.tenant.delete("/v3/{project_id}/dcaas/virtual-interfaces/" + vif)
        for vif in gone:
            self.site.wait_gone(self.tenant, "/v3/{project_id}/dcaas/virtual-interfaces/" + vif)
        return time.monotonic() - began

    def bird(self):
        return self.site.lab.edge.read("/run/dcaas/edge/bird/1/bird.conf")

    def devices(self):
        """From the routing daemon's file and the orders: (device, vlan, address) of each interface, the VRF first."""
        rows = self.site.rows("objects?limit=2000", "objects")
        links = {row["key"]: json.loads(row["body"]) if isinstance(row["body"], str) else row["body"] for row in rows}
        vrf = next(body for key, body in links.items() if key.startswith("vrf/"))
        found = [(links[body["link"]]["device"], links[body["link"]]["vlan"], body["prefix"])
                 for key, body in links.items() if key.startswith("addr/") and body["prefix"].startswith("172.")]
        return (vrf["device"], vrf["table"]), sorted(found, key=lambda item: item[1])

    def close(self):
        self.site.down()


SCALES = ((10, 1), (100, 1), (1000, 1), (4000, 1), (1000, 40), (4000, 20), (4000, 40))
WORK = ("add one", "change one", "remove one", "add 100", "remove 100", "full sync", "resync without a change", "read all")


def edge_scale(interfaces, gateways):
    """{piece of work: microseconds of processor time} of an edge with the simulated router; memory in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run([program_of("src/edge/edge_scale"), str(interfaces), str(gateways), folder], check=True,
                             capture_output=True, text=True).stdout
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in out.splitlines()}


def bench_edge(_rows, runs, _seconds):
    """One change in the edge alone: state, journal, planner, apply, report; the router is simulated."""
    print("\n| interfaces in gateways | %s | memory |\n|%s" % (" | ".join(WORK), " --- |" * (len(WORK) + 2)), flush=True)
    for scale in SCALES:
        found = [edge_scale(*scale) for _ in range(runs)]
        ms = [statistics.median(one[work] for one in found) / 1000 for work in WORK]
        print("| %d in %d | %s | %.1f MB |" % (*scale, " | ".join("%.2f ms" % one for one in ms),
                                              statistics.median(one["memory"] for one in found) / 1e6), flush=True)


def bench_field(rows, runs, _seconds):
    """A real router in the lab, all in one gateway: the sessions are down. The yardstick is the same work raw, in another guest."""
    field = Field()
    try:
        base, yardstick = None, Yardstick(field)
        for n in (10, 100, 1000):
            print("to %d interfaces: %.1f s" % (n, field.grow(n)), file=sys.stderr)
            yardstick.follow()
            field.wait_slow()
            time.sleep(10)
            field.rest = field.idle()
            own, bare, work = field.one_more(runs, yardstick)
            idle = field.shares()
            base = base or (own, work)
            rows.add("POST to applied in the lab beside %d in one gateway, against its netlink and one configure" % n, "s", bare, own)
            rows.add("the same, against 10", "s", base[0], own)
            print("beside %d: %.0f ms of the router's processor for one added and removed (%.2f times 10), idle %.1f %% (BIRD alone "
                  "%.1f %%), %.0f MB" % (n, 1000 * work, work / base[1], *idle, field.memory()), flush=True)
        print("removing 300 of 1,000: %.2f s" % field.shrink(300), flush=True)
    finally:
        field.close()


def bench_growth(_rows, runs, _seconds):
    """Through the API, on the simulated router."""
    sys.path.insert(0, os.path.join(ROOT, "test", "speed"))
    from grown import Grown
    base = None
    print("\n| interfaces | POST to applied | against 10 | processor of the edge, added and removed | idle | 300 removed |\n|" +
          " --- |" * 6, flush=True)
    for gateways, each in ((1, 10), (5, 200), (20, 200), (1, 1000)):
        grown = Grown()
        try:
            grown.grow(gateways, each)
            took, work = grown.one_more(3 * runs)
            base = base or took
            idle = grown.idle()
            removed = "%.2f s" % grown.delete(grown.made[-300:]) if gateways * each == 1000 else "–"
            print("| %d in %d | %.0f ms | %.2f | %.1f ms | %.1f %% | %s |" % (
                gateways * each, gateways, 1000 * took, took / base, work, idle, removed), flush=True)
        finally:
            grown.close()


def bench_birds(rows, runs, _):
    """The driver beside its BIRD alone: one neighbour more, by `configure` of the same file."""
    run = lambda n, vrfs: dict(line.split() for line in subprocess.run(  # noqa: E731
        ["unshare", "-n", program("bird_driver"), str(n), str(vrfs), "1"], capture_output=True, text=True, check=True).stdout.splitlines())
    base = None
    for n, vrfs in ((10, 1), (100, 1), (200, 1), (1000, 1), (1000, 40), (4000, 40)):
        took = [run(n, vrfs) for _ in range(runs)]
        ours, bare = [float(one["add_ms"]) for one in took], [float(one["raw_ms"]) for one in took]
        rows.add("one neighbour more among %d in %d VRFs, the driver against `configure`" % (n, vrfs), "ms", bare, ours)
        if base is None:
            base = ours
        else:
            rows.add("the same among %d in %d VRFs, against 10" % (n, vrfs), "ms", base, ours)


# What a tenant with many interfaces asks for: (words, query). MIDDLE and GATEWAY: ids of an interface in the middle, and of a gateway.
PAGES = (
    ("the first page", "limit=1000"),
    ("a page in the middle, by marker", "limit=1000&marker=MIDDLE"),
    ("the same, by name", "limit=1000&marker=MIDDLE&sort_key=name"),
    ("those that are ACTIVE (a tenth), a page in the middle", "limit=1000&marker=MIDDLE&status=ACTIVE"),
    ("those of a gateway (50)", "limit=1000&vgw_id=GATEWAY"),
    ("one, by its name", "name=interface-70000"),
    ("id and name, a page in the middle", "limit=1000&marker=MIDDLE&fields=id,name"),
)
MANY, OF_GATEWAY, OF_LINE, TENTH = 100000, 50, 4000, 10


def multiply(path, vif):
    """Copies the interface, with its peer, so that the database has MANY, on gateways and connections of their own. (MIDDLE, GATEWAY)"""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        numbers = iter(range(1, sys.maxsize))

        def new():
            number = next(numbers)
            return "01a20000-%04x-7000-8000-%012x" % (number >> 16, number)

        def model(table, column, value):
            return dict(database.execute("SELECT * FROM %s WHERE %s = ?" % (table, column), (value,)).fetchone())

        def put(table, rows):
            columns = list(rows[0])
            database.executemany("INSERT INTO %s (%s) VALUES (%s)" % (table, ", ".join(columns), ", ".join("?" * len(columns))),
                                 [tuple(row[column] for column in columns) for row in rows])
            return [row["id"] for row in rows]
        own = model("virtual_interface", "id", vif)
        peer, line, gateway = model("vif_peer", "vif_id", vif), model("direct_connect", "id", own["direct_connect_id"]), model(
            "virtual_gateway", "id", own["vgw_id"])
        port = model("port", "id", line["port_id"])
        ports = put("port", [dict(port, id=new(), device="p%d" % n, name="p%d" % n) for n in range(MANY // OF_LINE + 1)])
        lines = put("direct_connect", [dict(line, id=new(), port_id=one) for one in ports])
        gateways = put("virtual_gateway", [dict(gateway, id=new(), vpc_id=str(uuid.uuid4())) for _ in range(MANY // OF_GATEWAY)])
        rows = [dict(own, id=new(), name="interface-%d" % n, vlan=n % OF_LINE + 1, direct_connect_id=lines[n // OF_LINE],
                     vgw_id=gateways[n // OF_GATEWAY], vrf_gateway_id=gateways[n // OF_GATEWAY], status="DOWN" if n % TENTH else "ACTIVE")
                for n in range(MANY - 1)]
        put("virtual_interface", rows)
        put("vif_peer", [dict(peer, id=new(), vif_id=row["id"], name=row["name"]) for row in rows])
        database.commit()
    return rows[MANY // 2]["id"], gateways[len(gateways) // 2]


def wrk_times(process, url, seconds, token):
    """Milliseconds of a request on one connection: the median, what 99 of 100 stay below, and the server's processor time."""
    argv = ["wrk", "-t1", "-c1", "-d%gs" % seconds, "--latency", "-H", "X-Auth-Token: " + token, url]
    before = processor_seconds(process)
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    used = processor_seconds(process) - before
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit("bench: answers were not all successes:\n" + out)
    units = {"us": 0.001, "ms": 1, "s": 1000}
    times = [float(number) * units[unit] for number, unit in re.findall(r"(?:50|99)%\s+([\d.]+)(us|ms|s)", out)]
    return [*times, used * 1000 / int(re.search(r"(\d+) requests in", out)[1])]


def resident(process):
    with open("/proc/%d/status" % process.pid) as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


def statements_of(server, path, record_file):
    """Writes the statements that the server runs for a read into the file."""
    with open(record_file) as file:
        begin = len(file.read())
    body = server.tenant.get(path)
    with open(record_file) as file:
        lines = [line for line in file.read()[begin:].splitlines() if line.startswith("SELECT")]
    with open(record_file + ".page", "w") as out:
        out.write("\n".join(lines) + "\n")
    return record_file + ".page", json.dumps(body, separators=(",", ":")).encode(), len(lines)


def bench_lists(rows, runs, seconds):
    """Pages of MANY interfaces, on one connection, made each time: against SQLite with the same statements and libmicrohttpd with the
    same bytes, one after the other."""
    global BUILD
    build, found = BUILD, {}
    folder = tempfile.mkdtemp(prefix="bench-")
    os.chmod(folder, 0o755)
    record_file = os.path.join(folder, "record")
    open(record_file, "w").close()
    os.chmod(record_file, 0o666)
    BUILD = os.environ["DCAAS_BUILD"] = traced()
    server = Server(settings=SETTINGS + ("answer_memory = 0",), environment={"DCAAS_READS": record_file})
    try:
        vif = server.interface()
        server.dcaasd.stop()
        database = os.path.join(server.dcaasd.state, "dcaas.db")
        middle, gateway = multiply(database, vif)
        server.dcaasd.start()
        pages = [(words, server.path("virtual-interfaces?" + query.replace("MIDDLE", middle).replace("GATEWAY", gateway)))
                 for words, query in PAGES]
        for words, path in pages:
            file, body, count = statements_of(server, path, record_file)
            with open(file) as text:
                found[words] = (text.read(), body, count)
        server.dcaasd.stop()
        BUILD = os.environ["DCAAS_BUILD"] = build
        server.dcaasd.copy("dcaasd")
        server.dcaasd.environment = {}
        server.dcaasd.start()
        begin = resident(server.dcaasd.process)
        for words, path in pages:
            list_row(rows, runs, seconds, server, words, path, found[words], database)
        print("memory of dcaasd with %d interfaces: %.1f MB after its start, %.1f MB after these lists" % (
            MANY, begin, resident(server.dcaasd.process)), flush=True)
    finally:
        BUILD = os.environ["DCAAS_BUILD"] = build
        server.close()
        shutil.rmtree(folder)


def list_row(rows, runs, seconds, server, words, path, page, database):
    text, body, count = page
    bare = Bare(body, 1)
    yardstick, ours = [], []
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(text)
            file.flush()
            for _ in range(runs):
                sqlite = [float(one) / 1000 for one in subprocess.run(
                    [program("raw_sqlite"), database, file.name, "0", str(seconds)], stdout=subprocess.PIPE, text=True, check=True).stdout.split()]
                http = wrk_times(bare.process, bare.url, seconds, server.token)
                yardstick.append([one + other for one, other in zip(sqlite, http)])
                ours.append(wrk_times(server.dcaasd.process, server.dcaasd.endpoint + path, seconds, server.token))
    finally:
        bare.close()
    for number, name in enumerate(("p50", "p99", "processor time")):
        rows.add("%s (%d statements, %d kB): %s" % (words, count, len(body) // 1000, name), "ms", [one[number] for one in yardstick],
                 [one[number] for one in ours])


BENCHES = {"edge": bench_edge, "growth": bench_growth, "field": bench_field, "birds": bench_birds, "get": bench_get, "lists": bench_lists, "create": bench_create, "postgresql": bench_postgresql,
           "others": bench_others, "profile": bench_profile}


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
