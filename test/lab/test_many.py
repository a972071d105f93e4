# SPDX-License-Identifier: ISC
"""Many interfaces at once: BIRD hears of every device, and one more among them costs no more than the first."""
import time

import pytest

MANY = 60
STARTED_SECONDS = 1  # until no neighbour waits for its device any more
ONE_MORE_SECONDS = 1


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("many")


@pytest.fixture(scope="module")
def gateways(shop):
    return [shop.gateway() for _ in range(4)]


def line(shop, gateways, k):
    return shop.line(gateways[k % 4], md5="many", vlan=1000 + k, asn=65000, name="m%d" % k,
                     links={"4": "100.66.%d.%d/30" % (k // 60, k % 60 * 4), "6": "fd01:%x::/126" % k})


@pytest.fixture(scope="module")
def lines(shop, gateways):
    made = [line(shop, gateways, k) for k in range(MANY)]
    for one in made:
        one.order()
    return made


def sessions(site):
    """None of them has a router at its other end."""
    return site.rows("sessions?limit=2000", "sessions")


def test_every_neighbour_gets_its_device(site, lines, figure):
    for one in lines:
        one.wait_applied(120)
    begun = time.monotonic()
    site.lab.edge.wait("no idle neighbour", lambda: len(sessions(site)) >= 2 * MANY and not [
        s["key"] for s in sessions(site) if s["state"] == "Idle"])
    figure("no neighbour of %d interfaces is idle" % MANY, time.monotonic() - begun, STARTED_SECONDS)


def test_one_more_is_quick(shop, gateways, lines, figure):
    one = line(shop, gateways, MANY)
    begun = time.monotonic()
    one.order()
    one.wait_applied()
    figure("one more interface among %d" % MANY, time.monotonic() - begun, ONE_MORE_SECONDS)
    one.delete()
