# SPDX-License-Identifier: ISC
"""Peer links within a site: a global DC gateway to an enterprise router, to another global DC gateway, and to one of another
project."""
import pytest

from lab.order import EnterpriseRouter, GlobalGateway

MD5 = "example-of-md5"
REGION = "region-1"


class World:
    """Three global gateways and an enterprise router: er - left - right - third. The third one is another project's."""

    def __init__(self, site):
        self.site, self.shop = site, site.shop("links")
        tenant = self.shop.tenant
        self.others = site.shop("links of others", "trunk1")
        self.left, self.right = (GlobalGateway(tenant, name) for name in ("left", "right"))
        self.third = GlobalGateway(self.others.tenant, "third")
        self.er = EnterpriseRouter(site, tenant, site.number(), name="er").host_up()
        self.lines = {gateway: self.line(gateway) for gateway in (self.left, self.right, self.third)}
        for line in self.lines.values():
            line.wait_active()
        self.to_er = self.left.link(self.er.id, REGION, "to-er")
        self.to_right = self.left.link(self.right.id, REGION, "to-right")
        self.to_third = self.right.link(self.third.id, REGION, "to-third", self.others.tenant.project_id)

    def line(self, gateway):
        line = (self.others if gateway is self.third else self.shop).line(gateway, md5=MD5)
        line.order()
        line.router()
        return line

    def sessions(self, link):
        """Of a link, at the edge: both ends, both families."""
        return [row for row in self.site.rows("sessions", "sessions") if row["owner_id"] == link.id]


@pytest.fixture(scope="module")
def world(site):
    made = World(site)
    for link in (made.to_er, made.to_right, made.to_third):
        link.wait("ACTIVE")
    return made


def test_links_are_active_with_their_sessions_up(world):
    for link in (world.to_er, world.to_right, world.to_third):
        rows = world.sessions(link)
        assert [row["established"] for row in rows] == [True] * 4


def test_the_other_project_sees_its_link_from_its_own_end(world):
    (seen,) = world.others.tenant.get(world.third.links())["peer_links"]
    assert (seen["id"], seen["status"], seen["global_dc_gateway_id"], seen["peer_site"]["gateway_id"]) == (
        world.to_third.id, "ACTIVE", world.third.id, world.right.id)


def test_counts_on_the_gateways(world):
    assert [g.show()["current_peer_link_count"] for g in (world.left, world.right, world.third)] == [2, 2, 1]
    assert world.left.show()["available_peer_link_count"] == 1


def learnt(line, family):
    return line.customer.routes_from_edge(family)


@pytest.mark.parametrize("family", ["4", "6"])
def test_customer_reaches_the_enterprise_routers_network(site, world, family):
    line = world.lines[world.left]
    prefix = str(world.er.prefix if family == "4" else world.er.prefix6)
    site.lab.edge.wait("the router's network at the customer", lambda: prefix in learnt(line, family), 30)
    site.lab.edge.wait("a ping", lambda: line.customer.ping(world.er.address(family)).ok, 30)
    site.lab.edge.wait("a ping back", lambda: world.er.host.ping(line.host_address(family)).ok, 30)


@pytest.mark.parametrize("family", ["4", "6"])
def test_customers_of_two_gateways_reach_each_other(site, world, family):
    left, right = world.lines[world.left], world.lines[world.right]
    for line, other in ((left, right), (right, left)):
        site.lab.edge.wait("the other's network", lambda l=line, o=other: o.lan(family) in learnt(l, family), 30)
        site.lab.edge.wait("a ping", lambda l=line, o=other: l.customer.ping(o.host_address(family)).ok, 30)


@pytest.mark.parametrize("family", ["4", "6"])
def test_customers_see_no_internal_as(world, family):
    line = world.lines[world.left]
    other = world.lines[world.right]

    def path():
        text = line.customer.bird("show route all %s" % other.lan(family))
        return [words.split(":")[1].split() for words in text.splitlines() if "BGP.as_path" in words]
    line.customer.guest.wait("the other's network", path, 30)
    assert path() == [[str(world.left.asn), str(other.asn)]]


@pytest.mark.parametrize("family", ["4", "6"])
def test_no_route_reaches_a_third_gateway(world, family):
    """er - left - right - third: what right learns from left stays with right, and so on."""
    er = str(world.er.prefix if family == "4" else world.er.prefix6)
    left, right, third = (world.lines[g].lan(family) for g in (world.left, world.right, world.third))
    wanted = {world.left: {er, right}, world.right: {left, third}, world.third: {right}}

    def told():
        return {gateway: set(learnt(line, family)) for gateway, line in world.lines.items()}
    world.lines[world.third].customer.guest.wait("what each is to learn", lambda: all(
        wanted[gateway] <= seen for gateway, seen in told().items()), 30)
    assert told() == wanted


def test_no_customer_draws_the_traffic_of_a_network_behind_a_link(site, world):
    """The router's exact network, a part and a host of it: refused, counted, and the router's host is reached by the others."""
    line, other = world.lines[world.left], world.line(world.left)
    other.wait_active()
    wait, stolen = site.lab.edge.wait, []
    for network, host in ((world.er.prefix, world.er.address("4")), (world.er.prefix6, world.er.address("6"))):
        stolen += [str(network), str(next(network.subnets(prefixlen_diff=8))), "%s/%d" % (host, network.max_prefixlen)]
    before, since = {f: line.session(f)["rejected"] for f in "46"}, {f: line.since(f) for f in "46"}
    line.customer.configure(announce=line.customer.announce + stolen)
    try:
        for family in "46":
            wait("three refusals", lambda f=family: line.session(f)["rejected"] == before[f] + 3, 30)
            assert {line.routes(family, routes="rejected")[one]["reason"] for one in stolen if (":" in one) == (family == "6")} == {
                "linked"}
            wait("a ping of another customer", lambda f=family: other.customer.ping(world.er.address(f)).ok, 30)
        assert {f: line.since(f) for f in "46"} == since
    finally:
        line.customer.configure(announce=[p for p in line.customer.announce if p not in stolen])
        other.customer.down()
        other.delete()


def test_what_is_refused_follows_the_routers_networks_and_resets_nobody(site, world):
    line = world.lines[world.left]
    since = {f: line.since(f) for f in "46"}
    prefix = "172.31.77.0/24"
    line.customer.configure(announce=line.customer.announce + [prefix])
    site.lab.edge.wait("one more accepted", lambda: line.session("4")["rejected"] == 0 and line.session("4")["accepted"] > 1, 30)
    rows = site.operator.get("/dcaas/v1/attachments", say=False)["attachments"]
    mine = next(row for row in rows if row["enterprise_router_id"] == world.er.id)
    change = site.operator.put
    change("/dcaas/v1/attachments/" + mine["id"], {"attachment": {"prefixes": mine["prefixes"] + [prefix]}})
    site.lab.edge.wait("its refusal", lambda: line.session("4")["rejected"] == 1, 30)
    change("/dcaas/v1/attachments/" + mine["id"], {"attachment": {"prefixes": mine["prefixes"]}})
    site.lab.edge.wait("its acceptance", lambda: line.session("4")["rejected"] == 0, 30)
    line.customer.configure(announce=[p for p in line.customer.announce if p != prefix])
    assert {f: line.since(f) for f in "46"} == since


def test_deleting_one_link_leaves_the_other_up(site, world):
    before = {row["id"]: row["since"] for row in world.sessions(world.to_er) + world.sessions(world.to_third)}
    customers = {g: [line.since(f) for f in "46"] for g, line in world.lines.items()}
    world.to_right.delete()
    tenant = world.shop.tenant
    assert tenant.call("GET", world.to_right.path, check=False).status == 404
    left, right = world.lines[world.left], world.lines[world.right]
    for family in "46":
        site.lab.edge.wait("the withdrawal", lambda f=family: right.lan(f) not in learnt(left, f), 30)
    site.lab.edge.wait("the end of its objects", lambda: not [
        row for row in site.rows("objects", "objects") if row["owner_id"] == world.to_right.id], 30)
    site.lab.edge.wait("a ping over the other link", lambda: left.customer.ping(world.er.address("4")).ok, 30)
    assert {row["id"]: row["since"] for row in world.sessions(world.to_er) + world.sessions(world.to_third)} == before
    assert {g: [line.since(f) for f in "46"] for g, line in world.lines.items()} == customers
    assert [g.show()["current_peer_link_count"] for g in (world.left, world.right)] == [1, 1]


def test_a_link_ordered_again_comes_up_again(world):
    link = world.left.link(world.right.id, REGION, "again")
    link.wait("ACTIVE")
    link.delete()
