# SPDX-License-Identifier: ISC
"""dcaas-edge --check: a line for each thing, ok or what to do. What a router's kernel can do is seen in test/lab/test_check.py."""
import os
import subprocess

import pytest

from lab.dcaasd import binary
from lab.guest import PATIENCE


@pytest.fixture(scope="module")
def server(new_dcaasd):
    """With HTTPS; its address, and the file of its certificate."""
    made = new_dcaasd(["listen_tls = 127.0.0.1:0", "tls_port_file = $folder/tls_port"])
    with open(os.path.join(made.folder, "tls_port"), encoding="ascii") as file:
        return "https://" + file.read().strip(), os.path.join(made.state, "tls.crt")


def check(folder, *lines, fabric="sim", mode=0o600):
    """(exit code, {what: (state, words)}, the last line)."""
    token = os.path.join(folder, "token")
    with open(token, "w", encoding="ascii") as file:
        file.write("0" * 64 + "\n")
    os.chmod(token, mode)
    config = os.path.join(folder, "edge.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write("[edge]\ntoken_file = %s\nfabric = %s\n%s\n" % (token, fabric, "\n".join(lines)))
    done = subprocess.run([binary("dcaas-edge"), "--check", "-c", config], capture_output=True, text=True, timeout=60 * PATIENCE)
    *each, last = done.stdout.splitlines()
    found = {}
    for line in each:
        state, rest = line[:5].strip(), line[6:]
        what, _, words = rest.partition(": ")
        if what == "kernel" and ": " in words:
            what, words = words.split(": ", 1)
        assert state in ("ok", "todo") and words, line
        assert words.count(".") > 0 or state == "ok", "what to do: " + line
        found[what] = state, words
    return done.returncode, found, last


def test_all_is_ok_where_nothing_is_to_do(tmp_path, server):
    code, found, last = check(tmp_path, "server = " + server[0], "ca_file = " + server[1], "state_dir = /var/lib/dcaas-edge")
    assert (code, last) == (0, "%d lines, all ok" % len(found)), found
    assert found["certificate"][1].startswith("trusted for 36") and found["clock"][1].startswith("as the server's")


def test_a_certificate_that_is_not_trusted_is_reported_with_the_remedy(tmp_path, server):
    code, found, last = check(tmp_path, "server = " + server[0], "state_dir = /var/lib/dcaas-edge")
    assert code == 1 and last.endswith(" to do"), found
    assert found["server"][0] == "todo" and "set [edge] ca_file" in found["server"][1] and "certificate" not in found


def test_a_server_of_another_name_is_reported(tmp_path, server):
    address = server[0].replace("127.0.0.1", "127.0.0.2")
    found = check(tmp_path, "server = " + address, "ca_file = " + server[1])[1]
    assert found["server"][0] == "todo"


def test_a_server_that_is_not_there_is_reported(tmp_path):
    code, found, _ = check(tmp_path, "server = http://127.0.0.1:9")
    assert code == 1 and found["server"][0] == "todo" and "firewall" in found["server"][1]


def test_a_credential_that_others_can_read_is_reported(tmp_path, server):
    found = check(tmp_path, "server = " + server[0], mode=0o644)[1]
    assert found["credential"][0] == "todo" and "chmod 600" in found["credential"][1]


def test_a_state_folder_in_memory_is_reported(tmp_path, server):
    found = check(tmp_path, "server = " + server[0], "state_dir = /dev/shm/dcaas-edge")[1]
    assert found["disk"][0] == "todo" and "in memory" in found["disk"][1]


def test_a_router_is_looked_at_whole(tmp_path, server):
    code, found, _ = check(tmp_path, "server = " + server[0], "user = no-such-user", fabric="linux")
    assert code == 1 and found["user"][0] == "todo" and found["BIRD"][0] == "ok" and "net.ipv4.neigh.default.gc_thresh3" in found
    if os.geteuid() == 0:
        for what in ("network namespaces", "veth pairs", "802.1Q", "VRF", "macvlan", "IPv6", "cls_bpf", "policing", "shaping", "user namespaces"):
            assert what in found
    else:
        assert "as root" in found["kernel"][1]
