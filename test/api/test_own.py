# SPDX-License-Identifier: ISC
"""A tenant's own things beyond the contract: events of the project, sessions and peers, access keys, and what the project may
order on."""
import pytest

from fake_edge import FakeEdge
from lab.api_client import Client
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


# --- sessions of interfaces into the own gateway ---


def test_the_owner_of_the_gateway_reads_the_sessions_of_an_accepted_interface(world, tenant):
    owner = world.tenant()
    gateway, line = owner.gateway()["id"], world.connection(tenant)
    vif = tenant.interface(line, gateway, resource_tenant_id=owner.project_id)
    assert sessions(owner, vif["id"])["vif_sessions"] == []
    owner.put(V3 + "virtual-interfaces/" + vif["id"], {"virtual_interface": {"status": "ACCEPTED"}})
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    edge.report(edge.states(), [one for one in edge.sessions() if one["key"] == "bgp/" + vif["vif_peers"][0]["id"]])
    (seen,) = sessions(tenant, vif["id"])["vif_sessions"]
    assert seen["established"] and sessions(owner, vif["id"])["vif_sessions"] == [seen]
    assert sessions(world.tenant(), vif["id"], check=False).status == 404


# --- own access keys ---

KEYS = OWN + "access-keys"


def own_key(client, check=True, **members):
    return client.call("POST", KEYS, {"own_access_key": members}, check=check)


def keys(client):
    return client.get(KEYS)["own_access_keys"]


def as_key(client, made):
    """A client with that key."""
    return Client(client.world.endpoint, made["access_key"], made["secret_key"], client.project_id)


def test_a_user_makes_a_key_whose_secret_is_shown_once(world, tenant):
    made = own_key(tenant, description="ci")["own_access_key"]
    assert len(made["secret_key"]) >= 16 and made["enabled"] and made["description"] == "ci"
    assert (made["project_id"], made["role"]) == (tenant.project_id, None)
    fresh = as_key(tenant, made)
    assert fresh.post(V3 + "virtual-gateways", {"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}})
    listed = keys(fresh)
    assert [one["access_key"] for one in listed] == [tenant.access_key, made["access_key"]]
    shown = tenant.get(KEYS + "/" + made["id"])["own_access_key"]
    assert listed[1] == shown == {name: value for name, value in made.items() if name != "secret_key"}
    assert tenant.delete(KEYS + "/" + made["id"]).status == 204
    assert send(fresh, "GET", KEYS).status == 401
    assert tenant.call("GET", KEYS + "/" + made["id"], check=False).status == 404


def test_keys_of_other_users_are_not_there(world, tenant):
    mate, other = tenant.other("member"), world.tenant()
    mine = keys(tenant)[0]["id"]
    for someone in (mate, other):
        assert mine not in [one["id"] for one in keys(someone)]
        for method in ("GET", "DELETE"):
            refused = someone.call(method, KEYS + "/" + mine, check=False)
            assert (refused.status, refused["error_code"]) == (404, "DC.0002")
    assert keys(tenant)[0]["id"] == mine
    assert world.operator.get("/dcaas/v1/access-keys?user_id=" + tenant.user_id)["access_keys"][0]["id"] == mine


def test_a_reader_makes_and_deletes_no_key(world, tenant):
    reader = tenant.other("reader")
    assert [one["access_key"] for one in keys(reader)] == [reader.access_key]
    assert own_key(reader, check=False).status == 403
    assert reader.call("DELETE", KEYS + "/" + keys(reader)[0]["id"], check=False).status == 403
    lesser = as_key(tenant, own_key(tenant, role="reader")["own_access_key"])
    lesser.world = world
    assert own_key(lesser, check=False).status == 403  # a reader's key of a member makes none either


def test_a_key_is_worth_no_more_than_the_call_that_made_it(world, tenant):
    refused = own_key(tenant, role="operator", check=False)
    assert (refused.status, refused["error_code"]) == (400, "DC.0001") and "own_access_key.role" in refused["error_msg"]
    # A member's key of an operator.
    user = world.operator.post("/dcaas/v1/users", {"user": {"name": "boss-" + tenant.name, "role": "operator"}})["user"]["id"]
    limited = world.operator.post("/dcaas/v1/access-keys", {"access_key": {
        "user_id": user, "project_id": tenant.project_id, "role": "member"}})["access_key"]
    boss = Client(world.endpoint, limited["access_key"], limited["secret_key"], tenant.project_id)
    made = own_key(boss)["own_access_key"]
    assert (made["role"], made["project_id"]) == ("member", tenant.project_id)
    boss.world = world
    assert send(as_key(boss, made), "GET", "/dcaas/v1/edges").status == 403
    assert own_key(boss, role="operator", check=False).status == 400


def test_the_number_of_keys_of_a_user_has_a_limit(world, tenant):
    assert [own_key(tenant, check=False).status for _ in range(5)] == [201] * 4 + [400]
    refused = own_key(tenant, check=False)
    assert refused["error_code"] == "DC.1019" and "5 access keys" in refused["error_msg"]
    own_key(tenant.other("member"))
    tenant.delete(KEYS + "/" + keys(tenant)[1]["id"])
    own_key(tenant)


def test_keys_leave_events_without_the_secret(world, tenant):
    made = own_key(tenant)["own_access_key"]
    tenant.delete(KEYS + "/" + made["id"])
    seen = events(tenant, "?resource_id=" + made["id"])
    assert [one["action"] for one in seen] == ["create", "delete"]
    assert made["secret_key"] not in str(seen)


# --- what one may order on ---


def networks(client, query=""):
    return client.get(OWN + "attachments" + query)["project_attachments"]


def test_a_tenant_reads_the_networks_that_are_attached_for_the_project(world, tenant):
    free, used = tenant.vpc(["10.7.0.0/16"]), tenant.vpc(["10.8.0.0/16"])
    gateway = tenant.gateway(vpc_id=used, local_ep_group=["10.8.0.0/16"])["id"]
    first, second = networks(tenant)
    assert (first["vpc_id"], first["prefixes"], first["virtual_gateway_id"], first["location"]) == (
        free, ["10.7.0.0/16"], None, "site")
    assert (second["vpc_id"], second["virtual_gateway_id"]) == (used, gateway)
    assert not {"edge_id", "port_id", "vlan", "local_ip", "next_hop", "bgp_md5"} & set(first)
    router = world.operator.post("/dcaas/v1/enterprise-routers", {"enterprise_router": {
        "tenant_id": tenant.project_id, "name": "er"}})["enterprise_router"]["id"]
    world.operator.post("/dcaas/v1/attachments", {"attachment": {
        "tenant_id": tenant.project_id, "enterprise_router_id": router, "port_id": world.vpc_port, "vlan": next(world.numbers),
        "prefixes": ["172.20.0.0/16"], "local_ip": "198.19.7.1/30"}})
    assert [one["enterprise_router_id"] for one in networks(tenant)] == [None, None, router]
    assert networks(tenant, "?vpc_id=" + used) == [second]
    assert tenant.get(OWN + "attachments/" + first["id"])["project_attachment"] == first
    assert networks(tenant.other("reader")) == networks(tenant)
    other = world.tenant()
    assert networks(other) == []
    assert other.call("GET", OWN + "attachments/" + first["id"], check=False).status == 404


def room(client, line):
    return client.get(OWN + "connections/" + line)["project_connection"]


def free(client, line):
    seen = room(client, line)
    return seen["vlans_free"], seen["bandwidth_free"], seen["interfaces"]


def test_a_tenant_reads_what_is_free_on_a_connection(world, tenant, line, gateway):
    assert free(tenant, line) == (["0-3999"], 1000, 0)
    for number, vlan in enumerate((1, 100, 3999)):
        tenant.interface(line, gateway, vlan, local_gateway_v4_ip="192.0.2.%d/30" % (4 * number + 1),
                         remote_gateway_v4_ip="192.0.2.%d/30" % (4 * number + 2), remote_ep_group=None)
    assert free(tenant, line) == (["2-99", "101-3998"], 1000, 3)
    refused = tenant.call("POST", V3 + "virtual-interfaces", {"virtual_interface": tenant.interface_body(
        line, gateway, 0, local_gateway_v4_ip="192.0.2.41/30", remote_gateway_v4_ip="192.0.2.42/30", remote_ep_group=None)},
        check=False)
    assert refused["error_code"] == "DC.1219"
    whole = world.connection(tenant)
    tenant.interface(whole, gateway, 0, local_gateway_v4_ip="192.0.2.21/30", remote_gateway_v4_ip="192.0.2.22/30",
                     remote_ep_group=None)
    assert free(tenant, whole) == ([], 1000, 1)
    assert [one["id"] for one in tenant.get(OWN + "connections")["project_connections"]] == [line, whole]
    other = world.tenant()
    assert other.get(OWN + "connections")["project_connections"] == []
    assert other.call("GET", OWN + "connections/" + line, check=False).status == 404


def test_a_tenant_reads_what_is_free_on_shared_connections(world, tenant, gateway):
    partner = world.tenant()
    hosting = world.connection(partner, type="hosting")
    assert free(partner, hosting) == (["1-3999"], 1000, 0)
    hosted = partner.post(V3 + "hosted-connects", {"hosted_connect": {
        "hosting_id": hosting, "vlan": 9, "bandwidth": 300, "resource_tenant_id": tenant.project_id}})["hosted_connect"]["id"]
    assert free(partner, hosting) == (["1-8", "10-3999"], 700, 1)
    assert free(tenant, hosted) == (["9"], 300, 0)
    tenant.interface(hosted, gateway, 9)
    assert free(tenant, hosted) == ([], 0, 1)


def test_each_vlan_that_is_shown_as_free_can_be_ordered_and_no_other(world, tenant, line, gateway):
    taken = (2, 3, 7)
    for number, vlan in enumerate(taken):
        tenant.interface(line, gateway, vlan, local_gateway_v4_ip="192.0.2.%d/30" % (4 * number + 1),
                         remote_gateway_v4_ip="192.0.2.%d/30" % (4 * number + 2), remote_ep_group=None)
    shown = set()
    for part in free(tenant, line)[0]:
        first, _, last = part.partition("-")
        shown |= set(range(int(first), int(last or first) + 1))
    for vlan in range(10):
        answer = tenant.call("POST", V3 + "virtual-interfaces", {"virtual_interface": tenant.interface_body(
            line, gateway, vlan, local_gateway_v4_ip="192.0.2.41/30", remote_gateway_v4_ip="192.0.2.42/30",
            remote_ep_group=None)}, headers={"X-Dcaas-Dry-Run": "true"}, check=False)
        assert (answer.status == 201) == (vlan in shown), (vlan, answer)


# --- peers ---


def peers(client, query=""):
    return client.get(OWN + "vif-peers" + query)["vif_peers"]


def test_a_tenant_lists_all_peers_with_their_sessions(world, tenant, line, gateway):
    vif = tenant.interface(line, gateway, bgp_md5="the word")
    second = tenant.peer(vif["id"], address_family="ipv6", local_gateway_ip="fd00:1::1/126", remote_gateway_ip="fd00:1::2/126",
                         route_mode="static", remote_ep_group=["fd00:77::/48"])
    assert [(one["session_state"], one["since"], one["last_error"]) for one in peers(tenant)] == [(None, None, None)] * 2
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    edge.report(edge.states(), [one for one in edge.sessions(received=7, accepted=5, rejected=2)
                                if one["key"] == "bgp/" + vif["vif_peers"][0]["id"]])
    first, other = peers(tenant)
    assert (first["id"], first["vif_id"], first["status"], first["bgp_status"], first["session_state"]) == (
        vif["vif_peers"][0]["id"], vif["id"], "ACTIVE", "up", "Established")
    assert (first["receive_route_num"], first["accepted"], first["rejected"], first["advertised"]) == (7, 5, 2, 1)
    assert (other["id"], other["status"], other["session_state"], other["accepted"]) == (second["id"], "ACTIVE", None, None)
    assert "bgp_md5" not in first and "the word" not in str(first)
    assert [one["id"] for one in peers(tenant, "?address_family=ipv6")] == [second["id"]]
    assert [one["id"] for one in peers(tenant, "?status=ACTIVE&route_mode=bgp")] == [first["id"]]
    assert peers(tenant, "?vif_id=" + vif["id"]) == [first, other]
    assert tenant.get(OWN + "vif-peers/" + first["id"])["vif_peer"] == first
    stranger = world.tenant()
    assert peers(stranger) == []
    assert stranger.call("GET", OWN + "vif-peers/" + first["id"], check=False).status == 404


@pytest.mark.parametrize("words", ["Received: Bad peer AS: 65002", "TCP MD5: 4 segments without the password",
                                   "Received: Authentication failure"])
def test_a_tenant_finds_out_why_an_interface_is_down_without_the_operator(world, tenant, line, gateway, words):
    vif = tenant.interface(line, gateway)
    alone = as_key(tenant, own_key(tenant, role="reader")["own_access_key"])
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    edge.report(edge.states(), [one for one in edge.sessions(established=False, last_error=words)
                                if one["key"] == "bgp/" + vif["vif_peers"][0]["id"]])
    (down,) = peers(alone, "?status=DOWN")
    assert down["vif_id"] == vif["id"] and down["last_error"] == words and words in down["reason"]
    assert words in alone.get(V3 + "virtual-interfaces/" + vif["id"])["virtual_interface"]["reason"]
    assert sessions(alone, vif["id"])["vif_sessions"][0]["last_error"] == words
