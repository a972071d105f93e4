# SPDX-License-Identifier: ISC
"""`make sim`, as a newcomer runs it: ready at once, its env file is enough to order with, its state outlives it, and no start
that fails is in the way of the next."""
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request

import pytest

from lab.api_client import Client
from lab.dcaasd import binary
from lab.guest import PATIENCE, wait
from lab.sim import Sim
from lab.topology import ROOT, LabError, shown

V3 = "/v3/{project_id}/dcaas/"
PROMISED = 2  # seconds until it is ready, once built
WANTED = ["DCAAS_ENDPOINT", "DCAAS_PROJECT_ID", "DCAAS_DOMAIN_ID", "DCAAS_ACCESS_KEY", "DCAAS_SECRET_KEY",
          "DCAAS_REGION_ID", "DCAAS_DIRECT_CONNECT_ID", "DCAAS_ADMIN_ACCESS_KEY", "DCAAS_ADMIN_SECRET_KEY"]


def launch(folder, *words, port="0", wrapper=(), prepare=None):
    env = dict(os.environ, PYTHONPATH=ROOT, PYTHONUNBUFFERED="1")
    ports = [] if port is None else ["--port", port]
    return subprocess.Popen([*wrapper, sys.executable, "-m", "lab.sim", *ports, "--dir", str(folder), *words],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
                            preexec_fn=prepare or in_foreground)


def start(folder, *words, **options):
    """Until it reports that it is ready: the process, what it has printed, and how long that took."""
    begun = time.monotonic()
    process = launch(folder, *words, **options)
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("sim: credentials"):
            return process, "".join(said), time.monotonic() - begun
    process.wait(60)
    return process, "".join(said), time.monotonic() - begun


def in_foreground():
    """What a shell starts in the background does not hear Ctrl-C, nor does anything that it starts: these tests, perhaps."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process, sig=signal.SIGINT):
    process.send_signal(sig)
    try:
        return process.wait(100)
    finally:
        process.stdout.close()


def env_of(folder):
    with open(os.path.join(folder, "env")) as file:
        return dict((name, shlex.split(value)[0]) for name, value in (
            line.rstrip("\n").split("=", 1) for line in file if not line.startswith("#")))


def client(values):
    return Client(values["DCAAS_ENDPOINT"], values["DCAAS_ACCESS_KEY"], values["DCAAS_SECRET_KEY"], values["DCAAS_PROJECT_ID"])


def order(tenant, values, vlan):
    gateway = tenant.post(V3 + "virtual-gateways", {"virtual_gateway": {
        "name": "g%d" % vlan, "vpc_id": "00000000-0000-4000-8000-%012d" % vlan, "local_ep_group": ["10.1.0.0/16"]}})
    made = tenant.post(V3 + "virtual-interfaces", {"virtual_interface": {
        "name": "v%d" % vlan, "type": "private", "direct_connect_id": values["DCAAS_DIRECT_CONNECT_ID"], "vlan": vlan,
        "vgw_id": gateway["virtual_gateway"]["id"], "bandwidth": 50, "route_mode": "bgp", "bgp_asn": 65001,
        "local_gateway_v4_ip": "169.254.10.1/30", "remote_gateway_v4_ip": "169.254.10.2/30"}})["virtual_interface"]["id"]
    path = V3 + "virtual-interfaces/" + made
    wait("ACTIVE", lambda: tenant.get(path)["virtual_interface"]["status"] == "ACTIVE", 20, 0.05)
    return path


@pytest.fixture
def sim(tmp_path):
    folder = tmp_path / "a folder"
    process, said, seconds = start(folder)
    assert process.poll() is None, said
    yield folder, process, said, seconds
    if process.poll() is None:
        end(process)


def test_is_ready_in_time_and_prints_that_it_is_simulated(sim, figure):
    folder, _, said, seconds = sim
    figure("make sim, built: ready", seconds, PROMISED)
    assert "simulated" in said
    values = env_of(folder)
    assert [name for name in WANTED if not values.get(name)] == []
    assert os.stat(folder / "env").st_mode & 0o077 == 0


def test_an_order_becomes_active_and_the_edge_is_called_simulated(sim):
    values = env_of(sim[0])
    order(client(values), values, 100)
    operator = Client(values["DCAAS_ENDPOINT"], values["DCAAS_ADMIN_ACCESS_KEY"], values["DCAAS_ADMIN_SECRET_KEY"])
    assert [edge["fabric"] for edge in operator.get("/dcaas/v1/edges")["edges"]] == ["sim"]


def test_state_outlives_it(sim):
    folder, process, _, _ = sim
    path = order(client(env_of(folder)), env_of(folder), 100)
    assert end(process) == 0
    process, said, _ = start(folder)
    try:
        values = env_of(folder)
        seen = client(values).get(path)["virtual_interface"]
        assert seen["vlan"] == 100
        wait("ACTIVE again", lambda: client(values).get(path)["virtual_interface"]["status"] == "ACTIVE", 20, 0.05)
        order(client(values), values, 101)
    finally:
        assert end(process, signal.SIGTERM) == 0, said


def test_a_second_one_in_the_same_folder_is_refused(sim):
    folder, first, _, _ = sim
    second, said, _ = start(folder)
    assert second.wait(60) == 1
    assert "one runs in %s already (pid %d" % (folder, first.pid) in said
    assert first.poll() is None
    assert client(env_of(folder)).get(V3 + "virtual-gateways").status == 200


def test_a_taken_port_is_reported(sim, tmp_path_factory):
    port = env_of(sim[0])["DCAAS_ENDPOINT"].rsplit(":", 1)[1]
    second, said, _ = start(tmp_path_factory.mktemp("second"), port=port)
    assert second.wait(60) == 1
    assert port in said and "in use" in said


def test_a_later_failure_is_reported_without_the_log_of_earlier_runs(sim, tmp_path_factory):
    port = env_of(sim[0])["DCAAS_ENDPOINT"].rsplit(":", 1)[1]
    folder = tmp_path_factory.mktemp("second")
    second, said, _ = start(folder)
    assert end(second) == 0, said
    second, said, _ = start(folder, port=port)
    assert second.wait(60) == 1
    assert "in use" in said and "PORT=0" in said and "event=ready" not in said


def test_state_of_another_user_is_not_touched(tmp_path, monkeypatch):
    (tmp_path / "state").mkdir()
    monkeypatch.setattr("os.geteuid", lambda stranger=os.geteuid() + 12345: stranger)
    with pytest.raises(LabError, match="belongs to .* DIR="):
        Sim(str(tmp_path), 0)
    assert os.listdir(tmp_path) == ["state"]


def test_its_parts_end_with_it(sim):
    """Even when it is killed: no dcaasd without the one who started it."""
    folder, process, _, _ = sim
    programs = [str(folder / "dcaasd"), str(folder / "dcaas-edge")]
    assert sorted(running(programs)) == sorted(programs)
    process.kill()
    process.wait(60)
    wait("the end of its parts", lambda: not running(programs), 10, 0.05)


def running(programs):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        found += [words[0]] if words[0] in programs else []
    return found


def test_printed_order_works_as_printed(sim):
    """The command lines that it shows, pasted into a shell."""
    folder, process, _, _ = sim
    said = []
    for line in process.stdout:
        said.append(line)
        if line.endswith(" vif ls\n"):
            break
    script = "".join(said).split("another terminal:\n")[1]
    assert shown(binary("dcaas")) in script
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ACTIVE" in done.stdout


def test_the_first_start_shows_one_line_for_each_call(sim):
    calls = [line for line in sim[2].splitlines() if " → " in line]
    assert len(calls) == 7 and all(re.match(r" +POST …/[a-z-]+ +201 +\d+ ms  → ", line) for line in calls), sim[2]


# Starts that fail, and the next one

def works(folder, vlan=200, **options):
    """Starts it, orders, ends it; its env."""
    process, said, _ = start(folder, **options)
    assert process.poll() is None, said
    try:
        values = env_of(folder)
        order(client(values), values, vlan)
    finally:
        assert end(process) == 0
    return values


def fails(folder, *words, **options):
    """What it prints, and that it ends with 1."""
    process, said, _ = start(folder, *words, **options)
    assert process.wait(60) == 1, said
    process.stdout.close()
    return said


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


def test_one_that_found_its_port_taken_starts_later(tmp_path, taken):
    assert "in use" in fails(tmp_path, port=taken)
    works(tmp_path)


def test_one_that_found_no_loopback_starts_later(tmp_path):
    wrapper = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--user", "--map-root-user"]
    assert "is loopback up" in fails(tmp_path, wrapper=wrapper, port=None)
    works(tmp_path)


@pytest.mark.parametrize("sight", ["unfinished", "state", "state/dcaas.db", "port", "edge.token", "env"])
def test_one_that_was_interrupted_at_once_starts_later(tmp_path, sight):
    process = launch(tmp_path)
    end_of_wait = time.monotonic() + 30 * PATIENCE
    while not (tmp_path / sight).exists() and time.monotonic() < end_of_wait:
        pass
    process.send_signal(signal.SIGINT)
    assert process.wait(100) == 0, process.stdout.read()
    process.stdout.close()
    works(tmp_path)


def test_without_a_port_it_takes_a_free_one_where_the_usual_is_taken(tmp_path):
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", 8080))
            other.listen()
        except OSError:
            pass  # it is taken already
        process, said, _ = start(tmp_path, port=None)
        assert process.poll() is None, said
        assert "port 8080 is in use: a free one is used instead" in said
        assert not env_of(tmp_path)["DCAAS_ENDPOINT"].endswith(":8080")
        assert end(process) == 0
    assert "as the simulation chose it" in (tmp_path / "dcaasd.conf").read_text()


def test_a_setting_that_is_refused_is_not_kept(tmp_path):
    assert "colour" in fails(tmp_path, "--set", "colour=red")
    assert "name=value" in fails(tmp_path, "--set", "accept_unsigned_payload")
    assert "PORT= chooses it" in fails(tmp_path, "--set", "listen=127.0.0.1:1")
    works(tmp_path)
    assert "quota_peer_links" in fails(tmp_path, "--set", "quota_peer_links=many")
    process, said, _ = start(tmp_path)
    assert process.poll() is None, said
    assert end(process) == 0


def test_settings_are_given_once_and_what_a_hand_wrote_is_kept(tmp_path):
    process, said, _ = start(tmp_path, "--set", "region_id=berlin listen_tls=127.0.0.1:0")
    assert process.poll() is None, said
    try:
        assert env_of(tmp_path)["DCAAS_REGION_ID"] == "berlin"
        https = said.split("also on ")[1].split(",")[0]
        trusting = ssl.create_default_context(cafile=tmp_path / "state" / "tls.crt")
        with urllib.request.urlopen(https + "/health", timeout=60, context=trusting) as answer:
            assert answer.status == 200
    finally:
        assert end(process) == 0
    config = tmp_path / "dcaasd.conf"
    config.write_text(config.read_text() + "# by hand\nquota_virtual_gateways = 1\n")
    process, said, _ = start(tmp_path)
    assert process.poll() is None, said
    try:
        values = env_of(tmp_path)
        assert values["DCAAS_REGION_ID"] == "berlin" and "also on https://" in said
        assert "# by hand\nquota_virtual_gateways = 1\n" in config.read_text()
        order(client(values), values, 100)
        body = {"name": "second", "vpc_id": "00000000-0000-4000-8000-000000000002", "local_ep_group": ["10.1.0.0/16"]}
        refused = client(values).call("POST", V3 + "virtual-gateways", {"virtual_gateway": body}, check=False)
        assert (refused.status, refused["error_code"]) == (400, "DC.1019")
    finally:
        assert end(process) == 0


def test_a_listening_address_by_hand_is_kept(tmp_path, taken):
    works(tmp_path)
    config = tmp_path / "dcaasd.conf"
    config.write_text("\n".join("listen = 127.0.0.1:" + taken if line.startswith("listen") else line
                                for line in config.read_text().splitlines()) + "\n")
    assert "in use" in fails(tmp_path, port=None)
    assert "listen = 127.0.0.1:" + taken in config.read_text()
    works(tmp_path, 201)


def test_it_hears_int_where_a_shell_has_put_it_in_the_background(tmp_path):
    process, said, _ = start(tmp_path, prepare=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert process.poll() is None, said
    assert end(process, signal.SIGINT) == 0


def test_make_passes_on_a_folder_with_a_blank_and_settings(tmp_path):
    folder = tmp_path / "one two"
    env = dict(os.environ, PYTHONUNBUFFERED="1")
    process = subprocess.Popen(["make", "-s", "-o", "build", "-o", "deps-build", "sim", "PORT=0", "DIR=%s" % folder,
                                "SET=region_id=here log=warning", "PYTHON=" + sys.executable], cwd=ROOT, env=env, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=in_foreground,
                               start_new_session=True)
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("sim: credentials"):
            break
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=100)
    assert env_of(folder)["DCAAS_REGION_ID"] == "here", said


# Faults

def test_a_fault_takes_an_id_and_an_unknown_name_is_reported(sim):
    folder, process, _, _ = sim
    values = env_of(folder)
    path = order(client(values), values, 100)

    def status():
        return client(values).get(path)["virtual_interface"]["status"]

    def options(text):
        (folder / "sim.ini.new").write_text("[sim]\nports = port1\n" + text)
        os.rename(folder / "sim.ini.new", folder / "sim.ini")
        if os.geteuid() == 0:
            os.chown(folder / "sim.ini", os.stat(folder).st_uid, os.stat(folder).st_gid)

    options("down = nothing-here\n")
    told = next(line for line in process.stdout if "sim.ini" in line and "refused" in line)
    assert "nothing-here" in told
    assert status() == "ACTIVE"
    options("down = %s\n" % path.rsplit("/", 1)[1])
    wait("DOWN", lambda: status() == "DOWN", 20, 0.05)
    options("")
    wait("ACTIVE", lambda: status() == "ACTIVE", 20, 0.05)
