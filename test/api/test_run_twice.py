# SPDX-License-Identifier: ISC
"""Every job of a sanitized build runs twice: rolled back to its beginning, then run again with memory of its own. What stands in
the store afterwards is what one run leaves there."""
import json
import random
import re
import uuid

from api.fake_edge import FakeEdge
from support import V3, World, tables, wait_for

ORDERS = 200
SEED = 8
TENANTS = 2
GATEWAYS, INTERFACES, PEERS = V3 + "virtual-gateways", V3 + "virtual-interfaces", V3 + "vif-peers"
GLOBAL, LINKS = V3 + "global-dc-gateways", V3 + "global-dc-gateways/%s/peer-links"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")


class Side:
    """One of the two servers, with the same site on each."""

    def __init__(self, new_dcaasd, environment):
        self.dcaasd = new_dcaasd(["log = debug", "region_id = region-1"], environment=environment)
        self.world = World(self.dcaasd)
        self.edge = FakeEdge(self.dcaasd.endpoint, self.world.edge_token)
        self.edge.apply()
        self.tenants = [self.world.tenant("tenant-%d" % number) for number in range(TENANTS)]
        self.lines = [self.world.connection(tenant) for tenant in self.tenants]
        # VPCs have ids from elsewhere; a run of the test names them alike on both sides.
        self.vpcs = [[tenant.vpc() for _ in range(4)] for tenant in self.tenants]


def of_side(which, value):
    """The value with that server's id in place of each pair."""
    if isinstance(value, tuple):
        return value[which]
    return {name: of_side(which, inner) for name, inner in value.items()} if isinstance(value, dict) else value


class Both:
    """Sends one order to both servers, remembers which ids of theirs are the same thing, and compares the answers."""

    def __init__(self, once, twice):
        self.sides = once, twice
        self.names = ({}, {})
        for one, other in ((once.world.edge, twice.world.edge), (once.world.location, twice.world.location),
                           (once.world.vpc_port, twice.world.vpc_port)):
            self.same(one, other)
        for number in range(TENANTS):
            self.same(once.tenants[number].project_id, twice.tenants[number].project_id)
            self.same(once.lines[number], twice.lines[number])
            for one, other in zip(once.vpcs[number], twice.vpcs[number]):
                self.same(one, other)

    def same(self, one, other):
        number = len(self.names[0])
        for names, found in zip(self.names, (one, other)):
            names.setdefault(found, "#%d" % number)

    def plain(self, which, text):
        """Text without what two servers cannot have alike: the ids they made, and times."""
        text = ID.sub(lambda match: self.names[which].get(match.group(), "id"), text)
        return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "time", text)

    def order(self, method, path, body=None, tenant=0):
        """path and body hold pairs where an id stands; path is then a list, the text first. The ids that were made, or the
        status."""
        answers = []
        for which, side in enumerate(self.sides):
            who = side.world.operator if tenant is None else side.tenants[tenant]
            target = path if isinstance(path, str) else path[0] % tuple(part[which] for part in path[1:])
            answers.append(who.call(method, target, of_side(which, body), check=False))
        one, other = answers
        assert one.status == other.status, (method, path, body, one, other)
        rows = [next((value for name, value in answer.items() if isinstance(value, dict)), {}) for answer in answers]
        made = (rows[0]["id"], rows[1]["id"]) if "id" in rows[0] else None
        if made:
            self.same(*made)
        for inner in zip(rows[0].get("vif_peers") or (), rows[1].get("vif_peers") or ()):
            self.same(inner[0]["id"], inner[1]["id"])
        plain = [self.plain(which, json.dumps(answer, sort_keys=True)) for which, answer in enumerate(answers)]
        assert plain[0] == plain[1], (method, path)
        return made if one.status == 201 else one.status

    def report(self):
        for side in self.sides:
            side.edge.apply()


class Orders:
    """A tenant's random orders, good ones and such as are refused."""

    def __init__(self, both, dice):
        self.both, self.dice = both, dice
        self.made = {kind: [[] for _ in range(TENANTS)] for kind in ("gateway", "interface", "peer", "global", "link")}
        self.done = {}

    def any(self, kind, tenant):
        return self.dice.choice(self.made[kind][tenant]) if self.made[kind][tenant] else None

    def tags(self):
        # Some without a value: the server's default is put there.
        return [{"key": "k%d" % n, **({"value": "v"} if self.dice.random() < 0.5 else {})}
                for n in range(self.dice.randrange(4))]

    def note(self, kind, tenant, made):
        if isinstance(made, tuple):
            self.made[kind][tenant].append(made)
        self.done[kind] = self.done.get(kind, 0) + isinstance(made, tuple)

    def make_gateway(self, tenant):
        number = self.dice.randrange(4)
        vpc = tuple(side.vpcs[tenant][number] for side in self.both.sides)
        self.note("gateway", tenant, self.both.order("POST", GATEWAYS, {"virtual_gateway": {
            "name": "g", "vpc_id": vpc, "tags": self.tags(), "local_ep_group": ["10.%d.0.0/16" % (number + 1)]}}, tenant))

    def make_global(self, tenant):
        self.note("global", tenant, self.both.order("POST", GLOBAL, {"global_dc_gateway": {
            "name": "d", "address_family": "dual", "bgp_asn": 64600 + self.dice.randrange(5), "tags": self.tags()}}, tenant))

    def make_link(self, tenant):
        if len(self.made["global"][tenant]) > 1:
            near, far = self.dice.sample(self.made["global"][tenant], 2)
            project = tuple(side.tenants[tenant].project_id for side in self.both.sides)
            self.note("link", tenant, self.both.order("POST", [LINKS, near], {"peer_link": {
                "name": "l", "peer_site": {"gateway_id": far, "project_id": project, "region_id": "region-1",
                                           "type": "GDGW"}}}, tenant))

    def make_interface(self, tenant):
        kind = self.dice.choice(["gateway", "global"])  # a link takes gateways that are on a router
        gateway, number = self.any(kind, tenant), self.dice.randrange(12)
        if gateway is None:
            return
        at = {"vgw_id": gateway} if kind == "gateway" else {"gateway_id": gateway, "service_type": "GDGW"}
        line = tuple(side.lines[tenant] for side in self.both.sides)
        static = self.dice.random() < 0.3
        body = {"name": "i", "direct_connect_id": line, **at, "type": "private", "vlan": 100 + number,
                "bandwidth": 50, "route_mode": "static" if static else "bgp", "tags": self.tags(),
                "local_gateway_v4_ip": "192.0.2.%d/30" % (4 * number + 1),
                "remote_gateway_v4_ip": "192.0.2.%d/30" % (4 * number + 2),
                "remote_ep_group": ["192.168.%d.0/24" % self.dice.randrange(16)]}
        if not static:
            body.update(bgp_asn=65001, bgp_md5="a secret word" if self.dice.random() < 0.5 else None)
        self.note("interface", tenant, self.both.order("POST", INTERFACES, {"virtual_interface": body}, tenant))

    def make_peer(self, tenant):
        interface, number = self.any("interface", tenant), self.dice.randrange(12)
        if interface:
            self.note("peer", tenant, self.both.order("POST", PEERS, {"vif_peer": {
                "vif_id": interface, "name": "p", "address_family": "ipv6",
                "local_gateway_ip": "2001:db8:%x::1/64" % number, "remote_gateway_ip": "2001:db8:%x::2/64" % number,
                "route_mode": "bgp", "bgp_asn": 65001, "remote_ep_group": ["2001:db8:ff%02x::/48" % number]}}, tenant))

    def change(self, tenant):
        kind = self.dice.choice(["gateway", "interface", "peer", "global"])
        found = self.any(kind, tenant)
        path = {"gateway": GATEWAYS, "interface": INTERFACES, "peer": PEERS, "global": GLOBAL}[kind]
        name = {"gateway": "virtual_gateway", "interface": "virtual_interface", "peer": "vif_peer",
                "global": "global_dc_gateway"}[kind]
        body = {"name": "n%d" % self.dice.randrange(9)}
        if kind in ("interface", "peer") and self.dice.random() < 0.5:
            body["remote_ep_group"] = ["192.168.%d.0/24" % self.dice.randrange(16)]
        if found:
            self.both.order("PUT", [path + "/%s", found], {name: body}, tenant)

    def remove(self, tenant):
        kind = self.dice.choice(["link", "peer", "interface", "gateway", "global"])
        path = {"gateway": GATEWAYS, "interface": INTERFACES, "peer": PEERS, "global": GLOBAL}.get(kind)
        found = self.any(kind, tenant)
        if not found:
            return
        if kind == "link":
            near = self.made["global"][tenant]
            self.both.order("DELETE", [LINKS + "/%s", near[0], found], None, tenant)
        elif self.both.order("DELETE", [path + "/%s", found], None, tenant) == 204 and self.dice.random() < 0.8:
            self.made[kind][tenant].remove(found)

    def retag(self, tenant):
        line = tuple(side.lines[tenant] for side in self.both.sides)
        self.both.order("PUT", ["/dcaas/v1/connections/%s", line], {"direct_connect": {"tags": self.tags()}}, None)

    def one(self):
        kind = self.dice.choices(
            [self.make_gateway, self.make_global, self.make_link, self.make_interface, self.make_peer, self.change, self.remove,
             self.retag, lambda tenant: self.both.report()], [4, 4, 6, 14, 8, 8, 5, 2, 4])[0]
        kind(self.dice.randrange(TENANTS))


# Times, and what is random on purpose.
NOT_ALIKE = re.compile(r"(_time|_at|^at|^wanted|^since|_hash|^hash|^boot)$")


def content(both, which):
    """Every row without what two servers cannot have alike, in an order that does not rest on their ids."""
    side, found = both.sides[which], {}
    for name, (columns, rows) in tables(side.dcaasd, named=True, leave_out=("token", "meta")).items():
        found[name] = sorted(
            json.dumps([[column, both.plain(which, str(value))] for column, value in zip(columns, row)
                        if not NOT_ALIKE.search(column) and not str(value).startswith("v1:")
                        and column not in ("access_key", "credential")])
            for row in rows)
    return found


def test_orders_leave_the_same_behind_when_every_job_runs_twice(new_dcaasd):
    once, twice = Side(new_dcaasd, {"DCAAS_RUN_ONCE": "1"}), Side(new_dcaasd, {})
    assert "jobs=once" in once.dcaasd.log(), "the build runs no job twice: set it up with -Drun_twice=true"
    assert "jobs=twice" in twice.dcaasd.log(), "the build runs no job twice: set it up with -Drun_twice=true"
    both = Both(once, twice)
    orders = Orders(both, random.Random(SEED))
    for _ in range(ORDERS):
        orders.one()
    both.report()
    # An order that no dice reached shows nothing.
    assert all(orders.done.get(kind, 0) > 0 for kind in orders.made), orders.done
    one, other = content(both, 0), content(both, 1)
    for name in one:
        assert one[name] == other[name], name
    print("\n%d random orders, each job run twice: %d rows of %d tables are those of one run" %
          (ORDERS, sum(len(rows) for rows in other.values()), len(other)))
