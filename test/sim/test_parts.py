# SPDX-License-Identifier: ISC
"""More objects than one message carries: all of them arrive, in both directions."""
import re

from support import V3, wait_for

INTERFACES, PREFIXES = 8, 50
PART = 128


def order(site, n):
    return site.order(n, route_mode="static", bgp_asn=None,
                      remote_ep_group=["172.%d.%d.0/24" % (16 + n, k) for k in range(PREFIXES)])


def calls(site, method, path, begin=0):
    """How often the edge has called."""
    return len(re.findall(r"event=call method=\"?%s\"? path=\"?%s" % (method, re.escape(path)), site.dcaasd.log(begin)))


def taken(site, since=0):
    """How many objects came with the newest desired set."""
    found = re.findall(r'event="desired set taken".* full=(\d) came=(\d+)', "\n".join(site.edge.log().splitlines()[since:]))
    return found[-1] if found else None


def test_a_restarted_edge_gets_and_reports_everything_in_parts(site):
    vifs = [order(site, n) for n in range(INTERFACES)]
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")
    assert site.edge.stop() == 0
    site.delete(vifs.pop())
    log, lines = len(site.dcaasd.log().encode()), site.edge.lines()
    site.edge.start()
    full, came = wait_for("the desired set is taken", lambda: taken(site, lines))
    assert full == "1" and int(came) > INTERFACES * PREFIXES > 3 * PART
    wait_for("nothing pending", lambda: {o["state"] for o in site.edge.rows("objects?limit=1000", "objects")} == {"applied"})
    assert calls(site, "GET", "/dcaas/v1/edge/desired", log) > 3
    assert calls(site, "POST", "/dcaas/v1/edge/report", log) > 3
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")


def test_a_change_of_more_than_a_part_is_applied_whole(site):
    vifs = [order(site, n) for n in range(INTERFACES)]
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")
    line = site.edge.lines()
    site.tenant.put(V3 + "virtual-gateways/" + site.gateway, {"virtual_gateway": {"local_ep_group": ["10.7.0.0/16"]}})
    for vif in vifs:
        site.delete(vif)
    for vif in vifs:
        site.wait_gone(vif, 60)
    assert not site.edge.logged("cannot be read", line) and not site.edge.logged("report refused", line)
