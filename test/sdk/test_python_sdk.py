# SPDX-License-Identifier: ISC
"""The official Python SDK (huaweicloudsdkdc) over HTTP and HTTPS: only endpoint and credentials are set. The certificate is
trusted by REQUESTS_CA_BUNDLE."""
import datetime
import os

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, SdkException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkdc.v3 import DcClient, model
from sdk_site import FOUR_BYTES, PROJECT, REGION, ROUTER, SCHEMES, SdkSite
from support import wait_for

UNKNOWN = "00000000-0000-4000-8000-00000000dead"


class Customer:
    """The SDK's client, and what a test ordered with it: taken back in reverse."""

    def __init__(self, env, secret_key=None):
        self.line, self.spare = env["DCAAS_DIRECT_CONNECT_ID"], env["DCAAS_SPARE_DIRECT_CONNECT_ID"]
        self.location, self.env, self.ordered = env["DCAAS_LOCATION_ID"], env, []
        credentials = BasicCredentials(env["DCAAS_ACCESS_KEY"], secret_key or env["DCAAS_SECRET_KEY"],
                                       env["DCAAS_PROJECT_ID"])
        self.client = DcClient.new_builder().with_credentials(credentials).with_endpoint(env["DCAAS_ENDPOINT"]).build()

    @staticmethod
    def region_client(env):
        """Knows no project: the SDK asks IAM, here the same server, for the one that is named like the region."""
        credentials = BasicCredentials(env["DCAAS_ACCESS_KEY"], env["DCAAS_SECRET_KEY"]).with_iam_endpoint(env["DCAAS_ENDPOINT"])
        return DcClient.new_builder().with_credentials(credentials).with_region(Region(REGION, env["DCAAS_ENDPOINT"])).build()

    def call(self, operation, body=None, **members):
        """Operation with the SDK's own request class; body: {class: members} of the request body's one object."""
        request = getattr(model, "".join(part.title() for part in operation.split("_")) + "Request")(**members)
        if body is not None:
            request.body = body
        return getattr(self.client, operation)(request)

    def order(self, operation, wrapper, one, **members):
        return self.call(operation, getattr(model, wrapper)(**one), **members)

    def gateway(self, number, *subnets, **members):
        made = self.order("create_virtual_gateway", "CreateVirtualGatewayRequestBody", {
            "virtual_gateway": model.CreateVirtualGateway(vpc_id=vpc(number), name="python-%d" % number,
                                                          local_ep_group=list(subnets), **members)}).virtual_gateway
        self.ordered.append(lambda: self.call("delete_virtual_gateway", virtual_gateway_id=made.id))
        return made

    def interface(self, gateway, vlan, **members):
        body = {"name": "vif-%d" % vlan, "direct_connect_id": self.line, "vgw_id": gateway, "vlan": vlan, "bandwidth": 10,
                "type": "private", "route_mode": "static", **members}
        made = self.order("create_virtual_interface", "CreateVirtualInterfaceRequestBody", {
            "virtual_interface": model.CreateVirtualInterface(**body)}).virtual_interface
        self.ordered.append(lambda: self.drop_interface(made.id))
        return made

    def peer(self, **members):
        return self.order("create_vif_peer", "CreateVifPeerRequestBody", {"vif_peer": model.CreateVifPeer(**members)})

    def global_gateway(self, **members):
        made = self.order("create_global_dc_gateway", "CreateGlobalDcGatewayRequestBody", {
            "global_dc_gateway": model.CreateGlobalDcGateway(**members)}).global_dc_gateway
        self.ordered.append(lambda: self.call("delete_global_dc_gateway", global_dc_gateway_id=made.id))
        return made

    def show_global_gateway(self, gateway):
        return self.call("show_global_dc_gateway", global_dc_gateway_id=gateway).global_dc_gateway

    def link(self, gateway):
        """The published example of *add a peer link*."""
        site = model.CreateExternalPeerLinkRequestBodyPeerLinkPeerSite(gateway_id=ROUTER, project_id=PROJECT,
                                                                       region_id=REGION)
        body = model.CreateExternalPeerLinkRequestBodyPeerLink(name="dgw-peer-link-94dc", peer_site=site)
        return self.order("create_peer_link", "CreateExternalPeerLinkRequestBody", {"peer_link": body},
                          global_dc_gateway_id=gateway)

    def show_link(self, gateway, link):
        return self.call("show_peer_link", global_dc_gateway_id=gateway, peer_link_id=link).peer_link

    def active_link(self, gateway, link):
        return wait_for("the link is ACTIVE",
                        lambda: (lambda now: now.status == "ACTIVE" and now)(self.show_link(gateway, link)), 60)

    def drop_link(self, gateway, link):
        self.call("delete_peer_link", global_dc_gateway_id=gateway, peer_link_id=link)
        gone("the link", lambda: self.show_link(gateway, link))

    def show(self, interface):
        return self.call("show_virtual_interface", virtual_interface_id=interface).virtual_interface

    def active(self, interface):
        return wait_for("the interface is ACTIVE", lambda: (lambda now: now.status == "ACTIVE" and now)(self.show(interface)), 60)

    def drop_interface(self, interface):
        self.call("delete_virtual_interface", virtual_interface_id=interface)
        gone("the interface", lambda: self.show(interface))

    def take_back(self):
        while self.ordered:
            self.ordered.pop()()


def vpc(number):
    return "6a1e2f30-0000-4000-8000-%012d" % number


def gone(what, look):
    def is_gone():
        try:
            look()
        except ClientRequestException as error:
            return error.status_code == 404
        return False
    wait_for(what + " is gone", is_gone, 60)


def refused(status, code, call):
    """The call fails with the SDK's typed error with that status and code, words and a request id."""
    with pytest.raises(ClientRequestException) as caught:
        call()
    error = caught.value
    assert (error.status_code, error.error_code) == (status, code), error
    assert error.error_msg and len(error.request_id) == 32, error
    return error


@pytest.fixture(scope="module", params=SCHEMES)
def env(request):
    """What an SDK's user knows of a new server."""
    with SdkSite(request.param) as site:
        before = os.environ.get("REQUESTS_CA_BUNDLE")
        if request.param == "https":
            os.environ["REQUESTS_CA_BUNDLE"] = site.certificate
        try:
            yield site.tenant()
        finally:
            os.environ.pop("REQUESTS_CA_BUNDLE", None)
            if before is not None:
                os.environ["REQUESTS_CA_BUNDLE"] = before


@pytest.fixture
def customer(env):
    customer = Customer(env)
    yield customer
    customer.take_back()


def test_direct_connects_are_listed_filtered_and_paged(customer):
    answer = customer.call("list_direct_connects", id=[customer.line])
    assert [one.id for one in answer.direct_connects] == [customer.line]
    assert answer.direct_connects[0].tenant_id == PROJECT and len(answer.request_id) == 32

    seen, names, marker = [], [], None
    for _ in range(10):
        page = customer.call("list_direct_connects", limit=1, marker=marker, fields=["id", "name"], sort_key="name",
                             sort_dir=["desc"])
        one, = page.direct_connects
        seen.append(one.id)
        names.append(one.name)
        assert one.location is None
        marker = page.page_info.next_marker
        if marker is None:
            break
    assert sorted(seen) == sorted([customer.line, customer.spare])
    assert names == sorted(names, reverse=True)


def test_project_is_found_by_the_name_of_the_region(customer):
    client = Customer.region_client(customer.env)
    shown = client.show_direct_connect(model.ShowDirectConnectRequest(direct_connect_id=customer.line))
    assert shown.direct_connect.tenant_id == PROJECT


def test_direct_connect_is_shown_and_updated(customer):
    before = customer.call("show_direct_connect", direct_connect_id=customer.line).direct_connect
    assert (before.port_type, before.type) == ("10G", "standard")
    made = datetime.datetime.fromisoformat(str(before.create_time).replace("Z", "+00:00"))
    made = made if made.tzinfo else made.replace(tzinfo=datetime.timezone.utc)
    assert abs(datetime.datetime.now(datetime.timezone.utc) - made) < datetime.timedelta(hours=1)

    change = {"name": "renamed by Python", "description": "<äöü> & \"quotes\"", "peer_location": "Musterstraße 1"}
    answer = customer.order("update_direct_connect", "UpdateDirectConnectRequestBody", {
        "direct_connect": model.UpdateDirectConnect(**change)}, direct_connect_id=customer.line).direct_connect
    assert answer.name == "renamed by Python"
    after = customer.call("show_direct_connect", direct_connect_id=customer.line).direct_connect
    assert {name: getattr(after, name) for name in change} == change
    assert after.bandwidth == before.bandwidth


def test_locations_are_listed_and_shown(customer):
    listed = customer.call("list_direct_connect_locations").direct_connect_locations
    assert customer.location in [one.id for one in listed]
    one = customer.call("show_direct_connect_location", direct_connect_location_id=customer.location)
    assert one.direct_connect_location.region_id == REGION


def test_virtual_gateway_is_created_listed_shown_updated_and_deleted(customer):
    made = customer.gateway(1001, "10.21.0.0/16", "10.20.0.0/16", description="of Python", bgp_asn=64600,
                            local_ep_group_ipv6=["2001:db8:20::/48"], tags=[model.Tag(key="env", value="test")])
    assert (made.bgp_asn, made.status, made.local_ep_group) == (64600, "ACTIVE", ["10.21.0.0/16", "10.20.0.0/16"])

    listed = customer.call("list_virtual_gateways", vpc_id=[vpc(1001), UNKNOWN]).virtual_gateways
    assert [one.id for one in listed] == [made.id]

    customer.order("update_virtual_gateway", "UpdateVirtualGatewayRequestBody", {
        "virtual_gateway": model.UpdateVirtualGateway(name="gw2", local_ep_group=["10.22.0.0/16"])},
        virtual_gateway_id=made.id)
    shown = customer.call("show_virtual_gateway", virtual_gateway_id=made.id).virtual_gateway
    assert (shown.name, shown.description, shown.vpc_id) == ("gw2", "of Python", vpc(1001))
    assert (shown.local_ep_group, shown.local_ep_group_ipv6) == (["10.22.0.0/16"], ["2001:db8:20::/48"])
    assert [(tag.key, tag.value) for tag in shown.tags] == [("env", "test")]

    customer.take_back()
    refused(404, "DC.1111", lambda: customer.call("show_virtual_gateway", virtual_gateway_id=made.id))


def test_gateway_that_carries_an_interface_is_not_deleted(customer):
    gateway = customer.gateway(1002, "10.24.0.0/16")
    customer.interface(gateway.id, 120, local_gateway_v4_ip="192.168.120.1/30", remote_gateway_v4_ip="192.168.120.2/30",
                       remote_ep_group=["172.20.0.0/16"])
    refused(400, "DC.1106", lambda: customer.call("delete_virtual_gateway", virtual_gateway_id=gateway.id))


def test_virtual_interface_is_created_becomes_active_is_listed_updated_and_deleted(customer):
    gateway = customer.gateway(1003, "10.30.0.0/16")
    made = customer.interface(gateway.id, 130, name="vif", description="of Python", bandwidth=50, service_type="VGW",
                              route_mode="bgp", bgp_asn=65010, bgp_md5="a-Secret-1",
                              local_gateway_v4_ip="192.168.130.1/30", remote_gateway_v4_ip="192.168.130.2/30",
                              remote_ep_group=["172.30.1.0/24", "172.30.0.0/24"])
    assert (made.status, made.vlan, made.service_type) == ("PENDING_CREATE", 130, "VGW")
    assert made.remote_ep_group == ["172.30.1.0/24", "172.30.0.0/24"]

    now = customer.active(made.id)
    peer, = now.vif_peers
    assert (peer.route_mode, peer.bgp_status, peer.bgp_asn, peer.bgp_md5) == ("bgp", "up", 65010, "a-Secret-1")
    assert peer.local_gateway_ip == "192.168.130.1/30"

    listed = customer.call("list_virtual_interfaces", vgw_id=[gateway.id], direct_connect_id=[customer.line],
                           status=["ACTIVE"])
    assert [one.id for one in listed.virtual_interfaces] == [made.id] and listed.page_info.current_count == 1

    change = {"name": "vif2", "description": "", "bandwidth": 60, "remote_ep_group": ["172.31.0.0/16"]}
    customer.order("update_virtual_interface", "UpdateVirtualInterfaceRequestBody", {
        "virtual_interface": model.UpdateVirtualInterface(**change)}, virtual_interface_id=made.id)
    now = customer.active(made.id)
    assert {name: getattr(now, name) for name in change} == change

    customer.take_back()
    assert customer.call("list_virtual_interfaces", id=[made.id]).virtual_interfaces == []


def test_four_byte_as_numbers_are_read(customer):
    listed = customer.call("list_virtual_interfaces", id=[customer.env["DCAAS_FOUR_BYTE_INTERFACE_ID"]]).virtual_interfaces[0]
    gateway = customer.call("list_virtual_gateways", id=[listed.vgw_id]).virtual_gateways[0]
    assert (gateway.bgp_asn, listed.vif_peers[0].bgp_asn) == FOUR_BYTES


def test_detection_parameters_need_a_detection(customer):
    gateway = customer.gateway(1009, "10.32.0.0/16")
    vif = customer.interface(gateway.id, 132, local_gateway_v4_ip="192.168.132.1/30", remote_gateway_v4_ip="192.168.132.2/30")
    refused(400, "DC.0001", lambda: customer.order("update_extend_attribute", "UpdateExtendAttributeRequestBody", {
        "extend_attribute": model.VifExtendAttribute(ha_type="bfd", detect_multiplier=5)}, virtual_interface_id=vif.id))


def test_detection_parameters_are_set_and_shown(customer):
    gateway = customer.gateway(1010, "10.33.0.0/16")
    vif = customer.interface(gateway.id, 133, enable_bfd=True, local_gateway_v4_ip="192.168.133.1/30",
                             remote_gateway_v4_ip="192.168.133.2/30")
    wanted = {"ha_type": "bfd", "ha_mode": "auto_multi", "detect_multiplier": 7, "min_rx_interval": 300, "min_tx_interval": 400}
    answer = customer.order("update_extend_attribute", "UpdateExtendAttributeRequestBody", {
        "extend_attribute": model.VifExtendAttribute(**wanted)}, virtual_interface_id=vif.id)
    shown = customer.show(vif.id)
    assert shown.enable_bfd and shown.vif_peers[0].enable_bfd and not shown.enable_nqa
    for one in (answer.extend_attribute, shown.extend_attribute):
        assert {name: getattr(one, name) for name in wanted} == wanted


def test_a_switchover_test_is_started_listed_and_undone(customer):
    gateway = customer.gateway(1012, "10.35.0.0/16")
    vif = customer.interface(gateway.id, 135, route_mode="bgp", bgp_asn=65035, local_gateway_v4_ip="192.168.135.1/30",
                             remote_gateway_v4_ip="192.168.135.2/30")
    customer.active(vif.id)

    def switch(operation):
        made = customer.order("switchover_test", "CreateSwitchoverTestRequestBody", {"switchover_test_record": model.CreateSwitchoverTest(
            resource_id=vif.id, resource_type="virtual_interface", operation=operation)}).switchover_test_record
        assert (made.operation, made.operate_status, made.resource_id) == (operation, "STARTING", vif.id)

        def done():
            listed = customer.call("list_switchover_test_records", resource_id=[vif.id]).switchover_test_records
            return next(one for one in listed if one.id == made.id).operate_status == "COMPLETE"
        wait_for("%s is COMPLETE" % operation, done)

    switch("shutdown")
    assert customer.show(vif.id).status == "ADMIN_SHUTDOWN"
    refused(400, "DC.1210", lambda: switch("shutdown"))
    switch("undo_shutdown")
    customer.active(vif.id)


def test_a_peer_detection_is_created_shown_listed_and_deleted(customer):
    gateway = customer.gateway(1013, "10.36.0.0/16")
    vif = customer.interface(gateway.id, 136, local_gateway_v4_ip="192.168.136.1/30", remote_gateway_v4_ip="192.168.136.2/30")
    peer = customer.active(vif.id).vif_peers[0].id
    made = customer.order("create_vif_peer_detection", "CreateVifPeerDetectionRequestBody", {
        "vif_peer_detection": model.CreateVifPeerDetectionRequestBodyVifPeerDetection(vif_peer_id=peer)}).vif_peer_detection
    assert (made.vif_peer_id, made.project_id, made.status) == (peer, PROJECT, "processing")

    def done():
        now = customer.call("show_vif_peer_detection", vif_peer_id=made.id).vif_peer_detection
        return now.status == "complete" and now
    assert wait_for("the detection is complete", done).loss_ratio == 0
    assert made.id in [one.id for one in customer.call("list_vif_peer_detections", limit=10).vif_peer_detections]
    customer.call("delete_vif_peer_detection", vif_peer_id=made.id)
    refused(404, "DC.0002", lambda: customer.call("show_vif_peer_detection", vif_peer_id=made.id))


def test_tags_are_set_read_searched_and_removed(customer):
    gateway = customer.gateway(1011, "10.34.0.0/16", tags=[model.Tag(key="env", value="test")])
    where = {"resource_type": "dc-vgw", "resource_id": gateway.id}
    customer.order("create_resource_tag", "CreateResourceTagRequestBody", {"tag": model.Tag(key="team", value="a")}, **where)
    customer.order("batch_create_resource_tags", "BatchOperateResourceTagsRequestBody", {
        "action": "create", "tags": [model.Tag(key="env", value="prod"), model.Tag(key="short", value="")]}, **where)
    customer.call("delete_resource_tag", key="short", **where)
    shown = customer.call("show_resource_tag", **where)
    assert [(tag.key, tag.value) for tag in shown.tags] == [("env", "prod"), ("team", "a")]
    used = {tag.key: tag.value for tag in customer.call("list_project_tags", resource_type="dc-vgw").tags}
    assert (used["env"], used["team"]) == ("prod", "a")

    def find(action, **conditions):
        return customer.order("list_tag_resource_instances", "ListTagResourceInstancesRequestBody",
                              {"action": action, **conditions}, resource_type="dc-vgw")

    team = [model.Tags(key="team", values=["a"])]
    found = find("filter", limit="10", offset="0", tags=team, matches=[model.Match(key="resource_name", value="PYTHON")])
    assert [(one.resource_id, one.resource_name) for one in found.resources] == [(gateway.id, gateway.name)]
    assert (found.total_count, find("count", tags=team).total_count) == (1, 1)
    customer.order("batch_create_resource_tags", "BatchOperateResourceTagsRequestBody", {
        "action": "delete", "tags": [model.Tag(key="env"), model.Tag(key="team")]}, **where)
    assert find("count", tags=team).total_count == 0
    refused(404, "DC.0002", lambda: customer.call("delete_resource_tag", key="team", **where))


def test_one_vlan_carries_one_interface(customer):
    gateway = customer.gateway(1004, "10.31.0.0/16")
    customer.interface(gateway.id, 131, local_gateway_v4_ip="192.168.131.1/30", remote_gateway_v4_ip="192.168.131.2/30")
    refused(400, "DC.1209", lambda: customer.interface(gateway.id, 131, local_gateway_v4_ip="192.168.131.5/30",
                                                       remote_gateway_v4_ip="192.168.131.6/30"))


def static_ipv6_interface(customer, number, link, vlan):
    """A static interface that is IPv6-only and also carries the IPv4 addresses of the published example."""
    return customer.interface(customer.gateway(number, "10.40.0.0/16").id, vlan, address_family="ipv6",
                              local_gateway_v6_ip=link + "1/126", remote_gateway_v6_ip=link + "2/126",
                              local_gateway_v4_ip="12.3.4.1/30", remote_gateway_v4_ip="12.3.4.2/30",
                              remote_ep_group=["2001:db8:4000::/36"])


def test_published_example_of_create_vif_peer(customer):
    vif = static_ipv6_interface(customer, 1005, "2001:db8:1::", 140)
    answer = customer.peer(name="vif-0819", description="mytest", remote_ep_group=["20.1.1.0/24"], vif_id=vif.id)
    assert answer.status_code == 201
    wanted = {"name": "vif-0819", "description": "mytest", "tenant_id": PROJECT, "address_family": "ipv4",
              "local_gateway_ip": "12.3.4.1/30", "remote_gateway_ip": "12.3.4.2/30", "route_mode": "static", "bgp_asn": None,
              "bgp_md5": None, "bgp_route_limit": 100, "bgp_status": None, "status": "PENDING_CREATE", "vif_id": vif.id,
              "receive_route_num": -1, "remote_ep_group": ["20.1.1.0/24"]}
    assert {name: getattr(answer.vif_peer, name) for name in wanted} == wanted

    now = customer.active(vif.id)
    assert [peer.status for peer in now.vif_peers] == ["ACTIVE", "ACTIVE"]


def test_vif_peer_is_updated_and_deleted_but_not_the_last_one(customer):
    vif = static_ipv6_interface(customer, 1006, "2001:db8:2::", 141)
    made = customer.peer(name="second", vif_id=vif.id, address_family="ipv4", route_mode="static",
                         remote_ep_group=["20.1.2.0/24"]).vif_peer
    change = {"name": "renamed", "description": "again", "remote_ep_group": ["20.1.3.0/24", "20.1.4.0/24"]}
    updated = customer.order("update_vif_peer", "UpdateVifPeerRequestBody", {"vif_peer": model.UpdateVifPeer(**change)},
                             vif_peer_id=made.id).vif_peer
    assert {name: getattr(updated, name) for name in change} == change

    customer.call("delete_vif_peer", vif_peer_id=made.id)
    left = wait_for("one peer is left", lambda: (lambda peers: len(peers) == 1 and peers)(customer.show(vif.id).vif_peers))
    assert left[0].address_family == "ipv6"
    refused(400, "DC.1214", lambda: customer.call("delete_vif_peer", vif_peer_id=left[0].id))


def test_second_peer_of_one_family_is_refused(customer):
    vif = static_ipv6_interface(customer, 1007, "2001:db8:3::", 142)
    refused(400, "DC.1214", lambda: customer.peer(vif_id=vif.id, address_family="ipv6",
                                                  local_gateway_ip="2001:db8:4::1/126",
                                                  remote_gateway_ip="2001:db8:4::2/126"))


def test_global_dc_gateway_is_created_listed_shown_updated_and_deleted(customer):
    made = customer.global_gateway(name="dgw", description="of Python", bgp_asn=64700, address_family="ipv4")
    assert (made.name, made.bgp_asn, made.status, made.available_peer_link_count) == ("dgw", 64700, "DOWN", 3)
    listed = customer.call("list_global_dc_gateways", name=["dgw"]).global_dc_gateways
    assert [one.id for one in listed] == [made.id]

    customer.order("update_global_dc_gateway", "UpdateGlobalDcGatewayRequestBody", {
        "global_dc_gateway": model.UpdateGlobalDcGateway(name="dgw2", address_family="dual")},
        global_dc_gateway_id=made.id)
    shown = customer.show_global_gateway(made.id)
    assert (shown.name, shown.description, shown.address_family) == ("dgw2", "of Python", "dual")

    customer.take_back()
    refused(404, "DC.0002", lambda: customer.show_global_gateway(made.id))


def interface_into(customer, gateway, vlan):
    """Gives a global DC gateway an interface that works."""
    vif = customer.interface(None, vlan, gateway_id=gateway, service_type="GDGW", route_mode="bgp", bgp_asn=65020,
                             local_gateway_v4_ip="192.168.150.1/30", remote_gateway_v4_ip="192.168.150.2/30",
                             remote_ep_group=["172.25.0.0/16"])
    assert (vif.service_type, vif.gateway_id) == ("GDGW", gateway)
    customer.active(vif.id)


def test_published_example_of_create_peer_link(customer):
    gateway = customer.global_gateway(name="with-a-link", address_family="dual").id
    interface_into(customer, gateway, 150)
    answer = customer.link(gateway)
    link = answer.peer_link
    customer.ordered.append(lambda: customer.drop_link(gateway, link.id))
    assert answer.status_code == 201 and len(answer.request_id) == 32
    wanted = {"name": "dgw-peer-link-94dc", "tenant_id": PROJECT, "description": None, "status": "PENDING_CREATE",
              "reason": None, "global_dc_gateway_id": gateway, "instance_id": None}
    assert {name: getattr(link, name) for name in wanted} == wanted
    assert (link.bandwidth_info.bandwidth_size, link.bandwidth_info.gcb_id) == (0, None)
    wanted = {"gateway_id": ROUTER, "link_id": None, "region_id": REGION, "site_code": REGION, "project_id": PROJECT,
              "type": "ER"}
    assert {name: getattr(link.peer_site, name) for name in wanted} == wanted

    now = customer.active_link(gateway, link.id)
    assert (now.peer_site.type, now.create_owner) == ("ER", "dc")
    shown = customer.show_global_gateway(gateway)
    assert (shown.current_peer_link_count, shown.available_peer_link_count) == (1, 2)


def test_peer_link_is_listed_updated_and_deleted(customer):
    gateway = customer.global_gateway(name="with-links", address_family="dual").id
    interface_into(customer, gateway, 151)
    link = customer.link(gateway).peer_link.id
    customer.active_link(gateway, link)

    listed = customer.call("list_peer_links", global_dc_gateway_id=gateway)
    assert [one.id for one in listed.peer_links] == [link] and listed.page_info.current_count == 1
    change = {"name": "renamed", "description": "to the router"}
    updated = customer.order("update_peer_link", "UpdateExternalPeerLinkRequestBody", {
        "peer_link": model.UpdateExternalPeerLinkRequestBodyPeerLink(**change)}, global_dc_gateway_id=gateway,
        peer_link_id=link).peer_link
    assert (updated.name, updated.description, updated.status) == ("renamed", "to the router", "ACTIVE")

    refused(400, "DC.0001", lambda: customer.link(gateway))
    refused(400, "DC.1106", lambda: customer.call("delete_global_dc_gateway", global_dc_gateway_id=gateway))

    customer.drop_link(gateway, link)
    refused(404, "DC.0002", lambda: customer.show_link(gateway, link))


def test_route_of_a_global_dc_gateway_is_added_becomes_active_is_described_and_deleted(customer):
    gateway = customer.global_gateway(name="with-routes").id
    interface_into(customer, gateway, 152)
    hop = customer.show(next(vif.id for vif in customer.call("list_virtual_interfaces").virtual_interfaces
                             if vif.gateway_id == gateway)).vif_peers[0].id
    key = {"destination": "172.16.8.0/24", "nexthop": hop}

    def change(**lists):
        body = model.UpdateGdgwRoutetableRequestBody(gdgw_routetable=model.GdgwRouteTableRequest(**lists))
        return customer.call("update_gdgw_route_table", body, gdgw_id=gateway).gdgw_routetable

    made, = change(add_routes=[model.AddGdgwRouteAction(**key, type="vif_peer", description="branch")])
    assert (made.destination, made.nexthop, made.type, made.obtain_mode) == ("172.16.8.0/24", hop, "vif_peer", "specific")
    customer.ordered.append(lambda: change(del_routes=[model.DeleteGdgwRouteAction(**key)]))

    def routes(**query):
        return customer.call("list_gdgw_route_tables", gdgw_id=gateway, **query).gdgw_routetables
    wait_for("the route is ACTIVE", lambda: [one.status for one in routes()] == ["ACTIVE"], 60)
    assert [one.id for one in routes(nexthop=[hop])] == [made.id] and routes(destination=["10.0.0.0/8"]) == []
    changed, = change(update_routes=[model.UpdateRouteAction(**key, description="renamed")])
    assert (changed.id, changed.description) == (made.id, "renamed")
    refused(400, "DC.1401", lambda: change(add_routes=[model.AddGdgwRouteAction(**key)]))


def test_connect_gateway_is_created_listed_shown_updated_and_deleted(customer):
    made = customer.order("create_connect_gateway", "CreateConnectGatewayRequestBody", {
        "connect_gateway": model.CreateConnectGateway(name="cgw", description="of Python")}).connect_gateway
    assert (made.name, made.address_family, made.status, made.current_geip_count) == ("cgw", "ipv4", "DOWN", 0)
    listed = customer.call("list_connect_gateways", name=["cgw"])
    assert [one.id for one in listed.connect_gateways] == [made.id] and listed.total_count == 1
    changed = customer.order("update_connect_gateway", "UpdateConnectGatewayRequestBody", {
        "connect_gateway": model.UpdateConnectGateway(name="renamed", address_family="dual")},
        connect_gateway_id=made.id).connect_gateway
    assert (changed.name, changed.description, changed.address_family) == ("renamed", "of Python", "dual")

    def show():
        return customer.call("show_connect_gateway", connect_gateway_id=made.id).connect_gateway
    assert show().name == "renamed"
    customer.call("delete_connect_gateway", connect_gateway_id=made.id)
    refused(404, "DC.0002", show)


def test_global_eip_is_bound_listed_and_unbound(customer):
    gateway = customer.order("create_connect_gateway", "CreateConnectGatewayRequestBody", {
        "connect_gateway": model.CreateConnectGateway(name="with-eip")}).connect_gateway.id
    customer.ordered.append(lambda: customer.call("delete_connect_gateway", connect_gateway_id=gateway))
    eip = customer.env["DCAAS_GLOBAL_EIP_ID"]

    def bind():
        body = model.CreateBindingGeipRequestBody(global_eips=[model.BindingGeipBody(global_eip_id=eip, type="IP_ADDRESS")])
        return customer.call("bind_global_eips", body, connect_gateway_id=gateway).global_eips

    def bound(**query):
        return customer.call("list_global_eips", connect_gateway_id=gateway, **query)
    made = bind()
    assert (made.global_eip_id, made.type, made.cidr) == (eip, "IP_ADDRESS", "198.18.0.7/32")
    wait_for("it is bound", lambda: [one.status for one in bound().global_eips] == ["BIND_SUCCESSFULLY"], 60)
    assert bound(global_eip_id=[eip]).total_count == 1 and bound(status=["ERROR"]).total_count == 0
    refused(400, "DC.0001", bind)
    refused(400, "DC.1106", lambda: customer.call("delete_connect_gateway", connect_gateway_id=gateway))
    body = model.CreateUnbindingGeipRequestBody(global_eips=[model.UnbindingGeipBody(global_eip_id=eip)])
    customer.call("unbind_global_eips", body, connect_gateway_id=gateway)
    wait_for("it is gone", lambda: bound().global_eips == [], 60)


def test_peer_link_of_a_gateway_without_interface_is_refused(customer):
    gateway = customer.global_gateway(name="without-interface").id
    refused(400, "DC.1205", lambda: customer.link(gateway))


def test_unknown_resource_is_a_typed_error(customer):
    refused(404, "DC.1211", lambda: customer.show(UNKNOWN))


def test_bad_member_is_a_typed_error_that_names_it(customer):
    error = refused(400, "DC.0004", lambda: customer.gateway(1008, "10.0.0.0/33"))
    assert "local_ep_group" in error.error_msg


def test_wrong_secret_key_is_a_typed_error(customer):
    stranger = Customer(customer.env, secret_key="not-the-secret-key")
    refused(401, "APIGW.0301", lambda: stranger.call("list_virtual_gateways"))


@pytest.mark.parametrize("env", ["https"], indirect=True)
def test_untrusted_certificate_is_refused(env, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(SdkException) as caught:
        Customer(env).call("list_virtual_gateways")
    assert "certificate verify failed" in str(caught.value)


# The last one: it takes the spare connection.
def test_direct_connect_is_deleted(customer):
    customer.call("delete_direct_connect", direct_connect_id=customer.spare)
    refused(404, "DC.1012", lambda: customer.call("show_direct_connect", direct_connect_id=customer.spare))
