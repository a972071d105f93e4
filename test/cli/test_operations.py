# SPDX-License-Identifier: ISC
"""What an operator does by doc/operations.md: back up, restore, change settings, replace a certificate. test/packages runs the
commands of the page itself."""
import os
import shutil
import signal
import sqlite3
import subprocess

import pytest

from lab.guest import wait
from program import TLS, Cli
from support import own_dcaasd


@pytest.fixture
def daemon():
    with own_dcaasd(TLS) as made:
        yield made


@pytest.fixture
def operator(daemon, tmp_path):
    return Cli(tmp_path, endpoint=daemon.endpoint, admin_access_key=daemon.admin["DCAAS_ADMIN_ACCESS_KEY"],
               admin_secret_key=daemon.admin["DCAAS_ADMIN_SECRET_KEY"])


def command(daemon, *words, code=0):
    """dcaasd, doing one thing and ending."""
    done = subprocess.run(daemon._argv(*words), capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def epoch(daemon):
    database = sqlite3.connect("file:%s/dcaas.db?mode=ro" % daemon.state, uri=True, timeout=10)
    try:
        return database.execute("SELECT value FROM store_meta WHERE key = 'epoch'").fetchone()[0]
    finally:
        database.close()


def test_a_backup_is_made_beside_the_running_server_and_restored(daemon, operator):
    operator("location", "create", "--name", "before")
    copy, first = os.path.join(daemon.folder, "copy.db"), epoch(daemon)
    command(daemon, "--backup", copy)
    assert os.stat(copy).st_mode & 0o777 == 0o600
    assert "File exists" in command(daemon, "--backup", copy, code=1)
    operator("location", "create", "--name", "after")

    assert "in use" in command(daemon, "--restored", code=1)
    assert daemon.stop() == 0
    for name in os.listdir(daemon.state):
        if name.startswith("dcaas.db"):
            os.unlink(os.path.join(daemon.state, name))
    os.rename(copy, os.path.join(daemon.state, "dcaas.db"))
    command(daemon, "--restored")
    daemon.start()
    names = operator("location", "list", "--columns", "name").lines[1:]
    assert names == ["before"]
    assert epoch(daemon) != first


def test_a_second_first_operator_is_refused(daemon):
    assert "identities already" in command(daemon, "--init", code=1)


def test_settings_are_checked_and_taken_without_a_stop(daemon, operator):
    project = operator.id("project", "create", "--name", "tenant")
    user = operator.id("user", "create", "--name", "tenant", "--project-id", project, "--role", "member")
    key = operator("user-key", "create", "--user-id", user)
    tenant = operator.with_settings(project_id=project, access_key=key.member("access_key"),
                                    secret_key=key.member("secret_key"))
    order = ["virtual-gateway", "create", "--vpc-id", "5f8b1b8a-6c4e-4a3a-9f9b-0d6d1c8a7b11", "--local-ep-group",
             "10.1.0.0/16"]
    assert "DC.0007" in tenant(*order, code=1).err
    settings = list(daemon.settings)
    daemon.settings.append("accept_unattached_vpc = maybe")
    daemon.write_config()
    assert 'accept_unattached_vpc = "maybe": must be yes or no' in command(daemon, "-n", code=1)
    daemon.process.send_signal(signal.SIGHUP)
    wait("the refusal in the log", lambda: "reload refused" in daemon.log())
    daemon.settings = settings + ["accept_unattached_vpc = yes"]
    daemon.write_config()
    assert "good" in command(daemon, "-n")
    daemon.process.send_signal(signal.SIGHUP)
    wait("the reload in the log", lambda: 'event=reloaded' in daemon.log())
    tenant(*order)


def test_a_certificate_is_replaced_without_a_stop(daemon, operator, tmp_path):
    with open(os.path.join(daemon.folder, "tls_port")) as file:
        over_tls = operator.with_settings(endpoint="https://" + file.read().strip())
    certificate, key = (os.path.join(daemon.state, name) for name in ("tls.crt", "tls.key"))
    first = tmp_path / "first.crt"
    shutil.copy(certificate, first)
    over_tls("--ca", str(first), "health", "show")
    for path in (certificate, key):
        os.unlink(path)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    os.chmod(key, 0o644)  # this process's, to be read by the daemon's
    daemon.process.send_signal(signal.SIGHUP)
    wait("the reload in the log", lambda: 'event=reloaded' in daemon.log())
    over_tls("--ca", certificate, "health", "show")
    over_tls("--ca", str(first), "health", "show", code=3)


def test_a_watch_continues_when_the_server_is_back(daemon, operator):
    watching = operator.spawn("location", "list", "--columns", "name", "--watch", "--interval", "1")
    try:
        assert watching.stdout.readline() == "NAME\n"
        assert daemon.stop() == 0
        assert "dcaas: " in watching.stderr.readline()
        daemon.start()
        operator("location", "create", "--name", "later")
        assert "later\n" in iter(watching.stdout.readline, "")
    finally:
        watching.kill()
        watching.communicate()
    # One that never was there is not waited for.
    nowhere = operator.with_settings(endpoint="http://127.0.0.1:9")
    nowhere("location", "list", "--watch", code=3)
