// SPDX-License-Identifier: ISC
package dcaas;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGateway;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGatewayRequest;
import com.huaweicloud.sdk.dc.v3.model.CreateVirtualGatewayRequestBody;
import com.huaweicloud.sdk.dc.v3.model.ListVirtualGatewaysRequest;
import java.util.List;
import org.junit.jupiter.api.Test;

class ErrorTest extends Site {
    @Test
    void unknownResourceIsATypedError() {
        refused(404, "DC.1211", () -> show(UNKNOWN));
    }

    @Test
    void badMemberIsATypedErrorThatNamesIt() {
        ServiceResponseException error = refused(400, "DC.0004", () -> client.createVirtualGateway(
            new CreateVirtualGatewayRequest().withBody(new CreateVirtualGatewayRequestBody().withVirtualGateway(
                new CreateVirtualGateway().withVpcId(vpc(1008)).withLocalEpGroup(List.of("10.0.0.0/33"))))));
        assertTrue(error.getErrorMsg().contains("local_ep_group"), error.getErrorMsg());
    }

    @Test
    void wrongSecretKeyIsATypedError() {
        refused(401, "APIGW.0301",
            () -> clientWith("not-the-secret-key").listVirtualGateways(new ListVirtualGatewaysRequest()));
    }
}
