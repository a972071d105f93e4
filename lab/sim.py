"""sim.py - `make sim`: dcaasd with a simulated edge and an inventory to order from, on loopback, in the foreground.

No root, no router: the answers are the API's own, what stands behind them is simulated (`dcaas-edge --fabric sim`).
"""
import argparse
import json
import os
import pwd
import secrets
import shlex
import signal
import subprocess
import sys
import time

from .api_client import ApiError, Client
from .dcaasd import NOBODY, Dcaasd, binary
from .guest import PATIENCE, GuestError, wait
from .topology import ROOT, LabError, shown, start_time

SETTINGS = ("accept_unattached_vpc = yes",)
EDGE_CONFIG = """[edge]
server = {endpoint}
device = {device}
token_file = {folder}/edge.token
state_dir = {folder}/edge
sim_options = {folder}/sim.ini
fabric = sim
"""
SIM_OPTIONS = """# How the simulated router behaves; dcaas.conf(5) tells what else can be said. Changes count at once.
[sim]
ports = port1
"""
# Any id will do: the server accepts VPCs that are attached nowhere.
VPC = "6a1e2f30-0000-4000-8000-000000000001"


class Sim:
    def __init__(self, folder, port):
        self.folder = os.path.abspath(folder)
        self.env_path = os.path.join(self.folder, "env")
        self.mark = os.path.join(self.folder, "running.json")
        self.edge = None
        os.makedirs(self.folder, exist_ok=True)
        self._refuse_strange()
        self._refuse_second()
        self.dcaasd = Dcaasd(self.folder, port, SETTINGS)
        self.values = {}

    def _refuse_strange(self):
        """What another user's run left is not touched: he could not go on with it, nor could we. (Root's belongs to nobody.)"""
        mine = (0, NOBODY) if os.geteuid() == 0 else (os.geteuid(),)
        state = os.path.join(self.folder, "state")
        owner = os.stat(state if os.path.exists(state) else self.folder).st_uid
        if owner not in mine and (os.geteuid() != 0 or os.path.exists(state)):
            raise LabError("%s belongs to %s: run it as that user, or choose another folder with DIR=" %
                           (shown(self.folder), user_name(owner)))

    def _refuse_second(self):
        try:
            with open(self.mark) as file:
                other = json.load(file)
        except (OSError, ValueError):
            return
        if start_time(other["pid"]) == other["start"]:
            raise LabError("one runs in %s already (pid %d, %s): end it, or choose another folder with DIR=" %
                           (self.folder, other["pid"], other.get("endpoint", "starting")))

    def _mark(self):
        with open(self.mark, "w") as file:
            json.dump({"pid": os.getpid(), "start": start_time(os.getpid()), "endpoint": self.dcaasd.endpoint}, file)

    # state that outlives a run

    def known(self):
        """Lines of the env file of an earlier run in this folder, {} when it is a new one."""
        if not os.path.exists(os.path.join(self.folder, "state", "dcaas.db")):
            return {}
        try:
            with open(self.env_path) as file:
                pairs = [line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#")]
        except OSError:
            raise LabError("%s has a database but no env file with its keys: remove the folder to begin anew" %
                           self.folder) from None
        return {name: shlex.split(value)[0] if value else "" for name, value in pairs}

    def write_env(self):
        fresh = self.env_path + ".new"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write("# dcaas with a simulated edge. For a shell: set -a; . %s; set +a\n" % shlex.quote(self.env_path))
            for name, value in self.values.items():
                file.write("%s=%s\n" % (name, shlex.quote(value)))
        os.rename(fresh, self.env_path)

    def seed(self, admin):
        """What an operator would describe: a site, its edge, a port, a tenant, and his connection."""
        operator = Client(self.dcaasd.endpoint, admin["DCAAS_ADMIN_ACCESS_KEY"], admin["DCAAS_ADMIN_SECRET_KEY"])

        def make(plural, singular, **body):
            return operator.post("/dcaas/v1/" + plural, {singular: body})[singular]
        location = make("locations", "direct_connect_location", name="simulated site")["id"]
        edge = make("edges", "edge", name="edge1", description="simulated", location_id=location, device_id="172.16.40.2",
                    report_interval=10)
        port = make("ports", "port", edge_id=edge["id"], device="port1", name="port1")["id"]
        project = make("projects", "project", name="tenant1")["id"]
        password = secrets.token_urlsafe(12)
        user = make("users", "user", name="tenant1", project_id=project, role="member", password=password)["id"]
        key = make("access-keys", "access_key", user_id=user)
        line = make("connections", "direct_connect", tenant_id=project, name="line1", port_id=port, bandwidth=10000,
                    location="simulated site", port_type="10G", provider="simulated")["id"]
        with open(os.path.join(self.folder, "edge.token"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(edge["token"] + "\n")
        return {"DCAAS_ENDPOINT": self.dcaasd.endpoint, "DCAAS_PROJECT_ID": project,
                "DCAAS_DOMAIN_ID": admin["DCAAS_DOMAIN_ID"], "DCAAS_ACCESS_KEY": key["access_key"],
                "DCAAS_SECRET_KEY": key["secret_key"], "DCAAS_DIRECT_CONNECT_ID": line,
                "DCAAS_ADMIN_ACCESS_KEY": admin["DCAAS_ADMIN_ACCESS_KEY"],
                "DCAAS_ADMIN_SECRET_KEY": admin["DCAAS_ADMIN_SECRET_KEY"], "DCAAS_USER_NAME": "tenant1",
                "DCAAS_USER_PASSWORD": password, "DCAAS_EDGE_ID": edge["id"]}

    # processes

    def start(self):
        self.values = self.known()
        admin = None if self.values else self.dcaasd.init()
        self.dcaasd.start()
        self._mark()
        if admin:
            self.values = self.seed(admin)
        self.values["DCAAS_ENDPOINT"] = self.dcaasd.endpoint
        self.write_env()
        self.start_edge()

    def start_edge(self):
        config = os.path.join(self.folder, "edge.conf")
        with open(config, "w") as file:
            file.write(EDGE_CONFIG.format(endpoint=self.dcaasd.endpoint, device=self.values["DCAAS_EDGE_ID"],
                                          folder=self.folder))
        os.makedirs(os.path.join(self.folder, "edge"), exist_ok=True)
        options = os.path.join(self.folder, "sim.ini")
        if not os.path.exists(options):
            with open(options, "w") as file:
                file.write(SIM_OPTIONS)
        if self.dcaasd.drop:
            for name in ("edge", "edge.token", "edge.conf", "sim.ini"):
                os.chown(os.path.join(self.folder, name), NOBODY, NOBODY)
        program = self.dcaasd.copy("dcaas-edge")
        with open(os.path.join(self.folder, "edge.log"), "ab") as log:
            self.edge = subprocess.Popen(self.dcaasd.unprivileged() + [program, "-c", config, "--fabric", "sim"],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def ready(self):
        """The edge has said that it is there, and that it is simulated."""
        operator = Client(self.dcaasd.endpoint, self.values["DCAAS_ADMIN_ACCESS_KEY"], self.values["DCAAS_ADMIN_SECRET_KEY"])
        begun = time.time() * 1000

        def look():
            if self.edge.poll() is not None:
                raise LabError("the simulated edge ended: " + self.tail("edge.log"))
            report = operator.get("/dcaas/v1/edges/" + self.values["DCAAS_EDGE_ID"])["edge"]
            return report["fabric"] == "sim" and report["reported_time"] and millis(report["reported_time"]) >= begun - 1000
        wait("a report of the simulated edge", look, 20, 0.02)

    def tail(self, name):
        try:
            with open(os.path.join(self.folder, name), errors="replace") as file:
                return "\n" + "".join(file.readlines()[-15:])
        except OSError as error:
            return str(error)

    def watch(self):
        """Until a signal, or one of the two ends by itself. Returns what ended."""
        while True:
            if self.dcaasd.process.poll() is not None:
                return "dcaasd ended: " + self.tail("dcaasd.log")
            if self.edge.poll() is not None:
                return "dcaas-edge ended: " + self.tail("edge.log")
            time.sleep(0.2)

    def stop(self):
        if self.edge is not None and self.edge.poll() is None:
            self.edge.terminate()
            try:
                self.edge.wait(5 * PATIENCE)
            except subprocess.TimeoutExpired:
                self.edge.kill()
                self.edge.wait()
        try:
            self.dcaasd.stop()
        finally:
            if os.path.exists(self.mark):
                os.unlink(self.mark)


def user_name(uid):
    try:
        return "root" if uid == NOBODY else pwd.getpwuid(uid).pw_name
    except KeyError:
        return "user %d" % uid


def millis(text):
    """An API time as milliseconds since 1970."""
    import datetime
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000


def first_order(sim):
    """What a newcomer can paste: the same order by command line, and a look by curl."""
    return """
A first order by hand, in another terminal:

  set -a; . {env}; set +a
  vgw=$({dcaas} -q virtual-gateway create --name office --vpc-id {vpc} --local-ep-group 10.1.0.0/16)
  vif=$({dcaas} -q virtual-interface create --name office --type private --direct-connect-id $DCAAS_DIRECT_CONNECT_ID \\
      --vgw-id $vgw --vlan 100 --bandwidth 50 --route-mode bgp --bgp-asn 65001 \\
      --local-gateway-v4-ip 169.254.10.1/30 --remote-gateway-v4-ip 169.254.10.2/30)
  {dcaas} virtual-interface wait $vif --status ACTIVE

The same server by curl, with a token:

  token=$(curl -s -o /dev/null -D - -H 'Content-Type: application/json' $DCAAS_ENDPOINT/v3/auth/tokens -d '{{"auth":{{"identity":{{
      "methods":["password"],"password":{{"user":{{"name":"'$DCAAS_USER_NAME'","password":"'$DCAAS_USER_PASSWORD'",
      "domain":{{"id":"'$DCAAS_DOMAIN_ID'"}}}}}}}},"scope":{{"project":{{"id":"'$DCAAS_PROJECT_ID'"}}}}}}}}' |
      sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: *//p' | tr -d '\\r')
  curl -s -H "X-Auth-Token: $token" $DCAAS_ENDPOINT/v3/$DCAAS_PROJECT_ID/dcaas/virtual-interfaces
""".format(dcaas=shown(binary("dcaas")), env=shown(sim.env_path), vpc=VPC)


def stop_on_term(_signal, _frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="make sim", description="dcaasd with a simulated edge")
    parser.add_argument("--port", type=int, default=8080, help="port on loopback; 0: any free one")
    parser.add_argument("--dir", default=os.path.join(ROOT, "build", "sim"), help="folder of its state")
    options = parser.parse_args()
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, stop_on_term)
    sim = None
    try:
        sim = Sim(options.dir, options.port)
        sim.start()
        sim.ready()
        print("sim: dcaasd on %s with a simulated edge (no router: what it reports is simulated), ready after %.1f s" %
              (sim.dcaasd.endpoint, time.monotonic() - begun))
        print("sim: credentials in %s, state in %s; Ctrl-C ends it, the state stays" % (shown(sim.env_path), shown(sim.folder)))
        print(first_order(sim), flush=True)
        ended = sim.watch()
        print("sim: " + ended, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sim: ending")
        return 0
    except (LabError, GuestError, ApiError, OSError) as error:
        print("sim: %s" % error, file=sys.stderr)
        if "in use" in str(error):
            print("sim: PORT=0 takes a free port", file=sys.stderr)
        return 1
    finally:
        if sim is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            sim.stop()


if __name__ == "__main__":
    sys.exit(main())
