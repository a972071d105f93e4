# SPDX-License-Identifier: ISC
"""agent.py - runs commands inside a guest for the lab.

One connection, one request: a line of JSON in, a line of JSON out. It listens on TCP in the guest's namespace "ctl" (user-
mode Linux) or on a Unix socket in the lab's folder (namespaces), and needs nothing but Python's standard library. What can
be done without starting a process is done here, because fork and exec cost about 70 ms in user-mode Linux.

Requests: {"op": "run", "argv": [...]}, {"op": "batch", "commands": [[...], ...]}, {"op": "spawn", "argv": [...]},
{"op": "kill", "pid": N}, {"op": "bird", "socket": PATH, "line": TEXT}, {"op": "read", "path": P},
{"op": "write", "path": P, "text": T, "mode": 384}, {"op": "ping"}. "ns" names a network namespace of the guest.
"""
import ctypes
import json
import os
import signal
import socket
import subprocess
import threading

CLONE_NEWNET = 0x40000000
PORT = 4000
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns " + path)
    finally:
        os.close(fd)


def listener():
    if os.environ.get("LAB_CTL"):
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        enter("/run/netns/ctl")
        listening = socket.socket(socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((os.environ["LAB_CTL"], PORT))
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
    else:
        # By way of the folder's descriptor: a socket's path holds 107 characters only.
        folder = os.open(os.environ["LAB_RUN"], os.O_PATH | os.O_DIRECTORY)
        path = "/proc/self/fd/%d/%s.agent" % (folder, os.environ["LAB_NAME"])
        if os.path.exists(path):
            os.unlink(path)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
    listening.listen(64)
    return listening


def go_there(request):
    """Into the namespace that the request is about: this thread, which ends with the request, and what it starts. (Not by
    preexec_fn: with one, Python forks all of itself for each command, which costs a user-mode kernel most of the time.)"""
    if request.get("ns"):
        enter("/run/netns/" + request["ns"])


def environment(request):
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}
    env.update(request.get("env") or {})
    return env


def run_one(request, argv):
    """A command that hangs is ended with all that it started: it has a session of its own."""
    try:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE if request.get("stdin") else subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(request),
                                   cwd=request.get("cwd") or "/", start_new_session=True)
    except OSError as error:
        return {"rc": 127, "out": "", "err": str(error)}
    try:
        text = request.get("stdin")
        out, err = process.communicate(text.encode() if text else None, timeout=request.get("timeout") or 60)
        rc = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        err += b"\nended by the lab: time-out"
        rc = 124
    return {"rc": rc, "out": out.decode(errors="replace"), "err": err.decode(errors="replace")}


def op_run(request):
    return run_one(request, request["argv"])


def op_batch(request):
    return {"rc": 0, "results": [run_one(request, argv) for argv in request["commands"]]}


def op_spawn(request):
    log = os.open(request.get("log") or "/dev/null", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        process = subprocess.Popen(request["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env=environment(request), cwd=request.get("cwd") or "/", start_new_session=True)
    finally:
        os.close(log)
    threading.Thread(target=process.wait, daemon=True).start()
    return {"rc": 0, "pid": process.pid}


def op_kill(request):
    os.kill(request["pid"], request.get("signal") or signal.SIGKILL)
    return {"rc": 0}


def op_bird(request):
    """One command on a BIRD's control socket; the reply's lines without the greeting."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(request.get("timeout") or 20)
        sock.connect(request["socket"])
        reader = sock.makefile("r", encoding="utf-8", errors="replace")
        reader.readline()
        sock.sendall(request["line"].encode() + b"\n")
        lines = []
        for line in reader:
            lines.append(line.rstrip("\n"))
            if len(line) > 4 and line[:4].isdigit() and line[4] == " ":
                break
    return {"rc": 0, "out": "\n".join(lines)}


def op_read(request):
    with open(request["path"], encoding="utf-8", errors="replace") as file:
        return {"rc": 0, "out": file.read()}


def op_write(request):
    path = request["path"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, request.get("mode") or 0o644)
    with os.fdopen(fd, "w") as file:
        file.write(request["text"])
    os.rename(path + ".new", path)
    return {"rc": 0}


def op_ping(_request):
    with open("/proc/uptime") as file:
        return {"rc": 0, "uptime": float(file.read().split()[0])}


OPS = {"run": op_run, "batch": op_batch, "spawn": op_spawn, "kill": op_kill, "bird": op_bird, "read": op_read,
       "write": op_write, "ping": op_ping}


def serve(connection):
    with connection:
        line = connection.makefile("rb").readline()
        if not line:
            return
        try:
            request = json.loads(line)
            go_there(request)
            answer = OPS[request["op"]](request)
        except Exception as error:  # the caller reads every failure
            answer = {"rc": 125, "out": "", "err": "%s: %s" % (type(error).__name__, error)}
        connection.sendall(json.dumps(answer).encode() + b"\n")


def main():
    listening = listener()
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
