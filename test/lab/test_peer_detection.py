# SPDX-License-Identifier: ISC
"""Detections of peers with real routers: echo requests from inside the VRF in both families, and loss when the far side is down."""
import pytest

PATH = "/v3/{project_id}/dcaas/vif-peer-detections"


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("detection")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway()


@pytest.fixture(scope="module")
def line(shop, gateway):
    made = shop.line(gateway)
    made.order()
    made.router(host=False)
    return made.wait_active()


def detect(line, family):
    made = line.tenant.post(PATH, {"vif_peer_detection": {"vif_peer_id": line.peers[family]}})["vif_peer_detection"]

    def look():
        now = line.tenant.get(PATH + "/" + made["id"], say=False)["vif_peer_detection"]
        return now if now["status"] != "processing" else None
    done = line.site.lab.edge.wait("the detection is done", look, 30, 0.1)
    return done["status"], done["loss_ratio"]


@pytest.mark.parametrize("family", ["4", "6"])
def test_a_router_that_is_there_answers(line, family):
    assert detect(line, family) == ("complete", 0)


def test_another_vrf_with_the_same_addresses_is_not_asked(site, shop, line):
    """Two gateways share link addresses; the second one has nobody at the other end."""
    other = shop.line(shop.gateway(), links={family: str(line.links[family]) for family in "46"})
    other.order()
    other.wait_applied()
    for family in "46":
        assert detect(other, family) == ("complete", 100)
        assert detect(line, family) == ("complete", 0)
    other.delete()


def test_a_router_that_is_away_is_a_loss(line):
    """The last one: the customer's router is down."""
    line.customer.guest.shell("ip link set %s down" % line.customer.device, ns=line.customer.name)
    for family in "46":
        assert detect(line, family) == ("complete", 100)
