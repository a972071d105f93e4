# SPDX-License-Identifier: ISC
"""Many clients at once: what the database keeps must hold in any order."""
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import V3, World, rows, send, wait_for

CLIENTS = 16


def at_once(calls):
    """Runs all calls at the same moment; their answers."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(120)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def order(tenant, path, name, body):
    raw = json.dumps({name: body}).encode()
    return lambda: send(tenant, "POST", V3 + path, raw)


def outcome(answers, code):
    """How many were made; all others were refused with this code."""
    made = [answer for answer in answers if answer.status == 201]
    assert {answer["error_code"] for answer in answers if answer.status != 201} <= set(code.split("|")), answers
    assert all(answer.status in (201, 400) for answer in answers)
    return len(made)


def interface(tenant, line, gateway, number, **members):
    body = tenant.interface_body(line, gateway, 100 + number, local_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 1),
                                 remote_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 2), remote_ep_group=None)
    body.update(members)
    return order(tenant, "virtual-interfaces", "virtual_interface", body)


def test_one_of_many_gets_a_vlan(tenant, line, gateway):
    assert outcome(at_once([interface(tenant, line, gateway, n, vlan=7) for n in range(CLIENTS)]), "DC.1209") == 1


def test_vlan_0_or_the_others(tenant, line, gateway):
    answers = at_once([interface(tenant, line, gateway, n, **({"vlan": 0} if n % 2 else {})) for n in range(CLIENTS)])
    vlans = [answer["virtual_interface"]["vlan"] for answer in answers if answer.status == 201]
    assert vlans == [0] or (0 not in vlans and len(vlans) == CLIENTS // 2)
    outcome(answers, "DC.1219|DC.1209")


def test_one_of_many_gets_a_link_subnet(tenant, line, gateway):
    addresses = ["192.0.2.%d/%d" % (1 + n, 24 + n % 4) for n in range(CLIENTS)]
    answers = at_once([interface(tenant, line, gateway, n, local_gateway_v4_ip=address, remote_gateway_v4_ip=
                                 "192.0.2.%d/%s" % (21, address.split("/")[1])) for n, address in enumerate(addresses)])
    assert outcome(answers, "DC.0004") == 1


def test_one_of_many_gets_a_static_block(tenant, line, gateway):
    answers = at_once([interface(tenant, line, gateway, n, route_mode="static", remote_ep_group=["172.20.0.0/16"])
                       for n in range(CLIENTS)])
    assert outcome(answers, "DC.1401") == 1


def test_one_of_many_gets_the_second_peer(tenant, line, gateway):
    made = tenant.interface(line, gateway)
    answers = at_once([order(tenant, "vif-peers", "vif_peer", {"vif_id": made["id"], "name": str(n)})
                       for n in range(CLIENTS)])
    assert outcome(answers, "DC.1214") == 1
    assert len(tenant.show("virtual-interfaces/" + made["id"])["vif_peers"]) == 2


def test_one_of_many_gets_the_gateway_of_a_vpc(tenant):
    body = {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}
    assert outcome(at_once([order(tenant, "virtual-gateways", "virtual_gateway", body)] * CLIENTS), "DC.1110") == 1


def test_the_quota_of_gateways_holds(tenant):
    calls = [order(tenant, "virtual-gateways", "virtual_gateway", {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]})
             for _ in range(CLIENTS)]
    assert outcome(at_once(calls), "DC.1019") == 5


def test_the_quota_of_interfaces_holds(tenant, line, gateway):
    made = sum(outcome(at_once([interface(tenant, line, gateway, batch * CLIENTS + n) for n in range(CLIENTS)]), "DC.1019")
               for batch in range(4))
    assert made == 50


def test_a_hosted_connection_gets_one_interface(world, tenant, gateway):
    hosting = world.connection(world.tenant(), type="hosting")
    hosted = world.connection(tenant, type="hosted", hosting_id=hosting, vlan=77, bandwidth=100)
    answers = at_once([interface(tenant, hosted, gateway, n, vlan=77) for n in range(CLIENTS)])
    assert outcome(answers, "DC.1206") == 1


def test_a_gateway_gets_two_connections(world, tenant, gateway):
    lines = [world.connection(tenant) for _ in range(CLIENTS)]
    answers = at_once([interface(tenant, line, gateway, n) for n, line in enumerate(lines)])
    assert outcome(answers, "DC.1117") == 2


def test_the_last_peer_stays_when_both_are_deleted_at_once(tenant, line, gateway):
    for number in range(5):
        made = tenant.interface(line, gateway, 100 + number, local_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 1),
                                remote_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 2), remote_ep_group=None)
        second = tenant.peer(made["id"], address_family="ipv6")
        paths = [V3 + "vif-peers/" + one for one in (made["vif_peers"][0]["id"], second["id"])]
        answers = at_once([lambda path=path: send(tenant, "DELETE", path) for path in paths])
        assert sorted(answer.status for answer in answers) == [204, 400]


def test_an_interface_or_its_gateway_goes(tenant, line):
    """In any order: a gateway is never deleted under an interface."""
    for number in range(4):
        gateway = tenant.gateway()["id"]
        create = interface(tenant, line, gateway, number)
        made, gone = at_once([create, lambda gateway=gateway: send(tenant, "DELETE", V3 + "virtual-gateways/" + gateway)])
        assert (made.status, gone.status) in ((201, 400), (400, 204)), (made, gone)
        if made.status == 201:
            assert gone["error_code"] == "DC.1106"
            assert tenant.show("virtual-gateways/" + gateway)["id"] == gateway
        else:
            assert made["error_code"] == "DC.1111"


def test_an_interface_or_its_connection_goes(world, tenant, gateway):
    for number in range(4):
        line = world.connection(tenant)
        made, gone = at_once([interface(tenant, line, gateway, number),
                              lambda line=line: send(tenant, "DELETE", V3 + "direct-connects/" + line)])
        assert (made.status, gone.status) in ((201, 400), (400, 204)), (made, gone)
        refusal = gone if made.status == 201 else made
        assert refusal["error_code"] == ("DC.1007" if made.status == 201 else "DC.1012")
        if made.status == 201:  # a gateway has two connections at most
            interface_id = made["virtual_interface"]["id"]
            assert send(tenant, "DELETE", V3 + "virtual-interfaces/" + interface_id).status == 204
            gateway = tenant.gateway()["id"]


def test_an_interface_or_its_global_gateway_goes(tenant, line):
    for number in range(4):
        gateway = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
        create = interface(tenant, line, None, number, vgw_id=None, service_type="GDGW", gateway_id=gateway)
        made, gone = at_once([create, lambda gateway=gateway: send(tenant, "DELETE", V3 + "global-dc-gateways/" + gateway)])
        assert (made.status, gone.status) in ((201, 400), (400, 204)), (made, gone)
        refusal = gone if made.status == 201 else made
        assert refusal["error_code"] == ("DC.1106" if made.status == 201 else "DC.0002")


def test_a_second_peer_or_its_interface_goes(dcaasd, tenant, line, gateway):
    """In any order: no peer is left without its interface, and its claims neither."""
    for number in range(8):
        made = tenant.interface(line, gateway, 100 + number, remote_ep_group=None, local_gateway_v4_ip="192.0.2.%d/30" % (
            number * 4 + 1), remote_gateway_v4_ip="192.0.2.%d/30" % (number * 4 + 2))["id"]
        add = order(tenant, "vif-peers", "vif_peer", {
            "vif_id": made, "address_family": "ipv6", "local_gateway_ip": "fd00:%x::1/64" % number,
            "remote_gateway_ip": "fd00:%x::2/64" % number})
        added, gone = at_once([add, lambda made=made: send(tenant, "DELETE", V3 + "virtual-interfaces/" + made)])
        assert gone.status == 204 and added.status in (201, 400), (added, gone)
        if added.status == 400:
            assert added["error_code"] in ("DC.1210", "DC.1211")


def test_one_deletion_of_many_is_no_error_for_the_others(tenant, line, gateway):
    made = tenant.interface(line, gateway)["id"]
    answers = at_once([lambda: send(tenant, "DELETE", V3 + "virtual-interfaces/" + made)] * CLIENTS)
    assert {answer.status for answer in answers} <= {204, 404}


def test_changes_at_once_are_taken_whole(tenant, line, gateway):
    """Each is seen with all its members, or not at all."""
    made = tenant.interface(line, gateway, remote_ep_group=None)["id"]
    bodies = [{"name": "n%d" % n, "description": "d%d" % n, "remote_ep_group": ["172.16.%d.0/24" % n]} for n in range(CLIENTS)]
    answers = at_once([lambda body=body: send(tenant, "PUT", V3 + "virtual-interfaces/" + made,
                                              json.dumps({"virtual_interface": body}).encode()) for body in bodies])
    for answer, body in zip(answers, bodies):
        assert answer.status == 200 and {name: answer["virtual_interface"][name] for name in body} == body
    now = tenant.show("virtual-interfaces/" + made)
    assert {name: now[name] for name in bodies[0]} in bodies
    assert now["vif_peers"][0]["remote_ep_group"] == now["remote_ep_group"]


def test_local_and_remote_blocks_do_not_meet(tenant, line, gateway):
    made = tenant.interface(line, gateway, remote_ep_group=None)
    for number in range(8):
        block = "172.%d.0.0/16" % (16 + number)
        put = [("virtual-interfaces/" + made["id"], "virtual_interface", {"remote_ep_group": [block]}),
               ("virtual-gateways/" + gateway, "virtual_gateway", {"local_ep_group": [block]})]
        answers = at_once([lambda path=path, name=name, body=body: send(tenant, "PUT", V3 + path,
                                                                        json.dumps({name: body}).encode())
                           for path, name, body in put])
        assert sorted(answer.status for answer in answers) == [200, 400], answers
        assert [answer["error_code"] for answer in answers if answer.status == 400] == ["DC.1105"]


def test_revisions_of_an_edge_are_never_given_twice(dcaasd, world):
    """Every change of the desired set has a revision of its own, in the order of commits."""
    tenants = [(tenant, world.connection(tenant), tenant.gateway()["id"]) for tenant in (world.tenant() for _ in range(4))]
    calls = [interface(tenant, line, gateway, n) for n in range(4) for tenant, line, gateway in tenants]
    assert all(answer.status == 201 for answer in at_once(calls))
    ((newest,),) = rows(dcaasd, "SELECT revision FROM edge_revision WHERE id = ?", world.edge)
    ((highest,),) = rows(dcaasd, "SELECT max(revision) FROM edge_object WHERE edge_id = ?", world.edge)
    assert newest == highest


INVARIANTS = {
    "a VLAN has one owner": "SELECT port_id, vlan FROM port_vlan GROUP BY port_id, vlan HAVING count(*) > 1",
    "VLAN 0 is alone": "SELECT port_id FROM port_vlan GROUP BY port_id HAVING min(vlan) = 0 AND count(*) > 1",
    "every interface has its VLAN": "SELECT id FROM virtual_interface WHERE id NOT IN (SELECT id FROM port_vlan)",
    "every interface has a peer, and two at most": "SELECT v.id FROM virtual_interface v LEFT JOIN vif_peer p "
                                                   "ON p.vif_id = v.id GROUP BY v.id HAVING count(p.id) NOT IN (1, 2)",
    "a family has one peer": "SELECT vif_id FROM vif_peer GROUP BY vif_id, address_family HAVING count(*) > 1",
    "claims have peers": "SELECT id FROM link_subnet WHERE id NOT IN (SELECT id FROM vif_peer) UNION ALL "
                         "SELECT id FROM remote_subnet WHERE peer_id NOT IN (SELECT id FROM vif_peer)",
    "link subnets do not overlap": "SELECT a.id FROM link_subnet a JOIN link_subnet b ON a.gateway_id = b.gateway_id AND "
                                   "a.family = b.family AND a.id <> b.id AND a.first <= b.last AND b.first <= a.last",
    "every interface has objects on its edge": "SELECT id FROM virtual_interface WHERE id NOT IN (SELECT owner_id FROM "
                                               "edge_object)",
    "numbers are given once": "SELECT number FROM edge_number GROUP BY edge_id, space, number HAVING count(*) > 1",
    "an order has an event": "SELECT id FROM virtual_interface WHERE id NOT IN (SELECT resource_id FROM event "
                             "WHERE action = 'create')",
    "the quota": "SELECT tenant_id FROM virtual_interface GROUP BY tenant_id HAVING count(*) > 50",
}


@pytest.mark.parametrize("title", INVARIANTS)
def test_what_always_holds_held(dcaasd, title):
    """After everything above."""
    assert rows(dcaasd, INVARIANTS[title]) == []


# kill -9

def test_what_was_answered_survives_kill_9(new_dcaasd):
    """dcaasd is killed in the midst of orders, several times: every 201 is there afterwards, whole."""
    daemon = new_dcaasd(settings=["quota_virtual_interfaces = -1"])
    world = World(daemon)
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    answered, number, lock = {}, iter(range(1, 3900)), threading.Lock()
    stop = threading.Event()

    def orders():
        while not stop.is_set():
            with lock:
                n = next(number)
            body = tenant.interface_body(line, gateway, n, remote_ep_group=None,
                                         local_gateway_v4_ip="172.%d.%d.%d/30" % (16 + n // 16384, n // 64 % 256, n % 64 * 4 + 1),
                                         remote_gateway_v4_ip="172.%d.%d.%d/30" % (16 + n // 16384, n // 64 % 256, n % 64 * 4 + 2))
            try:
                answer = send(tenant, "POST", V3 + "virtual-interfaces", json.dumps({"virtual_interface": body}).encode())
            except (OSError, ValueError, EOFError):
                stop.wait(0.05)
                continue
            except Exception:  # a half answer, cut by the kill
                continue
            if answer.status == 201:
                with lock:
                    answered[answer["virtual_interface"]["id"]] = n

    threads = [threading.Thread(target=orders) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            before = len(answered)
            wait_for("orders", lambda before=before: len(answered) > before + 30)
            daemon.kill()
            daemon.start()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    present = {row[0]: row[1] for row in rows(daemon, "SELECT id, vlan FROM virtual_interface")}
    assert {one: present.get(one) for one in answered} == answered
    for title, statement in INVARIANTS.items():
        if title != "the quota":
            assert rows(daemon, statement) == [], title
    assert rows(daemon, "PRAGMA integrity_check") == [("ok",)]
    shown = tenant.show("virtual-interfaces/" + next(iter(answered)))
    assert shown["status"] == "PENDING_CREATE" and len(shown["vif_peers"]) == 1
