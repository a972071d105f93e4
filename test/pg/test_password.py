# SPDX-License-Identifier: ISC
"""The password of the database is in a file, and nowhere else."""
import os
import subprocess

import pytest

from cluster import Cluster
from lab.dcaasd import NOBODY, Dcaasd, LabError

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def database():
    """Of a role that needs its password."""
    cluster = Cluster()
    try:
        cluster.sql("postgres", "CREATE ROLE guarded LOGIN PASSWORD '%s'" % PASSWORD, "CREATE DATABASE guarded OWNER guarded")
        with open(cluster.data + "/pg_hba.conf", encoding="ascii") as file:
            text = file.read()
        with open(cluster.data + "/pg_hba.conf", "w", encoding="ascii") as file:
            file.write("local all guarded scram-sha-256\n" + text)
        cluster.sql("postgres", "SELECT pg_reload_conf()")
        yield "postgresql://guarded@/guarded?host=" + cluster.folder
    finally:
        cluster.remove()


@pytest.fixture
def daemon(database):
    made = Dcaasd(settings=["database = " + database])
    yield made
    made.remove()


def write_passfile(daemon, password):
    path = daemon.folder + "/pgpass"
    with open(path, "w", encoding="ascii") as file:
        file.write("*:*:*:guarded:%s\n" % password)
    os.chmod(path, 0o600)
    if daemon.drop:
        os.chown(path, NOBODY, NOBODY)
    return path


def test_a_password_comes_from_a_file_and_is_written_nowhere(daemon, database):
    path = write_passfile(daemon, PASSWORD)
    daemon.settings = ["database = %s&passfile=%s" % (database, path)]
    daemon.write_config()
    daemon.init()
    daemon.start()
    assert daemon.operator().get("/dcaas/v1/load", say=False)
    assert daemon.stop() == 0
    # And from the environment's, with the setting as it was.
    daemon.settings, daemon.environment = ["database = " + database], {"PGPASSFILE": path}
    daemon.write_config()
    daemon.start()
    assert daemon.stop() == 0
    for folder, _, names in os.walk(daemon.folder):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert PASSWORD.encode() not in file.read() or name == "pgpass", name


def test_a_wrong_password_is_refused_with_the_reason_and_without_the_word(daemon, database):
    daemon.settings = ["database = %s&passfile=%s" % (database, write_passfile(daemon, "another word"))]
    daemon.write_config()
    with pytest.raises(LabError) as refused:
        daemon.start()
    assert "password authentication failed" in str(refused.value) and "another word" not in str(refused.value)


def test_a_password_in_the_setting_is_refused_and_not_shown(daemon, database):
    daemon.settings = ["database = " + database.replace("guarded@", "guarded:sesame@")]
    daemon.write_config()
    done = subprocess.run([daemon.program, "-c", daemon.config, "-n"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "passfile" in done.stderr and "sesame" not in done.stderr + done.stdout, done.stderr
