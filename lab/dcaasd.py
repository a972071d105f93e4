# SPDX-License-Identifier: ISC
"""dcaasd.py - a dcaasd for the lab: an unprivileged process outside the routers, on loopback and on the lab's management
network (by an inherited listener)."""
import errno
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import kernel
from .api_client import Client
from .guest import PATIENCE
from .topology import INSTALLED, ROOT, LabError, chosen, start_time

NOBODY = 65534
CONFIG = """[dcaasd]
state_dir = {state}
listen = 127.0.0.1:{port}
port_file = {folder}/port
{more}
"""


def binary(name):
    """A program of the build, or the installed one; DCAAS_BUILD names another build folder."""
    if INSTALLED and "DCAAS_BUILD" not in os.environ:
        path = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if path is None:
            raise LabError("%s is not installed" % name)
        return path
    build = os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build"))
    path = os.path.join(build, "src", {"dcaas-edge": "edge", "dcaas": "cli"}.get(name, name), name)
    if not os.path.exists(path):
        raise LabError("%s is not built: run `make`" % path)
    return path


def reachable(path):
    """Whether everybody may pass through that folder and those above it."""
    while os.stat(path).st_mode & 0o001:
        if path == "/":
            return True
        path = os.path.dirname(path)
    return False


STARTS_SECONDS = 20  # at most, on an idle machine
STOPS_SECONDS = 5  # promised


def reserve():
    """A socket that keeps a free port of loopback for one who sets SO_REUSEADDR, as dcaasd does. Without it the port could go,
    while no dcaasd listens, to another process: also to a client's own end, when it tries that very port again and again."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


DEFAULT_PORT = 8080


def choose_port(port, tell, host="127.0.0.1"):
    """The port if it is free (0: any free one). None: the usual one, or any when that is taken."""
    if port == 0:
        return 0
    wanted = DEFAULT_PORT if port is None else port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
            return wanted
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LabError("address %s: %s (is that device up?)" % (host, error.strerror)) from None
            if port is not None:
                raise LabError("port %d: %s (0: any free one)" % (port, error.strerror)) from None
            tell("port %d is in use: a free one is used instead (%s chooses)" % (DEFAULT_PORT, chosen("port")))
            return 0


class Dcaasd:
    """folder: made, owned by nobody when this process is root, so that the daemon needs and has no privilege. port: on
    loopback; 0: a free one, the same at every start of this object. settings: further lines of its configuration. lab: also
    listens on that lab's management network. environment: of the daemon, further variables."""

    def __init__(self, folder=None, port=0, settings=(), lab=None, lab_port=8080, environment=None):
        self.folder = folder or tempfile.mkdtemp(prefix="dcaasd-")
        self.lab, self.lab_port, self.process, self.listener = lab, lab_port, None, None
        os.makedirs(self.folder, exist_ok=True)
        # As root, unless the user nobody cannot reach the folder (a checkout in /root, for example).
        self.drop = os.geteuid() == 0 and reachable(os.path.dirname(os.path.abspath(self.folder)))
        self.state = os.path.join(self.folder, "state")
        self.config = os.path.join(self.folder, "dcaasd.conf")
        self.log_path = os.path.join(self.folder, "dcaasd.log")
        self.kept = None if port else reserve()
        self.port = port or self.kept.getsockname()[1]
        self.settings, self.environment = list(settings), dict(environment or {})
        self.write_config()
        self.program = self.copy("dcaasd")
        if self.drop:
            for path in (self.folder, self.config):
                os.chown(path, NOBODY, NOBODY)

    def write_config(self):
        with open(self.config, "w") as file:
            file.write(CONFIG.format(state=self.state, port=self.port, folder=self.folder, more="\n".join(self.settings)))

    def copy(self, name):
        """A copy of a program of the build, because the checkout may lie where only root may look."""
        path = os.path.join(self.folder, name)
        fresh = path + ".new"
        shutil.copy(binary(name), fresh)
        os.chmod(fresh, 0o755)
        os.rename(fresh, path)
        return path

    def unprivileged(self):
        """What to put before a command so that it has no privilege. It ends when this process does."""
        if not self.drop:
            return ["setpriv", "--pdeathsig", "KILL"]
        return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--bounding-set", "-all",
                "--inh-caps", "-all", "--no-new-privs", "--pdeathsig", "KILL"]

    def _argv(self, *more):
        return self.unprivileged() + [self.program, "-c", self.config, *more]

    def init(self):
        """A new database with a first operator; the operator's credentials."""
        done = subprocess.run(self._argv("--init"), capture_output=True, text=True)
        if done.returncode != 0:
            raise LabError("dcaasd --init: " + done.stderr.strip())
        self.admin = dict(line.split("=", 1) for line in done.stdout.split())
        return self.admin

    def start(self):
        port_file = os.path.join(self.folder, "port")
        if os.path.exists(port_file):
            os.unlink(port_file)
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.environment}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        argv, fds = self._argv(), ()
        if self.lab:
            if self.listener is None:
                self.listener = self.lab.listener(self.lab_port)
            fd = self.listener.fileno()
            # (A number above 9 takes bash.)
            argv = ["bash", "-c", 'exec 3<&%d; [ %d = 3 ] || exec %d<&-; LISTEN_PID=$$ LISTEN_FDS=1; '
                    'export LISTEN_PID LISTEN_FDS; exec "$@"' % (fd, fd, fd), "bash"] + argv
            fds = (fd,)
        with open(self.log_path, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, pass_fds=fds,
                                            start_new_session=True)
        end = time.monotonic() + STARTS_SECONDS * PATIENCE
        while not os.path.exists(port_file):
            if self.process.poll() is not None or time.monotonic() > end:
                raise LabError("dcaasd did not start: " + (self.log(begin)[-2000:].strip() or "its log is empty"))
            time.sleep(0.01)
        with open(port_file) as file:
            self.endpoint = "http://" + file.read().strip()
        return self

    def log(self, begin=0):
        """The text of the log from that place on."""
        with open(self.log_path, errors="replace") as file:
            file.seek(begin)
            return file.read()

    def operator(self, say=None, project_id=None):
        return Client(self.endpoint, self.admin["DCAAS_ADMIN_ACCESS_KEY"], self.admin["DCAAS_ADMIN_SECRET_KEY"], project_id,
                      say)

    def health(self):
        host = self.endpoint.split("//", 1)[1]
        connection = http.client.HTTPConnection(host, timeout=10 * PATIENCE)
        try:
            connection.request("GET", "/health")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        """SIGTERM; returns its exit code and fails when it takes much longer than it promises."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(2 * STOPS_SECONDS * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LabError("dcaasd did not stop within %g s of SIGTERM" % (2 * STOPS_SECONDS * PATIENCE)) from None
        self.process = None
        return code

    def close(self):
        self.kill()
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        if self.kept is not None:
            self.kept.close()
            self.kept = None

    def remove(self):
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


__all__ = ["Dcaasd", "binary", "kernel", "start_time"]
