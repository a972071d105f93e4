// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.core.region.Region;
import com.huaweicloud.sdk.dc.v3.DcClient;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGateway;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGatewayRequestBody;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualInterface;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualInterfaceRequest;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualInterfaceRequestBody;
import com.huaweicloud.sdk.dc.v3.model.DeleteVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.DeleteVirtualInterfaceRequest;
import com.huaweicloud.sdk.dc.v3.model.ShowVirtualInterfaceRequest;
import com.huaweicloud.sdk.dc.v3.model.VirtualGateway;
import com.huaweicloud.sdk.dc.v3.model.VirtualInterface;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.function.Executable;

/**
 * The official Java SDK (huaweicloud-sdk-dc) against a dcaasd: only endpoint and credentials are set.
 *
 * test_java_sdk.py starts the server (with a simulated edge) and tells where it is, and what the operator made for these
 * tests, in the environment. Over HTTPS the certificate is in the trust store that the JVM is started with.
 */
abstract class Site {
    static final String REGION = "cn-southwest-242";
    static final String UNKNOWN = "00000000-0000-4000-8000-00000000dead";

    final DcClient client = clientWith(env("DCAAS_SECRET_KEY"));
    private final Deque<Runnable> cleanups = new ArrayDeque<>();

    static String env(String name) {
        String value = System.getenv(name);
        assertNotNull(value, name + " is not set: these tests are started by test_java_sdk.py");
        return value;
    }

    static DcClient clientWith(String secretKey) {
        BasicCredentials credentials = new BasicCredentials().withAk(env("DCAAS_ACCESS_KEY")).withSk(secretKey)
            .withProjectId(env("DCAAS_PROJECT_ID"));
        return DcClient.newBuilder().withCredential(credentials).withEndpoint(env("DCAAS_ENDPOINT")).build();
    }

    /** Knows no project: the SDK asks IAM, here the same server, for the one that is named like the region. */
    static DcClient regionClient() {
        BasicCredentials credentials = new BasicCredentials().withAk(env("DCAAS_ACCESS_KEY"))
            .withSk(env("DCAAS_SECRET_KEY")).withIamEndpoint(env("DCAAS_ENDPOINT"));
        return DcClient.newBuilder().withCredential(credentials)
            .withRegion(new Region(REGION, env("DCAAS_ENDPOINT"))).build();
    }

    /** The call fails with the SDK's typed error with that status and code, words and a request id. */
    static ServiceResponseException refused(int status, String code, Executable call) {
        ServiceResponseException error = assertThrows(ServiceResponseException.class, call);
        assertEquals(status + " " + code, error.getHttpStatusCode() + " " + error.getErrorCode(), error.toString());
        assertFalse(error.getErrorMsg().isEmpty(), error.toString());
        assertEquals(32, error.getRequestId().length(), error.toString());
        return error;
    }

    /** Looks until it is so, at most 60 s; returns what was seen then. */
    static <T> T await(String what, Supplier<T> look, Predicate<T> enough) {
        long end = System.nanoTime() + 300_000_000_000L;
        while (true) {
            T seen = look.get();
            if (enough.test(seen)) {
                return seen;
            }
            if (System.nanoTime() > end) {
                return fail(what + ": not within 300 s; seen last: " + seen);
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    static int statusOf(Runnable call) {
        try {
            call.run();
            return 200;
        } catch (ServiceResponseException e) {
            return e.getHttpStatusCode();
        }
    }

    void atEnd(Runnable cleanup) {
        cleanups.push(cleanup);
    }

    @AfterEach
    void cleanUp() {
        while (!cleanups.isEmpty()) {
            cleanups.pop().run();
        }
    }

    static String vpc(int number) {
        return String.format("6a1e2f30-0000-4000-8000-%012d", number);
    }

    /** A virtual gateway that the test's end removes. */
    VirtualGateway newGateway(int number, String... subnets) {
        VirtualGateway gateway = client.createVirtualGateway(new CreateVirtualGatewayRequest().withBody(
            new CreateVirtualGatewayRequestBody().withVirtualGateway(new CreateVirtualGateway().withVpcId(vpc(number))
                .withName("java-" + number).withLocalEpGroup(Arrays.asList(subnets))))).getVirtualGateway();
        atEnd(() -> client.deleteVirtualGateway(new DeleteVirtualGatewayRequest().withVirtualGatewayId(gateway.getId())));
        return gateway;
    }

    static CreateVirtualInterfaceRequest request(CreateVirtualInterface body) {
        return new CreateVirtualInterfaceRequest().withBody(
            new CreateVirtualInterfaceRequestBody().withVirtualInterface(body));
    }

    /** A static interface's order without addresses. */
    static CreateVirtualInterface order(String gatewayId, int vlan) {
        return new CreateVirtualInterface().withName("vif-" + vlan).withDirectConnectId(env("DCAAS_DIRECT_CONNECT_ID"))
            .withVgwId(gatewayId).withVlan(vlan).withBandwidth(10).withType(CreateVirtualInterface.TypeEnum.PRIVATE)
            .withRouteMode(CreateVirtualInterface.RouteModeEnum.STATIC);
    }

    VirtualInterface newInterface(CreateVirtualInterface body) {
        VirtualInterface made = client.createVirtualInterface(request(body)).getVirtualInterface();
        atEnd(() -> dropInterface(made.getId()));
        return made;
    }

    VirtualInterface show(String id) {
        return client.showVirtualInterface(new ShowVirtualInterfaceRequest().withVirtualInterfaceId(id))
            .getVirtualInterface();
    }

    void dropInterface(String id) {
        client.deleteVirtualInterface(new DeleteVirtualInterfaceRequest().withVirtualInterfaceId(id));
        await("the interface is gone", () -> statusOf(() -> show(id)), status -> status == 404);
    }

    /** The interface, once it works. */
    VirtualInterface active(String id) {
        return await("the interface is ACTIVE", () -> show(id), vif -> vif.getStatus().equals("ACTIVE"));
    }
}
