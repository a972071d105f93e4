# SPDX-License-Identifier: ISC
"""A restored snapshot while a simulated edge is connected: the fabric converges to the orders that were restored."""
from support import V3, wait_for

SNAPSHOTS = "/dcaas/v1/snapshots"
DOUBLE = ["test_double = yes"]


def take(site, name):
    site.world.operator.post(SNAPSHOTS, {"snapshot": {"name": name}})


def restore(site, name):
    return site.world.operator.post(SNAPSHOTS + "/%s/restore" % name, None)["snapshot"]


def there(site, *interfaces):
    """Those of the interfaces whose device the edge has reported, and wants by its own disk."""
    applied = {o["key"] for o in site.edge.rows("objects", "objects") if o["state"] == "applied"}
    return {vif for vif in interfaces if "vlan/" + vif in applied and "vlan/" + vif in site.edge.wanted()}


def test_the_fabric_converges_to_each_snapshot_that_is_restored(new_site):
    site = new_site(settings=DOUBLE)
    take(site, "empty")
    first = site.order(1)
    site.wait_status(first, "ACTIVE")
    take(site, "one")
    second = site.order(2)
    site.wait_status(second, "ACTIVE")
    site.tenant.delete(V3 + "virtual-interfaces/" + first)
    wait_for("the first is gone", lambda: site.tenant.call("GET", V3 + "virtual-interfaces/" + first, check=False).status == 404)
    take(site, "other")
    for name, wanted in (("one", first), ("other", second), ("one", first)):
        line = site.edge.lines()
        restore(site, name)
        wait_for("the edge has taken over " + name, lambda line=line: site.edge.logged("event=applied", line))
        site.wait_status(wanted, "ACTIVE")
        site.edge.wait_seen("not held", lambda e: e["held"] is False)
        wait_for("only what was restored", lambda wanted=wanted: there(site, first, second) == {wanted})
        assert not site.edge.logged("event=held", line)
    restore(site, "empty")
    wait_for("nothing is left", lambda: not there(site, first, second) and not any(key.startswith("vlan/") for key in site.edge.wanted()))
    third = site.order(3)
    site.wait_status(third, "ACTIVE")


def test_an_order_right_after_a_restore_comes_up(new_site):
    site = new_site(settings=DOUBLE)
    take(site, "empty")
    for number in range(5):
        vif = site.order(number + 1)
        site.wait_status(vif, "ACTIVE")
        restore(site, "empty")
    vif = site.order(9)
    site.wait_status(vif, "ACTIVE")
    assert not site.edge.logged("event=held", 0)
