# SPDX-License-Identifier: ISC
"""Routes of a global DC gateway's table on a real router: to a customer, and over a link to another gateway. What arrives is
counted where it arrives."""
import pytest

from lab.order import V3, GlobalGateway

REGION = "region-1"
BEHIND = {"4": ("10.77.0.0/16", "10.77.0.10"), "6": ("fd77::/32", "fd77::10")}  # behind the right gateway's customer
FAR = {"4": ("10.88.0.0/16", "10.88.0.10"), "6": ("fd88::/32", "fd88::10")}


class World:
    """left - right; each with a customer. The right one's router has hosts that no routing protocol knows of."""

    def __init__(self, site):
        self.site, self.shop = site, site.shop("routes")
        self.left, self.right = (GlobalGateway(self.shop.tenant, name) for name in ("left", "right"))
        self.near, self.branch = self.line(self.left), self.line(self.right)
        for line in (self.near, self.branch):
            line.wait_active()
        self.link = self.left.link(self.right.id, REGION)
        self.link.wait("ACTIVE")
        for prefix, address in list(BEHIND.values()) + list(FAR.values()):
            self.branch.customer.guest.ip(["addr add %s/%d dev lo%s" % (address, 128 if ":" in address else 32,
                                                                        " nodad" if ":" in address else "")],
                                          ns=self.branch.customer.name)

    def line(self, gateway):
        line = self.shop.line(gateway)
        line.order()
        line.router()
        return line

    def table(self, gateway):
        return V3 + "gdgw/%s/routetables" % gateway.id

    def change(self, gateway, what, entries):
        return self.shop.tenant.put(self.table(gateway), {"gdgw_routetable": {what: entries}})["gdgw_routetable"]

    def shown(self, gateway):
        return self.shop.tenant.get(self.table(gateway), say=False)["gdgw_routetables"]

    def wait_active(self, gateway):
        self.site.lab.edge.wait("active routes; has %s" % self.shown(gateway), lambda: {
            one["status"] for one in self.shown(gateway)} == {"ACTIVE"}, 30)

    def arrived(self, family):
        """Echo requests that the branch's router has received."""
        guest, ns = self.branch.customer.guest, self.branch.customer.name
        if family == "6":
            lines = dict(words.split() for words in guest.shell("cat /proc/net/snmp6", ns=ns).out.splitlines())
            return int(lines["Icmp6InEchos"])
        names, values = [words.split() for words in guest.shell("grep ^Icmp: /proc/net/snmp", ns=ns).out.splitlines()]
        return int(values[names.index("InEchos")])

    def echo(self, family, target):
        """Pings from the near customer's host until one comes back, then ten: how many of them the branch has counted."""
        self.site.lab.edge.wait("a ping of " + target, lambda: self.near.customer.ping(target, 1).ok, 30)
        before = self.arrived(family)
        assert self.near.customer.ping(target, 10).received == 10
        return self.arrived(family) - before


@pytest.fixture(scope="module")
def world(site):
    return World(site)


def entries(line, prefixes):
    return [{"destination": prefixes[family][0], "nexthop": line.peers[family]} for family in "46"]


def learnt(line, family):
    return line.customer.routes_from_edge(family)


def test_a_route_to_a_peer_carries_traffic_that_came_over_a_link(site, world):
    for family in "46":
        assert not world.near.customer.ping(BEHIND[family][1], 1).ok
    world.change(world.right, "add_routes", entries(world.branch, BEHIND))
    world.wait_active(world.right)
    for family in "46":
        prefix, host = BEHIND[family]
        site.lab.edge.wait("the route at the other gateway's customer", lambda p=prefix, f=family: p in learnt(world.near, f), 30)
        assert world.echo(family, host) == 10


def test_a_route_over_a_link_is_announced_to_customers_and_not_back_over_the_link(site, world):
    """The far gateway has a route of its own there; the near one's comes on top, and no packet goes in circles."""
    tenant, near = world.shop.tenant, {row["id"]: row for row in site.rows("sessions", "sessions")
                                       if row["owner_id"] == world.link.id}
    world.change(world.left, "add_routes", [{"destination": FAR[family][0], "nexthop": world.right.id} for family in "46"])
    world.wait_active(world.left)
    for family in "46":
        site.lab.edge.wait("the route at the customer", lambda f=family: FAR[f][0] in learnt(world.near, f), 30)
        assert not world.near.customer.ping(FAR[family][1], 1).ok, "the far gateway knows no such destination yet"
        assert FAR[family][0] not in learnt(world.branch, family)
    world.change(world.right, "add_routes", entries(world.branch, FAR))
    world.wait_active(world.right)
    for family in "46":
        assert world.echo(family, FAR[family][1]) == 10
    assert len(world.shown(world.left)) == 2 and tenant.project_id
    later = {row["id"]: row for row in site.rows("sessions", "sessions") if row["owner_id"] == world.link.id}
    assert {name: row["since"] for name, row in later.items()} == {name: row["since"] for name, row in near.items()}


def test_a_route_that_a_hand_deletes_comes_back(site, world):
    edge, space = site.lab.edge, next(iter(site.instances()))
    for proto, prefix in ((202, BEHIND["4"][0]), (204, FAR["4"][0])):
        show = "ip -n %s route show table all proto %d" % (space, proto)
        line = next(words for words in edge.shell(show).out.splitlines() if words.startswith(prefix))
        table = line.split("table ")[1].split()[0]
        edge.shell("ip -n %s route del %s table %s proto %d" % (space, prefix, table, proto))
        edge.wait("the route %s" % prefix, lambda s=show, p=prefix: p in edge.shell(s).out, 50)


def test_what_is_deleted_is_gone_everywhere(site, world):
    world.change(world.left, "del_routes", [{"destination": FAR[f][0], "nexthop": world.right.id} for f in "46"])
    world.change(world.right, "del_routes", entries(world.branch, BEHIND))
    assert world.shown(world.left) == [] and len(world.shown(world.right)) == 2
    for family in "46":
        site.lab.edge.wait("the withdrawal", lambda f=family: BEHIND[f][0] not in learnt(world.near, f), 30)
        assert not world.near.customer.ping(BEHIND[family][1], 1).ok
    space = next(iter(site.instances()))
    site.lab.edge.wait("no route over the link", lambda: not site.lab.edge.shell(
        "ip -n %s route show table all proto 204; ip -n %s -6 route show table all proto 204" % (space, space)).out.strip(), 30)
