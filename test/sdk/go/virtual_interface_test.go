// SPDX-License-Identifier: ISC
package sdk

import (
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

func TestVirtualInterfaceIsCreatedBecomesActiveIsListedUpdatedAndDeleted(t *testing.T) {
	c, line := client(t), env(t, "DCAAS_DIRECT_CONNECT_ID")
	gateway := newGateway(t, c, "1003", "10.30.0.0/16")

	made, err := c.CreateVirtualInterface(&model.CreateVirtualInterfaceRequest{
		Body: &model.CreateVirtualInterfaceRequestBody{VirtualInterface: &model.CreateVirtualInterface{Name: to("vif"),
			Description: to("of Go"), DirectConnectId: &line, VgwId: gateway.Id, Vlan: 130, Bandwidth: 50,
			Type:        model.GetCreateVirtualInterfaceTypeEnum().PRIVATE,
			ServiceType: to(model.GetCreateVirtualInterfaceServiceTypeEnum().VGW),
			RouteMode:   model.GetCreateVirtualInterfaceRouteModeEnum().BGP, BgpAsn: to(int32(65010)), BgpMd5: to("a-Secret-1"),
			LocalGatewayV4Ip: to("192.168.130.1/30"), RemoteGatewayV4Ip: to("192.168.130.2/30"),
			RemoteEpGroup: &[]string{"172.30.1.0/24", "172.30.0.0/24"}}}})
	must(t, err)
	id := *made.VirtualInterface.Id
	same(t, "status", made.VirtualInterface.Status, "PENDING_CREATE")
	same(t, "vlan", made.VirtualInterface.Vlan, 130)
	same(t, "service_type", made.VirtualInterface.ServiceType, model.GetVirtualInterfaceServiceTypeEnum().VGW)
	sameList(t, "remote_ep_group", made.VirtualInterface.RemoteEpGroup, "172.30.1.0/24", "172.30.0.0/24")

	now := upInterface(t, c, id)
	if now.VifPeers == nil || len(*now.VifPeers) != 1 {
		t.Fatalf("vif_peers: %v", now.VifPeers)
	}
	peer := (*now.VifPeers)[0]
	same(t, "route_mode", peer.RouteMode, model.GetVifPeerRouteModeEnum().BGP)
	same(t, "bgp_status", peer.BgpStatus, "up")
	same(t, "bgp_asn", peer.BgpAsn, 65010)
	same(t, "bgp_md5", peer.BgpMd5, "a-Secret-1")
	same(t, "local_gateway_ip", peer.LocalGatewayIp, "192.168.130.1/30")

	list, err := c.ListVirtualInterfaces(&model.ListVirtualInterfacesRequest{VgwId: &[]string{*gateway.Id},
		DirectConnectId: &[]string{line}, Status: &[]string{"ACTIVE"}})
	must(t, err)
	if len(*list.VirtualInterfaces) != 1 || *(*list.VirtualInterfaces)[0].Id != id || list.PageInfo.CurrentCount != 1 {
		t.Errorf("listed: %v", list)
	}

	_, err = c.UpdateVirtualInterface(&model.UpdateVirtualInterfaceRequest{VirtualInterfaceId: id,
		Body: &model.UpdateVirtualInterfaceRequestBody{VirtualInterface: &model.UpdateVirtualInterface{Name: to("vif2"),
			Description: to(""), Bandwidth: to(int32(60)), RemoteEpGroup: &[]string{"172.31.0.0/16"}}}})
	must(t, err)
	now = upInterface(t, c, id)
	same(t, "name", now.Name, "vif2")
	same(t, "description", now.Description, "")
	same(t, "bandwidth", now.Bandwidth, 60)
	sameList(t, "remote_ep_group", now.RemoteEpGroup, "172.31.0.0/16")

	dropInterface(t, c, id)
	list, err = c.ListVirtualInterfaces(&model.ListVirtualInterfacesRequest{Id: &[]string{id}})
	must(t, err)
	if len(*list.VirtualInterfaces) != 0 {
		t.Errorf("still listed: %v", *list.VirtualInterfaces)
	}
}

// This SDK has 31 bits for an AS number and refuses a whole answer with a larger one: dcaasd leaves it out.
func TestListsWithFourByteAsNumbersAreRead(t *testing.T) {
	c, id := client(t), env(t, "DCAAS_FOUR_BYTE_INTERFACE_ID")

	interfaces, err := c.ListVirtualInterfaces(&model.ListVirtualInterfacesRequest{Id: &[]string{id}})
	must(t, err)
	vif := (*interfaces.VirtualInterfaces)[0]
	absent(t, "bgp_asn of the peer", (*vif.VifPeers)[0].BgpAsn)
	same(t, "local_gateway_ip", (*vif.VifPeers)[0].LocalGatewayIp, "192.168.99.1/30")
	gateways, err := c.ListVirtualGateways(&model.ListVirtualGatewaysRequest{Id: &[]string{*vif.VgwId}})
	must(t, err)
	absent(t, "bgp_asn of the gateway", (*gateways.VirtualGateways)[0].BgpAsn)
	same(t, "name", (*gateways.VirtualGateways)[0].Name, "four bytes")
}

func TestDetectionParametersNeedADetection(t *testing.T) {
	c := client(t)
	gateway := newGateway(t, c, "1009", "10.32.0.0/16")
	vif := newInterface(t, c, &model.CreateVirtualInterface{Name: to("no detection"),
		DirectConnectId: to(env(t, "DCAAS_DIRECT_CONNECT_ID")), VgwId: gateway.Id, Vlan: 132, Bandwidth: 10,
		Type:             model.GetCreateVirtualInterfaceTypeEnum().PRIVATE,
		RouteMode:        model.GetCreateVirtualInterfaceRouteModeEnum().STATIC,
		LocalGatewayV4Ip: to("192.168.132.1/30"), RemoteGatewayV4Ip: to("192.168.132.2/30")})

	_, err := c.UpdateExtendAttribute(&model.UpdateExtendAttributeRequest{VirtualInterfaceId: *vif.Id,
		Body: &model.UpdateExtendAttributeRequestBody{ExtendAttribute: &model.VifExtendAttribute{
			HaType: to(model.GetVifExtendAttributeHaTypeEnum().BFD), DetectMultiplier: to(int32(5))}}})
	refused(t, err, 400, "DC.0001")
}

func TestOneVlanCarriesOneInterface(t *testing.T) {
	c := client(t)
	gateway := newGateway(t, c, "1004", "10.31.0.0/16")
	body := model.CreateVirtualInterface{Name: to("first"), DirectConnectId: to(env(t, "DCAAS_DIRECT_CONNECT_ID")),
		VgwId: gateway.Id, Vlan: 131, Bandwidth: 10, Type: model.GetCreateVirtualInterfaceTypeEnum().PRIVATE,
		RouteMode:        model.GetCreateVirtualInterfaceRouteModeEnum().STATIC,
		LocalGatewayV4Ip: to("192.168.131.1/30"), RemoteGatewayV4Ip: to("192.168.131.2/30")}
	newInterface(t, c, &body)

	second := body
	second.LocalGatewayV4Ip, second.RemoteGatewayV4Ip = to("192.168.131.5/30"), to("192.168.131.6/30")
	_, err := c.CreateVirtualInterface(&model.CreateVirtualInterfaceRequest{
		Body: &model.CreateVirtualInterfaceRequestBody{VirtualInterface: &second}})
	refused(t, err, 400, "DC.1209")
}
