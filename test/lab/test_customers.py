# SPDX-License-Identifier: ISC
"""The lab's own customers: what the other tests rest on, without any edge of ours."""
import pytest

from lab.customer import Customer
from lab.frr import FrrCustomer
from lab.topology import Lab

MD5 = "example-of-md5"


@pytest.fixture(scope="module")
def lab():
    with Lab.up(say=lambda words: None) as made:
        yield made


def families(mine, theirs, md5):
    return {"4": {"local": "169.254.9.%d/30" % mine, "remote": "169.254.9.%d" % theirs, "md5": md5},
            "6": {"local": "fd00:9::%d/126" % mine, "remote": "fd00:9::%d" % theirs, "md5": md5}}


@pytest.fixture(scope="module")
def pair(lab):
    """A BIRD in one guest and an FRR in the other, on one VLAN."""
    bird = Customer(lab.customers, "bird", 50, 65001, 65002, families(1, 2, MD5), lan="192.168.1.0/24", lan6="fd20:1::/64",
                    announce=["192.168.1.0/24", "fd20:1::/64"]).up()
    frr = FrrCustomer(lab.edge, "frr", 50, 65002, 65001, families(2, 1, MD5), lan="192.168.2.0/24", lan6="fd20:2::/64",
                      announce=["192.168.2.0/24", "192.168.3.0/24", "fd20:2::/64"]).up()
    return bird, frr


@pytest.mark.parametrize("family,told", [("4", ["192.168.2.0/24", "192.168.3.0/24"]), ("6", ["fd20:2::/64"])])
def test_bird_and_frr_peer_with_md5(pair, family, told):
    bird, frr = pair
    frr.wait_established(family)
    bird.wait_established(family)
    frr.guest.wait("routes of FRR at BIRD", lambda: bird.routes_from_edge(family) == told, 30)
    frr.guest.wait("routes of BIRD at FRR", lambda: frr.routes_from_edge(family) == [bird_lan(family)], 30)


def bird_lan(family):
    return "192.168.1.0/24" if family == "4" else "fd20:1::/64"


@pytest.mark.parametrize("target", ["192.168.2.10", "fd20:2::a"])
def test_hosts_behind_them_reach_each_other(pair, target):
    bird, _ = pair
    bird.guest.wait("a ping", lambda: bird.ping(target).ok, 20)


def test_another_password_takes_down_its_session_only(pair):
    bird, frr = pair
    frr.set_md5("4", "another-password")
    bird.guest.wait("the IPv4 session's end", lambda: not bird.session("4").established, 30)
    assert bird.session("6").established
    assert frr.session("6").established
    frr.set_md5("4", MD5)
    bird.wait_established("4")


def test_frr_takes_a_new_configuration(pair):
    bird, frr = pair
    frr.configure(announce=["192.168.2.0/24", "fd20:2::/64"])
    bird.guest.wait("the withdrawn route", lambda: bird.routes_from_edge("4") == ["192.168.2.0/24"], 60)
