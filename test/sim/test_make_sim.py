"""`make sim`, as a newcomer runs it: ready at once, its env file is enough to order with, its state outlives it."""
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from lab.api_client import Client
from lab.dcaasd import binary
from lab.guest import wait
from lab.sim import Sim
from lab.topology import ROOT, LabError, shown

V3 = "/v3/{project_id}/dcaas/"
PROMISED = 2  # seconds until it is ready, once built
WANTED = ["DCAAS_ENDPOINT", "DCAAS_PROJECT_ID", "DCAAS_DOMAIN_ID", "DCAAS_ACCESS_KEY", "DCAAS_SECRET_KEY",
          "DCAAS_DIRECT_CONNECT_ID", "DCAAS_ADMIN_ACCESS_KEY", "DCAAS_ADMIN_SECRET_KEY"]


def start(folder, *words, port="0"):
    """Until it says that it is ready: the process, what it has said, and how long that took."""
    env = dict(os.environ, PYTHONPATH=ROOT, PYTHONUNBUFFERED="1")
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "lab.sim", "--port", port, "--dir", str(folder), *words],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, preexec_fn=in_foreground)
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
    process, said, seconds = start(tmp_path)
    assert process.poll() is None, said
    yield tmp_path, process, said, seconds
    if process.poll() is None:
        end(process)


def test_is_ready_in_time_and_says_that_it_is_simulated(sim, figure):
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


def test_a_taken_port_is_told(sim, tmp_path_factory):
    port = env_of(sim[0])["DCAAS_ENDPOINT"].rsplit(":", 1)[1]
    second, said, _ = start(tmp_path_factory.mktemp("second"), port=port)
    assert second.wait(60) == 1
    assert port in said and "in use" in said


def test_a_later_failure_is_told_without_the_log_of_earlier_runs(sim, tmp_path_factory):
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
        if "virtual-interfaces\n" in line and "curl" in line:
            break
    text = "".join(said)
    script = text.split("another terminal:\n")[1].split("The same server by curl")[0] + text.split("with a token:\n")[1]
    assert shown(binary("dcaas")) in script
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status":"ACTIVE"' in done.stdout.replace(": ", ":")
