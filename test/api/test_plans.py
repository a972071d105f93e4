# SPDX-License-Identifier: ISC
"""What a list and an order cost does not grow with what is present: the statements of each are found by an index. Sanitized builds
look at the plan of every statement that any test makes dcaasd run (-Dcheck_plans=true); here are the lists in every order and with
every filter. Faults show when the daemons end, as errors of the session."""
import itertools
import json
import os
import urllib.parse

import pytest

from lab.topology import ROOT
from support import V3
from conftest import slow_statements

ID = "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"


def lists():
    """(path, parameters) of every list."""
    with open(os.path.join(ROOT, "doc", "openapi.json")) as file:
        paths = json.load(file)["paths"]
    for path, methods in sorted(paths.items()):
        get = methods.get("get", {})
        names = {one["name"]: one["schema"] for one in get.get("parameters", ()) if one.get("in") == "query"}
        if "sort_key" in names:
            yield path, names


def value_of(schema):
    """A value that a filter of this schema takes."""
    schema = schema.get("items", schema)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "integer":
        return "1"
    return {"boolean": "true"}.get(schema.get("type")) or (ID if "36" in json.dumps(schema) or "uuid" in json.dumps(schema)
                                                          else "0" * 32 if "32" in json.dumps(schema) else "x")


@pytest.mark.parametrize("path, parameters", list(lists()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_list_comes_in_the_order_of_an_index(dcaasd, world, tenant, path, parameters):
    operator = path.startswith("/dcaas/") and "{project_id}" not in path
    client = world.operator if operator else tenant
    target = path
    if "{global_dc_gateway_id}" in path or "/gdgw/" in path:
        made = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "d"}})["global_dc_gateway"]["id"]
        target = path.replace("{global_dc_gateway_id}", made).replace("{gateway_id}", made)
    if "{connect_gateway_id}" in path:
        made = tenant.post(V3 + "connect-gateways", {"connect_gateway": {"name": "c"}})["connect_gateway"]["id"]
        target = path.replace("{connect_gateway_id}", made)
    if "{owner_id}" in path:
        made = tenant.interface(world.connection(tenant), tenant.gateway()["id"])["id"]
        target = path.replace("{owner_id}", made)
    begin, asked = os.path.getsize(dcaasd.log_path), 0
    keys = parameters["sort_key"].get("enum") or ["id"]
    filters = [name for name in parameters
               if name not in ("limit", "offset", "marker", "page_reverse", "sort_key", "sort_dir", "fields")]
    values = {name: value_of(parameters[name]) for name in filters}
    for key in keys:
        # In the order of ids a filter's index may lead: two together, too.
        pairs = itertools.combinations(filters, 2) if key == "id" else ()
        for query in [{}, *({name: values[name]} for name in filters), *({one: values[one], other: values[other]} for one, other in pairs)]:
            for direction in ("asc", "desc"):
                answer = client.call("GET", target + "?" + urllib.parse.urlencode(
                    {"sort_key": key, "sort_dir": direction, **query}), check=False)
                assert answer.status == 200 or (answer.status == 400 and query), (key, query, answer)
                asked += answer.status == 200
    assert asked >= 2 * len(keys)
    assert slow_statements(dcaasd.log(begin)) == []
