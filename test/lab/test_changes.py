# SPDX-License-Identifier: ISC
"""What somebody changes on the router by hand is noticed by the kernel's word of it, not at the next look at everything; and
what is not ours wakes nobody."""
import datetime
import time

import pytest

from conftest import closing, open_site

NOTICED_SECONDS = 0.2  # by the edge
TOLD_SECONDS = 1       # and in the API's answers
SCAN_SECONDS = 10       # BIRD's, of the kernel's tables
CHURN = 5000           # foreign routes that come and go
TICKS = 100            # a second of a process's time, in /proc/PID/stat


@pytest.fixture(scope="module")
def site():
    made = open_site(edge_settings=["log = debug"])
    yield made
    closing(made)


@pytest.fixture(scope="module")
def gateway(site):
    site.hands = site.shop("hands")
    return site.hands.gateway()


@pytest.fixture(scope="module")
def line(site, gateway):
    made = site.hands.line(gateway, mode="static")
    made.order()
    made.router()
    made.wait_active()
    return made


@pytest.fixture(scope="module")
def place(site, line):
    """Namespace, VRF, device and table of the line."""
    for name in site.instances():
        for row in site.lab.edge.shell("ip -n %s -o link show" % name).out.splitlines():
            if "alias dcaas:" + line.vif in row:
                vrf = row.split(" master ")[1].split()[0]
                table = site.lab.edge.shell("ip -n %s -d link show %s" % (name, vrf)).out.split("vrf table ")[1].split()[0]
                return {"ns": name, "vrf": vrf, "device": row.split(": ")[1].split("@")[0], "table": table}
    raise AssertionError("no device of " + line.vif)


def quiet(site):
    """Waits until all notices of earlier changes are in: a device that came up reports its carrier a little later."""
    seen = []

    def same():
        seen.append(words(site))
        return len(seen) > 5 and seen[-1] == seen[-6]
    site.lab.edge.wait("quiet", same, 30)
    return seen[-1]


def words(site):
    return site.edge_log_text().count("event=changed")


def log_times(site, event):
    """When the edge logged it, in seconds of the guest's clock."""
    lines = [line for line in site.edge_log_text().splitlines() if "event=%s " % event in line]
    return [datetime.datetime.fromisoformat(line.split("time=")[1][:23] + "+00:00").timestamp() for line in lines]


def noticed(site, act):
    """Seconds from the act to the first word of a change, by the guest's clock: programs start slowly there."""
    begun = int(site.lab.edge.shell("date +%%s%%N; %s" % act).out.split()[0]) / 1e9
    return site.lab.edge.wait("word of it", lambda: [t for t in log_times(site, "changed") if t >= begun], 30)[0] - begun


def took(site, act):
    begun = time.monotonic()
    site.lab.edge.shell(act, timeout=120)
    return time.monotonic() - begun


DRIFTS = {
    "a route deleted": ("ip -n {ns} route del {lan} table {table} proto 202",
                        "ip -n {ns} route show table {table} proto 202 | grep -q {lan}"),
    "an IPv4 address deleted": ("ip -n {ns} addr del {local4} dev {device}", "ip -n {ns} addr show {device} | grep -q {local4}"),
    "an IPv6 address deleted": ("ip -n {ns} addr del {local6} dev {device}", "ip -n {ns} addr show {device} | grep -q {local6}"),
    "a device set down": ("ip -n {ns} link set {device} down", "ip -n {ns} -o link show {device} | grep -q ,UP"),
    "a device deleted": ("ip -n {ns} link del {device}", "ip -n {ns} -o link show {device} 2>/dev/null | grep -q ,UP"),
    "an unreachable default deleted": ("ip -n {ns} route del unreachable default table {table} metric 4278198272",
                                       "ip -n {ns} route show table {table} | grep -q ^unreachable.default"),
    "a VRF set down": ("ip -n {ns} link set {vrf} down", "ip -n {ns} -o link show {vrf} | grep -q ,UP"),
}


@pytest.mark.parametrize("what", DRIFTS)
def test_drift_is_put_right_at_once(site, line, place, figure, what):
    words = dict(place, lan=line.lan("4"), local4=line.local("4"), local6=line.local("6"))
    if "unreachable" in what:
        row = next(r for r in site.lab.edge.shell("ip -n %(ns)s route show table %(table)s" % place).out.splitlines()
                   if r.startswith("unreachable default"))
        assert "metric 4278198272" in row, row
    line.wait_active()
    quiet(site)
    act, look = (text.format(**words) for text in DRIFTS[what])
    figure(what + ": noticed", noticed(site, act), NOTICED_SECONDS)
    site.lab.edge.wait("mended", lambda: site.lab.edge.shell(look + " && echo yes || true").out.strip() == "yes", 30)
    line.wait_active()


def told(site, line, status, act, figure, what):
    begun = time.monotonic()
    site.lab.edge.shell(act)
    site.lab.edge.wait(status, lambda: line.interface()["status"] == status, 30)
    figure(what, time.monotonic() - begun, TOLD_SECONDS)


def test_a_port_that_loses_its_carrier_goes_and_comes_back_is_reported_at_once(site, line, figure):
    quiet(site)
    for what, act, status in (("a port down: told", "ip link set trunk0 down", "DOWN"),
                              ("a port up: told", "ip link set trunk0 up", "ACTIVE"),
                              ("a port renamed: told", "ip link set trunk0 down; ip link set trunk0 name other0", "ERROR"),
                              ("a port's name back: told", "ip link set other0 name trunk0; ip link set trunk0 up", "ACTIVE")):
        told(site, line, status, act, figure, what)
    line.wait_active()


@pytest.fixture(scope="module")
def session(site, gateway):
    """A line with BGP."""
    made = site.hands.line(gateway)
    made.order()
    made.router()
    made.wait_active()
    return made


def test_a_vlan_follows_the_mtu_of_its_port(site, session, place):
    """The kernel takes it down by itself; up it does not."""
    edge, before = site.lab.edge, [session.since(family) for family in "46"]
    for mtu in ("1400", "1500"):
        edge.ip(["link set trunk0 mtu " + mtu])
        edge.wait("MTU " + mtu, lambda: " mtu %s " % mtu in edge.shell("ip -n %(ns)s link show %(device)s" % place).out, 30)
    session.wait_active()
    assert [session.since(family) for family in "46"] == before


def test_a_route_of_birds_that_is_deleted_comes_back_with_its_next_scan(site, session, figure):
    """The kernel announces it to BIRD, but BIRD takes notices about its own routes for an echo."""
    lan = session.lan("4")
    show = "ip -n dcaas-1 route show table all proto bird | grep '^%s' || true" % lan
    route = site.lab.edge.wait("the customer's route", lambda: site.lab.edge.shell(show).out.strip(), 30)
    site.lab.edge.shell("ip -n dcaas-1 route del %s table %s proto bird" % (lan, route.split("table ")[1].split()[0]))
    begun = time.monotonic()
    site.lab.edge.wait("the route", lambda: site.lab.edge.shell(show).out.strip(), 5 * SCAN_SECONDS)
    figure("a route of BIRD's deleted: back", time.monotonic() - begun, SCAN_SECONDS)
    session.wait_active()


def spent(site):
    """Seconds of processor time of both halves."""
    total = 0
    for pid in site.edge_processes().values():
        fields = site.lab.edge.read("/proc/%d/stat" % pid).rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def test_foreign_routes_by_the_thousand_wake_nobody(site, line, place):
    """As a BIRD makes them that takes in a full table: in the instance's namespace, in the VRF's table, and in the router's."""
    edge = site.lab.edge
    for verb in ("add", "del"):
        edge.write("/tmp/churn.%s" % verb, "".join(
            "route %s 172.%d.%d.0/24 dev lo table 200001 proto bird\n" % (verb, 16 + n // 250, n % 250)
            for n in range(CHURN // 2)))
    before, cpu = quiet(site), spent(site)
    seconds = took(site, "for n in 1 2; do for space in '' '-n %s'; do for verb in add del; do "
                         "ip $space -batch /tmp/churn.$verb; done; done; done" % place["ns"])
    cpu = spent(site) - cpu
    print("\n%d foreign routes changed in %.1f s: both halves took %.2f s of the processor" % (4 * CHURN, seconds, cpu))
    assert words(site) - before <= 3  # something else may have happened meanwhile; not twenty thousand times
    assert cpu < 0.1 * seconds + 0.2
    line.wait_active()


def test_foreign_devices_that_come_and_go_without_end_do_not_keep_it_busy(site, line):
    """Those are listened to: a port may be among them."""
    edge = site.lab.edge
    edge.write("/tmp/churn", "".join("link add churn%d type dummy\nlink del churn%d\n" % (n % 7, n % 7) for n in range(200)))
    before, cpu = quiet(site), spent(site)
    seconds = took(site, "for n in 1 2 3 4 5; do ip -batch /tmp/churn; done")
    cpu = spent(site) - cpu
    print("\n2000 foreign devices in %.1f s: word of it %d times, both halves took %.2f s of the processor" % (
        seconds, words(site) - before, cpu))
    assert words(site) - before <= 10 * seconds + 10
    assert cpu < 0.5 * seconds + 0.5
    line.wait_active()
