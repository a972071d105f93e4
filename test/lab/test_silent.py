# SPDX-License-Identifier: ISC
"""BIRDs that are stopped (SIGSTOP) hold up nobody: orders of other gateways are applied as quickly as before."""
import re
import statistics
import time

import pytest

from conftest import closing, open_site
from lab.site import BIRDS

GATEWAYS = 8
ROUNDS = 4  # orders in each of the other gateways
SLOWER = 1.1


@pytest.fixture(scope="module")
def site():
    made = open_site(settings=["vrfs_per_instance = 1"])
    yield made
    closing(made)


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("silent")


@pytest.fixture(scope="module")
def gateways(site, shop):
    """Each with a line and a BIRD of its own."""
    made = [shop.gateway() for _ in range(GATEWAYS)]
    for line in [shop.line(gateway).order() for gateway in made]:
        line.wait_applied(120)
    site.lab.edge.wait("a BIRD for each", lambda: len(site.birds()) == GATEWAYS, 60)
    return made


def order(shop, gateway):
    """Seconds from POST until it is applied."""
    line = shop.line(gateway, families="4")
    begun = time.monotonic()
    line.order()
    line.wait_applied()
    took = time.monotonic() - begun
    line.delete()
    return took


def birds(site):
    """Pids by number of the instance."""
    out = site.lab.edge.shell("ps -eo pid,uid,args").out
    rows = re.findall(r"^ *(\d+) +(\d+) +\S*bird -", out, re.M)
    return {int(uid) - BIRDS: int(pid) for pid, uid in rows if int(uid) > BIRDS}


def orders(shop, gateways):
    return [order(shop, gateway) for _ in range(ROUNDS) for gateway in gateways]


def test_four_of_eight_stopped_cost_the_others_nothing(site, shop, gateways, figure):
    stopped, others = gateways[:4], gateways[4:]
    before = statistics.median(orders(shop, others))
    pids = [birds(site)[number] for number in range(1, 5)]  # instances are taken in the order of the gateways' first lines
    site.lab.edge.shell("kill -STOP " + " ".join(map(str, pids)))
    try:
        at_once = order(shop, others[0])
        after = statistics.median(orders(shop, others))
        print("\nan order of another gateway: median %.3f s, with 4 of 8 BIRDs stopped %.3f s (%.2f times), the first %.3f s"
              % (before, after, after / before, at_once))
        figure("an order while 4 of 8 BIRDs are stopped", after, SLOWER * before)
        held = shop.line(stopped[0], families="4").order()
        assert held.peer("4")["status"] == "PENDING_CREATE"
    finally:
        site.lab.edge.shell("kill -CONT " + " ".join(map(str, pids)))
    held.wait_applied()
