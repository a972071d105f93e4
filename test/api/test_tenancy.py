# SPDX-License-Identifier: ISC
"""Every operation of openapi.json against every way to call it without the right to: all are refused, nothing is changed, and what
another project owns is answered as what does not exist. The rows come from the document, so that no operation is left out: one
whose generated body is not enough gets a row in BODIES, and a new kind of resource gets one in OWNED."""
import json
import os
import re
import time
import uuid

import pytest
from test_auth import issue, token_request

from lab.dcaasd import binary
from support import V3, World, change, exchange, send, signed, tables

with open(os.path.join(os.path.dirname(binary("dcaasd")), "openapi.json"), encoding="utf-8") as generated:
    DOCUMENT = json.load(generated)
OPEN = {"ShowHealth", "ShowOpenapi"}  # for anybody
ANYBODYS = {"direct_connect_location", "project"}  # resources that no project owns
SEARCHES = {"ListTagResourceInstances"}  # reads with a body
GONE = {"UpdateGdgwRouteTable"}  # clients take 400 DC.0001 for a gateway that is gone
OF_TENANTS = ("/v3/{project_id}/", "/dcaas/v1/projects/{project_id}/")

# Members beside those that the schema requires.
BODIES = {
    "BatchCreateResourceTags": {"tags": [{"key": "mine"}]},
    "UpdateVirtualInterface": {"virtual_interface": {"name": "mine"}},
    "CreatePeerLink": {"peer_link": {"name": "mine", "peer_site": {"gateway_id": "", "project_id": "", "region_id": "region-1",
                                                                  "type": "GDGW"}}},
    "CreateVirtualInterface": {"virtual_interface": {
        "name": "mine", "direct_connect_id": "", "vgw_id": "", "type": "private", "vlan": 7, "bandwidth": 5, "route_mode": "static", "remote_ep_group": ["198.51.100.0/24"],
        "local_gateway_v4_ip": "192.0.2.1/30", "remote_gateway_v4_ip": "192.0.2.2/30"}},
}
# Members that a reference goes with.
BESIDE = {("virtual_interface", "gateway_id"): {"service_type": "GDGW", "vgw_id": None}}


class Operation:
    def __init__(self, method, path, facts):
        self.method, self.path, self.name = method.upper(), path, facts["operationId"]
        self.parameters = facts.get("parameters", [])
        content = facts.get("requestBody", {}).get("content", {}).get("application/json", {})
        self.schema = content.get("schema")
        self.served = "x-dcaas-refused" not in facts

    def __repr__(self):
        return self.name


ALL = [Operation(method, path, facts) for path, methods in DOCUMENT["paths"].items() for method, facts in methods.items()
       if method in ("get", "post", "put", "delete")]
TENANTS = [operation for operation in ALL if operation.path.startswith(OF_TENANTS)]
OPERATORS = [operation for operation in ALL
             if operation.path.startswith("/dcaas/v1/") and operation not in TENANTS and operation.name not in OPEN]


def resolved(schema):
    """Without references."""
    if "$ref" in schema:
        named = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        schema = {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
    for part in schema.get("allOf", ()):
        schema = {**resolved(part), **schema}
    return schema


def example(schema):
    """A value that the schema accepts."""
    schema = resolved(schema)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: example(schema["properties"][name]) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [example(schema["items"])] * schema.get("minItems", 0)
    if schema.get("type") in ("integer", "number"):
        return schema.get("example", schema.get("minimum", 1))
    if schema.get("type") == "boolean":
        return True
    return schema.get("example") or (str(uuid.uuid4()) if "uuid" in str(schema.get("format", schema.get("pattern", ""))) else "mine")


def body_of(operation, owned):
    """A good body; None for a call without one. Ids in it are those of the things that the caller owns."""
    if operation.schema is None:
        return None
    body = example(operation.schema)
    schema = resolved(operation.schema)
    for envelope in schema.get("required", ()):
        inner = resolved(schema["properties"][envelope])
        if operation.method == "PUT" and isinstance(body[envelope], dict) and not body[envelope]:
            name = "name" if "name" in inner["properties"] else next(iter(inner["properties"]))
            body[envelope] = {name: example(inner["properties"][name])}
    for envelope, members in BODIES.get(operation.name, {}).items():
        members = json.loads(json.dumps(members))
        body[envelope] = {**body[envelope], **members} if isinstance(members, dict) else members
    for where, ref in references(operation.schema):
        if ref[0] in owned and value_at(body, where) is not None:
            put(body, where, owned[ref[0]])
    return body


def references(schema, where=()):
    """(path of a member of a body, names of the resources whose id it holds)."""
    schema = resolved(schema)
    if "x-dcaas-ref" in schema:
        yield where, schema["x-dcaas-ref"]
    for name, member in schema.get("properties", {}).items():
        yield from references(member, (*where, name))


def value_at(body, where):
    for name in where:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def put(body, where, value):
    for name in where[:-1]:
        body = body.setdefault(name, {})
    body[where[-1]] = value


class Landscape:
    """Two projects that own one of each."""

    def __init__(self, dcaasd):
        self.world = World(dcaasd)
        self.mine, self.theirs = self.project(), self.project()
        self.caller, self.reader = self.mine["caller"], self.mine["caller"].other("reader")
        fresh = issue(self.caller, token_request(self.world, self.caller)).headers["x-subject-token"]
        change(dcaasd, "UPDATE token SET expires_at = 1")
        change(dcaasd, "UPDATE due SET at = at + 86400000 WHERE kind = 'peer_detection_end'")  # nothing ends by itself
        self.expired = fresh

    def project(self):
        world, tenant = self.world, self.world.tenant()
        owned = {"caller": tenant, "project": tenant.project_id}
        owned["direct_connect"] = world.connection(tenant)
        hosting = world.connection(tenant, type="hosting")
        owned["hosted_connect"] = tenant.post(V3 + "hosted-connects", {"hosted_connect": {
            "hosting_id": hosting, "vlan": 9, "bandwidth": 10, "resource_tenant_id": world.tenant().project_id}})[
                "hosted_connect"]["id"]
        owned["virtual_gateway"] = tenant.gateway()["id"]
        interface = tenant.interface(owned["direct_connect"], owned["virtual_gateway"])
        owned["virtual_interface"], owned["vif_peer"] = interface["id"], interface["vif_peers"][0]["id"]
        gateways = [tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {
            "name": "gdgw", "bgp_asn": 64600 + n}})["global_dc_gateway"]["id"] for n in range(2)]
        owned["global_dc_gateway"] = gateways[0]
        for number, gateway in enumerate(gateways):  # a link needs gateways that are somewhere
            tenant.interface(owned["direct_connect"], None, 200 + number, service_type="GDGW", gateway_id=gateway,
                             local_gateway_v4_ip="192.0.2.%d/30" % (5 + 4 * number),
                             remote_gateway_v4_ip="192.0.2.%d/30" % (6 + 4 * number), remote_ep_group=["192.168.%d.0/24" % number])
        link = {"name": "link", "peer_site": {"gateway_id": gateways[1], "project_id": tenant.project_id, "region_id": "region-1",
                                              "type": "GDGW"}}
        owned["peer_link"] = tenant.post(V3 + "global-dc-gateways/%s/peer-links" % gateways[0], {"peer_link": link})["peer_link"]["id"]
        owned["vif_peer_detection"] = tenant.post(V3 + "vif-peer-detections", {"vif_peer_detection": {
            "vif_peer_id": owned["vif_peer"]}})["vif_peer_detection"]["id"]
        owned["connect_gateway"] = tenant.post(V3 + "connect-gateways", {"connect_gateway": {"name": "cgw"}})["connect_gateway"]["id"]
        owned["eip"] = world.operator.post("/dcaas/v1/eips", {"eip": {
            "tenant_id": tenant.project_id, "cidr": "198.18.201.%d/32" % next(world.numbers)}})["eip"]["id"]
        owned["project_attachment"] = tenant.get("/dcaas/v1/projects/{project_id}/attachments")["project_attachments"][0]["id"]
        owned["project_connection"] = owned["direct_connect"]
        owned["own_access_key"] = tenant.post("/dcaas/v1/projects/{project_id}/access-keys", {"own_access_key": {}})[
            "own_access_key"]["id"]
        owned["direct_connect_location"] = world.location
        owned["enterprise_router"] = world.operator.post("/dcaas/v1/enterprise-routers", {"enterprise_router": {
            "tenant_id": tenant.project_id, "name": "router", "port_id": world.vpc_port, "vlan": next(world.numbers),
            "prefixes": ["10.200.0.0/16"], "local_ip": "198.18.200.1/30", "next_hop": "198.18.200.2"}})["enterprise_router"]["id"]
        return owned

    def kept(self):
        """All that a call without the right must leave as it is."""
        return tables(self.world.dcaasd, leave_out=("token", "event", "event_rate", "due"))


@pytest.fixture(scope="module")
def land(new_dcaasd):
    return Landscape(new_dcaasd())


@pytest.fixture
def unchanged(land):
    before = land.kept()
    yield
    assert land.kept() == before


def path_of(operation, owned, **replaced):
    """The path with the ids of what a project owns; by name of the parameter, others."""
    of_path = [parameter for parameter in operation.parameters if parameter["in"] == "path"]
    by_name = {parameter["name"]: parameter.get("x-dcaas-ref", [parameter["name"]])[0] for parameter in of_path}
    words = {parameter["name"]: parameter["schema"]["enum"][0] for parameter in of_path if "enum" in parameter["schema"]}
    replaced = {**words, **replaced}
    return re.sub(r"{(\w+)}", lambda found: replaced.get(found.group(1)) or owned.get(by_name.get(found.group(1), ""))
                  or str(uuid.uuid4()), operation.path)


def raw(body):
    return b"" if body is None else json.dumps(body).encode()


def refused(answer, status=401, code="APIGW.0301"):
    assert (answer.status, answer["error_code"]) == (status, code), answer


def each(operations):
    return pytest.mark.parametrize("operation", operations, ids=repr)


@each([*TENANTS, *OPERATORS])
def test_a_call_without_good_credentials_is_refused(land, unchanged, operation):
    path, text = path_of(operation, land.mine), raw(body_of(operation, land.mine))
    caller, method = land.caller, operation.method

    def call(headers, target=path, sent=text):
        return exchange(caller, method, target, sent, {"host": caller.at.netloc, "content-type": "application/json", **headers})
    refused(call({}))
    refused(call(signed(caller, method, path, text, secret_key="wrong")))
    refused(call(signed(caller, method, path, text, access_key="UNKNOWN")))
    refused(call(signed(caller, method, path, text, at=time.time() - 3600)))
    good = signed(caller, method, path, text)
    if text:
        refused(call(good, sent=text + b" "))
    refused(call(good, target=path + "?name=other"))
    refused(call({"x-auth-token": "no token"}))
    refused(call({"x-auth-token": land.expired}))


@each(TENANTS)
def test_another_project_in_the_path_is_forbidden(land, unchanged, operation):
    for project in (land.theirs["project"], "0" * 32):
        path = path_of(operation, land.theirs, project_id=project)
        refused(send(land.caller, operation.method, path, raw(body_of(operation, land.mine))), 403, "APIGW.0302")


@each([operation for operation in TENANTS if operation.method != "GET" and operation.name not in SEARCHES])
def test_a_reader_writes_nothing(land, unchanged, operation):
    path = path_of(operation, land.mine)
    refused(send(land.reader, operation.method, path, raw(body_of(operation, land.mine))), 403, "APIGW.0302")


@each(OPERATORS)
def test_the_operators_side_is_closed_to_members(land, unchanged, operation):
    path = path_of(operation, land.mine)
    refused(send(land.caller, operation.method, path, raw(body_of(operation, land.mine))), 403, "APIGW.0302")


def without(answer, *words):
    """The answer's status and text, with the words left out, and all ids of this one answer."""
    text = answer.text.decode().replace(answer.get("request_id", "-"), "")
    for word in words:
        text = text.replace(word, "ID")
    return answer.status, text


def parameters(operation, where):
    """Those that hold the id of something a project owns: (name, names of resources)."""
    return [(parameter["name"], parameter["x-dcaas-ref"]) for parameter in operation.parameters
            if parameter["in"] == where and not set(parameter.get("x-dcaas-ref", ["project"])) & ANYBODYS]


@each([operation for operation in TENANTS if parameters(operation, "path") and operation.served])
def test_what_another_project_owns_is_not_found(land, unchanged, operation):
    for name, resources in parameters(operation, "path"):
        nobodys, theirs = str(uuid.uuid4()), land.theirs[resources[0]]
        text = raw(body_of(operation, land.mine))
        answers = [without(send(land.caller, operation.method, path_of(operation, land.mine, **{name: value}), text), value)
                   for value in (theirs, nobodys)]
        assert answers[0] == answers[1] and answers[0][0] == (400 if operation.name in GONE else 404), (name, answers)


@each([operation for operation in TENANTS if operation.schema and any(
    not set(ref) & ANYBODYS for _, ref in references(operation.schema))])
def test_what_another_project_owns_cannot_be_referred_to(land, unchanged, operation):
    for where, resources in references(operation.schema):
        for resource in set(resources) - ANYBODYS:
            nobodys, theirs, answers = str(uuid.uuid4()), land.theirs[resource], []
            for value in (theirs, nobodys):
                body = body_of(operation, land.mine)
                put(body, where, value)
                body[where[0]].update(BESIDE.get(where, {}))
                answers.append(without(send(land.caller, operation.method, path_of(operation, land.mine), raw(body)), value))
            assert answers[0] == answers[1] and answers[0][0] in (400, 404), (where, answers)
            assert "ID" in answers[0][1] or where[-1] in answers[0][1], answers


@each([operation for operation in TENANTS if operation.method == "GET" and "{" not in operation.path.rsplit("/", 1)[1]
       and any(parameter["in"] == "query" for parameter in operation.parameters)])
def test_what_another_project_owns_filters_and_marks_nothing(land, unchanged, operation):
    own = operation.path.rsplit("/", 1)[1].replace("-", "_").rstrip("s")
    filters = [(name, land.theirs[resources[0]]) for name, resources in parameters(operation, "query")]
    known = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    if own in land.theirs and own not in ANYBODYS:
        filters += [(name, land.theirs[own]) for name in ("id", "marker") if name in known]
    path = path_of(operation, land.mine)
    for name, theirs in filters:
        # Later than each id there is, and earlier: a marker is a place in the order of ids.
        answer = without(send(land.caller, "GET", "%s?%s=%s" % (path, name, theirs)), theirs)
        assert theirs not in answer[1]
        if name != "marker":
            nobodys = str(uuid.uuid4())
            assert answer == without(send(land.caller, "GET", "%s?%s=%s" % (path, name, nobodys)), nobodys), name
        else:
            before = theirs[:-1] + ("e" if theirs[-1] == "f" else chr(ord(theirs[-1]) + 1) if theirs[-1] != "9" else "a")
            assert answer == without(send(land.caller, "GET", "%s?%s=%s" % (path, name, before)), before), name
