# SPDX-License-Identifier: ISC
"""The channel of an edge: what it is asked to have, and what becomes of what it reports."""
import http.client
import json
import re
import socket
import threading
import time
import uuid

import pytest
from fake_edge import FakeEdge

from lab.dcaasd import STOPS_SECONDS
from support import V3, World, change, exchange, rows, send, wait_for


@pytest.fixture
def world(dcaasd):
    """A site of its own for every test: its edge is not heard of yet."""
    return World(dcaasd)


@pytest.fixture
def edge(world):
    return FakeEdge(world.endpoint, world.edge_token)


@pytest.fixture
def vif(tenant, line, gateway):
    return tenant.interface(line, gateway)["id"]


def show(tenant, vif):
    return tenant.show("virtual-interfaces/" + vif)


def test_an_order_becomes_objects(tenant, edge, line, gateway, vif):
    edge.poll()
    assert edge.kinds() == ["addr", "bgp", "rate", "vlan", "vrf"]
    bgp, vlan, vrf = edge.body("bgp"), edge.body("vlan"), edge.body("vrf")
    assert (bgp["local"], bgp["remote"], bgp["local_asn"], bgp["remote_asn"]) == ("192.0.2.1", "192.0.2.2", 64512, 65001)
    assert bgp["password"] is None and bgp["route_limit"] == 100
    assert (vlan["vlan"], vlan["use"]) == (100, "customer") and len(vlan["device"]) <= 15
    assert vrf["own"] == ["10.1.0.0/16"] and len(vrf["device"]) <= 15 and vrf["table"] >= 100000
    assert edge.body("addr")["prefix"] == "192.0.2.1/30"


def test_only_an_edges_report_makes_it_active(tenant, edge, vif):
    edge.poll()
    assert show(tenant, vif)["status"] == "PENDING_CREATE"
    edge.report(edge.states(), edge.sessions(established=False))
    seen = show(tenant, vif)
    assert (seen["status"], seen["vif_peers"][0]["status"], seen["vif_peers"][0]["bgp_status"]) == ("DOWN", "DOWN", "down")
    assert seen["reason"] == "ipv4: no session since 2026-01-02T03:04:05.000Z"
    edge.report((), edge.sessions(received=7))
    seen = show(tenant, vif)
    assert (seen["status"], seen["reason"]) == ("ACTIVE", None)
    assert (seen["vif_peers"][0]["bgp_status"], seen["vif_peers"][0]["receive_route_num"]) == ("up", 7)
    edge.report((), edge.sessions(established=False))
    seen = show(tenant, vif)
    assert (seen["status"], seen["vif_peers"][0]["receive_route_num"]) == ("DOWN", 0)


def test_an_error_is_reported_in_the_edges_words(tenant, edge, vif):
    edge.poll()
    edge.report(edge.states(vlan={"state": "error", "error": "eth5: No such device", "carrier": None}))
    seen = show(tenant, vif)
    assert seen["status"] == "ERROR" and "eth5: No such device" in seen["reason"]
    edge.report(edge.states(), edge.sessions())
    assert show(tenant, vif)["status"] == "ACTIVE"


def test_a_kind_that_the_edge_does_not_know_is_an_error(tenant, edge, vif):
    edge.poll()
    edge.report(edge.states(bgp={"state": "unsupported"}))
    assert show(tenant, vif)["status"] == "ERROR" and "unsupported" in show(tenant, vif)["reason"]


def test_no_carrier_is_down_with_the_reason(tenant, edge, vif):
    edge.poll()
    edge.report(edge.states(vlan={"carrier": False}), edge.sessions())
    assert show(tenant, vif)["status"] == "DOWN" and "no carrier" in show(tenant, vif)["reason"]


def test_a_static_peer_is_active_without_a_session(tenant, edge, line, gateway):
    vif = tenant.interface(line, gateway, route_mode="static", bgp_asn=None)["id"]
    edge.apply()
    seen = show(tenant, vif)
    assert seen["status"] == seen["vif_peers"][0]["status"] == "ACTIVE" and seen["vif_peers"][0]["bgp_status"] is None


def test_md5_is_named_in_the_reason_and_travels_to_the_edge_only(tenant, edge, line, gateway):
    vif = tenant.interface(line, gateway, bgp_md5="secret words")["id"]
    edge.poll()
    assert edge.body("bgp")["password"] == "secret words"
    edge.report(edge.states(), edge.sessions(established=False))
    assert show(tenant, vif)["reason"].endswith("MD5 ordered")
    objects = tenant.world.operator.get("/dcaas/v1/objects?owner_id=" + vif)
    assert "secret words" not in json.dumps(objects)


def other_addresses(n):
    return {"local_gateway_v4_ip": "192.0.2.%d/30" % (4 * n + 1), "remote_gateway_v4_ip": "192.0.2.%d/30" % (4 * n + 2)}


def test_no_more_passwords_are_ordered_than_the_router_has_memory_for(world, tenant, edge, line, gateway):
    def refused(call, body):
        answer = tenant.call("POST", V3 + call, body, check=False)
        return answer.status, answer.get("error_code"), answer.get("error_msg", "")
    first = tenant.interface(line, gateway, 100, bgp_md5="secret words")["id"]
    edge.poll()
    edge.report(edge.states(), key_room=2)
    assert world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["key_room"] == 2
    tenant.interface(line, gateway, 101, bgp_md5="secret words", **other_addresses(1))
    tenant.interface(line, gateway, 102, **other_addresses(2))
    body = {"virtual_interface": tenant.interface_body(line, gateway, 103, bgp_md5="secret words", **other_addresses(3))}
    status, code, words = refused("virtual-interfaces", body)
    assert (status, code) == (400, "DC.1019") and "bgp_md5" in words and "2 ipv4 peers" in words
    # The other family has a listener of its own.
    tenant.peer(first, address_family="ipv6", local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64",
                bgp_md5="secret words")
    tenant.delete(V3 + "virtual-interfaces/" + first)
    edge.apply()
    edge.apply()
    tenant.post(V3 + "virtual-interfaces", body)


def test_one_peer_of_two_keeps_the_interface_up(tenant, edge, vif):
    tenant.peer(vif, local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64")
    edge.poll()
    sessions = edge.sessions()
    for session in sessions:
        if session["key"] != "bgp/" + show(tenant, vif)["vif_peers"][0]["id"]:
            session.update(established=False, state="Active")
    edge.report(edge.states(), sessions)
    seen = show(tenant, vif)
    assert seen["status"] == "ACTIVE" and [peer["status"] for peer in seen["vif_peers"]] == ["ACTIVE", "DOWN"]
    assert seen["reason"].startswith("ipv6: no session")


def test_a_change_is_pending_until_it_is_read_back(tenant, edge, line, gateway):
    vif = tenant.interface(line, gateway, route_mode="static", bgp_asn=None)["id"]
    edge.apply()
    tenant.put(V3 + "virtual-interfaces/" + vif, {"virtual_interface": {"remote_ep_group": ["172.20.0.0/16"]}})
    assert show(tenant, vif)["status"] == "PENDING_UPDATE"
    changed = edge.poll()
    assert sorted((one["kind"], one["deleted"]) for one in changed) == [("route", False), ("route", True)]
    edge.report(edge.states())
    assert show(tenant, vif)["status"] == "ACTIVE"


def test_a_name_changes_nothing_on_the_edge(tenant, edge, vif):
    edge.apply()
    tenant.put(V3 + "virtual-interfaces/" + vif, {"virtual_interface": {"name": "after"}})
    assert show(tenant, vif)["status"] == "ACTIVE" and edge.poll() == []


def test_what_is_deleted_is_gone_when_the_edge_has_removed_it(dcaasd, tenant, edge, line, gateway, vif):
    edge.apply()
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    assert show(tenant, vif)["status"] == "PENDING_DELETE"
    removed = edge.poll()
    assert removed and all(one["deleted"] for one in removed if one["kind"] != "vrf")
    edge.report(edge.states())
    assert send(tenant, "GET", V3 + "virtual-interfaces/" + vif).status == 404
    edge.apply()
    assert rows(dcaasd, "SELECT key FROM edge_object WHERE owner_id IN (?, ?)", vif, gateway) == []
    for table in ("link_subnet", "remote_subnet", "port_vlan", "vif_peer"):
        assert rows(dcaasd, "SELECT id FROM %s WHERE id = ?" % table, vif) == []
    tenant.interface(line, gateway)
    assert send(tenant, "DELETE", V3 + "virtual-interfaces/" + vif).status == 404


def test_what_waits_for_a_dead_edge_takes_no_place_of_a_quota(new_dcaasd):
    world = World(new_dcaasd(["quota_virtual_gateways = 1", "quota_virtual_interfaces = 1", "quota_global_dc_gateways = 1"]))
    edge, tenant = FakeEdge(world.endpoint, world.edge_token), world.tenant()
    line, made = world.connection(tenant), []
    for n in range(3):  # it takes what is ordered, and then it is not heard of any more
        made.append((tenant.gateway()["id"], None))
        made[-1] = made[-1][0], tenant.interface(line, made[-1][0], 100 + n)["id"]
        for path, member in (("virtual-gateways", {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}),
                             ("virtual-interfaces", tenant.interface_body(line, made[-1][0], 200))):
            body = {path[:-1].replace("-", "_"): member}
            assert send(tenant, "POST", V3 + path, json.dumps(body).encode())["error_code"] == "DC.1019"
        edge.apply()
        tenant.delete(V3 + "virtual-interfaces/" + made[-1][1])
        edge.apply()
        tenant.delete(V3 + "virtual-gateways/" + made[-1][0])
        assert tenant.show("virtual-gateways/" + made[-1][0])["status"] == "PENDING_DELETE"
    gateway = tenant.gateway()["id"]
    for n in range(3):
        vif = tenant.interface(line, gateway, 300 + n, local_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 1),
                               remote_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 2), remote_ep_group=None)["id"]
        edge.poll()
        tenant.delete(V3 + "virtual-interfaces/" + vif)
        assert show(tenant, vif)["status"] == "PENDING_DELETE"


def in_background(call):
    """call() in a thread; a function that gives what it returned."""
    result = []
    thread = threading.Thread(target=lambda: result.append(call()))
    thread.start()

    def end():
        thread.join(60)
        return result[0]
    return thread, end


@pytest.mark.parametrize("tags", [[], [{"key": "a"}]])
def test_a_gateway_is_replaced_as_soon_as_its_place_is_free(world, tenant, edge, gateway, vif, tags, figure):
    """Terraform deletes a gateway and orders its successor at once."""
    edge.apply()
    vpc = tenant.show("virtual-gateways/" + gateway)["vpc_id"]
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    edge.apply()
    assert send(tenant, "DELETE", V3 + "virtual-gateways/" + gateway).status == 204
    thread, answer = in_background(lambda: tenant.gateway(vpc_id=vpc, tags=tags))
    wait_for("it waits", lambda: world.load()["calls_waiting"] == 1)
    assert thread.is_alive()  # others do not wait
    assert tenant.gateway()["status"] == "ACTIVE"
    edge.apply()
    edge.apply()
    began = time.monotonic()
    made = answer()
    figure("a gateway's successor after the edge let go", time.monotonic() - began, 0.2)
    assert made["vpc_id"] == vpc and made["id"] != gateway and made["tags"] == [{"value": "", **tag} for tag in tags]
    assert [event["action"] for event in world.operator.get("/dcaas/v1/events?resource_id=" + made["id"])["events"]] == ["create"]


def test_a_peer_is_replaced_as_soon_as_its_place_is_free(world, tenant, edge, vif):
    addresses = {"local_gateway_ip": "2001:db8::1/64", "remote_gateway_ip": "2001:db8::2/64"}
    old = tenant.peer(vif, **addresses)["id"]
    edge.apply()
    tenant.delete(V3 + "vif-peers/" + old)
    assert [peer["status"] for peer in show(tenant, vif)["vif_peers"] if peer["id"] == old] == ["PENDING_DELETE"]
    thread, answer = in_background(lambda: tenant.peer(vif, **addresses))
    wait_for("it waits", lambda: world.load()["calls_waiting"] == 1)
    assert thread.is_alive()
    edge.apply()
    made = answer()
    assert made["id"] != old and made["status"] == "PENDING_CREATE"
    assert [peer["id"] for peer in show(tenant, vif)["vif_peers"]][1:] == [made["id"]]


def test_a_peer_that_does_not_go_is_reported(tenant, edge, vif):
    addresses = {"local_gateway_ip": "2001:db8::1/64", "remote_gateway_ip": "2001:db8::2/64"}
    old = tenant.peer(vif, **addresses)["id"]
    edge.apply()
    tenant.delete(V3 + "vif-peers/" + old)
    began = time.monotonic()
    answer = send(tenant, "POST", V3 + "vif-peers", json.dumps({"vif_peer": {"vif_id": vif, **addresses}}).encode())
    assert (answer.status, answer["error_code"]) == (400, "DC.1214") and "being deleted" in answer["error_msg"], answer
    assert time.monotonic() - began >= 4.9
    edge.apply()
    assert tenant.peer(vif, **addresses)["id"] != old


def test_a_peer_that_is_deleted_is_gone_when_the_edge_has_removed_it(tenant, edge, vif):
    second = tenant.peer(vif, local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64")["id"]
    edge.apply()
    tenant.delete(V3 + "vif-peers/" + second)
    edge.apply()
    assert len(show(tenant, vif)["vif_peers"]) == 1
    assert send(tenant, "DELETE", V3 + "vif-peers/" + second).status == 404
    assert tenant.peer(vif, local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64")["id"] != second


def test_a_gateway_being_left_is_gone_when_its_vrf_is(tenant, edge, gateway, vif):
    edge.apply()
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    edge.apply()
    edge.poll()
    vpc = tenant.show("virtual-gateways/" + gateway)["vpc_id"]
    assert send(tenant, "DELETE", V3 + "virtual-gateways/" + gateway).status == 204
    another = json.dumps({"virtual_gateway": {"vpc_id": vpc, "local_ep_group": ["10.1.0.0/16"]}}).encode()
    refused = send(tenant, "POST", V3 + "virtual-gateways", another)
    assert refused["error_code"] == "DC.1110" and "being deleted" in refused["error_msg"]
    edge.apply()
    edge.apply()
    assert send(tenant, "GET", V3 + "virtual-gateways/" + gateway).status == 404
    assert send(tenant, "POST", V3 + "virtual-gateways", another).status == 201


def test_a_poll_waits_for_a_change(tenant, edge, line, gateway, figure):
    edge.poll()
    done = []
    thread = threading.Thread(target=lambda: done.append((edge.poll(wait=30), time.monotonic())))
    thread.start()
    begun = time.monotonic()
    tenant.interface(line, gateway)
    thread.join()
    assert done and "bgp" in [one["kind"] for one in done[0][0]]
    figure("a waiting poll answers an order", done[0][1] - begun, 1)


def test_a_poll_ends_empty_after_its_time(edge, vif, figure):
    edge.poll()
    begun = time.monotonic()
    assert edge.ask(wait=2) == (204, None)
    seconds = time.monotonic() - begun
    assert seconds > 1
    figure("a poll that waits 2 s for nothing", seconds, 2)
    assert edge.ask() == (204, None)


def test_changes_only_after_the_revision_that_is_known(tenant, edge, line, gateway, vif):
    edge.poll()
    tenant.interface(line, gateway, 101, local_gateway_v4_ip="192.0.2.5/30", remote_gateway_v4_ip="192.0.2.6/30",
                     remote_ep_group=None)
    status, desired = edge.ask()
    assert status == 200 and not desired["full"] and sorted(one["kind"] for one in desired["objects"]) == [
        "addr", "bgp", "rate", "vlan"]
    assert all(one["revision"] > edge.revision for one in desired["objects"])


@pytest.mark.parametrize("known", ["nothing", "another epoch", "a revision of the future"])
def test_everything_when_what_is_known_does_not_count(edge, vif, known):
    edge.poll()
    status, desired = {"nothing": lambda: edge.ask(revision=0), "another epoch": lambda: edge.ask(epoch=str(uuid.uuid4())),
                       "a revision of the future": lambda: edge.ask(revision=edge.revision + 1)}[known]()
    assert status == 200 and desired["full"] and len(desired["objects"]) == len(edge.objects)


def test_an_old_report_is_dropped(tenant, edge, vif):
    edge.apply()
    edge.sequence -= 2
    assert edge.report(edge.states(bgp={"state": "error", "error": "old"})) == 204
    assert show(tenant, vif)["status"] == "ACTIVE"


def test_a_new_process_begins_with_a_full_report(tenant, edge, vif):
    edge.apply()
    edge.boot, edge.sequence = str(uuid.uuid4()), 0
    assert edge.report((), edge.sessions(established=False), full=False) == 409
    assert show(tenant, vif)["status"] == "ACTIVE"
    assert edge.report(edge.states(), edge.sessions(), full=True) == 204
    assert show(tenant, vif)["status"] == "ACTIVE"


def test_a_full_report_voids_what_it_does_not_name(tenant, edge, vif):
    edge.apply()
    edge.boot, edge.sequence = str(uuid.uuid4()), 0
    assert edge.report((), (), full=True) == 204
    assert show(tenant, vif)["status"] != "ACTIVE"
    edge.report(edge.states(), edge.sessions())
    assert show(tenant, vif)["status"] == "ACTIVE"


def test_a_report_of_an_older_wish_does_not_make_it_active(tenant, edge, line, gateway):
    vif = tenant.interface(line, gateway, route_mode="static", bgp_asn=None)["id"]
    edge.poll()
    old = list(edge.states())
    tenant.put(V3 + "virtual-interfaces/" + vif, {"virtual_interface": {"remote_ep_group": ["172.20.0.0/16"]}})
    edge.report(old)
    assert show(tenant, vif)["status"] == "PENDING_CREATE"


def test_an_edge_that_holds_waits_for_the_operators_word(world, tenant, edge, vif):
    edge.apply()
    foreign = str(uuid.uuid4())
    edge.epoch, edge.revision = foreign, 1000000
    assert edge.report(held=True, held_reason="the store is another one") == 204
    shown = world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]
    assert shown["held"] is True and shown["held_reason"] == "the store is another one"
    wait_for("the edge counted as held", lambda: world.operator.get("/health", say=False)["edges_held"] >= 1)
    assert edge.ask() == (204, None)
    world.operator.post("/dcaas/v1/edges/%s/confirm" % world.edge, {})
    status, desired = edge.ask()
    assert status == 200 and (desired["confirm_epoch"], desired["confirm_revision"]) == (foreign, 1000000)
    edge.epoch, edge.revision = desired["epoch"], desired["revision"]
    assert edge.report() == 204
    assert world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["held"] is False


def test_a_dead_edge_is_retired_and_its_deletions_end(world, tenant, edge, vif):
    edge.apply()
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    retire = "/dcaas/v1/edges/%s/retire" % world.edge
    refused = send(world.operator, "POST", retire)
    assert refused.status == 400 and "reports" in refused["error_msg"]
    world.operator.post(retire, {"force": True})
    wait_for("the interface's end", lambda: send(tenant, "GET", V3 + "virtual-interfaces/" + vif).status == 404)


def test_changes_since_before_a_retirement_come_as_everything(world, tenant, edge, vif):
    edge.apply()
    tenant.delete(V3 + "virtual-interfaces/" + vif)
    world.operator.post("/dcaas/v1/edges/%s/retire" % world.edge, {"force": True})
    status, desired = edge.ask()
    assert status == 200 and desired["full"] and desired["revision"] > edge.revision and desired["objects"] == []
    edge.revision = desired["revision"]
    assert edge.ask() == (204, None)


def test_an_edge_knows_its_own_objects_only(world, tenant, edge, vif):
    operator = world.operator
    made = operator.post("/dcaas/v1/edges", {"edge": {"name": "other", "location_id": world.location}})["edge"]
    other = FakeEdge(world.endpoint, made["token"])
    assert other.poll() == []
    edge.poll()
    assert other.report(edge.states(), edge.sessions(), full=True) == 204
    assert show(tenant, vif)["status"] == "PENDING_CREATE"


def test_a_new_credential_ends_the_old_one(world, edge):
    token = world.operator.post("/dcaas/v1/edges/%s/token" % world.edge, {})["edge"]["token"]
    assert edge.ask()[0] == 401
    edge.token = token
    assert edge.ask()[0] == 200


def test_the_age_of_what_was_observed(world, tenant, edge, line, vif):
    def age(path):
        return send(tenant, "GET", V3 + path).headers.get("x-dcaas-observed-age")

    gdgw = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
    unused, paths = "global-dc-gateways/" + gdgw, ["virtual-interfaces/" + vif, "direct-connects/" + line]
    assert [age(path) for path in paths + [unused]] == [None] * 3
    edge.apply()
    assert all(0 <= float(age(path)) < 60 for path in paths) and age(unused) is None
    tenant.interface(line, None, 3000, service_type="GDGW", gateway_id=gdgw, local_gateway_v4_ip="192.0.2.77/30",
                     remote_gateway_v4_ip="192.0.2.78/30")
    assert 0 <= float(age(unused)) < 60
    loose = world.operator.post("/dcaas/v1/connections", {"direct_connect": {
        "tenant_id": tenant.project_id, "name": "loose", "bandwidth": 100}})["direct_connect"]["id"]
    assert age("direct-connects/" + loose) is None


def test_a_clock_that_was_set_back_hides_no_silence(new_dcaasd):
    """The newest report has a time to come: the age is shown all the same, and grows until the edge is silent."""
    daemon = new_dcaasd()
    world = World(daemon, edge={"report_interval": 1})
    tenant, edge = world.tenant(), FakeEdge(world.endpoint, world.edge_token)
    vif = tenant.interface(world.connection(tenant), tenant.gateway()["id"])["id"]
    edge.apply()
    change(daemon, "UPDATE edge_report SET received_time = received_time + 86400000")
    path = V3 + "virtual-interfaces/" + vif
    first = float(send(tenant, "GET", path).headers["x-dcaas-observed-age"])
    assert first >= 0
    wait_for("silent", lambda: daemon.health()["edges_silent"] == 1)
    assert float(send(tenant, "GET", path).headers["x-dcaas-observed-age"]) > first
    assert edge.report() == 204
    wait_for("heard of again", lambda: daemon.health()["edges_silent"] == 0)


def test_carrier_of_a_port_is_the_connections_state(world, tenant, edge, line):
    device = world.operator.get("/dcaas/v1/ports?id=" + world.operator.get("/dcaas/v1/connections/" + line)[
        "direct_connect"]["port_id"])["ports"][0]["device"]
    assert tenant.show("direct-connects/" + line)["status"] == "BUILD"
    for carrier, status in ((True, "ACTIVE"), (False, "DOWN"), (True, "ACTIVE")):
        edge.report(ports=[{"device": device, "carrier": carrier, "exposed": False}])
        assert tenant.show("direct-connects/" + line)["status"] == status


def test_an_interface_may_be_ordered_before_the_cable_is_in(world, tenant, edge, line, gateway):
    device = world.operator.get("/dcaas/v1/ports?id=" + world.operator.get("/dcaas/v1/connections/" + line)[
        "direct_connect"]["port_id"])["ports"][0]["device"]
    edge.report(ports=[{"device": device, "carrier": False, "exposed": False}])
    assert tenant.show("direct-connects/" + line)["status"] == "DOWN"
    vif = tenant.interface(line, gateway)["id"]
    edge.poll()
    edge.report(edge.states(vlan={"carrier": False}), edge.sessions(established=False))
    seen = show(tenant, vif)
    assert (seen["status"], seen["reason"]) == ("DOWN", "ipv4: no carrier on the port")
    edge.report(edge.states(), edge.sessions(), ports=[{"device": device, "carrier": True, "exposed": False}])
    assert (show(tenant, vif)["status"], tenant.show("direct-connects/" + line)["status"]) == ("ACTIVE", "ACTIVE")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"version": 1}', b'{"version": "x", "boot": 5}',
                                  b'{"version":1,"boot":"x","sequence":1,"full":true,"objects":[{}]}',
                                  b'{"version":1,"boot":"x","sequence":1,"full":true,"revision":0,"held":false,'
                                  b'"objects":[{"key":"k","revision":1,"state":"sideways"}]}',
                                  b'{"version":1,"boot":"x","sequence":1,"full":true,"objects":"x"}'])
def test_a_report_that_is_none_is_refused(world, tenant, edge, body):
    answer = exchange(tenant, "POST", "/dcaas/v1/edge/report", body, {"host": "x", "x-dcaas-edge-token": edge.token})
    assert answer.status == 400 and "another resource" not in answer["error_msg"], answer
    assert world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["reported_time"] is None


PART = 128  # objects of a part, at most


@pytest.fixture
def many(tenant, line, gateway):
    """Interfaces that are more objects than fit in one part."""
    return [tenant.interface(line, gateway, 100 + n, route_mode="static", bgp_asn=None,
                             remote_ep_group=["172.%d.%d.0/24" % (16 + n, k) for k in range(50)],
                             local_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 1),
                             remote_gateway_v4_ip="192.0.2.%d/30" % (4 * n + 2))["id"] for n in range(6)]


@pytest.fixture
def parted(world):
    """An edge that takes answers in parts."""
    return FakeEdge(world.endpoint, world.edge_token, parts=True)


def parts_of(edge, **first):
    """All parts of one answer."""
    status, desired = edge.ask(**first)
    parts = []
    while True:
        assert status == 200, (status, desired)
        parts.append(desired)
        if desired["next"] is None:
            return parts
        status, desired = edge.ask(next=desired["next"], **first)


def test_an_answer_in_parts_has_what_the_whole_one_has(edge, parted, many):
    parts, (_, whole) = parts_of(parted), edge.ask()
    assert len(parts) >= 3 and [part["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert whole["part"] is None and whole["next"] is None
    assert all(1 <= len(part["objects"]) <= PART for part in parts[:-1])
    assert [one for part in parts for one in part["objects"]] == whole["objects"]
    assert {(part["full"], part["revision"], part["epoch"]) for part in parts} == {
        (True, whole["revision"], whole["epoch"])}
    # Changes come in parts as well.
    known = {"revision": 1, "epoch": whole["epoch"]}
    parts, (_, whole) = parts_of(parted, **known), edge.ask(**known)
    assert len(parts) >= 3 and not parts[0]["full"]
    assert [one for part in parts for one in part["objects"]] == whole["objects"]


def test_what_changes_between_two_parts_comes_with_the_later_ones(tenant, edge, parted, many, line, gateway):
    status, first = parted.ask()
    assert status == 200 and first["next"]
    tenant.put(V3 + "virtual-interfaces/" + many[0], {"virtual_interface": {"remote_ep_group": ["172.31.0.0/16"]}})
    tenant.delete(V3 + "virtual-interfaces/" + many[1])
    new = tenant.interface(line, gateway, 200, local_gateway_v4_ip="192.0.3.1/30", remote_gateway_v4_ip="192.0.3.2/30",
                           remote_ep_group=None)["id"]
    came = first["objects"]
    while first["next"]:
        status, first = parted.ask(next=first["next"])
        came += first["objects"]
    together = {}
    for one in came:
        assert one["key"] not in together or one["revision"] > together[one["key"]]["revision"]
        together[one["key"]] = one
    _, whole = edge.ask()
    assert first["revision"] == whole["revision"] and together == {one["key"]: one for one in whole["objects"]}
    assert together["vlan/" + many[1]]["deleted"] and not together["vlan/" + new]["deleted"]


@pytest.mark.parametrize("why", ["retired", "nonsense", "another store's", "of the future"])
def test_an_answer_that_cannot_continue_begins_again(world, tenant, edge, parted, many, why):
    edge.apply()
    status, first = parted.ask()
    next = first["next"]
    assert status == 200 and first["part"] == 1 and next.startswith(first["epoch"] + "/")
    if why == "retired":
        tenant.delete(V3 + "virtual-interfaces/" + many[0])
        world.operator.post("/dcaas/v1/edges/%s/retire" % world.edge, {"force": True})
    words = next.split("/")
    words[2] = "99999999"
    next = {"retired": next, "nonsense": "1/2/x'--", "another store's": str(uuid.uuid4()) + next[36:],
            "of the future": "/".join(words)}[why]
    status, again = parted.ask(next=next)
    assert status == 200 and again["part"] == 1 and again["full"] and len(again["objects"]) == PART
    keys = {one["key"] for part in parts_of(parted) for one in part["objects"]}
    assert ("vlan/" + many[0] in keys) == (why != "retired")


def statuses(tenant, vifs):
    return {show(tenant, vif)["status"] for vif in vifs}


def test_a_report_in_parts_voids_what_it_does_not_name_when_its_last_part_is_in(tenant, edge, many):
    edge.apply()
    assert statuses(tenant, many) == {"ACTIVE"}
    states = [state for state in edge.states() if many[0] not in state["key"]]
    edge.start()
    edge.revision = 1
    assert edge.report(states[:100], full=True, part=1, last=False) == 204
    assert edge.report(states[100:200], full=True, part=2, last=False) == 204
    assert statuses(tenant, many) == {"ACTIVE"}
    assert edge.report(states[200:], full=True, part=3, last=True) == 204
    assert show(tenant, many[0])["status"] != "ACTIVE" and statuses(tenant, many[1:]) == {"ACTIVE"}


def test_a_part_that_is_missing_is_asked_for_by_asking_for_everything(tenant, edge, many):
    edge.apply()
    states = list(edge.states())
    edge.start()
    assert edge.report(states[:100], full=True, part=2, last=True) == 409
    assert edge.report(states[:100], full=True, part=1, last=False) == 204
    assert edge.report(states[:1], full=True, part=3, last=True) == 409
    # What comes twice counts once, and what follows is accepted.
    assert edge.report(states[100:200], full=True, part=2, last=False) == 204
    assert edge.report(states[100:200], full=True, part=2, last=False) == 204
    assert statuses(tenant, many) == {"ACTIVE"}
    # A report that was given up is no part of the next one.
    edge.sequence += 1
    assert edge.report(states[200:], full=True, part=3, last=True) == 409
    assert edge.report(states, full=True, part=1, last=True) == 204
    assert edge.report(states, full=True, part=2, last=True) == 409
    assert statuses(tenant, many) == {"ACTIVE"}


def test_a_whole_report_of_many_objects_is_taken_as_before(tenant, edge, many):
    edge.poll()
    edge.report(edge.states())
    assert statuses(tenant, many) == {"ACTIVE"}
    edge.start()
    assert edge.report(full=True) == 204
    assert "ACTIVE" not in statuses(tenant, many)


TEXT = "x" * 5000
BROKEN = {
    "objects[0].key": {"objects": [{"key": TEXT, "revision": 1, "state": "applied"}]},
    "objects[0].revision": {"objects": [{"key": "k", "revision": -1, "state": "applied"}]},
    "objects[1].error": {"objects": [{"key": "k", "revision": 1, "state": "error", "error": word} for word in ("e", TEXT)]},
    "objects[0].detail": {"objects": [{"key": "k", "revision": 1, "state": "applied", "detail": {"a": TEXT}}]},
    "sessions[0].received": {"sessions": [{"key": "k", "established": True, "state": "Established", "received": -5}]},
    "sessions[0].accepted": {"sessions": [{"key": "k", "established": True, "state": "Established", "accepted": 1 << 31}]},
    "sessions[0].uptime": {"sessions": [{"key": "k", "established": True, "state": "Established", "uptime": 1 << 70}]},
    "sessions[0].state": {"sessions": [{"key": "k", "established": True, "state": TEXT}]},
    "sessions[0].last_error": {"sessions": [{"key": "k", "established": True, "state": "Idle", "last_error": "\x1b[2J"}]},
    "sessions[0].tcp": {"sessions": [{"key": "k", "established": True, "state": "Idle", "tcp": TEXT}]},
    "ports": {"ports": [{"device": "eth%d" % n, "carrier": True} for n in range(60000)]},
    "ports[0].device": {"ports": [{"device": TEXT, "carrier": True}]},
    "applies": {"applies": [{"revision": 1}] * 300},
    "applies[0].steps": {"applies": [{"revision": 1, "steps": -1}]},
    "applies[0].reset[0]": {"applies": [{"revision": 1, "reset": [TEXT]}]},
    "boot": {"boot": TEXT},
    "sequence": {"sequence": -1},
    "epoch": {"epoch": TEXT},
    "revision": {"revision": -1},
    "fabric": {"fabric": TEXT},
    "agent_version": {"agent_version": TEXT},
    "held_reason": {"held_reason": TEXT},
}


@pytest.mark.parametrize("member", BROKEN)
def test_a_report_that_breaks_a_limit_is_refused_with_the_members_name(world, edge, member):
    body = {"version": 1, "boot": edge.boot, "sequence": 1, "full": True, "revision": 0, "held": False, **BROKEN[member]}
    status, answer = edge.call("POST", "/dcaas/v1/edge/report", body)
    assert status == 400 and answer["error_msg"].startswith(member + " "), (status, answer)
    assert world.operator.get("/dcaas/v1/edges/" + world.edge)["edge"]["reported_time"] is None


def test_ports_up_to_the_limit_are_shown_whole(world, edge):
    ports = [{"device": "port%011d" % n, "carrier": True, "exposed": True} for n in range(4096)]
    assert edge.report(ports=ports) == 204
    assert world.operator.get("/dcaas/v1/edges/" + world.edge, say=False)["edge"]["ports"] == ports
    assert [one["ports"] for one in world.operator.get("/dcaas/v1/edges", say=False)["edges"] if one["id"] == world.edge] == [
        ports]


def test_an_answer_that_grows_too_large_is_an_error_and_not_half_of_one(new_dcaasd):
    """Hundreds of edges with as many ports as an edge may have: the answer is JSON at any size."""
    world = World(new_dcaasd())
    ports = json.dumps([{"device": "eth%d" % number, "carrier": True, "mac": "02:00:00:00:%02x:%02x" % divmod(number, 256)}
                        for number in range(4096)])
    for number in range(10):
        world.operator.post("/dcaas/v1/edges", {"edge": {"name": "edge-%d" % number, "location_id": world.location}})
    # Each row stands for the ports of many edges.
    change(world.dcaasd, "UPDATE edge_report SET ports = ?", "[%s]" % ",".join([ports[1:-1]] * 28))
    answer = send(world.operator, "GET", "/dcaas/v1/edges")
    assert answer.status == 500 and json.loads(answer.text)["error_code"] == "DC.0003"
    one = send(world.operator, "GET", "/dcaas/v1/edges?limit=1")
    assert one.status == 200 and len(one.text) > 1 << 20 and json.loads(one.text)["edges"]


def test_a_report_of_very_many_values_is_refused(tenant, edge):
    body = b'{"objects":[' + b"[]," * 4000000 + b"[]]}"
    answer = exchange(tenant, "POST", "/dcaas/v1/edge/report", body, {"host": "x", "x-dcaas-edge-token": edge.token})
    assert answer.status == 400 and "values" in answer["error_msg"], answer


def test_applies_are_kept_as_proof(world, edge, vif):
    edge.poll()
    edge.report(edge.states(), edge.sessions(), applies=[{"revision": edge.revision, "steps": 4, "failed": 0, "ms": 12,
                                                          "reset": []}])
    applies = world.operator.get("/dcaas/v1/applies?edge_id=" + world.edge)["applies"]
    assert [(one["steps"], one["failed"], one["reset"]) for one in applies] == [(4, 0, [])]


def test_a_stop_answers_the_polls_that_wait(new_dcaasd, figure):
    daemon = new_dcaasd()
    world = World(daemon)
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    target = "/dcaas/v1/edge/desired?revision=%d&epoch=%s&wait=60" % (edge.revision, edge.epoch)
    polls = [http.client.HTTPConnection(edge.host, timeout=120) for _ in range(20)]
    for poll in polls:
        poll.request("GET", target, headers={"X-Dcaas-Edge-Token": edge.token})
    # One that the daemon has not read yet may be cut off by its stop.
    wait_for("polls that were read", lambda: connections(daemon) == ["00000000"] * 20)
    begun = time.monotonic()
    assert daemon.stop() == 0
    figure("a stop with 20 polls that wait", time.monotonic() - begun, STOPS_SECONDS)
    assert [poll.getresponse().status for poll in polls] == [204] * 20
    for poll in polls:
        poll.close()


def connections(daemon):
    """Of each connection that the daemon has accepted: how much it has not read yet."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file]
    return [row[4].split(":")[1] for row in rows[1:] if row[1].endswith(":%04X" % daemon.port) and row[3] == "01" and row[9] != "0"]


def test_polls_whose_edge_has_gone_do_no_harm(dcaasd, tenant, edge, line, gateway):
    edge.poll()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", dcaasd.port), timeout=60) as wire:
            wire.sendall(("GET /dcaas/v1/edge/desired?revision=%d&epoch=%s&wait=30 HTTP/1.1\r\nhost: x\r\n"
                          "x-dcaas-edge-token: %s\r\n\r\n" % (edge.revision, edge.epoch, edge.token)).encode())
    tenant.interface(line, gateway)
    assert "bgp" in [one["kind"] for one in edge.poll()]
    assert dcaasd.health()["status"] != "failing"


def test_many_polls_of_one_edge_are_all_woken(tenant, edge, line, gateway):
    edge.poll()
    done = []
    threads = [threading.Thread(target=lambda: done.append(edge.ask(wait=30)[0])) for _ in range(50)]
    for thread in threads:
        thread.start()
    tenant.interface(line, gateway)
    for thread in threads:
        thread.join()
    assert done == [200] * 50


def edge_seen(world):
    return world.operator.get("/dcaas/v1/edges/" + world.edge, say=False)["edge"]


def refusals(world):
    """Events about a second router."""
    return world.operator.get("/dcaas/v1/events?action=refuse-second&resource_id=" + world.edge, say=False)["events"]


def test_restarts_one_after_the_other_are_no_second_router(world, edge):
    boots = []
    for _ in range(5):
        edge.start()
        boots.append(edge.boot)
        assert [edge.report() for _ in range(3)] == [204, 204, 204]
    assert edge_seen(world)["conflict"] is None and refusals(world) == []


def test_a_dead_process_s_last_report_that_comes_late_changes_nothing(world, edge):
    """It may have been on its way when its process ended; whether it is a full report or not."""
    for full in (False, True):
        old = FakeEdge(world.endpoint, world.edge_token)
        assert old.report() == 204
        edge.start()
        assert edge.report() == 204
        assert old.report(full=full) == 409
        assert [edge.report() for _ in range(2)] == [204, 204]
        assert edge_seen(world)["conflict"] is None
    assert refusals(world) == []


def clone(world, edge):
    """Another router with the same credential; it has spoken, and so has the first again."""
    assert edge.report() == 204
    other = FakeEdge(world.endpoint, world.edge_token)
    assert other.report() == 204
    assert edge.report() == 409 and edge.report(full=True) == 204
    return other


def test_of_two_routers_with_one_credential_the_second_is_refused_and_reported(world, edge):
    edge.poll()
    other = clone(world, edge)
    assert edge_seen(world)["conflict"] is None  # the second may have been gone before the first came back
    assert [other.report(), other.report(full=True)] == [423, 423]
    seen = edge_seen(world)["conflict"]
    assert other.boot in seen and "cloned" in seen
    assert len(refusals(world)) == 1
    assert "one credential, two routers" in world.dcaasd.log()
    assert other.ask()[0] == 423 and edge.ask()[0] == 204
    assert [edge.report() for _ in range(3)] == [204, 204, 204]
    row = [r for r in world.operator.get("/dcaas/v1/edge-reports", say=False)["edge_reports"] if r["id"] == world.edge][0]
    assert (row["boot"], row["refused_boot"]) == (edge.boot, other.boot)


def test_what_the_second_router_reports_changes_nothing(tenant, world, edge, vif):
    edge.apply()
    assert show(tenant, vif)["status"] == "ACTIVE"
    other = clone(world, edge)
    edge.report(edge.states(), edge.sessions(), full=True)
    other.objects = edge.objects
    assert other.report(edge.states(vlan={"carrier": False}), edge.sessions(established=False), full=True) == 423
    assert show(tenant, vif)["status"] == "ACTIVE"


def test_the_first_router_may_restart_while_the_second_is_refused(world, edge):
    other = clone(world, edge)
    assert other.report() == 423
    edge.start()
    assert [edge.report(), edge.report()] == [204, 204]
    assert other.report() == 423 and edge.report() == 204
    assert len(refusals(world)) == 1


def test_the_second_routers_polls_are_refused_when_it_names_itself(world, edge):
    other = clone(world, edge)
    other.epoch, other.revision = other.ask(revision=0, boot=None)[1]["epoch"], edge.revision
    assert other.ask(wait=20)[0] == 423
    assert other.ask(boot=None)[0] == 204  # of a version that does not name itself


def test_a_poll_that_waits_ends_when_its_router_is_refused(tenant, world, edge, line, gateway):
    edge.poll()
    other = FakeEdge(world.endpoint, world.edge_token)
    assert edge.report() == 204 and other.report() == 204
    other.poll()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(other.ask(wait=30)[0]))
    waiting.start()
    assert edge.report() == 409 and edge.report(full=True) == 204
    tenant.interface(line, gateway)
    waiting.join(20)
    assert answers == [423]


def test_a_renewed_credential_ends_the_conflict(world, edge):
    other = clone(world, edge)
    assert other.report() == 423 and edge_seen(world)["conflict"] is not None
    token = world.operator.post("/dcaas/v1/edges/%s/token" % world.edge, {})["edge"]["token"]
    assert edge_seen(world)["conflict"] is None
    assert edge.ask()[0] == 401
    other.token = token
    assert [other.report(full=True), other.report()] == [204, 204]
    assert edge_seen(world)["conflict"] is None


def test_the_second_has_the_place_when_the_first_is_silent_for_long(dcaasd):
    world = World(dcaasd, edge={"report_interval": 2})
    edge = FakeEdge(world.endpoint, world.edge_token)
    other = clone(world, edge)
    assert other.report() == 423
    change(world.dcaasd, "UPDATE edge_report SET received_time = received_time - 61000 WHERE id = ?", world.edge)
    assert [other.report(full=False), other.report(full=True), other.report()] == [409, 204, 204]
    seen = edge_seen(world)
    assert seen["conflict"] is None and len(refusals(world)) == 1


def test_the_reason_shows_that_nobody_has_looked_since(dcaasd):
    world = World(dcaasd, edge={"report_interval": 1})
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    vif = tenant.interface(line, gateway)["id"]
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.apply()
    assert show(tenant, vif)["status"] == "ACTIVE"
    for path in ("virtual-interfaces/" + vif, "direct-connects/" + line):
        wait_for("the silence in the reason of " + path,
                 lambda p=path: re.match(r"not observed since \d{4}-.*Z: the edge is silent$", tenant.show(p)["reason"] or ""))
    assert show(tenant, vif)["status"] == "ACTIVE"
    tenant.put(V3 + "virtual-interfaces/" + vif, {"virtual_interface": {"remote_ep_group": ["192.168.77.0/24"]}})
    assert rows(dcaasd, "SELECT reason FROM virtual_interface WHERE id = ?", vif) == [(None,)]
    edge.apply()
    assert show(tenant, vif)["reason"] is None and tenant.show("direct-connects/" + line)["reason"] is None
