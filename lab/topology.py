# SPDX-License-Identifier: ISC
"""topology.py - the lab as a whole: what is plugged into what, up and down.

    host ──(inherited listener)── dcaasd
                                    │ mgmt 10.99.0.0/24
                                 ┌──┴───┐  trunk0, trunk1   ┌───────────┐
                                 │ edge ├── tagged VLANs ───┤ customers │  one network namespace per customer's router,
                                 │      ├── vpc0 ───────────┤           │  per host behind one, per host of a VPC
                                 └──────┘                   └───────────┘

The edge and the customers are two guests, joined by bridges in a network namespace of the lab's own. `ctl` is the lab's
wire to the guests' agents and no part of any router.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from . import kernel
from .guest import PATIENCE, SILENT, Guest, GuestError, GuestLost, wait

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INSTALLED = not os.path.exists(os.path.join(ROOT, "meson.build"))  # the package dcaas-lab, and no checkout
MGMT_HOST = "10.99.0.1"
MGMT_EDGE = "10.99.0.11"
BRIDGES = {"ctl": "10.98.0.1/24", "mgmt": MGMT_HOST + "/24", "trunk0": "", "trunk1": "", "vpc0": ""}
REBOOTS = 2  # of a guest that does not come up or is lost, at most
LOST = []  # guests of this process's labs that stopped answering
LAST_BOOT_SECONDS = 60 * PATIENCE  # for the last one: all may be slow
GUESTS = [
    {"name": "edge", "ctl": "10.98.0.11", "memory": "768M",
     "nics": {"ctl": "ctl", "mgmt": "mgmt", "trunk0": "trunk0", "trunk1": "trunk1", "vpc0": "vpc0"}},
    {"name": "customers", "ctl": "10.98.0.12", "memory": "512M",
     "nics": {"ctl": "ctl", "trunk0": "trunk0", "trunk1": "trunk1", "vpc0": "vpc0"}},
]


class LabError(Exception):
    pass


def start_time(pid):
    """What distinguishes a process from a later one with the same number."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def state_folder(name):
    """Where a lab keeps its state unless it is named another folder: below build/, or what an installed lab may write."""
    if not INSTALLED:
        return os.path.join(ROOT, "build", name)
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "dcaas-lab", name)


def typed(name):
    """The command NAME of this lab as one would type it."""
    return ("dcaas-lab " if INSTALLED else "make ") + name


def chosen(name):
    """How one chooses the port, folder or settings of a command."""
    return "--" + name if INSTALLED else name.upper() + "="


def kept():
    """The folder in which consoles of lost guests stay; DCAAS_LAB_KEEP names another one."""
    folder = os.environ.get("DCAAS_LAB_KEEP") or state_folder("lost-guests")
    os.makedirs(folder, exist_ok=True)
    return folder


def incident(words):
    """Prints what went wrong with a lab, and records it beside the consoles."""
    print("lab: " + words, flush=True)
    with open(os.path.join(kept(), "incidents"), "a") as file:
        file.write(words + "\n")


def shown(path):
    """A path as one would type it here."""
    inside = os.getcwd() == ROOT and os.path.abspath(path).startswith(ROOT + os.sep)
    return os.path.relpath(path) if inside else path


class Lab:
    """A lab of which this process knows the folder: `Lab.up(folder)` starts one, `Lab(folder)` finds a running one."""

    def __init__(self, run):
        self.run = os.path.abspath(run)
        path = os.path.join(self.run, "lab.json")
        if not os.path.exists(path):
            raise LabError("no lab in %s" % run)
        with open(path) as file:
            self.state = json.load(file)
        if start_time(self.state["pid"]) != self.state["start"]:
            raise LabError("the lab in %s is not running any more" % run)
        self.kind = self.state["kind"]
        self.netns = "/proc/%d/ns/net" % self.state["pid"]
        self.guests = {}
        for guest in GUESTS:
            address = (("tcp", guest["ctl"], self.netns) if self.kind == "uml"
                       else ("unix", os.path.join(self.run, guest["name"] + ".agent")))
            self.guests[guest["name"]] = Guest(guest["name"], address)
            self.guests[guest["name"]].on_lost = self._tell_lost
        self.edge = self.guests["edge"]
        self.customers = self.guests["customers"]

    @classmethod
    def up(cls, run=None, kind=None, attached=True, say=print):
        """Starts a lab. attached: it ends with this process. run None: a new folder below the temporary one."""
        if os.geteuid() != 0:
            raise LabError("the lab makes network devices: run it as root (sudo)")
        temporary = run is None
        run = tempfile.mkdtemp(prefix="dcaas-lab-") if temporary else os.path.abspath(run)
        for path in (ROOT, run):
            if any(letter in path for letter in " \t,\"'"):
                raise LabError("the lab cannot run in a folder whose name has blanks, commas or quotes: %s" % path)
        os.makedirs(run, exist_ok=True)
        try:
            running = cls(run)
        except LabError:
            pass
        else:
            raise LabError("a lab runs in %s already (pid %d)" % (run, running.state["pid"]))
        begun = time.monotonic()
        if kind is None:
            kind = "netns" if kernel.can_route() else "uml"
            say("lab: this kernel has %s" % ("VRF, 802.1Q and IPv6: routers in network namespaces" if kind == "netns" else
                                            "no VRF, no 802.1Q or no IPv6: routers in user-mode Linux"))
        if kind == "uml" and not shutil.which("linux.uml"):
            raise LabError("linux.uml is missing (Debian package user-mode-linux)")
        for name in os.listdir(run):
            if name == "uml":
                shutil.rmtree(os.path.join(run, name))
            elif name in ("lab.json", "started") or name.endswith((".agent", ".console", ".reboot")):
                os.unlink(os.path.join(run, name))
        os.makedirs(os.path.join(run, "uml"))
        cls._launch(run, kind, attached, temporary)
        lab = cls(run)
        try:
            for guest in lab.guests.values():
                lab._settle(guest)
        except BaseException:
            lab.down()
            raise
        say("lab: up after %.1f s: guests %s in %s" % (time.monotonic() - begun, ", ".join(lab.guests), run))
        return lab

    def _settle(self, guest):
        """Waits until it is up and configured. A guest that hangs is booted again, and the run prints that."""
        for left in range(REBOOTS, -1, -1):
            try:
                guest.wait_up(SILENT if left > 0 else LAST_BOOT_SECONDS)
                self._configure(guest)
                return
            except GuestLost:
                if left == 0:
                    raise
                incident("guest %s is killed and booted again (%d of %d)" % (guest.name, REBOOTS - left + 1, REBOOTS))
                self._boot_again(guest)

    def _tell_lost(self, guest):
        """Its console outlives the lab."""
        LOST.append(guest)
        console = os.path.join(self.run, guest.name + ".console")
        name = "%s-%s-%d.console" % (guest.name, time.strftime("%Y%m%d-%H%M%S"), time.monotonic_ns() % 1000000)
        path = os.path.join(kept(), name)
        if os.path.exists(console):
            shutil.copy(console, path)
        incident("%s; its console is in %s" % (guest.lost, shown(path)))

    def _configure(self, guest):
        """What a router's own boot configuration would do."""
        if guest is self.edge:
            guest.ip(["addr add %s/24 dev mgmt" % MGMT_EDGE, "link set mgmt up"])
        guest.ip(["link set trunk0 up", "link set trunk1 up", "link set vpc0 up"])

    def reboot(self, guest):
        """Cuts its power; returns once it is up again. All its memory is gone, and all its folders are empty."""
        self._boot_again(guest)
        self._settle(guest)

    def _boot_again(self, guest):
        flag = os.path.join(self.run, guest.name + ".reboot")
        with open(flag, "w"):
            pass
        os.kill(self.state["pid"], signal.SIGUSR1)
        wait("the end of guest " + guest.name, lambda: not os.path.exists(flag), 60, 0.05)

    @staticmethod
    def _launch(run, kind, attached, temporary):
        plan = {"kind": kind, "run": run, "src": ROOT, "bridges": BRIDGES, "guests": GUESTS}
        path = os.path.join(run, "plan.json")
        with open(path, "w") as file:
            json.dump(plan, file)
        with open(os.path.join(run, "holder.log"), "wb") as log:
            process = subprocess.Popen(
                ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc",
                 "/usr/bin/python3", "-m", "lab.holder", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True,
                preexec_fn=kernel.die_with_parent if attached else None)

        def holder():
            if process.poll() is not None:
                with open(os.path.join(run, "holder.log")) as file:
                    raise LabError("the lab did not start: " + file.read().strip())
            if not os.path.exists(os.path.join(run, "started")):
                return None
            with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
                return int(file.read().split()[0])
        try:
            pid = wait("the lab's first process", holder, 60, 0.05)
        except BaseException:
            process.kill()
            process.wait()
            raise
        state = {"kind": kind, "pid": pid, "start": start_time(pid), "launcher": process.pid, "mgmt": MGMT_HOST,
                 "temporary": temporary}
        with open(os.path.join(run, "lab.json.new"), "w") as file:
            json.dump(state, file)
        os.rename(os.path.join(run, "lab.json.new"), os.path.join(run, "lab.json"))

    def listener(self, port):
        """A listening socket on the management network, for dcaasd to inherit."""
        return kernel.listener(MGMT_HOST, port, self.netns)

    def down(self):
        """Ends everything; asking twice is fine. The consoles' logs stay in the lab's folder, unless it is a temporary one."""
        pid, launcher = self.state["pid"], self.state["launcher"]
        if start_time(pid) == self.state["start"]:
            os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 60
        while start_time(pid) == self.state["start"]:
            try:
                os.waitpid(launcher, os.WNOHANG)
            except ChildProcessError:
                pass  # another process started it
            if time.monotonic() > end:
                raise LabError("the lab's first process %d does not end" % pid)
            time.sleep(0.05)
        try:
            os.waitpid(launcher, 0)
        except ChildProcessError:
            pass
        for name in ("lab.json", "started", "plan.json", "edge.agent", "customers.agent"):
            path = os.path.join(self.run, name)
            if os.path.exists(path):
                os.unlink(path)
        shutil.rmtree(self.run if self.state.get("temporary") else os.path.join(self.run, "uml"), ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()


def down(run):
    """Ends the lab in that folder, if there is one. Returns whether there was."""
    try:
        lab = Lab(run)
    except LabError:
        return False
    lab.down()
    return True


__all__ = ["Lab", "LabError", "GuestError", "down", "MGMT_HOST", "MGMT_EDGE", "ROOT", "shown", "wait"]
