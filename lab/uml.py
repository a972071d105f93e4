# SPDX-License-Identifier: ISC
"""uml.py - a guest as a user-mode Linux kernel: an ordinary process whose root is this machine's file system."""
import hashlib
import os
import signal
import subprocess
import time

MEMORY = "512M"


def command(guest):
    """Command line of one kernel. Word size matters: everything after the kernel's own parameters is init's environment."""
    argv = ["linux.uml", "mem=" + guest.get("memory", MEMORY), "root=/dev/root", "rootfstype=hostfs", "rw", "hostfs=/",
            "init=" + os.path.join(guest["src"], "lab/guest/init.sh"), "con=null", "con0=null,fd:1", "quiet",
            "uml_dir=" + os.path.join(guest["run"], "uml"), "umid=" + guest["name"], "panic=1",
            "LAB_NAME=" + guest["name"], "LAB_SRC=" + guest["src"], "LAB_RUN=" + guest["run"],
            "LAB_CTL=" + guest["ctl"], "LAB_NICS=" + ",".join(guest["nics"])]
    for n, nic in enumerate(guest["nics"]):
        argv.append("vec%d:transport=tap,ifname=%s,depth=128,gro=1,mac=%s" % (n, tap(guest, nic), mac(tap(guest, nic))))
    return argv


def preloaded(run, src):
    """The environment of the kernels, with guest/xstate.c, which an installed lab brings compiled."""
    path = os.path.join(src, "lab/guest/xstate.so")
    if not os.path.exists(path):
        path = os.path.join(run, "xstate.so")
    if not os.path.exists(path):
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", path + ".new", os.path.join(src, "lab/guest/xstate.c")],
                       check=True, stdin=subprocess.DEVNULL)
        os.rename(path + ".new", path)
    return dict(os.environ, LD_PRELOAD=path)


def mac(name):
    """The same after a reboot, as a real card's."""
    return ":".join("%02x" % byte for byte in b"\x02" + hashlib.sha256(name.encode()).digest()[:5])


def tap(guest, nic):
    return "%s-%s" % (guest["name"][:8], nic[:6])


def wires(guest):
    """Makes the guest's taps, unless they are there from before a reboot, and plugs them into their bridges."""
    for nic in guest["nics"]:
        there = subprocess.run(["ip", "link", "show", tap(guest, nic)], capture_output=True).returncode == 0
        if not there:  # `ip -batch` cannot make one
            subprocess.run(["ip", "tuntap", "add", tap(guest, nic), "mode", "tap"], check=True, stdin=subprocess.DEVNULL)
    lines = ["link set %s master %s up" % (tap(guest, nic), bridge) for nic, bridge in guest["nics"].items()]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def start(guest):
    wires(guest)
    log = os.open(os.path.join(guest["run"], guest["name"] + ".console"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    with open(log, "wb") as out:
        return subprocess.Popen(command(guest), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
                                env=preloaded(guest["run"], guest["src"]))


def processes(guest):
    """Pids of that kernel, and of the programs in it."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"umid=" + guest["name"].encode() in words:
            yield int(pid)


def kill(guest, _pid):
    """All processes of that kernel, until there is none: those of the guest's programs do not end with it, and hold its taps."""
    while pids := list(processes(guest)):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)
