// SPDX-License-Identifier: ISC
package sdk

import (
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

func TestUnknownResourceIsATypedError(t *testing.T) {
	_, err := client(t).ShowVirtualInterface(&model.ShowVirtualInterfaceRequest{VirtualInterfaceId: unknown})
	refused(t, err, 404, "DC.1211")
}

func TestBadMemberIsATypedErrorThatNamesIt(t *testing.T) {
	_, err := client(t).CreateVirtualGateway(&model.CreateVirtualGatewayRequest{Body: &model.CreateVirtualGatewayRequestBody{
		VirtualGateway: &model.CreateVirtualGateway{VpcId: "6a1e2f30-0000-4000-8000-000000001008",
			LocalEpGroup: []string{"10.0.0.0/33"}}}})
	if typed := refused(t, err, 400, "DC.0004"); !strings.Contains(typed.ErrorMessage, "local_ep_group") {
		t.Errorf("the member is not named: %s", typed.ErrorMessage)
	}
}

func TestWrongSecretKeyIsATypedError(t *testing.T) {
	_, err := clientWith(t, "not-the-secret-key").ListVirtualGateways(&model.ListVirtualGatewaysRequest{})
	refused(t, err, 401, "APIGW.0301")
}
