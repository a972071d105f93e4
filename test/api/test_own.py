# SPDX-License-Identifier: ISC
"""A tenant's own view of what the operator sees: the events of a project, and the sessions of an interface."""
import pytest

from fake_edge import FakeEdge
from support import V3, World, send

OWN = "/dcaas/v1/projects/{project_id}/"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


def events(client, query=""):
    return client.get(OWN + "events" + query)["project_events"]


def test_a_tenant_reads_the_events_of_the_project_with_its_users(world, tenant):
    gateway = tenant.gateway()["id"]
    mate = tenant.other("member")
    mate.call("PUT", V3 + "virtual-gateways/" + gateway, {"virtual_gateway": {"name": "renamed"}})
    made, renamed = events(tenant, "?resource_id=" + gateway)
    assert (made["action"], made["user_name"], made["credential"]) == ("create", tenant.name, tenant.access_key)
    assert made["address"] == "127.0.0.1"
    assert (renamed["action"], renamed["user_name"], renamed["credential"]) == ("update", mate.name, mate.access_key)
    assert events(tenant.other("reader"), "?resource_id=" + gateway) == [made, renamed]
    assert events(tenant, "?action=update&kind=virtual_gateway") == [renamed]
    assert [one["id"] for one in events(tenant, "?sort_dir=desc&limit=1&resource_id=" + gateway)] == [renamed["id"]]


def test_what_others_did_in_the_project_is_there_without_who(world, tenant):
    """The operator's connection: that it was made is the tenant's to know, and nothing of the operator."""
    line = world.connection(tenant)
    (made,) = events(tenant, "?resource_id=" + line)
    assert made["action"] == "create" and made["kind"] == "direct_connect" and made["request_id"]
    assert [made[name] for name in ("user_id", "user_name", "address", "credential")] == [None] * 4
    (whole,) = world.operator.get("/dcaas/v1/events?resource_id=" + line)["events"]
    assert whole["user_name"] and whole["address"] and whole["credential"]


def test_events_of_another_project_are_not_there(world, tenant):
    other = world.tenant()
    theirs = other.gateway()["id"]
    assert events(tenant, "?resource_id=" + theirs) == []
    target = OWN.replace("{project_id}", other.project_id) + "events"
    refused = send(tenant, "GET", target)
    assert refused.status == 403 and refused["error_code"] == "APIGW.0302"
    marker = events(other)[0]["id"]
    assert {one["id"] for one in events(tenant, "?marker=" + marker)} <= {one["id"] for one in events(tenant)}
    assert send(tenant, "GET", "/dcaas/v1/events").status == 403
    # What is not shown cannot be asked for either.
    assert events(tenant, "?credential=" + world.operator.access_key) == events(tenant, "?address=192.0.2.1") == events(tenant)


def sessions(client, vif, check=True):
    return client.get(OWN + "virtual-interfaces/%s/sessions" % vif, check=check)


def test_a_tenant_reads_the_sessions_of_an_interface(world, tenant):
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    vif = tenant.interface(line, gateway)["id"]
    peer = tenant.show("virtual-interfaces/" + vif)["vif_peers"][0]["id"]
    assert sessions(tenant, vif)["vif_sessions"] == []
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    mine = [one for one in edge.sessions(received=7, accepted=5, rejected=2) if one["key"] == "bgp/" + peer]
    edge.report(edge.states(), mine)
    (seen,) = sessions(tenant, vif)["vif_sessions"]
    assert (seen["id"], seen["established"], seen["state"]) == (peer, True, "Established")
    assert (seen["received"], seen["accepted"], seen["rejected"], seen["advertised"]) == (7, 5, 2, 1)
    assert not {"edge_id", "key", "md5_failures"} & set(seen)
    assert sessions(tenant.other("reader"), vif)["vif_sessions"] == [seen]


def test_sessions_of_another_project_are_404(world, tenant):
    other = world.tenant()
    vif = other.interface(world.connection(other), other.gateway()["id"])["id"]
    missing = sessions(tenant, "0a21446f-0000-7000-8000-00000000abcd", check=False)
    refused = sessions(tenant, vif, check=False)
    assert (refused.status, refused["error_code"]) == (missing.status, missing["error_code"]) == (404, "DC.1211")
    assert send(tenant, "GET", OWN.replace("{project_id}", other.project_id) + "virtual-interfaces/%s/sessions" % vif).status == 403
