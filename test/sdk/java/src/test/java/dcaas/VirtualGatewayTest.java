// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGateway;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGatewayRequestBody;
import com.huaweicloud.sdk.dc.v3.model.DeleteVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.ListVirtualGatewaysRequest;
import com.huaweicloud.sdk.dc.v3.model.ShowVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.Tag;
import com.huaweicloud.sdk.dc.v3.model.UpdateVirtualGateway;
import com.huaweicloud.sdk.dc.v3.model.UpdateVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateVirtualGatewayRequestBody;
import com.huaweicloud.sdk.dc.v3.model.VirtualGateway;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtualGatewayTest extends Site {
    private VirtualGateway showGateway(String id) {
        return client.showVirtualGateway(new ShowVirtualGatewayRequest().withVirtualGatewayId(id)).getVirtualGateway();
    }

    @Test
    void virtualGatewayIsCreatedListedShownUpdatedAndDeleted() {
        VirtualGateway made = client.createVirtualGateway(new CreateVirtualGatewayRequest().withBody(
            new CreateVirtualGatewayRequestBody().withVirtualGateway(new CreateVirtualGateway().withVpcId(vpc(1001))
                .withName("gw").withDescription("of Java").withLocalEpGroup(List.of("10.21.0.0/16", "10.20.0.0/16"))
                .withLocalEpGroupIpv6(List.of("2001:db8:20::/48")).withBgpAsn(64600)
                .withTags(List.of(new Tag().withKey("env").withValue("test")))))).getVirtualGateway();
        assertEquals("gw", made.getName());
        assertEquals(64600, made.getBgpAsn());
        assertEquals("ACTIVE", made.getStatus());
        assertEquals(List.of("10.21.0.0/16", "10.20.0.0/16"), made.getLocalEpGroup());

        List<VirtualGateway> listed = client.listVirtualGateways(
            new ListVirtualGatewaysRequest().withVpcId(List.of(vpc(1001), UNKNOWN))).getVirtualGateways();
        assertEquals(1, listed.size());
        assertEquals(made.getId(), listed.get(0).getId());

        client.updateVirtualGateway(new UpdateVirtualGatewayRequest().withVirtualGatewayId(made.getId()).withBody(
            new UpdateVirtualGatewayRequestBody().withVirtualGateway(new UpdateVirtualGateway().withName("gw2")
                .withLocalEpGroup(List.of("10.22.0.0/16")))));
        VirtualGateway shown = showGateway(made.getId());
        assertEquals("gw2", shown.getName());
        assertEquals("of Java", shown.getDescription());
        assertEquals(vpc(1001), shown.getVpcId());
        assertEquals(List.of("10.22.0.0/16"), shown.getLocalEpGroup());
        assertEquals(List.of("2001:db8:20::/48"), shown.getLocalEpGroupIpv6());
        assertEquals(List.of(new Tag().withKey("env").withValue("test")), shown.getTags());

        client.deleteVirtualGateway(new DeleteVirtualGatewayRequest().withVirtualGatewayId(made.getId()));
        refused(404, "DC.1111", () -> showGateway(made.getId()));
    }

    @Test
    void gatewayThatCarriesAnInterfaceIsNotDeleted() {
        VirtualGateway gateway = newGateway(1002, "10.24.0.0/16");
        newInterface(order(gateway.getId(), 120).withLocalGatewayV4Ip("192.168.120.1/30")
            .withRemoteGatewayV4Ip("192.168.120.2/30").withRemoteEpGroup(List.of("172.20.0.0/16")));
        refused(400, "DC.1106", () -> client.deleteVirtualGateway(
            new DeleteVirtualGatewayRequest().withVirtualGatewayId(gateway.getId())));
    }
}
