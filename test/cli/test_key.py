# SPDX-License-Identifier: ISC
"""The key that secrets are sealed with: rotated while everything works, cut short, lost."""
import os
import subprocess
import threading

import pytest

from program import VPC, Cli, Site, Tenant
from lab.dcaasd import Dcaasd

PASSWORD = "s3cret-md5"


class Stand:
    """A dcaasd of the test's own, an operator, and a tenant with one interface that has a password."""

    def __init__(self, home):
        self.home = home
        self.daemon = Dcaasd()
        self.daemon.init()
        self.daemon.start()
        self.operator = self.as_operator(self.daemon.admin)
        site = Site(self.operator)
        self.edge = site.edge
        self.tenant = Tenant(self.operator, site, home, "acme")
        secret = home / "md5"
        secret.write_text(PASSWORD)
        self.interface = self.tenant.interface(self.tenant.gateway(), 100, "--bgp-md5-file", str(secret))

    def as_operator(self, credentials):
        return Cli(self.home, endpoint=self.daemon.endpoint, admin_access_key=credentials["DCAAS_ADMIN_ACCESS_KEY"],
                   admin_secret_key=credentials["DCAAS_ADMIN_SECRET_KEY"])

    @property
    def key_file(self):
        return os.path.join(self.daemon.state, "dcaas.key")

    def keys(self):
        with open(self.key_file) as file:
            return [line.split(":")[1] for line in file]

    def password(self):
        return self.tenant("-j", "virtual-interface", "show", self.interface).out

    def command(self, *words):
        """dcaasd itself, beside the one that runs or instead of it."""
        return subprocess.run(self.daemon._argv(*words), capture_output=True, text=True, timeout=300)

    def start_fails(self):
        done = self.command()
        assert done.returncode == 1
        return done.stdout + done.stderr


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    try:
        yield made
        assert made.daemon.stop() in (0, None), made.daemon.log()
    finally:
        made.daemon.remove()


def test_a_rotation_changes_the_key_and_nothing_else(stand):
    before = stand.operator("key", "show").member("key_id")
    assert stand.keys() == [before]
    done = stand.operator("key", "rotate")
    after = done.member("key_id")
    assert after != before and stand.keys() == [after]
    assert done.member("rotating") == "no" and int(done.member("sealed")) >= 4
    assert os.stat(stand.key_file).st_mode & 0o777 == 0o600
    # Access keys still sign, the password is what it was; after a restart too.
    assert PASSWORD in stand.password()
    assert stand.daemon.stop() == 0
    stand.daemon.start()
    assert PASSWORD in stand.password()
    assert "rotate" in stand.operator("event", "list").out
    assert "HTTP 403" in stand.tenant("key", "rotate", code=4).err


def test_calls_continue_during_rotations(stand):
    stop, failures, calls = threading.Event(), [], [0]

    def call():
        while not stop.is_set():
            try:
                assert PASSWORD in stand.password()
                calls[0] += 1
            except AssertionError as error:
                failures.append(error)
                return

    thread = threading.Thread(target=call)
    thread.start()
    try:
        for _ in range(8):
            stand.operator("key", "rotate")
    finally:
        stop.set()
        thread.join()
    assert not failures and calls[0] > 0


def test_a_kill_during_rotations_loses_nothing(stand):
    for wait_ms in (0, 1, 2, 4, 8, 16):
        rotating = stand.operator.spawn("key", "rotate")
        # The kill comes somewhere between the call and its end: on purpose not always at the same place.
        try:
            rotating.wait(0.015 + wait_ms / 1000)
        except subprocess.TimeoutExpired:
            pass
        stand.daemon.kill()
        rotating.communicate()
        stand.daemon.start()
        assert PASSWORD in stand.password()
        assert len(stand.keys()) == 1  # finished at the start


def test_a_rotation_that_was_cut_short_is_finished_at_the_start(stand):
    """As a kill leaves the file: a new key above the one that everything is sealed with."""
    assert stand.daemon.stop() == 0
    with open(stand.key_file) as file:
        old = file.read()
    with open(stand.key_file, "w") as file:
        file.write("v1:00c0ffee:%s\n%s" % ("5a" * 32, old))
    stand.daemon.start()
    assert stand.keys() == ["00c0ffee"]
    assert PASSWORD in stand.password()


def test_a_key_file_that_cannot_be_written_is_reported_and_nothing_changes(stand):
    before = stand.keys()
    os.mkdir(stand.key_file + ".new")  # stands where the new file would be written
    try:
        refused = stand.operator("key", "rotate", code=1)
        assert "dcaas.key" in refused.err and "HTTP 503" in refused.err
    finally:
        os.rmdir(stand.key_file + ".new")
    assert stand.keys() == before and PASSWORD in stand.password()


def test_a_lost_key_file_stops_the_start_with_the_remedy_in_words(stand):
    assert stand.daemon.stop() == 0
    os.rename(stand.key_file, stand.key_file + ".kept")
    words = stand.start_fails()
    assert "dcaas.key is missing" in words and "nothing else is lost" in words and "--forget-secrets" in words
    os.rename(stand.key_file + ".kept", stand.key_file)
    stand.daemon.start()
    assert PASSWORD in stand.password()


def test_secrets_whose_key_is_lost_are_given_up_and_nothing_else(stand):
    assert "is there" in stand.command("--forget-secrets").stderr
    assert stand.daemon.stop() == 0
    os.unlink(stand.key_file)
    done = stand.command("--forget-secrets")
    assert done.returncode == 0, done.stderr
    assert "# lost: virtual_interface %s" % stand.interface in done.stdout
    stand.daemon.start()
    assert "HTTP 401" in stand.operator("edge", "list", code=4).err
    operator = stand.as_operator(dict(line.split("=", 1) for line in done.stdout.splitlines() if line[0] != "#"))
    assert operator("-q", "edge", "list").lines == [stand.edge]
    key = operator("user-key", "create", "--user-id", stand.tenant.user)
    tenant = stand.tenant.with_settings(access_key=key.member("access_key"), secret_key=key.member("secret_key"))
    shown = tenant("-j", "virtual-interface", "show", stand.interface).out
    assert PASSWORD not in shown and '"vlan":100' in shown
    assert VPC in tenant("virtual-gateway", "list", "--columns", "vpc_id").out


def test_an_operator_who_lost_a_key_gets_another(stand):
    done = stand.command("--operator-key")
    assert done.returncode == 0, done.stderr
    operator = stand.as_operator(dict(line.split("=", 1) for line in done.stdout.splitlines()))
    assert operator("-q", "edge", "list").lines == [stand.edge]
