# SPDX-License-Identifier: ISC
"""A switchover test with real routers: sessions of both families go down within two seconds and come back by an undo or at the
deadline, also with dcaasd killed in between; static routes leave the kernel; other interfaces notice nothing."""
import time

import pytest

from conftest import closing, open_site

DOWN_SECONDS = 2  # promised, from the call to the customer's router that has lost its session
DEADLINE = 15     # seconds, the server's setting
BACK = 30         # seconds after which a session that may come up is up
PATH = "/v3/{project_id}/dcaas/switchover-test"


@pytest.fixture(scope="module")
def site():
    made = open_site(settings=["switchover_seconds = %d" % DEADLINE])
    yield made
    closing(made)


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("switchover")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


@pytest.fixture(scope="module")
def lines(shop, gateway):
    """Two lines of both families into one gateway."""
    made = [shop.line(gateway, md5="example-of-md5"), shop.line(gateway)]
    for line in made:
        line.order()
        line.router()
    return [line.wait_active() for line in made]


def order(line, operation):
    return line.tenant.post(PATH, {"switchover_test_record": {"resource_id": line.vif, "operation": operation}})[
        "switchover_test_record"]


def wait_done(line, record):
    def look():
        all_of = line.tenant.get(PATH + "?resource_id=" + line.vif, say=False)["switchover_test_records"]
        return next(one for one in all_of if one["id"] == record["id"])["operate_status"] == "COMPLETE"
    line.site.lab.edge.wait("the record is COMPLETE", look, 20, 0.05)


def shut(line, figure=None):
    begun = time.monotonic()
    record = order(line, "shutdown")
    for family in line.families:
        line.customer.guest.wait("the customer has lost its IPv%s session" % family,
                                 lambda f=family: not line.customer.session(f).established, 20, 0.05)
    if figure:
        figure("both sessions of a switchover test are down", time.monotonic() - begun, DOWN_SECONDS)
    wait_done(line, record)
    shown = line.interface()
    assert shown["status"] == "ADMIN_SHUTDOWN" and "switchover test until" in shown["reason"]
    return begun


def is_back(line):
    for family in line.families:
        line.customer.wait_established(family, BACK)
    line.wait_active(BACK)


def test_sessions_go_down_at_once_and_come_back_by_an_undo(lines, figure):
    line, other = lines
    ages = [other.since(family) for family in "46"]
    shut(line, figure)
    # By a Cease (RFC 4486), so that the far router does not wait for its hold time.
    log = line.customer.guest.read("/tmp/%s.log" % line.customer.name)
    assert all("%s: Received: Peer de-configured" % line.customer.protocol(family) in log for family in "46")
    record = order(line, "undo_shutdown")
    is_back(line)
    wait_done(line, record)
    assert line.interface()["reason"] is None
    assert [other.since(family) for family in "46"] == ages


def test_an_undo_works_after_dcaasd_was_killed(site, lines):
    line = lines[0]
    shut(line)
    site.dcaasd.kill()
    site.dcaasd.start()
    assert line.interface()["status"] == "ADMIN_SHUTDOWN"
    record = order(line, "undo_shutdown")
    is_back(line)
    wait_done(line, record)


def test_the_router_ends_the_test_at_the_deadline_without_dcaasd(site, lines, figure):
    line, other = lines
    ages = [other.since(family) for family in "46"]
    begun = shut(line)
    site.dcaasd.kill()
    # Nor does it take the edge's memory: what is on its disk is enough.
    site.lab.edge.kill(site.edge_processes()["net"], 9)
    for family in "46":
        line.customer.wait_established(family, DEADLINE + BACK)
    late = time.monotonic() - begun - DEADLINE
    assert late > 0
    figure("sessions are back after the deadline", late, 5)
    site.dcaasd.start()
    line.wait_active(BACK)
    assert [other.since(family) for family in "46"] == ages


def test_static_routes_leave_the_kernel_and_come_back(site, shop, gateway):
    line = shop.line(gateway, mode="static")
    line.order()
    line.router()
    line.wait_active()

    def in_kernel():
        out = site.lab.edge.shell("for n in %s; do ip -4 -n $n route show table all proto 202; ip -6 -n $n route show table all "
                                  "proto 202; done" % " ".join(site.instances())).out
        return [family for family in "46" if line.lan(family) in out]
    assert in_kernel() == ["4", "6"]
    wait_done(line, order(line, "shutdown"))
    assert in_kernel() == [] and line.interface()["status"] == "ADMIN_SHUTDOWN"
    order(line, "undo_shutdown")
    line.wait_active(BACK)
    assert in_kernel() == ["4", "6"]
    site.lab.edge.wait("a ping from behind the customer", lambda: line.customer.ping(gateway.address("4")).ok, 20)
