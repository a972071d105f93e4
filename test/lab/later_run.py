"""`make run`, as a newcomer runs it: what it shows, and that nothing is left of it."""
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from lab.topology import ROOT, start_time

PROMISED = 60  # seconds from the start to the last word, once the packages are there and all is built


def command(folder, *words):
    return [sys.executable, "-m", "lab.run", "--dir", str(folder), "--port", "0", *words]


def environment():
    return dict(os.environ, PYTHONPATH=ROOT, PYTHONUNBUFFERED="1")


def running():
    """Programs of a lab or of a dcaasd, on this machine, by pid."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        name = os.path.basename(words[0]).decode(errors="replace")
        if name in ("linux.uml", "dcaasd", "dcaas-edge") or b"lab.holder" in words:
            found[int(pid)] = name
    return found


def left(before):
    """What is there now and was not before; a process takes a moment to be gone."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        more = {pid: name for pid, name in running().items() if pid not in before}
        if not more:
            return {}
        time.sleep(0.2)
    return more


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """One run that ends after showing: its words, seconds, and the folder that it had."""
    folder, before = tmp_path_factory.mktemp("run") / "run", running()
    begun = time.monotonic()
    done = subprocess.run(command(folder, "--once"), capture_output=True, text=True, env=environment(), timeout=5 * PROMISED)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, seconds, folder, left(before)


def test_shows_the_session_as_the_api_gives_it(shown):
    text = shown[0]
    for family, routes in (("ipv4", 3), ("ipv6", 1)):
        assert "peer %s: status ACTIVE, bgp_status up, receive_route_num %d; the router says Established" % (family, routes) \
            in text
    assert re.search(r'"bgp_status": "up".*"receive_route_num": 3', text)


def test_shows_the_calls_with_method_path_and_answer(shown):
    text = shown[0]
    for method, path, status in (("POST", r"/v3/[0-9a-f]{32}/dcaas/virtual-gateways", 201),
                                 ("POST", r"/v3/[0-9a-f]{32}/dcaas/virtual-interfaces", 201),
                                 ("POST", r"/v3/[0-9a-f]{32}/dcaas/vif-peers", 201),
                                 ("GET", r"/v3/[0-9a-f]{32}/dcaas/virtual-interfaces/[0-9a-f-]{36}", 200)):
        assert re.search(r"^  %s %s\n(     > .*\n)?     < %d \{" % (method, path, status), text, re.M), path


def test_pings_cross_in_both_families(shown):
    assert len(re.findall(r"behind the customer's router, to \S+, a host of the VPC: 3 of 3 came back", shown[0])) == 2


def test_shows_no_secret(shown):
    assert "example-of-md5" not in shown[0]
    assert re.search(r'"secret_key": "\*\*\*"', shown[0])


def test_is_done_in_time(shown, figure):
    figure("make run, built", shown[1], PROMISED)


def test_leaves_nothing_behind(shown):
    _, _, folder, processes = shown
    assert processes == {}
    assert not os.path.exists(folder)


def start(folder):
    """A run that stays; returns once it has said its last word."""
    process = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=environment())
    words = []
    for line in process.stdout:
        words.append(line)
        if "leaves nothing behind" in line:
            return process, "".join(words)
    raise AssertionError("it ended: " + "".join(words))


def test_a_second_one_is_refused_and_stop_ends_the_first(tmp_path):
    folder, before = tmp_path / "run", running()
    process, words = start(folder)
    second = subprocess.run(command(folder, "--once"), capture_output=True, text=True, env=environment(), timeout=60)
    assert second.returncode == 1
    assert "one runs already: pid %d" % process.pid in second.stderr
    with open(folder / "env") as file:
        env = dict(line.rstrip("\n").split("=", 1) for line in file)
    assert env["DCAAS_ENDPOINT"] in words
    assert os.stat(folder / "env").st_mode & 0o077 == 0
    stopped = subprocess.run(command(folder, "--stop"), capture_output=True, text=True, env=environment(), timeout=60)
    assert (stopped.returncode, "nothing is left" in stopped.stdout) == (0, True), stopped.stderr
    assert process.wait(30) == 0
    assert left(before) == {}
    assert not os.path.exists(folder)


def test_a_killed_one_is_cleaned_up_by_the_next(tmp_path):
    folder, before = tmp_path / "run", running()
    process, _ = start(folder)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert left(before) == {}, "what runs must end with the process that holds it"
    assert start_time(process.pid) is None
    again = subprocess.run(command(folder, "--once"), capture_output=True, text=True, env=environment(), timeout=5 * PROMISED)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "an earlier run (pid %d) ended without cleaning up" % process.pid in again.stdout
    assert not os.path.exists(folder)
