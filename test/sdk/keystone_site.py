# SPDX-License-Identifier: ISC
"""keystone_site.py - a real Keystone (PyPI) with SQLite and Fernet keys, over HTTPS, for one run of tests."""
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile

import openstack

from support import wait_for

CONFIG = """[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = sqlite:///{folder}/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
[identity]
password_hash_rounds = 4
[cache]
enabled = false
"""
# (Keystone reads the command line itself.)
SERVE = """
import os
from keystone.wsgi.api import application
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(os.environ["PORT"]), application, threaded=True, ssl_context=(os.environ["CRT"], os.environ["KEY"]))
"""
HOST, REGION = "localhost", "region-1"


def run(argv, env):
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, (argv, done.stdout[-2000:], done.stderr[-4000:])


class Keystone:
    """admin: of the bootstrap, as an openstacksdk connection."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="keystone-")
        os.chmod(self.folder, 0o755)
        self.password, self.process = secrets.token_hex(8), None
        self.env = {"PATH": os.environ["PATH"], "OS_KEYSTONE_CONFIG_DIR": self.folder, "PYTHONWARNINGS": "ignore"}
        self.ca = os.path.join(self.folder, "tls.crt")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = "https://%s:%d/v3" % (HOST, self.port)

    def __enter__(self):
        try:
            self._prepare()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self):
        path = os.path.join(self.folder, "keystone.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=self.folder))
        for name in ("fernet", "credential"):
            os.mkdir(os.path.join(self.folder, name), 0o700)
        owner = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
        manage = [os.path.join(os.path.dirname(sys.executable), "keystone-manage"), "--config-file", path]
        for words in (["db_sync"], ["fernet_setup", *owner], ["credential_setup", *owner],
                      ["bootstrap", "--bootstrap-password", self.password, "--bootstrap-public-url", self.url,
                       "--bootstrap-region-id", REGION]):
            run(manage + words, self.env)
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + HOST, "-addext",
             "subjectAltName=DNS:" + HOST, "-keyout", self.folder + "/tls.key", "-out", self.ca], self.env)
        os.chmod(self.ca, 0o644)

    def _start(self):
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", SERVE], env={**self.env, "PORT": str(
                self.port), "CRT": self.ca, "KEY": self.folder + "/tls.key"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("Keystone listens", self._listens, 60)
        self.admin = self.connect("admin", self.password, "admin")

    def _listens(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "server.log"), encoding="utf-8") as log:
                raise AssertionError(log.read()[-4000:])
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def connect(self, user, password, project):
        """As a user of OpenStack, by name."""
        return openstack.connect(auth_url=self.url, username=user, password=password, project_name=project,
                                 user_domain_name="Default", project_domain_name="Default", region_name=REGION, cacert=self.ca,
                                 load_yaml_config=False, load_envvars=False)

    def user(self, name, password, project, *roles):
        """A user with these roles on a project, each made when it is new; the project."""
        identity = self.admin.identity
        there = identity.find_project(project) or identity.create_project(name=project, domain_id="default")
        user = identity.create_user(name=name, password=password, domain_id="default")
        for role in roles:
            found = identity.find_role(role) or identity.create_role(name=role)
            identity.assign_project_role_to_user(there, user, found)
        return there
