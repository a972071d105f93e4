# SPDX-License-Identifier: ISC
"""A guest that hangs costs a boot and a line, not the run."""
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lab import guest, topology
from lab.guest import PATIENCE, GuestLost
from lab.topology import ROOT, Lab

# On purpose short; test_is_patient_for_half_a_minute checks the value of a run.
SILENT = 2
BOOTS = 10


def stop(run, name):
    """Stops every process of that guest of the lab in that folder, as a kernel that hangs; whether there was one."""
    found = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as words, open("/proc/%s/environ" % pid, "rb") as environment:
                text = words.read() + b"\0" + environment.read()
            if {b"LAB_NAME=" + name.encode(), b"LAB_RUN=" + os.fsencode(run)} <= set(text.split(b"\0")):
                os.kill(int(pid), signal.SIGSTOP)
                found += 1
        except OSError:
            continue
    return found > 0


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """What the lab keeps of lost guests."""
    monkeypatch.setenv("DCAAS_LAB_KEEP", str(tmp_path / "kept"))
    return tmp_path / "kept"


def incidents(kept):
    return (kept / "incidents").read_text().splitlines()


def test_is_patient_for_half_a_minute_and_boots_twice_at_most():
    assert (guest.SILENT, topology.REBOOTS) == (30, 2)


def test_one_that_does_not_come_up_is_killed_and_booted_again(tmp_path, kept, monkeypatch, capfd):
    monkeypatch.setattr(topology, "SILENT", BOOTS)
    run = str(tmp_path / "lab")

    def hang():
        end = time.monotonic() + 60 * PATIENCE
        while not stop(run, "edge") and time.monotonic() < end:
            time.sleep(0.005)

    hanging = threading.Thread(target=hang)
    hanging.start()
    try:
        with Lab.up(run, say=lambda words: None) as lab:
            assert lab.edge.run("hostname").out.strip() == "edge"
            assert "mgmt" in lab.edge.run("ip", "link").out
    finally:
        hanging.join()
    said = incidents(kept)
    assert said[0].startswith("guest edge is not up after %d s; its console is in " % BOOTS)
    assert said[1] == "guest edge is killed and booted again (1 of 2)"
    assert os.path.exists(said[0].split(" is in ")[1])
    assert "lab: " + said[1] in capfd.readouterr().out


def test_one_that_never_comes_up_is_an_error_after_two_more_boots(tmp_path, kept, monkeypatch):
    monkeypatch.setattr(topology, "SILENT", 1)
    monkeypatch.setattr(topology, "LAST_BOOT_SECONDS", 1)
    run, done = str(tmp_path / "lab"), threading.Event()

    def hang():
        while not done.is_set():
            stop(run, "edge")
            time.sleep(0.005)

    hanging = threading.Thread(target=hang)
    hanging.start()
    try:
        with pytest.raises(GuestLost, match="guest edge is not up after 1 s"):
            Lab.up(run, say=lambda words: None).down()
    finally:
        done.set()
        hanging.join()
    assert [line for line in incidents(kept) if "booted again" in line] == [
        "guest edge is killed and booted again (%d of 2)" % n for n in (1, 2)]


def test_one_that_is_busy_is_not_lost_and_one_that_stops_answering_is(tmp_path, kept, monkeypatch):
    with Lab.up(str(tmp_path / "lab"), say=lambda words: None) as lab:
        monkeypatch.setattr(guest, "BEAT", 1)
        assert lab.edge.run("sleep", "4").rc == 0
        monkeypatch.setattr(guest, "SILENT", SILENT)
        assert stop(lab.run, "edge")
        begun = time.monotonic()
        with pytest.raises(GuestLost, match="guest edge has not answered for 2 s"):
            lab.edge.run("true")
        assert time.monotonic() - begun < 10 * PATIENCE
        with pytest.raises(GuestLost):
            guest.wait("never", lambda: lab.edge.run("true").rc, 60)
        said = incidents(kept)
        assert len(said) == 1 and os.path.exists(said[0].split(" is in ")[1])
        lab.reboot(lab.edge)
        assert lab.edge.run("true").rc == 0


TESTS = """import pytest
from lab.topology import Lab
from test_guests import stop

runs = []


@pytest.fixture(scope="module")
def lab():
    with Lab.up(say=lambda words: None) as made:
        yield made


def test_before(lab):
    assert lab.edge.run("true").rc == 0


def test_hangs_once(lab):
    runs.append(lab.state["pid"])
    if len(runs) == 1:
        assert stop(lab.run, "customers")
    assert lab.customers.run("true").rc == 0


def test_after(lab):
    assert len(set(runs)) == 2
    assert lab.customers.run("true").rc == 0


def test_wrong(lab):
    runs.append("wrong")
    assert runs.count("wrong") > 1
"""


def test_the_test_that_lost_its_guest_runs_again_and_that_is_printed(tmp_path, kept):
    (tmp_path / "test_tried.py").write_text(TESTS)
    path = os.pathsep.join([ROOT, os.path.dirname(os.path.abspath(__file__))])
    done = subprocess.run([sys.executable, "-m", "pytest", "-v", "-p", "again", "-p", "no:cacheprovider", str(tmp_path)],
                          env=dict(os.environ, PYTHONPATH=path, DCAAS_LAB_SILENT="15"), capture_output=True, text=True,
                          timeout=600 * PATIENCE)
    assert "1 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "test_tried.py::test_wrong FAILED" in done.stdout
    # (A slow machine may have had to boot a guest twice, too.)
    said = [line for line in incidents(kept) if "not answered" in line or "runs again" in line]
    assert said[0].startswith("guest customers has not answered for 15 s; its console is in ")
    assert said[1].endswith("test_tried.py::test_hangs_once runs again (1 of 2)")
    assert len(said) == 2
