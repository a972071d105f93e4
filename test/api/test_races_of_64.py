# SPDX-License-Identifier: ISC
"""64 clients race, round after round, for what two of them could break: in each resource that shares something. DCAAS_RACE_ROUNDS
rounds; `make soak` runs 1,000 of each (test/soak/test_races_long.py)."""
import os
import random

import pytest
from fake_edge import FakeEdge
from pack import CLIENTS, Pack, request

from support import V3, World, rows

ROUNDS = int(os.environ.get("DCAAS_RACE_ROUNDS", "40"))
OWN = "/dcaas/v1/projects/{project_id}/"
SETTINGS = ["accept_unattached_vpc = yes", "peer_links_across_projects = all", "quota_virtual_gateways = -1",
            "quota_virtual_interfaces = -1", "quota_global_dc_gateways = -1", "quota_connect_gateways = -1",
            "quota_connections = -1", "quota_global_eips = -1"]


class Ring:
    """Two projects on one site, and the pack of clients."""

    def __init__(self, dcaasd):
        self.world = World(dcaasd)
        self.one, self.other = self.world.tenant(), self.world.tenant()
        self.edge = FakeEdge(self.world.endpoint, self.world.edge_token)
        self.edge.apply()
        self.pack = Pack(self.one.at)

    def race(self, calls, statuses):
        """(client, method, path, body) of each; their answers in that order. The calls come in any order."""
        assert len(calls) == CLIENTS
        order = list(range(CLIENTS))
        random.shuffle(order)
        shuffled = self.pack.at_once([request(*calls[number]) for number in order])
        answers = [answer for _, answer in sorted(zip(order, shuffled), key=lambda pair: pair[0])]
        assert {answer.status for answer in answers} <= set(statuses), [a for a in answers if a.status not in statuses][:3]
        return answers

    def rows(self, statement, *values):
        return rows(self.world.dcaasd, statement, *values)

    def global_gateway(self, tenant, number, line):
        """One with an interface."""
        made = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
        vif = self.interface(tenant, line, 10 + number, number, service_type="GDGW", gateway_id=made)
        return made, vif

    @staticmethod
    def body(line, vlan, number, **members):
        return {"virtual_interface": {
            "name": "i", "type": "private", "direct_connect_id": line, "vlan": vlan, "bandwidth": 5, "route_mode": "bgp",
            "bgp_asn": 65001, "local_gateway_v4_ip": "192.0.2.%d/30" % (4 * number + 1),
            "remote_gateway_v4_ip": "192.0.2.%d/30" % (4 * number + 2), **members}}

    def interface(self, tenant, line, vlan, number, **members):
        return tenant.post(V3 + "virtual-interfaces", self.body(line, vlan, number, **members))["virtual_interface"]


def made_of(answers, status=201):
    return [answer for answer in answers if answer.status == status]


@pytest.fixture(scope="module")
def ring(new_dcaasd):
    made = Ring(new_dcaasd(SETTINGS))
    yield made
    made.pack.close()


@pytest.fixture
def rounds():
    return range(ROUNDS)


def test_a_destination_has_one_route_and_none_without_a_next_hop(ring, rounds):
    """Half of the clients add the same destination by two next hops, the others remove the route or the interface."""
    one = ring.one
    line = ring.world.connection(one)
    (near, _), (far, _) = ring.global_gateway(one, 0, line), ring.global_gateway(one, 1, line)
    one.post(V3 + "global-dc-gateways/%s/peer-links" % near, {"peer_link": {"name": "l", "peer_site": {
        "gateway_id": far, "project_id": one.project_id, "region_id": "region-1"}}})
    table, destination = V3 + "gdgw/%s/routetables" % near, "172.30.0.0/16"
    for _ in rounds:
        vif = ring.interface(one, line, 50, 10, service_type="GDGW", gateway_id=near)
        hop = vif["vif_peers"][0]["id"]

        def change(kind, nexthop):
            return one, "PUT", table, {"gdgw_routetable": {kind: [{"destination": destination, "nexthop": nexthop}]}}
        ring.race([(one, "DELETE", V3 + "virtual-interfaces/" + vif["id"], None) if n % 4 == 3 else
                   change("del_routes", hop) if n % 4 == 2 else change("add_routes", hop if n % 2 else far)
                   for n in range(CLIENTS)], (200, 204, 400, 404))
        left = ring.rows("SELECT r.id, p.status FROM gdgw_route AS r LEFT JOIN vif_peer AS p ON p.id = r.peer_id "
                         "WHERE r.gateway_id = ? AND r.deleted_time IS NULL", near)
        assert len(left) <= 1 and all(status != "PENDING_DELETE" for _, status in left), left
        assert ring.rows("SELECT count(*) FROM remote_subnet WHERE gateway_id = ? AND prefix = ?", near, destination) == [(len(left),)]
        for route in one.get(table)["gdgw_routetables"]:
            one.put(table, {"gdgw_routetable": {"del_routes": [{"destination": destination, "nexthop": route["nexthop"]}]}})
        one.call("DELETE", V3 + "virtual-interfaces/" + vif["id"], check=False)
        ring.edge.apply()


def test_an_eip_is_bound_once_and_to_a_gateway_that_stays(ring, rounds):
    one, paths = ring.one, V3 + "connect-gateways"
    for number in rounds:
        gateways = [one.post(paths, {"connect_gateway": {"name": "c"}})["connect_gateway"]["id"] for _ in range(4)]
        eip = ring.world.operator.post("/dcaas/v1/eips", {"eip": {
            "tenant_id": one.project_id, "cidr": "20.%d.%d.1/32" % (number // 256, number % 256)}})["eip"]["id"]
        answers = ring.race([(one, "DELETE", "%s/%s" % (paths, gateways[n % 4]), None) if n % 8 == 7 else (
            one, "POST", "%s/%s/binding-global-eips" % (paths, gateways[n % 4]), {"global_eips": [
                {"global_eip_id": eip, "type": "IP_ADDRESS"}]}) for n in range(CLIENTS)], (201, 204, 400, 404))
        assert len(made_of(answers)) == 1
        left = ring.rows("SELECT g.id, g.deleted_time FROM global_eip_binding AS b JOIN connect_gateway AS g "
                         "ON g.id = b.connect_gateway_id WHERE b.global_eip_id = ?", eip)
        assert len(left) == 1 and left[0][1] is None
        one.post("%s/%s/unbinding-global-eips" % (paths, left[0][0]), {"global_eips": [{"global_eip_id": eip}]})
        ring.edge.apply()
        for gateway in gateways:
            assert one.call("DELETE", "%s/%s" % (paths, gateway), check=False).status in (204, 404)


def test_an_interface_into_another_projects_gateway_gets_one_answer(ring, rounds):
    one, other = ring.one, ring.other
    line = ring.world.connection(one)
    vpc = "6a1e2f30-0000-4000-8000-%012d"
    for number in rounds:
        gateway = other.post(V3 + "virtual-gateways", {"virtual_gateway": {
            "vpc_id": vpc % number, "local_ep_group": ["10.1.0.0/16"]}})["virtual_gateway"]["id"]
        vif = ring.interface(one, line, 60, 0, vgw_id=gateway, resource_tenant_id=other.project_id)["id"]
        answers = ring.race([(other, "DELETE", V3 + "virtual-gateways/" + gateway, None) if n % 4 == 3 else (
            other, "PUT", V3 + "virtual-interfaces/" + vif, {"virtual_interface": {
                "status": "ACCEPTED" if n % 2 else "REJECTED"}}) for n in range(CLIENTS)], (200, 204, 400, 404))
        assert len(made_of(answers, 200)) == 1
        ((status, vgw, asked),) = ring.rows("SELECT status, vgw_id, asked_gateway_id FROM virtual_interface WHERE id = ?", vif)
        assert (status, vgw, asked) in (("PENDING_CREATE", gateway, None), ("REJECTED", None, gateway))
        one.delete(V3 + "virtual-interfaces/" + vif)
        ring.edge.apply()
        other.call("DELETE", V3 + "virtual-gateways/" + gateway, check=False)
        ring.edge.apply()


def test_a_partners_line_is_never_handed_out_twice(ring, rounds):
    """VLANs of several kinds, and more bandwidth than there is."""
    one, other = ring.one, ring.other
    hosting = ring.world.connection(one, type="hosting")
    for _ in rounds:
        answers = ring.race([(one, "POST", V3 + "hosted-connects", {"hosted_connect": {
            "hosting_id": hosting, "vlan": 1 + n % 16, "bandwidth": 300, "resource_tenant_id": other.project_id}})
            for n in range(CLIENTS)], (201, 400))
        made = made_of(answers)
        assert len(made) == 3
        left = ring.rows("SELECT vlan, bandwidth FROM direct_connect WHERE hosting_id = ?", hosting)
        assert len({vlan for vlan, _ in left}) == len(left) == 3 and sum(bandwidth for _, bandwidth in left) <= 1000
        gone = [answer["hosted_connect"]["id"] for answer in made]
        ring.race([(one if n % 2 else other, "DELETE", V3 + ("hosted-connects/" if n % 2 else "direct-connects/") + gone[n % 3], None)
                   for n in range(CLIENTS)], (204, 404))
        assert ring.rows("SELECT count(*) FROM direct_connect WHERE hosting_id = ?", hosting) == [(0,)]


def watched(ring):
    """An interface that is ACTIVE, and its peer."""
    line, gateway = ring.world.connection(ring.one), ring.one.gateway()["id"]
    vif = ring.interface(ring.one, line, 70, 0, vgw_id=gateway)
    ring.edge.apply()
    assert ring.one.show("virtual-interfaces/" + vif["id"])["status"] == "ACTIVE"
    return vif["id"], vif["vif_peers"][0]["id"]


def test_a_switchover_test_begins_once_and_ends_once(ring, rounds):
    one, (vif, _) = ring.one, watched(ring)

    def ask(operation):
        return one, "POST", V3 + "switchover-test", {"switchover_test_record": {
            "resource_id": vif, "resource_type": "virtual_interface", "operation": operation}}
    for _ in rounds:
        assert len(made_of(ring.race([ask("shutdown")] * CLIENTS, (201, 400)))) == 1
        assert ring.rows("SELECT count(*) FROM due WHERE kind = 'switchover_end' AND owner = ?", vif) == [(1,)]
        ring.edge.apply(session={"established": False})
        assert len(made_of(ring.race([ask("undo_shutdown")] * CLIENTS, (201, 400)))) == 1
        assert ring.rows("SELECT count(*) FROM due WHERE kind = 'switchover_end' AND owner = ?", vif) == [(0,)]
        ring.edge.apply()
        assert one.show("virtual-interfaces/" + vif)["status"] == "ACTIVE"
        # In any order: as many ends as beginnings, or one less.
        answers = ring.race([ask("undo_shutdown" if n % 2 else "shutdown") for n in range(CLIENTS)], (201, 400))
        begun, ended = len(made_of(answers[::2])), len(made_of(answers[1::2]))
        assert begun == 1 and ended in (0, 1)
        if ended == 0:
            one.call(*ask("undo_shutdown")[1:])
        ring.edge.apply()
        assert one.show("virtual-interfaces/" + vif)["status"] == "ACTIVE"


def test_one_detection_runs_for_a_peer(ring, rounds):
    one, (_, peer) = ring.one, watched(ring)
    for _ in rounds:
        answers = ring.race([(one, "POST", V3 + "vif-peer-detections", {"vif_peer_detection": {"vif_peer_id": peer}})] * CLIENTS,
                            (200, 400))
        (made,) = made_of(answers, 200)
        assert ring.rows("SELECT count(*) FROM peer_detection WHERE vif_peer_id = ? AND status = 'processing'", peer) == [(1,)]
        ring.edge.apply(ping={"detail": {"sent": 10, "received": 10}})
        one.delete(V3 + "vif-peer-detections/" + made["vif_peer_detection"]["id"])
        ring.edge.apply()


def test_a_resource_has_ten_tags_at_most_and_each_key_once(ring, rounds):
    one = ring.one
    gateway = one.gateway()["id"]
    tags = "/v3/{project_id}/dc-vgw/%s/tags" % gateway
    for _ in rounds:
        answers = ring.race([(one, "POST", tags, {"tag": {"key": "k%d" % (n % 32), "value": str(n)}}) for n in range(CLIENTS)],
                            (204, 400))
        left = ring.rows("SELECT key FROM virtual_gateway_tag WHERE owner_id = ?", gateway)
        assert len(left) == len(set(left)) == 10
        assert {"k%d" % (n % 32) for n, answer in enumerate(answers) if answer.status == 204} == {key for key, in left}
        ring.race([(one, "DELETE", tags + "/k%d" % (n % 32), None) for n in range(CLIENTS)], (204, 404))
        assert ring.rows("SELECT count(*) FROM virtual_gateway_tag WHERE owner_id = ?", gateway) == [(0,)]


def test_two_gateways_of_one_router_never_have_the_same_link_subnet(ring, rounds):
    one = ring.one
    router = ring.world.operator.post("/dcaas/v1/enterprise-routers", {"enterprise_router": {
        "tenant_id": one.project_id, "name": "er"}})["enterprise_router"]["id"]
    gateways = [one.post(V3 + "virtual-gateways", {"virtual_gateway": {"enterprise_router_id": router}})["virtual_gateway"]["id"]
                for _ in range(2)]
    line = ring.world.connection(one)
    for _ in rounds:
        answers = ring.race([(one, "POST", V3 + "virtual-interfaces", ring.body(line, 100 + n, 30, vgw_id=gateways[n % 2]))
                             for n in range(CLIENTS)], (201, 400))
        (made,) = made_of(answers)
        assert ring.rows("SELECT count(*) FROM link_subnet WHERE gateway_id = ?", router) == [(1,)]
        one.delete(V3 + "virtual-interfaces/" + made["virtual_interface"]["id"])
        ring.edge.apply()


def test_two_projects_have_one_link_between_two_gateways(ring, rounds):
    """Whichever project orders it; both end it, and add routes over it."""
    ends = [(tenant, ring.global_gateway(tenant, number, ring.world.connection(tenant))[0])
            for number, tenant in enumerate((ring.one, ring.other))]

    def order(n):
        (tenant, near), (peer, far) = ends[n % 2], ends[1 - n % 2]
        return tenant, "POST", V3 + "global-dc-gateways/%s/peer-links" % near, {"peer_link": {
            "name": "l", "peer_site": {"gateway_id": far, "project_id": peer.project_id, "region_id": "region-1"}}}

    def end(n):
        (tenant, near), (_, far) = ends[n % 2], ends[1 - n % 2]
        if n % 4 >= 2:
            return tenant, "PUT", V3 + "gdgw/%s/routetables" % near, {"gdgw_routetable": {"add_routes": [
                {"destination": "172.%d.0.0/16" % (16 + n // 4), "nexthop": far, "type": "gdgw"}]}}
        return tenant, "DELETE", OWN + "peer-links/" + link, None

    for _ in rounds:
        (made,) = made_of(ring.race([order(n) for n in range(CLIENTS)], (201, 400)))
        link = made["peer_link"]["id"]
        ring.race([end(n) for n in range(CLIENTS)], (200, 204, 400, 404))
        for tenant, near in ends:  # own routes have kept the link
            table = V3 + "gdgw/%s/routetables" % near
            left = [{"destination": one["destination"], "nexthop": one["nexthop"]} for one in tenant.get(table)["gdgw_routetables"]]
            there = ring.rows("SELECT count(*) FROM peer_link WHERE id = ? AND deleted_time IS NULL", link) == [(1,)]
            assert there or not left
            if left:
                tenant.put(table, {"gdgw_routetable": {"del_routes": left}})
        ring.one.call("DELETE", OWN + "peer-links/" + link, check=False)
        ring.edge.apply()
        ring.edge.apply()
        assert ring.rows("SELECT count(*) FROM peer_link WHERE id = ?", link) == [(0,)]
        assert ring.rows("SELECT count(*) FROM gdgw_route WHERE deleted_time IS NULL AND type = 'gdgw' AND gateway_id IN (?, ?)",
                         ends[0][1], ends[1][1]) == [(0,)]


def test_a_user_never_has_more_keys_than_the_limit(ring, rounds):
    one = ring.world.tenant()
    for _ in rounds:
        made = made_of(ring.race([(one, "POST", OWN + "access-keys", {"own_access_key": {"description": str(n)}})
                                  for n in range(CLIENTS)], (201, 400)))
        assert len(made) == 4 and ring.rows("SELECT count(*) FROM access_key WHERE user_id = ?", one.user_id) == [(5,)]
        gone = [answer["own_access_key"]["id"] for answer in made]
        ring.race([(one, "DELETE", OWN + "access-keys/" + gone[n % 4], None) for n in range(CLIENTS)], (204, 404))
