// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.huaweicloud.sdk.dc.v3.model.CreateVirtualInterface;
import com.huaweicloud.sdk.dc.v3.model.ListVirtualGatewaysRequest;
import com.huaweicloud.sdk.dc.v3.model.ListVirtualInterfacesRequest;
import com.huaweicloud.sdk.dc.v3.model.ListVirtualInterfacesResponse;
import com.huaweicloud.sdk.dc.v3.model.UpdateVirtualInterface;
import com.huaweicloud.sdk.dc.v3.model.UpdateVirtualInterfaceRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateVirtualInterfaceRequestBody;
import com.huaweicloud.sdk.dc.v3.model.VifPeer;
import com.huaweicloud.sdk.dc.v3.model.VirtualGateway;
import com.huaweicloud.sdk.dc.v3.model.VirtualInterface;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtualInterfaceTest extends Site {
    @Test
    void virtualInterfaceIsCreatedBecomesActiveIsListedUpdatedAndDeleted() {
        VirtualGateway gateway = newGateway(1003, "10.30.0.0/16");
        VirtualInterface made = client.createVirtualInterface(request(order(gateway.getId(), 130).withName("vif")
            .withDescription("of Java").withBandwidth(50).withServiceType(CreateVirtualInterface.ServiceTypeEnum.VGW)
            .withRouteMode(CreateVirtualInterface.RouteModeEnum.BGP).withBgpAsn(65010).withBgpMd5("a-Secret-1")
            .withLocalGatewayV4Ip("192.168.130.1/30").withRemoteGatewayV4Ip("192.168.130.2/30")
            .withRemoteEpGroup(List.of("172.30.1.0/24", "172.30.0.0/24")))).getVirtualInterface();
        assertEquals("PENDING_CREATE", made.getStatus());
        assertEquals(130, made.getVlan());
        assertEquals(VirtualInterface.ServiceTypeEnum.VGW, made.getServiceType());
        assertEquals(List.of("172.30.1.0/24", "172.30.0.0/24"), made.getRemoteEpGroup());

        VirtualInterface now = active(made.getId());
        assertEquals(1, now.getVifPeers().size());
        VifPeer peer = now.getVifPeers().get(0);
        assertEquals(VifPeer.RouteModeEnum.BGP, peer.getRouteMode());
        assertEquals("up", peer.getBgpStatus());
        assertEquals(65010, peer.getBgpAsn());
        assertEquals("a-Secret-1", peer.getBgpMd5());
        assertEquals("192.168.130.1/30", peer.getLocalGatewayIp());

        ListVirtualInterfacesResponse list = client.listVirtualInterfaces(new ListVirtualInterfacesRequest()
            .withVgwId(List.of(gateway.getId())).withDirectConnectId(List.of(env("DCAAS_DIRECT_CONNECT_ID")))
            .withStatus(List.of("ACTIVE")));
        assertEquals(1, list.getVirtualInterfaces().size());
        assertEquals(made.getId(), list.getVirtualInterfaces().get(0).getId());
        assertEquals(1, list.getPageInfo().getCurrentCount());

        client.updateVirtualInterface(new UpdateVirtualInterfaceRequest().withVirtualInterfaceId(made.getId()).withBody(
            new UpdateVirtualInterfaceRequestBody().withVirtualInterface(new UpdateVirtualInterface().withName("vif2")
                .withDescription("").withBandwidth(60).withRemoteEpGroup(List.of("172.31.0.0/16")))));
        now = active(made.getId());
        assertEquals("vif2", now.getName());
        assertEquals("", now.getDescription());
        assertEquals(60, now.getBandwidth());
        assertEquals(List.of("172.31.0.0/16"), now.getRemoteEpGroup());

        dropInterface(made.getId());
        assertEquals(0, client.listVirtualInterfaces(new ListVirtualInterfacesRequest().withId(List.of(made.getId())))
            .getVirtualInterfaces().size());
    }

    /** This SDK has 31 bits for an AS number and refuses a whole answer with a larger one: dcaasd leaves it out. */
    @Test
    void listsWithFourByteAsNumbersAreRead() {
        VirtualInterface vif = client.listVirtualInterfaces(new ListVirtualInterfacesRequest()
            .withId(List.of(env("DCAAS_FOUR_BYTE_INTERFACE_ID")))).getVirtualInterfaces().get(0);
        assertNull(vif.getVifPeers().get(0).getBgpAsn());
        assertEquals("192.168.99.1/30", vif.getVifPeers().get(0).getLocalGatewayIp());
        VirtualGateway gateway = client.listVirtualGateways(new ListVirtualGatewaysRequest()
            .withId(List.of(vif.getVgwId()))).getVirtualGateways().get(0);
        assertNull(gateway.getBgpAsn());
        assertEquals("four bytes", gateway.getName());
    }

    @Test
    void oneVlanCarriesOneInterface() {
        VirtualGateway gateway = newGateway(1004, "10.31.0.0/16");
        newInterface(order(gateway.getId(), 131).withLocalGatewayV4Ip("192.168.131.1/30")
            .withRemoteGatewayV4Ip("192.168.131.2/30"));
        refused(400, "DC.1209", () -> client.createVirtualInterface(request(order(gateway.getId(), 131)
            .withLocalGatewayV4Ip("192.168.131.5/30").withRemoteGatewayV4Ip("192.168.131.6/30"))));
    }
}
