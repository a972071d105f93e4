# SPDX-License-Identifier: ISC
"""Connect gateways, the global EIPs of the operator and their bindings, with an edge whose reports the test writes."""
import concurrent.futures
import uuid

import pytest
from test_links import Edge

from support import V3, World, rows, send, wait_for

GATEWAYS = V3 + "connect-gateways"
EIPS = "/dcaas/v1/eips"


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd(["quota_connect_gateways = -1", "quota_global_eips = -1"]))


@pytest.fixture(scope="module")
def edge(site):
    return Edge(site, site.edge, site.edge_token)


@pytest.fixture
def customer(site):
    return site.tenant()


def ordered(tenant, **members):
    return tenant.post(GATEWAYS, {"connect_gateway": {"name": "cgw", **members}})["connect_gateway"]


def show(tenant, gateway):
    return tenant.get(GATEWAYS + "/" + gateway["id"], say=False)["connect_gateway"]


def interface(site, tenant, gateway, vlan=100, connection=None, **members):
    return tenant.interface(connection or site.connection(tenant), None, vlan, service_type="GEIP", gateway_id=gateway["id"],
                            **{"type": "public", **members})


_numbers = iter(range(1, 60000))


def entered(site, tenant, cidr=None, **members):
    """An EIP of the operator's, for the project."""
    if cidr is None:
        number = next(_numbers)
        cidr = "198.18.%d.%d/32" % divmod(number, 256)
    return site.operator.post(EIPS, {"eip": {"tenant_id": tenant.project_id, "cidr": cidr, **members}})["eip"]


def bind(tenant, gateway, *eips, check=True, **more):
    entries = [{"global_eip_id": eip["id"], **({"type": eip["type"]} if "type" in eip else {})} for eip in eips]
    return tenant.call("POST", GATEWAYS + "/%s/binding-global-eips" % gateway["id"], {"global_eips": entries, **more}, check=check)


def unbind(tenant, gateway, *eips, check=True):
    return tenant.call("POST", GATEWAYS + "/%s/unbinding-global-eips" % gateway["id"],
                       {"global_eips": [{"global_eip_id": eip["id"]} for eip in eips]}, check=check)


def bound(tenant, gateway, query=""):
    return tenant.get(GATEWAYS + "/%s/binding-global-eips" % gateway["id"] + query, say=False)["global_eips"]


def attach(site, tenant, gateway, check=True, **members):
    number = next(site.numbers)
    body = {"tenant_id": tenant.project_id, "connect_gateway_id": gateway["id"], "port_id": site.vpc_port, "vlan": number,
            "prefixes": ["0.0.0.0/0"], "local_ip": "203.0.113.1/30", "next_hop": "203.0.113.2", **members}
    answer = site.operator.call("POST", "/dcaas/v1/attachments", {"attachment": body}, check=check)
    return answer["attachment"] if answer.status == 201 else answer


def refused(answer, code, *words):
    assert (answer.status, answer["error_code"]) == (400, code), answer
    assert all(word in answer["error_msg"] for word in words), answer["error_msg"]


def eip_routes(edge, gateway):
    return {body["prefix"]: body for body in edge.of("route").values()
            if body["class"] == "eip" and body["vrf"] == "vrf/" + gateway["id"]}


def test_a_gateway_is_made_listed_shown_changed_and_deleted(site, customer):
    made = ordered(customer, description="to the Internet")
    assert made == {**made, "name": "cgw", "description": "to the Internet", "address_family": "ipv4", "status": "DOWN",
                    "bgp_asn": 64512, "gcb_id": None, "current_geip_count": 0, "tenant_id": customer.project_id}
    page = customer.get(GATEWAYS + "?name=cgw&status=DOWN")
    assert [one["id"] for one in page["connect_gateways"]] == [made["id"]] and page["total_count"] == 1
    changed = customer.put(GATEWAYS + "/" + made["id"], {"connect_gateway": {
        "name": "other", "description": "", "address_family": "dual"}})["connect_gateway"]
    assert (changed["name"], changed["description"], changed["address_family"]) == ("other", "", "dual")
    for body, code in (({"name": "a b"}, "DC.0001"), ({"description": "<"}, "DC.0001"), ({}, "DC.0001"),
                       ({"address_family": "ipv6"}, "DC.0001"), ({"name": "x" * 65}, "DC.0001")):
        refused(customer.call("PUT", GATEWAYS + "/" + made["id"], {"connect_gateway": body}, check=False), code)
    assert customer.delete(GATEWAYS + "/" + made["id"]).status == 204
    assert customer.call("GET", GATEWAYS + "/" + made["id"], check=False).status == 404
    assert customer.get(GATEWAYS)["total_count"] == 0


def test_other_projects_gateways_and_eips_do_not_exist(site, customer):
    other = site.tenant()
    theirs, eip, mine = ordered(other), entered(site, other), ordered(customer)
    bind(other, theirs, eip)
    unknown = {"id": "11111111-1111-4111-8111-111111111111"}
    for method, path, body in [("GET", "", None), ("PUT", "", {"connect_gateway": {"name": "x"}}), ("DELETE", "", None),
                               ("GET", "/binding-global-eips", None),
                               ("POST", "/binding-global-eips", {"global_eips": [{"global_eip_id": eip["id"]}]}),
                               ("POST", "/unbinding-global-eips", {"global_eips": [{"global_eip_id": eip["id"]}]})]:
        told = []
        for gateway in (theirs, unknown):
            answer = customer.call(method, GATEWAYS + "/" + gateway["id"] + path, body, check=False)
            assert (answer.status, answer["error_code"]) == (404, "DC.0002")
            told.append(answer["error_msg"].replace(gateway["id"], "ID"))
        assert told[0] == told[1]
    told = []
    for one in (eip, unknown):
        answer = bind(customer, mine, {"id": one["id"]}, check=False)
        refused(answer, "DC.0002", "global_eips[0].global_eip_id")
        told.append(answer["error_msg"].replace(one["id"], "ID"))
        refused(unbind(customer, mine, one, check=False), "DC.0002", "is not bound")
    assert told[0] == told[1]
    refused(customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": customer.interface_body(
        site.connection(customer), None, service_type="GEIP", gateway_id=theirs["id"])}, check=False), "DC.0002", "gateway_id")
    reader = customer.other("reader")
    assert bind(reader, mine, eip, check=False).status == 403 and bound(reader, mine) == []
    for method, path in (("GET", EIPS), ("POST", EIPS), ("GET", "/dcaas/v1/connect-gateways")):
        assert customer.call(method, path, {} if method == "POST" else None, check=False).status == 403


def test_a_bound_eip_is_a_route_to_the_interface_and_its_state_is_the_edges(site, edge, customer):
    gateway, eip = ordered(customer), entered(site, customer)
    vif = interface(site, customer, gateway)
    edge.apply()
    answer = bind(customer, gateway, eip, gcb_id="11111111-1111-4111-8111-111111111111")
    made = answer["global_eips"]
    assert answer.status == 201 and made == {
        **made, "global_eip_id": eip["id"], "global_eip_segment_id": None, "type": "IP_ADDRESS", "status": "BINDING",
        "error_message": None, "cidr": eip["cidr"], "address_family": "ipv4", "ie_vtep_ip": None,
        "gcb_id": "11111111-1111-4111-8111-111111111111"} and "id" not in made
    edge.poll()
    assert eip_routes(edge, gateway) == {eip["cidr"]: {
        "vrf": "vrf/" + gateway["id"], "link": "vlan/" + vif["id"], "prefix": eip["cidr"], "via": "192.0.2.2", "class": "eip",
        "shut_until": None}}
    key = next(key for key, one in edge.objects.items() if one["kind"] == "route" and one["body"]["class"] == "eip"
               and one["body"]["vrf"].endswith(gateway["id"]))

    def told(state, **more):
        edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": state, **more}])
        seen, = bound(customer, gateway)
        return seen["status"], seen["error_message"]
    assert told("pending") == ("BINDING", None)
    assert told("applied") == ("BIND_SUCCESSFULLY", None)
    assert told("error", error="No buffer space") == ("ERROR", "route: No buffer space")
    assert told("applied") == ("BIND_SUCCESSFULLY", None)
    assert show(customer, gateway)["current_geip_count"] == 1
    gone = unbind(customer, gateway, eip)["global_eips"]
    assert gone["status"] == "UNBINDING" and [one["status"] for one in bound(customer, gateway)] == ["UNBINDING"]
    edge.apply()
    assert bound(customer, gateway) == [] and eip_routes(edge, gateway) == {}
    assert rows(site.dcaasd, "SELECT 1 FROM remote_subnet WHERE gateway_id = ?", gateway["id"]) == []


def test_a_switchover_test_leads_an_eip_over_the_other_interface(site, edge, customer):
    gateway, eip = ordered(customer), entered(site, customer)
    line = site.connection(customer)
    first = interface(site, customer, gateway, 100, line)
    second = interface(site, customer, gateway, 200, line, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30")
    edge.apply()
    bind(customer, gateway, eip)
    edge.apply()

    def leads(operation=None, vif=None):
        if vif is not None:
            record = {"resource_id": vif["id"], "operation": operation}
            customer.post(V3 + "switchover-test", {"switchover_test_record": record})
            edge.apply()
        route = eip_routes(edge, gateway)[eip["cidr"]]
        return {"vlan/" + first["id"]: 1, "vlan/" + second["id"]: 2}[route["link"]], route["shut_until"] is not None

    assert leads() == (1, False)
    assert leads("shutdown", first) == (2, False)
    assert leads("undo_shutdown", first) == (1, False)
    assert leads("shutdown", second) == (1, False)
    assert leads("shutdown", first) == (1, True)


def test_a_gateway_without_interface_has_nothing_on_a_router_and_its_bindings_succeed(site, edge, customer):
    gateway, eips = ordered(customer), [entered(site, customer) for _ in range(3)]
    answer = bind(customer, gateway, *eips)
    assert [one["status"] for one in answer["global_eips"]] == ["BIND_SUCCESSFULLY"] * 3
    edge.apply()
    assert eip_routes(edge, gateway) == {}
    vif = interface(site, customer, gateway)
    assert {one["status"] for one in bound(customer, gateway)} == {"BINDING"}
    edge.apply()
    assert set(eip_routes(edge, gateway)) == {eip["cidr"] for eip in eips}
    assert {one["status"] for one in bound(customer, gateway)} == {"BIND_SUCCESSFULLY"}
    # The next interface gets them when the first one goes.
    second = interface(site, customer, gateway, 101, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30")
    edge.apply()
    assert {body["via"] for body in eip_routes(edge, gateway).values()} == {"192.0.2.2"}
    customer.delete(V3 + "virtual-interfaces/" + vif["id"])
    edge.apply()
    assert {(body["via"], body["link"]) for body in eip_routes(edge, gateway).values()} == {
        ("192.0.2.6", "vlan/" + second["id"])}
    customer.delete(V3 + "virtual-interfaces/" + second["id"])
    edge.apply()
    assert eip_routes(edge, gateway) == {}
    assert {one["status"] for one in bound(customer, gateway)} == {"BIND_SUCCESSFULLY"}


def test_the_gateways_state_follows_its_interfaces(site, edge, customer):
    gateway = ordered(customer)
    interface(site, customer, gateway, route_mode="static", bgp_asn=None)
    assert show(customer, gateway)["status"] == "DOWN"
    edge.apply()
    seen = show(customer, gateway)
    assert (seen["status"], seen["gateway_site"]) == ("ACTIVE", "site")
    key = "vrf/" + gateway["id"]
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "error", "error": "no VRF"}])
    assert (show(customer, gateway)["status"], show(customer, gateway)["reason"]) == ("ERROR", "no VRF")
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "applied"}])
    assert show(customer, gateway)["status"] == "ACTIVE"


def test_what_customers_send_or_order_draws_no_address_but_the_bound_ones(site, edge, customer):
    """remote_ep_group is kept and shown; routes are those of the EIPs."""
    gateway, eip = ordered(customer), entered(site, customer)
    vif = interface(site, customer, gateway, route_mode="static", bgp_asn=None, remote_ep_group=[eip["cidr"], "8.0.0.0/8"])
    assert vif["remote_ep_group"] == [eip["cidr"], "8.0.0.0/8"]
    bind(customer, gateway, eip)
    edge.apply()
    mine = {body["prefix"] for body in edge.of("route").values() if body["vrf"] == "vrf/" + gateway["id"]}
    assert mine == {eip["cidr"]}
    customer.put(V3 + "virtual-interfaces/" + vif["id"], {"virtual_interface": {"remote_ep_group": ["9.0.0.0/8"]}})
    assert edge.poll() == []


def test_segments_and_ipv6_are_bound_as_they_are(site, edge, customer):
    gateway = ordered(customer, address_family="dual")
    segment, six = entered(site, customer, "198.19.0.0/28"), entered(site, customer, "2001:db8:77::1/128")
    assert (segment["type"], six["type"]) == ("IP_SEGMENT", "IP_ADDRESS")
    vif = interface(site, customer, gateway)
    customer.peer(vif["id"], local_gateway_ip="fd00:7::1/126", remote_gateway_ip="fd00:7::2/126")
    made = bind(customer, gateway, segment, six)["global_eips"]
    assert [(one["global_eip_id"], one["global_eip_segment_id"], one["type"]) for one in made] == [
        (segment["id"], segment["id"], "IP_SEGMENT"), (six["id"], None, "IP_ADDRESS")]
    edge.apply()
    routes = eip_routes(edge, gateway)
    assert {prefix: body["via"] for prefix, body in routes.items()} == {
        "198.19.0.0/28": "192.0.2.2", "2001:db8:77::1/128": "fd00:7::2"}
    for query in ("global_eip_id=" + segment["id"], "global_eip_segment_id=" + segment["id"].upper()):
        assert [one["cidr"] for one in bound(customer, gateway, "?" + query)] == ["198.19.0.0/28"]
    assert len(bound(customer, gateway, "?status=BIND_SUCCESSFULLY&limit=1")) == 1
    refused(customer.call("PUT", GATEWAYS + "/" + gateway["id"], {"connect_gateway": {"address_family": "ipv4"}}, check=False),
            "DC.0001", "IPv6")


def test_what_a_binding_is_refused_for(site, customer):
    gateway, other, eip = ordered(customer), ordered(customer), entered(site, customer)
    six, segment = entered(site, customer, "2001:db8:78::1/128"), entered(site, customer, "198.19.1.0/28")
    refused(bind(customer, gateway, six, check=False), "DC.0001", "ipv4")
    refused(bind(customer, gateway, {"id": segment["id"]}, check=False), "DC.0001", "IP_SEGMENT")
    bind(customer, gateway, eip)
    for where in (gateway, other):
        refused(bind(customer, where, eip, check=False), "DC.0001", "bound to the connect gateway " + gateway["id"])
    refused(unbind(customer, other, eip, check=False), "DC.0002", eip["id"])
    free = entered(site, customer)
    refused(bind(customer, gateway, free, free, check=False), "DC.0001", "global_eips[1]")
    assert len(bound(customer, gateway)) == 1, "a call that fails binds nothing"
    for raw in (b"{}", b'{"global_eips": []}', b'{"global_eips": [{}]}', b'{"global_eips": [{"global_eip_id": "x"}]}',
                b'{"global_eips": {"global_eip_id": "x"}}'):
        answer = send(customer, "POST", GATEWAYS + "/%s/binding-global-eips" % gateway["id"], raw)
        assert (answer.status, answer["error_code"]) == (400, "DC.0001") and "global_eip" in answer["error_msg"], (raw, answer)
    interface(site, customer, other, local_gateway_v4_ip="198.19.2.1/30", remote_gateway_v4_ip="198.19.2.2/30")
    inside = entered(site, customer, "198.19.2.2/32")
    refused(bind(customer, other, inside, check=False), "DC.0004", "link subnet")


def test_what_is_in_use_is_not_deleted_and_the_blockers_are_named(site, edge, customer):
    gateway, eip = ordered(customer), entered(site, customer)
    vif = interface(site, customer, gateway)
    bind(customer, gateway, eip)
    refused(customer.call("DELETE", GATEWAYS + "/" + gateway["id"], check=False), "DC.1106", vif["id"])
    refused(site.operator.call("DELETE", EIPS + "/" + eip["id"], check=False), "DC.1106", "binding")
    customer.delete(V3 + "virtual-interfaces/" + vif["id"])
    edge.apply()
    refused(customer.call("DELETE", GATEWAYS + "/" + gateway["id"], check=False), "DC.1106", "binding")
    unbind(customer, gateway, eip)
    edge.apply()
    assert customer.delete(GATEWAYS + "/" + gateway["id"]).status == 204
    assert site.operator.delete(EIPS + "/" + eip["id"]).status == 204
    edge.apply()
    assert rows(site.dcaasd, "SELECT 1 FROM gateway WHERE id = ?", gateway["id"]) == []


def test_an_eip_that_is_being_unbound_is_waited_for(site, edge, customer):
    gateway, other, eip = ordered(customer), ordered(customer), entered(site, customer)
    interface(site, customer, gateway)
    bind(customer, gateway, eip)
    edge.apply()
    unbind(customer, gateway, eip)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bind, customer, other, eip)
        wait_for("the call waits", lambda: site.load()["waiting"] > 0 if "waiting" in site.load() else True)
        edge.apply()
        assert waiting.result()["global_eips"]["status"] == "BIND_SUCCESSFULLY"
    assert [one["global_eip_id"] for one in bound(customer, other)] == [eip["id"]]


def test_the_operators_eips_do_not_overlap(site, customer):
    entered(site, customer, "198.19.3.0/28", name="block")
    for cidr in ("198.19.3.7/32", "198.19.3.0/24", "198.19.3.0/28"):
        answer = site.operator.call("POST", EIPS, {"eip": {"tenant_id": customer.project_id, "cidr": cidr}}, check=False)
        refused(answer, "DC.0004", "overlaps")
    for cidr, code in (("x", "DC.0004"), ("198.19.4.1", "DC.0004"), ("0.0.0.0/0", "DC.0004"), ("127.0.0.1/32", "DC.0004")):
        refused(site.operator.call("POST", EIPS, {"eip": {"tenant_id": customer.project_id, "cidr": cidr}}, check=False), code)
    refused(site.operator.call("POST", EIPS, {"eip": {"tenant_id": "0" * 32, "cidr": "198.19.5.1/32"}}, check=False),
            "DC.0002", "tenant_id")
    chosen = str(uuid.uuid4())
    made = entered(site, customer, "198.19.6.9/28", id=chosen)
    assert (made["id"], made["cidr"]) == (chosen, "198.19.6.0/28")
    listed = site.operator.get(EIPS + "?tenant_id=" + customer.project_id)["eips"]
    assert {one["cidr"] for one in listed} == {"198.19.3.0/28", "198.19.6.0/28"}
    assert site.operator.put(EIPS + "/" + chosen, {"eip": {"name": "renamed"}})["eip"]["name"] == "renamed"


def test_an_unknown_eip_is_accepted_by_configuration_and_has_its_address_later(new_dcaasd):
    site = World(new_dcaasd(["accept_unknown_global_eip = yes"]))
    edge, customer = Edge(site, site.edge, site.edge_token), site.tenant()
    gateway, unknown = ordered(customer), {"id": str(uuid.uuid4())}
    interface(site, customer, gateway)
    edge.apply()
    made = bind(customer, gateway, unknown)["global_eips"]
    assert (made["status"], made["cidr"], made["error_message"]) == (
        "BIND_SUCCESSFULLY", None, "the operator has not entered the address yet")
    other = site.tenant()
    refused(site.operator.call("POST", EIPS, {"eip": {"id": unknown["id"], "tenant_id": other.project_id,
                                                             "cidr": "198.18.0.1/32"}}, check=False), "DC.0001", "another project")
    assert edge.poll() == []
    entered(site, customer, "198.18.0.1/32", id=unknown["id"])
    edge.apply()
    assert set(eip_routes(edge, gateway)) == {"198.18.0.1/32"}
    seen, = bound(customer, gateway)
    assert (seen["status"], seen["cidr"], seen["error_message"]) == ("BIND_SUCCESSFULLY", "198.18.0.1/32", None)


def test_quotas_of_gateways_and_eips(new_dcaasd):
    site = World(new_dcaasd(["quota_connect_gateways = 1", "quota_global_eips = 2"]))
    customer = site.tenant()
    gateway = ordered(customer)
    refused(customer.call("POST", GATEWAYS, {"connect_gateway": {"name": "second"}}, check=False), "DC.1019", "connect gateways")
    eips = [entered(site, customer) for _ in range(3)]
    refused(bind(customer, gateway, *eips, check=False), "DC.1019", "global EIPs")
    bind(customer, gateway, *eips[:2])
    refused(bind(customer, gateway, eips[2], check=False), "DC.1019")
    told = {one["type"]: (one["quota"], one["used"]) for one in customer.get(V3 + "quotas")["quotas"]["resources"]}
    assert (told["connectGateway"], told["geip"]) == ((1, 1), (2, 2))


def test_the_internet_is_attached_behind_a_gateway_and_hears_of_the_eips(site, edge, customer):
    gateway, eip = ordered(customer), entered(site, customer)
    interface(site, customer, gateway)
    bind(customer, gateway, eip)
    made = attach(site, customer, gateway, bgp_asn=65100, bgp_md5="secret")
    assert made["bgp_asn"] == 65100 and made["session_v4"]
    edge.poll()
    body = edge.of("bgp")["bgp/" + made["session_v4"]]
    assert body == {**body, "vrf": "vrf/" + gateway["id"], "link": "vlan/" + made["id"], "local": "203.0.113.1",
                    "remote": "203.0.113.2", "local_asn": 64512, "remote_asn": 65100, "class": "uplink"}
    assert edge.of("route")["route/%s/0.0.0.0/0" % made["id"]]["class"] == "vpc"
    edge.report([{"key": one["key"], "revision": one["revision"], "state": "applied", "carrier": True}
                 for one in edge.objects.values()])

    def state():
        seen = site.operator.get("/dcaas/v1/attachments/" + made["id"])["attachment"]
        return seen["status"], seen["reason"]
    assert state() == ("DOWN", "no session with 203.0.113.2")
    edge.say(["bgp/" + made["session_v4"]])
    assert state() == ("ACTIVE", None)
    edge.say(["bgp/" + made["session_v4"]], established=False)
    assert state()[0] == "DOWN"
    refused(attach(site, customer, gateway, check=False), "DC.0001", "already")
    refused(attach(site, customer, ordered(customer), check=False, bgp_asn=64512), "DC.1223")
    refused(attach(site, customer, ordered(customer), check=False, bgp_asn=65100, next_hop=None), "DC.0004", "next_hop")
    refused(attach(site, site.tenant(), gateway, check=False), "DC.0001", "another project")
    refused(attach(site, customer, {"id": str(uuid.uuid4())}, check=False), "DC.0002", "connect_gateway_id")
    answer = site.operator.call("POST", "/dcaas/v1/attachments", {"attachment": {
        "tenant_id": customer.project_id, "vpc_id": str(uuid.uuid4()), "port_id": site.vpc_port, "vlan": next(site.numbers),
        "prefixes": ["10.0.0.0/8"], "local_ip": "10.0.0.1/30", "next_hop": "10.0.0.2", "bgp_asn": 65100}}, check=False)
    refused(answer, "DC.0001", "bgp_asn")
    site.operator.delete("/dcaas/v1/attachments/" + made["id"])
    edge.apply()
    assert rows(site.dcaasd, "SELECT 1 FROM edge_session WHERE owner_id = ?", made["id"]) == []


def test_type_public_goes_with_geip_only(site, customer):
    answer = customer.call("POST", V3 + "virtual-interfaces", {"virtual_interface": customer.interface_body(
        site.connection(customer), customer.gateway()["id"], type="public")}, check=False)
    refused(answer, "DC.0001", "GEIP")
    gateway = ordered(customer)
    made = interface(site, customer, gateway, type="private")
    assert (made["service_type"], made["type"], made["gateway_id"]) == ("GEIP", "private", gateway["id"])
