# SPDX-License-Identifier: ISC
"""Tags of one resource are read, set and removed by calls of their own, and resources are found by their tags."""
import concurrent.futures
import json
import urllib.parse

import pytest

from support import V3, World, rows, send

P = "/v3/{project_id}/"
KINDS = {"dc-directconnect": "direct_connect", "dc-vgw": "virtual_gateway", "dc-vif": "virtual_interface"}
UNKNOWN = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(settings=["quota_virtual_gateways = -1", "quota_virtual_interfaces = -1", "quota_connections = -1"]))


@pytest.fixture
def tenant(world):
    return world.tenant()


@pytest.fixture
def three(world, tenant):
    """One of each kind: its kind and id."""
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    return {"dc-directconnect": line, "dc-vgw": gateway, "dc-vif": tenant.interface(line, gateway)["id"]}


def tags_path(kind, resource):
    return "%s%s/%s/tags" % (P, kind, resource)


def post(client, path, body, status=204):
    answer = send(client, "POST", path, json.dumps(body).encode())
    assert (answer.status, answer.text) == (status, b""), answer


def put_tags(client, kind, resource, *tags):
    post(client, tags_path(kind, resource) + "/action",
         {"action": "create", "tags": [{"key": key, "value": value} for key, value in tags]})


def read(client, kind, resource):
    return [(tag["key"], tag["value"]) for tag in client.get(tags_path(kind, resource))["tags"]]


def find(client, kind="dc-vgw", action="filter", **conditions):
    return client.post("%s%s/resource-instances/action" % (P, kind), {"action": action, **conditions})


def ids(answer):
    return [one["resource_id"] for one in answer["resources"]]


def key(name, *values):
    return {"key": name, "values": list(values)}


def refused(client, method, path, body, status, code, word=""):
    answer = send(client, method, path, json.dumps(body).encode() if body is not None else b"")
    assert (answer.status, answer["error_code"]) == (status, code) and word in answer["error_msg"], answer
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_tag_is_set_read_changed_and_removed(world, tenant, three, kind):
    resource = three[kind]
    path = tags_path(kind, resource)
    post(tenant, path, {"tag": {"key": "b", "value": "1"}})
    post(tenant, path, {"tag": {"key": "ü c"}})
    post(tenant, path, {"tag": {"key": "b", "value": "2"}})
    answer = tenant.get(path)
    assert answer["tags"] == [{"key": "b", "value": "2"}, {"key": "ü c", "value": ""}] and answer["sys_tags"] == []
    listed = {"dc-directconnect": "direct-connects/", "dc-vgw": "virtual-gateways/", "dc-vif": "virtual-interfaces/"}[kind]
    assert tenant.show(listed + resource)["tags"] == answer["tags"]
    assert send(tenant, "DELETE", path + "/" + urllib.parse.quote("ü c")).status == 204
    assert read(tenant, kind, resource) == [("b", "2")]
    refused(tenant, "DELETE", path + "/b2", None, 404, "DC.0002", "b2")
    events = world.operator.get("/dcaas/v1/events?resource_id=" + resource)["events"]
    assert [event["action"] for event in events].count("update") == 4 or sum(
        event.get("count") or 1 for event in events if event["action"] == "update") == 4


def test_a_batch_sets_and_removes_and_what_is_missing_is_no_error(tenant, three):
    resource = three["dc-vif"]
    put_tags(tenant, "dc-vif", resource, ("a", "1"), ("b", "2"), ("action", "3"))
    put_tags(tenant, "dc-vif", resource, ("b", "4"), ("c", ""))
    assert read(tenant, "dc-vif", resource) == [("a", "1"), ("b", "4"), ("action", "3"), ("c", "")]
    path = tags_path("dc-vif", resource) + "/action"
    post(tenant, path, {"action": "delete", "tags": [{"key": "a", "value": "another"}, {"key": "b"}, {"key": "none"}]})
    assert read(tenant, "dc-vif", resource) == [("action", "3"), ("c", "")]
    assert send(tenant, "DELETE", path).status == 204  # the tag with that key
    assert read(tenant, "dc-vif", resource) == [("c", "")]


def test_ten_tags_at_most_also_in_a_batch_and_against_many_at_once(world, tenant, three):
    resource = three["dc-vgw"]
    path = tags_path("dc-vgw", resource)
    put_tags(tenant, "dc-vgw", resource, *[("k%d" % n, "") for n in range(8)])
    refused(tenant, "POST", path + "/action", {"action": "create", "tags": [{"key": "x%d" % n} for n in range(3)]}, 400,
            "DC.0001", "10 tags")
    assert len(read(tenant, "dc-vgw", resource)) == 8
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: tenant.call("POST", path, {"tag": {"key": "r%d" % n}}, check=False).status, range(32)))
    assert sorted(answers) == [204] * 2 + [400] * 30
    assert len(read(tenant, "dc-vgw", resource)) == 10
    post(tenant, path, {"tag": {"key": "k1", "value": "changed"}})  # none more
    assert rows(world.dcaasd, "SELECT count(*) FROM virtual_gateway_tag WHERE owner_id = ?", resource) == [(10,)]


@pytest.mark.parametrize("tag,word", [
    ({"key": "a,b"}, "tag.key"), ({"key": " a"}, "tag.key"), ({"key": "a "}, "tag.key"), ({"key": ""}, "tag.key"),
    ({"key": "k" * 129}, "tag.key"), ({"key": "_sys_x"}, "tag.key"), ({"value": "v"}, "tag.key"), ({"key": "a/b"}, "tag.key"),
    ({"key": "a", "value": "v" * 256}, "tag.value"), ({"key": "a", "value": "x*"}, "tag.value")])
def test_a_wrong_tag_is_refused_and_named(tenant, three, tag, word):
    refused(tenant, "POST", tags_path("dc-vif", three["dc-vif"]), {"tag": tag}, 400, "DC.0001", word)


@pytest.mark.parametrize("body,word", [
    ({"action": "create"}, "tags"), ({"action": "create", "tags": []}, "tags"), ({"tags": [{"key": "a"}]}, "action"),
    ({"action": "replace", "tags": [{"key": "a"}]}, "action"), ({"action": "create", "tags": [{"key": "a"}] * 2}, "twice"),
    ({"action": "create", "tags": [{"key": "k%d" % n} for n in range(21)]}, "tags"),
    ({"action": "create", "tags": [{"key": "a"}], "sys_tags": [{"key": "_sys_enterprise_project_id"}]}, "tags")])
def test_a_wrong_batch_is_refused_and_named(tenant, three, body, word):
    refused(tenant, "POST", tags_path("dc-vif", three["dc-vif"]) + "/action", body, 400, "DC.0001", word)


def test_kinds_that_do_not_exist_are_no_path(tenant, three):
    for kind in ("dc-hosted", "dcaas", "DC-VIF", "global-dc-gateways"):
        refused(tenant, "GET", "%s%s/tags" % (P, kind), None, 404, "APIGW.0101")
        refused(tenant, "GET", tags_path(kind, three["dc-vif"]), None, 404, "APIGW.0101")
        refused(tenant, "POST", "%s%s/resource-instances/action" % (P, kind), {"action": "count"}, 404, "APIGW.0101")


def test_another_projects_resource_is_answered_like_one_that_does_not_exist(world, three):
    other = world.tenant()
    for kind, resource in three.items():
        for method, more, body in [("GET", "", None), ("POST", "", {"tag": {"key": "a"}}), ("DELETE", "/a", None),
                                   ("POST", "/action", {"action": "create", "tags": [{"key": "a"}]}),
                                   ("POST", "/action", {"action": "delete", "tags": [{"key": "a"}]})]:
            answers = []
            for one in (resource, UNKNOWN):
                answer = send(other, method, tags_path(kind, one) + more, json.dumps(body).encode() if body else b"")
                answers.append((answer.status, answer["error_code"], answer["error_msg"].replace(one, "ID")))
            assert answers[0] == answers[1] and answers[0][0] == 404, answers
        # A resource of another kind is none of this kind.
        assert all(send(other, "GET", tags_path(wrong, resource)).status == 404 for wrong in KINDS)


def test_a_reader_reads_and_searches_and_changes_nothing(tenant, three):
    put_tags(tenant, "dc-vif", three["dc-vif"], ("a", "1"))
    reader = tenant.other("reader")
    assert read(reader, "dc-vif", three["dc-vif"]) == [("a", "1")]
    assert ids(find(reader, "dc-vif", tags=[key("a")])) == [three["dc-vif"]]
    assert reader.get(P + "dc-vif/tags")["tags"] == [{"key": "a", "values": ["1"], "value": "1"}]
    path = tags_path("dc-vif", three["dc-vif"])
    for method, more, body in [("POST", "", {"tag": {"key": "a"}}), ("DELETE", "/a", None),
                               ("POST", "/action", {"action": "delete", "tags": [{"key": "a"}]})]:
        refused(reader, method, path + more, body, 403, "APIGW.0302")


def test_the_tags_of_a_project_come_once_each_with_all_their_values(world, tenant):
    assert tenant.get(P + "dc-vgw/tags")["tags"] == []
    for value in ("2", "", "1", "2"):
        tenant.gateway(tags=[{"key": "env", "value": value}, {"key": "a", "value": "x"}])
    tenant.gateway(tags=[{"key": "zone", "value": "é"}])
    world.tenant().gateway(tags=[{"key": "env", "value": "another project"}])
    assert tenant.get(P + "dc-vgw/tags")["tags"] == [
        {"key": "a", "values": ["x"], "value": "x"}, {"key": "env", "values": ["", "1", "2"], "value": ""},
        {"key": "zone", "values": ["é"], "value": "é"}]
    assert tenant.get(P + "dc-vif/tags")["tags"] == []


@pytest.fixture(scope="module")
def tagged(world):
    """A tenant with gateways by name: their tags."""
    tenant = world.tenant()
    tenant.ids = {}
    for name, tags in [("Office", {"env": "prod", "team": "a"}), ("office two", {"env": "test", "team": "a"}),
                       ("lab", {"env": "prod-lab"}), ("", {"team": "b", "env": ""}), ("bare", {})]:
        tenant.ids[tenant.gateway(name=name, tags=[{"key": k, "value": v} for k, v in tags.items()])["id"]] = name
    world.tenant().gateway(name="Office", tags=[{"key": "env", "value": "prod"}])
    return tenant


@pytest.mark.parametrize("conditions,names", [
    ({}, ["Office", "office two", "lab", "", "bare"]),
    ({"tags": [key("env", "prod")]}, ["Office"]),
    ({"tags": [key("env", "prod", "test")]}, ["Office", "office two"]),
    ({"tags": [key("env")]}, ["Office", "office two", "lab", ""]),
    ({"tags": [key("env", "")]}, [""]),
    ({"tags": [key("env", "*prod")]}, ["Office", "lab"]),
    ({"tags": [key("env", "*lab", "test")]}, ["office two", "lab"]),
    ({"tags": [key("env"), key("team", "a")]}, ["Office", "office two"]),
    ({"tags": [key("none")]}, []),
    ({"tags_any": [key("env", "prod"), key("team", "b")]}, ["Office", ""]),
    ({"tags": [key("env")], "tags_any": [key("env", "prod"), key("team", "b")]}, ["Office", ""]),
    ({"not_tags": [key("env", "prod"), key("team", "a")]}, ["office two", "lab", "", "bare"]),
    ({"not_tags_any": [key("env", "prod"), key("team", "a")]}, ["lab", "", "bare"]),
    ({"tags": [key("env")], "not_tags_any": [key("team")]}, ["lab"]),
    ({"matches": [{"key": "resource_name", "value": "OFFICE"}]}, ["Office", "office two"]),
    ({"matches": [{"key": "resource_name", "value": ""}]}, [""]),
    ({"tags": [key("env", "test")], "matches": [{"key": "resource_name", "value": "office"}]}, ["office two"]),
    ({"matches": [{"key": "resource_id", "value": UNKNOWN}]}, []),
    ({"matches": [{"key": "resource_id", "value": "no id"}]}, []),
    ({"tags": []}, ["Office", "office two", "lab", "", "bare"])])
def test_a_search_finds_what_meets_all_its_conditions(tagged, conditions, names):
    answer = find(tagged, **conditions)
    assert [one["resource_name"] for one in answer["resources"]] == names and answer["total_count"] == len(names)
    counted = find(tagged, action="count", **conditions)
    assert counted["total_count"] == len(names) and set(counted) == {"total_count", "request_id"}


def test_a_found_resource_has_its_tags_and_is_found_by_its_id(tagged):
    for one, name in tagged.ids.items():
        answer = find(tagged, matches=[{"key": "resource_id", "value": one.upper()}])
        found, = answer["resources"]
        assert (found["resource_id"], found["resource_name"], found["resource_detail"], found["sys_tags"]) == (one, name, None, [])
        assert found["tags"] == tagged.show("virtual-gateways/" + one)["tags"]


@pytest.mark.parametrize("as_text", [False, True])
def test_pages_of_a_search_go_by_offset(tagged, as_text):
    all_of, seen = ids(find(tagged)), []
    for offset in range(0, 8, 2):
        page = find(tagged, limit=str(2) if as_text else 2, offset=str(offset) if as_text else offset)
        assert page["total_count"] == 5
        seen += ids(page)
    assert seen == all_of and all_of == sorted(tagged.ids)
    assert find(tagged, action="count", limit=0, offset=7)["total_count"] == 5  # count has no pages


@pytest.mark.parametrize("body,word", [
    ({}, "action"), ({"action": "list"}, "action"), ({"action": "filter", "limit": 0}, "limit"),
    ({"action": "filter", "limit": "1001"}, "limit"), ({"action": "filter", "offset": -1}, "offset"),
    ({"action": "filter", "tags": [{"key": "a"}]}, "values"), ({"action": "filter", "tags": [{"values": []}]}, "key"),
    ({"action": "filter", "tags": [key("k%d" % n) for n in range(11)]}, "tags"),
    ({"action": "filter", "tags": [key("k", *map(str, range(11)))]}, "values"),
    ({"action": "filter", "matches": [{"key": "name", "value": "x"}]}, "matches")])
def test_a_wrong_search_is_refused_and_named(tagged, body, word):
    refused(tagged, "POST", P + "dc-vgw/resource-instances/action", body, 400, "DC.0001", word)


def test_the_systems_tag_is_the_operators(world, tenant, three):
    system = {"key": "_sys_enterprise_project_id", "value": "0aad99bc-f5f6-4f78-8404-c598d76b0ed2"}
    path = tags_path("dc-vif", three["dc-vif"])
    refused(tenant, "POST", path + "/action", {"action": "create", "sys_tags": [system]}, 403, "APIGW.0302", "sys_tags")
    refused(tenant, "POST", P + "dc-vif/resource-instances/action",
            {"action": "count", "sys_tags": [key(system["key"])]}, 403, "APIGW.0302", "sys_tags")
    operator = world.dcaasd.operator()
    operator.project_id = tenant.project_id
    assert operator.get(path)["sys_tags"] == [dict(system, value="0")]
    post(operator, path + "/action", {"action": "create", "sys_tags": [system]})
    assert operator.get(path)["sys_tags"] == [system]
    assert tenant.show("virtual-interfaces/" + three["dc-vif"])["enterprise_project_id"] == system["value"]
    assert ids(find(operator, "dc-vif", sys_tags=[key(system["key"], system["value"])])) == [three["dc-vif"]]
    assert find(operator, "dc-vif", sys_tags=[key(system["key"], "0")])["resources"] == []
    post(operator, path + "/action", {"action": "delete", "sys_tags": [system]})
    assert operator.get(path)["sys_tags"] == [dict(system, value="0")]
    for wrong in ({"key": "_sys_other", "value": "0"}, {"key": system["key"], "value": "x"}):
        refused(operator, "POST", path + "/action", {"action": "create", "sys_tags": [wrong]}, 400, "DC.0001", "sys_tags")


def test_tags_of_what_is_gone_are_gone_from_lists_and_searches(tenant):
    gateway = tenant.gateway(tags=[{"key": "short", "value": "lived"}])["id"]
    assert ids(find(tenant, tags=[key("short")])) == [gateway]
    tenant.delete(V3 + "virtual-gateways/" + gateway)
    assert find(tenant, tags=[key("short")])["total_count"] == 0
    assert tenant.get(P + "dc-vgw/tags")["tags"] == []
