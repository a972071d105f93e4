# SPDX-License-Identifier: ISC
"""guest.py - the lab's side of guest/agent.py: commands, daemons and BIRD's control socket in a guest."""
import json
import os
import shlex
import socket
import time

from . import kernel

AGENT_PORT = 4000
# Bounds of waiting are those of an idle machine; DCAAS_PATIENCE makes them longer by that factor (the tests do). Where all is
# well nobody waits longer for it.
PATIENCE = float(os.environ.get("DCAAS_PATIENCE", "1"))
# A guest whose agent is silent for so long is stuck, not slow (an answer takes milliseconds), however patient one is: seconds.
SILENT = float(os.environ.get("DCAAS_LAB_SILENT", "30"))
BEAT = 5  # seconds between looks at a guest that is busy with a long command


class GuestError(Exception):
    """A command in a guest failed; the text has the command, its exit code and its words."""


class GuestLost(GuestError):
    """The guest does not answer at all any more. What was in it is lost: only another boot helps."""


class Result:
    def __init__(self, argv, answer):
        self.argv = argv
        self.rc = answer["rc"]
        self.out = answer.get("out", "")
        self.err = answer.get("err", "")

    def check(self):
        if self.rc != 0:
            raise GuestError("%s: exit %d: %s" % (shlex.join(self.argv), self.rc, (self.err or self.out).strip()))
        return self


class Guest:
    """One guest, reached by address: ("unix", path), or ("tcp", ip, netns path) from inside the lab's namespace."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self.lost = None  # in which words, once it is
        self.on_lost = lambda guest: None  # called once, then

    def _connect(self, timeout):
        def make():
            if self.address[0] == "unix":
                folder, name = os.path.split(self.address[1])
                fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)  # a socket's path holds 107 characters only
                try:
                    sock = socket.socket(socket.AF_UNIX)
                    sock.settimeout(timeout)
                    sock.connect("/proc/self/fd/%d/%s" % (fd, name))
                finally:
                    os.close(fd)
            else:
                sock = socket.socket(socket.AF_INET)
                sock.settimeout(timeout)
                sock.connect((self.address[1], AGENT_PORT))
            return sock
        if self.address[0] == "tcp" and self.address[2]:
            return kernel.in_netns(self.address[2], make)
        return make()

    def ask(self, request, timeout=60.0):
        """One request, one answer. The guest's own time-out comes first, so that the guest can report what happened."""
        if self.lost:
            raise GuestLost(self.lost)
        timeout *= PATIENCE
        request.setdefault("timeout", timeout)
        try:
            line = self._exchange(request, time.monotonic() + timeout + 10)
        except FileNotFoundError as error:
            raise GuestError("there is no guest %s: %s" % (self.name, error)) from error
        except OSError as error:
            self._expect_life()
            raise GuestError("guest %s does not answer: %s" % (self.name, error)) from error
        if not line:
            raise GuestError("guest %s closed the connection" % self.name)
        answer = json.loads(line)
        if answer["rc"] == 125 and request["op"] != "run":
            raise GuestError("guest %s: %s: %s" % (self.name, request["op"], answer.get("err")))
        return answer

    def _exchange(self, request, end):
        """The answer's line. A guest that is slow keeps being asked whether it lives."""
        with self._connect(SILENT) as sock:
            sock.sendall(json.dumps(request).encode() + b"\n")
            sock.settimeout(BEAT)
            line = bytearray()
            while not line.endswith(b"\n"):
                try:
                    part = sock.recv(1 << 16)
                except TimeoutError:
                    if time.monotonic() > end:
                        raise
                    self._expect_life()
                    continue
                if not part:
                    break
                line += part
        return bytes(line)

    def _ping(self):
        """Seconds since the guest's boot, by the guest; OSError when the guest is silent."""
        with self._connect(BEAT) as sock:
            sock.sendall(b'{"op": "ping"}\n')
            line = sock.makefile("rb").readline()
        if not line:
            raise ConnectionError("guest %s closed the connection" % self.name)
        return json.loads(line)["uptime"]

    def _expect_life(self):
        """Returns when the agent answers; GuestLost when it does not within SILENT seconds."""
        self._wait_answer(SILENT, "guest %s has not answered for %g s")

    def _wait_answer(self, seconds, words):
        end = time.monotonic() + seconds
        while True:
            try:
                return self._ping()
            except OSError as error:
                if time.monotonic() > end:
                    self.lost = words % (self.name, seconds)
                    self.on_lost(self)
                    raise GuestLost(self.lost) from error
                time.sleep(0.1)

    def run(self, *argv, ns=None, stdin=None, timeout=60.0, env=None, check=True):
        """Runs a command to its end. ns: network namespace of the guest. Raises GuestError unless check is false."""
        argv = [str(word) for word in argv]
        result = Result(argv, self.ask({"op": "run", "argv": argv, "ns": ns, "stdin": stdin, "env": env}, timeout))
        return result.check() if check else result

    def shell(self, script, **options):
        return self.run("sh", "-c", script, **options)

    def ip(self, lines, ns=None, check=True):
        """Many `ip` commands in one process: ip -batch."""
        text = lines if isinstance(lines, str) else "\n".join(lines) + "\n"
        return self.run("ip", "-batch", "-", ns=ns, stdin=text, check=check)

    def spawn(self, *argv, ns=None, log=None, env=None):
        """Starts a daemon in a session of its own and returns its pid in the guest."""
        return self.ask({"op": "spawn", "argv": [str(word) for word in argv], "ns": ns, "log": log, "env": env})["pid"]

    def kill(self, pid, sig=9):
        self.ask({"op": "kill", "pid": pid, "signal": int(sig)})

    def bird(self, sock, line, timeout=20.0):
        """Reply of a BIRD, without starting a process in the guest."""
        return self.ask({"op": "bird", "socket": sock, "line": line}, timeout)["out"]

    def read(self, path):
        return self.ask({"op": "read", "path": path})["out"]

    def write(self, path, text, mode=0o644):
        self.ask({"op": "write", "path": path, "text": text, "mode": mode})

    def uptime(self):
        return self.ask({"op": "ping"}, 5)["uptime"]

    def wait_up(self, seconds):
        """Waits for the agent of a guest that boots; returns seconds since the boot, by the guest."""
        self.lost = None
        return self._wait_answer(seconds, "guest %s is not up after %g s")

    def wait(self, what, condition, timeout=60.0, every=0.25):
        return wait(what, condition, timeout, every)


def wait(what, condition, timeout=60.0, every=0.25):
    """Waits until condition() is true and returns its value; the error names what was awaited, and what was last seen.
    timeout: seconds on an idle machine (PATIENCE)."""
    timeout *= PATIENCE
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except GuestLost:
            raise
        except GuestError as error:
            last = error
        if time.monotonic() > end:
            raise GuestError("waited %g s for %s; last seen: %r" % (timeout, what, last))
        time.sleep(every)


def alive(pid):
    return os.path.exists("/proc/%d" % pid)
