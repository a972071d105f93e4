# SPDX-License-Identifier: ISC
"""run.py - `make run`: a whole site on this machine, one order through the API, and what became of it. Each call is a line;
VERBOSE=1 prints bodies, too.

Real: dcaasd, its database, dcaas-edge, the edge's kernel and BIRD, the customer's router (another BIRD), the packets. Virtual
is only where they run: two guests and the wires between them. Everything is held by this process and ends with it.
"""
import argparse
import json
import os
import shlex
import shutil
import signal
import sys
import time

from .api_client import ApiError
from .calls import Calls
from .dcaasd import DEFAULT_PORT, binary, choose_port
from .guest import GuestError, wait
from .order import V3, Gateway, Line
from .site import Site
from .topology import INSTALLED, ROOT, LabError, down, shown, start_time, state_folder, typed

FOLDER = state_folder("run")
PASSWORD = "example-of-md5"


class Run:
    def __init__(self, folder=FOLDER):
        self.folder = os.path.abspath(folder)
        self.mark = os.path.join(self.folder, "run.json")
        self.env = os.path.join(self.folder, "env")
        self.lab_folder = os.path.join(self.folder, "lab")
        self.begun = time.monotonic()
        self.site = None

    # what an earlier run left

    def earlier(self):
        """The mark of an earlier run, or None."""
        try:
            with open(self.mark) as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    @staticmethod
    def lives(mark):
        return start_time(mark["pid"]) == mark["start"]

    def clean(self, mark):
        """Removes what a run that was killed could not remove itself."""
        ended = down(self.lab_folder)
        folder = mark.get("dcaasd")
        if folder and os.path.basename(folder).startswith("dcaasd-"):
            shutil.rmtree(folder, ignore_errors=True)
        for path in (self.mark, self.env):
            if os.path.exists(path):
                os.unlink(path)
        return ended

    def refuse_second(self):
        mark = self.earlier()
        if mark is None:
            return
        if self.lives(mark):
            raise LabError("one runs already: pid %d, %s. `%s` ends it" % (
                mark["pid"], mark.get("endpoint", "starting"), typed("stop")))
        self.tell("an earlier run (pid %d) ended without cleaning up: removing what it left" % mark["pid"])
        self.clean(mark)

    def write_mark(self):
        mark = {"pid": os.getpid(), "start": start_time(os.getpid())}
        if self.site is not None:
            mark.update(dcaasd=self.site.dcaasd.folder, endpoint=self.site.dcaasd.endpoint)
        os.makedirs(self.folder, exist_ok=True)
        with open(self.mark + ".new", "w") as file:
            json.dump(mark, file)
        os.rename(self.mark + ".new", self.mark)

    # printing

    def tell(self, words):
        print("run: %5.1f s  %s" % (time.monotonic() - self.begun, words), flush=True)

    # the steps

    def up(self, port):
        self.write_mark()
        port = choose_port(port, self.tell)
        self.site = Site(self.lab_folder, port, call=Calls(), say=self.tell_lab)
        self.write_mark()
        self.tell("dcaasd serves %s; the operator has described a location, an edge and its ports" % self.site.dcaasd.endpoint)
        self.site.start_edge()
        self.site.wait_edge()
        self.tell("dcaas-edge reports from the router")

    def tell_lab(self, words):
        self.tell(words.split(": ", 1)[-1])

    def order(self):
        site = self.site
        tenant = site.tenant("tenant1")
        connection = site.connection(tenant)
        self.tell("the operator has made project tenant1, its key, and a connection on port trunk0")
        self.write_env(tenant, connection)
        gateway = Gateway(site, tenant, 1, name="office").host_up()
        self.tell("a VPC is attached (10.1.0.0/16, fd10:1::/64), with a host in it; tenant1 has a virtual gateway before it")
        line = Line(site, tenant, connection, gateway, 1, md5=PASSWORD, name="customer1").order()
        self.tell("ordered: a virtual interface with two BGP peers, IPv4 and IPv6, both with MD5")
        line.router(announce=["192.168.1.0/24", "192.168.101.0/24", "192.168.102.0/24", "fd20:1::/64"])
        self.tell("the customer's router (BIRD, AS %d) is up and announces three IPv4 routes and one IPv6 route" % line.asn)
        for family, routes in (("4", 3), ("6", 1)):
            line.wait_peer("ACTIVE", lambda p, n=routes: p["status"] == "ACTIVE" and p["bgp_status"] == "up" and
                           p["receive_route_num"] == n, family)
        self.tell("both sessions are Established, the routes are counted")
        return line

    def show(self, line):
        seen = line.tenant.get(V3 + "virtual-interfaces/" + line.vif)["virtual_interface"]
        for peer in seen["vif_peers"]:
            self.site.operator.get("/dcaas/v1/sessions/" + peer["id"])
        for family, peer in zip("46", sorted(seen["vif_peers"], key=lambda p: p["address_family"])):
            session = line.session(family)
            self.tell("peer %s: status %s, bgp_status %s, receive_route_num %d; the router reports %s" % (
                peer["address_family"], peer["status"], peer["bgp_status"], peer["receive_route_num"], session["state"]))
        for family in "46":
            self.ping(line, family)

    def ping(self, line, family):
        target = line.gateway.address(family)
        seen = wait("a ping from behind the customer's router to %s" % target,
                    lambda: (lambda p: p if p.received == p.sent and p.sent else None)(line.customer.ping(target)), 60)
        self.tell("ping from %s, behind the customer's router, to %s, a host of the VPC: %d of %d came back" % (
            line.host_address(family), target, seen.received, seen.sent))

    def write_env(self, tenant, connection):
        site = self.site
        values = {"DCAAS_ENDPOINT": site.dcaasd.endpoint, "DCAAS_PROJECT_ID": tenant.project_id,
                  "DCAAS_DOMAIN_ID": site.dcaasd.admin["DCAAS_DOMAIN_ID"], "DCAAS_ACCESS_KEY": tenant.access_key,
                  "DCAAS_SECRET_KEY": tenant.secret_key, "DCAAS_DIRECT_CONNECT_ID": connection,
                  "DCAAS_ADMIN_ACCESS_KEY": site.operator.access_key, "DCAAS_ADMIN_SECRET_KEY": site.operator.secret_key}
        fd = os.open(self.env, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.writelines("%s=%s\n" % (name, shlex.quote(value)) for name, value in values.items())
        if os.environ.get("SUDO_UID"):
            os.chown(self.env, int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", -1)))

    def last_words(self):
        print("""
Seen: a tenant ordered a virtual interface through the API, and dcaas-edge made it on a router. BIRD there and BIRD on the
customer's router brought up two BGP sessions with MD5. The API answered ACTIVE when the router had reported both as
Established. Pings crossed them into the VPC. The routers are {kind}.
""".format(kind=KINDS[self.site.lab.kind]), flush=True)

    def go_on(self):
        print("""It runs at {endpoint} (loopback only), credentials are in {env}. Continue with:

  {dcaas} --env {env} virtual-interface list
  {lab} --dir {folder} bird customers /run/lab/customer1.ctl disable all
  {dcaas} --env {env} session list

The first shows what the tenant sees. The second makes the customer's router end its sessions; the first shows the reason
then, and `enable all` in place of `disable all` repairs it. The third shows each session on the router.

Ctrl-C, or `{stop}`, ends all of it and leaves nothing behind.""".format(
            endpoint=self.site.dcaasd.endpoint, env=shown(self.env), dcaas=shown(binary("dcaas")), stop=typed("stop"),
            folder=shown(self.lab_folder), lab="sudo " + ("dcaas-lab" if INSTALLED else "python3 lab")), flush=True)

    def watch(self):
        """Until a signal; or what ended by itself."""
        while True:
            if self.site.dcaasd.process.poll() is not None:
                return "dcaasd ended: " + self.site.dcaasd.log()[-2000:]
            if start_time(self.site.lab.state["pid"]) != self.site.lab.state["start"]:
                return "the lab ended"
            time.sleep(0.5)

    def explain(self):
        """The last lines of both logs, when something went wrong."""
        if self.site is None:
            return
        print("\n--- dcaasd's log ends with\n" + "\n".join(self.site.dcaasd.log().splitlines()[-10:]), file=sys.stderr)
        try:
            print("--- dcaas-edge's log ends with\n" + "\n".join(self.site.edge_log_text().splitlines()[-20:]), file=sys.stderr)
        except GuestError as error:
            print("--- dcaas-edge's log: %s" % error, file=sys.stderr)

    def end(self):
        if self.site is not None:
            self.site.down()
        shutil.rmtree(self.lab_folder, ignore_errors=True)
        for path in (self.mark, self.env):
            if os.path.exists(path):
                os.unlink(path)
        if os.path.isdir(self.folder) and not os.listdir(self.folder):
            os.rmdir(self.folder)

    def stop(self):
        """`make stop`, from another process."""
        mark = self.earlier()
        if self.lives(mark):
            os.kill(mark["pid"], signal.SIGTERM)
            end = time.monotonic() + 30
            while self.lives(mark):
                if time.monotonic() > end:
                    os.kill(mark["pid"], signal.SIGKILL)
                    break
                time.sleep(0.1)
        if self.earlier() is not None:
            wait("the end of pid %d" % mark["pid"], lambda: not self.lives(mark), 10)
            self.clean(mark)
        print("run: ended, nothing is left")
        return 0


KINDS = {"uml": "user-mode Linux guests of this machine", "netns": "network namespaces of this machine"}

def as_root(argv):
    """Network devices take root: once more by sudo, if there is one."""
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        raise LabError("the lab makes network devices: run it as root")
    print("run: network devices take root: going on with sudo", flush=True)
    os.execvp("sudo", ["sudo", "env", "PYTHONDONTWRITEBYTECODE=1", "PATH=" + os.environ["PATH"], "PYTHONPATH=" + ROOT,
                       "VERBOSE=" + os.environ.get("VERBOSE", ""), sys.executable, "-m", "lab.run",
                       *argv])


def interrupt(_signal, _frame):
    raise KeyboardInterrupt


def show_all(run, options):
    try:
        run.up(options.port)
        run.show(run.order())
        run.last_words()
        if options.once:
            return 0
        run.go_on()
        print("run: " + run.watch(), file=sys.stderr)
    except (LabError, GuestError, ApiError, OSError) as error:
        print("run: %s" % error, file=sys.stderr)
        run.explain()
    return 1


def main():
    parser = argparse.ArgumentParser(prog=typed("run"), description="a whole site, one order, a BGP session")
    parser.add_argument("--port", type=int, help="port on loopback (%d when it is free)" % DEFAULT_PORT)
    parser.add_argument("--once", action="store_true", help="end after showing")
    parser.add_argument("--stop", action="store_true", help="end the one that runs")
    parser.add_argument("--dir", default=FOLDER, help="its folder")
    options = parser.parse_args()
    run = Run(options.dir)
    try:
        if options.stop and run.earlier() is None:
            print("run: nothing runs")
            return 0
        as_root(sys.argv[1:])
        if options.stop:
            return run.stop()
        run.refuse_second()
    except LabError as error:
        print("run: %s" % error, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        return show_all(run, options)
    except KeyboardInterrupt:
        print("\nrun: ending", flush=True)
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        run.end()
        print("run: ended, nothing is left", flush=True)


if __name__ == "__main__":
    sys.exit(main())
