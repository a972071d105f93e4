# SPDX-License-Identifier: ISC
"""The VPC's side: behind a next hop, in parts, changed while a customer is up."""
import pytest

from lab.customer import VpcHost
from lab.order import V3, Gateway

MD5 = "example-of-md5"


class Behind(Gateway):
    """A gateway whose VPC lies behind a router of its own: transit 198.18.n.0/30 and fd18:n::/126. Of its blocks the edge
    gets one half only."""

    def __init__(self, site, tenant, n):
        super().__init__(site, tenant, n, attach=False)

    def order(self):
        n, site = self.n, self.site
        self.parts = [list(p.subnets(1)) for p in (self.prefix, self.prefix6)]
        self.attachment = site.attach(self.tenant, self.vlan, [str(part[0]) for part in self.parts], vpc_id=self.vpc,
                                      local_ip="198.18.%d.1/30" % n, next_hop="198.18.%d.2" % n,
                                      local_ipv6="fd18:%x::1/126" % n, next_hop_ipv6="fd18:%x::2" % n)
        return super().order()

    def host_up(self):
        """The VPC's router, with an address of each half on its loopback."""
        n = self.n
        self.host = VpcHost(self.site.lab.customers, self.name, self.vlan, "198.18.%d.2/30" % n, "198.18.%d.1" % n,
                            "fd18:%x::2/126" % n, "fd18:%x::1" % n).up()
        for part in self.parts:
            for half in part:
                self.host.add_address("%s/%d" % (half[10], half.max_prefixlen))
        return self


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("vpc")


@pytest.fixture(scope="module")
def gateway(site, shop):
    return Behind(site, shop.tenant, site.number()).host_up()


@pytest.fixture(scope="module")
def line(shop, gateway):
    line = shop.line(gateway, md5=MD5)
    line.order()
    line.router()
    return line.wait_active()


def told(site, line, family, expected):
    site.lab.edge.wait("%s at the customer; has %s" % (expected, line.customer.routes_from_edge(family)),
                       lambda: line.customer.routes_from_edge(family) == sorted(map(str, expected)), 20)


@pytest.mark.parametrize("family", ["4", "6"])
def test_only_what_the_attachment_reaches_is_advertised(site, line, gateway, family):
    told(site, line, family, [gateway.parts["46".index(family)][0]])


@pytest.mark.parametrize("family", ["4", "6"])
def test_traffic_passes_the_next_hop(site, line, gateway, family):
    near, far = gateway.parts["46".index(family)]
    site.lab.edge.wait("a ping", lambda: line.customer.ping(str(near[10])).ok, 20)
    assert line.customer.ping(str(far[10])).received == 0


def test_a_grown_attachment_and_a_changed_gateway_are_followed_without_a_reset(site, line, gateway):
    since = [line.since(family) for family in "46"]
    every = [half for part in gateway.parts for half in part]
    site.operator.put("/dcaas/v1/attachments/" + gateway.attachment, {"attachment": {"prefixes": [str(p) for p in every]}})
    told(site, line, "4", gateway.parts[0])
    told(site, line, "6", gateway.parts[1])
    for half in every:
        site.lab.edge.wait("a ping of %s" % half[10], lambda h=half: line.customer.ping(str(h[10])).ok, 20)
    path = V3 + "virtual-gateways/" + gateway.id
    gateway.tenant.put(path, {"virtual_gateway": {"local_ep_group": [str(gateway.parts[0][1])]}})
    told(site, line, "4", [gateway.parts[0][1]])
    told(site, line, "6", gateway.parts[1])
    gateway.tenant.put(path, {"virtual_gateway": {"local_ep_group": [str(gateway.prefix)]}})
    told(site, line, "4", gateway.parts[0])
    assert [line.since(family) for family in "46"] == since
    assert all(line.customer.session(family).established for family in "46")


def test_a_detached_vpc_is_withdrawn_and_the_session_stays(site, line, gateway):
    since = [line.since(family) for family in "46"]
    site.operator.delete("/dcaas/v1/attachments/" + gateway.attachment)
    for family in "46":
        told(site, line, family, [])
    assert [line.since(family) for family in "46"] == since
    line.wait_active()
    gateway.attachment = site.attach(gateway.tenant, gateway.vlan, [str(gateway.prefix)], vpc_id=gateway.vpc,
                                     local_ip="198.18.%d.1/30" % gateway.n, next_hop="198.18.%d.2" % gateway.n)
    told(site, line, "4", [gateway.prefix])
    site.lab.edge.wait("a ping", lambda: line.customer.ping(gateway.address("4")).ok, 20)
    assert [line.since(family) for family in "46"] == since
