# SPDX-License-Identifier: ISC
"""holder.py - first process of a lab: the bridges, the guests' wires and the guests live in its namespaces (network, mount,
pid). When this process ends, for any reason, the kernel ends every guest and removes every bridge, tap and mount: nothing can be
left behind. On SIGUSR1 it cuts the power of the guests for which there is a file NAME.reboot, and starts them again, also
those that have ended by themselves.

Started as `unshare --net --mount --pid --fork --kill-child python3 -m lab.holder FILE`; FILE is JSON: {"kind", "run", "src",
"bridges": {name: address or ""}, "guests": [{"name", "nics": {nic: bridge}, "ctl", "memory"}]}.
"""
import json
import os
import signal
import subprocess
import sys

from . import netns, uml


def bridges(wanted):
    for key in ("default", "all"):
        path = "/proc/sys/net/ipv6/conf/%s/disable_ipv6" % key
        if os.path.exists(path):
            with open(path, "w") as file:
                file.write("1")
    lines = ["link set lo up"]
    for name, address in wanted.items():
        lines.append("link add %s type bridge forward_delay 0 stp_state 0 mcast_snooping 0" % name)
        if address:
            lines.append("addr add %s dev %s" % (address, name))
        lines.append("link set %s up" % name)
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def wake_up():
    """A descriptor that is readable after SIGCHLD and SIGUSR1: unlike a handler, what it wakes is never in between."""
    readable, writable = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, lambda *_: None)
    return readable


def ended():
    """(pid, status) of the children that have ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def main():
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    bridges(plan["bridges"])
    kind = uml if plan["kind"] == "uml" else netns
    running = {}

    def boot(guest):
        # (Kept: Python itself waits for the processes of forgotten objects.)
        guest["process"] = kind.start(guest)
        running[guest["process"].pid] = guest

    def flag(guest):
        return os.path.join(plan["run"], guest["name"] + ".reboot")

    def reap():
        for pid, status in ended():
            guest = running.pop(pid, None)
            if guest is not None and not os.path.exists(flag(guest)):
                # A guest that ends by itself is a failure of the lab; its console shows the reason.
                print("guest %s ended, status %d" % (guest["name"], status), file=sys.stderr, flush=True)

    def cut():
        """Ends what is flagged; the end of that brings us here again, and then it is booted."""
        for guest in filter(lambda guest: os.path.exists(flag(guest)), plan["guests"]):
            alive = guest["process"].pid in running
            kind.kill(guest, guest["process"].pid if alive else None)
            if not alive:
                boot(guest)
                os.unlink(flag(guest))

    signals = wake_up()
    for guest in plan["guests"]:
        guest.update(src=plan["src"], run=plan["run"])
        boot(guest)
    with open(os.path.join(plan["run"], "started"), "w"):
        pass
    while True:
        os.read(signals, 512)
        reap()
        cut()


if __name__ == "__main__":
    main()
