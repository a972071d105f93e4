// SPDX-License-Identifier: ISC
// The official Go SDK (huaweicloud-sdk-go-v3, services/dc/v3) against a dcaasd: only endpoint and credentials are set.
//
// test_go_sdk.py starts the server (with a simulated edge) and tells where it is in the environment:
// DCAAS_ENDPOINT, DCAAS_PROJECT_ID, DCAAS_ACCESS_KEY, DCAAS_SECRET_KEY, and what the operator made for these tests:
// DCAAS_DIRECT_CONNECT_ID, DCAAS_SPARE_DIRECT_CONNECT_ID, DCAAS_LOCATION_ID. Over HTTPS the certificate is trusted by
// SSL_CERT_FILE.
package sdk

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	dc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3/model"
)

const unknown = "00000000-0000-4000-8000-00000000dead"

// value of an environment variable that test_go_sdk.py sets.
func env(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: these tests are started by test_go_sdk.py", name)
	}
	return value
}

func clientWith(t *testing.T, secretKey string) *dc.DcClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithAk(env(t, "DCAAS_ACCESS_KEY")).WithSk(secretKey).
		WithProjectId(env(t, "DCAAS_PROJECT_ID")).SafeBuild()
	must(t, err)
	http, err := dc.DcClientBuilder().WithEndpoint(env(t, "DCAAS_ENDPOINT")).WithCredential(credentials).SafeBuild()
	must(t, err)
	return dc.NewDcClient(http)
}

func client(t *testing.T) *dc.DcClient {
	t.Helper()
	return clientWith(t, env(t, "DCAAS_SECRET_KEY"))
}

// regionClient knows no project: the SDK asks IAM, here the same server, for the one that is named like the region.
func regionClient(t *testing.T) *dc.DcClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithAk(env(t, "DCAAS_ACCESS_KEY")).WithSk(env(t, "DCAAS_SECRET_KEY")).
		WithIamEndpointOverride(env(t, "DCAAS_ENDPOINT")).SafeBuild()
	must(t, err)
	http, err := dc.DcClientBuilder().WithRegion(region.NewRegion(siteRegion, env(t, "DCAAS_ENDPOINT"))).
		WithCredential(credentials).SafeBuild()
	must(t, err)
	return dc.NewDcClient(http)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same fails the test unless the pointer leads to that value.
func same[T comparable](t *testing.T, what string, got *T, want T) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: absent, not %v", what, want)
	} else if *got != want {
		t.Errorf("%s: %v, not %v", what, *got, want)
	}
}

func sameList(t *testing.T, what string, got *[]string, want ...string) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: absent, not %v", what, want)
	} else if fmt.Sprintf("%q", *got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s: %q, not %q", what, *got, want)
	}
}

func absent[T any](t *testing.T, what string, got *T) {
	t.Helper()
	if got != nil {
		t.Errorf("%s: %v, not absent", what, *got)
	}
}

func to[T any](value T) *T { return &value }

// refused fails the test unless err is the SDK's typed error with that status and code, words and a request id.
func refused(t *testing.T, err error, status int, code string) *sdkerr.ServiceResponseError {
	t.Helper()
	var typed *sdkerr.ServiceResponseError
	if !errors.As(err, &typed) {
		t.Fatalf("not refused with %s, but: %v", code, err)
	}
	if typed.StatusCode != status || typed.ErrorCode != code || typed.ErrorMessage == "" || len(typed.RequestId) != 32 {
		t.Errorf("not %d %s with words and a request id: %#v", status, code, typed)
	}
	return typed
}

// wait looks until it is so, at most 300 s.
func wait(t *testing.T, what string, look func() (bool, string)) {
	t.Helper()
	end := time.Now().Add(300 * time.Second)
	for {
		ok, seen := look()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within 300 s; seen last: %s", what, seen)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// gone waits until a show answers 404.
func gone(t *testing.T, what string, show func() error) {
	t.Helper()
	wait(t, what+" is gone", func() (bool, string) {
		var typed *sdkerr.ServiceResponseError
		err := show()
		return errors.As(err, &typed) && typed.StatusCode == 404, fmt.Sprint(err)
	})
}

// newGateway makes a virtual gateway that the test's end removes. vpc: the last digits of the VPC's id.
func newGateway(t *testing.T, c *dc.DcClient, vpc string, subnets ...string) *model.VirtualGateway {
	t.Helper()
	answer, err := c.CreateVirtualGateway(&model.CreateVirtualGatewayRequest{Body: &model.CreateVirtualGatewayRequestBody{
		VirtualGateway: &model.CreateVirtualGateway{VpcId: "6a1e2f30-0000-4000-8000-00000000" + vpc, Name: to("go-" + vpc),
			LocalEpGroup: subnets}}})
	must(t, err)
	t.Cleanup(func() { dropGateway(t, c, *answer.VirtualGateway.Id) })
	return answer.VirtualGateway
}

func dropGateway(t *testing.T, c *dc.DcClient, id string) {
	t.Helper()
	_, err := c.DeleteVirtualGateway(&model.DeleteVirtualGatewayRequest{VirtualGatewayId: id})
	must(t, err)
}

func newInterface(t *testing.T, c *dc.DcClient, body *model.CreateVirtualInterface) *model.VirtualInterface {
	t.Helper()
	answer, err := c.CreateVirtualInterface(&model.CreateVirtualInterfaceRequest{
		Body: &model.CreateVirtualInterfaceRequestBody{VirtualInterface: body}})
	must(t, err)
	t.Cleanup(func() { dropInterface(t, c, *answer.VirtualInterface.Id) })
	return answer.VirtualInterface
}

func dropInterface(t *testing.T, c *dc.DcClient, id string) {
	t.Helper()
	_, err := c.DeleteVirtualInterface(&model.DeleteVirtualInterfaceRequest{VirtualInterfaceId: id})
	must(t, err)
	gone(t, "the interface", func() error {
		_, err := c.ShowVirtualInterface(&model.ShowVirtualInterfaceRequest{VirtualInterfaceId: id})
		return err
	})
}

// upInterface waits until the interface works, and returns it as it is then.
func upInterface(t *testing.T, c *dc.DcClient, id string) *model.VirtualInterface {
	t.Helper()
	var now *model.VirtualInterface
	wait(t, "the interface is ACTIVE", func() (bool, string) {
		answer, err := c.ShowVirtualInterface(&model.ShowVirtualInterfaceRequest{VirtualInterfaceId: id})
		must(t, err)
		now = answer.VirtualInterface
		return *now.Status == "ACTIVE", now.String()
	})
	return now
}
