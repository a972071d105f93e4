# SPDX-License-Identifier: ISC
"""schemathesis over our own openapi.json: made-up requests, good and bad, to every operation; each answer
is one that the document describes, never a server error, and the daemon lives on."""
import zlib

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from test_contract import DOCUMENT

from support import World, signed

EXAMPLES = 12  # per operation
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_dict(DOCUMENT)


class Target:
    """A dcaasd of its own with one of everything, so that made-up requests find something."""

    def __init__(self, daemon):
        self.world = world = World(daemon)
        self.daemon, self.tenant = daemon, world.tenant()
        line, gateway = world.connection(self.tenant), self.tenant.gateway()["id"]
        vif = self.tenant.interface(line, gateway)
        spare = world.tenant()
        key = world.operator.get("/dcaas/v1/access-keys?user_id=" + spare.user_id)["access_keys"][0]["id"]
        gdgw = self.tenant.post("/v3/{project_id}/dcaas/global-dc-gateways", {"global_dc_gateway": {"name": "gdgw"}})[
            "global_dc_gateway"]["id"]
        routed = self.tenant.interface(line, None, 101, service_type="GDGW", gateway_id=gdgw)["vif_peers"][0]["id"]
        self.tenant.put("/v3/{project_id}/dcaas/gdgw/%s/routetables" % gdgw, {"gdgw_routetable": {"add_routes": [
            {"destination": "172.16.0.0/12", "nexthop": routed}]}})
        cgw = self.tenant.post("/v3/{project_id}/dcaas/connect-gateways", {"connect_gateway": {"name": "cgw"}})["connect_gateway"]["id"]
        self.ids = {"connect_gateway_id": cgw, "gateway_id": gdgw, "global_dc_gateway_id": gdgw,
                    "direct_connect_id": line, "virtual_gateway_id": gateway, "virtual_interface_id": vif["id"],
                    "vif_peer_id": vif["vif_peers"][0]["id"], "edge_id": world.edge, "location_id": world.location,
                    "direct_connect_location_id": world.location, "port_id": world.vpc_port, "user_id": spare.user_id,
                    "access_key_id": key, "resource_type": "dc-vif", "resource_id": vif["id"]}

    def client(self, case):
        return self.world.operator if case.path.startswith("/dcaas/") else self.tenant

    def aim(self, case):
        """Points every other request at what is there."""
        if "project_id" in case.path_parameters and case.path.startswith("/v3/"):
            case.path_parameters["project_id"] = self.tenant.project_id
        for name in case.path_parameters:
            if name in self.ids and zlib.crc32(str(case.path_parameters[name]).encode()) % 2:  # the same ones in every run
                case.path_parameters[name] = self.ids[name]
        return case


@pytest.fixture(scope="module")
def target(new_dcaasd):
    return Target(new_dcaasd(settings=["accept_unattached_vpc = yes", "quota_virtual_gateways = -1"]))


class Signer:
    """requests' hook: signs what is about to be sent, as it is."""

    def __init__(self, client):
        self.client = client

    def __call__(self, request):
        path, _, _ = request.path_url.partition("?")
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        request.headers.update(signed(self.client, request.method, request.path_url, body))
        return request


@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                     suppress_health_check=list(hypothesis.HealthCheck))
def test_every_operation_keeps_its_word(target, case):
    response = target.aim(case).call(base_url=target.world.endpoint, auth=Signer(target.client(case)), timeout=150)
    case.validate_response(response, checks=CHECKS)
    assert len(response.headers["x-request-id"][0]) == 32
    if response.status_code >= 400:
        body = response.json()
        assert body["error_code"] and body["error_msg"] and body["request_id"] == response.headers["x-request-id"][0]
    assert target.daemon.process.poll() is None
