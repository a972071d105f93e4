# SPDX-License-Identifier: ISC
"""Global DC gateways, enterprise routers and the links between them, with an edge that reports what the test wants."""
import concurrent.futures
import http.client
import ipaddress
import json
import uuid

import pytest

from lab.dcaasd import Dcaasd
from lab.topology import LabError
from support import V3, Tenant, World, exchange, rows, signed, wait_for

GATEWAYS = V3 + "global-dc-gateways"
ROUTERS = "/dcaas/v1/enterprise-routers"
REGION = "region-1"


class Edge:
    """The edge's side of the channel, without a router: it accepts what it is asked for, and reports what the test gives it."""

    def __init__(self, world, edge_id, token):
        self.at, self.edge_id, self.token = world.operator.at, edge_id, token
        self.boot, self.sequence = str(uuid.uuid4()), 0
        self.objects, self.epoch, self.revision = {}, None, 0
        self.report(full=True)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=120)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"X-Dcaas-Edge-Token": self.token, "Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def report(self, objects=(), sessions=(), full=False):
        self.sequence += 1
        status, text = self.call("POST", "/dcaas/v1/edge/report", {
            "version": 1, "boot": self.boot, "sequence": self.sequence, "full": full, "fabric": "linux", "epoch": self.epoch,
            "revision": self.revision, "held": False, "objects": list(objects), "sessions": list(sessions)})
        assert status == 204, text

    def poll(self):
        """What is new."""
        status, text = self.call("GET", "/dcaas/v1/edge/desired?epoch=%s&revision=%d&wait=0" % (self.epoch or "", self.revision))
        if status == 204:
            return []
        answer = json.loads(text)
        self.epoch, self.revision = answer["epoch"], answer["revision"]
        for one in answer["objects"]:
            one["body"] = json.loads(one["body"]) if isinstance(one["body"], str) else one["body"]
            self.objects[one["key"]] = one
        return answer["objects"]

    def apply(self, leave_out=()):
        """Takes what is new, and reports it as there, or gone. leave_out: kinds that it does not report."""
        new = [one for one in self.poll() if one["kind"] not in leave_out]
        self.report([{"key": one["key"], "revision": one["revision"], "state": "removed" if one["deleted"] else "applied",
                      "carrier": True} for one in new])
        for one in new:
            if one["deleted"]:
                del self.objects[one["key"]]

    def of(self, kind):
        return {key: one["body"] for key, one in self.objects.items() if one["kind"] == kind and not one["deleted"]}

    def of_link(self, link):
        """The link's sessions, by name."""
        devices = [key for key in self.of("veth") if link["id"] in key]
        return {body["name"]: {"key": key, **body} for key, body in self.of("bgp").items() if body["link"] in devices}

    def say(self, keys, established=True, received=0, advertised=0, since="2026-01-01T00:00:00.000Z"):
        self.report(sessions=[{"key": key, "established": established, "state": "Established" if established else "Connect",
                               "since": since, "received": received, "accepted": received, "rejected": 0,
                               "advertised": advertised} for key in keys])

    def bring_up(self, link):
        self.apply()
        self.say([session["key"] for session in self.of_link(link).values()])


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd())


@pytest.fixture(scope="module")
def edge(site):
    return Edge(site, site.edge, site.edge_token)


@pytest.fixture
def customer(site):
    return site.tenant()


def ordered(tenant, **members):
    return tenant.post(GATEWAYS, {"global_dc_gateway": {"name": "gdgw", **members}})["global_dc_gateway"]


def show(tenant, gateway):
    return tenant.get(GATEWAYS + "/" + gateway["id"])["global_dc_gateway"]


def in_use(site, tenant, **members):
    """A global gateway with an interface."""
    gateway = ordered(tenant, **members)
    gateway["interface"] = interface(site, tenant, gateway)
    return gateway


def interface(site, tenant, gateway, **members):
    return tenant.interface(members.pop("connection", None) or site.connection(tenant), None, service_type="GDGW",
                            gateway_id=gateway["id"], **members)


def router(site, tenant, attached=True, **members):
    made = site.operator.post(ROUTERS, {"enterprise_router": {"tenant_id": tenant.project_id, "name": "er", **members}})[
        "enterprise_router"]
    if attached:
        attach(site, tenant, made)
    return made


def attach(site, tenant, to, prefixes=("172.20.0.0/16", "fd00:20::/48"), port=None, check=True, **members):
    number = next(site.numbers)
    body = {"tenant_id": tenant.project_id, "enterprise_router_id": to["id"], "port_id": port or site.vpc_port, "vlan": number,
            "prefixes": list(prefixes), "local_ip": "198.19.%d.1/30" % (number % 256),
            "local_ipv6": "fd00:fffe:0:%x::1/64" % number, **members}
    return site.operator.call("POST", "/dcaas/v1/attachments", {"attachment": body}, check=check)


def link_body(tenant, far, **members):
    site = {"gateway_id": far["id"], "project_id": tenant.project_id, "region_id": REGION, **members.pop("peer_site", {})}
    return {"peer_link": {"name": "link", "peer_site": site, **members}}


def link(tenant, near, far, **members):
    return tenant.post("%s/%s/peer-links" % (GATEWAYS, near["id"]), link_body(tenant, far, **members))["peer_link"]


def refused(tenant, near, far, code, word, **members):
    answer = tenant.call("POST", "%s/%s/peer-links" % (GATEWAYS, near["id"]), link_body(tenant, far, **members), check=False)
    assert (answer.status, answer["error_code"]) == (400, code), answer
    assert word in answer["error_msg"]


def path(gateway, peer_link):
    return "%s/%s/peer-links/%s" % (GATEWAYS, gateway["id"], peer_link["id"])


def shown(tenant, gateway, peer_link):
    return tenant.get(path(gateway, peer_link))["peer_link"]


# --- global DC gateways ---


def test_the_contracts_gateway_is_answered_member_for_member(customer):
    made = ordered(customer, name="gdgw-a", address_family="ipv4", bgp_asn=64512, enterprise_project_id="0",
                   tags=[{"key": "env", "value": "test"}])
    for name in ("id", "created_time", "updated_time"):
        assert made.pop(name)
    assert made == {
        "tenant_id": customer.project_id, "name": "gdgw-a", "description": "", "address_family": "ipv4", "bgp_asn": 64512,
        "admin_state_up": True, "status": "DOWN", "reason": None, "region_id": None, "location_name": None, "locales": None,
        "global_center_network_id": None, "site_network_id": None, "cloud_connection_id": None, "current_peer_link_count": 0,
        "available_peer_link_count": 3, "enterprise_project_id": "0", "tags": [{"key": "env", "value": "test"}]}


def test_gateways_are_listed_changed_and_deleted(customer):
    first, second = ordered(customer, name="one"), ordered(customer, name="two", bgp_asn="64600")
    assert [g["id"] for g in customer.get(GATEWAYS)["global_dc_gateways"]] == [first["id"], second["id"]]
    assert [g["id"] for g in customer.get(GATEWAYS + "?name=two&status=DOWN")["global_dc_gateways"]] == [second["id"]]
    assert customer.get(GATEWAYS + "?site_network_id=" + str(uuid.uuid4()))["global_dc_gateways"] == []
    changed = customer.put(GATEWAYS + "/" + first["id"], {"global_dc_gateway": {
        "name": "three", "description": "text", "address_family": "dual", "bgp_asn": 1}})["global_dc_gateway"]
    assert [changed[n] for n in ("name", "description", "address_family", "bgp_asn")] == ["three", "text", "dual", 64512]
    assert customer.delete(GATEWAYS + "/" + first["id"]).status == 204
    answer = customer.call("GET", GATEWAYS + "/" + first["id"], check=False)
    assert (answer.status, answer["error_code"]) == (404, "DC.0002")


@pytest.mark.parametrize("members, code, word", [
    ({"name": None}, "DC.0001", "global_dc_gateway.name"), ({"name": ""}, "DC.0001", "global_dc_gateway.name"),
    ({"name": "a b"}, "DC.0001", "global_dc_gateway.name"), ({"name": "x" * 65}, "DC.0001", "global_dc_gateway.name"),
    ({"description": "<b>"}, "DC.0001", "description"), ({"description": "x" * 256}, "DC.0001", "description"),
    ({"address_family": "ipv6"}, "DC.0001", "address_family"), ({"bgp_asn": 0}, "DC.0008", "bgp_asn"),
    ({"bgp_asn": 4290000000}, "DC.0008", "kept for links"), ({"bgp_asn": 4294967294}, "DC.0008", "kept for links"),
    ({"tenant_id": "0" * 32}, "DC.0001", "tenant_id"), ({"tags": [{"key": "_sys_x"}]}, "DC.0001", "tags"),
])
def test_a_wrong_gateway_is_refused(customer, members, code, word):
    body = {"global_dc_gateway": {"name": "gdgw", **members}}
    answer = customer.call("POST", GATEWAYS, body, check=False)
    assert (answer.status, answer["error_code"]) == (400, code)
    assert word in answer["error_msg"]
    assert customer.get(GATEWAYS)["global_dc_gateways"] == []


def test_ideographs_are_letters_in_a_name(customer):
    assert ordered(customer, name="网关-1")["name"] == "网关-1"


def test_quota_of_gateways_counts_only_what_is_there(customer):
    made = [ordered(customer) for _ in range(5)]
    answer = customer.call("POST", GATEWAYS, {"global_dc_gateway": {"name": "sixth"}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1019")
    customer.delete(GATEWAYS + "/" + made[0]["id"])
    ordered(customer)


def test_quota_of_gateways_holds_against_ten_orders_at_once(customer):
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: customer.call("POST", GATEWAYS, {"global_dc_gateway": {"name": "g"}}, check=False).status,
                                range(10)))
    assert sorted(answers) == [201] * 5 + [400] * 5


def test_an_interface_gives_the_gateway_its_place_and_state(site, edge, customer):
    gateway = in_use(site, customer)
    seen = show(customer, gateway)
    assert (seen["status"], seen["region_id"], seen["location_name"]) == ("DOWN", REGION, "site")
    edge.apply()
    neighbour = edge.of("bgp")["bgp/" + gateway["interface"]["vif_peers"][0]["id"]]
    assert (neighbour["vrf"], neighbour["local_asn"]) == ("vrf/" + gateway["id"], 64512)
    vrf = edge.of("vrf")["vrf/" + gateway["id"]]
    assert (vrf["own"], vrf["internal_asn_first"], vrf["internal_asn_last"]) == ([], 4290000000, 4294967294)
    edge.say(["bgp/" + gateway["interface"]["vif_peers"][0]["id"]])
    assert customer.show("virtual-interfaces/" + gateway["interface"]["id"])["status"] == "ACTIVE"
    assert show(customer, gateway)["status"] == "ACTIVE"
    edge.say(["bgp/" + gateway["interface"]["vif_peers"][0]["id"]], established=False)
    assert show(customer, gateway)["status"] == "DOWN"


def test_a_vrf_that_fails_makes_the_gateway_an_error(site, edge, customer):
    gateway = in_use(site, customer)
    edge.poll()
    key = "vrf/" + gateway["id"]
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "error", "error": "no table left"}])
    seen = show(customer, gateway)
    assert (seen["status"], seen["reason"]) == ("ERROR", "no table left")
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "applied"}])
    seen = show(customer, gateway)
    assert (seen["status"], seen["reason"]) == ("DOWN", None)


def test_a_gateway_with_an_interface_stays_and_then_goes_at_once(site, edge, customer):
    gateway = in_use(site, customer)
    answer = customer.call("DELETE", GATEWAYS + "/" + gateway["id"], check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1106")
    edge.apply()
    customer.delete(V3 + "virtual-interfaces/" + gateway["interface"]["id"])
    edge.apply()
    edge.poll()
    assert edge.objects["vrf/" + gateway["id"]]["deleted"]
    assert customer.delete(GATEWAYS + "/" + gateway["id"]).status == 204
    assert customer.call("GET", GATEWAYS + "/" + gateway["id"], check=False).status == 404
    assert customer.get(GATEWAYS)["global_dc_gateways"] == []
    # Its name on the edge waits for the edge.
    assert rows(site.dcaasd, "SELECT 1 FROM edge_number WHERE owner_id = ?", gateway["id"])
    key = "vrf/" + gateway["id"]
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "removed"}])
    for table, column in (("edge_number", "owner_id"), ("global_dc_gateway", "id"), ("gateway", "id")):
        assert not rows(site.dcaasd, "SELECT 1 FROM %s WHERE %s = ?" % (table, column), gateway["id"])


@pytest.mark.parametrize("members, code, word", [
    ({"gateway_id": None}, "DC.0002", "gateway_id"), ({"gateway_id": str(uuid.uuid4())}, "DC.0002", "gateway_id"),
    ({"vgw_id": str(uuid.uuid4())}, "DC.1111", "vgw_id"), ({"service_type": "LGW"}, "DC.0001", "not served yet"),
    ({"service_type": "VGW"}, "DC.1111", "vgw_id"), ({"service_type": "VGW", "vgw_id": "its own"}, "DC.0001", "gateway_id"),
])
def test_an_interface_names_the_gateway_of_its_service_type(site, customer, members, code, word):
    gateway, line = ordered(customer), site.connection(customer)
    body = customer.interface_body(line, None, service_type="GDGW", gateway_id=gateway["id"])
    if members.get("vgw_id") == "its own":
        members = {**members, "vgw_id": customer.gateway()["id"]}
    body = {k: v for k, v in {**body, **members}.items() if v is not None}
    answer = customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": body}, check=False)
    assert (answer.status, answer["error_code"]) == (400, code)
    assert word in answer["error_msg"]


def test_an_interface_of_a_global_gateway_may_name_a_virtual_gateway_too(site, customer, edge):
    """Terraform sends both. The virtual gateway is shown and has nothing of it: no VRF, no interface, no second line."""
    gateway, virtual = ordered(customer), customer.gateway()["id"]
    addresses = [{"local_gateway_v4_ip": "192.0.2.%d/30" % (n * 4 + 1), "remote_gateway_v4_ip": "192.0.2.%d/30" % (n * 4 + 2),
                  "remote_ep_group": None} for n in range(5)]
    both = [interface(site, customer, gateway, vgw_id=virtual, **addresses[n])["id"] for n in range(3)]
    edge.apply()
    for vif in both:
        seen = customer.show("virtual-interfaces/" + vif)
        assert (seen["vgw_id"], seen["gateway_id"], seen["service_type"]) == (virtual, gateway["id"], "GDGW")
    assert "vrf/" + gateway["id"] in edge.of("vrf") and "vrf/" + virtual not in edge.of("vrf")
    assert customer.show("virtual-gateways/" + virtual)["device_id"] is None
    own = customer.interface(site.connection(customer), virtual, **addresses[3])["id"]  # a fourth line, but its first
    edge.apply()
    assert "vrf/" + virtual in edge.of("vrf")
    customer.delete(V3 + "virtual-interfaces/" + own)
    edge.apply()
    edge.apply()
    assert "vrf/" + virtual not in edge.of("vrf") and "vrf/" + gateway["id"] in edge.of("vrf")
    answer = customer.call("DELETE", V3 + "virtual-gateways/" + virtual, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1106"), answer
    for vif in both:
        customer.delete(V3 + "virtual-interfaces/" + vif)
    edge.apply()
    assert customer.delete(V3 + "virtual-gateways/" + virtual).status == 204


@pytest.mark.parametrize("whose", ["another project's", "a global one"])
def test_a_virtual_gateway_named_beside_is_one_of_the_project(site, customer, whose):
    gateway, line = ordered(customer), site.connection(customer)
    named = site.tenant().gateway()["id"] if whose == "another project's" else gateway["id"]
    body = customer.interface_body(line, named, service_type="GDGW", gateway_id=gateway["id"])
    answer = customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": body}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1111"), answer
    assert "virtual_interface.vgw_id" in answer["error_msg"]


def test_a_gateway_of_one_family_takes_no_peer_of_the_other(site, customer):
    gateway = in_use(site, customer)
    vif = gateway["interface"]["id"]
    addresses = {"local_gateway_ip": "fd00:1::1/126", "remote_gateway_ip": "fd00:1::2/126"}
    answer = customer.call("POST", V3 + "vif-peers", {"vif_peer": {"vif_id": vif, **addresses}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")
    assert "ipv4" in answer["error_msg"]
    customer.put(GATEWAYS + "/" + gateway["id"], {"global_dc_gateway": {"address_family": "dual"}})
    customer.peer(vif, **addresses)
    answer = customer.call("PUT", GATEWAYS + "/" + gateway["id"], {"global_dc_gateway": {"address_family": "ipv4"}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")
    assert show(customer, gateway)["address_family"] == "dual"


def test_another_projects_gateway_cannot_be_seen_or_used(site, customer):
    other = site.tenant()
    gateway = in_use(site, other)
    answer = customer.call("GET", GATEWAYS + "/" + gateway["id"], check=False)
    assert (answer.status, answer["error_code"]) == (404, "DC.0002")
    answer = customer.call("GET", GATEWAYS + "/" + gateway["id"] + "/peer-links", check=False)
    assert (answer.status, answer["error_code"]) == (404, "DC.0002")
    body = customer.interface_body(site.connection(customer), None, service_type="GDGW", gateway_id=gateway["id"])
    answer = customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": body}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0002")


# --- internal AS numbers ---


def test_every_gateway_that_can_be_linked_has_an_as_number_of_its_own(site, customer):
    gateways = [ordered(customer)["id"] for _ in range(3)] + [router(site, customer)["id"] for _ in range(3)]
    numbers = [rows(site.dcaasd, "SELECT internal_asn FROM gateway WHERE id = ?", g)[0][0] for g in gateways]
    assert len(set(numbers)) == 6
    assert all(4290000000 <= number <= 4294967294 for number in numbers)
    assert rows(site.dcaasd, "SELECT internal_asn FROM gateway WHERE id = ?", customer.gateway()["id"]) == [(None,)]


def test_as_numbers_and_subnets_that_are_used_up_come_back(new_dcaasd):
    site = World(new_dcaasd(["internal_asn_first = 4290000000", "internal_asn_last = 4290000002", "link_block_ipv4 = 100.127.0.0/31",
                             "accept_unattached_vpc = yes"]))
    edge = Edge(site, site.edge, site.edge_token)
    tenant = site.tenant()
    gateways = [in_use(site, tenant) for _ in range(3)]
    answer = tenant.call("POST", GATEWAYS, {"global_dc_gateway": {"name": "fourth"}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1019") and "used up" in answer["error_msg"]
    first = link(tenant, gateways[0], gateways[1])
    answer = tenant.call("POST", "%s/%s/peer-links" % (GATEWAYS, gateways[1]["id"]), link_body(tenant, gateways[2]), check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1019") and "used up" in answer["error_msg"]
    edge.apply()
    tenant.delete(path(gateways[0], first))
    # Its subnet waits for the edge.
    assert tenant.call("POST", "%s/%s/peer-links" % (GATEWAYS, gateways[1]["id"]), link_body(tenant, gateways[2]),
                       check=False).status == 400
    edge.apply()
    link(tenant, gateways[1], gateways[2])


@pytest.mark.parametrize("setting, word", [
    ("link_block_ipv4 = fd00::/64", "must be an IPv4 block"), ("link_block_ipv6 = 10.0.0.0/8", "must be an IPv6 block"),
    ("link_block_ipv4 = 100.127.0.0/32", "larger than one address"), ("quota_peer_links = -2", "quota_peer_links"),
    ("internal_asn_last = 4000000000", "internal_asn_first is not set (default 4290000000): is above internal_asn_last"),
])
def test_a_setting_that_links_could_not_live_with_is_refused(setting, word):
    daemon = Dcaasd(settings=[setting])
    try:
        with pytest.raises(LabError) as refusal:
            daemon.init()
        assert word in str(refusal.value)
    finally:
        daemon.remove()


# --- enterprise routers ---


def test_the_operator_chooses_ids(site, customer):
    chosen = str(uuid.uuid4())
    assert router(site, customer, id=chosen)["id"] == chosen
    body = {"enterprise_router": {"id": chosen, "tenant_id": customer.project_id}}
    answer = site.operator.call("POST", ROUTERS, body, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")
    assert chosen in answer["error_msg"]
    # The id of another kind of gateway is taken, too.
    body = {"global_dc_gateway": {"id": chosen, "tenant_id": customer.project_id, "name": "g"}}
    answer = site.operator.call("POST", "/dcaas/v1/global-dc-gateways", body, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")
    chosen = str(uuid.uuid4())
    body["global_dc_gateway"]["id"] = chosen
    assert site.operator.post("/dcaas/v1/global-dc-gateways", body)["global_dc_gateway"]["id"] == chosen
    assert customer.get(GATEWAYS + "/" + chosen)["global_dc_gateway"]["id"] == chosen


def test_a_routers_rules(site, customer):
    made = router(site, customer)
    answer = site.operator.call("DELETE", ROUTERS + "/" + made["id"], check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.1106")
    answer = site.operator.call("POST", ROUTERS, {"enterprise_router": {"tenant_id": "0" * 32}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0002")
    changed = site.operator.put(ROUTERS + "/" + made["id"], {"enterprise_router": {"name": "new"}})["enterprise_router"]
    assert (changed["name"], changed["internal_asn"]) == ("new", made["internal_asn"])
    bare = router(site, customer, attached=False)
    assert site.operator.delete(ROUTERS + "/" + bare["id"]).status == 204
    assert site.operator.call("GET", ROUTERS + "/" + bare["id"], check=False).status == 404
    assert customer.call("GET", ROUTERS, check=False).status == 403


@pytest.mark.parametrize("members, word", [
    ({"vpc_id": str(uuid.uuid4())}, "only one of them"), ({"enterprise_router_id": str(uuid.uuid4())}, "does not exist"),
    ({"prefixes": ["172.20.1.0/24"]}, "overlaps"), ({"prefixes": ["100.127.4.0/24"]}, "numbered from 100.127.0.0/16"),
    ({"prefixes": ["fd64:6361:6173::/48"]}, "numbered from fd64:6361:6173::/64"),
])
def test_a_wrong_attachment_of_a_router_is_refused(site, customer, members, word):
    answer = attach(site, customer, router(site, customer), check=False, **members)
    assert answer.status == 400
    assert word in answer["error_msg"]


def test_a_router_of_another_project_is_not_attached(site, customer):
    answer = attach(site, site.tenant(), router(site, customer), check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")


# --- peer links ---


def test_the_published_example_is_answered_member_for_member(new_dcaasd):
    """Ids and times aside, which the server gives."""
    site = World(new_dcaasd(["region_id = cn-southwest-242"]))
    project = "b197c48159d44a66b32c538c3f8da89a"
    site.operator.post("/dcaas/v1/projects", {"project": {"id": project, "name": "example"}})
    tenant = Tenant(site, "example", project_id=project)
    near = site.operator.post("/dcaas/v1/global-dc-gateways", {"global_dc_gateway": {
        "id": "335cb548-0ea0-4aff-80f5-502a2dab5325", "tenant_id": project, "name": "gdgw"}})["global_dc_gateway"]
    interface(site, tenant, near)
    router(site, tenant, id="70e29908-12f8-4d5d-9adf-4da5465b91b2")
    answer = tenant.post("%s/%s/peer-links" % (GATEWAYS, near["id"]), {"peer_link": {
        "name": "dgw-peer-link-94dc", "peer_site": {"gateway_id": "70e29908-12f8-4d5d-9adf-4da5465b91b2",
        "project_id": project, "region_id": "cn-southwest-242"}}})
    assert answer.status == 201
    assert answer["request_id"] and set(answer) == {"peer_link", "request_id"}
    made = answer["peer_link"]
    assert uuid.UUID(made.pop("id")) and made.pop("created_time")
    assert made == {
        "name": "dgw-peer-link-94dc", "tenant_id": project, "description": None, "status": "PENDING_CREATE", "reason": None,
        "global_dc_gateway_id": "335cb548-0ea0-4aff-80f5-502a2dab5325",
        "bandwidth_info": {"bandwidth_size": 0, "gcb_id": None},
        "peer_site": {"gateway_id": "70e29908-12f8-4d5d-9adf-4da5465b91b2", "link_id": None, "region_id": "cn-southwest-242",
                      "site_code": "cn-southwest-242", "project_id": project, "type": "ER"},
        "instance_id": None}


def test_what_the_edge_is_asked_for(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far)
    edge.apply()
    a, b = ("veth/%s/%s" % (made["id"], end) for end in "ab")
    devices = edge.of("veth")
    assert (devices[a]["vrf"], devices[a]["peer"], devices[b]["vrf"], devices[b]["peer"]) == (
        "vrf/" + near["id"], b, "vrf/" + far["id"], a)
    number = devices[a]["device"][3:-1]
    assert (devices[a]["device"], devices[b]["device"]) == ("dcl%sa" % number, "dcl%sb" % number)
    assert devices[a]["mark"] != devices[b]["mark"]
    sessions = edge.of_link(made)
    assert set(sessions) == {"lnk%s%s_%s" % (number, end, family) for end in "ab" for family in "46"}
    numbers = [rows(site.dcaasd, "SELECT internal_asn FROM gateway WHERE id = ?", g["id"])[0][0] for g in (near, far)]
    addresses = {body["prefix"] for body in edge.of("addr").values() if body["link"] in (a, b)}
    for family, block, length in (("4", "100.127.0.0/16", 31), ("6", "fd64:6361:6173::/64", 127)):
        near_end, far_end = (sessions["lnk%s%s_%s" % (number, end, family)] for end in "ab")
        assert (near_end["local"], near_end["remote"]) == (far_end["remote"], far_end["local"])
        assert (near_end["local_asn"], near_end["remote_asn"]) == tuple(numbers)
        assert (far_end["local_asn"], far_end["remote_asn"]) == tuple(reversed(numbers))
        assert near_end["class"] == far_end["class"] == "link"
        assert (near_end["default_route"], far_end["default_route"]) == (False, True)
        subnet = ipaddress.ip_network("%s/%d" % (near_end["local"], length))
        assert subnet.subnet_of(ipaddress.ip_network(block))
        assert {"%s/%d" % (end["local"], length) for end in (near_end, far_end)} <= addresses
    assert edge.of("vrf")["vrf/" + far["id"]]["own"] == ["172.20.0.0/16", "fd00:20::/48"]
    routes = {body["prefix"]: body["class"] for body in edge.of("route").values() if body["vrf"] == "vrf/" + far["id"]}
    assert routes == {"172.20.0.0/16": "vpc", "fd00:20::/48": "vpc"}


def test_a_link_is_active_when_both_families_are_up_and_routes_pass(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far)
    assert shown(customer, near, made)["status"] == "PENDING_CREATE"
    edge.apply()
    seen = shown(customer, near, made)
    assert (seen["status"], seen["reason"]) == ("PENDING_CREATE", "ipv4: no session yet")
    v4 = [s["key"] for name, s in edge.of_link(made).items() if name.endswith("_4")]
    v6 = [s["key"] for name, s in edge.of_link(made).items() if name.endswith("_6")]
    edge.say(v4)
    seen = shown(customer, near, made)
    assert (seen["status"], seen["reason"], seen["peer_site"]["link_id"]) == ("PENDING_CREATE", "ipv6: no session yet", None)
    edge.say(v6[:1], advertised=2)
    edge.say(v6[1:], received=0)
    seen = shown(customer, near, made)
    assert (seen["status"], seen["reason"]) == ("PENDING_CREATE", "ipv6: routes do not pass yet")
    edge.say(v6[1:], received=2)
    seen = shown(customer, near, made)
    assert (seen["status"], seen["reason"], seen["peer_site"]["link_id"]) == ("ACTIVE", None, made["id"])
    edge.say(v4[:1], established=False)
    seen = shown(customer, near, made)
    assert (seen["status"], seen["reason"]) == ("ERROR", "ipv4: no session since 2026-01-01T00:00:00.000Z")
    edge.say(v4[:1])
    assert shown(customer, near, made)["status"] == "ACTIVE"


def test_a_link_that_the_edge_cannot_have_is_an_error(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far)
    edge.apply(leave_out=("veth",))
    assert shown(customer, near, made)["reason"] == "the edge has not read it back yet"
    key = "veth/%s/b" % made["id"]
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "unsupported"}])
    seen = shown(customer, near, made)
    assert (seen["status"], seen["reason"]) == ("ERROR", "veth: unsupported")


def test_reads_show_who_made_a_link_but_not_to_clients_that_take_it_for_a_time(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far)
    assert shown(customer, near, made)["create_owner"] == "dc"
    target = path(near, made).replace("{project_id}", customer.project_id)
    for agent, owner in (("huaweicloud-usdk-go/3.0", None), ("huaweicloud-usdk-java/3.0", None),
                         ("huaweicloud-usdk-python/3.0", "dc"), ("terraform-provider", "dc")):
        headers = signed(customer, "GET", target, headers={"user-agent": agent})
        assert exchange(customer, "GET", target, headers=headers)["peer_link"]["create_owner"] == owner
        collection = target.rsplit("/", 1)[0]
        headers = signed(customer, "GET", collection, headers={"user-agent": agent})
        assert exchange(customer, "GET", collection, headers=headers)["peer_links"][0]["create_owner"] == owner


def test_a_link_is_renamed_without_touching_its_sessions(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far, description="first")
    edge.bring_up(made)
    changed = customer.put(path(near, made), {"peer_link": {"name": "new", "description": "text"}})["peer_link"]
    assert (changed["name"], changed["description"], changed["status"]) == ("new", "text", "ACTIVE")
    assert edge.poll() == []
    assert customer.put(path(near, made), {"peer_link": {"description": ""}})["peer_link"]["description"] is None
    answer = customer.call("PUT", path(near, made), {"peer_link": {"name": "a b"}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")


def test_links_are_listed_below_their_own_gateway_only(site, customer):
    near, far = in_use(site, customer), in_use(site, customer)
    made = [link(customer, near, far), link(customer, near, router(site, customer), name="other")]
    listed = customer.get("%s/%s/peer-links" % (GATEWAYS, near["id"]))
    assert [one["id"] for one in listed["peer_links"]] == [one["id"] for one in made]
    assert listed["page_info"]["current_count"] == 2
    assert [one["id"] for one in customer.get("%s/%s/peer-links?name=other" % (GATEWAYS, near["id"]))["peer_links"]] == [made[1]["id"]]
    assert made[0]["peer_site"]["type"] == "GDGW" and made[1]["peer_site"]["type"] == "ER"
    assert customer.get("%s/%s/peer-links" % (GATEWAYS, far["id"]))["peer_links"] == []
    for method, body in (("GET", None), ("PUT", {"peer_link": {"name": "x"}}), ("DELETE", None)):
        answer = customer.call(method, path(far, made[0]), body, check=False)
        assert (answer.status, answer["error_code"]) == (404, "DC.0002")


def test_counts_follow_the_links_at_both_ends(site, edge, customer):
    def counts(gateway):
        seen = show(customer, gateway)
        return seen["current_peer_link_count"], seen["available_peer_link_count"]
    near, far = in_use(site, customer), in_use(site, customer)
    made = link(customer, near, far)
    link(customer, near, router(site, customer))
    assert (counts(near), counts(far)) == ((2, 1), (1, 2))
    customer.delete(path(near, made))
    assert (counts(near), counts(far)) == ((1, 2), (0, 3))
    listed = customer.get(GATEWAYS)["global_dc_gateways"]
    assert [one["current_peer_link_count"] for one in listed] == [1, 0]


def test_a_deleted_link_is_gone_at_once_and_its_names_wait_for_the_edge(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far)
    edge.bring_up(made)
    stays = edge.of_link(made)
    assert customer.delete(path(near, made)).status == 204
    assert customer.call("GET", path(near, made), check=False).status == 404
    assert customer.call("DELETE", path(near, made), check=False).status == 404
    assert rows(site.dcaasd, "SELECT 1 FROM edge_number WHERE owner_id = ?", made["id"])
    # The same two gateways may be linked again meanwhile; names and subnets are others.
    again = link(customer, near, far)
    edge.poll()
    assert not set(edge.of_link(again)) & set(stays)
    taken = {s["local"] for s in stays.values()}
    assert not {s["local"] for s in edge.of_link(again).values()} & taken
    customer.delete(path(near, again))
    removed = [one for one in edge.objects.values() if one["kind"] in ("veth", "addr", "bgp")
               and (made["id"] in one["key"] or any(one["key"].endswith(s["key"].split("/")[1]) for s in stays.values()))]
    assert removed and all(one["deleted"] for one in removed)
    edge.report([{"key": one["key"], "revision": one["revision"], "state": "removed"} for one in edge.objects.values() if one["deleted"]])
    edge.apply()
    edge.apply()
    for each in (made, again):
        assert not rows(site.dcaasd, "SELECT 1 FROM edge_number WHERE owner_id = ?", each["id"])
        assert not rows(site.dcaasd, "SELECT 1 FROM peer_link WHERE id = ?", each["id"])
    assert not rows(site.dcaasd, "SELECT 1 FROM link_subnet WHERE gateway_id = ?", far["id"])
    # The router had its VRF there for the link only.
    assert "vrf/" + far["id"] not in edge.objects and "vrf/" + near["id"] in edge.objects


def test_what_is_linked_cannot_be_deleted(site, edge, customer):
    near, far, er = in_use(site, customer), in_use(site, customer), router(site, customer)
    link(customer, near, far)
    link(customer, near, er)
    edge.apply()
    customer.delete(V3 + "virtual-interfaces/" + far["interface"]["id"])
    edge.apply()
    assert "vrf/" + far["id"] in edge.of("vrf")
    for call in (lambda: customer.call("DELETE", GATEWAYS + "/" + far["id"], check=False),
                 lambda: site.operator.call("DELETE", ROUTERS + "/" + er["id"], check=False)):
        answer = call()
        assert (answer.status, answer["error_code"]) == (400, "DC.1106")
        assert "link" in answer["error_msg"]


def test_what_a_link_is_refused_for(site, customer):
    near, far = in_use(site, customer), router(site, customer)
    lonely = ordered(customer)
    refused(customer, near, {"id": str(uuid.uuid4())}, "DC.0002", "peer_site.gateway_id")
    refused(customer, near, {"id": customer.gateway()["id"]}, "DC.0002", "peer_site.gateway_id")
    refused(customer, near, router(site, site.tenant()), "DC.0002", "peer_site.gateway_id")
    refused(customer, near, near, "DC.0001", "itself")
    refused(customer, near, far, "DC.0001", "another region than region-1 is not served yet", peer_site={"region_id": "moon"})
    refused(customer, near, far, "DC.0009", "does not allow a link between the two projects",
            peer_site={"project_id": site.tenant().project_id})
    refused(customer, lonely, far, "DC.1205", "no virtual interface")
    refused(customer, near, lonely, "DC.1205", "no virtual interface")
    for member in ("gateway_id", "project_id", "region_id"):
        refused(customer, near, far, "DC.0001", "peer_link.peer_site." + member, peer_site={member: None})
    refused(customer, near, far, "DC.0001", "peer_link.name", name=None)
    refused(customer, near, far, "DC.0001", "peer_link.name", name="a b")
    refused(customer, near, far, "DC.0001", "peer_link.description", description="x" * 129)
    link(customer, near, far)
    refused(customer, near, far, "DC.0001", "linked already")


def test_two_gateways_are_linked_once_in_either_direction(site, customer):
    near, far = in_use(site, customer), in_use(site, customer)
    link(customer, near, far)
    refused(customer, far, near, "DC.0001", "linked already")


def test_a_link_between_edges_is_not_served_yet(site, customer):
    made = site.operator.post("/dcaas/v1/edges", {"edge": {"name": "second"}})["edge"]
    near, far = in_use(site, customer), ordered(customer)
    interface(site, customer, far, connection=site.connection(customer, port_id=site.port(made["id"])))
    refused(customer, near, far, "DC.1205", "different edges")


def test_a_gateway_on_two_edges_is_not_served_yet(site, customer):
    made = site.operator.post("/dcaas/v1/edges", {"edge": {"name": "third"}})["edge"]
    gateway, line = in_use(site, customer), site.connection(customer, port_id=site.port(made["id"]))
    body = customer.interface_body(line, None, service_type="GDGW", gateway_id=gateway["id"], local_gateway_v4_ip="192.0.2.5/30",
                                   remote_gateway_v4_ip="192.0.2.6/30")
    answer = customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": body}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")
    assert "several edges is not served yet" in answer["error_msg"]


def test_quota_of_links_holds_at_both_ends_and_against_ten_orders_at_once(site, customer):
    near, routers = in_use(site, customer), [router(site, customer) for _ in range(10)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda er: customer.call("POST", "%s/%s/peer-links" % (GATEWAYS, near["id"]),
                                                         link_body(customer, er), check=False), routers))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [400] * 7
    assert {answer.get("error_code") for answer in answers} == {None, "DC.1019"}
    refused(customer, in_use(site, customer), near, "DC.1019", near["id"])


def test_a_link_is_numbered_around_static_blocks(site, customer):
    """One that is its subnet, or lies in it, would draw away what is for the link; a wider one does not."""
    near, far = ordered(customer, address_family="dual"), router(site, customer)
    free = link_number_of_the_next(site, customer)
    base = ipaddress.ip_address("fd64:6361:6173::") + 2 * free
    vif = interface(site, customer, near, route_mode="static", bgp_asn=None, address_family="ipv6", local_gateway_v4_ip=None,
                    remote_gateway_v4_ip=None, local_gateway_v6_ip="fd00:7::1/126", remote_gateway_v6_ip="fd00:7::2/126",
                    remote_ep_group=["%s/127" % base, "%s/128" % (base + 3), "fd64::/16"])
    made = link(customer, near, far)
    assert rows(site.dcaasd, "SELECT number FROM peer_link WHERE id = ?", made["id"]) == [(free + 2,)]
    answer = customer.call("PUT", V3 + "virtual-interfaces/" + vif["id"], {"virtual_interface": {
        "remote_ep_group": ["%s/127" % (base + 4)]}}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0004"), answer
    customer.put(V3 + "virtual-interfaces/" + vif["id"], {"virtual_interface": {"remote_ep_group": ["fd64:6361::/32"]}})


def link_number_of_the_next(site, tenant):
    highest = rows(site.dcaasd, "SELECT max(number) FROM peer_link")[0][0]
    return 0 if highest is None else highest + 1


def test_links_ordered_at_once_get_subnets_and_names_of_their_own(site, edge, customer):
    near = [in_use(site, customer) for _ in range(5)]
    far = router(site, customer)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda gateway: link(customer, gateway, far), near))
    edge.apply()
    names = [name for one in made for name in edge.of_link(one)]
    locals_ = [session["local"] for one in made for session in edge.of_link(one).values()]
    assert len(set(names)) == len(set(locals_)) == 20


def test_a_customers_link_and_a_gateways_link_do_not_overlap(site, edge, customer):
    """The customer took addresses of the block first: the link's are others; and then the customer cannot have the link's."""
    near, far = ordered(customer), router(site, customer)
    probe = link(customer, in_use(site, customer), far)
    edge.apply()
    used = max(int(ipaddress.ip_address(s["local"])) for s in edge.of_link(probe).values() if ":" not in s["local"])
    following = ipaddress.ip_address(used + 1)
    interface(site, customer, near, local_gateway_v4_ip="%s/30" % (following + 1), remote_gateway_v4_ip="%s/30" % (following + 2)
              ) if int(following) % 4 == 0 else interface(site, customer, near, local_gateway_v4_ip="%s/31" % following,
                                                          remote_gateway_v4_ip="%s/31" % (following + 1))
    made = link(customer, near, far)
    edge.apply()
    mine = min(ipaddress.ip_address(s["local"]) for s in edge.of_link(made).values() if ":" not in s["local"])
    assert mine > following + 1
    body = customer.interface_body(site.connection(customer), None, service_type="GDGW", gateway_id=near["id"],
                                   local_gateway_v4_ip="%s/31" % mine, remote_gateway_v4_ip="%s/31" % (mine + 1))
    answer = customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": body}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0004")


def test_tenants_see_their_own_links_and_the_operator_all(site, customer):
    other = site.tenant()
    mine, theirs = (link(t, in_use(site, t), router(site, t)) for t in (customer, other))
    all_links = {one["id"]: one for one in site.operator.get("/dcaas/v1/peer-links")["peer_links"]}
    assert {mine["id"], theirs["id"]} <= set(all_links)
    assert all_links[mine["id"]]["edge_id"] == site.edge
    one = site.operator.get("/dcaas/v1/peer-links/" + mine["id"])["peer_link"]
    assert one["near_v4"] != one["far_v4"]
    near = {"id": theirs["global_dc_gateway_id"]}
    assert customer.call("GET", path(near, theirs), check=False).status == 404
    assert customer.call("DELETE", path(near, theirs), check=False).status == 404
    assert customer.call("GET", "/dcaas/v1/peer-links", check=False).status == 403


def test_a_tenant_cannot_ask_for_what_tenants_do_not_see(site, customer):
    """A list's parameters are the contract's: members that only the operator sees are none of them."""
    made = link(customer, in_use(site, customer), router(site, customer))
    links = "%s/%s/peer-links" % (GATEWAYS, made["global_dc_gateway_id"])
    elsewhere = "edge_id=00000000-0000-4000-8000-000000000000"
    assert customer.get(links + "?" + elsewhere)["peer_links"] == customer.get(links)["peer_links"] != []
    assert site.operator.get("/dcaas/v1/peer-links?" + elsewhere)["peer_links"] == []
    paths = site.operator.get("/dcaas/v1/openapi.json")["paths"]
    told = {side: {one["name"] for one in paths[side]["get"]["parameters"]} for side in (
        "/v3/{project_id}/dcaas/global-dc-gateways/{global_dc_gateway_id}/peer-links", "/dcaas/v1/peer-links")}
    assert ["edge_id" in names for names in told.values()] == [False, True]


def test_the_router_gets_networks_that_are_attached_and_detached_later(site, edge, customer):
    near, far = in_use(site, customer), router(site, customer, attached=False)
    link(customer, near, far)
    edge.apply()
    assert edge.of("vrf")["vrf/" + far["id"]]["own"] == []
    made = attach(site, customer, far, prefixes=["172.21.0.0/16"])["attachment"]["id"]
    edge.apply()
    assert edge.of("vrf")["vrf/" + far["id"]]["own"] == ["172.21.0.0/16"]
    assert edge.of("vlan")["vlan/" + made]["vrf"] == "vrf/" + far["id"]
    site.operator.delete("/dcaas/v1/attachments/" + made)
    edge.apply()
    assert edge.of("vrf")["vrf/" + far["id"]]["own"] == []
    assert "vlan/" + made not in edge.objects


def linked(edge, gateway):
    return edge.of("vrf")["vrf/" + gateway["id"]]["linked"] or []


def test_a_gateway_gets_the_networks_behind_its_links_and_its_sessions_are_left_alone(site, edge, customer):
    near, far, other = in_use(site, customer), router(site, customer, attached=False), in_use(site, customer)
    edge.apply()
    assert linked(edge, near) == []
    first, second = link(customer, near, far), link(customer, other, far)
    edge.apply()
    sessions = {key: o["revision"] for key, o in edge.objects.items() if o["kind"] == "bgp"}
    made = attach(site, customer, far)["attachment"]["id"]
    edge.apply()
    assert linked(edge, near) == linked(edge, other) == ["172.20.0.0/16", "fd00:20::/48"]
    site.operator.put("/dcaas/v1/attachments/" + made, {"attachment": {"prefixes": ["172.22.0.0/16"]}})
    edge.apply()
    assert linked(edge, near) == linked(edge, other) == ["172.22.0.0/16"]
    assert {key: o["revision"] for key, o in edge.objects.items() if o["kind"] == "bgp"} == sessions
    customer.delete(path(near, first))
    edge.apply()
    assert linked(edge, near) == [] and linked(edge, other) == ["172.22.0.0/16"]
    site.operator.delete("/dcaas/v1/attachments/" + made)
    edge.apply()
    assert linked(edge, other) == []
    assert second["id"]


def test_orders_of_links_leave_events(site, customer):
    near, far = in_use(site, customer), router(site, customer)
    made = link(customer, near, far)
    customer.delete(path(near, made))
    events = rows(site.dcaasd, "SELECT action FROM event WHERE resource_id = ? AND project_id = ? ORDER BY id", made["id"],
                  customer.project_id)
    assert events == [("create",), ("delete",)]


def test_a_link_survives_a_restart_of_dcaasd(new_dcaasd):
    site = World(new_dcaasd())
    edge = Edge(site, site.edge, site.edge_token)
    tenant = site.tenant()
    near, far = in_use(site, tenant), router(site, tenant)
    made = link(tenant, near, far)
    edge.bring_up(made)
    site.dcaasd.kill()
    site.dcaasd.start()
    wait_for("the link after the restart", lambda: shown(tenant, near, made)["status"] == "ACTIVE")
    assert edge.poll() == []
