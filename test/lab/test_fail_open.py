# SPDX-License-Identifier: ISC
"""TCP MD5 fails open for a connection whose handshake came before the key: a router that connects in a loop, without a
password, while protected peers are added to its gateway."""
import re
import time

import pytest

import unsigned
from unsigned import MD5

LINES = 9


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("loop")


def raise_router(site, lines):
    """One namespace with the far end of every line, and the looping connector in it."""
    guest = site.lab.customers
    guest.ip(["netns add loop"] + ["link add link trunk0 name trunk0.%d netns loop type vlan id %d" % (line.vlan, line.vlan)
                                   for line in lines])
    guest.ip(["link set lo up"] + [words for line in lines for words in (
        "link set trunk0.%d up" % line.vlan, "addr add %s dev trunk0.%d" % (line.far("4"), line.vlan))], ns="loop")
    targets = ["%s,%s,%d" % (line.local("4").split("/")[0], line.far("4").split("/")[0], line.asn) for line in lines]
    return guest.spawn("/usr/bin/python3", "-I", "-S", "/run/lab/src/lab/guest/looper.py", *targets, ns="loop",
                       log="/tmp/looper.log")


def lower_router(guest, pid):
    """Ends it; what the connector has printed."""
    guest.kill(pid, 15)
    guest.wait("the connector's last word", lambda: re.search("^tries [0-9]+$", guest.read("/tmp/looper.log"), re.M), 10)
    text = guest.read("/tmp/looper.log")
    guest.shell("rm /tmp/looper.log; ip netns del loop")
    return text


def test_loop_without_password_gets_in_where_none_is_ordered(site, shop):
    """The connector is able to: without a password it is let in."""
    line = shop.line(shop.gateway(), families="4")
    pid = raise_router(site, [line])
    line.order()
    site.lab.customers.wait("a session of the connector's", lambda: "let in" in site.lab.customers.read("/tmp/looper.log"), 60)
    line.wait_peer("up", lambda p: p["bgp_status"] == "up", "4")
    lower_router(site.lab.customers, pid)
    line.delete()


def test_no_connection_without_password_ever_gets_through(site, shop, figure):
    """Plain, with VLAN 0, and by another line of the customer's, in both families, while peers are added and sessions, BIRD and
    the edge are started again, and after all filters were flushed by hand."""
    gateway = shop.gateway()
    lines = [shop.line(gateway, md5=MD5) for _ in range(LINES)]
    tries, wrong, took = unsigned.run(site, lines, restarts=2 * LINES)
    print("\n%d lines under %d connections without a password: answered %s" % (LINES, tries, wrong or "none"))
    assert tries > 10 * LINES
    assert not wrong
    figure("a flushed filter is back", took, 1)


def test_peers_that_sign_come_up_and_a_flushed_filter_takes_nobody_down(site, shop, figure):
    line = shop.line(shop.gateway(), md5=MD5)
    line.router()
    begun = time.monotonic()
    line.order()
    line.wait_active()
    figure("a signed session of each family is up after its order", time.monotonic() - begun, 5)
    since = line.since("4"), line.since("6")
    unsigned.flush_filters(site)
    line.wait_active()
    assert (line.since("4"), line.since("6")) == since
    site.stop_edge(9)
    unsigned.flush(site)
    site.run_edge()
    unsigned.wait_filters(site)
    line.wait_active()
    assert (line.since("4"), line.since("6")) == since
    line.customer.set_md5("4", None)
    line.wait_peer("down", lambda p: p["bgp_status"] == "down", "4", 60)
    line.customer.set_md5("4", MD5)
    line.wait_active()
