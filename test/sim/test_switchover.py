# SPDX-License-Identifier: ISC
"""A switchover test shuts the sessions and static routes of an interface down on its edge; a second call or the deadline brings
them back, and the edge does so alone when dcaasd is gone."""
import time

import pytest

from support import V3, rows, wait_for

PATH = V3 + "switchover-test"
DOWN_SECONDS = 2  # promised, from the call to the session that is down


def order(site, vif, operation, status=201):
    answer = site.tenant.call("POST", PATH, {"switchover_test_record": {"resource_id": vif, "operation": operation}}, check=False)
    assert answer.status == status, answer
    return answer.get("switchover_test_record", answer)


def records(site, vif):
    return site.tenant.get(PATH + "?resource_id=" + vif, say=False)["switchover_test_records"]


def wait_record(site, record, status="COMPLETE"):
    def look():
        now = next(one for one in records(site, record["resource_id"]) if one["id"] == record["id"])
        return now if now["operate_status"] == status else None
    return wait_for("record %s" % status, look)


def session_is(site, words, since):
    return any('event="session %s"' % words in line for line in site.edge.log().splitlines()[since:])


@pytest.fixture
def active(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    return vif


def test_a_shutdown_takes_the_session_down_and_an_undo_brings_it_back(site, active, figure):
    other = site.order(2)
    site.wait_status(other, "ACTIVE")
    begun, line = time.monotonic(), site.edge.lines()
    record = order(site, active, "shutdown")
    assert (record["operation"], record["operate_status"], record["end_time"]) == ("shutdown", "STARTING", None)
    assert site.interface(active)["status"] == "ADMIN_SHUTDOWN"
    done = wait_record(site, record)
    figure("sessions of a switchover test are down", time.monotonic() - begun, DOWN_SECONDS)
    assert done["end_time"] >= done["start_time"]
    shown = site.interface(active)
    assert shown["status"] == "ADMIN_SHUTDOWN" and shown["reason"].startswith("ipv4: shut down for a switchover test until 2")
    assert (shown["vif_peers"][0]["status"], shown["vif_peers"][0]["bgp_status"]) == ("DOWN", "down")

    undo = order(site, active, "undo_shutdown")
    site.wait_status(active, "ACTIVE")
    wait_record(site, undo)
    assert site.peer(active)["bgp_status"] == "up" and site.interface(active)["reason"] is None
    assert [one["operation"] for one in records(site, active)] == ["shutdown", "undo_shutdown"]
    # The neighbour of another interface has noticed nothing.
    assert site.interface(other)["status"] == "ACTIVE"
    downs = [text for text in site.edge.log().splitlines()[line:] if 'event="session down"' in text]
    assert len(downs) == 1 and "bgp/" + site.peer(active)["id"] in downs[0]


def test_static_routes_are_taken_away_and_come_back(site):
    vif = site.order(3, route_mode="static", bgp_asn=None)
    site.wait_status(vif, "ACTIVE")

    def details():
        return [detail for detail, in rows(site.dcaasd, "SELECT detail FROM edge_object WHERE owner_id = ? AND kind = 'route'", vif)]
    wait_record(site, order(site, vif, "shutdown"))
    assert site.peer(vif)["status"] == "DOWN" and all('"shut":true' in detail for detail in details())
    assert site.interface(vif)["status"] == "ADMIN_SHUTDOWN"
    order(site, vif, "undo_shutdown")
    site.wait_status(vif, "ACTIVE")
    assert not any(details())


def test_the_deadline_ends_a_test_with_a_record_of_its_own(new_site):
    site = new_site(settings=["switchover_seconds = 3"])
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    shut = wait_record(site, order(site, vif, "shutdown"))
    site.wait_status(vif, "ACTIVE", 30)
    first, second = records(site, vif)
    assert (first["id"], first["operate_status"], second["operation"]) == (shut["id"], "COMPLETE", "undo_shutdown")
    wait_record(site, second)
    assert rows(site.dcaasd, "SELECT count(*) FROM due WHERE kind = 'switchover_end'") == [(0,)]


def test_the_edge_brings_it_back_at_the_deadline_without_dcaasd(new_site):
    site = new_site(settings=["switchover_seconds = 6"])
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    wait_record(site, order(site, vif, "shutdown"))
    line = site.edge.lines()
    site.dcaasd.kill()
    # The edge starts again meanwhile: the deadline is on its disk.
    site.edge.kill()
    site.edge.start()
    wait_for("the session is up again", lambda: session_is(site, "established", line), 40)
    site.dcaasd.start()
    site.wait_status(vif, "ACTIVE", 40)
    assert [one["operation"] for one in records(site, vif)] == ["shutdown", "undo_shutdown"]


def test_an_interface_that_is_shut_down_goes_when_it_is_deleted(site, active):
    wait_record(site, order(site, active, "shutdown"))
    site.delete(active)
    site.wait_gone(active)
    assert records(site, active) == []
    assert rows(site.dcaasd, "SELECT count(*) FROM due WHERE kind = 'switchover_end'") == [(0,)]
