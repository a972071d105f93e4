// SPDX-License-Identifier: ISC
package sdk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"reflect"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	dc "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/dc/v3"
)

// TestMain serves as the SDK's driver (drivers.py) when DCAAS_DRIVER is set; the tests run otherwise.
func TestMain(m *testing.M) {
	address := os.Getenv("DCAAS_DRIVER")
	if address == "" {
		os.Exit(m.Run())
	}
	if err := drive(address); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func drive(address string) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	credentials, err := basic.NewCredentialsBuilder().WithAk(os.Getenv("DCAAS_ACCESS_KEY")).
		WithSk(os.Getenv("DCAAS_SECRET_KEY")).WithProjectId(os.Getenv("DCAAS_PROJECT_ID")).SafeBuild()
	if err != nil {
		return err
	}
	http, err := dc.DcClientBuilder().WithEndpoint(os.Getenv("DCAAS_ENDPOINT")).WithCredential(credentials).SafeBuild()
	if err != nil {
		return err
	}
	client, out := reflect.ValueOf(dc.NewDcClient(http)), json.NewEncoder(connection)
	if err := out.Encode(map[string]any{"operations": operationsOf(client)}); err != nil {
		return err
	}
	for in := bufio.NewReader(connection); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil // the tests are over
		}
		answer, err := perform(client, line)
		reply := map[string]any{"answer": answer}
		if err != nil {
			reply = map[string]any{"error": err.Error()}
		}
		if err := out.Encode(reply); err != nil {
			return err
		}
	}
}

// operationsOf: methods with one argument, a request, and two results.
func operationsOf(client reflect.Value) []string {
	names := []string{}
	for i := 0; i < client.NumMethod(); i++ {
		kind := client.Method(i).Type()
		if kind.NumIn() == 1 && kind.NumOut() == 2 && kind.In(0).Kind() == reflect.Pointer {
			names = append(names, client.Type().Method(i).Name)
		}
	}
	return names
}

// perform makes the SDK's request of the JSON, which may hold nothing that the request has no place for.
func perform(client reflect.Value, line []byte) (any, error) {
	var order struct {
		Operation string
		Request   json.RawMessage
	}
	if err := json.Unmarshal(line, &order); err != nil {
		return nil, err
	}
	method := client.MethodByName(order.Operation)
	request := reflect.New(method.Type().In(0).Elem())
	decoder := json.NewDecoder(bytes.NewReader(order.Request))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(request.Interface()); err != nil {
		return nil, err
	}
	results := method.Call([]reflect.Value{request})
	if err, failed := results[1].Interface().(error); failed && err != nil {
		return nil, err
	}
	return results[0].Interface(), nil
}
