"""uml.py - a guest as a user-mode Linux kernel: an ordinary process whose root is this machine's file system."""
import os
import subprocess

MEMORY = "512M"


def command(guest):
    """Command line of one kernel. Word size matters: everything after the kernel's own parameters is init's environment."""
    argv = ["linux.uml", "mem=" + guest.get("memory", MEMORY), "root=/dev/root", "rootfstype=hostfs", "rw", "hostfs=/",
            "init=" + os.path.join(guest["src"], "lab/guest/init.sh"), "con=null", "con0=null,fd:1", "quiet",
            "uml_dir=" + os.path.join(guest["run"], "uml"), "umid=" + guest["name"], "panic=1",
            "LAB_NAME=" + guest["name"], "LAB_SRC=" + guest["src"], "LAB_RUN=" + guest["run"],
            "LAB_CTL=" + guest["ctl"], "LAB_NICS=" + ",".join(guest["nics"])]
    for n, nic in enumerate(guest["nics"]):
        argv.append("vec%d:transport=tap,ifname=%s,depth=128,gro=1" % (n, tap(guest, nic)))
    return argv


def tap(guest, nic):
    return "%s-%s" % (guest["name"][:8], nic[:6])


def wires(guest):
    """`ip` lines that make the guest's taps and plug them into their bridges. A tap cannot be made by ip -batch."""
    return [["ip", "tuntap", "add", tap(guest, nic), "mode", "tap"] for nic in guest["nics"]], [
        "link set %s master %s up" % (tap(guest, nic), bridge) for nic, bridge in guest["nics"].items()]


def start(guest):
    made, plugged = wires(guest)
    for argv in made:
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    subprocess.run(["ip", "-batch", "-"], input="\n".join(plugged) + "\n", text=True, check=True)
    log = os.open(os.path.join(guest["run"], guest["name"] + ".console"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with open(log, "wb") as out:
        return subprocess.Popen(command(guest), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/")
