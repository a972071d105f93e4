# SPDX-License-Identifier: ISC
"""The installed unit under a real systemd, which is process 1 of a pid namespace of the edge's guest: what the unit forbids
forbids nothing that the edge does."""
import os
import subprocess

import pytest

from conftest import closing, open_site
from lab.dcaasd import binary
from lab.order import Moment
from lab.topology import ROOT

PLACE = "/run/unit"  # of the guest
LOG = "/run/unit/dcaas-edge.log"
EXPOSURE = 4.0  # of 10, as systemd-analyze counts it
TARGETS = ("sysinit", "basic", "shutdown", "network-pre", "multi-user")
START = """mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
exec unshare --pid --mount --cgroup --fork --kill-child --mount-proc env -i container=lab PATH=$PATH SYSTEMD_UNIT_PATH={0}/units \
    SYSTEMD_GENERATOR_PATH={0}/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH={0}/none \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no"""


def unit_text():
    """As meson installs it, with the lab's places."""
    with open(os.path.join(ROOT, "dist", "dcaas-edge.service.in")) as file:
        text = file.read().replace("@sbindir@", PLACE)
    return text.replace("/etc/dcaas/edge.conf", "/run/dcaas/edge.conf")


class Systemd:
    """It runs beside the lab's own first process, in namespaces of its own."""

    def __init__(self, edge):
        self.edge = edge
        edge.shell("mkdir -p {0}/units/dcaas-edge.service.d && cp {1} {0}/dcaas-edge".format(PLACE, binary("dcaas-edge")))
        for name in TARGETS:
            edge.write("%s/units/%s.target" % (PLACE, name), "[Unit]\nDefaultDependencies=no\n")
        edge.write(PLACE + "/units/dcaas-edge.service", unit_text())
        edge.write(PLACE + "/units/dcaas-edge.service.d/lab.conf",
                   "[Service]\nStandardOutput=append:{0}\nStandardError=append:{0}\n".format(LOG))
        self.outer = edge.spawn("sh", "-c", START.format(PLACE), log=PLACE + "/systemd.log")
        edge.wait("systemd", self.answers, 60)

    def answers(self):
        """Whether systemd does. The shell that starts it has other children before, so process 1 is looked for at each try."""
        found = self.edge.shell("pgrep -P %d || true" % self.outer).out.split()
        self.pid = int(found[0]) if found else None
        return self.pid is not None and self.ctl("list-units", check=False).rc == 0

    def inside(self, *argv, **options):
        return self.edge.run("nsenter", "-t", self.pid, "-m", "-p", "-C", *argv, **options)

    def ctl(self, *argv, **options):
        return self.inside("systemctl", "--no-pager", *argv, **options)

    def main(self):
        """The agent's pid, as the guest counts."""
        own = self.ctl("show", "-P", "MainPID", "dcaas-edge").out.strip()
        return self.outer_pid(own)

    def outer_pid(self, own):
        for line in self.edge.shell("grep -H ^NSpid: /proc/[0-9]*/status 2>/dev/null").out.splitlines():
            path, *numbers = line.replace(":", " ").split()
            if len(numbers) > 2 and numbers[2] == own and numbers[1] != own:
                return int(path.split("/")[2])
        return None

    def restarts(self):
        return int(self.ctl("show", "-P", "NRestarts", "dcaas-edge").out)

    def state(self):
        return self.ctl("is-active", "dcaas-edge", check=False).out.strip()


@pytest.fixture(scope="module")
def site():
    made = open_site(start_edge=False)
    made.edge_log = LOG
    made.run_edge = lambda: made
    made.start_edge()
    yield made
    closing(made)


@pytest.fixture(scope="module")
def systemd(site):
    made = Systemd(site.lab.edge)
    made.ctl("start", "dcaas-edge", timeout=60)
    site.wait_edge()
    return made


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("unit")


@pytest.fixture(scope="module")
def line(systemd, shop):
    made = shop.line(shop.gateway(), md5="example-of-md5")
    made.order()
    made.router()
    made.wait_active()
    return made


def since(line):
    """When the sessions came up, at the customer's router."""
    return [Moment(line.customer.bird("show protocols " + line.customer.protocol(family)).splitlines()[1].split()[4])
            for family in "46"]


def mounts_of(edge, pid):
    return edge.run("readlink", "/proc/%d/ns/mnt" % pid).out


def test_the_unit_exposes_little():
    folder = os.path.join(ROOT, "build-check") if os.path.isdir(os.path.join(ROOT, "build-check")) else "/tmp"
    path = os.path.join(folder, "dcaas-edge.service")
    with open(path, "w") as file:
        file.write(unit_text())
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=%d" % (10 * EXPOSURE), path],
                          capture_output=True, text=True)
    os.unlink(path)
    assert done.returncode == 0, done.stdout + done.stderr
    print("\n" + done.stdout.strip().splitlines()[-1])


def test_what_speaks_to_the_network_lives_behind_the_unit_s_walls(site, systemd, line):
    """The agent names namespaces among the mounts of process 1, with few capabilities; the others see what the unit leaves."""
    edge, agent = site.lab.edge, systemd.main()
    net = int(edge.shell("pgrep -P %d -u 65534" % agent).out.split()[0])
    bird, = site.birds()
    assert mounts_of(edge, agent) == mounts_of(edge, systemd.pid)
    assert len({mounts_of(edge, pid) for pid in (systemd.pid, net, bird)}) == 3
    status = dict(one.split(":\t", 1) for one in edge.read("/proc/%d/status" % agent).splitlines() if ":\t" in one)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0x2010E0 and int(status["Seccomp_filters"]) > 1
    for pid in (net, bird):
        seen = edge.run("nsenter", "-t", pid, "-m", "sh", "-c",
                        "cd /; ls -d home/* root/* 2>/dev/null; touch /usr/sbin/.dcaas-try 2>&1; ls /dev", check=False).out
        assert "Read-only" in seen and "home/" not in seen and "root/" not in seen and "ubd0" not in seen.split(), seen
    assert "dcaas-1" in systemd.inside("ls", "/run/netns").out.split()
    assert "dcv1" in systemd.inside("ip", "-n", "dcaas-1", "-br", "link").out


def test_a_restart_of_the_unit_touches_no_session(site, systemd, line):
    before, birds, agent = since(line), site.birds(), systemd.main()
    systemd.ctl("restart", "dcaas-edge")
    site.lab.edge.wait("a new agent", lambda: systemd.main() not in (None, agent), 20)
    line.wait_active()
    assert site.birds() == birds and since(line) == before


def test_a_killed_agent_is_started_again(site, systemd, shop, line):
    before, birds, restarts = since(line), site.birds(), systemd.restarts()
    site.lab.edge.kill(systemd.main(), 9)
    site.lab.edge.wait("its restart", lambda: systemd.restarts() > restarts and systemd.state() == "active", 30)
    extra = shop.line(shop.gateway(), families="4")
    extra.order()
    extra.wait_applied()
    assert site.birds()[:1] == birds[:1] and since(line) == before
    extra.delete()


def test_a_killed_bird_is_started_again(site, systemd, line):
    birds = site.birds()
    site.lab.edge.kill(birds[0], 9)
    site.lab.edge.wait("another BIRD", lambda: site.birds() and site.birds()[0] not in birds, 30)
    line.wait_active()


def test_a_reload_reaches_the_network_half(site, systemd, line):
    before = site.edge_log_text().count("reloaded")
    systemd.ctl("reload", "dcaas-edge")
    site.lab.edge.wait("its word", lambda: site.edge_log_text().count("reloaded") > before, 20)
    assert systemd.state() == "active"


def test_a_stop_leaves_routing_alone(site, systemd, line):
    before, birds = since(line), site.birds()
    systemd.ctl("stop", "dcaas-edge")
    assert systemd.state() == "inactive"
    assert site.birds() == birds and since(line) == before
    systemd.ctl("start", "dcaas-edge")
    line.wait_active()
    assert since(line) == before
