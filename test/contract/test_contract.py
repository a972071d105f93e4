# SPDX-License-Identifier: ISC
"""dcaasd's own description (openapi.json) against the facts of the published contract, operation by operation and member
by member; and its answers against that description."""
import json
import os
import re

import pytest
from extract import Contract

from lab.dcaasd import binary

TEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(TEST, "golden", "contract.json"), encoding="utf-8") as golden:
    CONTRACT = json.load(golden)
with open(os.path.join(os.path.dirname(binary("dcaasd")), "openapi.json"), encoding="utf-8") as generated:
    DOCUMENT = json.load(generated)
OURS = Contract(DOCUMENT).facts()



def test_the_document_for_readers_is_the_generated_one():
    with open(os.path.join(os.path.dirname(TEST), "doc", "openapi.json"), encoding="utf-8") as committed:
        assert json.load(committed) == DOCUMENT, "doc/openapi.json is behind the tables: make doc"


SERVED = sorted(CONTRACT)

# Where we differ, and why: (operation, part, member).
DIFFERENT = {
    ("CreateVifPeer", "request", "vif_peer"): "optional there, and an order without it cannot be carried out: 400 DC.0000",
    ("CreateVifPeerAtId", "request", "vif_peer"): "as CreateVifPeer",
    ("CreateGlobalDcGateway", "request", "global_dc_gateway.tenant_id"): "documented with 255 characters; project ids have 32",
    ("CreatePeerLink", "answer", "peer_link.create_owner"): "the published example's answer to the create call leaves it out",
    ("CreatePeerLink", "answer", "peer_link.updated_time"): "as create_owner",
    ("CreatePeerLink", "request", "peer_link.peer_site.project_id"): "documented with 36 characters; project ids have 32",
    ("CreateVirtualInterface", "request", "virtual_interface.service_type"): "GEIP is a value of answers only; here an order may have it",
    ("CreateVirtualGateway", "request", "virtual_gateway.type"): "stands in one example only; ignored",
    ("ShowGlobalDcGateway", "query", "enterprise_project_id"): "a filter of a list, listed for this single read; ignored",
    ("ShowGlobalDcGateway", "query", "limit"): "as enterprise_project_id",
    ("ShowHostedDirectConnect", "query", "hosting_id"): "a filter of a list, listed for this single read; ignored",
    ("ShowHostedDirectConnect", "query", "limit"): "as hosting_id",
    ("ShowHostedDirectConnect", "query", "marker"): "as hosting_id",
    ("ShowHostedDirectConnect", "query", "sort_dir"): "as hosting_id",
    ("ShowHostedDirectConnect", "query", "sort_key"): "as hosting_id",
}


def spelled(path):
    """Names of path parameters are the clients' own affair."""
    return re.sub(r"{[^}]*}", "{}", path)


def differences(ours, theirs, part, where=""):
    """Lines that name each member in which the two do not agree. In requests they must be the same; answers may have more,
    and may promise more."""
    for name in sorted(set(theirs) | set(ours)):
        at = where + name
        if name not in ours:
            yield "%s: missing" % at
        elif name not in theirs:
            if part == "request":
                yield "%s: not in the contract" % at
        else:
            yield from different_member(ours[name], theirs[name], part, at)


def different_member(ours, theirs, part, at):
    if theirs["type"] not in (ours["type"], "any"):
        yield "%s: type %s, contract %s" % (at, ours["type"], theirs["type"])
        return
    if part == "request" and bool(ours.get("required")) != bool(theirs.get("required")):
        yield "%s: required %s, contract %s" % (at, bool(ours.get("required")), bool(theirs.get("required")))
    if part == "answer" and ours.get("nullable") and not theirs.get("nullable"):
        yield "%s: may be null, never in the contract" % at
    if part == "request":
        for limit in ("maxLength", "minimum", "maximum", "maxItems"):
            if "enum" not in theirs and theirs.get(limit) is not None and ours.get(limit) != theirs[limit]:
                yield "%s: %s %s, contract %s" % (at, limit, ours.get(limit), theirs[limit])
    values = [set(map(str.lower, fact.get("enum", []))) for fact in (ours, theirs)]
    if theirs.get("enum") and values[0] and not (values[0] == values[1] if part == "request" else values[0] <= values[1]):
        yield "%s: values %s, contract %s" % (at, sorted(values[0]), sorted(values[1]))
    if "items" in theirs and "items" in ours:
        yield from different_member(ours["items"], theirs["items"], part, at + "[]")
    if "members" in theirs and "members" in ours:
        yield from differences(ours["members"], theirs["members"], part, at + ".")


def test_exactly_the_operations_of_the_contract_are_served():
    assert sorted(name for name, fact in OURS.items() if fact["path"].startswith("/v3/{project_id}/")) == SERVED


@pytest.mark.parametrize("name", SERVED)
def test_method_path_and_status_are_the_contracts(name):
    ours, theirs = OURS[name], CONTRACT[name]
    assert (ours["method"], spelled(ours["path"]), ours["status"]) == (theirs["method"], spelled(theirs["path"]),
                                                                       theirs["status"])


@pytest.mark.parametrize("part", ["request", "answer"])
@pytest.mark.parametrize("name", SERVED)
def test_members_are_the_contracts(name, part):
    theirs = CONTRACT[name].get(part)
    if theirs is None:
        assert OURS[name].get(part) is None
        return
    found = list(differences(OURS[name][part], theirs, part))
    known = [line for line in found if (name, part, line.split(":")[0]) in DIFFERENT]
    assert sorted(set(found) - set(known)) == []
    assert len(known) == sum(key[:2] == (name, part) for key in DIFFERENT), "a difference is gone: take it off the list"


@pytest.mark.parametrize("name", [name for name in SERVED if "query" in CONTRACT[name]])
def test_query_parameters_are_the_contracts(name):
    missing = set(CONTRACT[name]["query"]) - set(OURS[name].get("query", []))
    # ext_fields: accepted everywhere, no value of it is public.
    assert sorted(missing - {"ext_fields"}) == [key[2] for key in DIFFERENT if key[:2] == (name, "query")]
