# SPDX-License-Identifier: ISC
"""The races of test/api/test_races.py, with the calls of each client spread over two servers of one database; and 64 clients at once
for what two of them could break."""
import uuid

import pytest

import api.test_races as races
from api.test_races import at_once, interface, order, outcome
from support import V3, rows, send

CLIENTS = 64

globals().update({name: test for name, test in vars(races).items()
                  if name.startswith("test_") and name not in ("test_what_always_holds_held", "test_what_was_answered_survives_kill_9")})


@pytest.fixture(scope="module")
def world(site):
    site.tenant = lambda name=None, role="member": site.everywhere(name or "tenant-" + uuid.uuid4().hex[:12])
    return site


@pytest.fixture(scope="module")
def dcaasd(site):
    return site.servers[0]


def test_one_of_64_gets_a_vlan(world):
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    assert outcome(at_once([interface(tenant, line, gateway, n, vlan=7, local_gateway_v4_ip="10.9.%d.1/30" % n,
                                      remote_gateway_v4_ip="10.9.%d.2/30" % n) for n in range(CLIENTS)]), "DC.1209|DC.1019") == 1


def test_a_quota_holds_against_64(world):
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    made = outcome(at_once([interface(tenant, line, gateway, n, local_gateway_v4_ip="10.9.%d.1/30" % n,
                                      remote_gateway_v4_ip="10.9.%d.2/30" % n) for n in range(CLIENTS)]), "DC.1019")
    assert made == 50


def test_overlapping_prefixes_of_64_have_one_owner(world):
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    answers = at_once([interface(tenant, line, gateway, n, route_mode="static", remote_ep_group=["172.20.0.0/%d" % (16 + n % 8)],
                                 local_gateway_v4_ip="10.9.%d.1/30" % n, remote_gateway_v4_ip="10.9.%d.2/30" % n)
                       for n in range(CLIENTS)])
    made = [answer["virtual_interface"] for answer in answers if answer.status == 201]
    blocks = [peer["remote_ep_group"][0] for one in made for peer in one["vif_peers"]]
    assert len(blocks) == len(set(blocks)) >= 1
    assert {answer["error_code"] for answer in answers if answer.status != 201} <= {"DC.1401", "DC.1019"}


def test_64_gateways_at_once_have_numbers_of_their_own(world):
    """Each takes a table, a device and a place in a routing instance of one edge."""
    tenants = [(tenant, world.connection(tenant), tenant.gateway()["id"]) for tenant in (world.tenant() for _ in range(CLIENTS))]
    answers = at_once([interface(tenant, line, gateway, 1) for tenant, line, gateway in tenants])
    assert [answer.status for answer in answers] == [201] * CLIENTS
    numbers = rows(world.dcaasd, "SELECT space, number FROM edge_number WHERE edge_id = ?", world.edge)
    assert len(numbers) == len(set(numbers)) >= 2 * CLIENTS
    ((counted, used),) = rows(world.dcaasd, "SELECT (SELECT count(*) FROM edge_number WHERE edge_id = ? AND space = 'vrf'), "
                                            "(SELECT sum(used) FROM edge_instance WHERE edge_id = ?)", world.edge, world.edge)
    assert counted == used
    for tenant, _, _ in tenants:
        assert send(tenant, "GET", V3 + "virtual-interfaces")["virtual_interfaces"][0]["vlan"] == 101


def test_of_64_orders_with_one_client_token_one_is_made(world):
    tenant = world.tenant()
    line, gateway = world.connection(tenant), tenant.gateway()["id"]
    token = str(uuid.uuid4())
    body = races.json.dumps({"virtual_interface": tenant.interface_body(line, gateway, 5)}).encode()
    answers = at_once([lambda: send(tenant, "POST", V3 + "virtual-interfaces", body, {"x-client-token": token})] * CLIENTS)
    assert {answer.status for answer in answers} == {201}
    assert len({answer["virtual_interface"]["id"] for answer in answers}) == 1


@pytest.mark.parametrize("title", races.INVARIANTS)
def test_what_always_holds_held(world, title):
    """After everything above."""
    assert rows(world.dcaasd, races.INVARIANTS[title]) == []


def test_both_servers_took_part(world):
    for server in world.servers:
        assert server.log().count("event=call method=\"POST\" path=\"/v3/") > 300
