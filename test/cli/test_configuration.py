# SPDX-License-Identifier: ISC
"""dcaasd's configuration as an operator handles it: what -n looks at, and reloads, which fail when they are refused."""
import os
import subprocess

import pytest

from lab.dcaasd import binary
from lab.guest import PATIENCE
from support import World, own_dcaasd, wait_for

RELOADS = 1100


@pytest.fixture
def daemon():
    with own_dcaasd(start=False) as made:
        yield made


def command(daemon, *options, code=0, timeout=60):
    done = subprocess.run(daemon._argv(*options), capture_output=True, text=True, timeout=timeout * PATIENCE)
    assert done.returncode == code, done
    return done.stdout + done.stderr


def configure(daemon, *lines):
    daemon.settings = list(lines)
    daemon.write_config()


@pytest.mark.parametrize("program", ["dcaasd", "dcaas-edge", "dcaas"])
def test_every_program_prints_its_version(program):
    done = subprocess.run([binary(program), "-V"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.split()[0] == program and done.stdout.split()[1][0].isdigit()


# --- -n ---


def of_another(path):
    os.chown(path, 0, 0) if os.geteuid() == 0 else os.chmod(path, 0)


def test_a_configuration_whose_files_are_good_is_good(daemon):
    assert command(daemon, "-n") == "configuration is good\n"
    configure(daemon, "listen_tls = 127.0.0.1:0")
    daemon.start()
    daemon.stop()
    assert command(daemon, "-n") == "configuration is good\n"


def test_a_state_folder_that_is_still_to_be_made_is_good(daemon):
    daemon.state += "-new"
    daemon.write_config()
    assert command(daemon, "-n") == "configuration is good\n"
    assert not os.path.exists(daemon.state)


def change(daemon, what):
    """Makes one file unusable; the word that the refusal must have."""
    state = daemon.state
    if what == "no key file":
        os.unlink(state + "/dcaas.key")
        return "dcaas.key"
    if what == "a key file that is none":
        with open(state + "/dcaas.key", "w", encoding="ascii") as file:
            file.write("hello\n")
        return "dcaas.key"
    if what == "a key file of another user":
        of_another(state + "/dcaas.key")
        return "dcaas.key"
    if what == "a database of another user":
        of_another(state + "/dcaas.db")
        return "dcaas.db"
    if what == "a state folder that is a file":
        daemon.state = daemon.config
        daemon.write_config()
        return "state_dir"
    if what == "a state folder that cannot be made":
        daemon.state = "/proc/nothing/state"
        daemon.write_config()
        return "state_dir"
    if what == "no certificate":
        configure(daemon, "tls_certificate = %s/none.crt" % state, "tls_key = %s/none.key" % state)
        return "none.crt"
    if what == "a key of another certificate":
        for name in ("a", "b"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                            "/CN=x", "-keyout", "%s/%s.key" % (daemon.folder, name), "-out", "%s/%s.crt" % (daemon.folder, name)],
                           check=True, capture_output=True)
            os.chmod("%s/%s.key" % (daemon.folder, name), 0o644)
        configure(daemon, "tls_certificate = %s/a.crt" % daemon.folder, "tls_key = %s/b.key" % daemon.folder)
        return "b.key"
    assert what == "a port file nowhere"
    configure(daemon, "tls_port_file = /proc/nothing/port")
    return "tls_port_file"


@pytest.mark.parametrize("what", ["no key file", "a key file that is none", "a key file of another user", "a database of another user",
                                  "a state folder that is a file", "a state folder that cannot be made", "no certificate",
                                  "a key of another certificate", "a port file nowhere"])
def test_a_file_that_the_configuration_names_and_cannot_be_used_is_reported(daemon, what):
    word = change(daemon, what)
    assert word in command(daemon, "-n", code=1)


FORMS = [
    ("dcaasd", "[dcaasd]\n\nlisten = 127.0.0.1\n", ":3: [dcaasd] listen = \"127.0.0.1\": must be address:port or none"),
    ("dcaasd", "[dcaasd]\nlog = loud\n", ":2: [dcaasd] log = \"loud\": must be error, warning, info or debug"),
    ("dcaasd", "[dcaasd]\nrouter_ids = fd00::/64\n", ":2: [dcaasd] router_ids = \"fd00::/64\": must be an IPv4 block"),
    ("dcaasd", "[dcaasd]\nhttp_threads = 99\n", ":2: [dcaasd] http_threads = \"99\": must be a whole number from 0 to 64"),
    ("dcaasd", "[dcaasd]\ntls_certificate = a.crt\n", ": [dcaasd] tls_key is not set: tls_certificate and tls_key go together"),
    ("dcaasd", "[dcaasd]\nstate_dir = /proc/nothing/state\n", ":2: [dcaasd] state_dir = \"/proc/nothing/state\": "),
    ("dcaasd", "[dcaas]\nlog = info\n", ":2: [dcaas] log = \"info\": there is no such key"),
    ("dcaasd", "log\n", ":1: the line is neither [section] nor key = value"),
    ("dcaas-edge", "[edge]\nserver = example.net\n", ":2: [edge] server = \"example.net\": must begin with http:// or https://"),
    ("dcaas-edge", "[edge]\nlog = info\n", ": [edge] server is not set: must begin with http:// or https://"),
    ("dcaas-edge", "[edge]\nserver = http://127.0.0.1\nfabric = wood\n", ":3: [edge] fabric = \"wood\": must be linux or sim"),
]


@pytest.mark.parametrize("program, text, words", FORMS)
def test_each_error_of_a_configuration_names_file_line_key_value_and_rule(tmp_path, program, text, words):
    (tmp_path / "conf").write_text(text)
    done = subprocess.run([binary(program), "-n", "-c", str(tmp_path / "conf")], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("%s: %s%s" % (program, tmp_path / "conf", words)), done.stderr


def test_what_an_edge_finds_at_its_start_names_the_line_too(tmp_path):
    (tmp_path / "conf").write_text("[edge]\nserver = http://127.0.0.1\nfabric = sim\nuser = no-such-user\nstate_dir = %s\n" % tmp_path)
    done = subprocess.run([binary("dcaas-edge"), "-c", str(tmp_path / "conf")], capture_output=True, text=True)
    assert done.returncode == 1
    assert '%s:4: [edge] user = \\"no-such-user\\": there is no user no-such-user' % (tmp_path / "conf") in done.stderr, done.stderr


# --- reload ---


def order_in_an_unknown_vpc(tenant):
    answer = tenant.call("POST", "/v3/{project_id}/dcaas/virtual-gateways", {"virtual_gateway": {
        "name": "g", "vpc_id": "5f8b1b8a-6c4e-4a3a-9f9b-0d6d1c8a7b99", "local_ep_group": ["10.1.0.0/16"]}}, check=False)
    return answer.status


def test_a_reload_is_over_when_its_command_is(daemon):
    daemon.start()
    tenant = World(daemon).tenant()
    assert order_in_an_unknown_vpc(tenant) == 400
    configure(daemon, "accept_unattached_vpc = yes")
    assert command(daemon, "--reload") == ""
    assert order_in_an_unknown_vpc(tenant) == 201


@pytest.mark.parametrize("line, word", [("accept_unattached_vpc = maybe", "accept_unattached_vpc"), ("nothing = 1", "nothing"),
                                        ("quota_peer_links = x", "quota_peer_links")])
def test_a_refused_reload_fails_and_changes_nothing(daemon, line, word):
    daemon.start()
    configure(daemon, "quota_virtual_gateways = 0", line)
    assert word in command(daemon, "--reload", code=1)
    assert World(daemon).tenant().gateway()["id"], "the quota of before"


def test_a_reload_names_the_settings_that_count_at_the_next_start(daemon):
    """Also when they were changed by an earlier reload; no longer once they are what the server has."""
    daemon.start()
    configure(daemon, "idle_seconds = 7", "quota_virtual_gateways = 9", "accept_unsigned_payload = no")
    words = "count at the next start: idle_seconds\n"
    assert command(daemon, "--reload").endswith(words)
    configure(daemon, "idle_seconds = 7")
    assert command(daemon, "--reload").endswith(words)
    assert 'event="settings count at the next start" keys="idle_seconds"' in daemon.log()
    configure(daemon)
    assert command(daemon, "--reload") == ""


def test_a_reload_that_only_the_server_can_judge_fails_too(daemon):
    """Good for the one who asks, but not for the server, which may read another file: the words are the server's."""
    daemon.start()
    other = os.path.join(daemon.folder, "other.conf")
    with open(daemon.config, encoding="ascii") as file:
        text = file.read()
    with open(other, "w", encoding="ascii") as file:
        file.write(text)
    configure(daemon, "quota_peer_links = x")
    done = subprocess.run(daemon.unprivileged() + [daemon.program, "-c", other, "--reload"], capture_output=True, text=True)
    assert done.returncode == 1 and "refused: " in done.stderr and "quota_peer_links" in done.stderr, done


def test_a_certificate_that_does_not_fit_refuses_the_reload(daemon):
    configure(daemon, "listen_tls = 127.0.0.1:0")
    daemon.start()
    os.rename(daemon.state + "/tls.key", daemon.state + "/kept")
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", daemon.state + "/tls.key"], check=True)
    os.chmod(daemon.state + "/tls.key", 0o644)
    assert "tls.key" in command(daemon, "--reload", code=1)
    os.rename(daemon.state + "/kept", daemon.state + "/tls.key")
    command(daemon, "--reload")


def test_a_reload_without_a_server_fails(daemon):
    assert "no dcaasd serves" in command(daemon, "--reload", code=1)


def test_there_is_no_end_of_reloads(daemon):
    daemon.start()
    lock = os.path.join(daemon.state, "dcaas.db.lock")

    def reloads():
        with open(lock, encoding="ascii") as file:
            lines = file.read().splitlines()
        assert lines[2] == "good", lines
        return int(lines[1].split()[1])

    for number in range(1, RELOADS + 1):
        os.kill(daemon.process.pid, 1)
        wait_for("reload %d" % number, lambda number=number: reloads() == number, pause=0.001)
    assert "refused" not in daemon.log()
    configure(daemon, "accept_unattached_vpc = yes")
    command(daemon, "--reload")
    assert order_in_an_unknown_vpc(World(daemon).tenant()) == 201, "the settings of the last reload"
