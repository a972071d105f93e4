// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.huaweicloud.sdk.dc.v3.model.DeleteDirectConnectRequest;
import com.huaweicloud.sdk.dc.v3.model.DirectConnect;
import com.huaweicloud.sdk.dc.v3.model.ListDirectConnectLocationsRequest;
import com.huaweicloud.sdk.dc.v3.model.ListDirectConnectsRequest;
import com.huaweicloud.sdk.dc.v3.model.ListDirectConnectsResponse;
import com.huaweicloud.sdk.dc.v3.model.ShowDirectConnectLocationRequest;
import com.huaweicloud.sdk.dc.v3.model.ShowDirectConnectRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateDirectConnect;
import com.huaweicloud.sdk.dc.v3.model.UpdateDirectConnectRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateDirectConnectRequestBody;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InventoryTest extends Site {
    private final String line = env("DCAAS_DIRECT_CONNECT_ID");
    private final String spare = env("DCAAS_SPARE_DIRECT_CONNECT_ID");

    private DirectConnect showLine() {
        return client.showDirectConnect(new ShowDirectConnectRequest().withDirectConnectId(line)).getDirectConnect();
    }

    @Test
    @Order(1)
    void directConnectsAreListedFilteredAndPaged() {
        ListDirectConnectsResponse one = client.listDirectConnects(new ListDirectConnectsRequest().withId(List.of(line)));
        assertEquals(1, one.getDirectConnects().size());
        assertEquals(line, one.getDirectConnects().get(0).getId());
        assertEquals(env("DCAAS_PROJECT_ID"), one.getDirectConnects().get(0).getTenantId());
        assertEquals(32, one.getRequestId().length());

        List<String> seen = new ArrayList<>();
        List<String> names = new ArrayList<>();
        String marker = null;
        for (int page = 0; page < 10; page++) {
            ListDirectConnectsRequest next = new ListDirectConnectsRequest().withLimit(1).withMarker(marker)
                .withFields(List.of("name", "id")).withSortKey("name")
                .withSortDir(List.of(ListDirectConnectsRequest.SortDirEnum.DESC));
            ListDirectConnectsResponse answer = client.listDirectConnects(next);
            assertEquals(1, answer.getDirectConnects().size(), answer.toString());
            DirectConnect connection = answer.getDirectConnects().get(0);
            seen.add(connection.getId());
            names.add(connection.getName());
            assertNull(connection.getLocation(), "it was not asked for");
            marker = answer.getPageInfo().getNextMarker();
            if (marker == null) {
                break;
            }
        }
        assertEquals(2, seen.size(), seen.toString());
        assertTrue(seen.containsAll(List.of(line, spare)), seen.toString());
        assertTrue(names.get(0).compareTo(names.get(1)) >= 0, names.toString());
    }

    @Test
    @Order(2)
    void projectIsFoundByTheNameOfTheRegion() {
        assertEquals(env("DCAAS_PROJECT_ID"), regionClient().showDirectConnect(
            new ShowDirectConnectRequest().withDirectConnectId(line)).getDirectConnect().getTenantId());
    }

    @Test
    @Order(3)
    void directConnectIsShownAndUpdated() {
        DirectConnect before = showLine();
        assertEquals(DirectConnect.PortTypeEnum._10G, before.getPortType());
        assertEquals(DirectConnect.TypeEnum.STANDARD, before.getType());
        Duration age = Duration.between(before.getCreateTime(), OffsetDateTime.now());
        assertTrue(age.abs().compareTo(Duration.ofHours(1)) < 0, age.toString());

        DirectConnect answer = client.updateDirectConnect(new UpdateDirectConnectRequest().withDirectConnectId(line)
            .withBody(new UpdateDirectConnectRequestBody().withDirectConnect(new UpdateDirectConnect()
                .withName("renamed by Java").withDescription("<äöü> & \"quotes\"").withPeerLocation("Musterstraße 1"))))
            .getDirectConnect();
        assertEquals("renamed by Java", answer.getName());
        DirectConnect after = showLine();
        assertEquals("renamed by Java", after.getName());
        assertEquals("<äöü> & \"quotes\"", after.getDescription());
        assertEquals("Musterstraße 1", after.getPeerLocation());
        assertEquals(before.getBandwidth(), after.getBandwidth());
    }

    @Test
    @Order(4)
    void directConnectIsDeleted() {
        client.deleteDirectConnect(new DeleteDirectConnectRequest().withDirectConnectId(spare));
        refused(404, "DC.1012",
            () -> client.showDirectConnect(new ShowDirectConnectRequest().withDirectConnectId(spare)));
    }

    @Test
    @Order(5)
    void locationsAreListedAndShown() {
        String id = env("DCAAS_LOCATION_ID");
        assertTrue(client.listDirectConnectLocations(new ListDirectConnectLocationsRequest()).getDirectConnectLocations()
            .stream().anyMatch(location -> location.getId().equals(id)));
        assertEquals(REGION, client.showDirectConnectLocation(
            new ShowDirectConnectLocationRequest().withDirectConnectLocationId(id)).getDirectConnectLocation().getRegionId());
    }
}
