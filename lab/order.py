# SPDX-License-Identifier: ISC
"""order.py - a tenant's orders in the lab, from both sides: the calls to the API, and the customer's router.

Line number n has everything of its own that may differ: VLAN 100+n, link subnets, AS 65000+n, a host behind the customer.
"""
import datetime
import ipaddress
import urllib.parse

from .customer import Customer
from .guest import GuestError, wait

V3 = "/v3/{project_id}/dcaas/"


class Moment:
    """When a session came up, as a router shows it (ISO 8601, a time of day, or seconds). BIRD computes its times again from its
    monotonic clock at each question, so that two processes may read the same moment some milliseconds apart: that is equal.
    A session that was reset is a second away at least."""

    SLACK = 0.8

    def __init__(self, text):
        self.text = text

    def seconds(self):
        if "T" in self.text:
            return datetime.datetime.fromisoformat(self.text.replace("Z", "+00:00")).timestamp()
        if ":" in self.text:
            hours, minutes, seconds = self.text.split(":")
            return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
        return float(self.text)

    def __eq__(self, other):
        return isinstance(other, Moment) and abs(self.seconds() - other.seconds()) < self.SLACK

    def __str__(self):
        return self.text

    __repr__ = __str__
    __hash__ = None


class Gateway:
    """A VPC attached to the edge, with a host in it, and the virtual gateway before it. Number n chooses its prefixes
    (10.n.0.0/16, fd10:n::/64) unless they are given."""

    def __init__(self, site, tenant, n, name=None, prefix=None, prefix6=None, asn=64512, attach=True, vlan=None):
        self.site, self.tenant, self.n, self.asn = site, tenant, n, asn
        self.name = name or "vpc%d" % n
        self.prefix = ipaddress.ip_network(prefix or "10.%d.0.0/16" % n)
        self.prefix6 = ipaddress.ip_network(prefix6 or "fd10:%x::/64" % n)
        self.vlan = vlan or 1000 + n
        self.vpc = "6a1e2f30-0000-4000-8000-%012d" % self.vlan
        self.host = None
        if attach:
            site.attach(tenant, self.vlan, [str(self.prefix), str(self.prefix6)], vpc_id=self.vpc,
                        local_ip=self.local(self.prefix), local_ipv6=self.local(self.prefix6))
        self.id = self.order()

    def order(self):
        return self.tenant.post(V3 + "virtual-gateways", {"virtual_gateway": {
            "name": self.name, "vpc_id": self.vpc, "local_ep_group": [str(self.prefix)],
            "local_ep_group_ipv6": [str(self.prefix6)], "bgp_asn": self.asn}})["virtual_gateway"]["id"]

    def members(self):
        """The gateway's part in an interface's answer."""
        return {"service_type": "VGW", "vgw_id": self.id}

    @staticmethod
    def local(prefix):
        return "%s/%d" % (prefix[1], prefix.prefixlen)

    def address(self, family="4", number=10):
        """Address of the VPC's host."""
        return str((self.prefix if family == "4" else self.prefix6)[number])

    def host_up(self):
        from .customer import VpcHost
        p4, p6 = self.prefix, self.prefix6
        self.host = VpcHost(self.site.lab.customers, self.name, self.vlan, "%s/%d" % (p4[10], p4.prefixlen), str(p4[1]),
                            "%s/%d" % (p6[10], p6.prefixlen), str(p6[1])).up()
        return self


class GlobalGateway:
    """A global DC gateway: no VPC, but interfaces and links."""

    def __init__(self, tenant, name, asn=64512):
        self.tenant, self.name, self.asn = tenant, name, asn
        self.id = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {
            "name": name, "bgp_asn": asn, "address_family": "dual"}})["global_dc_gateway"]["id"]

    def members(self):
        return {"service_type": "GDGW", "gateway_id": self.id}

    def show(self):
        return self.tenant.get(V3 + "global-dc-gateways/" + self.id, say=False)["global_dc_gateway"]

    def link(self, other_id, region, name="link", project=None):
        """Orders a peer link to another gateway of the region, in the own project or in that one."""
        body = {"name": name, "peer_site": {"gateway_id": other_id, "project_id": project or self.tenant.project_id,
                                            "region_id": region}}
        return Link(self, self.tenant.post(self.links(), {"peer_link": body})["peer_link"]["id"])

    def links(self):
        return V3 + "global-dc-gateways/%s/peer-links" % self.id


class ConnectGateway:
    """A connect gateway: interfaces of service_type GEIP, global EIPs, and an attachment of the Internet."""

    def __init__(self, site, tenant, name, asn=64512):
        self.site, self.tenant, self.name, self.asn = site, tenant, name, asn
        self.id = tenant.post(V3 + "connect-gateways", {"connect_gateway": {"name": name, "address_family": "dual"}})[
            "connect_gateway"]["id"]
        self.path = V3 + "connect-gateways/" + self.id

    def members(self):
        return {"service_type": "GEIP", "gateway_id": self.id}

    def show(self):
        return self.tenant.get(self.path, say=False)["connect_gateway"]

    def enter(self, cidr):
        """The id of an EIP that the operator enters for the project."""
        return self.site.operator.post("/dcaas/v1/eips", {"eip": {
            "tenant_id": self.tenant.project_id, "cidr": cidr}})["eip"]["id"]

    def change(self, what, eips):
        return self.tenant.post(self.path + "/%s-global-eips" % what, {"global_eips": [{"global_eip_id": eip} for eip in eips]})

    def bound(self):
        return self.tenant.get(self.path + "/binding-global-eips", say=False)["global_eips"]


class Link:
    """A peer link."""

    def __init__(self, gateway, link):
        self.gateway, self.id = gateway, link
        self.path = gateway.links() + "/" + link

    def show(self):
        return self.gateway.tenant.get(self.path, say=False)["peer_link"]

    def wait(self, status, timeout=60):
        def look():
            seen = self.show()
            return seen if seen["status"] == status else None
        try:
            return wait("%s of link %s" % (status, self.id), look, timeout, 0.1)
        except GuestError as error:
            raise GuestError("%s\nlink: %s" % (error, self.show())) from None

    def delete(self):
        self.gateway.tenant.delete(self.path)


class EnterpriseRouter(Gateway):
    """An operator's enterprise router with an attached network, and a host in it. Number n as for Gateway."""

    def __init__(self, site, tenant, n, **options):
        super().__init__(site, tenant, n, attach=False, **options)
        site.attach(tenant, self.vlan, [str(self.prefix), str(self.prefix6)], enterprise_router_id=self.id,
                    local_ip=self.local(self.prefix), local_ipv6=self.local(self.prefix6))

    def order(self):
        return self.site.operator.post("/dcaas/v1/enterprise-routers", {"enterprise_router": {
            "tenant_id": self.tenant.project_id, "name": self.name}})["enterprise_router"]["id"]


class Line:
    """One virtual interface and the customer's router at its other end.

    families: "4", "6" or "46"; the first is the interface's own, the second comes by POST /vif-peers. links: link subnets,
    where they are not the line's own ones. md5: password of both sessions, as ordered; md5_customer: as the customer has it
    (the same unless given; None for none).
    """

    def __init__(self, site, tenant, connection, gateway, n, families="46", mode="bgp", md5=None, port="trunk0", vlan=None,
                 links=None, asn=None, name=None, remote=(), bandwidth=10):
        self.site, self.tenant, self.connection, self.gateway, self.n = site, tenant, connection, gateway, n
        self.families, self.mode, self.md5, self.port, self.remote = families, mode, md5, port, list(remote)
        self.vlan = 100 + n if vlan is None else vlan
        self.asn = asn or 65000 + n
        self.name = name or "c%d" % n
        self.bandwidth = bandwidth
        links = links or {"4": "169.254.%d.0/30" % n, "6": "fd00:%x::/126" % n}
        self.links = {family: ipaddress.ip_network(links[family]) for family in families}
        self.vif = None
        self.peers = {}  # family: id
        self.customer = None

    # addresses

    def local(self, family):
        """Our address with its mask."""
        return "%s/%d" % (self.links[family][1], self.links[family].prefixlen)

    def far(self, family):
        return "%s/%d" % (self.links[family][2], self.links[family].prefixlen)

    def lan(self, family="4"):
        return "192.168.%d.0/24" % self.n if family == "4" else "fd20:%x::/64" % self.n

    def host_address(self, family="4"):
        return str(ipaddress.ip_network(self.lan(family))[10])

    # the order

    def body(self):
        first = self.families[0]
        body = {"name": self.name, "type": "private", "direct_connect_id": self.connection, **self.gateway.members(),
                "vlan": self.vlan, "bandwidth": self.bandwidth, "route_mode": self.mode, "address_family": "ipv" + first,
                "local_gateway_v%s_ip" % first: self.local(first), "remote_gateway_v%s_ip" % first: self.far(first),
                "remote_ep_group": self.blocks(first)}
        if self.mode == "bgp":
            body["bgp_asn"] = self.asn
            if self.md5:
                body["bgp_md5"] = self.md5
        return body

    def blocks(self, family):
        if self.mode != "static":
            return []
        return [block for block in self.remote or [self.lan("4"), self.lan("6")]
                if str(ipaddress.ip_network(block).version) == family]

    def order(self):
        made = self.tenant.post(V3 + "virtual-interfaces", {"virtual_interface": self.body()})["virtual_interface"]
        self.vif = made["id"]
        self.peers[self.families[0]] = made["vif_peers"][0]["id"]
        for family in self.families[1:]:
            self.order_peer(family)
        return self

    def order_peer(self, family):
        body = {"vif_id": self.vif, "address_family": "ipv" + family, "local_gateway_ip": self.local(family),
                "remote_gateway_ip": self.far(family), "remote_ep_group": self.blocks(family)}
        self.peers[family] = self.tenant.post(V3 + "vif-peers", {"vif_peer": body})["vif_peer"]["id"]

    def delete(self, timeout=60, waiting=True):
        path = V3 + "virtual-interfaces/" + self.vif
        self.tenant.delete(path)
        if waiting:
            self.site.wait_gone(self.tenant, path, timeout)
        self.vif, self.peers = None, {}

    # the customer

    def router(self, kind=Customer, announce=None, md5="as ordered", host=True, **options):
        """The customer's router, up. It announces its LAN in each family by default."""
        password = self.md5 if md5 == "as ordered" else md5
        if announce is None:
            announce = [self.lan(family) for family in self.families] if self.mode == "bgp" else []
        families = {family: {"local": self.far(family), "remote": self.local(family).split("/")[0], "md5": password}
                    for family in self.families}
        if self.mode == "static":
            options.setdefault("routes", self.static_routes())
        self.customer = kind(self.site.lab.customers, self.name, self.vlan, self.asn, self.gateway.asn, families,
                             announce=announce, lan=self.lan("4") if host else None, lan6=self.lan("6") if host else None,
                             port=self.port, bgp=self.mode == "bgp", **options).up()
        return self.customer

    def static_routes(self):
        """The customer's routes to the VPC, when no BGP session brings them."""
        return ["%s via %s" % (self.gateway.prefix if family == "4" else self.gateway.prefix6,
                               self.local(family).split("/")[0]) for family in self.families]

    # what the API shows

    def interface(self):
        return self.tenant.get(V3 + "virtual-interfaces/" + self.vif, say=False)["virtual_interface"]

    def peer(self, family="4"):
        """The contract shows peers inside their interface only."""
        for peer in self.interface()["vif_peers"]:
            if peer["id"] == self.peers[family]:
                return peer
        return None

    def session(self, family="4"):
        return self.site.session(self.peers[family])

    def routes(self, family="4", **query):
        """Routes of the peer, which the call asks the router for: {destination: route} of one page."""
        path = "/dcaas/v1/projects/{project_id}/vif-peers/%s/routes?%s" % (self.peers[family], urllib.parse.urlencode(query))
        return {route["destination"]: route for route in self.tenant.get(path, say=False)["vif_peer_routes"]}

    def wait_peer(self, what, condition, family="4", timeout=60, every=0.1):
        def look():
            seen = self.peer(family)
            return seen if seen and condition(seen) else None
        try:
            return wait("peer %s of %s: %s" % (family, self.name, what), look, timeout, every)
        except GuestError as error:
            raise GuestError("%s\npeer: %s\nreason: %s\nsession: %s" % (
                error, self.peer(family), self.interface()["reason"], self.session(family))) from None

    def wait_active(self, timeout=60):
        """Every peer ACTIVE, and with BGP up."""
        for family in self.families:
            self.wait_peer("ACTIVE", lambda p: p["status"] == "ACTIVE" and p["bgp_status"] in ("up", None), family, timeout)
        return self

    def wait_applied(self, timeout=60):
        """Read back by the edge, with or without a session."""
        for family in self.families:
            self.wait_peer("applied", lambda p: p["status"] in ("ACTIVE", "DOWN"), family, timeout)
        return self

    def since(self, family="4"):
        """The Moment when its session became what it is: changes whenever it is reset."""
        return Moment(self.session(family)["since"])
