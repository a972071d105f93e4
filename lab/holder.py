"""holder.py - first process of a lab: the bridges, the guests' wires and the guests live in its namespaces (network, mount,
pid). When it ends, for whatever reason, the kernel ends every guest and removes every bridge, tap and mount: nothing can be
left behind. On SIGUSR1 it cuts the power of the guests for which there is a file NAME.reboot, and starts them again.

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


def main():
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    bridges(plan["bridges"])
    kind = uml if plan["kind"] == "uml" else netns
    running = {}

    def boot(guest):
        running[kind.start(guest).pid] = guest

    def flag(guest):
        return os.path.join(plan["run"], guest["name"] + ".reboot")

    def cut(*_):
        for pid, guest in running.items():
            if os.path.exists(flag(guest)):
                kind.kill(guest, pid)
    signal.signal(signal.SIGUSR1, cut)
    for guest in plan["guests"]:
        guest.update(src=plan["src"], run=plan["run"])
        boot(guest)
    with open(os.path.join(plan["run"], "started"), "w"):
        pass
    while True:
        pid, status = os.wait()
        guest = running.pop(pid, None)
        if guest is None:
            continue
        if os.path.exists(flag(guest)):
            boot(guest)
            os.unlink(flag(guest))
        else:
            # A guest that ends by itself is a failure of the lab; its console says why.
            print("guest %s ended, status %d" % (guest["name"], status), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
