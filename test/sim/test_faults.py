# SPDX-License-Identifier: ISC
"""What goes wrong on the router is reported in its words, retried, and mended."""
import time

import pytest

from support import V3, rows, wait_for

SHOWN_SECONDS = 2  # what the daemon sees is in the API's answers within this


def device(site, vif):
    """The name of the interface's device on the edge."""
    return "dcv%d" % rows(site.dcaasd, "SELECT number FROM edge_number WHERE owner_id = ?", vif)[0][0]


def next_number(site):
    """Of the device that the next interface gets."""
    return rows(site.dcaasd, "SELECT max(number) + 1 FROM edge_number WHERE space = 'link'")[0][0]


def name(site, vif, family=4):
    return "p%s_%d" % (device(site, vif)[3:], family)


def test_a_refused_device_is_an_error_in_words_and_is_tried_again(site):
    good = site.order(1)
    site.wait_status(good, "ACTIVE")
    site.edge.set_options(fail="dcv%d" % next_number(site))
    bad = site.order(2)
    seen = site.wait_status(bad, "ERROR")
    assert "refused as the options ask" in seen["reason"]
    assert site.interface(good)["status"] == "ACTIVE"
    site.edge.set_options()
    site.wait_status(bad, "ACTIVE")
    assert site.interface(bad)["reason"] is None


def test_a_neighbour_that_the_daemon_refuses_takes_out_only_itself(site):
    good = site.order(1)
    site.wait_status(good, "ACTIVE")
    site.edge.set_options(fail="p%d_4" % next_number(site))
    line = site.edge.lines()
    bad, other = site.order(2), site.order(3)
    site.wait_status(bad, "ERROR")
    site.wait_status(other, "ACTIVE")
    assert "refused" in site.interface(bad)["reason"]
    assert site.peer(good)["bgp_status"] == "up"
    assert not site.edge.logged('event="session down"', line)
    site.edge.set_options()
    site.wait_status(bad, "ACTIVE")


def test_a_session_that_goes_down_and_comes_back_is_followed(site, figure):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    wait_for("1 route", lambda: site.peer(vif)["receive_route_num"] == 1)
    begun = time.monotonic()
    site.edge.set_options(down=name(site, vif))
    seen = site.wait_status(vif, "DOWN")
    figure("session down shown", time.monotonic() - begun, SHOWN_SECONDS)
    assert "no session since" in seen["reason"]
    assert (site.peer(vif)["bgp_status"], site.peer(vif)["receive_route_num"]) == ("down", 0)
    begun = time.monotonic()
    site.edge.set_options(routes=7)
    site.wait_status(vif, "ACTIVE")
    wait_for("7 routes", lambda: site.peer(vif)["receive_route_num"] == 7)
    figure("session up with 7 routes shown", time.monotonic() - begun, SHOWN_SECONDS)


def test_the_reason_shows_that_md5_was_ordered(site):
    vif = site.order(1, bgp_md5="some password")
    site.wait_status(vif, "ACTIVE")
    site.edge.set_options(down=name(site, vif))
    wait_for("reason", lambda: "MD5 ordered" in (site.interface(vif)["reason"] or ""))


def test_a_port_without_carrier_is_down_with_a_reason(new_site):
    site = new_site(no_carrier="eth2")
    vif = site.order(1)
    seen = site.wait_status(vif, "DOWN")
    assert "no carrier" in seen["reason"]
    site.edge.set_options()
    site.wait_status(vif, "ACTIVE")


def test_a_port_that_loses_its_carrier_is_reported_at_once(site, figure):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    for options, status in (({"no_carrier": "eth2"}, "DOWN"), ({}, "ACTIVE")):
        begun = time.monotonic()
        site.edge.set_options(**options)
        site.wait_status(vif, status)
        figure("carrier %s shown" % ("lost:" if options else "back:"), time.monotonic() - begun, 0.5)


def test_more_routes_than_the_limit_stop_the_session(new_site, figure):
    site = new_site(routes=50)
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    peer = site.peer(vif)["id"]
    limit = rows(site.dcaasd, "SELECT bgp_route_limit FROM vif_peer WHERE id = ?", peer)[0][0]
    begun = time.monotonic()
    site.edge.set_options(routes=limit + 1)
    site.wait_status(vif, "DOWN")
    figure("a session over its limit shown", time.monotonic() - begun, SHOWN_SECONDS)
    session = site.world.operator.get("/dcaas/v1/sessions/" + peer)["session"]
    assert session["state"] == "Disabled" and "limit" in session["last_error"]


def test_a_slow_router_is_reported_when_it_is_done_and_not_before(new_site):
    site = new_site(change_ms=200)
    vif = site.order(1)
    assert site.interface(vif)["status"] == "PENDING_CREATE"
    site.wait_status(vif, "ACTIVE")


def test_every_apply_carries_the_proof_that_others_sessions_stayed(site):
    vifs = [site.order(n) for n in range(3)]
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")
    since = {vif: site.world.operator.get("/dcaas/v1/sessions/" + site.peer(vif)["id"])["session"]["since"] for vif in vifs}
    first = site.edge.seen()["revision"]
    for n in range(10, 15):
        vif = site.order(n)
        site.wait_status(vif, "ACTIVE")
        site.tenant.put(V3 + "virtual-interfaces/" + vif, {"virtual_interface": {"remote_ep_group": ["172.16.%d.0/24" % n]}})
        site.delete(vif)
        site.wait_gone(vif)
    applies = sorted(site.edge.rows("applies", "applies"), key=lambda a: a["revision"])
    assert len(applies) >= 10
    assert [a["reset"] for a in applies if a["reset"]] == []
    # Once the three were up they were watched each time, and none is younger than it was.
    later = [a["watched"] for a in applies if a["revision"] > first]
    assert len(later) >= 8 and min(later) >= 3, later
    assert all(a["shortest_uptime"] >= 0 for a in applies if a["watched"])
    assert since == {vif: site.world.operator.get("/dcaas/v1/sessions/" + site.peer(vif)["id"])["session"]["since"]
                     for vif in vifs}


def test_health_shows_that_it_is_simulated(site):
    site.edge.wait_seen("reported", lambda e: e["reported_time"])
    assert site.edge.seen()["fabric"] == "sim"
    wait_for("simulated", lambda: "simulated" in str(site.dcaasd.health()))


def test_a_neighbour_that_is_refused_later_is_not_called_up_any_more(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    site.edge.set_options(fail=name(site, vif))
    peer = site.peer(vif)["id"]
    other = site.order(2)  # whose session is loaded together with the first one's
    site.wait_status(vif, "ERROR")
    site.wait_status(other, "ACTIVE")
    wait_for("down", lambda: site.peer(vif)["bgp_status"] == "down")
    session = site.world.operator.get("/dcaas/v1/sessions/" + peer)["session"]
    assert not session["established"] and "refused" in session["last_error"]
    site.edge.set_options()
    site.wait_status(vif, "ACTIVE")


def test_a_deletion_ends_while_another_neighbour_is_refused(site):
    gone, bad = site.order(1), site.order(2)
    for vif in (gone, bad):
        site.wait_status(vif, "ACTIVE")
    site.edge.set_options(fail=name(site, bad))
    other = site.order(3)
    site.wait_status(bad, "ERROR")
    site.wait_status(other, "ACTIVE")
    site.delete(gone)
    site.wait_gone(gone)
    site.edge.set_options()
    site.wait_status(bad, "ACTIVE")


def test_what_fails_again_and_again_is_on_record_once(site):
    good = site.order(1)
    site.wait_status(good, "ACTIVE")
    site.edge.log_all()
    site.edge.restart()
    site.edge.set_options(fail="dcv%d" % next_number(site))
    bad = site.order(2)
    site.wait_status(bad, "ERROR")
    line = site.edge.lines()
    wait_for("three more tries", lambda: sum('event="step failed"' in text and "vlan-add" in text
                                             for text in site.edge.log().splitlines()[line:]) >= 3)
    assert sum(a["failed"] > 0 for a in site.edge.rows("applies", "applies")) == 1
    site.edge.set_options()
    site.wait_status(bad, "ACTIVE")


def test_a_session_that_flaps_is_followed_and_is_nobodys_fault(new_site):
    site = new_site(flap_ms=700)
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    wait_for("three ups and two downs", lambda: site.edge.log().count('event="session established"') >= 3 and
             site.edge.log().count('event="session down"') >= 2)
    wait_for("down in the API", lambda: site.peer(vif)["bgp_status"] == "down")
    wait_for("up in the API", lambda: site.peer(vif)["bgp_status"] == "up")
    session = site.world.operator.get("/dcaas/v1/sessions/" + site.peer(vif)["id"])["session"]
    assert "Cease" in session["last_error"]
    assert [a["reset"] for a in site.edge.rows("applies", "applies") if a["reset"]] == []


WORDS = {
    "its protocol": lambda site, vif: name(site, vif),
    "its device": device,
    "the id of its interface": lambda site, vif: vif,
    "the id of its peer, in upper case": lambda site, vif: site.peer(vif)["id"].upper(),
    "its address": lambda site, vif: "192.0.3.2",
    "our address": lambda site, vif: "192.0.3.1",
}


@pytest.mark.parametrize("word", WORDS)
def test_a_session_is_taken_down_by_any_word_for_it(site, word):
    vif, other = site.order(1), site.order(2)
    for one in (vif, other):
        site.wait_status(one, "ACTIVE")
    site.edge.set_options(down=WORDS[word](site, vif))
    site.wait_status(vif, "DOWN")
    assert site.interface(other)["status"] == "ACTIVE"
    site.edge.set_options()
    site.wait_status(vif, "ACTIVE")


def test_the_id_of_a_gateway_takes_all_its_sessions_down(site):
    vifs = [site.order(n) for n in (1, 2)]
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")
    site.edge.set_options(down=site.gateway)
    for vif in vifs:
        site.wait_status(vif, "DOWN")


@pytest.mark.parametrize("options, told", [
    ({"down": "p1000_4"}, '[sim] down = \\"p1000_4\\": the simulated router has no session'),
    ({"down": "198.51.100.1"}, "198.51.100.1"),
    ({"flap": "00000000-0000-4000-8000-000000000009", "flap_ms": 500}, '\\": the simulated router has no session'),
    ({"slow": "dcv1000", "change_ms": 500}, '[sim] slow = \\"dcv1000\\": the simulated router has no'),
    ({"slow": "dcv1", "change_ms": 0}, "requires change_ms"),
    ({"flap": "dcv1"}, '[sim] flap = \\"dcv1\\": requires flap_ms'),
])
def test_a_word_for_nothing_is_refused_and_changes_nothing(site, options, told):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    line = site.edge.lines()
    site.edge.set_options(routes=9, **options)
    wait_for("refused", lambda: site.edge.logged("options of the simulation refused", line))
    assert told in site.edge.log()
    site.edge.set_options(routes=7)
    wait_for("7 routes", lambda: site.peer(vif)["receive_route_num"] == 7)
    assert site.interface(vif)["status"] == "ACTIVE"


def test_only_what_is_named_flaps(site):
    vif, other = site.order(1), site.order(2)
    for one in (vif, other):
        site.wait_status(one, "ACTIVE")
    since = site.world.operator.get("/dcaas/v1/sessions/" + site.peer(other)["id"])["session"]["since"]
    line = site.edge.lines()
    site.edge.set_options(flap=vif, flap_ms=300)
    wait_for("two ups and downs", lambda: sum('event="session established"' in text
                                              for text in site.edge.log().splitlines()[line:]) >= 2)
    assert site.world.operator.get("/dcaas/v1/sessions/" + site.peer(other)["id"])["session"]["since"] == since


SLOW_MS = 4000


def test_only_what_is_named_is_slow(site):
    vif, other = site.order(1), site.order(2)
    for one in (vif, other):
        site.wait_status(one, "ACTIVE")
    line = site.edge.lines()
    site.edge.set_options(slow=vif, change_ms=SLOW_MS)
    wait_for("read", lambda: site.edge.logged("options of the simulation read", line))
    seconds = {}
    for one in (vif, other):
        begun = time.monotonic()
        site.delete(one)
        site.wait_gone(one)
        seconds[one] = time.monotonic() - begun
    assert seconds[vif] >= SLOW_MS / 1000 > seconds[other], seconds
