# SPDX-License-Identifier: ISC
"""packages.py - the tests of the packages, for one release of Debian: test_debian12.py and test_debian13.py run them."""
import glob
import hashlib
import os
import re
import shutil
import sys
import tempfile

import pytest

from roots import ROOT, Overlay, call, enter, environment, made

sys.path.insert(0, os.path.join(ROOT, "dist"))
sys.path.insert(0, os.path.join(ROOT, "test"))

import deb  # noqa: E402
import operations  # noqa: E402
import pages  # noqa: E402

NAMES = ("dcaas", "dcaas-server", "dcaas-edge", "dcaas-lab")
# What dpkg, apt and debconf write down of any package.
BOOKS = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/var/lib/systemd/deb-systemd-helper-enabled", "/proc", "/sys",
         "/dev", "/run", "/tmp", "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/etc/.pwd.lock", "/root")
# Files with their bytes' sums, everything by kind, mode and owner.
LIST = r"""find / -xdev \( %s \) -prune -o -printf '%%p\t%%y %%m %%u:%%g %%l\n'
find / -xdev \( %s \) -prune -o -type f -print0 | xargs -0 sha256sum | sed -E 's/^([^ ]+) +(.*)$/\2\t\1/'"""
OPERATORS = {"/etc/dcaas/own.pem": "the operator's own\n", "/etc/sysctl.d/99-own.conf": "# the operator's own\n"}


def control(path, field):
    return call(["dpkg-deb", "-f", path, field]).stdout.strip()


def build_needs():
    text = deb.read("debian/control")
    found = re.search(r"^Build-Depends: (.*?)^\S", text, re.M | re.S)[1]
    return ["build-essential", "lintian", *(" ".join(item.split()) for item in found.split(","))]


def build(suite, folder, **environment):
    """Builds the packages in that release; {name: path}, and what lintian prints."""
    root = made(suite, "build", build_needs())
    tree = deb.source(folder)
    enter(root, "cd %s; umask $MASK; dpkg-buildpackage -b -us -uc >../build.log 2>&1 || { tail -n 60 ../build.log; exit 1; }" % tree,
          shares=[folder], env={"MASK": "022", "DEB_BUILD_OPTIONS": "parallel=2 noautodbgsym", **environment})
    shutil.rmtree(tree)
    found = {re.match("(.*?)_", os.path.basename(path))[1]: path for path in glob.glob(folder + "/*.deb")}
    said = enter(root, "lintian --allow-root --fail-on none --tag-display-limit 0 %s/*.changes" % folder, shares=[folder])
    return found, said.stdout


def older(path, folder):
    """The same package as an earlier version whose configuration file was another one."""
    tree = tempfile.mkdtemp(dir=folder)
    call(["dpkg-deb", "-R", path, tree])
    with open(tree + "/DEBIAN/control", "r+", encoding="utf-8") as file:
        text = file.read().replace("Version: " + deb.version(), "Version: 0.1.0")
        file.seek(0)
        file.truncate()
        file.write(text.replace("(= %s)" % deb.version(), "(= 0.1.0)"))
    for conf in glob.glob(tree + "/etc/dcaas/*.conf"):
        with open(conf, "a", encoding="utf-8") as file:
            file.write("# of version 0.1.0\n")
    # A file that the newer version does not have any more.
    os.makedirs(tree + "/usr/share/doc/" + control(path, "Package"), exist_ok=True)
    with open(tree + "/usr/share/doc/%s/older" % control(path, "Package"), "w", encoding="utf-8") as file:
        file.write("older\n")
    fresh = os.path.join(folder, os.path.basename(path))
    call(["dpkg-deb", "--root-owner-group", "-b", tree, fresh])
    return fresh


class Machine:
    """A machine of that release, with what the packages depend on and nothing else."""

    def __init__(self, suite, built, folder):
        self.built, self.folder = built, folder
        needs = sorted({item.strip() for path in built.values() for item in control(path, "Depends").split(",")
                        if not re.match(r"dcaas\b", item.strip())})
        self.overlay = Overlay(made(suite, "run", needs))

    def run(self, script, **options):
        return self.overlay.run(script, shares=[self.folder], network=False, **options)

    def install(self, paths, *options):
        return self.run("dpkg %s -i %s" % (" ".join(options), " ".join(paths)))

    def shell(self):
        """A person's, as root, in the folder that operations.prepare() has filled."""
        # setsid: job control in a namespace where the terminal's session has no number.
        into = [*self.overlay.way_into(shares=[self.folder], network=False), "sh", "-c", 'cd /srv/reader; exec "$@"', "sh", "setsid", "--ctty"]
        return pages.Shell("/", environment(self.overlay.root), into=into)

    def files(self):
        """Everything on its disk, but what dpkg and apt write down."""
        skipped = " -o ".join("-path '%s'" % path for path in (*BOOKS, self.folder))
        found = {}
        for line in self.run(LIST % (skipped, skipped)).splitlines():
            path, _, rest = line.partition("\t")
            found[path] = found.get(path, "") + rest
        # Dates of passwords that were never set.
        return {path: rest for path, rest in found.items() if path != "/etc/shadow"}


@pytest.fixture(scope="module")
def place():
    folder = tempfile.mkdtemp(prefix="dcaas-packages-")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def built(suite, place):
    return build(suite, place + "/first")


@pytest.fixture
def machine(suite, built, place):
    one = Machine(suite, built[0], place)
    yield one
    one.overlay.remove()


def test_the_four_packages_are_built_and_lintian_has_no_word(built):
    assert set(built[0]) == set(NAMES)
    assert not [line for line in built[1].splitlines() if re.match("[EW]:", line)], built[1]


def test_the_maintainer_is_the_one_who_builds(built, monkeypatch):
    who = deb.maintainer()
    assert re.fullmatch(r".+ <\S+@\S+\.\S+>", who) and {control(path, "Maintainer") for path in built[0].values()} == {who}
    monkeypatch.setenv("DEBEMAIL", "packager@site.example")
    monkeypatch.setenv("DEBFULLNAME", "A Packager")
    assert deb.maintainer() == "A Packager <packager@site.example>"


def test_a_second_build_gives_the_same_bytes(suite, built, place):
    """In another folder, with another umask, language, time zone and user's name."""
    again, _ = build(suite, place + "/somewhere-else", MASK="077", LC_ALL="C", TZ="Pacific/Kiritimati", USER="somebody", HOME="/nonexistent")
    sums = [{name: hashlib.sha256(open(path, "rb").read()).hexdigest() for name, path in one.items()} for one in (built[0], again)]
    assert sums[0] == sums[1]


OF_EACH = {
    "dcaas-server": ({"dcaas"}, {"/etc/dcaas/dcaasd.conf", "/usr/sbin/dcaasd", "/usr/lib/tmpfiles.d/dcaas-server.conf", "/var/lib/dcaas"}),
    "dcaas-edge": ({"dcaas-edge"}, {"/etc/dcaas/edge.conf", "/usr/sbin/dcaas-edge", "/usr/lib/sysctl.d/60-dcaas-edge.conf",
                                    "/var/lib/dcaas-edge"}),
    "dcaas": (set(), {"/usr/bin/dcaas", "/usr/share/bash-completion/completions/dcaas", "/usr/share/zsh/vendor-completions/_dcaas",
                      "/usr/share/fish/vendor_completions.d/dcaas.fish"}),
}


@pytest.mark.parametrize("name", list(OF_EACH))
def test_each_brings_what_is_its_own_and_leaves_nothing(machine, name):
    users, files = OF_EACH[name]
    before = machine.files()
    machine.install([machine.built[name]])
    now = machine.files()
    accounts = set(machine.run("getent passwd | cut -d: -f1").split())
    assert not files - set(now) and {user for user in accounts if user.startswith("dcaas")} == users
    for other in set(OF_EACH) - {name}:
        assert not OF_EACH[other][1] & set(now) and not OF_EACH[other][0] & accounts
    machine.run("dpkg --purge " + name)
    after = machine.files()
    assert after == before, sorted(set(after.items()) ^ set(before.items()))


def test_programs_know_their_version_and_their_configuration(machine):
    machine.install(machine.built.values())
    for program in ("dcaasd", "dcaas-edge", "dcaas", "dcaas-lab"):
        assert machine.run(program + " -V") == "%s %s\n" % (program, deb.version())
    assert "is good" in machine.run("runuser -u dcaas -- dcaasd -n")
    assert "is good" in machine.run("dcaas-edge -n")
    for program, conf in (("dcaasd", "dcaasd.conf"), ("dcaas-edge", "edge.conf")):
        said = machine.run("echo colour = red >>/etc/dcaas/%s; %s -n 2>&1 || true" % (conf, program))
        assert re.match(r'%s: /etc/dcaas/%s:\d+: \[\w+\] colour = "red": there is no such key' % (program, conf), said), said
    said = machine.run("systemd-analyze verify dcaasd.service dcaas-edge.service 2>&1 || true")
    assert not [line for line in said.splitlines() if "dcaas" in line and "Command 'man" not in line], said
    assert "not found" not in machine.run("ldd /usr/sbin/dcaasd /usr/sbin/dcaas-edge /usr/bin/dcaas")


SERVE = """
setpriv --reuid dcaas --regid dcaas --init-groups dcaasd >/tmp/log 2>&1 & server=$!
export DCAAS_ENDPOINT=http://127.0.0.1:8080
for n in $(seq 300); do dcaas -j health show 2>/tmp/said && break; sleep 0.1; done
dcaas -j health show || { cat /tmp/log; exit 1; }
%s
kill $server; wait $server
"""


def test_an_older_version_is_upgraded_removed_and_purged(machine, place):
    """What the operator wrote stays until the purge, and the own files stay for ever."""
    before = machine.files()
    machine.install([older(path, place) for path in machine.built.values()])
    machine.run("sed -i 's/^#region_id.*/region_id = berlin/' /etc/dcaas/dcaasd.conf; printf %064d 0 >/etc/dcaas/token; "
                + "; ".join("mkdir -p %s; printf '%s' >%s" % (os.path.dirname(path), text.replace("'", "'\\''"), path)
                            for path, text in OPERATORS.items()))
    keys = machine.run("runuser -u dcaas -- dcaasd --init")
    machine.run("runuser -u dcaas -- dcaasd -n")
    ids = machine.run("id dcaas; id dcaas-edge")
    written = machine.run("cat /etc/dcaas/dcaasd.conf /etc/dcaas/token")
    # upgraded
    machine.install(machine.built.values(), "--force-confold")
    assert machine.run("dpkg-query -W -f '${Version}\\n' dcaas dcaas-server dcaas-edge dcaas-lab").split() == 4 * [deb.version()]
    assert machine.run("cat /etc/dcaas/dcaasd.conf /etc/dcaas/token") == written and "# of version 0.1.0" in written
    assert "# of version 0.1.0" not in machine.run("cat /etc/dcaas/edge.conf"), "what nobody has changed is the new version's"
    assert machine.run("id dcaas; id dcaas-edge") == ids and machine.run("ls /usr/share/doc/dcaas*/older 2>/dev/null || true") == ""
    assert '"status"' in machine.run(SERVE % "")
    # removed: nothing of the programs, everything of the operator
    state = machine.run("cd /var/lib/dcaas; sha256sum dcaas.db dcaas.key")
    machine.run("dpkg -r dcaas-lab dcaas-edge dcaas-server dcaas")
    left = set(machine.files()) - set(before)
    assert not [path for path in left if path.startswith("/usr/") or "systemd" in path], left
    assert machine.run("cat /etc/dcaas/dcaasd.conf /etc/dcaas/token") == written
    assert machine.run("cd /var/lib/dcaas; sha256sum dcaas.db dcaas.key") == state
    # back again, with all that was there
    machine.install(machine.built.values())
    access, secret = (re.search("%s=(.*)" % name, keys)[1] for name in ("DCAAS_ADMIN_ACCESS_KEY", "DCAAS_ADMIN_SECRET_KEY"))
    machine.run(SERVE % ("DCAAS_ADMIN_ACCESS_KEY=%s DCAAS_ADMIN_SECRET_KEY=%s dcaas edge list" % (access, secret)))
    # purged
    machine.run("dpkg --purge dcaas-lab dcaas-edge dcaas-server dcaas")
    after = machine.files()
    for path, text in OPERATORS.items():
        assert machine.run("cat " + path) == text
        for own in (path, os.path.dirname(path)):
            after.pop(own, None)
            before.pop(own, None)
    assert after == before, sorted(set(after.items()) ^ set(before.items()))


NAMESPACES = """
ip netns add dcaas-7; ip netns add other; ip netns add dcaas-own
ip netns exec dcaas-7 setpriv --reuid dcaas-edge --regid dcaas-edge --clear-groups sh -c 'trap "" TERM; sleep 1000; :' & first=$!
for n in $(seq 100); do [ "$(ps -o user= -p $first)" = root ] || break; sleep 0.1; done
ip netns exec other sleep 1000 & second=$!
ip netns exec dcaas-7 ip link add v100 type veth
dpkg -r dcaas-edge; ip netns pids dcaas-7 | grep -qx $first
dpkg --purge dcaas-edge
! kill -0 $first 2>/dev/null
! getent passwd dcaas-edge
kill -0 $second
ls /run/netns
"""


def test_sessions_outlive_the_removal_of_an_edge_and_not_its_purge(machine):
    """Also a daemon that does not want to end, and whose user is to go."""
    machine.install([machine.built["dcaas-edge"]])
    assert machine.run(NAMESPACES).splitlines()[-2:] == ["dcaas-own", "other"]


ORDER = """
set -a; . /tmp/site/env; set +a
vgw=$(dcaas -q virtual-gateway create --name office --vpc-id 6a1e2f30-0000-4000-8000-000000000001 --local-ep-group 10.1.0.0/16)
vif=$(dcaas -q virtual-interface create --name office --type private --direct-connect-id $DCAAS_DIRECT_CONNECT_ID --vgw-id $vgw \
    --vlan 100 --bandwidth 50 --route-mode bgp --bgp-asn 65001 --local-gateway-v4-ip 169.254.10.1/30 --remote-gateway-v4-ip 169.254.10.2/30)
dcaas virtual-interface wait $vif --status ACTIVE
"""


def test_the_simulated_site_takes_an_order(machine):
    machine.install(machine.built.values())
    said = machine.run("dcaas-lab sim --port 0 --dir /tmp/site >/tmp/said 2>&1 & site=$!; for n in $(seq 300); do "
                       "grep -q '^sim: credentials' /tmp/said && break; sleep 0.1; done; cat /tmp/said\n" + ORDER + "\nkill $site; wait $site")
    assert "with a simulated edge" in said and "make" not in said.replace("makes", "")


def test_the_operators_page_prints_what_it_shows(machine):
    """doc/operations.md, from the installation on."""
    operations.prepare(machine)
    shell = machine.shell()
    try:
        operations.run(shell)
    finally:
        shell.close()


def test_the_site_with_routers_brings_sessions_up(machine):
    """Real kernels and the release's own BIRD."""
    machine.install(machine.built.values())
    said = machine.run("dcaas-lab run --port 0 --once", seconds=900)
    assert said.count("status ACTIVE, bgp_status up") == 2 and said.count("3 of 3 came back") == 2, said
