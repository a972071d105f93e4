# SPDX-License-Identifier: ISC
"""A server of the kind that `make sim` starts, and a person at a terminal of 80 columns who uses it."""
import fcntl
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import unicodedata

from program import PROGRAM, ROOT, Cli, Done

VPC = "6a1e2f30-0000-4000-8000-000000000001"


class Simulation:
    def __init__(self, folder):
        self.folder = str(folder)
        self.process = subprocess.Popen([sys.executable, "-m", "lab.sim", "--port", "0", "--dir", self.folder,
                                         "--set=quota_virtual_gateways=2000 quota_virtual_interfaces=2000"], cwd=ROOT,
                                        env=dict(os.environ, PYTHONPATH=ROOT, PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True,
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.startswith("sim: credentials"):
                break
        assert self.process.poll() is None, "".join(said)
        with open(os.path.join(self.folder, "env")) as file:
            self.env = dict((name, shlex.split(value)[0]) for name, value in
                            (line.rstrip("\n").split("=", 1) for line in file if not line.startswith("#")))

    def set(self, **options):
        """Faults of the simulated router; they count at once."""
        with open(os.path.join(self.folder, "sim.ini"), "w") as file:
            file.write("[sim]\nports = port1 port2\n" + "".join("%s = %s\n" % pair for pair in options.items()))

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(100)
        self.process.stdout.close()


def width(line):
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Person(Cli):
    """Calls as on a terminal."""

    def __init__(self, home, env, columns=80):
        super().__init__(home)
        self.env.update(env, TERM="xterm", NO_COLOR="1")
        self.columns = columns

    def screen(self, *words, code=0, answer=None, color=False):
        """What a command leaves on the screen: standard output and error."""
        env = {name: value for name, value in self.env.items() if not (color and name == "NO_COLOR")}
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, self.columns, 0, 0))
            os.execve(PROGRAM, [PROGRAM, *words], env)
        if answer is not None:
            os.write(terminal, answer.encode())
        text = b""
        while True:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:
                break
            if not chunk:
                break
            text += chunk
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        shown = text.decode().replace("\r\n", "\n")
        if not color:
            shown = re.sub(r"[^\n]*\r\x1b\[K", "", shown)
        assert status == code, "dcaas %s ended with %d:\n%s" % (" ".join(words), status, shown)
        return Done(status, shown, "")
