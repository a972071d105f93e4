# SPDX-License-Identifier: ISC
"""kernel.py - the few system calls that Python has no word for, and what this machine's kernel can do."""
import ctypes
import os
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig=9):
    """For preexec_fn: the kernel ends this process when its parent ends, however that happens."""
    libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)


def setns(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns " + path)
    finally:
        os.close(fd)


def in_netns(path, function):
    """Calls function in the network namespace at path, on a thread that ends with it (a thread's namespace is its own)."""
    result = []

    def body():
        try:
            setns(path)
            result.append((function(), None))
        except BaseException as error:
            result.append((None, error))
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    value, error = result[0]
    if error is not None:
        raise error
    return value


def listener(address, port, netns=None):
    """A listening TCP socket, made in the given network namespace."""
    def make():
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(1024)
        return sock
    return in_netns(netns, make) if netns else make()


def can_route():
    """Whether this kernel has VRF, 802.1Q and IPv6, tried in a network namespace that is gone afterwards."""
    script = ("set -e; ip link add try0 type vrf table 10; ip link add try1 type veth peer name try2; "
              "ip link add link try1 name try3 type vlan id 5; ip link set try3 master try0; tc qdisc add dev try1 clsact; "
              "ip link add link try2 name try4 type macvlan mode passthru; ip -6 addr add fd00::1/64 dev try1")
    done = subprocess.run(["unshare", "--net", "sh", "-c", script], stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode == 0
