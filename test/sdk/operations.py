# SPDX-License-Identifier: ISC
"""operations.py - one customer's life as a table: every operation of the contract that SDKs have, in an order in which each
succeeds. The table is the same for each SDK; test_operations.py runs it and checks what becomes of each step.

"{name}" in a step stands for a value of the site, or one that a step before has saved."""
import collections
import json
import os

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(TEST, "golden", "contract.json"), encoding="utf-8") as golden:
    CONTRACT = json.load(golden)
NOT_IN_SDKS = {"CreateVifPeerAtId"}  # the seed's example URL of CreateVifPeer
OPERATIONS = sorted(set(CONTRACT) - NOT_IN_SDKS)

# where: parameters of path and query. body: of the request. save: {name: place in the answer}. until: {place: value} that the
# operation's answer comes to. read: path of a plain request that shows afterwards what the body ordered, but for the members
# `unread`; then: {place: value} in its answer. gone: path that is 404 afterwards. A place is names and numbers with dots.
Step = collections.namedtuple("Step", "operation where body save until read unread then gone",
                              defaults=({}, None, {}, {}, None, (), {}, None))
DC = "/v3/{project}/dcaas/"
TAGS = "/v3/{project}/dc-vgw/{gateway}/tags"
OWN_TAG = {"resource_type": "dc-vgw", "resource_id": "{gateway}"}


def interface(vlan, net, **members):
    return {"virtual_interface": {"name": "interface-%d" % vlan, "direct_connect_id": "{line}", "type": "private", "vlan": vlan,
                                  "bandwidth": 50, "route_mode": "bgp", "bgp_asn": 65001, "local_gateway_v4_ip": net + ".1/30",
                                  "remote_gateway_v4_ip": net + ".2/30", "remote_ep_group": ["172.30.1.0/24", "172.30.0.0/24"], **members}}


STEPS = [
    # connections and locations
    Step("ListDirectConnects", {"id": ["{line}"], "limit": 10}, until={"direct_connects.0.id": "{line}"}),
    Step("UpdateDirectConnect", {"direct_connect_id": "{line}"}, {"direct_connect": {
        "name": "renamed", "description": "<äöü> & \"quotes\"", "peer_location": "Musterstraße 1"}}, read=DC + "direct-connects/{line}"),
    Step("ShowDirectConnect", {"direct_connect_id": "{line}"}, until={"direct_connect.name": "renamed"}),
    Step("ListDirectConnectLocations", {"limit": 100}),
    Step("ShowDirectConnectLocation", {"direct_connect_location_id": "{location}"},
         until={"direct_connect_location.id": "{location}"}),
    # hosted connections
    Step("CreateHostedDirectConnect", body={"hosted_connect": {
        "name": "share", "description": "of a partner", "hosting_id": "{hosting}", "vlan": 77, "bandwidth": 100,
        "resource_tenant_id": "{receiver}", "peer_location": "Main Street 1"}}, save={"hosted": "hosted_connect.id"},
        read=DC + "hosted-connects/{hosted}", unread=["resource_tenant_id"], then={"hosted_connect.tenant_id": "{receiver}"}),
    Step("ShowHostedDirectConnect", {"hosted_connect_id": "{hosted}"}, until={"hosted_connect.vlan": 77}),
    Step("ListHostedDirectConnects", {"hosting_id": ["{hosting}"]}, until={"hosted_connects.0.id": "{hosted}"}),
    Step("UpdateHostedDirectConnect", {"hosted_connect_id": "{hosted}"}, {"hosted_connect": {"name": "less", "bandwidth": 60}},
         read=DC + "hosted-connects/{hosted}"),
    Step("DeleteHostedDirectConnect", {"hosted_connect_id": "{hosted}"}, gone=DC + "hosted-connects/{hosted}"),
    # virtual gateways and tags
    Step("CreateVirtualGateway", body={"virtual_gateway": {
        "vpc_id": "{vpc}", "name": "gateway", "description": "of a table", "bgp_asn": 64600, "tags": [{"key": "env", "value": "test"}],
        "local_ep_group": ["10.21.0.0/16", "10.20.0.0/16"], "local_ep_group_ipv6": ["2001:db8:20::/48"]}},
        save={"gateway": "virtual_gateway.id"}, read=DC + "virtual-gateways/{gateway}"),
    Step("ShowVirtualGateway", {"virtual_gateway_id": "{gateway}"}, until={"virtual_gateway.status": "ACTIVE"}),
    Step("ListVirtualGateways", {"vpc_id": ["{vpc}", "{unknown}"], "limit": 5, "sort_key": "name", "sort_dir": ["desc"]},
         until={"virtual_gateways.0.id": "{gateway}"}),
    Step("UpdateVirtualGateway", {"virtual_gateway_id": "{gateway}"}, {"virtual_gateway": {
        "name": "gateway 2", "local_ep_group": ["10.22.0.0/16"]}}, read=DC + "virtual-gateways/{gateway}"),
    Step("CreateResourceTag", OWN_TAG, {"tag": {"key": "team", "value": "a"}}, read=TAGS,
         then={"tags.0.key": "env", "tags.1.key": "team", "tags.1.value": "a"}),
    Step("BatchCreateResourceTags", OWN_TAG, {"action": "create", "tags": [
        {"key": "env", "value": "prod"}, {"key": "short", "value": ""}]}, read=TAGS,
        then={"tags.0.value": "prod", "tags.2.key": "short", "tags.2.value": ""}),
    Step("ShowResourceTag", OWN_TAG, until={"tags.1.key": "team"}),
    Step("ListProjectTags", {"resource_type": "dc-vgw"}),
    Step("ListTagResourceInstances", {"resource_type": "dc-vgw"}, {
        "action": "filter", "limit": "10", "offset": "0", "tags": [{"key": "team", "values": ["a"]}],
        "matches": [{"key": "resource_name", "value": "GATEWAY"}]}, until={"total_count": 1, "resources.0.resource_id": "{gateway}"}),
    Step("DeleteResourceTag", {**OWN_TAG, "key": "env"}, read=TAGS, then={"tags.0.key": "team", "tags.1.key": "short", "tags.2": None}),
    # virtual interfaces, their peers and tests
    Step("CreateVirtualInterface", body=interface(130, "192.168.130", vgw_id="{gateway}", description="of a table", enable_bfd=True),
         save={"interface": "virtual_interface.id"}, read=DC + "virtual-interfaces/{interface}"),
    Step("ShowVirtualInterface", {"virtual_interface_id": "{interface}"}, save={"peer": "virtual_interface.vif_peers.0.id"},
         until={"virtual_interface.status": "ACTIVE"}),
    Step("ListVirtualInterfaces", {"vgw_id": ["{gateway}"], "direct_connect_id": ["{line}"], "status": ["ACTIVE"]},
         until={"virtual_interfaces.0.id": "{interface}", "page_info.current_count": 1}),
    Step("UpdateVirtualInterface", {"virtual_interface_id": "{interface}"}, {"virtual_interface": {
        "name": "changed", "description": "", "bandwidth": 60, "remote_ep_group": ["172.31.0.0/16"]}},
        read=DC + "virtual-interfaces/{interface}"),
    Step("UpdateExtendAttribute", {"virtual_interface_id": "{interface}"}, {"extend_attribute": {
        "ha_type": "bfd", "ha_mode": "auto_multi", "detect_multiplier": 7, "min_rx_interval": 300, "min_tx_interval": 400}},
        read=DC + "virtual-interfaces/{interface}", unread=["extend_attribute"], then={
            "virtual_interface.extend_attribute.detect_multiplier": 7, "virtual_interface.extend_attribute.min_rx_interval": 300}),
    Step("CreateVifPeer", body={"vif_peer": {
        "vif_id": "{interface}", "name": "second", "description": "IPv6", "address_family": "ipv6", "local_gateway_ip": "2001:db8:1::1/126",
        "remote_gateway_ip": "2001:db8:1::2/126", "route_mode": "bgp", "bgp_asn": 65001}}, save={"second": "vif_peer.id"},
        read=DC + "virtual-interfaces/{interface}", unread=["vif_peer"], then={
            "virtual_interface.vif_peers.1.id": "{second}", "virtual_interface.vif_peers.1.local_gateway_ip": "2001:db8:1::1/126"}),
    Step("UpdateVifPeer", {"vif_peer_id": "{second}"}, {"vif_peer": {"name": "renamed", "description": "again"}},
         read=DC + "virtual-interfaces/{interface}", unread=["vif_peer"], then={
             "virtual_interface.vif_peers.1.name": "renamed", "virtual_interface.vif_peers.1.description": "again"}),
    Step("DeleteVifPeer", {"vif_peer_id": "{second}"}, read=DC + "virtual-interfaces/{interface}", then={
        "virtual_interface.vif_peers.0.id": "{peer}", "virtual_interface.vif_peers.1": None}),
    Step("CreateVifPeerDetection", body={"vif_peer_detection": {"vif_peer_id": "{peer}"}},
         save={"detection": "vif_peer_detection.id"}, read=DC + "vif-peer-detections/{detection}"),
    Step("ShowVifPeerDetection", {"vif_peer_id": "{detection}"}, until={"vif_peer_detection.status": "complete"}),
    Step("ListVifPeerDetections", {"limit": 10}, until={"vif_peer_detections.0.id": "{detection}"}),
    Step("DeleteVifPeerDetection", {"vif_peer_id": "{detection}"}, gone=DC + "vif-peer-detections/{detection}"),
    Step("ShowVirtualInterface", {"virtual_interface_id": "{interface}"}, until={"virtual_interface.status": "ACTIVE"}),
    Step("SwitchoverTest", body={"switchover_test_record": {
        "resource_id": "{interface}", "resource_type": "virtual_interface", "operation": "shutdown"}},
        read=DC + "virtual-interfaces/{interface}", unread=["switchover_test_record"],
        then={"virtual_interface.status": "ADMIN_SHUTDOWN"}),
    Step("ListSwitchoverTestRecords", {"resource_id": ["{interface}"]}, until={
        "switchover_test_records.0.operation": "shutdown", "switchover_test_records.0.operate_status": "COMPLETE"}),
    Step("SwitchoverTest", body={"switchover_test_record": {
        "resource_id": "{interface}", "resource_type": "virtual_interface", "operation": "undo_shutdown"}},
        read=DC + "virtual-interfaces/{interface}", unread=["switchover_test_record"], then={"virtual_interface.status": "ACTIVE"}),
    Step("DeleteVirtualInterface", {"virtual_interface_id": "{interface}"}, gone=DC + "virtual-interfaces/{interface}"),
    Step("DeleteVirtualGateway", {"virtual_gateway_id": "{gateway}"}, gone=DC + "virtual-gateways/{gateway}"),
    # global DC gateways, their links and routes
    Step("CreateGlobalDcGateway", body={"global_dc_gateway": {
        "name": "global", "description": "of a table", "bgp_asn": 64700, "address_family": "dual", "tags": [{"key": "env", "value": "x"}]}},
        save={"global": "global_dc_gateway.id"}, read=DC + "global-dc-gateways/{global}"),
    Step("ShowGlobalDcGateway", {"global_dc_gateway_id": "{global}"}, until={"global_dc_gateway.available_peer_link_count": 3}),
    Step("ListGlobalDcGateways", {"name": ["global"]}, until={"global_dc_gateways.0.id": "{global}"}),
    Step("UpdateGlobalDcGateway", {"global_dc_gateway_id": "{global}"}, {"global_dc_gateway": {
        "name": "global-2", "description": "changed"}}, read=DC + "global-dc-gateways/{global}"),
    Step("CreateVirtualInterface", body=interface(150, "192.168.150", gateway_id="{global}", service_type="GDGW"),
         save={"interface": "virtual_interface.id"}, read=DC + "virtual-interfaces/{interface}"),
    Step("ShowVirtualInterface", {"virtual_interface_id": "{interface}"}, save={"peer": "virtual_interface.vif_peers.0.id"},
         until={"virtual_interface.status": "ACTIVE"}),
    Step("CreatePeerLink", {"global_dc_gateway_id": "{global}"}, {"peer_link": {
        "name": "link", "description": "to a router", "peer_site": {
            "gateway_id": "{router}", "project_id": "{project}", "region_id": "{region}"}}}, save={"link": "peer_link.id"},
        read=DC + "global-dc-gateways/{global}/peer-links/{link}"),
    Step("ShowPeerLink", {"global_dc_gateway_id": "{global}", "peer_link_id": "{link}"}, until={"peer_link.status": "ACTIVE"}),
    Step("ListPeerLinks", {"global_dc_gateway_id": "{global}", "limit": 5}, until={"peer_links.0.id": "{link}"}),
    Step("UpdatePeerLink", {"global_dc_gateway_id": "{global}", "peer_link_id": "{link}"}, {"peer_link": {
        "name": "link-2", "description": "changed"}}, read=DC + "global-dc-gateways/{global}/peer-links/{link}"),
    Step("UpdateGdgwRouteTable", {"gdgw_id": "{global}"}, {"gdgw_routetable": {"add_routes": [
        {"destination": "172.16.8.0/24", "nexthop": "{peer}", "type": "vif_peer", "description": "branch"}]}},
        read=DC + "gdgw/{global}/routetables", then={
            "gdgw_routetables.0.destination": "172.16.8.0/24", "gdgw_routetables.0.description": "branch"}),
    Step("ListGdgwRouteTables", {"gdgw_id": "{global}", "nexthop": ["{peer}"]}, until={"gdgw_routetables.0.status": "ACTIVE"}),
    Step("UpdateGdgwRouteTable", {"gdgw_id": "{global}"}, {"gdgw_routetable": {"del_routes": [
        {"destination": "172.16.8.0/24", "nexthop": "{peer}"}]}}, read=DC + "gdgw/{global}/routetables", then={"gdgw_routetables.0": None}),
    Step("DeletePeerLink", {"global_dc_gateway_id": "{global}", "peer_link_id": "{link}"},
         gone=DC + "global-dc-gateways/{global}/peer-links/{link}"),
    Step("DeleteVirtualInterface", {"virtual_interface_id": "{interface}"}, gone=DC + "virtual-interfaces/{interface}"),
    Step("DeleteGlobalDcGateway", {"global_dc_gateway_id": "{global}"}, gone=DC + "global-dc-gateways/{global}"),
    # connect gateways and global EIPs
    Step("CreateConnectGateway", body={"connect_gateway": {"name": "connect", "description": "of a table", "address_family": "ipv4"}},
         save={"connect": "connect_gateway.id"}, read=DC + "connect-gateways/{connect}"),
    Step("ShowConnectGateway", {"connect_gateway_id": "{connect}"}, until={"connect_gateway.current_geip_count": 0}),
    Step("ListConnectGateways", {"name": ["connect"]}, until={"connect_gateways.0.id": "{connect}"}),
    Step("UpdateConnectGateway", {"connect_gateway_id": "{connect}"}, {"connect_gateway": {
        "name": "connect-2", "description": "changed"}}, read=DC + "connect-gateways/{connect}"),
    Step("BindGlobalEips", {"connect_gateway_id": "{connect}"}, {"global_eips": [{"global_eip_id": "{eip}", "type": "IP_ADDRESS"}]},
         read=DC + "connect-gateways/{connect}/binding-global-eips", unread=["global_eips"], then={"global_eips.0.global_eip_id": "{eip}"}),
    Step("ListGlobalEips", {"connect_gateway_id": "{connect}"}, until={"global_eips.0.status": "BIND_SUCCESSFULLY"}),
    Step("UnbindGlobalEips", {"connect_gateway_id": "{connect}"}, {"global_eips": [{"global_eip_id": "{eip}"}]},
         read=DC + "connect-gateways/{connect}/binding-global-eips", unread=["global_eips"], then={"global_eips.0": None}),
    Step("DeleteConnectGateway", {"connect_gateway_id": "{connect}"}, gone=DC + "connect-gateways/{connect}"),
    # what is left
    Step("ShowQuotas"),
    Step("DeleteDirectConnect", {"direct_connect_id": "{spare}"}, gone=DC + "direct-connects/{spare}"),
]
