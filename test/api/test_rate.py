# SPDX-License-Identifier: ISC
"""The bandwidth of an interface as an object of its edge: what is ordered, what a change changes, which interfaces are limited, and
that a limit which is not in force makes the interface no worse."""
import signal

import pytest
from fake_edge import FakeEdge

from support import V3, World, change, rows, send, wait_for


@pytest.fixture
def world(dcaasd):
    """A site of its own for every test: its edge is not heard of yet."""
    return World(dcaasd)


@pytest.fixture
def edge(world):
    return FakeEdge(world.endpoint, world.edge_token)


@pytest.fixture
def vif(tenant, line, gateway):
    return tenant.interface(line, gateway, bandwidth=50)["id"]


def put(tenant, vif, **members):
    return tenant.put(V3 + "virtual-interfaces/" + vif, {"virtual_interface": members})["virtual_interface"]


def rates(edge):
    """The interfaces that are limited."""
    edge.poll()
    return {key.split("/")[1] for key, one in edge.objects.items() if one["kind"] == "rate" and not one["deleted"]}


@pytest.mark.parametrize("mbit,burst", [(2, 131072), (50, 625000), (1000, 12500000)])
def test_an_interface_has_its_bandwidth_in_both_directions_and_a_burst_of_a_tenth_of_a_second(tenant, edge, line, gateway, mbit, burst):
    vif = tenant.interface(line, gateway, bandwidth=mbit)["id"]
    edge.poll()
    assert edge.body("rate") == {"link": "vlan/" + vif, "ingress": 1000 * mbit, "egress": 1000 * mbit, "burst": burst}


def test_a_change_of_the_bandwidth_changes_one_object_and_a_dry_run_shows_it(tenant, edge, vif):
    edge.apply()
    body = {"virtual_interface": {"bandwidth": 60}}
    plan = tenant.call("PUT", V3 + "virtual-interfaces/" + vif, body, headers={"X-Dcaas-Dry-Run": "true"})["plan"]
    assert [(one["kind"], one["action"]) for one in plan["objects"]] == [("rate", "change")] and plan["sessions"] == []
    assert put(tenant, vif, bandwidth=60)["bandwidth"] == 60
    assert [one["key"] for one in edge.poll()] == ["rate/" + vif]
    assert edge.body("rate")["ingress"] == 60000
    put(tenant, vif, name="another")
    assert edge.poll() == []


def test_the_limit_goes_with_the_interface(tenant, edge, vif):
    edge.apply()
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    assert edge.kinds() == [] or edge.poll()
    edge.poll()
    assert "rate" not in edge.kinds()
    edge.report([state for state in edge.states() if not state["key"].startswith("rate/")], ())
    assert tenant.show("virtual-interfaces/" + vif)["status"] == "PENDING_DELETE"
    edge.report(edge.states(), ())
    assert send(tenant, "GET", V3 + "virtual-interfaces/" + vif).status == 404


@pytest.mark.parametrize("state,error,reason", [
    ("error", "device dcv1: shaper: the device has a root queue that is not ours",
     "the bandwidth is not enforced: device dcv1: shaper: the device has a root queue that is not ours"),
    ("unsupported", "this edge does not know the kind", "the bandwidth is not enforced: this edge does not know the kind"),
    ("unsupported", None, "the bandwidth is not enforced: unsupported")])
def test_a_limit_that_is_not_in_force_is_a_reason_and_no_state(tenant, edge, vif, state, error, reason):
    edge.apply(rate={"state": state, "error": error})
    shown = tenant.show("virtual-interfaces/" + vif)
    assert (shown["status"], shown["reason"]) == ("ACTIVE", reason)
    assert [peer["status"] for peer in shown["vif_peers"]] == ["ACTIVE"]
    edge.report(edge.states(rate={"state": state, "error": error}), edge.sessions(established=False))
    shown = tenant.show("virtual-interfaces/" + vif)
    assert shown["status"] == "DOWN" and shown["reason"].startswith(reason + "; ipv4: no session since")
    edge.apply()
    assert tenant.show("virtual-interfaces/" + vif)["reason"] is None


def test_a_limit_that_is_pending_holds_nothing_up(tenant, edge, vif):
    edge.apply(rate={"state": "pending"})
    shown = tenant.show("virtual-interfaces/" + vif)
    assert (shown["status"], shown["reason"]) == ("ACTIVE", None)


def test_a_hosted_connection_is_limited_by_its_one_interface(world, tenant, edge, gateway):
    hosting = world.connection(world.tenant(), type="hosting")
    hosted = world.connection(tenant, type="hosted", hosting_id=hosting, vlan=77, bandwidth=100)
    more = tenant.interface_body(hosted, gateway, 77, bandwidth=101)
    refused = tenant.call("POST", V3 + "virtual-interfaces", {"virtual_interface": more}, check=False)
    assert refused["error_code"] == "DC.1000"
    tenant.interface(hosted, gateway, 77, bandwidth=100)
    edge.poll()
    assert edge.body("rate")["ingress"] == 100000


@pytest.fixture(scope="module")
def own(new_dcaasd):
    """A server whose settings change, with its edge, and interfaces of which one has rate_limit."""
    world = World(new_dcaasd())
    edge, tenant = FakeEdge(world.endpoint, world.edge_token), world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    made = [tenant.interface(line, gateway, 100 + n, local_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 1), rate_limit=n == 0,
                             remote_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 2), remote_ep_group=["192.168.%d.0/24" % n])["id"]
            for n in range(3)]
    return world, edge, made


def reload(daemon, *settings):
    daemon.settings, begin = list(settings), len(daemon.log())
    daemon.write_config()
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "event=reloaded" in daemon.log(begin) or "reload refused" in daemon.log(begin))


@pytest.mark.parametrize("word,limited", [("ordered", 1), ("never", 0), ("always", 3)])
def test_another_rule_counts_for_all_interfaces_after_a_reload(own, word, limited):
    world, edge, made = own
    assert tenant_shows(world, made[0]) and not tenant_shows(world, made[1])
    reload(world.dcaasd, "limit_bandwidth = " + word)
    wait_for("the limits", lambda: rates(edge) == set(made[:limited]))


def tenant_shows(world, vif):
    return bool(rows(world.dcaasd, "SELECT rate_limit FROM virtual_interface WHERE id = ?", vif)[0][0])


def test_interfaces_of_a_release_without_limits_get_theirs_at_the_start(own):
    world, edge, made = own
    world.dcaasd.stop()
    change(world.dcaasd, "DELETE FROM due WHERE kind = 'rate_review'")
    change(world.dcaasd, "DELETE FROM edge_object WHERE kind = 'rate'")
    world.dcaasd.start()
    edge.host = world.dcaasd.endpoint.split("//", 1)[1]
    edge.start()
    wait_for("the limits", lambda: rates(edge) == set(made))
    assert [ref for ref, in rows(world.dcaasd, "SELECT ref FROM due WHERE kind = 'rate_review'")] == ["always"]


def test_a_rule_that_is_none_is_refused(own):
    world = own[0]
    reload(world.dcaasd, "limit_bandwidth = sometimes")
    assert "sometimes" in world.dcaasd.log() and "must be always, ordered or never" in world.dcaasd.log()
    reload(world.dcaasd)


# What a tenant reads

def shown(tenant, vif, check=True):
    return tenant.call("GET", "/dcaas/v1/projects/{project_id}/virtual-interfaces/%s/rate" % vif, check=check)


def test_a_tenant_reads_the_limit_and_what_was_dropped(world, tenant, edge, vif):
    assert {key: value for key, value in shown(tenant, vif)["vif_rate"].items() if value is not None} == {
        "virtual_interface_id": vif, "bandwidth": 50, "limited": True, "state": "pending", "simulated": False}
    edge.poll()
    dropped = {"in_packets": 12, "in_bytes": 18000, "out_packets": 3000000000}
    edge.report(edge.states(rate={"detail": {"dropped": dropped}}), (), fabric="linux")
    now = shown(tenant, vif)["vif_rate"]
    assert (now["state"], now["reason"], now["simulated"]) == ("applied", None, False) and now["observed_time"]
    assert [now["dropped_" + name] for name in dropped] == list(dropped.values())
    edge.report(edge.states(rate={"state": "error", "error": "no act_police"}), (), fabric="linux")
    now = shown(tenant, vif)["vif_rate"]
    assert (now["state"], now["reason"], now["dropped_in_packets"]) == ("error", "no act_police", 0)
    assert shown(world.tenant(), vif, check=False)["error_code"] == "DC.1211"


def test_a_simulated_router_counts_nothing_and_its_limit_is_shown_as_simulated(tenant, edge, vif):
    edge.apply()
    now = shown(tenant, vif)["vif_rate"]
    assert (now["state"], now["simulated"], now["dropped_in_packets"]) == ("applied", True, None)
