# SPDX-License-Identifier: ISC
"""BIRD is what every customer reaches. A program that has become BIRD gets no further than its own instance."""
import json
import re

import pytest

from conftest import closing, open_site
from lab.topology import MGMT_HOST

STATE = "/run/dcaas/edge"
KINDS = ("bird.conf", "bird.ctl", "run/bird.ctl", "bird.log", "run/bird.log", "bird.pid", "run/bird.pid", "bird.boot")


@pytest.fixture(scope="module")
def site():
    made = open_site(settings=["vrfs_per_instance = 1"], edge_settings=["ports = trunk0 vp?0"])
    yield made
    closing(made)


@pytest.fixture(scope="module")
def lines(site):
    """Two gateways, each in an instance of its own."""
    shop, made = site.shop("contained"), []
    for number in range(2):
        line = shop.line(shop.gateway(), families="4", md5="password-of-line-%d" % number)
        line.order()
        line.router(host=False)
        made.append(line)
    for line in made:
        line.wait_active()
    site.lab.edge.wait("a BIRD for each", lambda: len(site.birds()) == 2, 30)
    return made


def instance_of(site, pid):
    """The number of the instance whose BIRD it is."""
    [name] = site.lab.edge.shell("ip netns identify %d" % pid).out.split()
    return int(name.split("-")[1])


@pytest.fixture(scope="module")
def escape(site, lines):
    """(instance of the BIRD that a program became, the other one, what that program could do)."""
    edge = site.lab.edge
    pids = {instance_of(site, pid): pid for pid in site.birds()}
    own, other = sorted(pids)
    index = int(edge.shell("cat /sys/class/net/mgmt/ifindex").out)
    paths = ["/run/dcaas/token", STATE + "/key", STATE + "/desired", STATE, STATE + "/bird"]
    paths += ["%s/bird/%d" % (STATE, number) for number in (own, other)]
    # From the folder that BIRD is in, too: names without a path need no way from the root.
    paths += ["../..", "..", "../../desired", "."] + ["../%d/%s" % (other, kind) for kind in KINDS]
    paths += ["%s/bird/%d/%s" % (STATE, number, kind) for number in (own, other) for kind in KINDS] + list(KINDS)
    paths = [path for path in paths if edge.run("test", "-e", path if path[0] == "/" else "%s/bird/%d/%s" % (
        STATE, own, path), check=False).rc == 0]
    assert {STATE + "/desired", STATE + "/key", "%s/bird/%d/bird.conf" % (STATE, other)} <= set(paths)
    out = edge.run("python3", "-I", "-S", "/run/lab/src/test/lab/as_bird.py", pids[own], index, MGMT_HOST,
                   site.dcaasd.lab_port, *paths, timeout=120).out
    yield own, other, json.loads(out)
    for space in ("", "-n dcaas-%d" % own, "-n dcaas-%d" % other):
        edge.shell("for d in $(ip %s -br link | grep -o '^esc[a-z0-9]*'); do ip %s link del $d; done" % (space, space), check=False)


def test_it_has_what_bird_has(escape):
    """Else the rest would prove nothing: it can do in its own instance what BIRD can."""
    own, _, told = escape
    assert told["capabilities"] == 0x3400
    assert "bird.conf" in told["files"], told["files"]
    assert any(path.endswith("bird.ctl") for path in told["sockets"]), told["sockets"]


def test_it_makes_no_device_outside(site, escape):
    _, other, _ = escape
    made = site.lab.edge.shell("ip -br link; ip -n dcaas-%d -br link" % other).out
    # What is made from a device of the router's own is outside, too, wherever it lies.
    inside = site.lab.edge.shell("ip -d -br link show type macvlan; ip -br link show type ipvlan; ip -br link show type vlan").out
    inside += site.lab.edge.shell("for t in macvlan ipvlan vlan; do ip -n dcaas-%d -br link show type $t; done" % escape[0]).out
    assert re.findall(r"esc\w+", made + inside) == []


def test_it_reaches_no_address_of_the_router_s_networks(site, escape):
    assert escape[2]["reached"] == []
    # The address is there to be reached.
    assert site.lab.edge.run("curl", "-s", "-o", "/dev/null", "http://%s:%d/health" % (MGMT_HOST, site.dcaasd.lab_port)).rc == 0


def test_it_enters_no_other_namespace(escape):
    assert escape[2]["namespaces"] == []


def test_it_reads_no_token_no_key_no_state_and_no_other_instance_s_files(escape):
    own, other, told = escape
    mine = ("bird.conf", "bird.log", "bird.pid", "bird.boot", ".")
    foreign = [path for path in told["files"] if path.startswith("/") or ".." in path or
               not path.endswith(mine)]
    assert foreign == []


def test_it_opens_no_other_instance_s_control_socket(escape):
    foreign = [path for path in escape[2]["sockets"] if path.startswith("/") or ".." in path]
    assert foreign == []


def test_it_cannot_change_its_own_configuration(escape):
    assert [path for path in escape[2]["written"] if not path.startswith("run/")] == []


def test_each_instance_has_a_user_of_its_own_that_is_nobody_else_s(site, lines):
    users = {site.lab.edge.shell("stat -c %%u /proc/%d" % pid).out.strip() for pid in site.birds()}
    assert len(users) == 2
    for user in users:
        assert site.lab.edge.run("getent", "passwd", user, check=False).rc == 2


# System calls, and who goes first

def status(site, pid):
    return dict(line.split(":", 1) for line in site.lab.edge.read("/proc/%d/status" % pid).splitlines())


def processes(site):
    """{"agent", "starter", "net", "bird"}: pid."""
    found = dict(site.edge_processes(), bird=site.birds()[0])
    children = site.lab.edge.shell("ps -o pid=,uid= --ppid %d" % found["agent"]).out.split()
    [found["starter"]] = [int(pid) for pid, uid in zip(children[::2], children[1::2]) if uid == "0"]
    return found


def test_each_process_has_a_filter_of_system_calls_and_can_gain_nothing(site, lines):
    for name, pid in processes(site).items():
        told = status(site, pid)
        assert (told["Seccomp"].strip(), told["NoNewPrivs"].strip()) == ("2", "1"), name


def test_the_network_half_was_executed_and_not_only_forked(site, lines):
    """So its addresses are its own: what it knows of its memory reveals nothing of the agent's."""
    pids = processes(site)
    words = [site.lab.edge.read("/proc/%d/cmdline" % pids[who]).split("\0") for who in ("agent", "net")]
    assert "--network-half" not in words[0] and "--network-half" in words[1]
    assert site.lab.edge.read("/proc/%d/comm" % pids["net"]) == "dcaas-edge\n"


def test_when_memory_ends_bird_goes_first_and_the_agent_last(site, lines):
    pids = processes(site)
    adjust = {name: int(site.lab.edge.read("/proc/%d/oom_score_adj" % pid)) for name, pid in pids.items()}
    assert adjust["bird"] > adjust["net"] > adjust["agent"] == adjust["starter"], adjust


def test_bird_s_memory_is_bounded_and_leaves_no_core(site, lines):
    limits = site.lab.edge.read("/proc/%d/limits" % site.birds()[0])
    assert "Max data size             4294967296 " in limits and "Max core file size        0 " in limits


def test_the_agent_goes_when_the_starter_is_gone_and_all_comes_back(site, lines):
    old = processes(site)
    site.lab.edge.kill(old["starter"], 9)
    site.lab.edge.wait("other processes", lambda: len(site.edge_processes()) == 2 and
                       not set(site.edge_processes().values()) & set(old.values()), 30)
    assert old["bird"] in site.birds()
    for line in lines:
        line.wait_active()


def test_an_order_on_a_port_that_the_router_does_not_list_is_refused_in_words(site, lines):
    shop = site.shop("elsewhere", "trunk1")
    line = shop.line(shop.gateway(), families="4")
    line.order()
    words = "port trunk1 may not carry customers: [edge] ports of this router does not list it"
    site.lab.edge.wait("the words", lambda: words in (line.interface()["reason"] or ""), 30)
    assert line.interface()["status"] == "ERROR"
    assert "trunk1" not in site.lab.edge.shell("ip netns exec dcaas-1 ip -d link; ip netns exec dcaas-2 ip -d link").out
    line.delete()
