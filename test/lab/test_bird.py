# SPDX-License-Identifier: ISC
"""The BIRD driver and the agent against real BIRD on both sides, without the rest of the edge."""
import re

import pytest

from bird_driver import TABLE, Driver, peer, subnet, vlan
from lab.customer import Customer, Pinging, VpcHost
from lab.topology import Lab

OWN = "10.10.0.0/16"


@pytest.fixture(scope="module")
def lab():
    with Lab.up(say=lambda words: None) as lab:
        yield lab


@pytest.fixture(scope="module")
def driver(lab):
    driver = Driver(lab.edge)
    driver.say("vrf dcr1 %d 10.255.0.1 %s 169.254.0.0/16" % (TABLE, OWN), "vlan dcw1 vpc0 200 dcr1 %d 10.10.0.1/24" % TABLE,
               "route %d 201 10.10.0.0/24 - dcw1" % TABLE)
    VpcHost(lab.customers, "vpc", 200, "10.10.0.10/24", "10.10.0.1").up()
    yield driver
    print(driver.text()[-6000:])
    print(lab.edge.shell("cat %s/bird/1/run/bird.log" % driver.state_dir, check=False).out[-3000:])
    driver.end()


def customer(lab, n, md5=None, md5_6=None, six=False, announce=(), **options):
    local, remote = subnet(n)
    families = {"4": {"local": remote + "/30", "remote": local, "md5": md5}}
    if six:
        families["6"] = {"local": "fd00:%d::2/64" % n, "remote": "fd00:%d::1" % n, "md5": md5_6}
    return Customer(lab.customers, "c%d" % n, 100 + n, 65000 + n, 64512, families, announce=announce, **options).up()


@pytest.fixture(scope="module")
def first(lab, driver):
    """A customer who stays up through all that follows."""
    one = customer(lab, 1, "one", "six", six=True, announce=["10.1.0.0/24", "fd00:ffff:1::/64"], lan="10.1.0.0/24")
    driver.say(vlan(1, six=True))
    assert driver.apply(peer(1, "one"), peer(1, "six", family="6")) == {}
    return one


def test_both_families_come_up_with_their_keys_and_traffic_crosses(driver, first):
    driver.wait_up("p1_4")
    driver.wait_up("p1_6")
    driver.wait("counts", lambda: (driver.session("p1_4")["advertised"], driver.session("p1_4")["received"],
                                   driver.session("p1_6")["accepted"]) == (1, 1, 1))
    driver.wait("the VPC's route only", lambda: first.routes_from_edge("4") == ["10.10.0.0/24"])
    driver.wait("a ping", lambda: first.ping("10.10.0.10").ok)


@pytest.mark.parametrize("n,ours,theirs", [(2, "right", "wrong"), (3, "right", None), (4, "-", "theirs")])
def test_without_the_same_key_a_session_never_comes_up(lab, driver, first, n, ours, theirs):
    far = customer(lab, n, theirs)
    since, before = driver.since("p1_4"), driver.refused_segments()
    driver.say(vlan(n))
    assert driver.apply(peer(n, ours)) == {}
    driver.wait("refused segments", lambda: driver.refused_segments() >= before + 8)
    driver.wait("a look", lambda: driver.session("p%d_4" % n)["state"])
    assert not driver.ever_up("p%d_4" % n)
    assert not far.session("4").established
    assert driver.since("p1_4") == since
    driver.apply("unpeer p%d_4" % n)
    far.down()


def test_a_new_password_resets_its_own_session_only(lab, driver, first):
    far = customer(lab, 5, "before")
    driver.say(vlan(5))
    driver.apply(peer(5, "before"))
    driver.wait_up("p5_4")
    since = driver.since("p1_4"), driver.since("p1_6")
    driver.apply(peer(5, "after"))
    driver.wait("p5_4 down", lambda: not driver.session("p5_4")["up"])
    far.set_md5("4", "after")
    driver.wait_up("p5_4")
    assert (driver.since("p1_4"), driver.since("p1_6")) == since
    driver.apply("unpeer p5_4")
    far.down()


def test_what_bird_refuses_takes_out_its_own_peer_only(driver, first):
    since = driver.since("p1_4")
    # The AS number 0 passes every check but BIRD's.
    refused = driver.apply("peer p6_4 dcr1 dcv1 169.254.66.1 169.254.66.2 64512 0 10 -",
                           "peer p7_4 dcr1 dcv1 169.254.66.5 169.254.66.6 64512 65007 10 a\"b")
    assert set(refused) == {"p6_4", "p7_4"}
    assert "Remote AS number" in refused["p6_4"]
    assert driver.since("p1_4") == since
    assert driver.apply("unpeer p6_4", "unpeer p7_4") == {}


def test_a_neighbour_that_cannot_refresh_routes_is_not_reset_when_its_gateway_changes(lab, driver, first):
    """BIRD restarts a session whose import policy changed when routes cannot be asked for again."""
    far = customer(lab, 8, announce=["10.8.0.0/24", "10.9.0.0/24"])
    text = far.config().replace("protocol bgp c8_4 {", "protocol bgp c8_4 {\n\tenable route refresh off;")
    lab.customers.write(far.config_path, text, 0o600)
    far.bird("configure")
    driver.say(vlan(8))
    driver.apply(peer(8))
    driver.wait_up("p8_4")
    driver.wait("its routes", lambda: driver.session("p8_4")["accepted"] == 2)
    since = driver.since("p8_4"), driver.since("p1_4")
    driver.apply("own dcr1 10.9.0.0/16")
    driver.wait("the new policy", lambda: (driver.session("p8_4")["rejected"], driver.session("p8_4")["accepted"]) == (1, 1))
    assert (driver.since("p8_4"), driver.since("p1_4")) == since
    driver.apply("unpeer p8_4")
    far.down()


def test_a_next_hop_on_another_link_is_refused(lab, driver, first):
    """Else a customer could have the VPC's traffic sent to another customer's router."""
    far = customer(lab, 9, announce=["10.99.0.0/24"])
    text = far.config().replace("accept; }; };", "bgp_next_hop = %s; accept; }; };" % subnet(1)[1])
    lab.customers.write(far.config_path, text, 0o600)
    far.bird("configure")
    driver.say(vlan(9))
    driver.apply(peer(9))
    driver.wait_up("p9_4")
    driver.wait("its route", lambda: driver.session("p9_4")["received"] == 1)
    driver.wait("its refusal", lambda: driver.session("p9_4")["rejected"] == 1)
    assert driver.session("p9_4")["accepted"] == 0
    driver.apply("unpeer p9_4")
    far.down()


def test_more_routes_than_the_limit_disable_the_session(lab, driver, first):
    far = customer(lab, 10, "limited", announce=["10.30.%d.0/24" % i for i in range(6)])
    driver.say(vlan(10))
    driver.apply(peer(10, "limited", limit=5))
    driver.wait("the limit", lambda: driver.session("p10_4")["state"] == "Disabled")
    assert "more routes than its limit of 5" in driver.session("p10_4")["error"]
    driver.apply(vlan(11))  # an unrelated change does not bring it up
    assert driver.session("p10_4")["state"] == "Disabled"
    driver.apply(peer(10, "limited", limit=6))  # a higher limit does, at once
    driver.wait_up("p10_4")
    driver.apply("unpeer p10_4")
    far.down()


def test_a_killed_bird_loses_no_packet_and_recovers_its_sessions(lab, driver, first):
    pinging = Pinging(lab.customers, "c1h", "10.10.0.10", every=0.1).wait_answers(3)
    pid = driver.bird_pid()
    lab.edge.kill(pid, 9)
    driver.wait("another BIRD", lambda: driver.bird_pid() not in (0, pid) and driver.since("p1_4"))
    driver.wait_up("p1_6")
    pinging.wait_answers(5)
    lost, sent = pinging.stop()
    print("\nkill -9 of BIRD: %d of %d packets lost" % (len(lost), sent))
    assert not lost


def test_a_restarted_driver_leaves_sessions_as_they_are(lab, driver, first):
    since = driver.since("p1_4"), driver.since("p1_6")
    lab.edge.kill(driver.pid, 15)
    driver.wait("its end", lambda: lab.edge.run("kill", "-0", driver.pid, check=False).rc != 0)
    driver.start()
    driver.say("vrf dcr1 %d 10.255.0.1 %s 169.254.0.0/16" % (TABLE, OWN))
    assert driver.apply(peer(1, "one"), peer(1, "six", family="6")) == {}
    driver.wait_up("p1_4")
    assert (driver.since("p1_4"), driver.since("p1_6")) == since


class Looper:
    """A router that connects to one neighbour in a tight loop, without a password."""

    def __init__(self, guest, n):
        self.guest, self.log = guest, "/tmp/looper.%d" % n
        target = "%s,%s,%d" % (subnet(n)[0], subnet(n)[1], 65000 + n)
        self.pid = guest.spawn("/usr/bin/python3", "-I", "-S", "/run/lab/src/lab/guest/looper.py", target, ns="loop", log=self.log)

    def text(self):
        return self.guest.read(self.log)

    def stop(self):
        """How often it tried."""
        self.guest.kill(self.pid, 15)
        self.guest.wait("the connector's last word", lambda: re.search("^tries [0-9]+$", self.text(), re.M), 10)
        return int(self.text().split("tries ")[1])


# Tries that the filter refuses after each add and each change: a fast machine would continue before there were many.
REFUSED = 15


def test_a_loop_without_password_never_gets_in(lab, driver, first):
    """A handshake that stands in the accept queue when the key is put on the listener counts: adds and changes of keys, on 20
    links. Without the filter most adds are let in."""
    guest, links = lab.customers, range(30, 50)
    guest.ip(["netns add loop"] + ["link add link trunk0 name trunk0.%d netns loop type vlan id %d" % (100 + n, 100 + n)
                                   for n in links])
    guest.ip(["link set lo up"] + [words for n in links for words in (
        "link set trunk0.%d up" % (100 + n), "addr add %s/30 dev trunk0.%d" % (subnet(n)[1], 100 + n))], ns="loop")
    driver.say(*[vlan(n) for n in links])
    tries, let_in = 0, []
    for n in links:
        looper = Looper(guest, n)
        # It is in full swing when its first tries were dropped.
        guest.wait("the connector", lambda: guest.run("pgrep", "-f", "looper.py", check=False).rc == 0, 10)
        for password in ("first", "second"):
            before = driver.refused_segments()
            driver.apply(peer(n, password))
            driver.wait("refused tries", lambda: driver.refused_segments() > before + REFUSED)
        tries += looper.stop()
        if "open" in looper.text() or "let in" in looper.text() or driver.ever_up("p%d_4" % n):
            let_in.append(n)
    print("\n20 adds, 20 changes under %d connections: let in at %s" % (tries, let_in or "none"))
    assert tries > 500
    assert not let_in
    driver.apply(*["unpeer p%d_4" % n for n in links])
    guest.shell("ip netns del loop")
