// SPDX-License-Identifier: ISC
package sdk

import (
	"sort"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

func TestDirectConnectsAreListedFilteredAndPaged(t *testing.T) {
	c, id := client(t), env(t, "DCAAS_DIRECT_CONNECT_ID")

	answer, err := c.ListDirectConnects(&model.ListDirectConnectsRequest{Id: &[]string{id}})
	must(t, err)
	if len(*answer.DirectConnects) != 1 {
		t.Fatalf("%d connections have the id %s", len(*answer.DirectConnects), id)
	}
	same(t, "id", (*answer.DirectConnects)[0].Id, id)
	same(t, "tenant_id", (*answer.DirectConnects)[0].TenantId, env(t, "DCAAS_PROJECT_ID"))
	if answer.RequestId == nil || len(*answer.RequestId) != 32 {
		t.Errorf("request_id: %v", answer.RequestId)
	}

	var seen, names []string
	var marker *string
	for page := 0; page < 10; page++ {
		answer, err := c.ListDirectConnects(&model.ListDirectConnectsRequest{Limit: to(int32(1)), Marker: marker,
			SortKey: to("name"), Fields: &[]string{"id", "name"},
			SortDir: &[]model.ListDirectConnectsRequestSortDir{model.GetListDirectConnectsRequestSortDirEnum().DESC}})
		must(t, err)
		if len(*answer.DirectConnects) != 1 {
			t.Fatalf("a page of one holds %v", *answer.DirectConnects)
		}
		one := (*answer.DirectConnects)[0]
		seen, names = append(seen, *one.Id), append(names, *one.Name)
		absent(t, "location, which was not asked for", one.Location)
		if marker = answer.PageInfo.NextMarker; marker == nil {
			break
		}
	}
	both := []string{id, env(t, "DCAAS_SPARE_DIRECT_CONNECT_ID")}
	sort.Strings(seen)
	sort.Strings(both)
	sameList(t, "what the pages held", &seen, both...)
	if !sort.IsSorted(sort.Reverse(sort.StringSlice(names))) {
		t.Errorf("not sorted downwards: %q", names)
	}
}

func TestProjectIsFoundByTheNameOfTheRegion(t *testing.T) {
	answer, err := regionClient(t).ShowDirectConnect(&model.ShowDirectConnectRequest{
		DirectConnectId: env(t, "DCAAS_DIRECT_CONNECT_ID")})
	must(t, err)
	same(t, "tenant_id", answer.DirectConnect.TenantId, project)
}

func TestDirectConnectIsShownAndUpdated(t *testing.T) {
	c, id := client(t), env(t, "DCAAS_DIRECT_CONNECT_ID")

	before, err := c.ShowDirectConnect(&model.ShowDirectConnectRequest{DirectConnectId: id})
	must(t, err)
	same(t, "port_type", before.DirectConnect.PortType, model.GetDirectConnectPortTypeEnum().E_10_G)
	same(t, "type", before.DirectConnect.Type, model.GetDirectConnectTypeEnum().STANDARD)
	if created := time.Time(*before.DirectConnect.CreateTime); time.Since(created) > time.Hour || time.Until(created) > time.Minute {
		t.Errorf("create_time: %v", created)
	}

	answer, err := c.UpdateDirectConnect(&model.UpdateDirectConnectRequest{DirectConnectId: id,
		Body: &model.UpdateDirectConnectRequestBody{DirectConnect: &model.UpdateDirectConnect{Name: to("renamed by Go"),
			Description: to("<äöü> & \"quotes\""), PeerLocation: to("Musterstraße 1")}}})
	must(t, err)
	same(t, "name", answer.DirectConnect.Name, "renamed by Go")
	after, err := c.ShowDirectConnect(&model.ShowDirectConnectRequest{DirectConnectId: id})
	must(t, err)
	same(t, "name", after.DirectConnect.Name, "renamed by Go")
	same(t, "description", after.DirectConnect.Description, "<äöü> & \"quotes\"")
	same(t, "peer_location", after.DirectConnect.PeerLocation, "Musterstraße 1")
	same(t, "bandwidth", after.DirectConnect.Bandwidth, *before.DirectConnect.Bandwidth)
}

func TestDirectConnectIsDeleted(t *testing.T) {
	c, id := client(t), env(t, "DCAAS_SPARE_DIRECT_CONNECT_ID")

	_, err := c.DeleteDirectConnect(&model.DeleteDirectConnectRequest{DirectConnectId: id})
	must(t, err)
	_, err = c.ShowDirectConnect(&model.ShowDirectConnectRequest{DirectConnectId: id})
	refused(t, err, 404, "DC.1012")
}

func TestLocationsAreListedAndShown(t *testing.T) {
	c, id := client(t), env(t, "DCAAS_LOCATION_ID")

	answer, err := c.ListDirectConnectLocations(&model.ListDirectConnectLocationsRequest{})
	must(t, err)
	found := false
	for _, one := range *answer.DirectConnectLocations {
		found = found || *one.Id == id
	}
	if !found {
		t.Errorf("%s is not among %v", id, *answer.DirectConnectLocations)
	}
	one, err := c.ShowDirectConnectLocation(&model.ShowDirectConnectLocationRequest{DirectConnectLocationId: id})
	must(t, err)
	same(t, "id", one.DirectConnectLocation.Id, id)
	same(t, "region_id", one.DirectConnectLocation.RegionId, siteRegion)
}
