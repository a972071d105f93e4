# SPDX-License-Identifier: ISC
"""Tags are rows of their own behind a list that is the same on the wire."""
import pytest

from support import V3, World, rows

TAGS = [{"key": "b", "value": "2"}, {"key": "a", "value": ""}, {"key": "ü c", "value": "x/y=z"}]


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(settings=["quota_virtual_gateways = -1"]))


def stored(world, table, owner):
    return rows(world.dcaasd, "SELECT position, key, value, tenant_id FROM %s_tag WHERE owner_id = ? ORDER BY id" % table, owner)


def all_of(tags, project):
    return [(place, tag["key"], tag["value"], project) for place, tag in enumerate(tags)]


def test_tags_come_back_in_their_order_and_are_rows(world):
    tenant = world.tenant()
    line = world.connection(tenant, tags=TAGS)
    gateway = tenant.gateway(tags=TAGS)
    vif = tenant.interface(line, gateway["id"], tags=TAGS)
    other = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g", "bgp_asn": 64600, "tags": TAGS}})[
        "global_dc_gateway"]
    for path, table, one in [("direct-connects/", "direct_connect", {"id": line, "tags": TAGS}),
                             ("virtual-gateways/", "virtual_gateway", gateway), ("virtual-interfaces/", "virtual_interface", vif),
                             ("global-dc-gateways/", "global_dc_gateway", other)]:
        assert one["tags"] == TAGS
        assert tenant.show(path + one["id"])["tags"] == TAGS
        assert stored(world, table, one["id"]) == all_of(TAGS, tenant.project_id)


def test_each_item_of_a_page_has_its_own_tags(world):
    tenant = world.tenant()
    wanted = {}
    for number in range(12):
        tags = [{"key": "k%d" % place, "value": str(number)} for place in range(number % 4)]
        wanted[tenant.gateway(tags=tags)["id"]] = tags
    for query in ("", "?sort_key=name&sort_dir=desc", "?limit=5"):
        found = tenant.get(V3 + "virtual-gateways" + query)["virtual_gateways"]
        assert len(found) in (12, 5) and all(one["tags"] == wanted[one["id"]] for one in found)
    picked = tenant.get(V3 + "virtual-gateways?fields=tags")["virtual_gateways"]
    assert {one["id"]: one["tags"] for one in picked} == wanted


def test_changed_tags_replace_all_and_a_change_of_something_else_keeps_them(world):
    tenant = world.tenant()
    line = world.connection(tenant, tags=TAGS)
    path = "/dcaas/v1/connections/" + line
    assert world.operator.put(path, {"direct_connect": {"name": "renamed"}})["direct_connect"]["tags"] == TAGS
    for tags in ([{"key": "only", "value": "1"}], [{"key": "only", "value": "2"}, {"key": "b", "value": ""}], []):
        assert world.operator.put(path, {"direct_connect": {"tags": tags}})["direct_connect"]["tags"] == tags
        assert tenant.show("direct-connects/" + line)["tags"] == tags
        assert stored(world, "direct_connect", line) == all_of(tags, tenant.project_id)


def test_tags_go_with_what_they_are_of(world):
    tenant = world.tenant()
    gateway = tenant.gateway(tags=TAGS)["id"]
    tenant.delete(V3 + "virtual-gateways/" + gateway)
    line = world.connection(tenant, tags=TAGS)
    world.operator.delete("/dcaas/v1/connections/" + line)
    assert stored(world, "virtual_gateway", gateway) == stored(world, "direct_connect", line) == []
    # The partner who has handed out a connection sees the row by another table.
    hosting = world.connection(tenant, type="hosting")
    hosted = world.connection(world.tenant(), type="hosted", hosting_id=hosting, vlan=77, bandwidth=100, tags=TAGS)
    tenant.delete(V3 + "hosted-connects/" + hosted)
    assert stored(world, "direct_connect", hosted) == []


def test_ids_in_upper_case_come_back_as_they_were_sent(world):
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    vif = tenant.interface(line.upper(), gateway.upper())
    assert (vif["direct_connect_id"], vif["vgw_id"]) == (line.upper(), gateway.upper())
    peer = tenant.peer(vif["id"].upper(), local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64")
    renamed = tenant.put(V3 + "vif-peers/" + peer["id"].upper(), {"vif_peer": {"name": "renamed"}})["vif_peer"]
    assert peer["vif_id"] == renamed["vif_id"] == vif["id"].upper()
    shown = [one["vif_id"] for one in tenant.show("virtual-interfaces/" + vif["id"])["vif_peers"] if one["id"] == peer["id"]]
    assert shown == [vif["id"].upper()]
    port = world.port()
    made = world.operator.post("/dcaas/v1/connections", {"direct_connect": {
        "tenant_id": tenant.project_id, "name": "line", "bandwidth": 1000, "location": "site", "port_type": "10G",
        "port_id": port.upper()}})["direct_connect"]
    assert made["port_id"] == world.operator.get("/dcaas/v1/connections/" + made["id"])["direct_connect"]["port_id"] == port.upper()
    events = world.operator.get("/dcaas/v1/events?resource_id=" + gateway.upper())["events"]
    assert [event["action"] for event in events] == ["create"]
