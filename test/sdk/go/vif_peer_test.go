// SPDX-License-Identifier: ISC
package sdk

import (
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

// A static interface that is IPv6-only and also carries the IPv4 addresses of the published example.
func staticIpv6Interface(t *testing.T, vpc, link string, vlan int32) *model.VirtualInterface {
	t.Helper()
	c := client(t)
	gateway := newGateway(t, c, vpc, "10.40.0.0/16")
	return newInterface(t, c, &model.CreateVirtualInterface{Name: to("ipv6 first"),
		DirectConnectId: to(env(t, "DCAAS_DIRECT_CONNECT_ID")), VgwId: gateway.Id, Vlan: vlan, Bandwidth: 10,
		Type:          model.GetCreateVirtualInterfaceTypeEnum().PRIVATE,
		RouteMode:     model.GetCreateVirtualInterfaceRouteModeEnum().STATIC,
		AddressFamily: to("ipv6"), LocalGatewayV6Ip: to(link + "1/126"), RemoteGatewayV6Ip: to(link + "2/126"),
		LocalGatewayV4Ip: to("12.3.4.1/30"), RemoteGatewayV4Ip: to("12.3.4.2/30"),
		RemoteEpGroup: &[]string{"2001:db8:4000::/36"}})
}

func TestPublishedExampleOfCreateVifPeer(t *testing.T) {
	c := client(t)
	vif := staticIpv6Interface(t, "1005", "2001:db8:1::", 140)

	answer, err := c.CreateVifPeer(&model.CreateVifPeerRequest{Body: &model.CreateVifPeerRequestBody{
		VifPeer: &model.CreateVifPeer{Name: to("vif-0819"), Description: to("mytest"),
			RemoteEpGroup: &[]string{"20.1.1.0/24"}, VifId: vif.Id}}})
	must(t, err)
	peer := answer.VifPeer
	if answer.HttpStatusCode != 201 {
		t.Errorf("status code: %d", answer.HttpStatusCode)
	}
	same(t, "name", peer.Name, "vif-0819")
	same(t, "description", peer.Description, "mytest")
	same(t, "tenant_id", peer.TenantId, env(t, "DCAAS_PROJECT_ID"))
	same(t, "address_family", peer.AddressFamily, "ipv4")
	same(t, "local_gateway_ip", peer.LocalGatewayIp, "12.3.4.1/30")
	same(t, "remote_gateway_ip", peer.RemoteGatewayIp, "12.3.4.2/30")
	same(t, "route_mode", peer.RouteMode, model.GetVifPeerRouteModeEnum().STATIC)
	absent(t, "bgp_asn", peer.BgpAsn)
	absent(t, "bgp_md5", peer.BgpMd5)
	same(t, "bgp_route_limit", peer.BgpRouteLimit, 100)
	absent(t, "bgp_status", peer.BgpStatus)
	same(t, "status", peer.Status, "PENDING_CREATE")
	same(t, "vif_id", peer.VifId, *vif.Id)
	same(t, "receive_route_num", peer.ReceiveRouteNum, -1)
	sameList(t, "remote_ep_group", peer.RemoteEpGroup, "20.1.1.0/24")

	now := upInterface(t, c, *vif.Id)
	if len(*now.VifPeers) != 2 {
		t.Fatalf("vif_peers: %v", *now.VifPeers)
	}
	for _, one := range *now.VifPeers {
		same(t, "status of the peer "+*one.AddressFamily, one.Status, "ACTIVE")
	}
}

func TestVifPeerIsUpdatedAndDeletedButNotTheLastOne(t *testing.T) {
	c := client(t)
	vif := staticIpv6Interface(t, "1006", "2001:db8:2::", 141)
	made, err := c.CreateVifPeer(&model.CreateVifPeerRequest{Body: &model.CreateVifPeerRequestBody{
		VifPeer: &model.CreateVifPeer{Name: to("second"), VifId: vif.Id, AddressFamily: to("ipv4"),
			RouteMode: to(model.GetCreateVifPeerRouteModeEnum().STATIC), RemoteEpGroup: &[]string{"20.1.2.0/24"}}}})
	must(t, err)

	updated, err := c.UpdateVifPeer(&model.UpdateVifPeerRequest{VifPeerId: *made.VifPeer.Id,
		Body: &model.UpdateVifPeerRequestBody{VifPeer: &model.UpdateVifPeer{Name: to("renamed"), Description: to("again"),
			RemoteEpGroup: &[]string{"20.1.3.0/24", "20.1.4.0/24"}}}})
	must(t, err)
	same(t, "name", updated.VifPeer.Name, "renamed")
	same(t, "description", updated.VifPeer.Description, "again")
	sameList(t, "remote_ep_group", updated.VifPeer.RemoteEpGroup, "20.1.3.0/24", "20.1.4.0/24")

	_, err = c.DeleteVifPeer(&model.DeleteVifPeerRequest{VifPeerId: *made.VifPeer.Id})
	must(t, err)
	var left []model.VifPeer
	wait(t, "one peer is left", func() (bool, string) {
		now, err := c.ShowVirtualInterface(&model.ShowVirtualInterfaceRequest{VirtualInterfaceId: *vif.Id})
		must(t, err)
		left = *now.VirtualInterface.VifPeers
		return len(left) == 1, now.VirtualInterface.String()
	})
	same(t, "address_family of what is left", left[0].AddressFamily, "ipv6")
	_, err = c.DeleteVifPeer(&model.DeleteVifPeerRequest{VifPeerId: *left[0].Id})
	refused(t, err, 400, "DC.1214")
}

func TestSecondPeerOfOneFamilyIsRefused(t *testing.T) {
	c := client(t)
	vif := staticIpv6Interface(t, "1007", "2001:db8:3::", 142)

	_, err := c.CreateVifPeer(&model.CreateVifPeerRequest{Body: &model.CreateVifPeerRequestBody{
		VifPeer: &model.CreateVifPeer{VifId: vif.Id, AddressFamily: to("ipv6"), LocalGatewayIp: to("2001:db8:4::1/126"),
			RemoteGatewayIp: to("2001:db8:4::2/126")}}})
	refused(t, err, 400, "DC.1214")
}
