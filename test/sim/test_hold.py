# SPDX-License-Identifier: ISC
"""An edge keeps what it has when it cannot be sure that dcaasd's database is the one that ordered it."""
import os
import shutil

from support import World, wait_for


def set_aside(dcaasd):
    """Stops dcaasd and puts its database aside; where it is now."""
    dcaasd.stop()
    aside = dcaasd.state + ".aside"
    os.rename(dcaasd.state, aside)
    return aside


def put_back(dcaasd, aside):
    dcaasd.stop()
    shutil.rmtree(dcaasd.state)
    os.rename(aside, dcaasd.state)
    dcaasd.start()


def copy_state(dcaasd):
    dcaasd.stop()
    aside = dcaasd.state + ".copy"
    shutil.copytree(dcaasd.state, aside)
    for name in os.listdir(aside):
        shutil.copystat(os.path.join(dcaasd.state, name), os.path.join(aside, name))
        stat = os.stat(os.path.join(dcaasd.state, name))
        os.chown(os.path.join(aside, name), stat.st_uid, stat.st_gid)
    stat = os.stat(dcaasd.state)
    os.chown(aside, stat.st_uid, stat.st_gid)
    dcaasd.start()
    return aside


def run_command(dcaasd, *words):
    import subprocess
    subprocess.run(dcaasd._argv(*words), check=True, capture_output=True)


def changed(edge, since):
    """Whether the router was changed after that line of the edge's log."""
    return edge.logged("event=applied", since) or edge.logged('event="session down"', since)


def test_an_emptied_store_makes_the_edge_hold_with_a_reason(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    line = site.edge.lines()
    aside = set_aside(site.dcaasd)
    site.dcaasd.init()
    site.dcaasd.start()
    # Its credential went with the store.
    wait_for("held is logged", lambda: site.edge.logged('event=held reason="dcaasd refuses the credential', line))
    assert not changed(site.edge, line)
    # Nor does a new one make it throw away what it has.
    world = World(site.dcaasd, edge={"report_interval": 2})
    site.edge.set_token(world.edge_token)
    site.edge.world, site.edge.edge_id = world, world.edge
    seen = site.edge.wait_seen("held", lambda e: e["held"] and "another database" in e["held_reason"])
    assert seen["fabric"] == "sim"
    assert not changed(site.edge, line)
    site.edge.restart()
    wait_for("up again", lambda: site.edge.logged('event="session established"', line))
    # The store that knows it comes back: the edge continues by itself.
    put_back(site.dcaasd, aside)
    site.edge.world, site.edge.edge_id = site.world, site.world.edge
    site.edge.set_token(site.world.edge_token)
    site.edge.wait_seen("held no more", lambda e: e["held"] is False)
    site.wait_status(vif, "ACTIVE")


def test_after_the_operators_word_a_held_edge_takes_the_empty_store(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    set_aside(site.dcaasd)
    site.dcaasd.init()
    site.dcaasd.start()
    world = World(site.dcaasd, edge={"report_interval": 2})
    site.edge.set_token(world.edge_token)
    site.edge.world, site.edge.edge_id = world, world.edge
    site.edge.wait_seen("held", lambda e: e["held"])
    line = site.edge.lines()
    world.operator.post("/dcaas/v1/edges/%s/confirm" % world.edge, None)
    site.edge.wait_seen("held no more", lambda e: e["held"] is False)
    wait_for("everything is removed", lambda: site.edge.logged("event=applied", line))
    # And serves the new one.
    tenant = world.tenant()
    new = tenant.interface(world.connection(tenant), tenant.gateway()["id"])["id"]
    wait_for("ACTIVE", lambda: tenant.show("virtual-interfaces/" + new)["status"] == "ACTIVE")


def test_a_restored_backup_makes_the_edge_hold_until_confirmed(site):
    old = site.order(1)
    site.wait_status(old, "ACTIVE")
    copy = copy_state(site.dcaasd)
    new = site.order(2)
    site.wait_status(new, "ACTIVE")
    site.dcaasd.stop()
    shutil.rmtree(site.dcaasd.state)
    os.rename(copy, site.dcaasd.state)
    run_command(site.dcaasd, "--restored")
    line = site.edge.lines()
    site.dcaasd.start()
    site.edge.wait_seen("held", lambda e: e["held"])
    assert site.interface(old)["status"] == "ACTIVE"
    assert site.tenant.call("GET", "/v3/{project_id}/dcaas/virtual-interfaces/" + new, check=False).status == 404
    # What the backup did not know is still there, and an order waits.
    third = site.order(3)
    assert not changed(site.edge, line)
    assert site.interface(third)["status"] == "PENDING_CREATE"
    site.world.operator.post("/dcaas/v1/edges/%s/confirm" % site.world.edge, None)
    site.edge.wait_seen("held no more", lambda e: e["held"] is False)
    site.wait_status(third, "ACTIVE")
    site.wait_status(old, "ACTIVE")
    keys = {o["key"] for o in site.edge.rows("objects", "objects")}
    assert "vlan/" + new not in keys and {"vlan/" + old, "vlan/" + third} <= keys


def test_a_store_that_went_back_without_a_word_is_noticed(site):
    """An old copy in place of the database, with the same epoch: it is behind what the edge has."""
    old = site.order(1)
    site.wait_status(old, "ACTIVE")
    copy = copy_state(site.dcaasd)
    new = site.order(2)
    site.wait_status(new, "ACTIVE")
    line = site.edge.lines()
    site.dcaasd.stop()
    shutil.rmtree(site.dcaasd.state)
    os.rename(copy, site.dcaasd.state)
    site.dcaasd.start()
    seen = site.edge.wait_seen("held", lambda e: e["held"])
    assert "older than what is here" in seen["held_reason"]
    assert not changed(site.edge, line)


def test_without_dcaasd_a_restarted_edge_brings_everything_up(site):
    vifs = [site.order(n, bgp_md5="a password %d" % n) for n in range(5)]
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")
    site.dcaasd.stop()
    assert site.edge.stop() == 0
    line = site.edge.lines()
    site.edge.start()
    wait_for("5 sessions", lambda: sum('event="session established"' in text
                                       for text in site.edge.log().splitlines()[line:]) == 5)
    wait_for("it has asked dcaasd", lambda: site.edge.logged('event="no answer of dcaasd"', line))
    site.dcaasd.start()
    for vif in vifs:
        site.wait_status(vif, "ACTIVE")


def test_a_damaged_state_file_is_reported_and_everything_comes_from_dcaasd_again(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    assert site.edge.stop() == 0
    path = os.path.join(site.edge.state, "desired")
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    line = site.edge.lines()
    site.edge.start()
    wait_for("it is told", lambda: site.edge.logged("event=\"desired set lost\"", line))
    wait_for("up again", lambda: site.edge.logged('event="session established"', line))
    site.wait_status(vif, "ACTIVE")
    site.edge.wait_seen("not held", lambda e: e["held"] is False)


def test_with_a_damaged_state_file_and_no_dcaasd_nothing_is_touched(site):
    site.wait_status(site.order(1), "ACTIVE")
    assert site.edge.stop() == 0
    site.dcaasd.stop()
    with open(os.path.join(site.edge.state, "desired"), "w") as file:
        file.write("nonsense")
    line = site.edge.lines()
    site.edge.start()
    wait_for("it has asked dcaasd", lambda: site.edge.logged('event="no answer of dcaasd"', line))
    assert not changed(site.edge, line)
    site.dcaasd.start()
    wait_for("up again", lambda: site.edge.logged('event="session established"', line))


def test_no_password_stands_in_clear_in_the_state(site):
    site.wait_status(site.order(1, bgp_md5="a-very-plain-word"), "ACTIVE")
    for name in ("desired", "key"):
        path = os.path.join(site.edge.state, name)
        assert os.stat(path).st_mode & 0o077 == 0
        with open(path, "rb") as file:
            assert b"a-very-plain-word" not in file.read()
    assert "a-very-plain-word" not in site.edge.log() + site.dcaasd.log()


def test_another_edges_credential_by_mistake_deletes_nothing(site):
    """The token file of the router next door: its edge has nothing, or other things, and revisions of its own."""
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    other = site.world.operator.post("/dcaas/v1/edges", {"edge": {
        "name": "next door", "location_id": site.world.location, "device_id": "172.16.40.3", "report_interval": 2}})["edge"]
    line = site.edge.lines()
    site.edge.set_token(other["token"])
    site.edge.restart()
    wait_for("held is logged", lambda: site.edge.logged("that of another edge, " + other["id"], line))
    wait_for("up again", lambda: site.edge.logged('event="session established"', line))
    site.edge.set_token(site.world.edge_token)
    site.edge.restart()
    site.wait_status(site.order(2), "ACTIVE")
    site.wait_status(vif, "ACTIVE")
    site.edge.wait_seen("not held", lambda e: e["held"] is False)
