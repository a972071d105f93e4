# SPDX-License-Identifier: ISC
"""BFD of BGP sessions with a real router: up in both families, and a router that falls silent is noticed in less than a second or
two, long before the hold time."""
import time

import pytest

from lab.order import V3

SILENT_SECONDS = 2  # promised, from the last packet to the session that is down in the API: three intervals of 200 ms and a report
STAND_SECONDS = 5


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("bfd")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway()


@pytest.fixture(scope="module")
def line(shop, gateway):
    made = shop.line(gateway)
    made.order()
    path = V3 + "virtual-interfaces/" + made.vif
    made.tenant.put(path, {"virtual_interface": {"enable_bfd": True}})
    made.tenant.put(path + "/extend-attributes", {"extend_attribute": {
        "detect_multiplier": 3, "min_rx_interval": 200, "min_tx_interval": 200}})
    made.router(host=False, bfd=True)
    return made.wait_active()


def up(line):
    """Families in which BFD is up at the customer's router."""
    out = line.customer.bird("show bfd sessions")
    return [family for family in "46" if any(line.local(family).split("/")[0] in row.split() and " Up " in row
                                             for row in out.splitlines())]


def settle(line):
    """Until the sessions have stood for five seconds: a far router that comes back may end them once more, with its own BFD."""
    def stand():
        if up(line) != ["4", "6"] or any(line.peer(family)["bgp_status"] != "up" for family in "46"):
            return False
        before = [line.since(family) for family in "46"]
        time.sleep(STAND_SECONDS)
        return [line.since(family) for family in "46"] == before and up(line) == ["4", "6"]
    line.customer.guest.wait("the sessions stand", stand, 60)


def test_bfd_comes_up_in_both_families_and_the_interface_names_no_fault(line):
    line.customer.guest.wait("BFD is up", lambda: up(line) == ["4", "6"], 20)
    interface = line.interface()
    assert (interface["status"], interface["reason"]) == ("ACTIVE", None)


def test_a_router_that_falls_silent_is_noticed_at_once_and_comes_back(line, figure):
    line.customer.guest.wait("BFD is up", lambda: up(line) == ["4", "6"], 20)
    guest, pid = line.customer.guest, line.customer.pid_path
    begun = time.monotonic()
    guest.shell("kill -STOP $(cat %s)" % pid)
    try:
        for family in "46":
            line.wait_peer("down", lambda p: p["bgp_status"] == "down", family, 20, 0.05)
        figure("a silent router is noticed by BFD", time.monotonic() - begun, SILENT_SECONDS)
        assert "BFD" in line.interface()["reason"]
    finally:
        guest.shell("kill -CONT $(cat %s)" % pid)
    settle(line)


def test_a_change_of_its_timers_leaves_the_sessions_up(line):
    settle(line)
    ages = [line.since(family) for family in "46"]
    path = V3 + "virtual-interfaces/" + line.vif
    line.tenant.put(path + "/extend-attributes", {"extend_attribute": {"min_tx_interval": 400}})
    line.site.lab.edge.wait("the edge has taken it over", lambda: all(
        row["state"] == "applied" for row in line.site.rows("objects?kind=bfd", "objects")), 20)
    line.wait_active()
    assert [line.since(family) for family in "46"] == ages
