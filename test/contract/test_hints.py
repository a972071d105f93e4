# SPDX-License-Identifier: ISC
"""What openapi.json has beside the API's own facts (x-dcaas-...), for the command line and other programs: that it is whole,
and about members and resources that there are."""
import json
import os

import pytest

from lab.dcaasd import binary

with open(os.path.join(os.path.dirname(binary("dcaasd")), "openapi.json"), encoding="utf-8") as generated:
    DOCUMENT = json.load(generated)
SCHEMAS = DOCUMENT["components"]["schemas"]
RESOURCES = {tag["x-dcaas-resource"] for tag in DOCUMENT["tags"]}

# Members with ids of what this API has no list of.
ELSEWHERE = {
    "vpc_id": "the private cloud's", "lag_id": "no link aggregation groups", "request_id": "a call's",
    "resource_tenant_id": "another project, whose name a tenant may not read", "enterprise_project_id": "another service's",
    "global_center_network_id": "another service's", "site_network_id": "another service's", "cloud_connection_id": "another service's",
    "gcb_id": "another service's",
}


def properties(schema):
    """Members of a schema, and of its nested ones."""
    for name, of in schema.get("properties", {}).items():
        yield name, of
        for inner in [of.get("items", {}), *of.get("allOf", [])]:
            yield from properties(inner)


def holds_id(name, of):
    return name.endswith("_id") and (of.get("format") == "uuid" or "{32}" in of.get("pattern", ""))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_member_with_an_id_names_its_resource(name):
    """So that the command line takes a name there."""
    silent = [member for member, of in properties(SCHEMAS[name]) if holds_id(member, of) and member not in ELSEWHERE
              and "x-dcaas-ref" not in of and "x-dcaas-ref-kind" not in of]
    assert not silent, "give the field .ref, or say here why it has none"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_references_and_columns_are_about_what_there_is(name):
    for member, of in properties(SCHEMAS[name]):
        assert set(of.get("x-dcaas-ref", [])) <= RESOURCES, member
        kind = of.get("x-dcaas-ref-kind")
        assert kind is None or any(kind in schema.get("properties", {}) for schema in [SCHEMAS[name]]), member
    for column in SCHEMAS[name].get("x-dcaas-columns", []):
        check_column(SCHEMAS[name], column)


def check_column(schema, column):
    at = schema["properties"]
    if "in" in column:
        inner = at[column["in"]]
        at = (inner.get("items") or inner["allOf"][0])["properties"]
    members = [*column["member"], *(column[key] for key in ("of", "since") if key in column)]
    if "where" in column:
        members.append(column["where"].split("=")[0])
    assert set(members) <= set(at), column


def resolved(schema):
    return SCHEMAS[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def lists():
    for path, methods in DOCUMENT["paths"].items():
        operation = methods.get("get", {})
        if operation.get("operationId", "").startswith("List"):
            yield operation


@pytest.mark.parametrize("operation", list(lists()), ids=lambda operation: operation["operationId"])
def test_a_list_has_columns(operation):
    answer = resolved(operation["responses"]["200"]["content"]["application/json"]["schema"])
    items = next(resolved(of["items"]) for of in answer["properties"].values() if of.get("type") == "array")
    assert "x-dcaas-columns" in items, "give the table .columns"


def test_a_short_word_means_one_resource():
    words = [word for tag in DOCUMENT["tags"] for word in tag.get("x-dcaas-short", [])]
    assert len(words) == len(set(words)) and not set(words) & {tag["x-dcaas-resource"] for tag in DOCUMENT["tags"]}
