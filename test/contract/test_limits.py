# SPDX-License-Identifier: ISC
"""Every member of the contract's requests with every kind of wrong value: of another type, too long, out of range, not one of
the words, null where it is required. Refused with the member named. The values come from the published contract's limits
(test/golden/contract.json), not from the server's tables; orders of interfaces and peers have hand-written lists
(test/api/bad_input.py)."""
import json
import os

import pytest

from support import V3, send

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(TEST, "golden", "contract.json"), encoding="utf-8") as golden:
    CONTRACT = json.load(golden)
UUID = "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"

# operation: path, and a request that is good as it stands but for ids
REQUESTS = {
    "CreateVirtualGateway": ("virtual-gateways", {"vpc_id": UUID, "local_ep_group": ["10.1.0.0/16"]}),
    "UpdateVirtualGateway": ("virtual-gateways/$vgw", {}),
    "UpdateVirtualInterface": ("virtual-interfaces/$vif", {}),
    "UpdateExtendAttribute": ("virtual-interfaces/$vif/extend-attributes", {}),
    "UpdateVifPeer": ("vif-peers/$peer", {}),
    "UpdateDirectConnect": ("direct-connects/$line", {}),
    "CreateGlobalDcGateway": ("global-dc-gateways", {"name": "gdgw"}),
    "UpdateGlobalDcGateway": ("global-dc-gateways/$near", {}),
    "CreatePeerLink": ("global-dc-gateways/$near/peer-links", {"name": "link", "peer_site": {
        "gateway_id": UUID, "project_id": "0" * 32, "region_id": "region-1"}}),
    "UpdatePeerLink": ("global-dc-gateways/$near/peer-links/$link", {}),
}
IGNORED = {("CreateVirtualGateway", "type")}  # stands in one example only


def wrong_texts(fact):
    values = [5, True, ["a"], {"a": 1}]
    if "maxLength" in fact:
        values.append("x" * (fact["maxLength"] + 1))
    if fact.get("minLength"):
        values.append("")
    return values + ["nonsense", ""] * ("enum" in fact)


def wrong_numbers(fact):
    values = ["x", 1.5, True, [1], "", {"a": 1}]
    if "minimum" in fact:
        values.append(fact["minimum"] - 1)
    if "maximum" in fact:
        values.append(fact["maximum"] + 1)
    return values if fact.get("quoted") else values + ["7"]


def wrong_lists(fact):
    too_many = fact.get("maxItems", 0) + 1
    items = ["1.%d.%d.0/24" % divmod(number, 256) if fact["items"]["type"] == "string" else {"key": "k%d" % number}
             for number in range(too_many)]
    return [5, "x", {"a": 1}, [5], [None]] + [items] * ("maxItems" in fact)


WRONG = {"string": wrong_texts, "integer": wrong_numbers, "boolean": lambda _: [1, 0, "true", "", [True]],
         "array": wrong_lists, "object": lambda _: [5, "x", []]}


def cases(operation, members, base, way=()):
    """(way to the member, wrong value) of every member, those of nested objects too."""
    for name, fact in members.items():
        if (operation, name) in IGNORED:
            continue
        for value in WRONG[fact["type"]](fact) + [None] * bool(fact.get("required")):
            yield way + (name,), value
        if "members" in fact and name in base:
            yield from cases(operation, fact["members"], base[name], way + (name,))


@pytest.fixture(scope="module")
def there(world):
    """A tenant with one of everything."""
    tenant = world.tenant()
    tenant.line, tenant.vgw = world.connection(tenant), tenant.gateway()["id"]
    made = tenant.interface(tenant.line, tenant.vgw)
    tenant.vif, tenant.peer_id = made["id"], made["vif_peers"][0]["id"]
    ends = [tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": name}})["global_dc_gateway"]["id"]
            for name in ("near", "far")]
    tenant.near = ends[0]
    for number, end in enumerate(ends):
        tenant.interface(tenant.line, None, 200 + number, service_type="GDGW", gateway_id=end)
    tenant.link = tenant.post(V3 + "global-dc-gateways/%s/peer-links" % ends[0], {"peer_link": {
        "name": "link", "peer_site": {"gateway_id": ends[1], "project_id": tenant.project_id,
                                      "region_id": "region-1"}}})["peer_link"]["id"]
    return tenant


@pytest.mark.parametrize("operation", sorted(REQUESTS))
def test_every_wrong_value_is_refused_and_its_member_named(there, operation):
    path, base = REQUESTS[operation]
    for name, value in {"vgw": there.vgw, "vif": there.vif, "peer": there.peer_id, "line": there.line, "near": there.near,
                        "link": there.link}.items():
        path = path.replace("$" + name, value)
    (envelope, fact), = CONTRACT[operation]["request"].items()
    seen = 0
    for way, value in cases(operation, fact["members"], base):
        body = json.loads(json.dumps(base))
        inner = body
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = value
        answer = send(there, CONTRACT[operation]["method"], V3 + path, json.dumps({envelope: body}).encode())
        told = (operation, way, value, answer.status, dict(answer))
        assert answer.status == 400 and answer["error_code"] in ("DC.0001", "DC.0004", "DC.0008"), told
        assert way[-1] in answer["error_msg"], told
        seen += 1
    assert seen >= 8
