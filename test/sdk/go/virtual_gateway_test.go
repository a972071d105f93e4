// SPDX-License-Identifier: ISC
package sdk

import (
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

func TestVirtualGatewayIsCreatedListedShownUpdatedAndDeleted(t *testing.T) {
	c, vpc := client(t), "6a1e2f30-0000-4000-8000-000000001001"

	made, err := c.CreateVirtualGateway(&model.CreateVirtualGatewayRequest{Body: &model.CreateVirtualGatewayRequestBody{
		VirtualGateway: &model.CreateVirtualGateway{VpcId: vpc, Name: to("gw"), Description: to("of Go"),
			LocalEpGroup: []string{"10.21.0.0/16", "10.20.0.0/16"}, LocalEpGroupIpv6: &[]string{"2001:db8:20::/48"},
			BgpAsn: to(int32(64600)), Tags: &[]model.Tag{{Key: "env", Value: to("test")}}}}})
	must(t, err)
	id := *made.VirtualGateway.Id
	same(t, "name", made.VirtualGateway.Name, "gw")
	same(t, "bgp_asn", made.VirtualGateway.BgpAsn, 64600)
	same(t, "status", made.VirtualGateway.Status, "ACTIVE")
	sameList(t, "local_ep_group", made.VirtualGateway.LocalEpGroup, "10.21.0.0/16", "10.20.0.0/16")

	list, err := c.ListVirtualGateways(&model.ListVirtualGatewaysRequest{VpcId: &[]string{vpc, unknown}})
	must(t, err)
	if len(*list.VirtualGateways) != 1 || *(*list.VirtualGateways)[0].Id != id {
		t.Errorf("of that VPC are listed: %v", *list.VirtualGateways)
	}

	_, err = c.UpdateVirtualGateway(&model.UpdateVirtualGatewayRequest{VirtualGatewayId: id,
		Body: &model.UpdateVirtualGatewayRequestBody{VirtualGateway: &model.UpdateVirtualGateway{Name: to("gw2"),
			LocalEpGroup: &[]string{"10.22.0.0/16"}}}})
	must(t, err)
	shown, err := c.ShowVirtualGateway(&model.ShowVirtualGatewayRequest{VirtualGatewayId: id})
	must(t, err)
	same(t, "name", shown.VirtualGateway.Name, "gw2")
	same(t, "description", shown.VirtualGateway.Description, "of Go")
	same(t, "vpc_id", shown.VirtualGateway.VpcId, vpc)
	sameList(t, "local_ep_group", shown.VirtualGateway.LocalEpGroup, "10.22.0.0/16")
	sameList(t, "local_ep_group_ipv6", shown.VirtualGateway.LocalEpGroupIpv6, "2001:db8:20::/48")
	if tags := shown.VirtualGateway.Tags; tags == nil || len(*tags) != 1 || (*tags)[0].Key != "env" {
		t.Errorf("tags: %v", tags)
	}

	dropGateway(t, c, id)
	_, err = c.ShowVirtualGateway(&model.ShowVirtualGatewayRequest{VirtualGatewayId: id})
	refused(t, err, 404, "DC.1111")
}

func TestGatewayThatCarriesAnInterfaceIsNotDeleted(t *testing.T) {
	c := client(t)
	gateway := newGateway(t, c, "1002", "10.24.0.0/16")
	newInterface(t, c, &model.CreateVirtualInterface{Name: to("on it"), DirectConnectId: to(env(t, "DCAAS_DIRECT_CONNECT_ID")),
		VgwId: gateway.Id, Vlan: 120, Bandwidth: 10, Type: model.GetCreateVirtualInterfaceTypeEnum().PRIVATE,
		RouteMode:        model.GetCreateVirtualInterfaceRouteModeEnum().STATIC,
		LocalGatewayV4Ip: to("192.168.120.1/30"), RemoteGatewayV4Ip: to("192.168.120.2/30"),
		RemoteEpGroup: &[]string{"172.20.0.0/16"}})

	_, err := c.DeleteVirtualGateway(&model.DeleteVirtualGatewayRequest{VirtualGatewayId: *gateway.Id})
	refused(t, err, 400, "DC.1106")
}
