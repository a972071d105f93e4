// SPDX-License-Identifier: ISC
package sdk

import (
	"testing"

	dc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

// What the published example of *add a peer link* names; the operator made them.
const (
	router     = "70e29908-12f8-4d5d-9adf-4da5465b91b2"
	project    = "b197c48159d44a66b32c538c3f8da89a"
	siteRegion = "cn-southwest-242"
)

func dropGlobalGateway(t *testing.T, c *dc.DcClient, id string) {
	t.Helper()
	_, err := c.DeleteGlobalDcGateway(&model.DeleteGlobalDcGatewayRequest{GlobalDcGatewayId: id})
	must(t, err)
}

func newGlobalGateway(t *testing.T, c *dc.DcClient, name string) string {
	t.Helper()
	answer, err := c.CreateGlobalDcGateway(&model.CreateGlobalDcGatewayRequest{Body: &model.CreateGlobalDcGatewayRequestBody{
		GlobalDcGateway: &model.CreateGlobalDcGateway{Name: name,
			AddressFamily: to(model.GetCreateGlobalDcGatewayAddressFamilyEnum().DUAL)}}})
	must(t, err)
	t.Cleanup(func() { dropGlobalGateway(t, c, *answer.GlobalDcGateway.Id) })
	return *answer.GlobalDcGateway.Id
}

func showGlobalGateway(t *testing.T, c *dc.DcClient, id string) *model.GlobalDcGatewayEntry {
	t.Helper()
	answer, err := c.ShowGlobalDcGateway(&model.ShowGlobalDcGatewayRequest{GlobalDcGatewayId: id})
	must(t, err)
	return answer.GlobalDcGateway
}

// interfaceInto gives a global DC gateway an interface that works.
func interfaceInto(t *testing.T, c *dc.DcClient, gateway string, vlan int32) {
	t.Helper()
	vif := newInterface(t, c, &model.CreateVirtualInterface{Name: to("into a global DC gateway"),
		DirectConnectId: to(env(t, "DCAAS_DIRECT_CONNECT_ID")), GatewayId: &gateway, Vlan: vlan, Bandwidth: 10,
		Type:        model.GetCreateVirtualInterfaceTypeEnum().PRIVATE,
		ServiceType: to(model.GetCreateVirtualInterfaceServiceTypeEnum().GDGW),
		RouteMode:   model.GetCreateVirtualInterfaceRouteModeEnum().BGP, BgpAsn: to(int32(65020)),
		LocalGatewayV4Ip: to("192.168.150.1/30"), RemoteGatewayV4Ip: to("192.168.150.2/30"),
		RemoteEpGroup: &[]string{"172.25.0.0/16"}})
	same(t, "service_type", vif.ServiceType, model.GetVirtualInterfaceServiceTypeEnum().GDGW)
	same(t, "gateway_id", vif.GatewayId, gateway)
	upInterface(t, c, *vif.Id)
}

// exampleLink is the request of the published example.
func exampleLink(gateway string) *model.CreatePeerLinkRequest {
	return &model.CreatePeerLinkRequest{GlobalDcGatewayId: gateway, Body: &model.CreateExternalPeerLinkRequestBody{
		PeerLink: &model.CreateExternalPeerLinkRequestBodyPeerLink{Name: "dgw-peer-link-94dc",
			PeerSite: &model.CreateExternalPeerLinkRequestBodyPeerLinkPeerSite{GatewayId: router, ProjectId: project,
				RegionId: siteRegion}}}}
}

func dropLink(t *testing.T, c *dc.DcClient, gateway, id string) {
	t.Helper()
	_, err := c.DeletePeerLink(&model.DeletePeerLinkRequest{GlobalDcGatewayId: gateway, PeerLinkId: id})
	must(t, err)
	gone(t, "the link", func() error {
		_, err := c.ShowPeerLink(&model.ShowPeerLinkRequest{GlobalDcGatewayId: gateway, PeerLinkId: id})
		return err
	})
}

func activeLink(t *testing.T, c *dc.DcClient, gateway, id string) *model.PeerLinkEntry {
	t.Helper()
	var now *model.PeerLinkEntry
	wait(t, "the link is ACTIVE", func() (bool, string) {
		answer, err := c.ShowPeerLink(&model.ShowPeerLinkRequest{GlobalDcGatewayId: gateway, PeerLinkId: id})
		must(t, err)
		now = answer.PeerLink
		return *now.Status == model.GetPeerLinkStatusEnum().ACTIVE, now.String()
	})
	return now
}

func TestGlobalDcGatewayIsCreatedListedShownUpdatedAndDeleted(t *testing.T) {
	c := client(t)
	made, err := c.CreateGlobalDcGateway(&model.CreateGlobalDcGatewayRequest{Body: &model.CreateGlobalDcGatewayRequestBody{
		GlobalDcGateway: &model.CreateGlobalDcGateway{Name: "dgw", Description: to("of Go"), BgpAsn: to(int64(64700)),
			AddressFamily: to(model.GetCreateGlobalDcGatewayAddressFamilyEnum().IPV4)}}})
	must(t, err)
	id := *made.GlobalDcGateway.Id
	same(t, "name", made.GlobalDcGateway.Name, "dgw")
	same(t, "bgp_asn", made.GlobalDcGateway.BgpAsn, 64700)
	same(t, "status", made.GlobalDcGateway.Status, model.GetGlobalDcGatewayStatusEnum().DOWN)
	same(t, "available_peer_link_count", made.GlobalDcGateway.AvailablePeerLinkCount, 3)

	list, err := c.ListGlobalDcGateways(&model.ListGlobalDcGatewaysRequest{Name: &[]string{"dgw"}})
	must(t, err)
	if len(*list.GlobalDcGateways) != 1 || *(*list.GlobalDcGateways)[0].Id != id {
		t.Errorf("of that name are listed: %v", *list.GlobalDcGateways)
	}

	_, err = c.UpdateGlobalDcGateway(&model.UpdateGlobalDcGatewayRequest{GlobalDcGatewayId: id,
		Body: &model.UpdateGlobalDcGatewayRequestBody{GlobalDcGateway: &model.UpdateGlobalDcGateway{Name: to("dgw2"),
			AddressFamily: to("dual")}}})
	must(t, err)
	shown := showGlobalGateway(t, c, id)
	same(t, "name", shown.Name, "dgw2")
	same(t, "description", shown.Description, "of Go")
	same(t, "address_family", shown.AddressFamily, model.GetGlobalDcGatewayEntryAddressFamilyEnum().DUAL)

	dropGlobalGateway(t, c, id)
	_, err = c.ShowGlobalDcGateway(&model.ShowGlobalDcGatewayRequest{GlobalDcGatewayId: id})
	refused(t, err, 404, "DC.0002")
}

func TestPublishedExampleOfCreatePeerLink(t *testing.T) {
	c := client(t)
	gateway := newGlobalGateway(t, c, "with-a-link")
	interfaceInto(t, c, gateway, 150)

	answer, err := c.CreatePeerLink(exampleLink(gateway))
	must(t, err)
	if answer.HttpStatusCode != 201 || answer.RequestId == nil || len(*answer.RequestId) != 32 {
		t.Errorf("status code and request id: %d %v", answer.HttpStatusCode, answer.RequestId)
	}
	link := answer.PeerLink
	t.Cleanup(func() { dropLink(t, c, gateway, *link.Id) })
	same(t, "name", &link.Name, "dgw-peer-link-94dc")
	same(t, "tenant_id", link.TenantId, project)
	absent(t, "description", link.Description)
	same(t, "status", link.Status, "PENDING_CREATE")
	absent(t, "reason", link.Reason)
	same(t, "global_dc_gateway_id", link.GlobalDcGatewayId, gateway)
	same(t, "bandwidth_size", link.BandwidthInfo.BandwidthSize, 0)
	absent(t, "gcb_id", link.BandwidthInfo.GcbId)
	same(t, "gateway_id", link.PeerSite.GatewayId, router)
	absent(t, "link_id", link.PeerSite.LinkId)
	same(t, "region_id", link.PeerSite.RegionId, siteRegion)
	same(t, "site_code", link.PeerSite.SiteCode, siteRegion)
	same(t, "project_id", link.PeerSite.ProjectId, project)
	same(t, "type", link.PeerSite.Type, "ER")
	absent(t, "instance_id", link.InstanceId)

	now := activeLink(t, c, gateway, *link.Id)
	same(t, "type", now.PeerSite.Type, model.GetPeerSiteTypeEnum().ER)
	absent(t, "create_owner, which this SDK takes for a time", now.CreateOwner)
	same(t, "current_peer_link_count", showGlobalGateway(t, c, gateway).CurrentPeerLinkCount, 1)
	same(t, "available_peer_link_count", showGlobalGateway(t, c, gateway).AvailablePeerLinkCount, 2)
}

func TestPeerLinkIsListedUpdatedAndDeleted(t *testing.T) {
	c := client(t)
	gateway := newGlobalGateway(t, c, "with-links")
	interfaceInto(t, c, gateway, 151)
	made, err := c.CreatePeerLink(exampleLink(gateway))
	must(t, err)
	id := *made.PeerLink.Id
	activeLink(t, c, gateway, id)

	list, err := c.ListPeerLinks(&model.ListPeerLinksRequest{GlobalDcGatewayId: gateway})
	must(t, err)
	if len(*list.PeerLinks) != 1 || *(*list.PeerLinks)[0].Id != id || list.PageInfo.CurrentCount != 1 {
		t.Errorf("listed: %v", list)
	}
	updated, err := c.UpdatePeerLink(&model.UpdatePeerLinkRequest{GlobalDcGatewayId: gateway, PeerLinkId: id,
		Body: &model.UpdateExternalPeerLinkRequestBody{PeerLink: &model.UpdateExternalPeerLinkRequestBodyPeerLink{
			Name: to("renamed"), Description: to("to the router")}}})
	must(t, err)
	same(t, "name", updated.PeerLink.Name, "renamed")
	same(t, "description", updated.PeerLink.Description, "to the router")
	same(t, "status", updated.PeerLink.Status, "ACTIVE")

	_, err = c.CreatePeerLink(exampleLink(gateway))
	refused(t, err, 400, "DC.0001")
	_, err = c.DeleteGlobalDcGateway(&model.DeleteGlobalDcGatewayRequest{GlobalDcGatewayId: gateway})
	refused(t, err, 400, "DC.1106")

	dropLink(t, c, gateway, id)
	_, err = c.ShowPeerLink(&model.ShowPeerLinkRequest{GlobalDcGatewayId: gateway, PeerLinkId: id})
	refused(t, err, 404, "DC.0002")
}

func TestPeerLinkOfAGatewayWithoutInterfaceIsRefused(t *testing.T) {
	c := client(t)
	_, err := c.CreatePeerLink(exampleLink(newGlobalGateway(t, c, "without-interface")))
	refused(t, err, 400, "DC.1205")
}
