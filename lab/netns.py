# SPDX-License-Identifier: ISC
"""netns.py - a guest as namespaces of this machine (network, mount, pid), for kernels with VRF and 802.1Q."""
import os
import signal
import subprocess

from .guest import wait


def start(guest):
    """The guest's first process runs in the new namespaces; the wires are made from outside and named inside."""
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
           "LAB_NAME": guest["name"], "LAB_SRC": guest["src"], "LAB_RUN": guest["run"], "LAB_CTL": "", "LAB_NICS": ""}
    # The shell waits for a line: by then its wires are there.
    script = 'read go && exec "$0"'
    log = os.open(os.path.join(guest["run"], guest["name"] + ".console"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    with open(log, "wb") as out:
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "sh", "-c", script,
             os.path.join(guest["src"], "lab/guest/init.sh")], stdin=subprocess.PIPE, stdout=out, stderr=out, env=env, cwd="/")
    child = first_child(process.pid)
    lines, inside = [], ["link set lo up"]
    for nic, bridge in guest["nics"].items():
        if nic == "ctl":
            continue  # its agent has a Unix socket
        outer = "%s-%s" % (guest["name"][:8], nic[:6])
        forget(outer)
        lines += ["link add %s type veth peer name %s netns %d" % (outer, nic, child),
                  "link set %s master %s up" % (outer, bridge)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)
    subprocess.run(["nsenter", "--net=/proc/%d/ns/net" % child, "ip", "-batch", "-"], input="\n".join(inside) + "\n", text=True,
                   check=True)
    process.stdin.write(b"go\n")
    process.stdin.close()
    return process


def forget(outer):
    """After a reboot the kernel may take a moment to remove the old wire."""
    def gone():
        if subprocess.run(["ip", "link", "show", outer], capture_output=True).returncode != 0:
            return True
        subprocess.run(["ip", "link", "del", outer], capture_output=True)
        return False
    wait("the end of the old " + outer, gone, 60, 0.01)


def first_child(pid):
    """unshare's child, once it stands in a network namespace of its own."""
    path = "/proc/%d/task/%d/children" % (pid, pid)

    def child():
        with open(path) as file:
            return file.read().split()
    return int(wait("unshare's child", child, 60, 0.01)[0])


def kill(_guest, pid):
    """pid None: it has ended, and with it all that was in it."""
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
