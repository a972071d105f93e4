# SPDX-License-Identifier: ISC
"""What somebody does to our things on the router by hand is put right, and nobody else's session notices."""
import pytest

MENDED_SECONDS = 10  # a look at the whole router, at the latest


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("hands")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway()


@pytest.fixture(scope="module")
def lines(shop, gateway):
    """One with BGP to be meddled with, one with static routes, one that must not notice."""
    made = [shop.line(gateway, md5="hands"), shop.line(gateway, mode="static"), shop.line(gateway)]
    for line in made:
        line.order()
        line.router()
    for line in made:
        line.wait_active()
    return made


def device(site, line):
    """Its device and namespace."""
    for name in site.instances():
        for row in site.lab.edge.shell("ip -n %s -o link show" % name).out.splitlines():
            if "alias dcaas:" + line.vif in row:
                return name, row.split(": ")[1].split("@")[0]
    raise AssertionError("no device of " + line.vif)


def mended(site, what, look):
    site.lab.edge.wait(what, look, 5 * MENDED_SECONDS)


@pytest.fixture
def untouched(site, lines):
    """The third line's session is as it was, and no apply is reported to have reset it. (The first line's may be: what a hand did
    just after an apply falls into that apply's record.)"""
    since = [lines[2].since(family) for family in "46"]
    keys = {"bgp/" + peer for peer in lines[2].peers.values()}
    yield
    assert [lines[2].since(family) for family in "46"] == since
    assert [key for a in site.rows("applies", "applies") for key in a["reset"] or [] if key in keys] == []


def test_a_deleted_route_comes_back(site, lines, untouched):
    space, _ = device(site, lines[1])
    show = "ip -n %s route show table all proto 202" % space
    prefix = lines[1].lan("4")
    assert prefix in site.lab.edge.shell(show).out
    table = site.lab.edge.shell(show).out.split(prefix)[1].split("table ")[1].split()[0]
    site.lab.edge.shell("ip -n %s route del %s table %s proto 202" % (space, prefix, table))
    mended(site, "the route", lambda: prefix in site.lab.edge.shell(show).out)


def test_a_deleted_device_comes_back_with_its_session(site, lines, untouched):
    space, name = device(site, lines[0])
    before = lines[0].since()
    site.lab.edge.shell("ip -n %s link del %s" % (space, name))
    mended(site, "the device", lambda: name in site.lab.edge.shell("ip -n %s -br link" % space).out)
    lines[0].wait_peer("a new session", lambda p: p["bgp_status"] == "up" and lines[0].since() != before)
    lines[0].wait_active()


def test_a_device_set_down_is_set_up(site, lines, untouched):
    space, name = device(site, lines[0])
    site.lab.edge.shell("ip -n %s link set %s down" % (space, name))
    mended(site, "up", lambda: ",UP" in site.lab.edge.shell("ip -n %s -o link show %s" % (space, name)).out)
    lines[0].wait_active()


def test_a_deleted_address_comes_back(site, lines, untouched):
    space, name = device(site, lines[0])
    address = lines[0].local("4")
    site.lab.edge.shell("ip -n %s addr del %s dev %s" % (space, address, name))
    mended(site, "the address", lambda: address in site.lab.edge.shell("ip -n %s addr show %s" % (space, name)).out)
    lines[0].wait_active()


def test_flushed_rules_come_back(site, lines, untouched):
    """Without the kernel's rule for VRFs no packet finds a VRF's routes; it makes that rule once only."""
    space, _ = device(site, lines[0])
    show = "ip -n {0} rule; ip -n {0} -6 rule".format(space)
    assert site.lab.edge.shell(show).out.count("l3mdev") == 2
    site.lab.edge.shell("ip -n {0} rule flush; ip -n {0} -6 rule flush".format(space))
    mended(site, "both rules", lambda: site.lab.edge.shell(show).out.count("l3mdev") == 2)
    assert "lookup main" not in site.lab.edge.shell(show).out  # it was flushed: of that rule nobody takes care


def test_a_flushed_table_is_filled_again(site, shop):
    """With the kernel's own routes in it, without which addresses are there and dead."""
    line = shop.line(shop.gateway(host=True))
    line.order()
    line.router()
    line.wait_active()
    row = next(row for row in site.rows("objects", "objects") if row["kind"] == "vrf" and line.gateway.id in row["key"])
    for family in "46":
        site.lab.edge.shell("ip -n dcaas-%d -%s route flush table %d" % (row["body"]["instance"], family, row["body"]["table"]))
    for family in "46":
        mended(site, "a ping of IPv%s" % family, lambda f=family: line.customer.ping(line.local(f).split("/")[0], behind=False).ok)
        line.wait_peer("its session", lambda p: p["bgp_status"] == "up", family)
    line.wait_active()
    line.delete()
    line.customer.down()


def test_a_device_that_is_not_ours_is_left_alone_and_reported(site, shop, gateway, lines, untouched):
    space, name = device(site, lines[2])
    number = int(name[3:])
    taken = "dcv%d" % (max(int(device(site, line)[1][3:]) for line in lines) + 1)
    assert number < int(taken[3:])
    site.lab.edge.shell("ip -n %s link add %s type dummy" % (space, taken))
    line = shop.line(gateway)
    line.order()
    line.wait_peer("ERROR", lambda p: p["status"] == "ERROR")
    assert "%s is there and is not ours" % taken in line.interface()["reason"]
    assert "dummy" in site.lab.edge.shell("ip -n %s -d link show %s" % (space, taken)).out
    site.lab.edge.shell("ip -n %s link del %s" % (space, taken))
    line.wait_applied()
    line.delete()


def test_a_stray_device_with_our_mark_goes(site, shop, gateway, lines, untouched):
    """It gets the mark while it is down and after the edge has seen it: the kernel does not announce that."""
    space, _ = device(site, lines[0])
    site.lab.edge.shell("ip -n %s link add stray type dummy" % space)
    line = shop.line(gateway)
    line.order()
    line.wait_applied()
    site.lab.edge.shell("ip -n %s link set stray alias dcaas:00000000-0000-7000-8000-000000000001" % space)
    mended(site, "its end", lambda: "stray" not in site.lab.edge.shell("ip -n %s -br link" % space).out)
    line.delete()


def test_with_its_state_lost_it_deletes_nothing_without_the_operators_word(site, shop, lines, untouched):
    """What is here came from a desired set that is gone: what the server does not name may only be forgotten there."""
    doomed, before = lines[1], lines[0].since()
    space, name = device(site, doomed)
    site.stop_edge()
    site.lab.edge.shell("echo nonsense > /run/dcaas/edge/desired")
    doomed.delete(waiting=False)
    site.run_edge()

    def edge():
        return site.operator.get("/dcaas/v1/edges/" + site.edge_id, say=False)["edge"]
    site.lab.edge.wait("held", lambda: edge()["held"], 30)
    assert "not known any more" in edge()["held_reason"]
    assert name in site.lab.edge.shell("ip -n %s -br link" % space).out
    site.operator.post("/dcaas/v1/edges/%s/confirm" % site.edge_id, None)
    site.lab.edge.wait("held no more", lambda: edge()["held"] is False, 30)
    site.lab.edge.wait("its end", lambda: name not in site.lab.edge.shell("ip -n %s -br link" % space).out, 30)
    lines[0].wait_active()
    assert lines[0].since() == before


def test_a_hangup_ends_nothing(site, lines, untouched):
    before = site.lab.edge.wait("both halves", lambda: (lambda found: len(found) == 2 and found)(site.edge_processes()))
    for pid in before.values():
        site.lab.edge.shell("kill -HUP %d" % pid)
    site.lab.edge.wait("the log", lambda: "event=reloaded" in site.edge_log_text(), 10)
    assert site.edge_processes() == before
