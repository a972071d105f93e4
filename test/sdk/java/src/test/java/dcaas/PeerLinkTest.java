// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.huaweicloud.sdk.dc.v3.model.CreateExternalPeerLinkRequestBody;
import com.huaweicloud.sdk.dc.v3.model.CreateExternalPeerLinkRequestBodyPeerLink;
import com.huaweicloud.sdk.dc.v3.model.CreateExternalPeerLinkRequestBodyPeerLinkPeerSite;
import com.huaweicloud.sdk.dc.v3.model.CreateGlobalDcGateway;
import com.huaweicloud.sdk.dc.v3.model.CreateGlobalDcGatewayEntry;
import com.huaweicloud.sdk.dc.v3.model.CreateGlobalDcGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.CreateGlobalDcGatewayRequestBody;
import com.huaweicloud.sdk.dc.v3.model.CreatePeerLinkRequest;
import com.huaweicloud.sdk.dc.v3.model.CreatePeerLinkResponse;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualInterface;
import com.huaweicloud.sdk.dc.v3.model.DeleteGlobalDcGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.DeletePeerLinkRequest;
import com.huaweicloud.sdk.dc.v3.model.ExternalCreatePeerLink;
import com.huaweicloud.sdk.dc.v3.model.ExternalUpdatePeerLink;
import com.huaweicloud.sdk.dc.v3.model.GlobalDcGatewayEntry;
import com.huaweicloud.sdk.dc.v3.model.GlobalDcGatewayStatus;
import com.huaweicloud.sdk.dc.v3.model.ListGlobalDcGatewaysRequest;
import com.huaweicloud.sdk.dc.v3.model.ListPeerLinksRequest;
import com.huaweicloud.sdk.dc.v3.model.ListPeerLinksResponse;
import com.huaweicloud.sdk.dc.v3.model.PeerLinkEntry;
import com.huaweicloud.sdk.dc.v3.model.PeerLinkStatus;
import com.huaweicloud.sdk.dc.v3.model.PeerSite;
import com.huaweicloud.sdk.dc.v3.model.ShowGlobalDcGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.ShowPeerLinkRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateExternalPeerLinkRequestBody;
import com.huaweicloud.sdk.dc.v3.model.UpdateExternalPeerLinkRequestBodyPeerLink;
import com.huaweicloud.sdk.dc.v3.model.UpdateGlobalDcGateway;
import com.huaweicloud.sdk.dc.v3.model.UpdateGlobalDcGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateGlobalDcGatewayRequestBody;
import com.huaweicloud.sdk.dc.v3.model.UpdatePeerLinkRequest;
import com.huaweicloud.sdk.dc.v3.model.VirtualInterface;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerLinkTest extends Site {
    // What the published example of *add a peer link* names; the operator made them.
    private static final String ROUTER = "70e29908-12f8-4d5d-9adf-4da5465b91b2";
    private static final String PROJECT = "b197c48159d44a66b32c538c3f8da89a";

    private CreateGlobalDcGatewayEntry create(CreateGlobalDcGateway body) {
        return client.createGlobalDcGateway(new CreateGlobalDcGatewayRequest().withBody(
            new CreateGlobalDcGatewayRequestBody().withGlobalDcGateway(body))).getGlobalDcGateway();
    }

    private GlobalDcGatewayEntry showGateway(String id) {
        return client.showGlobalDcGateway(new ShowGlobalDcGatewayRequest().withGlobalDcGatewayId(id)).getGlobalDcGateway();
    }

    private void deleteGateway(String id) {
        client.deleteGlobalDcGateway(new DeleteGlobalDcGatewayRequest().withGlobalDcGatewayId(id));
    }

    private String newGlobalGateway(String name) {
        String id = create(new CreateGlobalDcGateway().withName(name)
            .withAddressFamily(CreateGlobalDcGateway.AddressFamilyEnum.DUAL)).getId();
        atEnd(() -> deleteGateway(id));
        return id;
    }

    /** Gives a global DC gateway an interface that works. */
    private void interfaceInto(String gateway, int vlan) {
        VirtualInterface vif = newInterface(order(null, vlan).withGatewayId(gateway)
            .withServiceType(CreateVirtualInterface.ServiceTypeEnum.GDGW)
            .withRouteMode(CreateVirtualInterface.RouteModeEnum.BGP).withBgpAsn(65020)
            .withLocalGatewayV4Ip("192.168.150.1/30").withRemoteGatewayV4Ip("192.168.150.2/30")
            .withRemoteEpGroup(List.of("172.25.0.0/16")));
        assertEquals(VirtualInterface.ServiceTypeEnum.GDGW, vif.getServiceType());
        assertEquals(gateway, vif.getGatewayId());
        active(vif.getId());
    }

    /** The request of the published example. */
    private CreatePeerLinkResponse link(String gateway) {
        return client.createPeerLink(new CreatePeerLinkRequest().withGlobalDcGatewayId(gateway).withBody(
            new CreateExternalPeerLinkRequestBody().withPeerLink(new CreateExternalPeerLinkRequestBodyPeerLink()
                .withName("dgw-peer-link-94dc").withPeerSite(new CreateExternalPeerLinkRequestBodyPeerLinkPeerSite()
                    .withGatewayId(ROUTER).withProjectId(PROJECT).withRegionId(REGION)))));
    }

    private PeerLinkEntry showLink(String gateway, String id) {
        return client.showPeerLink(new ShowPeerLinkRequest().withGlobalDcGatewayId(gateway).withPeerLinkId(id))
            .getPeerLink();
    }

    private PeerLinkEntry activeLink(String gateway, String id) {
        return await("the link is ACTIVE", () -> showLink(gateway, id),
            now -> now.getStatus().equals(PeerLinkStatus.ACTIVE));
    }

    private void dropLink(String gateway, String id) {
        client.deletePeerLink(new DeletePeerLinkRequest().withGlobalDcGatewayId(gateway).withPeerLinkId(id));
        await("the link is gone", () -> statusOf(() -> showLink(gateway, id)), status -> status == 404);
    }

    @Test
    void globalDcGatewayIsCreatedListedShownUpdatedAndDeleted() {
        CreateGlobalDcGatewayEntry made = create(new CreateGlobalDcGateway().withName("dgw").withDescription("of Java")
            .withBgpAsn(64700L).withAddressFamily(CreateGlobalDcGateway.AddressFamilyEnum.IPV4));
        assertEquals("dgw", made.getName());
        assertEquals(64700L, made.getBgpAsn());
        assertEquals(GlobalDcGatewayStatus.DOWN, made.getStatus());
        assertEquals(3, made.getAvailablePeerLinkCount());

        List<GlobalDcGatewayEntry> listed = client.listGlobalDcGateways(
            new ListGlobalDcGatewaysRequest().withName(List.of("dgw"))).getGlobalDcGateways();
        assertEquals(1, listed.size());
        assertEquals(made.getId(), listed.get(0).getId());

        client.updateGlobalDcGateway(new UpdateGlobalDcGatewayRequest().withGlobalDcGatewayId(made.getId()).withBody(
            new UpdateGlobalDcGatewayRequestBody().withGlobalDcGateway(
                new UpdateGlobalDcGateway().withName("dgw2").withAddressFamily("dual"))));
        GlobalDcGatewayEntry shown = showGateway(made.getId());
        assertEquals("dgw2", shown.getName());
        assertEquals("of Java", shown.getDescription());
        assertEquals(GlobalDcGatewayEntry.AddressFamilyEnum.DUAL, shown.getAddressFamily());

        deleteGateway(made.getId());
        refused(404, "DC.0002", () -> showGateway(made.getId()));
    }

    @Test
    void publishedExampleOfCreatePeerLink() {
        String gateway = newGlobalGateway("with-a-link");
        interfaceInto(gateway, 150);
        CreatePeerLinkResponse answer = link(gateway);
        ExternalCreatePeerLink link = answer.getPeerLink();
        atEnd(() -> dropLink(gateway, link.getId()));
        assertEquals(201, answer.getHttpStatusCode());
        assertEquals(32, answer.getRequestId().length());
        assertEquals("dgw-peer-link-94dc", link.getName());
        assertEquals(PROJECT, link.getTenantId());
        assertNull(link.getDescription());
        assertEquals("PENDING_CREATE", link.getStatus());
        assertNull(link.getReason());
        assertEquals(gateway, link.getGlobalDcGatewayId());
        assertEquals(0L, link.getBandwidthInfo().getBandwidthSize());
        assertNull(link.getBandwidthInfo().getGcbId());
        assertEquals(ROUTER, link.getPeerSite().getGatewayId());
        assertNull(link.getPeerSite().getLinkId());
        assertEquals(REGION, link.getPeerSite().getRegionId());
        assertEquals(REGION, link.getPeerSite().getSiteCode());
        assertEquals(PROJECT, link.getPeerSite().getProjectId());
        assertEquals("ER", link.getPeerSite().getType());
        assertNull(link.getInstanceId());

        PeerLinkEntry now = activeLink(gateway, link.getId());
        assertEquals(PeerSite.TypeEnum.ER, now.getPeerSite().getType());
        assertNull(now.getCreateOwner(), "this SDK takes it for a time");
        assertEquals(1, showGateway(gateway).getCurrentPeerLinkCount());
        assertEquals(2, showGateway(gateway).getAvailablePeerLinkCount());
    }

    @Test
    void peerLinkIsListedUpdatedAndDeleted() {
        String gateway = newGlobalGateway("with-links");
        interfaceInto(gateway, 151);
        String id = link(gateway).getPeerLink().getId();
        activeLink(gateway, id);

        ListPeerLinksResponse list = client.listPeerLinks(new ListPeerLinksRequest().withGlobalDcGatewayId(gateway));
        assertEquals(1, list.getPeerLinks().size());
        assertEquals(id, list.getPeerLinks().get(0).getId());
        assertEquals(1, list.getPageInfo().getCurrentCount());
        ExternalUpdatePeerLink updated = client.updatePeerLink(new UpdatePeerLinkRequest().withGlobalDcGatewayId(gateway)
            .withPeerLinkId(id).withBody(new UpdateExternalPeerLinkRequestBody().withPeerLink(
                new UpdateExternalPeerLinkRequestBodyPeerLink().withName("renamed").withDescription("to the router"))))
            .getPeerLink();
        assertEquals("renamed", updated.getName());
        assertEquals("to the router", updated.getDescription());
        assertEquals("ACTIVE", updated.getStatus());

        refused(400, "DC.0001", () -> link(gateway));
        refused(400, "DC.1106", () -> deleteGateway(gateway));

        dropLink(gateway, id);
        refused(404, "DC.0002", () -> showLink(gateway, id));
    }

    @Test
    void peerLinkOfAGatewayWithoutInterfaceIsRefused() {
        String gateway = newGlobalGateway("without-interface");
        refused(400, "DC.1205", () -> link(gateway));
    }
}
