# SPDX-License-Identifier: ISC
"""TCP MD5 fails open for a connection whose handshake came before the key: a router that connects in a loop, without a
password, while protected peers are added to its gateway."""
import re

import pytest

PEERS = 40
MD5 = "example-of-md5"


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
    """Ends it; what the connector has said."""
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


def test_loop_without_password_never_gets_in_while_protected_peers_are_added(site, shop):
    gateway = shop.gateway()
    lines = [shop.line(gateway, families="4", md5=MD5) for _ in range(PEERS)]
    pid = raise_router(site, lines)
    up = []
    for line in lines:
        line.order()
        line.wait_applied()
        up += look(lines)
    assert not up
    text = lower_router(site.lab.customers, pid)
    tries = int(text.split("tries ")[1])
    print("\n%d protected peers added under %d connections without a password: let in %d times" % (
        PEERS, tries, text.count("let in")))
    assert tries > 10 * PEERS
    assert "let in" not in text


def look(lines):
    """Peers that the edge calls Established, of those that are ordered."""
    site = lines[0].site
    mine = {line.peers["4"] for line in lines if line.peers}
    return [row["id"] for row in site.rows("sessions", "sessions") if row["id"] in mine and row["established"]]
