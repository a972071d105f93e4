# SPDX-License-Identifier: ISC
"""Adding, changing and deleting one interface while others are up: they notice nothing."""
import sqlite3

import pytest

from lab.customer import Pinging

OTHERS = 20
ROUNDS = 50
PER_GATEWAY = 5
MD5 = "example-of-md5"


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("many")


@pytest.fixture(scope="module")
def others(shop):
    """Twenty lines in four gateways, each with both families up."""
    made = []
    for number in range(OTHERS):
        if number % PER_GATEWAY == 0:
            gateway = shop.gateway(host=True)
        line = shop.line(gateway, md5=MD5 if number % 2 else None)
        line.order()
        line.router()
        made.append(line)
    for line in made:
        line.wait_active(120)
    return made


def sessions(site):
    return {row["id"]: row for row in site.rows("sessions", "sessions")}


def test_fifty_rounds_of_one_leave_twenty_others_alone(site, shop, others):
    pings = [Pinging(site.lab.customers, line.customer.host, line.gateway.address(family), 0.5)
             for line, family in zip(others, "46" * OTHERS)]
    for pinging in pings:
        pinging.wait_answers(2, 60)
    watched = {peer for line in others for peer in line.peers.values()}
    before = {key: row["since"] for key, row in sessions(site).items() if key in watched}
    assert len(before) == 2 * OTHERS
    first_apply = {row["id"] for row in site.rows("applies", "applies")}
    line = shop.line(others[0].gateway, md5=MD5)
    line.router(host=False)
    applied = ready = 0
    for number in range(ROUNDS):
        line.order()
        # Every tenth time the session comes up first, else the change comes as soon as the kernel has it.
        if number % 10 == 0:
            line.wait_active()
            ready += 1
        else:
            line.wait_applied()
        line.tenant.put("/v3/{project_id}/dcaas/virtual-interfaces/" + line.vif, {"virtual_interface": {
            "name": "round%d" % number, "bandwidth": 10 + number, "remote_ep_group": ["172.30.%d.0/24" % number]}})
        line.delete()
        applied += 1
    after = {key: row for key, row in sessions(site).items() if key in watched}
    lost = [pinging.stop()[0] for pinging in pings]
    assert applied == ROUNDS and ready == ROUNDS // 10
    assert {key: row["since"] for key, row in after.items()} == before
    assert all(row["established"] for row in after.values())
    assert not any(lost), lost
    applies = [row for row in site.rows("applies", "applies") if row["id"] not in first_apply]
    assert len(applies) >= ROUNDS
    assert [row for row in applies if row["reset"] or row["failed"]] == []
    print("\n%d rounds beside %d sessions: none reset, no echo lost, %d applies, %d ms at most" % (
        ROUNDS, 2 * OTHERS, len(applies), max(row["ms"] for row in applies)))


def test_customers_have_seen_no_reset_either(others):
    for line in others:
        for family in "46":
            text = line.customer.guest.read("/tmp/%s.log" % line.name)
            assert text.count("%s: State changed to up" % line.customer.protocol(family)) <= 1
            assert line.customer.session(family).established


def insert(site, key, member, value):
    """Changes one member of a rendered object, below the API, as if dcaasd had rendered it so."""
    database = sqlite3.connect(site.dcaasd.state + "/dcaas.db", timeout=20, isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        edge = database.execute("SELECT edge_id FROM edge_object WHERE key = ?", (key,)).fetchone()[0]
        database.execute("UPDATE edge_revision SET revision = revision + 1 WHERE id = ?", (edge,))
        changed = database.execute(
            "UPDATE edge_object SET body = json_set(body, '$.' || ?, ?), revision = (SELECT revision FROM edge_revision "
            "WHERE id = ?) WHERE key = ?", (member, value, edge, key)).rowcount
        database.execute("COMMIT")
    finally:
        database.close()
    assert changed == 1


def test_a_configuration_that_bird_refuses_takes_out_only_its_own_peer(site, shop, others):
    """A protocol named by a keyword of BIRD's: its parser refuses the whole file."""
    gateway = others[0].gateway
    line, good = (shop.line(gateway, families="4") for _ in range(2))
    line.order()
    line.router(host=False)
    line.wait_active()
    before = {key: row["since"] for key, row in sessions(site).items() if key not in line.peers.values()}
    key = "bgp/" + line.peers["4"]
    insert(site, key, "name", "sha512")
    line.wait_peer("ERROR", lambda p: p["status"] == "ERROR")
    row = next(row for row in site.rows("objects", "objects") if row["key"] == key)
    assert row["state"] == "error" and row["error"], row
    assert row["error"] in line.interface()["reason"]
    # What is ordered meanwhile in the same gateway is applied.
    good.order()
    good.router(host=False)
    good.wait_active()
    assert {k: r["since"] for k, r in sessions(site).items() if k in before} == before
    insert(site, key, "name", "p9999_4")
    line.wait_active()
    for each in (line, good):
        each.delete()
        each.customer.down()
