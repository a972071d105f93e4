# SPDX-License-Identifier: ISC
"""bird_driver.py - the edge's BIRD driver and agent without the rest of it (src/edge/bird/bird_try.c), in the guest "edge"."""
import itertools
import os
import re

from lab.order import Moment
from lab.site import BIRDS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UID = 900
TABLE = 100001
COMMANDS = "/run/lab/bird_try.in"
numbers = itertools.count(1)


class Driver:
    """One gateway (VRF dcr1) on an edge; `say` gives it lines of bird_try's, `apply` has BIRD brought to them."""

    def __init__(self, guest, state_dir="/run/lab/bird_try"):
        self.guest, self.state_dir = guest, state_dir
        build = os.path.abspath(os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build")))
        self.program = os.path.join(build, "src/edge/bird/bird_try")
        guest.shell("mkdir -p %s && chown %d:%d %s && chmod 700 %s && mkfifo -m 600 %s && chown %d %s"
                    % (state_dir, UID, UID, state_dir, state_dir, COMMANDS, UID, COMMANDS))
        self.start()

    def start(self):
        self.log = "/tmp/bird_try.%d" % next(numbers)
        self.pid = self.guest.spawn(self.program, self.state_dir, UID, COMMANDS, log=self.log)
        self.wait("bird_try", lambda: re.search("^ready$", self.text(), re.M))

    def text(self):
        return self.guest.read(self.log)

    def wait(self, what, condition, timeout=40):
        return self.guest.wait(what, condition, timeout, 0.1)

    def say(self, *lines):
        self.guest.shell("cat >" + COMMANDS, stdin="\n".join(lines) + "\n")

    def _count(self):
        return len(re.findall(r"^apply ", self.text(), re.M))

    def apply(self, *lines, timeout=60):
        """What was refused: {name: words}."""
        before, start = self._count(), len(self.text())
        self.say(*lines, "apply")
        self.wait("the apply", lambda: self._count() > before, timeout)
        text = self.text()[start:]
        assert "apply ok" in text, text
        return dict(re.findall(r"^refused (\S+) (.*)$", text, re.M))

    def session(self, name):
        """The last state printed, as {"up": bool, "state": ..., "received": ..., ...}."""
        found = re.findall(r"^session %s (up|down) (\S+) (.*)$" % name, self.text(), re.M)
        if not found:
            return {"up": False, "state": None, "received": 0, "accepted": 0, "rejected": 0, "advertised": 0, "error": ""}
        up, state, rest = found[-1]
        values = dict(re.findall(r"(received|accepted|rejected|advertised|tcp)=(\S+)", rest))
        values = {key: int(value) if value.isdigit() else value for key, value in values.items()}
        return dict(values, up=up == "up", state=state, error=rest.split("error=", 1)[1])

    def ever_up(self, name):
        return re.search(r"^session %s up " % name, self.text(), re.M) is not None

    def wait_up(self, name, timeout=40):
        return self.wait("%s up" % name, lambda: self.session(name)["up"], timeout)

    def bird(self, line):
        return self.guest.bird("%s/bird/1/run/bird.ctl" % self.state_dir, line)

    def since(self, name):
        """When the session came up, by BIRD: the same as long as it was not reset; None when it is not up."""
        found = re.search(r"%s\s+BGP\s+\S+\s+up\s+(\S+)" % name, self.bird("show protocols"))
        return Moment(found.group(1)) if found else None

    def refused_segments(self):
        """TCP segments that the instance refused for their MD5 option, wrong, missing, or none expected: its filter or its
        listener."""
        told = re.compile(r"^drops (\d+)$", re.M)
        before = len(told.findall(self.text()))
        self.say("drops")
        self.wait("the filters' counts", lambda: len(told.findall(self.text())) > before)
        text = self.guest.run("cat", "/proc/net/netstat", ns="dcaas-1").out
        names, values = [line.split() for line in text.splitlines() if line.startswith("TcpExt:")]
        counts = dict(zip(names, values))
        return int(told.findall(self.text())[-1]) + sum(int(counts["TCPMD5" + name])
                                                        for name in ("NotFound", "Unexpected", "Failure"))

    def bird_pid(self):
        """0 while none runs."""
        out = self.guest.shell("pgrep -x -u %d bird || true" % (BIRDS + 1)).out.split()
        return int(out[0]) if out else 0

    def end(self):
        self.say("down", "exit")
        self.guest.shell("kill %d; ip netns del dcaas-1; rm -f %s" % (self.pid, COMMANDS), check=False)


def subnet(n):
    """Our and the far address of link n."""
    return "169.254.%d.%d" % (10 + n // 64, n % 64 * 4 + 1), "169.254.%d.%d" % (10 + n // 64, n % 64 * 4 + 2)


def vlan(n, six=False):
    return "vlan dcv%d trunk0 %d dcr1 %d %s/30%s" % (n, 100 + n, TABLE, subnet(n)[0], " fd00:%d::1/64" % n if six else "")


def peer(n, password="-", limit=100, asn=None, family="4"):
    local, remote = subnet(n) if family == "4" else ("fd00:%d::1" % n, "fd00:%d::2" % n)
    return "peer p%d_%s dcr1 dcv%d %s %s 64512 %d %d %s" % (n, family, n, local, remote, asn or 65000 + n, limit, password)
