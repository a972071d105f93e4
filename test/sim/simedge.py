# SPDX-License-Identifier: ISC
"""simedge.py - a dcaas-edge with the simulated fabric beside a dcaasd, for tests that stop, kill and starve it."""
import json
import os
import shutil
import signal
import subprocess
import tempfile

from lab.dcaasd import NOBODY
from lab.guest import PATIENCE
from support import V3, World, wait_for

CONFIG = """[edge]
server = {server}
device = {device}
token_file = {folder}/token
state_dir = {folder}/state
sim_options = {folder}/sim.ini
fabric = sim
"""
FAULTS = ("runtime error:", "Sanitizer", "Assertion")


class SimEdge:
    """One edge of that world; started by start(), its folder outlives its processes."""

    def __init__(self, world, **options):
        self.world, self.process = world, None
        self.folder = tempfile.mkdtemp(prefix="dcaas-edge-")
        os.chmod(self.folder, 0o755)
        self.program = world.dcaasd.copy("dcaas-edge")
        self.state = os.path.join(self.folder, "state")
        self.log_path = os.path.join(self.folder, "log")
        self.server, self.edge_id = world.endpoint, world.edge
        self.set_options(**options)
        self.set_token(world.edge_token)
        self.write("edge.conf", CONFIG.format(server=self.server, device=self.edge_id, folder=self.folder))
        self.give(self.folder)

    def give(self, path):
        if self.world.dcaasd.drop:
            os.chown(path, NOBODY, NOBODY)

    def write(self, name, text):
        """Whole or not at all: the edge reads some of them again while it runs."""
        fresh = os.path.join(self.folder, name + ".new")
        with open(fresh, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)
        self.give(fresh)
        os.rename(fresh, os.path.join(self.folder, name))

    def set_options(self, **options):
        """Of the simulation; a running edge takes them over."""
        self.write("sim.ini", "[sim]\n" + "".join("%s = %s\n" % pair for pair in options.items()))

    def set_token(self, token):
        self.write("token", token + "\n")

    def set_server(self, server):
        """From the next start on."""
        config = os.path.join(self.folder, "edge.conf")
        with open(config) as file:
            text = file.read()
        self.write("edge.conf", text.replace("server = " + self.server, "server = " + server))
        self.server = server

    def trust(self, certificate):
        """From the next start on; only this certificate."""
        with open(certificate, encoding="ascii") as file:
            self.write("ca.crt", file.read())
        with open(os.path.join(self.folder, "edge.conf"), encoding="utf-8") as file:
            text = file.read()
        self.write("edge.conf", text + "ca_file = %s/ca.crt\n" % self.folder)

    def log_all(self):
        """From the next start on."""
        config = os.path.join(self.folder, "edge.conf")
        with open(config) as file:
            text = file.read()
        self.write("edge.conf", text + "log = debug\n")

    def start(self):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        env.update((name, os.environ[name]) for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.world.dcaasd.unprivileged() + [self.program, "-c", os.path.join(self.folder, "edge.conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        return self

    def stop(self):
        """Its exit code after SIGTERM."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(15 * PATIENCE)
        finally:
            self.kill()
        return code

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        assert self.stop() == 0, self.log()[-4000:]
        return self.start()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def logged(self, words, since=0):
        return any(words in line for line in self.log().splitlines()[since:])

    def lines(self):
        return len(self.log().splitlines())

    # what the operator sees

    def seen(self):
        return self.world.operator.get("/dcaas/v1/edges/" + self.edge_id, say=False)["edge"]

    def wait_seen(self, what, condition, seconds=20):
        def look():
            seen = self.seen()
            return seen if condition(seen) else None
        return wait_for("edge: " + what, look, seconds)

    def wanted(self):
        """Keys of all that the edge wants to have, by its files: the whole set, and the journal that belongs to it."""
        with open(os.path.join(self.state, "desired"), "rb") as file:
            head, text = file.read().split(b"\n", 1)
        bodies, path = [text], os.path.join(self.state, "journal")
        if os.path.exists(path):
            with open(path, "rb") as file:
                first, _, rest = file.read().partition(b"\n")
            if first.split(b" ")[-1] == head.split(b":")[-1]:
                while rest:
                    length, _, rest = rest.partition(b"\n")
                    size = int(length.split(b" ")[0])
                    bodies.append(rest[:size])
                    rest = rest[size:]
        objects = {}
        for body in bodies:
            objects.update({one["key"]: one["deleted"] for one in json.loads(body)["objects"]})
        return {key for key, deleted in objects.items() if not deleted}

    def rows(self, path, name):
        return self.world.operator.get("/dcaas/v1/" + path, say=False)[name]


class SimSite:
    """A dcaasd, its world, an edge, and a tenant with a connection and a gateway."""

    def __init__(self, new_dcaasd, settings=(), edge=None, **options):
        unlimited = ["quota_virtual_gateways = -1", "quota_virtual_interfaces = -1"]
        self.dcaasd = new_dcaasd(settings=[*unlimited, *settings])
        self.world = World(self.dcaasd, edge={"report_interval": 2, **(edge or {})})
        self.edge = SimEdge(self.world, **options).start()
        self.tenant = self.world.tenant()
        self.line = self.world.connection(self.tenant)
        self.gateway = self.tenant.gateway(local_ep_group_ipv6=["fd00:10:1::/48"])["id"]

    def order(self, n, **members):
        """The interface's id; number n has a VLAN and a link subnet of its own."""
        return self.tenant.interface(self.line, self.gateway, vlan=100 + n, **{
            "name": "interface-%d" % n, "remote_ep_group": ["192.168.%d.0/24" % n],
            "local_gateway_v4_ip": "192.0.%d.1/30" % (2 + n), "remote_gateway_v4_ip": "192.0.%d.2/30" % (2 + n), **members})["id"]

    def interface(self, vif):
        return self.tenant.show("virtual-interfaces/" + vif)

    def wait_status(self, vif, status, seconds=20):
        def look():
            seen = self.interface(vif)
            return seen if seen["status"] == status else None
        try:
            return wait_for("%s of %s" % (status, vif), look, seconds)
        except AssertionError as error:
            raise AssertionError("%s\n%s\n%s" % (error, self.interface(vif), self.edge.log()[-3000:])) from None

    def wait_gone(self, vif, seconds=20):
        path = V3 + "virtual-interfaces/" + vif
        wait_for("404 of " + vif, lambda: self.tenant.call("GET", path, check=False, say=False).status == 404, seconds)

    def delete(self, vif):
        self.tenant.delete(V3 + "virtual-interfaces/" + vif)

    def peer(self, vif):
        return self.interface(vif)["vif_peers"][0]

    def close(self):
        """Ends the edge and holds it to a clean end."""
        try:
            code = self.edge.stop()
            log = self.edge.log()
        finally:
            self.edge.kill()
            shutil.rmtree(self.edge.folder, ignore_errors=True)
        assert code == 0, log[-4000:]
        assert not [line for line in log.splitlines() if any(word in line for word in FAULTS)], log[-4000:]
