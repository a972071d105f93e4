# SPDX-License-Identifier: ISC
"""kill -9 at any moment: nothing lost, nothing doubled, and others' sessions stay."""
import random
import time

from support import V3, rows, wait_for

RETRY_SECONDS = 1  # an edge notices within this that dcaasd is back
STOPS_SECONDS = 1  # an edge has stopped within this after a signal


def established(edge, since=0):
    return sum('event="session established"' in line for line in edge.log().splitlines()[since:])


def settled(site, vifs, seconds=60):
    """Every interface ACTIVE, each object applied once, and nothing else there."""
    for vif in vifs:
        site.wait_status(vif, "ACTIVE", seconds)
    wait_for("nothing pending", lambda: {o["state"] for o in site.edge.rows("objects", "objects")} == {"applied"} and
             not rows(site.dcaasd, "SELECT 1 FROM edge_object WHERE deleted = 1"))
    objects = site.edge.rows("objects", "objects")
    assert len({o["key"] for o in objects}) == len(objects)
    assert sum(o["kind"] == "vlan" and o["key"].startswith("vlan/") for o in objects if o["key"][5:] in vifs) == len(vifs)


def test_dcaasd_killed_while_sessions_are_up(site, figure):
    vifs = [site.order(n) for n in range(3)]
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")
    line = site.edge.lines()
    site.dcaasd.kill()
    wait_for("the edge misses it", lambda: site.edge.logged('event="no answer of dcaasd"', line))
    site.dcaasd.start()
    begun = time.monotonic()
    vifs.append(site.order(3))
    site.wait_status(vifs[-1], "ACTIVE")
    figure("dcaasd is back: an order is ACTIVE", time.monotonic() - begun, RETRY_SECONDS)
    settled(site, vifs)
    # Nothing of this touched the sessions: the only news is the fourth one.
    wait_for("the fourth one's news", lambda: established(site.edge, line))
    assert established(site.edge, line) == 1
    assert not site.edge.logged('event="session down"', line)
    assert all(not a["reset"] for a in site.edge.rows("applies", "applies"))


def test_the_edge_killed_in_the_midst_of_its_work(site):
    site.edge.set_options(change_ms=15)
    site.edge.restart()
    vifs = [site.order(n) for n in range(12)]
    for _ in range(4):
        line = site.edge.lines()
        wait_for("it works", lambda: site.edge.logged("desired set", line))
        time.sleep(random.uniform(0, 0.2))
        site.edge.kill()
        site.edge.start()
    settled(site, vifs)
    assert not site.edge.logged("desired set lost")


def test_the_edge_killed_while_orders_come(site):
    """Its file is whole at every moment."""
    vifs, gone = [], []
    for n in range(30):
        vifs.append(site.order(n))
        if n % 4 == 3:
            gone.append(vifs.pop(0))
            site.delete(gone[-1])
        if n % 3 == 0:
            time.sleep(random.uniform(0, 0.03))
            site.edge.kill()
            site.edge.start()
    for vif in gone:
        site.wait_gone(vif)
    settled(site, vifs)
    # An edge that ends before its first order has no file yet; it is never a damaged one.
    assert not [line for line in site.edge.log().splitlines() if "lost" in line]


def test_both_killed(site):
    vifs = [site.order(n) for n in range(4)]
    for vif in vifs[:2]:
        site.wait_status(vif, "ACTIVE")
    site.edge.kill()
    site.delete(vifs.pop())
    site.dcaasd.kill()
    site.dcaasd.start()
    site.edge.start()
    settled(site, vifs)


def test_a_deletion_that_is_ordered_while_the_edge_is_away(site):
    keep, vif = site.order(1), site.order(2)
    site.wait_status(vif, "ACTIVE")
    site.edge.kill()
    site.delete(vif)
    assert site.interface(vif)["status"] == "PENDING_DELETE"
    site.edge.start()
    site.wait_gone(vif)
    settled(site, [keep])


def test_stops_cleanly_and_at_once(site, figure):
    site.wait_status(site.order(1), "ACTIVE")
    begun = time.monotonic()
    assert site.edge.stop() == 0
    figure("the edge stops", time.monotonic() - begun, STOPS_SECONDS)


def test_the_last_deletion_leaves_nothing(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    site.delete(vif)
    site.wait_gone(vif)
    site.tenant.delete(V3 + "virtual-gateways/" + site.gateway)
    wait_for("no objects", lambda: not site.edge.rows("objects", "objects"))
