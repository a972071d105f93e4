# SPDX-License-Identifier: ISC
"""Planted faults: the diagnosis of each interface names the first layer that fails, and what to do."""
import pytest

from conftest import closing, open_site
from lab.guest import wait

SECONDS = 15  # until the routers have tried, and their words have reached dcaasd


@pytest.fixture(scope="module")
def site():
    made = open_site()
    yield made
    closing(made)


@pytest.fixture(scope="module")
def gateway(site):
    site.ward = site.shop("ward")
    return site.ward.gateway()


def diagnose(line):
    return line.tenant.get("/dcaas/v1/projects/{project_id}/virtual-interfaces/%s/diagnosis" % line.vif, say=False)["vif_diagnosis"]


def nobody(line):
    """No router uses the VLAN."""


def another_address(line):
    """Somebody is on the VLAN, with an address of another subnet."""
    line.site.lab.customers.ip(["link add link trunk0 name lost%d type vlan id %d" % (line.vlan, line.vlan), "link set lost%d up" % line.vlan,
                                "addr add 192.0.2.9/24 dev lost%d" % line.vlan])
    line.site.lab.customers.shell("ping -c 2 -W 1 192.0.2.10 || true")


def no_bgp(line):
    line.router().stop()


def another_as(line):
    line.asn = 64999
    line.router()


def wrong_idea_of_our_as(line):
    line.router().configure(peer_asn=64998)


def no_password_there(line):
    line.router(md5=None)


def another_password_there(line):
    line.router(md5="another")


def password_only_there(line):
    line.router(md5="nobody ordered it")


def too_many_routes(line):
    line.router(announce=["10.%d.%d.0/24" % (200 + n // 250, n % 250) for n in range(150)])


def no_routes(line):
    line.router(announce=[])


def only_refused_routes(line):
    line.router(announce=[str(line.gateway.prefix)])


def shut_down_there(line):
    line.router()
    line.wait_active()
    line.customer.bird('disable %s "maintenance"' % line.customer.protocol("4"))


def switchover(line):
    line.router()
    line.wait_active()
    line.tenant.post("/v3/{project_id}/dcaas/switchover-test", {"switchover_test_record": {
        "resource_id": line.vif, "resource_type": "virtual_interface", "operation": "shutdown"}}, say=False)


SIGNED = {"md5": "the ordered one"}
# fault: (options of the order, layer, words of the description, words of the advice)
FAULTS = {
    nobody: ({}, "frames", "no packet has ever come in on VLAN", "uses VLAN"),
    another_address: ({}, "neighbour", "nobody answers ARP", "has the address"),
    no_bgp: ({}, "session", "Connection refused", "runs no BGP"),
    another_as: ({}, "session", "Bad peer AS", "set its AS to"),
    wrong_idea_of_our_as: ({}, "session", "Received: Bad peer AS", "with remote AS 64512"),
    no_password_there: (SIGNED, "session", "without an MD5 signature", "Set the ordered MD5 password"),
    another_password_there: (SIGNED, "session", "another MD5 password", "same MD5 password"),
    password_only_there: ({}, "session", "no password is ordered", "Order the MD5 password"),
    too_many_routes: ({}, "session", "more routes than its limit of 100", "Announce fewer routes"),
    no_routes: ({}, "routes", "announces no route", "announce its networks"),
    only_refused_routes: ({}, "routes", "every route that the customer's router announces is rejected", "why each is rejected"),
    shut_down_there: ({}, "session", "Administrative shutdown", "shut down"),
    switchover: ({}, "order", "switchover test", "undo_shutdown"),
}


@pytest.fixture(scope="module")
def patients(site, gateway):
    made = {}
    for fault, (options, *_) in FAULTS.items():
        made[fault] = site.ward.line(gateway, families="4", **options)
        made[fault].order()
    for fault, line in made.items():
        fault(line)
    return made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_named_with_its_layer_and_what_to_do(patients, fault):
    _, layer, words, advice = FAULTS[fault]
    seen = []

    def found():
        seen.append(diagnose(patients[fault]))
        one = seen[-1]
        return one["layer"] == layer and words in one["description"] and advice in one["advice"]
    try:
        wait("the diagnosis", found, SECONDS, 1)
    except Exception:
        raise AssertionError("wanted %s, %s, %s; is %s" % (layer, words, advice, seen[-1])) from None
    assert not seen[-1]["healthy"]


def test_a_line_that_works_is_healthy_in_every_layer(site, gateway):
    line = site.ward.line(gateway)
    line.order()
    line.router()
    line.wait_active()
    wait("health", lambda: diagnose(line)["healthy"], SECONDS, 1)
    seen = diagnose(line)
    assert seen["layer"] is None and seen["advice"] is None
    assert {finding["result"] for finding in seen["findings"]} == {"ok"}
    assert [finding["layer"] for finding in seen["findings"]] == [
        "order", "edge", "router", "router", "carrier", "frames", *2 * ["neighbour", "echo", "session", "routes"]]


def test_a_static_peer_whose_router_is_not_there(site, gateway):
    line = site.ward.line(gateway, families="4", mode="static")
    line.order()
    another_address(line)
    wait("the diagnosis", lambda: diagnose(line)["layer"] == "neighbour", SECONDS, 1)


def test_a_port_without_a_carrier(site, patients):
    site.lab.edge.ip(["link set trunk0 down"])
    try:
        wait("the diagnosis", lambda: diagnose(patients[no_routes])["layer"] == "carrier", SECONDS, 1)
    finally:
        site.lab.edge.ip(["link set trunk0 up"])


def test_an_edge_that_is_silent(site, patients):
    site.stop_edge()
    try:
        wait("the diagnosis", lambda: diagnose(patients[no_routes])["layer"] == "edge", SECONDS, 1)
    finally:
        site.run_edge()
