# SPDX-License-Identifier: ISC
"""doc/api.md: each operation of the contract with its errors and an example, and the life cycles. The examples are those of this
file, run one after the other; DCAAS_UPDATE=1 writes the sections of the page, to be looked at before they are committed."""
import json
import os
import re

import pytest
from declared import document
from fake_edge import FakeEdge

from support import World, send

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "doc", "api.md")
OF_EACH = {"DC.0000", "DC.0001", "DC.0003", "APIGW.0201", "APIGW.0301", "APIGW.0302"}
BEGIN, END = "<!-- written by test/api/test_examples.py: %s -->", "<!-- end of what is written: %s -->"


def contract():
    """{operation: (method, path, facts)} in the order of the document."""
    return {facts["operationId"]: (method.upper(), path, facts) for path, methods in document()["paths"].items()
            for method, facts in methods.items() if "x-dcaas-errors" in facts}


class Shop:
    """A project with what the operator gives it, and a router that does what is ordered. known: the values of {words}."""

    def __init__(self, dcaasd):
        self.world = World(dcaasd)
        self.tenant = self.world.tenant()
        self.edge = FakeEdge(self.world.endpoint, self.world.edge_token)
        world, tenant, operator = self.world, self.tenant, self.world.operator
        self.known = {"project_id": tenant.project_id, "line": world.connection(tenant), "spare_line": world.connection(tenant),
                      "partner_line": world.connection(tenant, type="hosting"), "other_project": world.tenant().project_id,
                      "vpc": tenant.vpc(["10.1.0.0/16"]), "location": world.location}
        self.known["router"] = operator.post("/dcaas/v1/enterprise-routers", {"enterprise_router": {
            "tenant_id": tenant.project_id, "name": "router"}})["enterprise_router"]["id"]
        operator.post("/dcaas/v1/attachments", {"attachment": {
            "tenant_id": tenant.project_id, "enterprise_router_id": self.known["router"], "port_id": world.vpc_port,
            "vlan": next(world.numbers), "prefixes": ["172.20.0.0/16"], "local_ip": "198.19.7.1/30"}})
        self.known["eip"] = operator.post("/dcaas/v1/eips", {"eip": {"tenant_id": tenant.project_id, "cidr": "203.0.113.7/32"}})[
            "eip"]["id"]

    def fill(self, text):
        return re.sub(r"\{([a-z_0-9]+)\}", lambda found: self.known[found[1]], text)

    def run(self, operation, path, body, keep):
        method, declared, facts = contract()[operation]
        assert re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(declared)), path.split("?")[0]), (operation, path)
        answer = send(self.tenant, method, self.fill(path), self.fill(json.dumps(body)).encode() if body is not None else b"")
        (status,) = (int(code) for code in facts["responses"] if code != "default")
        assert answer.status == status, (operation, answer)
        for name, where in (keep or {}).items():
            value = answer
            for part in where.split("."):
                value = value[int(part)] if part.isdigit() else value[part]
            self.known[name] = value
        self.edge.apply()


V3 = "/v3/{project_id}/dcaas/"
TAGS = "/v3/{project_id}/dc-vgw/"
INTERFACE = {"type": "private", "direct_connect_id": "{line}", "bandwidth": 50, "route_mode": "bgp", "bgp_asn": 65001}
# operation, path, body, what is kept of the answer for later ones
EXAMPLES = [
    ("ListDirectConnectLocations", V3 + "direct-connect-locations", None, None),
    ("ShowDirectConnectLocation", V3 + "direct-connect-locations/{location}", None, None),
    ("ListDirectConnects", V3 + "direct-connects?limit=10", None, None),
    ("ShowDirectConnect", V3 + "direct-connects/{line}", None, None),
    ("UpdateDirectConnect", V3 + "direct-connects/{line}", {"direct_connect": {"name": "line to the office"}}, None),
    ("DeleteDirectConnect", V3 + "direct-connects/{spare_line}", None, None),
    ("CreateHostedDirectConnect", V3 + "hosted-connects", {"hosted_connect": {
        "name": "share", "hosting_id": "{partner_line}", "vlan": 9, "bandwidth": 100, "resource_tenant_id": "{other_project}"}},
     {"share": "hosted_connect.id"}),
    ("ListHostedDirectConnects", V3 + "hosted-connects?hosting_id={partner_line}", None, None),
    ("ShowHostedDirectConnect", V3 + "hosted-connects/{share}", None, None),
    ("UpdateHostedDirectConnect", V3 + "hosted-connects/{share}", {"hosted_connect": {"bandwidth": 200}}, None),
    ("DeleteHostedDirectConnect", V3 + "hosted-connects/{share}", None, None),
    ("CreateVirtualGateway", V3 + "virtual-gateways", {"virtual_gateway": {
        "name": "office", "vpc_id": "{vpc}", "local_ep_group": ["10.1.0.0/16"]}}, {"gateway": "virtual_gateway.id"}),
    ("ListVirtualGateways", V3 + "virtual-gateways?vpc_id={vpc}", None, None),
    ("ShowVirtualGateway", V3 + "virtual-gateways/{gateway}", None, None),
    ("UpdateVirtualGateway", V3 + "virtual-gateways/{gateway}", {"virtual_gateway": {"description": "Berlin"}}, None),
    ("CreateResourceTag", TAGS + "{gateway}/tags", {"tag": {"key": "env", "value": "prod"}}, None),
    ("BatchCreateResourceTags", TAGS + "{gateway}/tags/action", {"action": "create", "tags": [{"key": "team", "value": "a"}]}, None),
    ("ShowResourceTag", TAGS + "{gateway}/tags", None, None),
    ("ListProjectTags", TAGS + "tags", None, None),
    ("ListTagResourceInstances", TAGS + "resource-instances/action", {
        "action": "filter", "tags": [{"key": "env", "values": ["prod"]}]}, None),
    ("DeleteResourceTag", TAGS + "{gateway}/tags/team", None, None),
    ("CreateVirtualInterface", V3 + "virtual-interfaces", {"virtual_interface": {
        "name": "office", "vgw_id": "{gateway}", "vlan": 100, **INTERFACE, "local_gateway_v4_ip": "169.254.10.1/30",
        "remote_gateway_v4_ip": "169.254.10.2/30", "remote_ep_group": ["192.168.0.0/24"]}},
     {"interface": "virtual_interface.id", "peer": "virtual_interface.vif_peers.0.id"}),
    ("ListVirtualInterfaces", V3 + "virtual-interfaces?vgw_id={gateway}", None, None),
    ("ShowVirtualInterface", V3 + "virtual-interfaces/{interface}", None, None),
    ("UpdateVirtualInterface", V3 + "virtual-interfaces/{interface}", {"virtual_interface": {"enable_bfd": True}}, None),
    ("UpdateExtendAttribute", V3 + "virtual-interfaces/{interface}/extend-attributes", {"extend_attribute": {
        "ha_type": "bfd", "ha_mode": "auto_single", "detect_multiplier": 3, "min_rx_interval": 300, "min_tx_interval": 300}}, None),
    ("CreateVifPeer", V3 + "vif-peers", {"vif_peer": {
        "vif_id": "{interface}", "name": "office-v6", "address_family": "ipv6", "local_gateway_ip": "fd00:10::1/126",
        "remote_gateway_ip": "fd00:10::2/126", "route_mode": "bgp", "bgp_asn": 65001}}, {"peer6": "vif_peer.id"}),
    ("UpdateVifPeer", V3 + "vif-peers/{peer6}", {"vif_peer": {"name": "office over IPv6"}}, None),
    ("DeleteVifPeer", V3 + "vif-peers/{peer6}", None, None),
    ("CreateVifPeerAtId", V3 + "vif-peers/{interface}", {"vif_peer": {
        "name": "office-v6", "address_family": "ipv6", "local_gateway_ip": "fd00:10::1/126",
        "remote_gateway_ip": "fd00:10::2/126"}}, None),
    ("CreateVifPeerDetection", V3 + "vif-peer-detections", {"vif_peer_detection": {"vif_peer_id": "{peer}"}},
     {"detection": "vif_peer_detection.id"}),
    ("ListVifPeerDetections", V3 + "vif-peer-detections?vif_peer_id={peer}", None, None),
    ("ShowVifPeerDetection", V3 + "vif-peer-detections/{detection}", None, None),
    ("DeleteVifPeerDetection", V3 + "vif-peer-detections/{detection}", None, None),
    ("SwitchoverTest", V3 + "switchover-test", {"switchover_test_record": {
        "resource_id": "{interface}", "resource_type": "virtual_interface", "operation": "shutdown"}}, None),
    ("ListSwitchoverTestRecords", V3 + "switchover-test?resource_id={interface}", None, None),
    ("DeleteVirtualInterface", V3 + "virtual-interfaces/{interface}", None, None),
    ("CreateGlobalDcGateway", V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "backbone", "bgp_asn": 64600}},
     {"global": "global_dc_gateway.id"}),
    ("ListGlobalDcGateways", V3 + "global-dc-gateways?name=backbone", None, None),
    ("ShowGlobalDcGateway", V3 + "global-dc-gateways/{global}", None, None),
    ("UpdateGlobalDcGateway", V3 + "global-dc-gateways/{global}", {"global_dc_gateway": {"address_family": "dual"}}, None),
    ("CreateVirtualInterface", V3 + "virtual-interfaces", {"virtual_interface": {
        "name": "plant", "service_type": "GDGW", "gateway_id": "{global}", "vlan": 101, **INTERFACE,
        "local_gateway_v4_ip": "169.254.11.1/30", "remote_gateway_v4_ip": "169.254.11.2/30"}},
     {"plant": "virtual_interface.id", "plant_peer": "virtual_interface.vif_peers.0.id"}),
    ("CreatePeerLink", V3 + "global-dc-gateways/{global}/peer-links", {"peer_link": {
        "name": "to-router", "peer_site": {"gateway_id": "{router}", "project_id": "{project_id}", "region_id": "region-1"}}},
     {"link": "peer_link.id"}),
    ("ListPeerLinks", V3 + "global-dc-gateways/{global}/peer-links", None, None),
    ("ShowPeerLink", V3 + "global-dc-gateways/{global}/peer-links/{link}", None, None),
    ("UpdatePeerLink", V3 + "global-dc-gateways/{global}/peer-links/{link}", {"peer_link": {"description": "to the cloud"}}, None),
    ("UpdateGdgwRouteTable", V3 + "gdgw/{global}/routetables", {"gdgw_routetable": {"add_routes": [
        {"destination": "172.30.0.0/16", "nexthop": "{plant_peer}", "type": "vif_peer"}]}}, None),
    ("ListGdgwRouteTables", V3 + "gdgw/{global}/routetables", None, None),
    ("DeletePeerLink", V3 + "global-dc-gateways/{global}/peer-links/{link}", None, None),
    ("CreateConnectGateway", V3 + "connect-gateways", {"connect_gateway": {"name": "internet"}}, {"internet": "connect_gateway.id"}),
    ("ListConnectGateways", V3 + "connect-gateways", None, None),
    ("ShowConnectGateway", V3 + "connect-gateways/{internet}", None, None),
    ("UpdateConnectGateway", V3 + "connect-gateways/{internet}", {"connect_gateway": {"description": "the way out"}}, None),
    ("BindGlobalEips", V3 + "connect-gateways/{internet}/binding-global-eips", {"global_eips": [
        {"global_eip_id": "{eip}", "type": "IP_ADDRESS"}]}, None),
    ("ListGlobalEips", V3 + "connect-gateways/{internet}/binding-global-eips", None, None),
    ("UnbindGlobalEips", V3 + "connect-gateways/{internet}/unbinding-global-eips", {"global_eips": [{"global_eip_id": "{eip}"}]}, None),
    ("DeleteConnectGateway", V3 + "connect-gateways/{internet}", None, None),
    ("DeleteVirtualGateway", V3 + "virtual-gateways/{gateway}", None, None),
    ("ShowQuotas", V3 + "quotas?type=virtualInterface", None, None),
]
LAST = [
    ("UpdateGdgwRouteTable", V3 + "gdgw/{global}/routetables", {"gdgw_routetable": {"del_routes": [
        {"destination": "172.30.0.0/16", "nexthop": "{plant_peer}"}]}}, None),
    ("DeleteVirtualInterface", V3 + "virtual-interfaces/{plant}", None, None),
    ("DeleteGlobalDcGateway", V3 + "global-dc-gateways/{global}", None, None),
]


def test_each_example_of_the_page_works(new_dcaasd):
    shop = Shop(new_dcaasd())
    shop.edge.apply()
    for example in EXAMPLES + LAST:
        shop.run(*example)


def test_each_operation_of_the_contract_has_an_example():
    assert {example[0] for example in EXAMPLES + LAST} == set(contract())


# --- the page ---


def example_of(operation):
    return next(example for example in EXAMPLES + LAST if example[0] == operation)


def request(operation):
    _, path, body, _ = example_of(operation)
    text = "%s %s" % (contract()[operation][0], path)
    return text if body is None else text + "\n\n" + json.dumps(body, indent=1 if len(json.dumps(body)) > 100 else None)


def operations_section():
    lines = ["Besides the errors that the tables name, each operation may be answered with %s." % ", ".join(
        "`%s`" % code for code in sorted(OF_EACH)), ""]
    for operation, (_, _, facts) in contract().items():
        own = [code for code in facts["x-dcaas-errors"] if code not in OF_EACH]
        (status,) = (code for code in facts["responses"] if code != "default")
        lines += ["### %s" % operation, "", facts["summary"], "", "```http", *request(operation).split("\n"), "```", "",
                  "Status of success: %s. Errors of its own: %s." % (status, ", ".join("`%s`" % code for code in own) or "none"), ""]
    return "\n".join(lines).rstrip() + "\n"


def life_section():
    lines = []
    for tag in document()["tags"]:
        if "x-dcaas-life-cycle" not in tag:
            continue
        moves = {}
        for one in tag["x-dcaas-life-cycle"]:
            if one["from"] is None or one["from"] != one["to"]:
                moves.setdefault((one["on"], one["to"]), []).append(one["from"] or "any")
        lines += ["### Life cycle: %s" % tag["name"], "", "| event | from | to |", "| --- | --- | --- |"]
        lines += ["| %s | %s | %s |" % (on, ", ".join(before), to or "gone") for (on, to), before in moves.items()]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def errors_section():
    lines = ["| status | code | meaning |", "| --- | --- | --- |"]
    lines += ["| %d | %s | %s |" % (one["status"], one["code"], one["words"]) for one in document()["x-dcaas-error-codes"]
              if one["words"] not in ("Try again",)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name, section", [("operations", operations_section), ("life cycles", life_section),
                                           ("error codes", errors_section)])
def test_the_page_has_what_the_tables_and_the_examples_have(name, section):
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    before, found, rest = text.partition(BEGIN % name + "\n")
    assert found, "doc/api.md has no place for: " + name
    shown, found, after = rest.partition(END % name)
    assert found
    wanted = "\n" + section() + "\n"
    if os.environ.get("DCAAS_UPDATE"):
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(before + BEGIN % name + "\n" + wanted + END % name + after)
        shown = wanted
    assert shown == wanted, "run this test with DCAAS_UPDATE=1"
