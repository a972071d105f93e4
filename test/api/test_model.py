# SPDX-License-Identifier: ISC
"""Random orders of several projects, on the server and on a model of plain dictionaries. After each order the server lists what the
model has, in the model's states; an order that the model refuses is refused with the model's code. The server is killed and started
again in between."""
import itertools
import os
import random
import uuid

import pytest

from api.fake_edge import FakeEdge
from support import V3, World

ORDERS = int(os.environ.get("DCAAS_MODEL_ORDERS", "300"))
SEEDS = [int(seed) for seed in os.environ.get("DCAAS_MODEL_SEEDS", "11 12").split()]
KILL_EVERY = 150
LINKS_MAX = 3  # the quota of a gateway
VLANS, VPCS = range(100, 106), 4
GATEWAYS, INTERFACES, PEERS = V3 + "virtual-gateways", V3 + "virtual-interfaces", V3 + "vif-peers"
GLOBALS, LINKS = V3 + "global-dc-gateways", V3 + "global-dc-gateways/%s/peer-links"
TAGS = "/v3/{project_id}/%s/%s/tags"
OK = None


def addresses(number):
    """Of the number's own link and network, which overlap no others."""
    high, low = divmod(number, 64)
    return {"local_gateway_v4_ip": "100.64.%d.%d/30" % (high, 4 * low + 1), "remote_gateway_v4_ip": "100.64.%d.%d/30" % (high, 4 * low + 2),
            "remote_ep_group": ["172.%d.%d.0/24" % (16 + number // 256 % 16, number % 256)]}


class Project:
    """What one project should have. Each dictionary: {id: members that the model knows}."""

    def __init__(self, world):
        self.tenant = world.tenant()
        self.line = world.connection(self.tenant)
        self.vpcs = [self.tenant.vpc() for _ in range(VPCS)]
        self.gateways, self.interfaces, self.globals, self.links = {}, {}, {}, {}

    def taken(self, column, value):
        return any(interface[column] == value for interface in self.interfaces.values())

    def linked(self, gateway):
        return [link for link in self.links.values() if gateway in (link["near"], link["far"])]


class Run:
    def __init__(self, world, seed):
        self.world, self.dice = world, random.Random(seed)
        self.edge = FakeEdge(world.endpoint, world.edge_token)
        self.edge.apply()
        self.projects = [Project(world) for _ in range(3)]
        self.refused, self.done, self.numbers = {}, {}, itertools.count()

    # What the dice choose

    def some(self, things):
        """One that is there; now and then one that is not, or was."""
        return self.dice.choice(list(things)) if things and self.dice.random() < 0.95 else str(uuid.UUID(int=self.dice.getrandbits(128)))

    def foreign(self, project, kind):
        others = [one for other in self.projects if other is not project for one in getattr(other, kind)]
        return self.dice.choice(others) if others else str(uuid.uuid4())

    def one_of(self, project, kind):
        """The id to name, and whether the project has it."""
        found = self.foreign(project, kind) if self.dice.random() < 0.05 else self.some(getattr(project, kind))
        return found, found in getattr(project, kind)

    def name(self):
        return "n%d" % self.dice.randrange(1000)

    def send(self, project, method, path, body, expected, what):
        """expected: OK, or (status, code) of the refusal. The answer, or None when it is refused."""
        answer = project.tenant.call(method, path, body, check=False)
        if expected is OK:
            assert 200 <= answer.status < 300, (what, body, answer)
            self.done[what] = self.done.get(what, 0) + 1
            return answer
        assert (answer.status, answer.get("error_code")) == expected, (what, body, expected, answer)
        self.refused[expected[1]] = self.refused.get(expected[1], 0) + 1
        return None

    # Orders

    def make_gateway(self, project):
        number = self.dice.randrange(VPCS)
        taken = any(gateway["vpc"] == number for gateway in project.gateways.values())
        name = self.name()
        answer = self.send(project, "POST", GATEWAYS, {"virtual_gateway": {
            "name": name, "vpc_id": project.vpcs[number], "local_ep_group": ["10.%d.0.0/16" % (number + 1)]}},
            (400, "DC.1110") if taken else OK, "gateway")
        if answer:
            project.gateways[answer["virtual_gateway"]["id"]] = {"name": name, "vpc": number, "tags": {}}

    def make_interface(self, project):
        gateway, known = self.one_of(project, "gateways")
        vlan, name = self.dice.choice(VLANS), self.name()
        number = next(self.numbers)
        expected = (400, "DC.1111") if not known else (400, "DC.1209") if project.taken("vlan", vlan) else OK
        answer = self.send(project, "POST", INTERFACES, {"virtual_interface": project.tenant.interface_body(
            project.line, gateway, vlan, name=name, **addresses(number))},
            expected, "interface")
        if answer:
            made = answer["virtual_interface"]
            project.interfaces[made["id"]] = {"name": name, "vlan": vlan, "at": gateway, "tags": {},
                                              "peers": {"ipv4": made["vif_peers"][0]["id"]}}

    def make_global_interface(self, project):
        """A global DC gateway is on a router from its first interface on."""
        gateway, known = self.one_of(project, "globals")
        vlan, name = self.dice.choice(VLANS), self.name()
        number = next(self.numbers)
        expected = (400, "DC.0002") if not known else (400, "DC.1209") if project.taken("vlan", vlan) else OK
        answer = self.send(project, "POST", INTERFACES, {"virtual_interface": project.tenant.interface_body(
            project.line, None, vlan, name=name, service_type="GDGW", gateway_id=gateway,
            **addresses(number))}, expected, "global interface")
        if answer:
            made = answer["virtual_interface"]
            project.interfaces[made["id"]] = {"name": name, "vlan": vlan, "at": gateway, "tags": {},
                                              "peers": {"ipv4": made["vif_peers"][0]["id"]}}

    def make_peer(self, project):
        found, known = self.one_of(project, "interfaces")
        number = next(self.numbers)
        expected = (400, "DC.1211") if not known else (400, "DC.1214") if "ipv6" in project.interfaces[found]["peers"] else OK
        answer = self.send(project, "POST", PEERS, {"vif_peer": {
            "vif_id": found, "name": "p", "address_family": "ipv6", "local_gateway_ip": "2001:db8:%x::1/64" % number,
            "remote_gateway_ip": "2001:db8:%x::2/64" % number, "route_mode": "bgp", "bgp_asn": 65001,
            "remote_ep_group": ["2001:dba:%x::/48" % number]}}, expected, "peer")
        if answer:
            project.interfaces[found]["peers"]["ipv6"] = answer["vif_peer"]["id"]

    def drop_peer(self, project):
        found, known = self.one_of(project, "interfaces")
        if not known:
            return
        peers = project.interfaces[found]["peers"]
        family = self.dice.choice(list(peers))
        if self.send(project, "DELETE", PEERS + "/" + peers[family], None, (400, "DC.1214") if len(peers) == 1 else OK,
                     "drop peer") is not None:
            del peers[family]

    def make_global(self, project):
        name = self.name()
        answer = self.send(project, "POST", GLOBALS, {"global_dc_gateway": {
            "name": name, "address_family": "dual", "bgp_asn": 64600 + self.dice.randrange(5)}}, OK, "global") \
            if len(project.globals) < 4 else None
        if answer:
            project.globals[answer["global_dc_gateway"]["id"]] = {"name": name}

    def make_link(self, project):
        if len(project.globals) < 2:
            return
        near, far = self.dice.sample(list(project.globals), 2)
        there = all(any(interface["at"] == gateway for interface in project.interfaces.values()) for gateway in (near, far))
        pair = any({link["near"], link["far"]} == {near, far} for link in project.links.values())
        full = any(len(project.linked(gateway)) >= LINKS_MAX for gateway in (near, far))
        expected = (400, "DC.1019") if full else (400, "DC.0001") if pair else OK if there else (400, "DC.1205")
        name = self.name()
        answer = self.send(project, "POST", LINKS % near, {"peer_link": {"name": name, "peer_site": {
            "gateway_id": far, "project_id": project.tenant.project_id, "region_id": "region-1", "type": "GDGW"}}},
            expected, "link")
        if answer:
            project.links[answer["peer_link"]["id"]] = {"name": name, "near": near, "far": far}

    def drop_link(self, project):
        if project.links:
            found = self.dice.choice(list(project.links))
            self.send(project, "DELETE", LINKS % project.links[found]["near"] + "/" + found, None, OK, "drop link")
            del project.links[found]

    def rename(self, project):
        kind, path, member, missing = self.dice.choice([
            ("gateways", GATEWAYS, "virtual_gateway", "DC.1111"), ("interfaces", INTERFACES, "virtual_interface", "DC.1211"),
            ("globals", GLOBALS, "global_dc_gateway", "DC.0002")])
        found, known = self.one_of(project, kind)
        name = self.name()
        if self.send(project, "PUT", path + "/" + found, {member: {"name": name}}, OK if known else (404, missing),
                     "rename " + member):
            getattr(project, kind)[found]["name"] = name

    def drop_gateway(self, project):
        found, known = self.one_of(project, "gateways")
        expected = OK if known else (404, "DC.1111")
        if known and any(interface["at"] == found for interface in project.interfaces.values()):
            expected = (400, "DC.1106")
        if self.send(project, "DELETE", GATEWAYS + "/" + found, None, expected, "drop gateway") is not None:
            del project.gateways[found]

    def drop_interface(self, project):
        found, known = self.one_of(project, "interfaces")
        expected = OK if known else (404, "DC.1211")
        if known and self.last_of_a_linked_gateway(project, found):
            return
        if self.send(project, "DELETE", INTERFACES + "/" + found, None, expected, "drop interface") is not None:
            del project.interfaces[found]

    @staticmethod
    def last_of_a_linked_gateway(project, found):
        at = project.interfaces[found]["at"]
        return bool(project.linked(at)) and sum(one["at"] == at for one in project.interfaces.values()) == 1

    def drop_global(self, project):
        found, known = self.one_of(project, "globals")
        if known and (project.linked(found) or any(one["at"] == found for one in project.interfaces.values())):
            answer = project.tenant.call("DELETE", GLOBALS + "/" + found, check=False)
            assert answer.status == 400, answer
            self.refused["blocked"] = self.refused.get("blocked", 0) + 1
        elif self.send(project, "DELETE", GLOBALS + "/" + found, None, OK if known else (404, "DC.0002"), "drop global") is not None:
            del project.globals[found]

    def tag(self, project):
        kind, of = self.dice.choice([("gateways", "dc-vgw"), ("interfaces", "dc-vif")])
        found, known = self.one_of(project, kind)
        if not known:
            return
        tags = getattr(project, kind)[found]["tags"]
        key, value = "k%d" % self.dice.randrange(6), self.name()
        if key in tags and self.dice.random() < 0.5:
            self.send(project, "DELETE", TAGS % (of, found) + "/" + key, None, OK, "untag")
            del tags[key]
        else:
            self.send(project, "POST", TAGS % (of, found), {"tag": {"key": key, "value": value}}, OK, "tag")
            tags[key] = value

    # After each order

    def settle(self):
        """The edge does what it is asked to, until nothing more comes."""
        for _ in range(6):
            before = self.edge.revision
            self.edge.apply()
            if self.edge.revision == before:
                return
        raise AssertionError("the edge is asked for something else again and again")

    @staticmethod
    def listed(project, path, plural):
        return {row["id"]: row for row in project.tenant.get(path, say=False)[plural]}

    def compare(self, project):
        gateways = self.listed(project, GATEWAYS, "virtual_gateways")
        interfaces = self.listed(project, INTERFACES, "virtual_interfaces")
        found = self.listed(project, GLOBALS, "global_dc_gateways")
        assert {key: (row["name"], row["status"], tags_of(row)) for key, row in gateways.items()} == {
            key: (one["name"], "ACTIVE", one["tags"]) for key, one in project.gateways.items()}
        assert {key: (row["name"], row["vlan"], row["status"], tags_of(row), families(row)) for key, row in interfaces.items()} == {
            key: (one["name"], one["vlan"], "ACTIVE", one["tags"], one["peers"]) for key, one in project.interfaces.items()}
        assert {key: row["name"] for key, row in found.items()} == {key: one["name"] for key, one in project.globals.items()}
        links = {}
        for gateway in project.globals:
            links.update({key: (row["name"], row["status"])
                          for key, row in self.listed(project, LINKS % gateway, "peer_links").items()})
        assert links == {key: (one["name"], "ACTIVE") for key, one in project.links.items()}

    def step(self, number):
        orders, weights = zip(
            (self.make_gateway, 6), (self.make_interface, 8), (self.make_global_interface, 8), (self.make_peer, 6), (self.drop_peer, 3),
            (self.make_global, 3), (self.make_link, 6), (self.drop_link, 2), (self.rename, 6), (self.drop_gateway, 4),
            (self.drop_interface, 8), (self.drop_global, 3), (self.tag, 8))
        project = self.dice.choice(self.projects)
        self.dice.choices(orders, weights)[0](project)
        if number % KILL_EVERY == KILL_EVERY - 1:
            self.world.dcaasd.kill()
            self.world.dcaasd.start()
        self.settle()
        self.compare(project)


def tags_of(row):
    return {tag["key"]: tag["value"] for tag in row["tags"]}


def families(row):
    return {peer["address_family"]: peer["id"] for peer in row["vif_peers"]}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_server_has_what_a_model_of_its_orders_has(new_dcaasd, seed):
    run = Run(World(new_dcaasd(["region_id = region-1"])), seed)
    for number in range(ORDERS):
        run.step(number)
    for project in run.projects:
        run.compare(project)
    # What no dice reached shows nothing.
    assert len(run.done) >= 13 and min(run.done.values()) > 0, run.done
    assert {"DC.1110", "DC.1209", "DC.1214", "DC.1106"} <= set(run.refused), run.refused
    print("\n%d random orders of 3 projects, %d refused, %d kills: the server has what the model has" % (
        ORDERS, sum(run.refused.values()), ORDERS // KILL_EVERY))
