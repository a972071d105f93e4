# SPDX-License-Identifier: ISC
"""site.py - a whole site: a lab, a dcaasd beside it, dcaas-edge on its router, and the operator's words for what is there.

    host: dcaasd (unprivileged) ── management network ── edge (dcaas-edge, BIRD) ── trunks ── customers' routers
"""
import time

from .api_client import Client
from .dcaasd import Dcaasd, binary
from .guest import GuestError, wait
from .topology import INSTALLED, MGMT_HOST, Lab

EDGE_CONFIG = """[edge]
server = http://{server}:{port}
allow_plain = yes
device = {device}
token_file = /etc/dcaas/token
state_dir = /run/dcaas/edge
user = {user}
fabric = linux
"""
UNPRIVILEGED = "65534"
BIRDS = 1900000000  # [edge] bird_ids: the control sockets' group; BIRD of instance N runs as this and N


class Site:
    """Comes up with `with Site() as site`; leaves nothing behind."""

    def __init__(self, lab_folder=None, port=0, settings=("accept_unattached_vpc = no",), say=print, kind=None, call=None,
                 report_interval=2, edge_settings=()):
        self.say, self.call = say, call
        self.lab = Lab.up(lab_folder, kind=kind, say=say)
        self.edge_log = "/tmp/dcaas-edge.log"
        self.wrapper = []
        self.edge_settings = edge_settings  # lines of its configuration
        try:
            # In a folder of the temporary one: nobody, who runs it, may have no way into the checkout.
            self.dcaasd = Dcaasd(None, port, settings, self.lab)
            self.dcaasd.init()
            self.dcaasd.start()
            self.operator = self.dcaasd.operator(call)
            self._inventory(report_interval)
        except BaseException:
            self.down()
            raise

    # the operator

    def _inventory(self, report_interval):
        operator = self.operator
        self.location = operator.post("/dcaas/v1/locations", {"direct_connect_location": {"name": "lab"}})[
            "direct_connect_location"]["id"]
        made = operator.post("/dcaas/v1/edges", {"edge": {"name": "edge1", "location_id": self.location, "device_id":
                             "172.16.40.2", "report_interval": report_interval}})["edge"]
        self.edge_id, self.token = made["id"], made["token"]
        self.ports = {device: operator.post("/dcaas/v1/ports", {"port": {"edge_id": self.edge_id, "device": device,
                      "name": device}})["port"]["id"] for device in ("trunk0", "trunk1", "vpc0")}

    def tenant(self, name):
        """A project with a member and the member's key, as a client."""
        operator = self.operator
        project = operator.post("/dcaas/v1/projects", {"project": {"name": name}})["project"]["id"]
        user = operator.post("/dcaas/v1/users", {"user": {"name": name, "project_id": project, "role": "member"}})["user"]["id"]
        key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": user}})["access_key"]
        return Client(self.dcaasd.endpoint, key["access_key"], key["secret_key"], project, self.call)

    def connection(self, tenant, device="trunk0", name="line", bandwidth=1000):
        return self.operator.post("/dcaas/v1/connections", {"direct_connect": {
            "tenant_id": tenant.project_id, "name": name, "port_id": self.ports[device], "bandwidth": bandwidth,
            "location": "lab", "port_type": "10G", "provider": "lab"}})["direct_connect"]["id"]

    def attach(self, tenant, vlan, prefixes, **members):
        """A VPC or an enterprise router behind a VLAN of port vpc0; members: vpc_id, local_ip, next_hop and the like."""
        return self.operator.post("/dcaas/v1/attachments", {"attachment": {
            "tenant_id": tenant.project_id, "port_id": self.ports["vpc0"], "vlan": vlan, "prefixes": prefixes, **members}})[
            "attachment"]["id"]

    # the edge

    def start_edge(self, program=None):
        edge = self.lab.edge
        edge.shell("mkdir -p /run/dcaas/edge && chown %s:%s /run/dcaas/edge && chmod 700 /run/dcaas/edge && mkdir -p /tmp/bin && cp %s /tmp/bin/dcaas-edge"
                   " && chmod 755 /tmp/bin/dcaas-edge" % (UNPRIVILEGED, UNPRIVILEGED, program or binary("dcaas-edge")))
        # /etc is the host's: the files go to places of the guest's own.
        edge.write("/run/dcaas/token", self.token + "\n", 0o600)
        edge.shell("chown %s:%s /run/dcaas/token" % (UNPRIVILEGED, UNPRIVILEGED))
        edge.write("/run/dcaas/edge.conf", EDGE_CONFIG.format(server=MGMT_HOST, port=self.dcaasd.lab_port, device=self.edge_id,
                   user=UNPRIVILEGED).replace("/etc/dcaas/token", "/run/dcaas/token")
                   + "".join(line + "\n" for line in self.edge_settings))
        # As the installed file does it; a network namespace as router has no such setting of its own.
        edge.shell("sysctl -q -p %s 2>/dev/null || true" % (
            "/usr/lib/sysctl.d/60-dcaas-edge.conf" if INSTALLED else "/run/lab/src/dist/dcaas-edge.sysctl"))
        return self.run_edge()

    def run_edge(self):
        """Starts it under a loop that starts it again whenever it ends, as systemd does."""
        self.edge_loop = self.lab.edge.spawn(
            "sh", "-c", 'while :; do "$@" & wait $!; echo "lab: dcaas-edge ended with $?"; sleep 0.5; done', "edge-loop",
            *self.wrapper, "/tmp/bin/dcaas-edge", "-c", "/run/dcaas/edge.conf", log=self.edge_log)
        return self

    def stop_edge(self, sig=15, timeout=20):
        """Ends the loop and both processes; BIRD continues."""
        self.lab.edge.kill(self.edge_loop, 9)
        for pid in self.edge_processes().values():
            self.lab.edge.shell("kill -%d %d 2>/dev/null || true" % (sig, pid))
        wait("the end of dcaas-edge", lambda: not self.edge_processes(), timeout)

    def wait_edge(self, timeout=60):
        def look():
            seen = self.operator.get("/dcaas/v1/edges/" + self.edge_id, say=False)["edge"]
            return seen if seen["reported_time"] else None
        return wait("a first report of the edge", look, timeout)

    def boot(self):
        """Distinguishes one process of the edge from the next, as of its last report; None before the first."""
        rows = self.rows("edge-reports", "edge_reports")
        return rows[0]["boot"] if rows else None

    def reboot_edge(self):
        """A power cut of the router. Its disk keeps the edge's files; they are elsewhere meanwhile, because all of the
        guest is memory. The caller starts dcaas-edge again."""
        edge, disk = self.lab.edge, "/run/lab/dir/disk.tar"
        edge.shell("tar -cf %s --warning=no-file-ignored -C / run/dcaas tmp/bin tmp/dcaas-edge.log" % disk)
        self.lab.reboot(edge)
        edge.shell("tar -xf %s -C / && rm %s" % (disk, disk))

    def edge_processes(self):
        """Pids in the edge's guest: {"agent": pid, "net": pid}, those that run. What the agent forks has its arguments at first,
        and its rights: such a one is neither yet."""
        out = self.lab.edge.shell("ps -eo pid,ppid,uid,stat,args").out
        rows = {}
        for line in out.splitlines()[1:]:
            pid, ppid, uid, stat, args = line.split(None, 4)
            words = args.split()
            if "Z" not in stat and words[0] != "sh" and "/tmp/bin/dcaas-edge" in words:
                rows[int(pid)] = int(ppid), uid
        found = {}
        for pid, (ppid, uid) in sorted(rows.items()):
            if uid == UNPRIVILEGED:
                found.setdefault("net", pid)
            elif ppid not in rows:
                found.setdefault("agent", pid)
        return found

    def birds(self):
        """Pids of the edge's routing daemons."""
        out = self.lab.edge.shell("ps -eo pid,uid,stat,args").out
        rows = [line.split(None, 3) for line in out.splitlines()[1:]]
        return [int(pid) for pid, uid, stat, args in rows if "Z" not in stat and args.split()[0].endswith("bird") and
                int(uid) > BIRDS]

    def edge_log_text(self):
        return self.lab.edge.read(self.edge_log)

    # what the API shows

    def interface(self, tenant, vif):
        return tenant.get("/v3/{project_id}/dcaas/virtual-interfaces/" + vif, say=False)["virtual_interface"]

    def session(self, peer):
        """What the edge reports of a BGP session; None before its first report."""
        answer = self.operator.call("GET", "/dcaas/v1/sessions/" + peer, check=False, say=False)
        return answer["session"] if answer.status == 200 else None

    def rows(self, path, name):
        """All rows of an operator's list."""
        return self.operator.get("/dcaas/v1/" + path, say=False)[name]

    def instances(self):
        """Network namespaces of the edge's routing daemons."""
        return sorted(name for name in self.lab.edge.shell("ls /run/netns").out.split() if name.startswith("dcaas-"))

    def wait_gone(self, tenant, path, timeout=60):
        wait("404 of " + path, lambda: tenant.call("GET", path, check=False, say=False).status == 404, timeout, 0.1)

    # the end

    def down(self):
        if getattr(self, "dcaasd", None) is not None:
            self.dcaasd.remove()
        self.lab.down()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()


def timed(function):
    begun = time.monotonic()
    value = function()
    return value, time.monotonic() - begun
