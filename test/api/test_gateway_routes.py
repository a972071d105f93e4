# SPDX-License-Identifier: ISC
"""The route table of a global DC gateway: routes to peers and over links, what an edge is asked to have of them, and what
becomes of their states."""
import pytest
from test_links import GATEWAYS, Edge, in_use, interface, link, ordered, path, router

from support import V3, World, rows, send

DESTINATION = "172.16.8.0/24"


@pytest.fixture(scope="module")
def site(new_dcaasd):
    return World(new_dcaasd(["quota_global_dc_gateways = -1"]))


@pytest.fixture(scope="module")
def edge(site):
    return Edge(site, site.edge, site.edge_token)


@pytest.fixture
def customer(site):
    return site.tenant()


def table(gateway):
    return V3 + "gdgw/%s/routetables" % gateway["id"]


def change(tenant, gateway, check=True, dry_run=None, **lists):
    body = {"gdgw_routetable": lists, **({} if dry_run is None else {"dry_run": dry_run})}
    return tenant.call("PUT", table(gateway), body, check=check)


def add(tenant, gateway, nexthop, destination=DESTINATION, check=True, **members):
    """The route, or the refusal."""
    answer = change(tenant, gateway, check, add_routes=[{"destination": destination, "nexthop": nexthop, **members}])
    return answer["gdgw_routetable"][0] if answer.status == 200 else answer


def remove(tenant, gateway, nexthop, destination=DESTINATION, check=True):
    return change(tenant, gateway, check, del_routes=[{"destination": destination, "nexthop": nexthop}])


def listed(tenant, gateway, query=""):
    return tenant.get(table(gateway) + query, say=False)["gdgw_routetables"]


def refused(answer, code, *words):
    assert (answer.status, answer["error_code"]) == (400, code), answer
    assert all(word in answer["error_msg"] for word in words), answer["error_msg"]


def peer_of(gateway):
    return gateway["interface"]["vif_peers"][0]["id"]


def test_a_route_to_a_peer_is_a_route_on_the_router_and_its_state_is_the_edges(site, edge, customer):
    gateway = in_use(site, customer)
    edge.apply()
    made = add(customer, gateway, peer_of(gateway), description="to the branch")
    assert made == {**made, "destination": DESTINATION, "nexthop": peer_of(gateway), "type": "vif_peer",
                    "obtain_mode": "specific", "address_family": "ipv4", "status": "PENDING_CREATE",
                    "description": "to the branch", "tenant_id": customer.project_id, "gateway_id": gateway["id"]}
    edge.poll()
    route = edge.of("route")["route/%s/%s" % (made["id"], DESTINATION)]
    vlan = "vlan/" + gateway["interface"]["id"]
    assert route == {"vrf": "vrf/" + gateway["id"], "link": vlan, "prefix": DESTINATION, "via": "192.0.2.2", "class": "static",
                     "shut_until": None}
    key = "route/%s/%s" % (made["id"], DESTINATION)

    def told(state, **more):
        edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": state, **more}])
        seen, = listed(customer, gateway)
        return seen["status"], seen["reason"]
    assert told("pending") == ("PENDING_CREATE", "the edge has not read it back yet")
    assert told("applied") == ("ACTIVE", None)
    assert told("error", error="Network is unreachable") == ("ERROR", "route: Network is unreachable")
    assert told("applied") == ("ACTIVE", None)
    answer = remove(customer, gateway, peer_of(gateway))
    assert [one["id"] for one in answer["gdgw_routetable"]] == [made["id"]]
    assert listed(customer, gateway) == []
    edge.apply()
    assert key not in edge.objects
    assert rows(site.dcaasd, "SELECT 1 FROM gdgw_route WHERE id = ?", made["id"]) == []
    assert rows(site.dcaasd, "SELECT 1 FROM remote_subnet WHERE peer_id = ?", made["id"]) == []


def test_a_switchover_test_of_the_interface_takes_the_route_away(site, edge, customer):
    gateway = in_use(site, customer)
    edge.apply()
    made = add(customer, gateway, peer_of(gateway))
    edge.apply()
    key, shown = "route/%s/%s" % (made["id"], DESTINATION), []
    for operation in ("shutdown", "undo_shutdown"):
        customer.post(V3 + "switchover-test", {"switchover_test_record": {"resource_id": gateway["interface"]["id"],
                                                                         "operation": operation}})
        edge.poll()
        shown.append(edge.of("route")[key]["shut_until"])
    assert shown[0] is not None and shown[1] is None


def test_a_route_over_a_link_leaves_by_the_gateways_own_end(site, edge, customer):
    near, far, er = in_use(site, customer, address_family="dual"), in_use(site, customer), router(site, customer)
    to_far, to_er = link(customer, far, near), link(customer, near, er)
    made = [add(customer, near, far["id"], "172.16.9.0/24"), add(customer, near, er["id"], "fd00:99::/48", type="gdgw"),
            add(customer, far, near["id"], "0.0.0.0/0")]
    assert [(one["type"], one["address_family"], one["obtain_mode"]) for one in made] == [
        ("gdgw", "ipv4", "specific"), ("gdgw", "ipv6", "specific"), ("gdgw", "ipv4", "customized")]
    edge.apply()
    routes, veths, addresses = edge.of("route"), edge.of("veth"), edge.of("addr")
    for one, of in zip(made, (to_far, to_er, to_far)):
        seen = routes["route/%s/%s" % (one["id"], one["destination"])]
        other = veths[seen["link"]]["peer"]
        assert seen["class"] == "link" and veths[seen["link"]]["vrf"] == seen["vrf"] == "vrf/" + one["gateway_id"]
        assert of["id"] in seen["link"]
        assert seen["via"] in {body["prefix"].split("/")[0] for body in addresses.values() if body["link"] == other}
    assert {one["status"] for one in listed(customer, near)} == {"ACTIVE"}


def test_what_a_route_is_refused_for(site, customer):
    near, far, other = in_use(site, customer), in_use(site, customer), in_use(site, customer)
    static = interface(site, customer, near, vlan=7, route_mode="static", bgp_asn=None, local_gateway_v4_ip="192.0.2.5/30",
                       remote_gateway_v4_ip="192.0.2.6/30", remote_ep_group=["10.9.0.0/16"])
    link(customer, near, far)
    hop, member = peer_of(near), "gdgw_routetable.add_routes[0]."
    for destination, code, words in [
            ("x", "DC.0004", "is not a block"), ("10.0.0.1", "DC.0004", "is not a block"), ("fd00:1::/64", "DC.0001", "ipv4"),
            ("127.0.0.0/8", "DC.0004", ""), ("224.0.0.0/4", "DC.0004", ""), ("169.254.7.0/24", "DC.0004", ""),
            ("192.0.2.4/30", "DC.0004", "link subnet"),
            ("10.9.0.0/16", "DC.1401", "leads to another next hop"), ("", "DC.0001", ""), ("1" * 65, "DC.0001", "")]:
        refused(add(customer, near, hop, destination, check=False), code, member + "destination", words)
    for nexthop, more in [("11111111-1111-4111-8111-111111111111", {}), ("x", {}), (other["id"], {}), (near["id"], {}),
                          (peer_of(other), {}), (far["id"], {"type": "vif_peer"}), (hop, {"type": "gdgw"})]:
        refused(add(customer, near, nexthop, check=False, **more), "DC.0001", member + "nexthop", nexthop)
    refused(add(customer, near, hop, check=False, type="ecs"), "DC.0001", "type")
    refused(add(customer, near, hop, check=False, description="<b>"), "DC.0001", member + "description")
    refused(add(customer, near, hop, check=False, description="x" * 256), "DC.0001", "description")
    first = add(customer, near, hop, "172.16.8.7/24")
    assert first["destination"] == "172.16.8.7/24"
    refused(add(customer, near, far["id"], check=False), "DC.1401", member + "destination", DESTINATION)
    # A static peer's block may not be a route's destination either.
    answer = customer.call("PUT", V3 + "virtual-interfaces/" + static["id"], {"virtual_interface": {
        "remote_ep_group": [DESTINATION]}}, check=False)
    refused(answer, "DC.1401", "leads to another next hop")
    refused(change(customer, near, check=False), "DC.0001", "add_routes")
    entry = {"destination": "10.8.0.0/16", "nexthop": hop}
    refused(change(customer, near, check=False, add_routes=[entry], del_routes=[entry]), "DC.0001", "not several")
    refused(change(customer, near, check=False, add_routes=[entry] * 101), "DC.0001", "add_routes")
    refused(change(customer, near, check=False, add_routes=[entry, {**entry, "destination": "y"}]), "DC.0004",
            "add_routes[1].destination")
    refused(change(customer, near, check=False, add_routes=[entry, entry]), "DC.1401", "add_routes[1].destination")
    assert [one["id"] for one in listed(customer, near)] == [first["id"]], "a call that fails changes nothing"
    for one in ("destination", "nexthop"):
        broken = {name: value for name, value in entry.items() if name != one}
        refused(change(customer, near, check=False, add_routes=[broken]), "DC.0001", member + one)
    assert change(customer, near, add_routes=[])["gdgw_routetable"] == []


def test_a_default_route_and_wide_blocks_around_the_peers_own_link_are_fine(site, customer):
    near = in_use(site, customer)
    made = [add(customer, near, peer_of(near), "0.0.0.0/0"), add(customer, near, peer_of(near), "192.0.0.0/16")]
    assert [one["obtain_mode"] for one in made] == ["customized", "specific"]
    interface(site, customer, near, vlan=8, local_gateway_v4_ip="198.51.100.1/30", remote_gateway_v4_ip="198.51.100.2/30")
    refused(add(customer, near, peer_of(near), "198.51.0.0/16", check=False), "DC.0004", "link subnet of another peer")


def test_update_changes_the_description_only(site, edge, customer):
    near = in_use(site, customer)
    made = add(customer, near, peer_of(near), description="old")
    edge.apply()
    entry = {"destination": "172.16.8.99/24", "nexthop": peer_of(near).upper()}

    def describe(**members):
        return change(customer, near, update_routes=[{**entry, **members}])["gdgw_routetable"][0]["description"]
    assert [describe(description="new"), describe(), describe(description="")] == ["new", "new", None]
    assert edge.poll() == []
    seen, = listed(customer, near)
    assert (seen["id"], seen["status"]) == (made["id"], "ACTIVE")
    events = rows(site.dcaasd, "SELECT action FROM event WHERE resource_id = ? ORDER BY id", made["id"])
    assert events[0] == ("create",) and ("update",) in events


def test_an_unknown_route_is_2720_and_an_unknown_gateway_0001(site, customer):
    """Terraform reads either of them, with 400, as gone already."""
    near, entry = in_use(site, customer), {"destination": DESTINATION, "nexthop": "11111111-1111-4111-8111-111111111111"}
    for name in ("del_routes", "update_routes"):
        refused(change(customer, near, check=False, **{name: [entry]}), "DC.2720", DESTINATION)
        made = add(customer, near, peer_of(near))
        refused(change(customer, near, check=False, **{name: [entry]}), "DC.2720", DESTINATION)
        remove(customer, near, made["nexthop"])
        refused(remove(customer, near, made["nexthop"], check=False), "DC.2720")
    other = site.tenant()
    theirs = in_use(site, other)
    add(other, theirs, peer_of(theirs))
    said = []
    for gateway in ({"id": "11111111-1111-4111-8111-111111111111"}, theirs, {"id": "nonsense"}):
        answer = remove(customer, gateway, peer_of(theirs), check=False)
        refused(answer, "DC.0001", "does not exist")
        answer = customer.call("GET", table(gateway), check=False)
        assert (answer.status, answer["error_code"]) == (404, "DC.0002")
        said.append(answer["error_msg"].replace(gateway["id"], "ID"))
    assert len(set(said)) == 1
    refused(add(customer, near, peer_of(theirs), check=False), "DC.0001", "nexthop")
    refused(add(customer, near, theirs["id"], check=False), "DC.0001", "nexthop")


def test_a_reader_reads_and_does_not_write(site, customer):
    near = in_use(site, customer)
    add(customer, near, peer_of(near))
    reader = customer.other("reader")
    assert len(listed(reader, near)) == 1
    assert remove(reader, near, peer_of(near), check=False).status == 403


def test_a_dry_run_checks_and_changes_nothing(site, edge, customer):
    near = in_use(site, customer)
    edge.apply()
    answer = change(customer, near, dry_run=True, add_routes=[{"destination": DESTINATION, "nexthop": peer_of(near)}])
    assert answer["gdgw_routetable"][0]["destination"] == DESTINATION
    assert listed(customer, near) == [] and edge.poll() == []
    refused(change(customer, near, check=False, dry_run=True, del_routes=[{"destination": DESTINATION, "nexthop": peer_of(near)}]),
            "DC.2720")


def test_what_a_route_leads_over_is_not_deleted_and_the_route_is_named(site, edge, customer):
    near, far = in_use(site, customer), in_use(site, customer)
    joined = link(customer, near, far)
    by_peer, by_link = add(customer, near, peer_of(near)), add(customer, near, far["id"], "172.17.0.0/16")
    vif = V3 + "virtual-interfaces/" + near["interface"]["id"]
    refused(customer.call("DELETE", vif, check=False), "DC.1214", by_peer["id"])
    refused(customer.call("DELETE", V3 + "vif-peers/" + peer_of(near), check=False), "DC.1214")
    refused(customer.call("DELETE", path(near, joined), check=False), "DC.1106", by_link["id"])
    remove(customer, near, far["id"], "172.17.0.0/16")
    assert customer.delete(path(near, joined)).status == 204
    remove(customer, near, peer_of(near))
    assert customer.delete(vif).status == 204
    edge.apply()
    edge.apply()
    assert not rows(site.dcaasd, "SELECT 1 FROM gdgw_route WHERE gateway_id = ?", near["id"])
    assert customer.call("GET", vif, check=False).status == 404


def test_a_route_is_replaced_at_once_while_the_edge_is_away(site, edge, customer):
    near, far = in_use(site, customer), in_use(site, customer)
    link(customer, near, far)
    edge.apply()
    old = add(customer, near, peer_of(near))
    edge.apply()
    remove(customer, near, peer_of(near))
    new = add(customer, near, far["id"])
    assert [one["id"] for one in listed(customer, near)] == [new["id"]]
    came = {one["key"]: one["deleted"] for one in edge.poll() if one["kind"] == "route"}
    assert came == {"route/%s/%s" % (old["id"], DESTINATION): True, "route/%s/%s" % (new["id"], DESTINATION): False}
    edge.report([{"key": one["key"], "revision": one["revision"], "state": "removed" if one["deleted"] else "applied"}
                 for one in edge.objects.values()])
    assert [one["status"] for one in listed(customer, near)] == ["ACTIVE"]


def test_lists_have_pages_filters_and_a_total(site, customer):
    near = in_use(site, customer, address_family="dual")
    six = customer.peer(near["interface"]["id"], local_gateway_ip="fd00:7::1/126", remote_gateway_ip="fd00:7::2/126")["id"]
    made = change(customer, near, add_routes=[{"destination": "172.16.%d.0/24" % n, "nexthop": peer_of(near)} for n in range(5)]
                  )["gdgw_routetable"]
    made += change(customer, near, add_routes=[{"destination": "fd00:99:%d::/48" % n, "nexthop": six} for n in range(3)])[
        "gdgw_routetable"]
    ids = [one["id"] for one in made]
    seen, marker = [], ""
    while True:
        page = customer.get(table(near) + "?limit=3" + marker, say=False)
        assert page["total_count"] == 8 and page["page_info"]["current_count"] == len(page["gdgw_routetables"])
        seen += [one["id"] for one in page["gdgw_routetables"]]
        if page["page_info"]["next_marker"] is None:
            break
        marker = "&marker=" + page["page_info"]["next_marker"]
    assert seen == sorted(ids)
    assert [one["id"] for one in listed(customer, near, "?nexthop=" + six.upper())] == ids[5:]
    assert [one["id"] for one in listed(customer, near, "?address_family=ipv4&limit=2")] == ids[:2]
    assert [one["id"] for one in listed(customer, near, "?destination=172.16.3.0/24&destination=172.16.1.0%2F24")] == [
        ids[1], ids[3]]
    assert customer.get(table(near) + "?address_family=ipv6", say=False)["total_count"] == 3
    assert set(listed(customer, near, "?fields=destination&limit=1")[0]) == {"id", "destination"}
    assert customer.call("GET", table(near) + "?address_family=ipv5", check=False).status == 400


def test_the_quota_of_routes_is_the_operators(site, customer):
    near = in_use(site, customer)
    site.operator.post("/dcaas/v1/quotas", {"quota": {"project_id": customer.project_id, "type": "routePerGdgw", "quota": 3}})
    entries = [{"destination": "172.16.%d.0/24" % n, "nexthop": peer_of(near)} for n in range(4)]
    refused(change(customer, near, check=False, add_routes=entries), "DC.1019", "3 routes")
    change(customer, near, add_routes=entries[:3])
    refused(change(customer, near, check=False, add_routes=entries[3:]), "DC.1019")
    change(customer, near, del_routes=entries[:1])
    change(customer, near, add_routes=entries[3:])


def test_a_body_that_is_none_is_refused(site, customer):
    near = in_use(site, customer)
    for raw in (b"", b"[]", b"{}", b'{"gdgw_routetable": []}', b'{"gdgw_routetable": {"add_routes": {}}}',
                b'{"gdgw_routetable": {"add_routes": [1]}}', b'{"gdgw_routetable": {}, "dry_run": "yes"}'):
        answer = send(customer, "PUT", table(near), raw)
        assert answer.status == 400 and answer["error_code"] in ("DC.0000", "DC.0001"), (raw, answer)
    assert ordered(customer)["id"]
    assert customer.get(GATEWAYS)["global_dc_gateways"]
