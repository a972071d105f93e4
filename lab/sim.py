# SPDX-License-Identifier: ISC
"""sim.py - `make sim`: dcaasd with a simulated edge and an inventory to order from, on loopback, in the foreground.

No root, no router: the answers are the API's own, what stands behind them is simulated (`dcaas-edge --fabric sim`).
"""
import argparse
import errno
import fcntl
import json
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time

from .api_client import ApiError, Client
from .calls import Calls
from .dcaasd import NOBODY, Dcaasd, binary, choose_port
from .guest import PATIENCE, GuestError, wait
from .topology import INSTALLED, LabError, chosen, shown, state_folder, typed

FIRST = """# Of `%s`, which reads it at each start and keeps what you change (dcaas.conf(5) has all settings).
# state_dir and the port files are its own; %s goes over listen, %s "name=value ..." over the others.
[dcaasd]
accept_unattached_vpc = yes
accept_unknown_global_eip = yes
test_double = yes
""" % (typed("sim"), chosen("port"), chosen("set"))
OWN = {"state_dir": chosen("dir") + " chooses it", "port_file": "it is the simulation's own", "tls_port_file": "it is the simulation's own",
       "listen": chosen("port") + " chooses it"}
DEFAULT_REGION = "region-1"
EDGE_CONFIG = """[edge]
server = {endpoint}
device = {device}
token_file = {folder}/edge.token
state_dir = {folder}/edge
sim_options = {folder}/sim.ini
fabric = sim
"""
SIM_OPTIONS = """# How the simulated router behaves. dcaas-sim(5) describes all options. Changes count at once.
# down, slow and flap take ids (of a peer, an interface, a peer link, a gateway), addresses, and names on the router:
#   down = 169.254.10.2
#   flap = ID
#   flap_ms = 3000
#   slow = ID
#   change_ms = 500
[sim]
ports = port1
"""
# Any id will do: the server accepts VPCs that are attached nowhere.
VPC = "6a1e2f30-0000-4000-8000-000000000001"


class Configuration:
    """Lines of a dcaasd.conf that a hand may have changed."""

    def __init__(self, text):
        self.lines = text.splitlines()

    def _place(self, key):
        places = [n for n, line in enumerate(self.lines) if re.match(r"\s*%s\s*[=:]" % re.escape(key), line)]
        return places[-1] if places else None

    def get(self, key):
        place = self._place(key)
        return None if place is None else re.split(r"\s[;#]", re.split("[=:]", self.lines[place], maxsplit=1)[1])[0].strip()

    def put(self, key, value):
        line, place = "%s = %s" % (key, value), self._place(key)
        if place is None:
            self.lines.append(line)
        else:
            self.lines[place] = line

    def text(self):
        return "\n".join(self.lines) + "\n"


class Server(Dcaasd):
    """A dcaasd whose configuration outlives it."""

    MARK = "# listen, as the simulation chose it: "

    def __init__(self, folder, port, settings, tell):
        self.before, self.given = None, settings
        path = os.path.join(folder, "dcaasd.conf")
        if os.path.exists(path):
            with open(path) as file:
                self.before = file.read()
        self.content = Configuration(FIRST if self.before is None else self.before)
        self.host, self.by_hand = self._listens()
        port = choose_port(self.by_hand if port is None else port, tell, self.host)
        self.region = dict(settings).get("region_id") or self.content.get("region_id") or DEFAULT_REGION
        super().__init__(folder, port)

    def _listens(self):
        """Address, and the port when it was written by hand."""
        listen = self.content.get("listen")
        if listen is None or self.MARK + listen in self.content.lines:
            return "127.0.0.1", None
        host, colon, port = listen.rpartition(":")
        if not colon or not port.isdigit():
            raise LabError("listen = %s: must be address:port" % listen)
        return host, int(port)

    def write_config(self):
        conf = self.content
        conf.lines = [line for line in conf.lines if not line.startswith(self.MARK)]
        for key, value in self.given:
            conf.put(key, value)
        for key, name in (("state_dir", "state"), ("port_file", "port"), ("tls_port_file", "tls_port")):
            conf.put(key, os.path.join(self.folder, name))
        listen = "%s:%d" % (self.host, self.port)
        conf.put("listen", listen)
        if self.by_hand != self.port:
            conf.lines.append(self.MARK + listen)
        with open(self.config + ".new", "w") as file:
            file.write(conf.text())
        os.rename(self.config + ".new", self.config)

    def forget_config(self):
        """What this start could not work with is not kept for the next one."""
        if self.before is None:
            os.unlink(self.config)
        else:
            with open(self.config, "w") as file:
                file.write(self.before)

    def start(self):
        super().start()
        # An address that means "all" is none to call.
        self.endpoint = self.endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        return self

    def https(self):
        """Address of the API over HTTPS; None when it listens nowhere."""
        if self.content.get("listen_tls") in (None, "none"):
            return None
        with open(os.path.join(self.folder, "tls_port")) as file:
            return "https://" + file.read().strip()


def settings_of(words):
    """SET="name=value ...", as the shell splits it."""
    pairs = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not re.fullmatch(r"\w+", name) or "\n" in value:
            raise LabError("SET: %s: a setting is name=value (dcaas.conf(5), section [dcaasd])" % word)
        if name in OWN:
            raise LabError("SET: %s cannot be set here: %s" % (name, OWN[name]))
        pairs.append((name, value))
    return pairs


class Sim:
    def __init__(self, folder, port, settings=(), tell=print):
        self.folder = os.path.abspath(folder)
        self.env_path = os.path.join(self.folder, "env")
        self.mark = os.path.join(self.folder, "running.json")
        self.unfinished = os.path.join(self.folder, "unfinished")
        self.edge = None
        if re.search(r"[\n\r]|\s[;#]", self.folder):
            raise LabError("%r cannot be named in a configuration: choose another folder with %s" % (self.folder, chosen("dir")))
        os.makedirs(self.folder, exist_ok=True)
        self._refuse_strange()
        self._refuse_second()
        self.dcaasd, self.tell = Server(self.folder, port, settings, tell), tell
        self.values = {}

    def _refuse_strange(self):
        """What another user's run left is not touched: neither user could continue with it. (Root's belongs to nobody.)"""
        mine = (0, NOBODY) if os.geteuid() == 0 else (os.geteuid(),)
        state = os.path.join(self.folder, "state")
        owner = os.stat(state if os.path.exists(state) else self.folder).st_uid
        if owner not in mine and (os.geteuid() != 0 or os.path.exists(state)):
            raise LabError("%s belongs to %s: run it as that user, or choose another folder with %s" %
                           (shown(self.folder), user_name(owner), chosen("dir")))

    def _refuse_second(self):
        """The lock goes with this process, however that ends."""
        self.lock = open(os.path.join(self.folder, "lock"), "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError("one runs in %s already (%s): end it, or choose another folder with %s" %
                           (self.folder, self._other(), chosen("dir"))) from None
        self._mark("starting")

    def _other(self):
        try:
            with open(self.mark) as file:
                other = json.load(file)
            return "pid %d, %s" % (other["pid"], other["endpoint"])
        except (OSError, ValueError):
            return "starting"

    def _mark(self, endpoint):
        with open(self.mark + ".new", "w") as file:
            json.dump({"pid": os.getpid(), "endpoint": endpoint}, file)
        os.rename(self.mark + ".new", self.mark)

    # state that outlives a run

    def known(self):
        """Lines of the env file of an earlier run in this folder, {} when it is a new one."""
        if not os.path.exists(os.path.join(self.folder, "state", "dcaas.db")):
            return {}
        try:
            with open(self.env_path) as file:
                pairs = [line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#")]
        except OSError:
            raise LabError("%s has a database but no env file with its keys: remove the folder to begin again" %
                           self.folder) from None
        return {name: shlex.split(value)[0] if value else "" for name, value in pairs}

    def forget_unfinished(self):
        """A first start that was cut short left a database whose keys were never shown: the start begins again."""
        if not os.path.exists(self.unfinished):
            return
        for name in ("state", "edge"):
            shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)
        for name in ("env", "edge.token"):
            if os.path.exists(os.path.join(self.folder, name)):
                os.unlink(os.path.join(self.folder, name))

    def write_env(self):
        fresh = self.env_path + ".new"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write("# dcaas with a simulated edge. For a shell: set -a; . %s; set +a\n" % shlex.quote(self.env_path))
            for name, value in self.values.items():
                file.write("%s=%s\n" % (name, shlex.quote(value)))
        os.rename(fresh, self.env_path)

    def seed(self, admin):
        """What an operator would describe: a site, its edge, a port, a tenant, and the tenant's connection."""
        operator = Client(self.dcaasd.endpoint, admin["DCAAS_ADMIN_ACCESS_KEY"], admin["DCAAS_ADMIN_SECRET_KEY"], say=Calls())
        self.tell("the operator describes what there is to order from")

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
        self.forget_unfinished()
        self.values = self.known()
        admin = None
        try:
            if not self.values:
                with open(self.unfinished, "w"):
                    pass
                admin = self.dcaasd.init()
            self.dcaasd.start()
        except BaseException:
            self.dcaasd.forget_config()
            raise
        self._mark(self.dcaasd.endpoint)
        if admin:
            self.values = self.seed(admin)
        self.values.update(DCAAS_ENDPOINT=self.dcaasd.endpoint, DCAAS_REGION_ID=self.dcaasd.region)
        self.write_env()
        if os.path.exists(self.unfinished):
            os.unlink(self.unfinished)
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
            self.read = log.tell()
            self.edge = subprocess.Popen(self.dcaasd.unprivileged() + [program, "-c", config, "--fabric", "sim"],
                                         stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def ready(self):
        """The edge has reported, and as a simulated one."""
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
            self.tell_refused()
            time.sleep(0.2)

    def tell_refused(self):
        """Faults that the simulated router does not understand."""
        with open(os.path.join(self.folder, "edge.log"), "rb") as file:
            file.seek(self.read)
            whole = file.read().rpartition(b"\n")
        self.read += len(whole[0] + whole[1])
        for line in whole[0].decode(errors="replace").splitlines():
            if "options of the simulation refused" in line:
                print("sim: %s is refused, what was before it counts: %s" % (
                    shown(os.path.join(self.folder, "sim.ini")), line.split("error=", 1)[-1]), file=sys.stderr, flush=True)

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


def go_on(sim):
    """What a newcomer can paste: a first order."""
    return """
Seen: dcaasd serves the API, with a location, an edge, a port, a tenant and the tenant's connection to order from. The edge
reports as a real edge does. Its router is simulated: neighbours come up after 200 ms and announce one route each. Faults
are lines of {ini}. Continue with a first order, in another terminal:

  set -a; . {env}; set +a
  {dcaas} vgw create --name office --vpc-id {vpc} --local-ep-group 10.1.0.0/16
  {dcaas} vif create --name office --type private --direct-connect-id line1 --vgw-id office --vlan 100 --bandwidth 50 \\
      --route-mode bgp --bgp-asn 65001 --local-gateway-v4-ip 169.254.10.1/30 --remote-gateway-v4-ip 169.254.10.2/30 --wait
  {dcaas} vif ls

README.md has the same with curl and with Python.
""".format(dcaas=shlex.quote(shown(binary("dcaas"))), env=shlex.quote(shown(sim.env_path)), vpc=VPC,
           ini=shown(os.path.join(sim.folder, "sim.ini")))


def interrupt(_signal, _frame):
    raise KeyboardInterrupt


def on_signals(action):
    """SIGINT too: what a shell starts in the background is born with it ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, action)


def tell(words):
    print("sim: " + words, flush=True)


def main():
    parser = argparse.ArgumentParser(prog=typed("sim"), description="dcaasd with a simulated edge")
    parser.add_argument("--port", type=int, help="port on loopback; 0: any free one (default: 8080 when it is free)")
    parser.add_argument("--dir", default=state_folder("sim"), help="folder of its state")
    parser.add_argument("--set", default="", metavar="NAME=VALUE...", help="settings of dcaasd; kept in its configuration")
    options = parser.parse_args()
    begun = time.monotonic()
    sim = None
    try:
        on_signals(interrupt)
        sim = Sim(options.dir, options.port, settings_of(shlex.split(options.set)), tell)
        sim.start()
        sim.ready()
        print("sim: dcaasd on %s with a simulated edge (no router: what it reports is simulated), ready after %.1f s" %
              (sim.dcaasd.endpoint, time.monotonic() - begun))
        if sim.dcaasd.https():
            print("sim: also on %s, certificate in %s" % (sim.dcaasd.https(), shown(os.path.join(sim.folder, "state", "tls.crt"))))
        print("sim: credentials in %s, state in %s; Ctrl-C ends it, the state stays" % (shown(sim.env_path), shown(sim.folder)))
        print(go_on(sim), flush=True)
        ended = sim.watch()
        print("sim: " + ended, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sim: ending")
        return 0
    except (LabError, GuestError, ApiError, OSError, ValueError) as error:
        print("sim: %s" % error, file=sys.stderr)
        if "in use" in str(error):
            print("sim: %s uses a free port" % ("--port 0" if INSTALLED else "PORT=0"), file=sys.stderr)
        if isinstance(error, OSError) and error.errno == errno.ENETUNREACH:
            print("sim: is loopback up? (ip link set lo up)", file=sys.stderr)
        return 1
    finally:
        on_signals(signal.SIG_IGN)
        if sim is not None:
            sim.stop()


if __name__ == "__main__":
    sys.exit(main())
