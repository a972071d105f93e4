# SPDX-License-Identifier: ISC
"""A connect gateway on a real router: global EIPs lead to the customer, the Internet's router hears of them and of nothing
else, and what arrives is counted where it arrives."""
import pytest

from lab.customer import Customer
from lab.order import ConnectGateway

EIPS = {"4": "198.18.77.7", "6": "2001:db8:77::7"}
FIRST = {"4": "203.0.113.1/30", "6": "2001:db8:f::1/126"}
HOPS = {"4": "203.0.113.2/30", "6": "2001:db8:f::2/126"}
ASN, MD5 = 65100, "uplink"


def cidr(family):
    return "%s/%d" % (EIPS[family], 32 if family == "4" else 128)


class World:
    """customer - connect gateway - a router of the Internet - a host."""

    def __init__(self, site):
        self.site, self.shop = site, site.shop("internet")
        self.gateway = ConnectGateway(site, self.shop.tenant, "internet")
        self.vlan = 1000 + site.number()
        self.attachment = site.attach(self.shop.tenant, self.vlan, ["0.0.0.0/0", "::/0"], connect_gateway_id=self.gateway.id,
                                      local_ip=FIRST["4"], next_hop=HOPS["4"].split("/")[0], local_ipv6=FIRST["6"],
                                      next_hop_ipv6=HOPS["6"].split("/")[0], bgp_asn=ASN, bgp_md5=MD5)
        families = {family: {"local": HOPS[family], "remote": FIRST[family].split("/")[0], "md5": MD5} for family in "46"}
        self.internet = Customer(site.lab.customers, "inet", self.vlan, ASN, self.gateway.asn, families,
                                 announce=["198.51.100.0/24"], lan="198.51.100.0/24", lan6="2001:db8:aa::/64", port="vpc0").up()
        self.line = self.shop.line(self.gateway)
        self.line.order()
        self.line.router()
        self.line.wait_active()
        customer = self.line.customer
        customer.guest.ip(["addr add %s dev lo%s" % (cidr(family), " nodad" if family == "6" else "") for family in "46"],
                          ns=customer.name)
        self.eips = [self.gateway.enter(cidr(family)) for family in "46"]

    def state(self):
        rows = self.site.operator.get("/dcaas/v1/attachments", say=False)["attachments"]
        return next((row["status"], row["reason"]) for row in rows if row["connect_gateway_id"] == self.gateway.id)

    def arrived(self, family):
        """Echo requests that the customer's router has received."""
        guest, ns = self.line.customer.guest, self.line.customer.name
        if family == "6":
            lines = dict(words.split() for words in guest.shell("cat /proc/net/snmp6", ns=ns).out.splitlines())
            return int(lines["Icmp6InEchos"])
        names, values = [words.split() for words in guest.shell("grep ^Icmp: /proc/net/snmp", ns=ns).out.splitlines()]
        return int(values[names.index("InEchos")])


@pytest.fixture(scope="module")
def world(site):
    return World(site)


def heard(world, family):
    return world.internet.routes_from_edge(family)


def test_the_sessions_to_the_internet_are_up_and_carry_nothing_yet(site, world):
    site.lab.edge.wait("the attachment is ACTIVE; is %s" % (world.state(),), lambda: world.state()[0] == "ACTIVE", 60)
    site.lab.edge.wait("the gateway is ACTIVE", lambda: world.gateway.show()["status"] == "ACTIVE", 30)
    for family in "46":
        world.internet.wait_established(family)
        assert heard(world, family) == [], "the customer's own network is for nobody"
        assert not world.internet.ping(EIPS[family], 1).ok


def test_a_bound_eip_is_announced_and_reached_and_its_packets_are_counted(site, world):
    assert {one["status"] for one in world.gateway.change("binding", world.eips)["global_eips"]} == {"BINDING"}
    site.lab.edge.wait("both are bound", lambda: {one["status"] for one in world.gateway.bound()} == {"BIND_SUCCESSFULLY"}, 30)
    for family in "46":
        site.lab.edge.wait("the announcement", lambda f=family: heard(world, f) == [cidr(f)], 30)
        site.lab.edge.wait("a ping", lambda f=family: world.internet.ping(EIPS[f], 1).ok, 30)
        before = world.arrived(family)
        assert world.internet.ping(EIPS[family], 10).received == 10
        assert world.arrived(family) - before == 10
    # Customers hear of the way out, and not of their own addresses.
    assert world.line.customer.routes_from_edge("4") == ["0.0.0.0/0"]
    assert world.line.session("4")["received"] == 1


def test_a_route_that_a_hand_deletes_comes_back(site, world):
    edge, space = site.lab.edge, next(iter(site.instances()))
    show = "ip -n %s route show table all proto 205" % space
    table = edge.shell(show).out.split("table ")[1].split()[0]
    edge.shell("ip -n %s route del %s table %s proto 205" % (space, EIPS["4"], table))
    edge.wait("the route", lambda: EIPS["4"] in edge.shell(show).out, 50)
    edge.wait("a ping", lambda: world.internet.ping(EIPS["4"], 1).ok, 30)


def test_what_is_unbound_is_withdrawn(site, world):
    world.gateway.change("unbinding", world.eips)
    site.lab.edge.wait("no binding is left", lambda: world.gateway.bound() == [], 30)
    for family in "46":
        site.lab.edge.wait("the withdrawal", lambda f=family: heard(world, f) == [], 30)
        assert not world.internet.ping(EIPS[family], 1).ok
    assert world.state()[0] == "ACTIVE"
