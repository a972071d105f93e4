# SPDX-License-Identifier: ISC
"""Static peers; and the router as it was found once everything is deleted."""
import re

import pytest

from lab.customer import start_bird


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("static")


FOREIGN = """
netns add foreign
link add fdummy type dummy
link set fdummy up
addr add 198.18.0.1/24 dev fdummy
route add 198.18.9.0/24 via 198.18.0.9
route add 198.18.10.0/24 via 198.18.0.9 proto 201
link add link trunk0 name trunk0.3333 type vlan id 3333
link set trunk0.3333 up
addr add 198.18.1.1/24 dev trunk0.3333
link add fvrf type vrf table 100777
link set fvrf up
link add link vpc0 name fmac type macvlan mode bridge
link set fmac up
"""
FOREIGN_BIRD = """router id 198.18.0.1; protocol device { scan time 5; }
protocol static fst { ipv4; route 198.18.20.0/24 via 198.18.0.9; }
protocol kernel fkr { ipv4 { import none; export all; }; }
protocol bgp fbgp { local as 65010; neighbor 198.18.0.2 as 65011; ipv4 { import all; export all; }; }
"""


def picture(site):
    """The router as far as commands show it, without what moves by itself (counters, ages)."""
    script = """
    ip -d link; ip addr; ip -4 route show table all; ip -6 route show table all; ip rule; ip -6 rule; ls /run/netns
    for dev in trunk0 trunk1 vpc0 mgmt; do echo "tc $dev"; tc qdisc show dev $dev; tc filter show dev $dev ingress; done
    sysctl -a 2>/dev/null | grep -E '^net.ipv[46].(ip_forward|conf.(all|default|trunk0|trunk1|vpc0|mgmt)[.])'
    """
    text = site.lab.edge.shell(script).out
    text = re.sub(r"(expires|users|used|age) \S+", "", text)
    return [line.rstrip() for line in text.splitlines()]


def settled(site):
    """The picture once it does not change by itself any more: addresses and carriers take a moment."""
    seen = [picture(site)]

    def again():
        seen.append(picture(site))
        return seen[-1] == seen[-2] and not any("tentative" in line for line in seen[-1])
    site.lab.edge.wait("a router that does not change", again, 30, 1)
    return seen[-1]


@pytest.fixture(scope="module")
def before(site):
    """Things of others on the router, as they are before the first order."""
    edge = site.lab.edge
    edge.ip([line for line in FOREIGN.splitlines() if line])
    edge.write("/tmp/foreign.conf", FOREIGN_BIRD)
    start_bird(edge, "/tmp/foreign.conf", "/tmp/foreign.ctl", "/tmp/foreign.pid")
    edge.wait("the foreign BIRD's route", lambda: "198.18.20.0/24" in edge.shell("ip route").out, 20)
    return settled(site), foreign_bird(site)


def foreign_bird(site):
    """Which process it is, and what it runs: another one, or a reconfigured one, would differ."""
    edge = site.lab.edge
    pid = edge.read("/tmp/foreign.pid").strip()
    started = edge.read("/proc/%s/stat" % pid).rsplit(")", 1)[1].split()[19]
    protocols = [words.split()[:4] for words in edge.bird("/tmp/foreign.ctl", "show protocols").splitlines()]
    return pid, started, protocols


@pytest.fixture(scope="module")
def line(shop, before):
    gateway = shop.gateway(host=True)
    line = shop.line(gateway, mode="static")
    line.order()
    line.router()
    return line.wait_active()


def static_routes(site, family):
    out = site.lab.edge.shell("for n in %s; do ip -%s -n $n route show table all proto 202; done" % (
        " ".join(site.instances()), family)).out
    return out


def test_static_peer_is_active_without_bgp(line):
    for family in "46":
        peer = line.peer(family)
        assert (peer["status"], peer["bgp_status"], peer["receive_route_num"]) == ("ACTIVE", None, -1)
    assert line.interface()["status"] == "ACTIVE"


@pytest.mark.parametrize("family", ["4", "6"])
def test_its_routes_are_in_the_gateways_table(site, line, family):
    routes = static_routes(site, family)
    assert "%s via %s" % (line.lan(family), line.far(family).split("/")[0]) in routes
    assert "table 100" in routes


@pytest.mark.parametrize("family", ["4", "6"])
def test_traffic_crosses(site, line, family):
    site.lab.edge.wait("a ping", lambda: line.customer.ping(line.gateway.address(family)).ok, 20)
    site.lab.edge.wait("a ping back", lambda: line.gateway.host.ping(line.host_address(family)).ok, 20)


def test_changed_blocks_are_followed(site, line):
    path = "/v3/{project_id}/dcaas/vif-peers/" + line.peers["4"]
    line.tenant.put(path, {"vif_peer": {"remote_ep_group": [line.lan("4"), "172.21.0.0/16"]}})
    site.lab.edge.wait("the new route", lambda: "172.21.0.0/16" in static_routes(site, "4"), 20)
    line.tenant.put(path, {"vif_peer": {"remote_ep_group": [line.lan("4")]}})
    site.lab.edge.wait("its end", lambda: "172.21.0.0/16" not in static_routes(site, "4"), 20)
    assert line.lan("4") in static_routes(site, "4")
    line.wait_active()


def test_a_route_deleted_by_hand_comes_back(site, line):
    instance = next(n for n in site.instances()
                    if line.lan("4") in site.lab.edge.shell("ip -n %s route show table all proto 202" % n).out)
    out = site.lab.edge.shell("ip -n %s route show table all proto 202" % instance).out
    route = next(words for words in out.splitlines() if words.startswith(line.lan("4")))
    number = re.search(r"table (\d+|\S+)", route).group(1)
    site.lab.edge.run("ip", "-n", instance, "route", "del", line.lan("4"), "table", number)
    site.lab.edge.wait("the route again", lambda: line.lan("4") in static_routes(site, "4"), 40)


def test_port_set_down_and_up_again(site, line):
    """By the operator. Its routes and traffic are back, and the API has shown why they were not."""
    edge = site.lab.edge
    edge.ip(["link set trunk0 down"])
    line.wait_peer("DOWN", lambda p: p["status"] == "DOWN")
    assert "no carrier on the port" in line.interface()["reason"]
    edge.ip(["link set trunk0 up"])
    line.wait_active()
    for family in "46":
        edge.wait("a ping", lambda f=family: line.customer.ping(line.gateway.address(f)).ok, 20)


def test_deleting_everything_leaves_the_router_as_found(site, shop, line, before):
    bgp = shop.line(line.gateway)
    bgp.order()
    bgp.router()
    bgp.wait_active()
    assert site.instances() and site.birds()
    # Another port, untagged: a macvlan, and nothing else on it.
    second = site.shop("static-untagged", "trunk1")
    whole = second.line(second.gateway(), vlan=0)
    whole.order()
    whole.wait_applied()
    for each in (bgp, line, whole):
        each.delete()
    for gateway in (line.gateway, whole.gateway):
        gateway.tenant.delete("/v3/{project_id}/dcaas/virtual-gateways/" + gateway.id)
    for row in site.rows("attachments", "attachments"):
        site.operator.delete("/dcaas/v1/attachments/" + row["id"])
    site.lab.edge.wait("the end of every namespace of ours", lambda: not site.instances() and not site.birds(), 30)
    site.lab.edge.wait("no object left", lambda: not site.rows("objects", "objects"), 20)
    was, bird = before
    now = settled(site)
    gone, new = [x for x in was if x not in now], [x for x in now if x not in was]
    assert (gone, new) == ([], [])
    assert foreign_bird(site) == bird
