# SPDX-License-Identifier: ISC
"""Detections over the simulated fabric: its customers' routers answer unless a fault keeps them from it."""
from support import V3, wait_for

PATH = V3 + "vif-peer-detections"


def detect(site, peer):
    made = site.tenant.post(PATH, {"vif_peer_detection": {"vif_peer_id": peer}})["vif_peer_detection"]

    def look():
        now = site.tenant.get(PATH + "/" + made["id"], say=False)["vif_peer_detection"]
        return now if now["status"] != "processing" else None
    return wait_for("the detection is done", look)


def result(site, peer):
    done = detect(site, peer)
    return done["status"], done["loss_ratio"]


def test_a_router_that_is_there_answers_and_one_that_is_down_does_not(site):
    first, second = site.order(1), site.order(2)
    for vif in (first, second):
        site.wait_status(vif, "ACTIVE")
    assert result(site, site.peer(first)["id"]) == ("complete", 0)
    site.edge.set_options(down="192.0.3.2")
    site.wait_status(first, "DOWN")
    assert result(site, site.peer(first)["id"]) == ("complete", 100)
    assert result(site, site.peer(second)["id"]) == ("complete", 0)
    site.edge.set_options()


def test_both_families_and_static_peers_are_detected(site):
    vif = site.order(3, route_mode="static", bgp_asn=None)
    second = site.tenant.peer(vif, local_gateway_ip="2001:db8:3::1/64", remote_gateway_ip="2001:db8:3::2/64")
    site.wait_status(vif, "ACTIVE")
    for peer in (site.peer(vif)["id"], second["id"]):
        assert result(site, peer) == ("complete", 0)


def test_nobody_answers_on_a_port_without_carrier(new_site):
    site = new_site(no_carrier="eth2")
    vif = site.order(1)
    site.wait_status(vif, "DOWN")
    assert result(site, site.peer(vif)["id"]) == ("complete", 100)
