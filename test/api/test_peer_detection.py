# SPDX-License-Identifier: ISC
"""Detections of peers: an edge is asked to send echo requests, and its counts become the loss; one at a time for each peer."""
import concurrent.futures
import json

import pytest
from fake_edge import edge_for

from support import V3, World, change, rows, send, wait_for

PATH = V3 + "vif-peer-detections"
UNKNOWN = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd(settings=["quota_virtual_gateways = -1", "quota_virtual_interfaces = -1"]))


@pytest.fixture
def tenant(world):
    return world.tenant()


@pytest.fixture
def edge(world, tenant):
    return edge_for(world, tenant)


@pytest.fixture
def vif(world, tenant, edge):
    line = world.connection(tenant, port_id=world.port(edge.id))
    made = tenant.interface(line, tenant.gateway()["id"])
    edge.apply()
    return made


@pytest.fixture
def peer(vif):
    return vif["vif_peers"][0]["id"]


def order(tenant, peer):
    answer = tenant.call("POST", PATH, {"vif_peer_detection": {"vif_peer_id": peer}})
    assert answer.status == 200
    return answer["vif_peer_detection"]


def refused(tenant, peer, code="DC.0001", word="vif_peer_id"):
    answer = send(tenant, "POST", PATH, json.dumps({"vif_peer_detection": {"vif_peer_id": peer}}).encode())
    assert (answer.status, answer["error_code"]) == (400, code) and word in answer["error_msg"], answer


def show(tenant, made):
    return tenant.get(PATH + "/" + made["id"])["vif_peer_detection"]


def test_the_edges_counts_become_the_loss(world, tenant, edge, peer, vif):
    made = order(tenant, peer)
    assert {**made, "vif_peer_id": peer, "project_id": tenant.project_id, "status": "processing", "loss_ratio": None,
            "end_time": None} == made and len(made["domain_id"]) == 32
    edge.poll()
    assert edge.body("ping") == {"link": "vlan/" + vif["id"], "local": "192.0.2.1", "remote": "192.0.2.2", "count": 10,
                                 "interval": 200}
    edge.report([state for state in edge.states(ping={"state": "pending"}) if state["key"].startswith("ping/")])
    assert show(tenant, made)["status"] == "processing"
    edge.apply(ping={"detail": {"sent": 10, "received": 7}})
    done = show(tenant, made)
    assert (done["status"], done["loss_ratio"]) == ("complete", 30) and done["end_time"] >= done["start_time"]
    edge.apply()  # lets go of the object
    assert "ping" not in edge.kinds() and show(tenant, made) == done
    assert rows(world.dcaasd, "SELECT count(*) FROM edge_object WHERE kind = 'ping' AND edge_id = ?", edge.id) == [(0,)]
    assert rows(world.dcaasd, "SELECT count(*) FROM due WHERE kind = 'peer_detection_end' AND owner = ?", made["id"]) == [(0,)]


@pytest.mark.parametrize("state", [
    {"state": "error", "error": "no socket"}, {"state": "unsupported", "error": "this edge does not know the kind"},
    {"detail": None}, {"detail": {"sent": 0, "received": 0}}, {"detail": {"sent": 3, "received": 4}}, {"detail": {"sent": 5}}])
def test_what_is_no_result_is_an_error(tenant, edge, peer, state):
    made = order(tenant, peer)
    edge.apply(ping=state)
    done = show(tenant, made)
    assert (done["status"], done["loss_ratio"]) == ("error", None) and done["end_time"]
    assert tenant.show("virtual-interfaces")[0]["status"] == "ACTIVE"  # it is none the worse


def test_one_runs_at_a_time_for_each_peer_also_of_many_at_once(tenant, edge, peer):
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: tenant.call("POST", PATH, {"vif_peer_detection": {"vif_peer_id": peer}}, check=False).status,
                                range(32)))
    assert sorted(answers) == [200] + [400] * 31
    refused(tenant, peer, word="running")
    edge.apply(ping={"detail": {"sent": 10, "received": 10}})
    order(tenant, peer)


def test_an_edge_that_does_not_answer_ends_it_with_an_error(world, tenant, edge, peer):
    made = order(tenant, peer)
    change(world.dcaasd, "UPDATE due SET at = 1 WHERE owner = ?", made["id"])
    wait_for("it has ended", lambda: show(tenant, made)["status"] == "error")
    edge.apply()
    assert "ping" not in edge.kinds()


def test_a_detection_is_listed_paged_and_deleted(world, tenant, edge, peer):
    made = []
    for _ in range(3):
        made.append(order(tenant, peer))
        edge.apply(ping={"detail": {"sent": 10, "received": 10}})
    listed = tenant.get(PATH)["vif_peer_detections"]
    assert [one["id"] for one in listed] == [one["id"] for one in made]
    assert [one["id"] for one in tenant.get(PATH + "?limit=1&marker=" + made[0]["id"])["vif_peer_detections"]] == [made[1]["id"]]
    assert tenant.get(PATH + "?sort_key=id&sort_dir=desc&offset=1")["vif_peer_detections"] == listed[1::-1]
    running = order(tenant, peer)
    for one in (made[0], running):
        assert send(tenant, "DELETE", PATH + "/" + one["id"]).status == 204
        assert send(tenant, "GET", PATH + "/" + one["id"]).status == 404
    order(tenant, peer)  # the one that ran is no more
    edge.apply(ping={"detail": {"sent": 10, "received": 10}})
    edge.apply()
    assert rows(world.dcaasd, "SELECT count(*) FROM peer_detection WHERE vif_peer_id = ?", peer) == [(3,)]


def test_a_peer_keeps_the_newest_hundred(world, tenant, vif, peer):
    for number in range(120):
        change(world.dcaasd, "INSERT INTO peer_detection (id, vif_peer_id, project_id, status, start_time, vif_id) VALUES "
               "(?, ?, ?, 'complete', 1, ?)", "00000000-0000-4000-8000-%012d" % number, peer, tenant.project_id, vif["id"])
    order(tenant, peer)
    assert len(tenant.get(PATH)["vif_peer_detections"]) == 100


def test_who_may_not_order_one_and_of_what_none_is_made(world, tenant, edge, vif, peer):
    other = world.tenant()
    for one in (peer, UNKNOWN):
        refused(other, one, "DC.0002", one)
    made = order(tenant, peer)
    for method in ("GET", "DELETE"):
        answers = [send(other, method, PATH + "/" + one) for one in (made["id"], UNKNOWN)]
        assert [(one.status, one["error_code"]) for one in answers] == [(404, "DC.0002")] * 2
    assert other.get(PATH)["vif_peer_detections"] == []
    reader = tenant.other("reader")
    assert show(reader, made)["id"] == made["id"] and send(reader, "DELETE", PATH + "/" + made["id"]).status == 403
    bare = tenant.peer(vif["id"], address_family="ipv6")
    refused(tenant, bare["id"], word="no gateway addresses")
    tenant.delete(V3 + "virtual-interfaces/" + vif["id"])
    refused(tenant, peer, "DC.1210", "deleted")


def test_an_interface_goes_while_one_runs(tenant, edge, vif, peer):
    made = order(tenant, peer)
    tenant.delete(V3 + "virtual-interfaces/" + vif["id"])
    edge.poll()
    edge.report(edge.states(ping={"state": "pending"}), [])
    edge.poll()
    edge.report(edge.states(ping={"state": "pending"}), [])
    assert send(tenant, "GET", V3 + "virtual-interfaces/" + vif["id"]).status == 404
    assert show(tenant, made)["status"] == "processing"
    assert send(tenant, "DELETE", PATH + "/" + made["id"]).status == 204
    edge.apply()
    edge.apply()
    assert edge.kinds() == []
