# SPDX-License-Identifier: ISC
"""`make run`, as a newcomer runs it: what it shows, and that nothing is left of it."""
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from lab.run import choose_port
from lab.topology import ROOT, LabError

PROMISED = 60  # seconds from the start to the last word, once the packages are there and all is built


def command(folder, *words):
    return [sys.executable, "-m", "lab.run", "--dir", folder, "--port", "0", *words]


def environment(folder):
    """Its temporary files lie beside its folder, so that its own files are recognised."""
    return dict(os.environ, PYTHONPATH=ROOT, PYTHONUNBUFFERED="1", TMPDIR=os.path.dirname(folder))


def left(folder):
    """Processes and files of that run which are still there; a process takes a moment to be gone."""
    mine = os.path.dirname(folder).encode()
    end = time.monotonic() + 300
    while True:
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read()
            except OSError:
                continue
            if mine in words and int(pid) != os.getpid():
                found.append(words.replace(b"\0", b" ").decode(errors="replace"))
        if not found or time.monotonic() > end:
            return found + os.listdir(os.path.dirname(folder))
        time.sleep(0.2)


@contextlib.contextmanager
def place():
    """The folder of a run, in one that everybody may enter: dcaasd is to run without privilege."""
    base = tempfile.mkdtemp(prefix="dcaas-run-")
    os.chmod(base, 0o755)
    try:
        yield os.path.join(base, "run")
    finally:
        shutil.rmtree(base)


@pytest.fixture
def folder():
    with place() as path:
        yield path


@pytest.fixture(scope="module")
def shown():
    """One run that ends after showing: its words, seconds, and what was left of it."""
    with place() as folder:
        return run_once(folder)


def run_once(folder):
    begun = time.monotonic()
    done = subprocess.run(command(folder, "--once"), capture_output=True, text=True, env=environment(folder), timeout=5 * PROMISED)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, seconds, left(folder)


def test_shows_the_session_as_the_api_gives_it(shown):
    text = shown[0]
    for family, routes in (("ipv4", 3), ("ipv6", 1)):
        assert "peer %s: status ACTIVE, bgp_status up, receive_route_num %d; the router reports Established" % (family, routes) \
            in text

def test_shows_each_call_in_one_line(shown):
    text = shown[0]
    for method, path, status in (("POST", "virtual-gateways", 201), ("POST", "virtual-interfaces", 201), ("POST", "vif-peers", 201),
                                 ("GET", "virtual-interfaces/[0-9a-f]{4}…", 200)):
        assert re.search(r"^ +%s +…/%s +%d +\d+ ms  → [0-9a-f]{4}… " % (method, path, status), text, re.M), path
    assert "{" not in text, "bodies are shown with VERBOSE=1 only"


def test_pings_cross_in_both_families(shown):
    assert len(re.findall(r"behind the customer's router, to \S+, a host of the VPC: 3 of 3 came back", shown[0])) == 2


def test_prints_at_the_end_what_was_seen(shown):
    assert "Seen: a tenant ordered" in shown[0] and "Continue with" not in shown[0]


def test_shows_bodies_on_request_without_secrets():
    with place() as folder:
        done = subprocess.run(command(folder, "--once"), capture_output=True, text=True, timeout=5 * PROMISED,
                              env=dict(environment(folder), VERBOSE="1"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r'"bgp_status": "up".*"receive_route_num": 3', done.stdout)
    assert re.search(r'"secret_key": "\*\*\*"', done.stdout) and "example-of-md5" not in done.stdout


def test_is_done_in_time(shown, figure):
    figure("make run, built", shown[1], PROMISED)


def test_leaves_nothing_behind(shown):
    assert shown[2] == []


def start(folder):
    """A run that stays; returns once it has printed its last line."""
    process = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=environment(folder))
    words = []
    for line in process.stdout:
        words.append(line)
        if "leaves nothing behind" in line:
            return process, "".join(words)
    raise AssertionError("it ended: " + "".join(words))


def test_a_taken_port_is_reported_before_anything_starts():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(LabError, match="in use"):
            choose_port(other.getsockname()[1], print)


def owner_of_dcaasd(folder):
    with open(folder + "/run.json") as file:
        program = json.load(file)["dcaasd"] + "/dcaasd"
    out = subprocess.run(["pgrep", "-f", "^" + program], capture_output=True, text=True, check=True).stdout
    return os.stat("/proc/" + out.split()[0]).st_uid


def look_around(words):
    """The commands that it shows at the end, as printed."""
    text = words.split("Continue with:\n")[1]
    shown = [line.strip().removeprefix("sudo ") for line in text.splitlines() if line.startswith("  ")]
    assert len(shown) == 3
    for line in shown:
        done = subprocess.run(shlex.split(line), capture_output=True, text=True, cwd=ROOT, timeout=5 * PROMISED)
        assert done.returncode == 0, line + "\n" + done.stdout + done.stderr
        yield done.stdout


def test_a_second_one_is_refused_and_stop_ends_the_first(folder):
    process, words = start(folder)
    for seen, wanted in zip(look_around(words), ("customer1", "customer1_4: disabled", "STATE"), strict=True):
        assert wanted in seen
    second = subprocess.run(command(folder, "--once"), capture_output=True, text=True, env=environment(folder), timeout=5 * PROMISED)
    assert second.returncode == 1
    assert "one runs already: pid %d" % process.pid in second.stderr
    with open(folder + "/env") as file:
        env = dict(line.rstrip("\n").split("=", 1) for line in file)
    assert env["DCAAS_ENDPOINT"] in words
    assert owner_of_dcaasd(folder) != 0
    assert os.stat(folder + "/env").st_mode & 0o077 == 0
    stopped = subprocess.run(command(folder, "--stop"), capture_output=True, text=True, env=environment(folder), timeout=5 * PROMISED)
    assert (stopped.returncode, "nothing is left" in stopped.stdout) == (0, True), stopped.stderr
    assert process.wait(5 * PROMISED) == 0
    assert left(folder) == []


def test_a_killed_one_is_cleaned_up_by_the_next(folder):
    process, _ = start(folder)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert not [words for words in left(folder) if "/" in words], "what runs must end with the process that holds it"
    assert left(folder), "its files are there for the next one to find"
    again = subprocess.run(command(folder, "--once"), capture_output=True, text=True, env=environment(folder), timeout=5 * PROMISED)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "an earlier run (pid %d) ended without cleaning up" % process.pid in again.stdout
    assert left(folder) == []
