# SPDX-License-Identifier: ISC
"""States of what the operator describes and of gateways: what the edge reports of their objects. And what is kept for life."""
import json
import signal

import pytest
from fake_edge import FakeEdge

from support import V3, World, rows, wait_for

ATTACHMENTS, ROUTERS = "/dcaas/v1/attachments/", "/dcaas/v1/enterprise-routers"


@pytest.fixture
def world(new_dcaasd):
    return World(new_dcaasd(["region_id = region-1"]))


@pytest.fixture
def edge(world):
    return FakeEdge(world.endpoint, world.edge_token)


class Site:
    """A tenant with a VPC, its gateway, and an interface into it."""

    def __init__(self, world):
        self.world, self.tenant = world, world.tenant()
        self.line = world.connection(self.tenant)
        self.gateway = self.tenant.gateway()["id"]
        self.attachment = world.operator.get("/dcaas/v1/attachments?tenant_id=" + self.tenant.project_id)["attachments"][0]["id"]

    def interface(self, *more, **members):
        return self.tenant.interface(self.line, self.gateway, *more, **members)["id"]

    def attached(self):
        shown = self.world.operator.get(ATTACHMENTS + self.attachment)["attachment"]
        return shown["status"], shown["reason"]

    def shown(self, path):
        shown = self.tenant.show(path)
        return shown["status"], shown.get("reason")


def failed(edge, key, words, **more):
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "error", "error": words, **more}])


def applied(edge, key, **more):
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "applied", **more}])


def test_an_attachment_is_what_its_edge_made_of_it(world, edge):
    site = Site(world)
    assert site.attached() == ("DOWN", "no gateway on the edge leads to it")
    vif = site.interface()
    assert site.attached() == ("PENDING", "the edge has not read it back yet")
    edge.apply()
    assert site.attached() == ("ACTIVE", None)
    key = "vlan/" + site.attachment
    failed(edge, key, "No such device")
    assert site.attached() == ("ERROR", "vlan: No such device")
    applied(edge, key, carrier=False)
    assert site.attached() == ("DOWN", "no carrier on the port")
    applied(edge, key, carrier=True)
    assert site.attached() == ("ACTIVE", None)
    site.tenant.delete(V3 + "virtual-interfaces/" + vif)
    edge.apply()
    edge.apply()
    assert site.attached() == ("DOWN", "no gateway on the edge leads to it")


def test_a_vrf_that_fails_later_concerns_its_gateway_and_interfaces_at_once(world, edge):
    site = Site(world)
    assert site.shown("virtual-gateways/" + site.gateway)[0] == "ACTIVE"
    vif = site.interface()
    assert site.shown("virtual-gateways/" + site.gateway)[0] == "ACTIVE"
    edge.apply()
    assert site.shown("virtual-interfaces/" + vif) == ("ACTIVE", None)
    failed(edge, "vrf/" + site.gateway, "Operation not supported")
    assert site.shown("virtual-gateways/" + site.gateway)[0] == "ERROR"
    assert site.shown("virtual-interfaces/" + vif) == ("ERROR", "ipv4: vrf: Operation not supported")
    applied(edge, "vrf/" + site.gateway)
    assert site.shown("virtual-gateways/" + site.gateway)[0] == "ACTIVE"
    assert site.shown("virtual-interfaces/" + vif) == ("ACTIVE", None)


def test_an_enterprise_router_is_what_its_edges_made_of_it(world, edge):
    tenant = world.tenant()
    near = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
    tenant.interface(world.connection(tenant), None, service_type="GDGW", gateway_id=near)
    router = world.operator.post(ROUTERS, {"enterprise_router": {"tenant_id": tenant.project_id, "name": "er"}})[
        "enterprise_router"]

    def shown():
        now = world.operator.get(ROUTERS + "/" + router["id"])["enterprise_router"]
        return now["status"], now["reason"]

    assert shown() == ("DOWN", "neither a peer link nor an interface leads to the router")
    tenant.post(V3 + "global-dc-gateways/%s/peer-links" % near, {"peer_link": {"name": "l", "peer_site": {
        "gateway_id": router["id"], "project_id": tenant.project_id, "region_id": "region-1", "type": "ER"}}})
    assert shown() == ("PENDING", "the edge has not read it back yet")
    edge.apply()
    assert shown() == ("ACTIVE", None)
    failed(edge, "vrf/" + router["id"], "no table left")
    assert shown() == ("ERROR", "no table left")


def test_what_was_given_out_does_not_follow_the_settings(new_dcaasd):
    daemon = new_dcaasd(["region_id = region-1", "router_ids = 10.20.0.0/16", "link_block_ipv4 = 100.80.0.0/16"])
    world = World(daemon)
    edge, tenant = FakeEdge(world.endpoint, world.edge_token), world.tenant()
    line = world.connection(tenant)
    gateways = [tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
                for _ in range(2)]
    for number, gateway in enumerate(gateways):
        tenant.interface(line, None, 100 + number, service_type="GDGW", gateway_id=gateway)
    link = {"peer_link": {"name": "l", "peer_site": {"gateway_id": gateways[1], "project_id": tenant.project_id,
                                                     "region_id": "region-1", "type": "GDGW"}}}
    tenant.post(V3 + "global-dc-gateways/%s/peer-links" % gateways[0], link)
    edge.apply()
    before = {key: one["body"] for key, one in edge.objects.items()}
    assert json.dumps(before).count("10.20.0.") == 2 and "100.80.0.0" in json.dumps(before)
    daemon.settings = ["region_id = region-1", "router_ids = 10.30.0.0/16", "link_block_ipv4 = 100.90.0.0/16", "internal_asn_first = 4280000000",
                       "internal_asn_last = 4280000999"]
    daemon.write_config()
    begin = len(daemon.log())
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "event=reloaded" in daemon.log(begin))
    tenant.interface(line, None, 110, service_type="GDGW", gateway_id=gateways[0], local_gateway_v4_ip="192.0.2.129/30",
                     remote_gateway_v4_ip="192.0.2.130/30", remote_ep_group=["192.168.99.0/24"])
    came = {one["key"] for one in edge.poll()}
    assert came and not came & set(before), "only what is new is asked of the edge"
    fresh = tenant.gateway()["id"]
    tenant.interface(line, fresh, 111, local_gateway_v4_ip="192.0.2.133/30", remote_gateway_v4_ip="192.0.2.134/30",
                     remote_ep_group=["192.168.98.0/24"])
    edge.poll()
    assert "10.30.0." in json.dumps(edge.objects["vrf/" + fresh]["body"])
    assert rows(daemon, "SELECT count(*) FROM edge_number WHERE space = 'vrf' AND router_id IS NULL") == [(0,)]
