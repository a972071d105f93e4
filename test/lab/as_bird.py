# SPDX-License-Identifier: ISC
"""as_bird.py PID FILE... - in the edge's guest, a program with everything that a running BIRD is: its namespaces, user, groups and
capabilities, but for the filter of system calls. It tries to get out and prints what worked, as JSON.

{"reached": [how an address of the router's networks answered], "files": [FILEs that could be read], "written": [FILEs that could be written or
replaced], "sockets": [FILEs that took a connection], "namespaces": [those that could be entered], "capabilities": ...}"""
import ctypes
import json
import os
import socket
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 24, 38, 47, 2


def must(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def status(pid):
    with open("/proc/%s/status" % pid) as file:
        return dict(line.rstrip("\n").split(":", 1) for line in file)


def become(pid):
    """All that the process is. The order is that of a program that gives up privileges: nothing of ours is left."""
    told = status(pid)
    caps = int(told["CapEff"], 16)
    spaces = {kind: os.open("/proc/%s/ns/%s" % (pid, kind), os.O_RDONLY) for kind in ("net", "pid", "mnt", "user")}
    folder = os.open("/proc/%s/cwd" % pid, os.O_PATH)
    for kind, flag in (("net", CLONE_NEWNET), ("pid", CLONE_NEWPID), ("mnt", CLONE_NEWNS)):
        must(libc.setns(spaces[kind], flag))
    child = os.fork()  # a process-id namespace is for children
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if os.stat("/proc/self/ns/user").st_ino != os.fstat(spaces["user"]).st_ino:
        must(libc.setns(spaces["user"], CLONE_NEWUSER))
    must(libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([int(word) for word in told["Groups"].split()])
    os.setresgid(*[int(told["Gid"].split()[0])] * 3)
    for cap in range(64):
        if not caps >> cap & 1:
            libc.prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)
    os.setresuid(*[int(told["Uid"].split()[0])] * 3)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)(*[caps & 0xFFFFFFFF] * 3, *[caps >> 32] * 3)
    must(libc.capset(header, data))
    for cap in range(64):
        if caps >> cap & 1:
            must(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    os.fchdir(folder)
    for fd in (*spaces.values(), folder):
        os.close(fd)
    return caps


def works(action, *arguments):
    try:
        action(*arguments)
        return True
    except (OSError, subprocess.SubprocessError):
        return False


def ip(words):
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)


def reach(address, port):
    with socket.create_connection((address, port), timeout=2) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        if not connection.recv(100):
            raise OSError("no answer")


def devices(index, address, port):
    """Tries to make devices in or from the router's own namespace and the other instances': by its number here, by processes'
    numbers, by names, from its device. They are left there for others to see. Returns over which an address answered."""
    kinds = ["link add link if%d name escmac link-netnsid 0 type macvlan mode bridge" % index,
             "link add link if%d name escip link-netnsid 0 type ipvlan mode l2" % index,
             "link add link if%d name escvlan link-netnsid 0 type vlan id 4000" % index, "link add escown type dummy"]
    for space in ["1", str(os.getppid()), str(os.getpid()), *(path.split("/")[-1] for path in names("/run/netns"))]:
        kinds += ["link add escv%s type veth peer name escp%s netns %s" % (space[-8:], space[-8:], space),
                  "link add escd%s netns %s type dummy" % (space[-8:], space), "link set escown netns " + space]
    for words in kinds:
        works(ip, words)
    reached = ["plainly"] if works(reach, address, port) else []
    for device in ("escmac", "escip"):
        if works(ip, "addr add 10.99.0.77/24 dev " + device) and works(ip, "link set %s up" % device) and \
                works(reach, address, port):
            reached.append("over " + device)
    return reached


def read(path):
    if os.path.isdir(path):
        os.listdir(path)
    else:
        with open(path, "rb") as file:
            file.read(1)


def write(path):
    if os.path.isdir(path):
        with open(path + "/escaped", "w"):
            os.unlink(path + "/escaped")
    else:
        with open(path, "ab"):
            pass


def connect(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)


def names(folder):
    try:
        return [folder + "/" + name for name in os.listdir(folder)]
    except OSError:
        return []


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        must(libc.setns(fd, 0))
    finally:
        os.close(fd)


def main(pid, index, address, port, *files):
    caps = become(pid)
    spaces = ["/proc/1/ns/net", "/proc/1/ns/user", "/proc/1/ns/mnt", *names("/run/netns")]
    print(json.dumps({
        "capabilities": caps,
        "reached": devices(int(index), address, int(port)),
        "files": [path for path in files if works(read, path)],
        "written": [path for path in files if works(write, path)],
        "sockets": [path for path in files if works(connect, path)],
        "namespaces": [path for path in spaces if works(enter, path)],
    }))


main(*sys.argv[1:])
