# SPDX-License-Identifier: ISC
"""Answers that are kept: given again while nothing has changed that they rest on, and not a moment longer. Sanitized builds make
each of them once more and end with a bug when it is another one; here is what must be seen from outside in any build."""
import json
import re
import subprocess
import threading
import time
import urllib.parse
import uuid

import pytest
from fake_edge import FakeEdge

from lab.api_client import ApiError
from support import V3, World, exchange, signed, wait_for


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(["quota_virtual_gateways = -1"]), edge={"report_interval": 3600})


@pytest.fixture(scope="module")
def edge(world):
    return FakeEdge(world.endpoint, world.edge_token)


@pytest.fixture
def tenant(world):
    return world.tenant()


def calls_of(world, request_id):
    """The log's line of a call."""
    return wait_for("a log line", lambda: re.search(r'event=call .*request_id=%s.*' % request_id, world.dcaasd.log())).group(0)


def get(client, path, **headers):
    target = (V3 + path if not path.startswith("/") else path).replace("{project_id}", client.project_id or "")
    return exchange(client, "GET", target, headers=signed(client, "GET", target, b"", headers))


def is_kept(world, client, path, **headers):
    """Whether the next read of the path is answered from memory."""
    answer = get(client, path, **headers)
    assert answer.status == 200, answer.text
    return " kept=yes" in calls_of(world, answer["request_id"])


def warm(world, client, path, **headers):
    """Read twice: the answer is kept."""
    get(client, path, **headers)
    assert is_kept(world, client, path, **headers)


def test_a_show_is_kept_and_carries_the_id_of_who_asks(world, tenant):
    path = "virtual-gateways/" + tenant.gateway()["id"]
    first, second = get(tenant, path), get(tenant, path)
    assert " kept=no" in calls_of(world, first["request_id"]) and " kept=yes" in calls_of(world, second["request_id"])
    assert first["request_id"] == first.headers["x-request-id"] != second["request_id"] == second.headers["x-request-id"]
    assert {**first, "request_id": None} == {**second, "request_id": None}
    assert list(first) == list(second)


def test_a_list_is_kept_and_shows_what_was_made_and_removed(world, tenant):
    warm(world, tenant, "virtual-gateways")
    made = tenant.gateway()["id"]
    assert [one["id"] for one in get(tenant, "virtual-gateways")["virtual_gateways"]] == [made]
    warm(world, tenant, "virtual-gateways")
    tenant.put(V3 + "virtual-gateways/" + made, {"virtual_gateway": {"name": "another"}})
    assert [one["name"] for one in get(tenant, "virtual-gateways")["virtual_gateways"]] == ["another"]
    tenant.delete(V3 + "virtual-gateways/" + made)
    assert get(tenant, "virtual-gateways")["virtual_gateways"] == []


def test_what_others_of_the_project_change_is_seen_at_once(world, tenant):
    other = tenant.other("member")
    path = "virtual-gateways/" + tenant.gateway()["id"]
    for number in range(30):
        warm(world, tenant, path)
        warm(world, other, path)
        tenant.put(V3 + path, {"virtual_gateway": {"name": "n%d" % number}})
        assert get(other, path)["virtual_gateway"]["name"] == "n%d" % number
        assert get(tenant, path)["virtual_gateway"]["name"] == "n%d" % number


def test_racing_readers_never_see_what_was_before_an_answered_write(world, tenant):
    """One writer counts in the name; readers note what had been answered before they asked."""
    path = "virtual-gateways/" + tenant.gateway(name="0")["id"]
    target = (V3 + path).replace("{project_id}", tenant.project_id)
    answered, wrong, ended, reads = [0], [], threading.Event(), [0]

    def read():
        last = 0
        while not ended.is_set():
            before = answered[0]
            shown = int(exchange(tenant, "GET", target, headers=signed(tenant, "GET", target))["virtual_gateway"]["name"])
            if shown < before or shown < last:
                wrong.append((shown, before, last))
            last = shown
            reads[0] += 1

    readers = [threading.Thread(target=read) for _ in range(4)]
    for one in readers:
        one.start()
    end = time.monotonic() + 4
    while time.monotonic() < end and not wrong:
        tenant.put(V3 + path, {"virtual_gateway": {"name": str(answered[0] + 1)}})
        answered[0] += 1
    ended.set()
    for one in readers:
        one.join()
    assert not wrong and answered[0] > 10 and reads[0] > 40, (wrong[:3], answered, reads)


def test_what_an_edge_reports_is_seen_at_once(world, tenant, edge):
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    vif = tenant.interface(line, gateway)["id"]
    path = "virtual-interfaces/" + vif
    warm(world, tenant, path)
    warm(world, tenant, "virtual-interfaces")
    edge.apply()
    shown = get(tenant, path)["virtual_interface"]
    assert (shown["status"], shown["vif_peers"][0]["receive_route_num"]) == ("ACTIVE", 3)
    assert get(tenant, "virtual-interfaces")["virtual_interfaces"][0]["status"] == "ACTIVE"
    warm(world, tenant, path)
    edge.report([], edge.sessions(received=5))
    assert get(tenant, path)["virtual_interface"]["vif_peers"][0]["receive_route_num"] == 5
    warm(world, tenant, path)
    warm(world, tenant, "virtual-gateways/" + gateway)
    key = "vrf/" + gateway
    edge.report([{"key": key, "revision": edge.objects[key]["revision"], "state": "error", "error": "no table left"}])
    assert get(tenant, path)["virtual_interface"]["reason"] == "ipv4: vrf: no table left"
    assert get(tenant, "virtual-gateways/" + gateway)["virtual_gateway"]["status"] == "ERROR"
    warm(world, tenant, path)
    peer = get(tenant, path)["virtual_interface"]["vif_peers"][0]["id"]
    tenant.put(V3 + "vif-peers/" + peer, {"vif_peer": {"name": "renamed"}})
    assert get(tenant, path)["virtual_interface"]["vif_peers"][0]["name"] == "renamed"
    warm(world, tenant, path)
    tenant.delete(V3 + path)
    assert get(tenant, path)["virtual_interface"]["status"] == "PENDING_DELETE"
    warm(world, tenant, path)
    edge.apply()
    assert get(tenant, path).status == 404
    assert get(tenant, "virtual-interfaces")["virtual_interfaces"] == []


def test_a_heartbeat_without_news_and_other_tenants_leave_answers_be(world, tenant, edge):
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    path = "virtual-interfaces/" + tenant.interface(line, gateway)["id"]
    busy = world.tenant()
    theirs = busy.gateway()["id"]
    edge.apply()
    warm(world, tenant, path)
    for number in range(5):
        edge.report([], edge.sessions())
        busy.put(V3 + "virtual-gateways/" + theirs, {"virtual_gateway": {"name": "n%d" % number}})
        busy.gateway()
        assert is_kept(world, tenant, path)


def test_the_age_of_what_was_observed_is_that_of_each_answer(world, tenant, edge):
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    path = "virtual-interfaces/" + tenant.interface(line, gateway)["id"]
    edge.apply()

    def age():
        return float(get(tenant, path).headers["x-dcaas-observed-age"])

    warm(world, tenant, path)
    first = age()
    wait_for("a greater age", lambda: age() >= first + 0.3)
    assert is_kept(world, tenant, path)
    older = age()
    edge.report([], edge.sessions())
    assert age() < older
    assert is_kept(world, tenant, path)


def test_an_edge_that_goes_silent_and_comes_back_is_shown_at_once(new_dcaasd):
    world = World(new_dcaasd(), edge={"report_interval": 1})
    edge, tenant = FakeEdge(world.endpoint, world.edge_token), world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    vif = "virtual-interfaces/" + tenant.interface(line, gateway)["id"]

    def reasons():
        """Of one call each, which follow each other: the interface, its connection, the list."""
        return [get(tenant, vif)["virtual_interface"]["reason"], get(tenant, "direct-connects/" + line)["direct_connect"]["reason"],
                get(tenant, "virtual-interfaces")["virtual_interfaces"][0]["reason"]]

    edge.apply()
    assert reasons() == [None, None, None]
    silent = wait_for("silence", lambda: (lambda r: r if all(r) else None)(reasons()), seconds=30)
    assert all(re.match(r"not observed since \d{4}-.*Z: the edge is silent$", reason) for reason in silent), silent
    warm(world, tenant, vif)
    assert edge.report([], edge.sessions()) == 204
    assert reasons() == [None, None, None]
    # Another interval of reports is another idea of silence.
    wait_for("silence", lambda: all(reasons()), seconds=30)
    warm(world, tenant, vif)
    world.operator.put("/dcaas/v1/edges/" + world.edge, {"edge": {"report_interval": 3600}})
    assert reasons() == [None, None, None]
    warm(world, tenant, vif)
    world.operator.put("/dcaas/v1/edges/" + world.edge, {"edge": {"report_interval": 1}})
    wait_for("silence", lambda: all(reasons()), seconds=30)


def test_what_the_operator_changes_is_seen_at_once(world, tenant):
    line = world.connection(tenant)
    path, site = "direct-connects/" + line, "direct-connect-locations/" + world.location
    warm(world, tenant, path)
    warm(world, tenant, site)
    warm(world, tenant, "direct-connects")
    world.operator.put("/dcaas/v1/connections/" + line, {"direct_connect": {"name": "by the operator"}})
    assert get(tenant, path)["direct_connect"]["name"] == "by the operator"
    assert get(tenant, "direct-connects")["direct_connects"][0]["name"] == "by the operator"
    name = "site " + uuid.uuid4().hex
    world.operator.put("/dcaas/v1/locations/" + world.location, {"direct_connect_location": {"name": name}})
    assert get(tenant, site)["direct_connect_location"]["name"] == name
    warm(world, tenant, path)
    world.operator.delete("/dcaas/v1/connections/" + line)
    assert get(tenant, path).status == 404


def test_a_reader_is_given_no_members_answer(world, tenant):
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    path = "virtual-interfaces/" + tenant.interface(line, gateway, bgp_md5="secret of mine")["id"]
    reader = tenant.other("reader")
    for _ in range(3):
        assert get(tenant, path)["virtual_interface"]["bgp_md5"] == "secret of mine"
        shown = get(reader, path)
        assert shown["virtual_interface"]["bgp_md5"] is None and b"secret of mine" not in shown.text
    # A user who becomes a reader sees no more than a reader from then on.
    member = tenant.other("member")
    warm(world, member, path)
    assert get(member, path)["virtual_interface"]["bgp_md5"] == "secret of mine"
    world.operator.put("/dcaas/v1/users/" + member.user_id, {"user": {"role": "reader"}})
    assert get(member, path)["virtual_interface"]["bgp_md5"] is None
    world.operator.put("/dcaas/v1/users/" + member.user_id, {"user": {"role": "member"}})
    assert get(member, path)["virtual_interface"]["bgp_md5"] == "secret of mine"


def token_of(client):
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": client.name, "password": "password of " + client.name,
        "domain": {"id": client.world.dcaasd.admin["DCAAS_DOMAIN_ID"]}}}}, "scope": {"project": {"id": client.project_id}}}}
    return client.post("/v3/auth/tokens", body).headers["X-Subject-Token"]


def test_who_may_not_call_any_more_is_given_nothing(world, tenant):
    path = "virtual-gateways/" + tenant.gateway()["id"]
    target = (V3 + path).replace("{project_id}", tenant.project_id)
    token = token_of(tenant)

    def by_token():
        return exchange(tenant, "GET", target, headers={"host": tenant.at.netloc, "x-auth-token": token}).status

    assert [by_token() for _ in range(3)] == [200, 200, 200]
    assert exchange(tenant, "DELETE", "/v3/auth/tokens", headers={
        "host": tenant.at.netloc, "x-auth-token": token, "x-subject-token": token}).status == 204
    assert by_token() == 401
    other = tenant.other("member")
    warm(world, other, path)
    world.operator.put("/dcaas/v1/users/" + other.user_id, {"user": {"enabled": False}})
    assert get(other, path).status == 401
    world.operator.put("/dcaas/v1/users/" + other.user_id, {"user": {"enabled": True}})
    assert get(other, path).status == 200
    world.operator.delete("/dcaas/v1/users/" + other.user_id)
    assert get(other, path).status == 401
    assert get(tenant, path).status == 200


def test_another_projects_answer_is_never_given(world, tenant):
    path = "virtual-gateways/" + tenant.gateway()["id"]
    other = world.tenant()
    warm(world, tenant, path)
    warm(world, tenant, "virtual-gateways")
    for _ in range(2):
        assert get(other, path).status == 404
        target = (V3 + path).replace("{project_id}", tenant.project_id)
        assert exchange(other, "GET", target, headers=signed(other, "GET", target)).status == 403
        assert get(other, "virtual-gateways")["virtual_gateways"] == []


def test_members_spelling_and_client_make_answers_of_their_own(world, tenant):
    made = tenant.gateway(bgp_asn=4200000000)["id"]
    path = "virtual-gateways/" + made
    for _ in range(3):
        assert set(get(tenant, path + "?fields=name")["virtual_gateway"]) == {"id", "name"}
        assert set(get(tenant, path + "?fields=name,status")["virtual_gateway"]) == {"id", "name", "status"}
        assert len(get(tenant, path)["virtual_gateway"]) > 5
        assert get(tenant, "virtual-gateways/" + made.upper())["virtual_gateway"]["id"] == made
        assert get(tenant, path)["virtual_gateway"]["bgp_asn"] == 4200000000
        shown = get(tenant, path, **{"user-agent": "huaweicloud-usdk-go/3.0"})
        assert shown["virtual_gateway"]["bgp_asn"] is None
    name = "ä %d &?=" % 7
    tenant.put(V3 + path, {"virtual_gateway": {"name": name}})
    query = "virtual-gateways?name=" + urllib.parse.quote(name, safe="")
    for _ in range(3):
        assert [one["id"] for one in get(tenant, query)["virtual_gateways"]] == [made]
        assert get(tenant, "virtual-gateways?name=another")["virtual_gateways"] == []


def test_a_request_id_in_a_name_is_left_alone(world, tenant):
    """The id of an answer is put in its place, with names of any look."""
    made = tenant.gateway()["id"]
    path = "virtual-gateways/" + made
    name = get(tenant, path)["request_id"]
    tenant.put(V3 + path, {"virtual_gateway": {"name": name}})
    for _ in range(3):
        shown = get(tenant, path)
        assert shown["virtual_gateway"]["name"] == name and shown["request_id"] != name


def test_links_of_a_gateway_and_settings_are_seen_at_once(new_dcaasd):
    daemon = new_dcaasd(["region_id = region-1", "quota_peer_links = 3"])
    world = World(daemon)
    tenant = world.tenant()
    near, far = [tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
                 for _ in range(2)]
    line = world.connection(tenant)
    for number, gateway in enumerate((near, far)):
        tenant.interface(line, None, 100 + number, service_type="GDGW", gateway_id=gateway)

    def links(gateway):
        shown = get(tenant, "global-dc-gateways/" + gateway)["global_dc_gateway"]
        return shown["current_peer_link_count"], shown["available_peer_link_count"]

    warm(world, tenant, "global-dc-gateways/" + near)
    warm(world, tenant, "global-dc-gateways/" + far)
    assert links(near) == links(far) == (0, 3)
    link = tenant.post(V3 + "global-dc-gateways/%s/peer-links" % near, {"peer_link": {"name": "l", "peer_site": {
        "gateway_id": far, "project_id": tenant.project_id, "region_id": "region-1", "type": "GDGW"}}})["peer_link"]["id"]
    assert links(near) == (1, 2)
    warm(world, tenant, "global-dc-gateways/" + near)
    warm(world, tenant, "global-dc-gateways/%s/peer-links/%s" % (near, link))
    daemon.settings[:] = ["region_id = region-1", "quota_peer_links = 7"]
    daemon.write_config()
    subprocess.run(daemon.unprivileged() + [daemon.program, "-c", daemon.config, "--reload"], check=True)
    assert links(near) == (1, 6)
    warm(world, tenant, "global-dc-gateways/" + near)
    own = world.operator.post("/dcaas/v1/quotas", {"quota": {
        "project_id": tenant.project_id, "type": "peerLinkPerGdgw", "quota": 2}})["quota"]["id"]
    assert links(near) == (1, 1)
    warm(world, tenant, "global-dc-gateways/" + near)
    world.operator.put("/dcaas/v1/quotas/" + own, {"quota": {"quota": 5}})
    assert links(near) == (1, 4)
    warm(world, tenant, "global-dc-gateways/" + near)
    world.operator.delete("/dcaas/v1/quotas/" + own)
    assert links(near) == (1, 6)
    edge = FakeEdge(world.endpoint, world.edge_token).apply()
    tenant.delete(V3 + "global-dc-gateways/%s/peer-links/%s" % (near, link))
    assert links(near) == (0, 7)
    assert get(tenant, "global-dc-gateways/%s/peer-links/%s" % (near, link)).status == 404
    edge.apply()


def test_a_connection_that_another_project_hands_out_is_in_the_lists_at_once(world, tenant):
    """Two resources show the same row, each to another project."""
    partner = world.tenant()
    hosting = world.connection(partner, type="hosting", bandwidth=1000, provider="carrier", port_type="10G")

    def lists():
        return ([one["name"] for one in get(tenant, "direct-connects")["direct_connects"]],
                [one["name"] for one in get(partner, "hosted-connects")["hosted_connects"]])

    warm(world, tenant, "direct-connects")
    warm(world, partner, "hosted-connects")
    made = partner.post(V3 + "hosted-connects", {"hosted_connect": {"name": "share", "hosting_id": hosting, "vlan": 77, "bandwidth": 100,
                        "resource_tenant_id": tenant.project_id}})["hosted_connect"]["id"]
    assert lists() == (["share"], ["share"])
    warm(world, tenant, "direct-connects/" + made)
    warm(world, partner, "hosted-connects/" + made)
    partner.put(V3 + "hosted-connects/" + made, {"hosted_connect": {"name": "by the partner"}})
    assert lists() == (["by the partner"], ["by the partner"])
    assert get(tenant, "direct-connects/" + made)["direct_connect"]["name"] == "by the partner"
    tenant.put(V3 + "direct-connects/" + made, {"direct_connect": {"name": "by the tenant"}})
    assert get(partner, "hosted-connects/" + made)["hosted_connect"]["name"] == "by the tenant"
    assert lists() == (["by the tenant"], ["by the tenant"])
    partner.delete(V3 + "hosted-connects/" + made)
    assert lists() == ([], [])
    assert get(tenant, "direct-connects/" + made).status == 404


def test_a_user_of_all_projects_loses_one_at_once(world, tenant):
    """Whose project is in the path is asked of the database; so a kept answer rests on that, too."""
    path = "virtual-gateways/" + tenant.gateway()["id"]
    target = (V3 + path).replace("{project_id}", tenant.project_id)
    warm(world, tenant, path)
    operator = world.operator
    for _ in range(3):
        assert exchange(operator, "GET", target, headers=signed(operator, "GET", target)).status == 200
    tenant.delete(V3 + path)
    for _ in range(2):
        assert exchange(operator, "GET", target, headers=signed(operator, "GET", target)).status == 404


def test_keys_of_a_user_who_is_gone_are_gone(world, tenant):
    """They go with the user's row, without a statement of their own."""
    key = world.operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": tenant.user_id}})["access_key"]
    for _ in range(3):
        assert get(world.operator, "/dcaas/v1/access-keys/" + key["id"])["access_key"]["user_id"] == tenant.user_id
    world.operator.delete("/dcaas/v1/users/" + tenant.user_id)
    assert get(world.operator, "/dcaas/v1/access-keys/" + key["id"]).status == 404


def test_nothing_is_kept_without_memory_for_it(new_dcaasd):
    world = World(new_dcaasd(["answer_memory = 0"]))
    tenant = world.tenant()
    path = "virtual-gateways/" + tenant.gateway()["id"]
    assert not any(is_kept(world, tenant, path) for _ in range(3))


def test_a_refused_write_and_a_dry_run_change_no_answer(world, tenant):
    made = tenant.gateway(name="before")["id"]
    path = "virtual-gateways/" + made
    warm(world, tenant, path)
    with pytest.raises(ApiError):
        tenant.put(V3 + path, {"virtual_gateway": {"name": "x" * 65}})
    target = (V3 + path).replace("{project_id}", tenant.project_id)
    raw = json.dumps({"virtual_gateway": {"name": "tried"}}).encode()
    headers = {"content-type": "application/json", "x-dcaas-dry-run": "true"}
    answer = exchange(tenant, "PUT", target, raw, signed(tenant, "PUT", target, raw, headers))
    assert answer.status == 200 and answer["virtual_gateway"]["name"] == "tried"
    assert is_kept(world, tenant, path)
    assert get(tenant, path)["virtual_gateway"]["name"] == "before"


def test_who_has_the_apis_description_is_not_sent_it_again(world):
    def ask(**headers):
        return exchange(world.operator, "GET", "/dcaas/v1/openapi.json", headers={"host": "x", **headers})

    whole = ask()
    tag = whole.headers["etag"]
    assert whole.status == 200 and whole["paths"] and tag[0] == tag[-1] == '"' and whole.headers["cache-control"] == "no-cache"
    for known in (tag, '"other", ' + tag, "W/" + tag, "*"):
        answer = ask(**{"if-none-match": known})
        assert (answer.status, answer.text, answer.headers["etag"]) == (304, b"", tag)
    assert ask(**{"if-none-match": '"other"'}).text == whole.text
