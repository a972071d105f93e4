# SPDX-License-Identifier: ISC
"""The database's files: a second server is refused, a log that was damaged is reported and kept, one that is whole is not."""
import glob
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import types

import pytest
from fake_edge import FakeEdge

from support import V3, World, rows, wait_for

HEADER, FRAME = 32, 24
MANY = 20


def as_its_owner(daemon, path):
    if daemon.drop:
        os.chown(path, *[os.stat(daemon.state).st_uid] * 2)


# --- one server ---


def second(daemon):
    """Another dcaasd on the same state_dir, at another port; what it prints until its end."""
    config = os.path.join(daemon.folder, "second.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write("[dcaasd]\nstate_dir = %s\nlisten = 127.0.0.1:0\n" % daemon.state)
    done = subprocess.run(daemon.unprivileged() + [daemon.program, "-c", config], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_a_second_server_on_one_database_is_refused(daemon):
    code, said = second(daemon)
    assert code == 1 and "served by another dcaasd" in said and "pid %d" % daemon.process.pid in said, said
    assert daemon.health()["status"] == "ok"


def test_a_server_that_was_killed_keeps_nobody_out(daemon):
    daemon.kill()
    daemon.start()
    assert daemon.health()["status"] == "ok"


def test_a_server_waits_for_the_one_that_is_about_to_stop(daemon):
    first = daemon.process
    os.kill(first.pid, signal.SIGTERM)
    daemon.start()
    assert first.wait(60) == 0
    assert daemon.health()["status"] == "ok"


def test_an_operator_gets_a_key_while_the_server_runs(daemon):
    done = subprocess.run(daemon._argv("--operator-key"), capture_output=True, text=True)
    assert done.returncode == 0 and "DCAAS_ADMIN_ACCESS_KEY=" in done.stdout, done.stderr


# --- the log ---


def killed_with_orders(daemon, several=MANY):
    """Orders, each a commit in the log, then kill -9; the path of the log."""
    world = World(daemon)
    for number in range(several):
        world.operator.post("/dcaas/v1/projects", {"project": {"name": "project-%d" % number}})
    daemon.kill()
    return os.path.join(daemon.state, "dcaas.db-wal")


def projects(daemon):
    return rows(daemon, "SELECT count(*) FROM project WHERE name LIKE 'project-%'")[0][0]


def epoch_of(daemon):
    """Of the database file alone: to open its log would change it."""
    with tempfile.TemporaryDirectory() as folder:
        for name in glob.glob(os.path.join(daemon.state, "dcaas.db*")):
            if name.endswith(("dcaas.db", "-wal")):
                shutil.copy(name, folder)
        return rows(types.SimpleNamespace(state=folder, settings=[]), "SELECT value FROM store_meta WHERE key = 'epoch'")[0][0]


def page_size(log):
    with open(log, "rb") as file:
        return struct.unpack(">I", file.read(12)[8:])[0]


def frames(log):
    """Offsets of the frames of this use of the log, and whether each is a commit."""
    size = page_size(log)
    with open(log, "rb") as file:
        data = file.read()
    found = []
    for at in range(HEADER, len(data) - FRAME - size + 1, FRAME + size):
        if data[at + 8:at + 16] != data[16:24]:
            break
        found.append((at, data[at + 4:at + 8] != b"\0\0\0\0"))
    return found


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x40]))


def middle(log):
    flip(log, frames(log)[len(frames(log)) // 2][0] + FRAME + 100)


def middle_without_index(log):
    os.unlink(log[:-4] + "-shm")
    middle(log)


def salt(log):
    flip(log, frames(log)[len(frames(log)) // 2][0] + 9)


def header(log):
    flip(log, 18)


def header_without_index(log):
    os.unlink(log[:-4] + "-shm")
    flip(log, 18)


def cut(log):
    os.truncate(log, frames(log)[len(frames(log)) // 2][0])


def emptied(log):
    os.truncate(log, 0)


def removed(log):
    os.unlink(log)


@pytest.mark.parametrize("damage", [middle, middle_without_index, salt, header, header_without_index, cut, emptied, removed],
                         ids=lambda damage: damage.__name__)
def test_a_damaged_log_is_reported_and_kept(daemon, damage):
    log = killed_with_orders(daemon)
    damage(log)
    before = open(log, "rb").read() if os.path.exists(log) else b""
    begin = os.path.getsize(daemon.log_path)
    epoch = epoch_of(daemon)
    daemon.start()
    assert projects(daemon) < MANY, "the damage did not reach what it was to reach"
    assert "write-ahead log is damaged" in daemon.log(begin)
    # As after a restore: numbers that the lost orders had are given out again, and no edge may take them for the old ones.
    renewed = epoch_of(daemon)
    assert renewed != epoch and "epoch renewed" in daemon.log(begin)
    with open(log + ".damaged", "rb") as kept:
        assert kept.read() == before
    assert os.stat(log + ".damaged").st_mode & 0o777 == 0o600
    assert daemon.health()["status"] == "degraded" and "log_damaged" in daemon.health()["reasons"]
    # It stays until the operator has taken the copy away, also over a restart.
    assert daemon.stop() == 0
    daemon.start()
    assert "log_damaged" in daemon.health()["reasons"] and epoch_of(daemon) == renewed
    os.unlink(log + ".damaged")
    wait_for("no damage any more", lambda: "log_damaged" not in daemon.health()["reasons"])


def test_a_log_that_a_crash_has_cut_is_not_called_damaged(daemon):
    """What was being written when the power went: a transaction without its commit, and half a frame."""
    log = killed_with_orders(daemon)
    size = page_size(log)
    with open(log, "rb") as file:
        data = file.read()
    last = frames(log)[-1][0]
    unfinished = bytearray(data[last:last + FRAME + size])
    unfinished[4:8] = b"\0\0\0\0"
    with open(log, "r+b") as file:
        file.seek(last + FRAME + size)
        file.write(bytes(unfinished) * 2 + bytes(unfinished)[:FRAME + 100])
    epoch = epoch_of(daemon)
    daemon.start()
    assert projects(daemon) == MANY and epoch_of(daemon) == epoch
    assert "damaged" not in daemon.log() and not glob.glob(log + ".damaged*")


def test_an_edge_that_knows_lost_orders_is_sent_everything_under_another_epoch(daemon):
    world = World(daemon)
    tenant, edge = world.tenant(), FakeEdge(world.endpoint, world.edge_token)
    gateway, line = tenant.gateway()["id"], world.connection(tenant)
    tenant.interface(line, gateway, 100)
    edge.apply()
    for number in range(3):
        body = tenant.interface_body(line, gateway, 101 + number, local_gateway_v4_ip="192.0.2.%d/30" % (4 * number + 5),
                                     remote_gateway_v4_ip="192.0.2.%d/30" % (4 * number + 6),
                                     remote_ep_group=["192.168.%d.0/24" % (number + 1)])
        tenant.post(V3 + "virtual-interfaces", {"virtual_interface": body})
        edge.apply()
    known = edge.epoch, edge.revision
    daemon.kill()
    cut(os.path.join(daemon.state, "dcaas.db-wal"))
    daemon.start()
    status, desired = edge.ask(epoch=known[0], revision=known[1])
    assert status == 200 and desired["full"] and desired["epoch"] != known[0]


def test_a_server_that_is_killed_under_load_finds_its_log_whole(daemon):
    world = World(daemon)
    for turn in range(5):
        for number in range(10 * turn):
            world.operator.post("/dcaas/v1/projects", {"project": {"name": "project-%d-%d" % (turn, number)}})
        daemon.kill()
        daemon.start()
        world.operator = daemon.operator()
    assert projects(daemon) == sum(10 * turn for turn in range(5))
    assert "damaged" not in daemon.log()
