// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.huaweicloud.sdk.dc.v3.model.CreateVifPeer;
import com.huaweicloud.sdk.dc.v3.model.CreateVifPeerRequest;
import com.huaweicloud.sdk.dc.v3.model.CreateVifPeerRequestBody;
import com.huaweicloud.sdk.dc.v3.model.CreateVifPeerResponse;
import com.huaweicloud.sdk.dc.v3.model.DeleteVifPeerRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateVifPeer;
import com.huaweicloud.sdk.dc.v3.model.UpdateVifPeerRequest;
import com.huaweicloud.sdk.dc.v3.model.UpdateVifPeerRequestBody;
import com.huaweicloud.sdk.dc.v3.model.VifPeer;
import com.huaweicloud.sdk.dc.v3.model.VirtualInterface;
import java.util.List;
import org.junit.jupiter.api.Test;

class VifPeerTest extends Site {
    /** A static interface that is IPv6-only and also carries the IPv4 addresses of the published example. */
    private VirtualInterface staticIpv6Interface(int gateway, String link, int vlan) {
        return newInterface(order(newGateway(gateway, "10.40.0.0/16").getId(), vlan).withAddressFamily("ipv6")
            .withLocalGatewayV6Ip(link + "1/126").withRemoteGatewayV6Ip(link + "2/126")
            .withLocalGatewayV4Ip("12.3.4.1/30").withRemoteGatewayV4Ip("12.3.4.2/30")
            .withRemoteEpGroup(List.of("2001:db8:4000::/36")));
    }

    private CreateVifPeerResponse add(CreateVifPeer peer) {
        return client.createVifPeer(new CreateVifPeerRequest().withBody(new CreateVifPeerRequestBody().withVifPeer(peer)));
    }

    private void delete(String id) {
        client.deleteVifPeer(new DeleteVifPeerRequest().withVifPeerId(id));
    }

    @Test
    void publishedExampleOfCreateVifPeer() {
        VirtualInterface vif = staticIpv6Interface(1005, "2001:db8:1::", 140);
        CreateVifPeerResponse answer = add(new CreateVifPeer().withName("vif-0819").withDescription("mytest")
            .withRemoteEpGroup(List.of("20.1.1.0/24")).withVifId(vif.getId()));
        assertEquals(201, answer.getHttpStatusCode());
        VifPeer peer = answer.getVifPeer();
        assertEquals("vif-0819", peer.getName());
        assertEquals("mytest", peer.getDescription());
        assertEquals(env("DCAAS_PROJECT_ID"), peer.getTenantId());
        assertEquals("ipv4", peer.getAddressFamily());
        assertEquals("12.3.4.1/30", peer.getLocalGatewayIp());
        assertEquals("12.3.4.2/30", peer.getRemoteGatewayIp());
        assertEquals(VifPeer.RouteModeEnum.STATIC, peer.getRouteMode());
        assertNull(peer.getBgpAsn());
        assertNull(peer.getBgpMd5());
        assertEquals(100, peer.getBgpRouteLimit());
        assertNull(peer.getBgpStatus());
        assertEquals("PENDING_CREATE", peer.getStatus());
        assertEquals(vif.getId(), peer.getVifId());
        assertEquals(-1, peer.getReceiveRouteNum());
        assertEquals(List.of("20.1.1.0/24"), peer.getRemoteEpGroup());

        VirtualInterface now = active(vif.getId());
        assertEquals(2, now.getVifPeers().size());
        for (VifPeer one : now.getVifPeers()) {
            assertEquals("ACTIVE", one.getStatus(), one.getAddressFamily());
        }
    }

    @Test
    void vifPeerIsUpdatedAndDeletedButNotTheLastOne() {
        VirtualInterface vif = staticIpv6Interface(1006, "2001:db8:2::", 141);
        String id = add(new CreateVifPeer().withName("second").withVifId(vif.getId()).withAddressFamily("ipv4")
            .withRouteMode(CreateVifPeer.RouteModeEnum.STATIC).withRemoteEpGroup(List.of("20.1.2.0/24")))
            .getVifPeer().getId();

        VifPeer updated = client.updateVifPeer(new UpdateVifPeerRequest().withVifPeerId(id).withBody(
            new UpdateVifPeerRequestBody().withVifPeer(new UpdateVifPeer().withName("renamed").withDescription("again")
                .withRemoteEpGroup(List.of("20.1.3.0/24", "20.1.4.0/24"))))).getVifPeer();
        assertEquals("renamed", updated.getName());
        assertEquals("again", updated.getDescription());
        assertEquals(List.of("20.1.3.0/24", "20.1.4.0/24"), updated.getRemoteEpGroup());

        delete(id);
        VifPeer left = await("one peer is left", () -> show(vif.getId()), now -> now.getVifPeers().size() == 1)
            .getVifPeers().get(0);
        assertEquals("ipv6", left.getAddressFamily());
        refused(400, "DC.1214", () -> delete(left.getId()));
    }

    @Test
    void secondPeerOfOneFamilyIsRefused() {
        VirtualInterface vif = staticIpv6Interface(1007, "2001:db8:3::", 142);
        refused(400, "DC.1214", () -> add(new CreateVifPeer().withVifId(vif.getId()).withAddressFamily("ipv6")
            .withLocalGatewayIp("2001:db8:4::1/126").withRemoteGatewayIp("2001:db8:4::2/126")));
    }
}
