# SPDX-License-Identifier: ISC
"""BFD and NQA of an interface: switched on and off, parameters, the objects that its edge is asked for, and that an edge
which cannot watch makes the interface no worse."""
import json

import pytest
from fake_edge import FakeEdge

from support import V3, World, rows, send

PARAMETERS = {"ha_type": "bfd", "ha_mode": "auto_single", "detect_multiplier": 5, "min_rx_interval": 1000,
              "min_tx_interval": 1000, "remote_disclaim": None, "local_disclaim": None, "ipv6_remote_disclaim": None,
              "ipv6_local_disclaim": None}
V6 = {"local_gateway_ip": "2001:db8::1/64", "remote_gateway_ip": "2001:db8::2/64"}


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


@pytest.fixture
def tenant(world):
    return world.tenant()


@pytest.fixture
def line(world, tenant):
    return world.connection(tenant)


@pytest.fixture
def gateway(tenant):
    return tenant.gateway()["id"]


def path(vif):
    return V3 + "virtual-interfaces/" + vif["id"]


def put(tenant, vif, **members):
    return tenant.put(path(vif) + "/extend-attributes", {"extend_attribute": members})["extend_attribute"]


def switch(tenant, vif, **members):
    return tenant.put(path(vif), {"virtual_interface": members})["virtual_interface"]


def refused(tenant, vif, members, word, code="DC.0001", change=False):
    more, name = ("", "virtual_interface") if change else ("/extend-attributes", "extend_attribute")
    answer = send(tenant, "PUT", path(vif) + more, json.dumps({name: members}).encode())
    assert (answer.status, answer["error_code"]) == (400, code) and word in answer["error_msg"], answer


def objects(world, vif):
    """kind -> bodies of what the edge is asked for to watch the interface's peers."""
    found = rows(world.dcaasd, "SELECT kind, body FROM edge_object WHERE owner_id = ? AND deleted = 0 AND kind IN ('bfd', 'nqa') "
                 "ORDER BY body", vif["id"])
    return {kind: [json.loads(body) for other, body in found if other == kind] for kind, _ in found}


@pytest.mark.parametrize("kind", ["bfd", "nqa"])
def test_what_is_on_is_shown_by_interface_and_peers_and_asked_of_the_edge(world, tenant, line, gateway, kind):
    vif = tenant.interface(line, gateway, **{"enable_" + kind: True})
    tenant.peer(vif["id"], **V6)
    shown = tenant.show("virtual-interfaces/" + vif["id"])
    other = "nqa" if kind == "bfd" else "bfd"
    assert all(one["enable_" + kind] and not one["enable_" + other] for one in [shown, *shown["vif_peers"]])
    assert len(shown["vif_peers"]) == 2 and shown["extend_attribute"] is None
    asked = objects(world, vif)
    assert list(asked) == [kind] and [body["remote"] for body in asked[kind]] == ["192.0.2.2", "2001:db8::2"]
    assert all(body["multiplier"] == 5 and body["bgp"].startswith("bgp/") for body in asked[kind])
    switch(tenant, vif, **{"enable_" + kind: False})
    shown = tenant.show("virtual-interfaces/" + vif["id"])
    assert not any(one["enable_" + kind] for one in [shown, *shown["vif_peers"]]) and objects(world, vif) == {}


def test_parameters_have_defaults_are_kept_and_reach_the_edge(world, tenant, line, gateway):
    vif = tenant.interface(line, gateway, enable_bfd=True)
    assert put(tenant, vif, ha_type="bfd") == PARAMETERS
    assert put(tenant, vif, min_tx_interval=200, detect_multiplier=3) == {**PARAMETERS, "min_tx_interval": 200, "detect_multiplier": 3}
    assert put(tenant, vif, ha_mode="static_single", local_disclaim=10, remote_disclaim=16384) == tenant.show(
        "virtual-interfaces/" + vif["id"])["extend_attribute"]
    body, = objects(world, vif)["bfd"]
    assert (body["min_tx"], body["min_rx"], body["multiplier"]) == (200, 1000, 3)
    assert (body["local_disc"], body["remote_disc"]) == (10, 16384)
    put(tenant, vif, ha_mode="auto_multi")
    body, = objects(world, vif)["bfd"]
    assert body["local_disc"] is None and body["remote_disc"] is None


def test_nqa_has_whole_seconds_and_static_peers_too(world, tenant, line, gateway):
    vif = tenant.interface(line, gateway, enable_nqa=True, route_mode="static", bgp_asn=None)
    assert put(tenant, vif, ha_mode="enhance_nqa", min_tx_interval=1200, min_rx_interval=5000)["ha_type"] == "nqa"
    body, = objects(world, vif)["nqa"]
    assert (body["interval"], body["bgp"]) == (2000, None)


def test_parameters_go_when_nothing_is_on(tenant, line, gateway):
    vif = tenant.interface(line, gateway, enable_bfd=True)
    refused(tenant, vif, {"ha_type": "nqa"}, "ha_type")
    put(tenant, vif, detect_multiplier=9)
    refused(tenant, vif, {"enable_bfd": True, "enable_nqa": True}, "enable_bfd", change=True)
    refused(tenant, vif, {"enable_nqa": True}, "enable_", change=True)
    refused(tenant, vif, {"enable_nqa": True, "enable_bfd": False}, "enable_nqa", change=True)
    assert switch(tenant, vif, name="renamed")["extend_attribute"]["detect_multiplier"] == 9
    assert switch(tenant, vif, enable_bfd=False)["extend_attribute"] is None
    refused(tenant, vif, {"detect_multiplier": 5}, "enable_bfd")
    assert switch(tenant, vif, enable_nqa=True)["enable_nqa"]
    assert put(tenant, vif)["detect_multiplier"] == 5


@pytest.mark.parametrize("members,word", [
    ({"ha_type": "ping"}, "ha_type"), ({"ha_mode": "auto"}, "ha_mode"), ({"detect_multiplier": 2}, "detect_multiplier"),
    ({"detect_multiplier": 21}, "detect_multiplier"), ({"min_rx_interval": 199}, "min_rx_interval"),
    ({"min_tx_interval": 5001}, "min_tx_interval"), ({"min_tx_interval": 1001}, "min_tx_interval"),
    ({"min_rx_interval": 5000}, "min_rx_interval"), ({"local_disclaim": 0}, "local_disclaim"),
    ({"remote_disclaim": 16385}, "remote_disclaim"), ({"ha_mode": "static_multi"}, "local_disclaim"),
    ({"ha_mode": "static_multi", "local_disclaim": 1}, "remote_disclaim"), ({"ha_mode": "enhance_nqa"}, "enhance_nqa")])
def test_a_wrong_parameter_is_refused_and_named(world, tenant, line, gateway, members, word):
    vif = tenant.interface(line, gateway, enable_bfd=True)
    before = objects(world, vif)
    refused(tenant, vif, members, word)
    assert tenant.show("virtual-interfaces/" + vif["id"])["extend_attribute"] is None and objects(world, vif) == before


def test_static_discriminators_are_needed_for_each_family(tenant, line, gateway):
    vif = tenant.interface(line, gateway, enable_bfd=True)
    tenant.peer(vif["id"], **V6)
    both = {"ha_mode": "static_single", "local_disclaim": 1, "remote_disclaim": 2}
    refused(tenant, vif, both, "ipv6_local_disclaim")
    assert put(tenant, vif, **both, ipv6_local_disclaim=3, ipv6_remote_disclaim=4)["ipv6_remote_disclaim"] == 4


def test_nqa_refuses_modes_of_bfd(tenant, line, gateway):
    vif = tenant.interface(line, gateway, enable_nqa=True)
    refused(tenant, vif, {"ha_mode": "static_single", "local_disclaim": 1, "remote_disclaim": 2}, "ha_mode")


def test_parameters_of_others_and_of_what_goes_are_not_set(world, tenant, line, gateway):
    vif = tenant.interface(line, gateway, enable_bfd=True)
    unknown = {"id": "00000000-0000-4000-8000-00000000dead"}
    body = json.dumps({"extend_attribute": {"detect_multiplier": 5}}).encode()
    answers = [send(world.tenant(), "PUT", path(one) + "/extend-attributes", body) for one in (vif, unknown)]
    assert [(one.status, one["error_code"]) for one in answers] == [(404, "DC.1211")] * 2
    assert send(tenant.other("reader"), "PUT", path(vif) + "/extend-attributes", body).status == 403
    tenant.delete(path(vif))
    refused(tenant, vif, {"detect_multiplier": 5}, "deleted", "DC.1210")


def test_an_edge_that_cannot_watch_makes_the_interface_no_worse(world):
    tenant = world.tenant()
    edge = world.operator.post("/dcaas/v1/edges", {"edge": {"name": "fake-" + tenant.name, "location_id": world.location,
                               "device_id": "172.16.40.9", "report_interval": 60}})["edge"]
    port = world.port(edge["id"])
    vif = tenant.interface(world.connection(tenant, port_id=port), tenant.gateway()["id"], enable_bfd=True)
    fake = FakeEdge(world.endpoint, edge["token"])
    fake.apply(bfd={"state": "unsupported", "error": "this edge does not know the kind"})
    shown = tenant.show("virtual-interfaces/" + vif["id"])
    assert (shown["status"], shown["vif_peers"][0]["status"]) == ("ACTIVE", "ACTIVE")
    assert shown["reason"] == "ipv4: bfd: this edge does not know the kind"
    tenant.put(path(vif), {"virtual_interface": {"enable_bfd": False}})
    fake.apply()
    shown = tenant.show("virtual-interfaces/" + vif["id"])
    assert (shown["status"], shown["reason"]) == ("ACTIVE", None)
