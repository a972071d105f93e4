# SPDX-License-Identifier: ISC
"""A link between gateways of two instances: what changes in one of them reaches the other's end, and nothing else there."""
import pytest

from support import V3, wait_for

GATEWAYS = V3 + "global-dc-gateways"


@pytest.fixture
def site(new_site):
    return new_site(settings=["vrfs_per_instance = 1"])


def gateway(site, n, asn):
    made = site.tenant.post(GATEWAYS, {"global_dc_gateway": {"name": "g%d" % n, "bgp_asn": asn}})["global_dc_gateway"]
    return made, interface(site, made, n)


def interface(site, to, n):
    vif = site.tenant.interface(site.line, None, vlan=1000 + n, service_type="GDGW", gateway_id=to["id"], remote_ep_group=None,
                                local_gateway_v4_ip="172.16.%d.1/30" % n, remote_gateway_v4_ip="172.16.%d.2/30" % n)["id"]
    site.wait_status(vif, "ACTIVE")
    return vif


def objects(site, kind):
    return {row["key"]: row for row in site.edge.rows("objects?limit=1000", "objects") if row["kind"] == kind}


def link_path(near, link):
    return "%s/%s/peer-links/%s" % (GATEWAYS, near["id"], link["id"])


def test_a_link_between_two_instances_comes_stays_and_goes(site):
    (near, _), (far, _) = gateway(site, 1, 64512), gateway(site, 2, 64513)
    link = site.tenant.post(GATEWAYS + "/%s/peer-links" % near["id"], {"peer_link": {"name": "link", "peer_site": {
        "gateway_id": far["id"], "project_id": site.tenant.project_id, "region_id": "region-1"}}})["peer_link"]
    path = link_path(near, link)
    wait_for("the link is up", lambda: site.tenant.get(path, say=False)["peer_link"]["status"] == "ACTIVE")
    ends = objects(site, "veth")
    assert len(ends) == 2 and {row["state"] for row in ends.values()} == {"applied"}
    assert len({row["state"] for row in objects(site, "vrf").values()}) == 1
    # A change of one gateway leaves the other's end alone.
    lines = site.edge.lines()
    vif = interface(site, near, 3)
    assert site.tenant.get(path, say=False)["peer_link"]["status"] == "ACTIVE"
    assert "event=\"session down\"" not in "\n".join(site.edge.log().splitlines()[lines:])
    site.delete(vif)
    site.wait_gone(vif)
    assert site.edge.restart()
    wait_for("the link is up again", lambda: {row["state"] for row in objects(site, "veth").values()} == {"applied"})
    site.tenant.delete(path)
    wait_for("both ends are gone", lambda: objects(site, "veth") == {})
    wait_for("the link is gone", lambda: site.tenant.call("GET", path, check=False, say=False).status == 404)
    assert {row["state"] for kind in ("vrf", "vlan", "addr", "bgp") for row in objects(site, kind).values()} == {"applied"}
