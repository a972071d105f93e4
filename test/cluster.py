# SPDX-License-Identifier: ISC
"""cluster.py - a PostgreSQL of a test's own: in a temporary folder, on a socket there, gone with the test. `cluster.py COMMAND...`
runs a command with one, whose connection string is in DCAAS_TEST_DATABASE."""
import glob
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile

NOBODY = 65534
# Tests kill processes, never the machine: nothing must reach a disk.
SETTINGS = {"listen_addresses": "''", "fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "32MB",
            "autovacuum_naptime": "5s", "log_min_messages": "warning", "log_lock_waits": "on"}


def programs():
    """The folder of the newest PostgreSQL that is installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[-3]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed (package postgresql)")
    return os.path.dirname(found[-1])


class Cluster:
    """Runs as nobody when this process is root, which PostgreSQL refuses to be. settings: of postgresql.conf, further or other ones."""

    def __init__(self, **settings):
        self.settings = {**SETTINGS, **settings}
        self.folder = tempfile.mkdtemp(prefix="pg-", dir="/tmp")  # the path of a socket has 107 bytes at most
        self.data, self.log_path, self.numbers = self.folder + "/data", self.folder + "/log", itertools.count(1)
        self.process = None
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        os.chmod(self.folder, 0o755)
        self.run("initdb", "-D", self.data, "-U", "dcaas", "-A", "trust", "-N", "--encoding=UTF8", "--locale=C.UTF-8")
        self.start()

    def argv(self, program, *arguments):
        drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if os.geteuid() == 0 else []
        return [*drop, os.path.join(programs(), program), *arguments]

    def run(self, program, *arguments):
        done = subprocess.run(self.argv(program, *arguments), capture_output=True, text=True, cwd="/", check=False)
        if done.returncode != 0:
            raise RuntimeError("%s: %s" % (program, done.stderr.strip()))
        return done.stdout

    def start(self):
        options = " ".join("-c %s=%s" % pair for pair in {**self.settings, "unix_socket_directories": self.folder}.items())
        self.run("pg_ctl", "-D", self.data, "-l", self.log_path, "-o", options, "-w", "-t", "60", "start")
        with open(self.data + "/postmaster.pid", encoding="ascii") as file:
            self.process = int(file.readline())
        return self

    def stop(self, how="immediate"):
        """fast: as an operator does it; immediate: as a crash."""
        self.run("pg_ctl", "-D", self.data, "-m", how, "-w", "-t", "60", "stop")
        self.process = None

    def pause(self, paused=True):
        """The whole cluster stands still, as behind a network that lost everything."""
        for pid in [self.process, *map(int, self.children())]:
            os.kill(pid, signal.SIGSTOP if paused else signal.SIGCONT)

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.process, self.process), encoding="ascii") as file:
            return file.read().split()

    def sql(self, database, *statements):
        """Rows of the last statement, as texts."""
        more = [part for statement in statements for part in ("-c", statement)]
        out = subprocess.run(["psql", "-X", "-h", self.folder, "-U", "dcaas", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAt", "-F", "\t", *more],
                             capture_output=True, text=True, check=False)
        if out.returncode != 0:
            raise RuntimeError(out.stderr)
        return [line.split("\t") for line in out.stdout.splitlines()]

    def new_database(self):
        """The connection string of an empty one."""
        name = "d%d" % next(self.numbers)
        self.sql("postgres", "CREATE DATABASE " + name)
        return "postgresql://dcaas@/%s?host=%s" % (name, self.folder)

    def log(self):
        with open(self.log_path, errors="replace", encoding="utf-8") as file:
            return file.read()

    def remove(self):
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main(command):
    cluster = Cluster()
    try:
        return subprocess.run(command, env={**os.environ, "DCAAS_TEST_DATABASE": cluster.new_database()}, check=False).returncode
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
