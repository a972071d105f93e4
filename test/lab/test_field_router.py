# SPDX-License-Identifier: ISC
"""What happens to a router in the field, where nobody asks first: names, files and devices go, and traffic comes back."""
import pytest

from lab.customer import Pinging

BACK = 60  # seconds after which everything is back, at the latest


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("field")


@pytest.fixture(scope="module")
def lines(site, shop):
    """One with BGP and MD5, one with static routes."""
    gateway = shop.gateway(host=True)
    made = [shop.line(gateway, md5="field"), shop.line(gateway, mode="static")]
    for line in made:
        line.order()
        line.router()
    for line in made:
        line.wait_active()
    wait_traffic(site, made)
    return made


def wait_traffic(site, lines):
    for line in lines:
        for family in "46":
            site.lab.edge.wait("a ping of %s" % line.name,
                               lambda l=line, f=family: l.customer.ping(l.gateway.address(f), count=1).ok, BACK)


def unpin(site):
    """As an operator may: the names of all namespaces of ours."""
    names = site.instances()
    assert names
    for name in names:
        site.lab.edge.run("ip", "netns", "del", name)
    return names


def test_a_namespace_that_lost_its_name_gets_it_back_untouched(site, lines):
    before = [lines[0].since(family) for family in "46"]
    pings = [Pinging(site.lab.customers, line.customer.host, line.gateway.address(family))
             for line in lines for family in "46"]
    for pinging in pings:
        pinging.wait_answers(2)
    names = unpin(site)
    site.lab.edge.wait("its name", lambda: site.instances() == names, BACK)
    for pinging in pings:
        pinging.wait_answers(10)
    assert [pinging.stop()[0] for pinging in pings] == [[]] * len(pings)
    assert [lines[0].since(family) for family in "46"] == before
    for line in lines:
        line.wait_active()


def test_a_namespace_that_lost_its_name_while_the_edge_was_away_gets_it_back_with_its_bird(site, lines):
    """Its BIRD keeps the namespace, and with it the VLANs: the edge finds BIRD by its user, and no session is lost."""
    before = [lines[0].since(family) for family in "46"]
    site.stop_edge(9)
    names = unpin(site)
    old = site.birds()
    assert old
    site.run_edge()
    site.lab.edge.wait("its name", lambda: site.instances() == names, BACK)
    for family in "46":
        lines[0].customer.wait_established(family, BACK)
    wait_traffic(site, lines)
    for line in lines:
        line.wait_active()
    assert site.birds() == old
    assert [lines[0].since(family) for family in "46"] == before


def test_a_bird_that_lost_its_socket_is_started_again(site, lines):
    """The edge that held it open is gone, too: nobody can talk to that BIRD any more."""
    old = site.birds()
    site.lab.edge.shell("rm /run/dcaas/edge/bird/*/run/bird.ctl")
    site.lab.edge.kill(site.edge_processes()["net"], 9)
    site.lab.edge.wait("another BIRD", lambda: site.birds() and not set(site.birds()) & set(old), BACK)
    for line in lines:
        line.wait_active(BACK)
    wait_traffic(site, lines)


def test_forwarding_that_was_switched_off_is_switched_on(site, lines):
    before = [lines[0].since(family) for family in "46"]
    edge = site.lab.edge
    paths = ["/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"]
    for name in site.instances():
        for path in paths:
            edge.shell("echo 0 > " + path, ns=name)
        edge.ip(["link set lo down"], ns=name)
        edge.wait("the settings", lambda n=name: [edge.shell("cat " + path, ns=n).out.strip() for path in paths] == ["1", "1"]
                  and "UP" in edge.shell("ip -br link show lo", ns=name).out, BACK)
    wait_traffic(site, lines)
    assert [lines[0].since(family) for family in "46"] == before


def test_a_vlan_that_somebody_else_has_is_reported_once_and_taken_when_it_is_free(site, shop, lines):
    edge = site.lab.edge
    line = shop.line(lines[0].gateway, families="4")
    edge.ip(["link add link trunk0 name theirs type vlan id %d" % line.vlan])
    line.order()
    line.router(host=False)
    line.wait_peer("an error", lambda p: p["status"] == "ERROR")
    assert "the VLAN is taken on trunk0" in line.interface()["reason"]

    def failures():
        return [words for words in site.edge_log_text().splitlines() if "step failed" in words]
    told, reports = failures(), set()
    edge.wait("time for several tries", lambda: reports.add(
        site.rows("edge-reports", "edge_reports")[0]["received_time"]) or len(reports) > 4, BACK)
    assert failures() == told
    edge.ip(["link del theirs"])
    line.wait_active(BACK)
    line.delete()
    line.customer.down()


@pytest.fixture
def small_disk(site):
    """The edge's files on a disk of their own, of 512 kB; BIRD's stay where they are. It has room until it has reported."""
    edge, state, boot = site.lab.edge, "/run/dcaas/edge", site.boot()
    site.stop_edge(9)
    edge.shell("mkdir -p /run/small && mount -t tmpfs -o size=512k,mode=700 small /run/small && mkdir /run/small/bird && "
               "cp -p {0}/key {0}/desired {0}/journal /run/small && chown 65534:65534 /run/small && "
               "mount --bind {0}/bird /run/small/bird && mount --rbind /run/small {0}".format(state))
    site.run_edge()
    edge.wait("a report of the new process", lambda: site.boot() != boot, BACK)
    yield "/run/small"
    site.stop_edge(9)
    edge.shell("umount -lR {0} && cp -p /run/small/desired /run/small/journal {0}/ && umount -lR /run/small".format(state))
    site.run_edge()


def test_a_full_disk_is_reported_and_stops_nothing_that_runs(site, shop, lines, small_disk):
    """An order that the router cannot keep is not begun: after its restart it would be gone."""
    before = [lines[0].since(family) for family in "46"]
    edge = site.lab.edge
    edge.shell("dd if=/dev/zero of=%s/fill bs=4k 2>/dev/null || true" % small_disk)
    kept = []
    for _ in range(8):  # the journal's last block has room for some orders, which are kept
        line = shop.line(lines[0].gateway, families="4")
        line.order()
        line.router(host=False)
        line.wait_peer("kept or refused", lambda p: p["status"] in ("ACTIVE", "ERROR"))
        if line.interface()["status"] == "ERROR":
            break
        kept.append(line)
    assert "No space left on device" in line.interface()["reason"]
    for each in lines:
        assert each.interface()["status"] == "ACTIVE"
    edge.shell("rm %s/fill" % small_disk)
    line.wait_active(BACK)
    assert [lines[0].since(family) for family in "46"] == before
    for each in [*kept, line]:
        each.delete()
        each.customer.down()
