# SPDX-License-Identifier: ISC
"""operations.py - doc/operations.md on a machine where nothing of dcaas is installed: its blocks run one after the other, as a person
would type them. What the page leaves to the reader (a setting, a pasted credential, the customer's certificate) is done here
before or after the block concerned. systemd does not run in the machine; a stand-in starts the units' own command lines."""
import os
import re
import shutil
import subprocess

from roots import ROOT

import pages

PAGE = os.path.join(ROOT, "doc", "operations.md")
PATIENCE = int(os.environ.get("DCAAS_PATIENCE", "1"))
SUDO = '#!/bin/sh\nexec "$@"\n'
# Puts the file in place that the test has prepared for it.
EDITOR = '#!/bin/sh\nexec cp "/srv/reader/edited/$(basename "$1")" "$1"\n'
# What systemd does with a unit of Type=notify: the start waits for READY=1, a reload and a stop for their ends.
SYSTEMCTL = r'''#!/usr/bin/python3
import os, pwd, re, shlex, signal, socket, subprocess, sys, time

def keys(name):
    with open("/usr/lib/systemd/system/%s.service" % name) as file:
        return dict(re.findall(r"^(\w+)=(.*)$", file.read(), re.M))

def user(unit):
    return ["setpriv", "--reuid", unit["User"], "--regid", unit["User"], "--init-groups"] if "User" in unit else []

def alive(name):
    try:
        with open("/run/%s.pid" % name) as file:
            os.kill(int(file.read()), 0)
        return True
    except (OSError, ValueError):
        return False

def start(name):
    unit = keys(name)
    if "ExecStartPre" in unit:
        subprocess.run(user(unit) + shlex.split(unit["ExecStartPre"]), check=True, stdout=subprocess.DEVNULL)
    path = "/tmp/notify-" + name
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    os.chmod(path, 0o666)
    with open("/var/log/%s.log" % name, "ab") as log:
        process = subprocess.Popen(user(unit) + shlex.split(unit["ExecStart"]), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   env=dict(os.environ, NOTIFY_SOCKET=path), start_new_session=True)
    with open("/run/%s.pid" % name, "w") as file:
        file.write(str(process.pid))
    listener.settimeout(1)
    while process.poll() is None:
        try:
            if b"READY=1" in listener.recv(4096):
                return
        except TimeoutError:
            pass
    sys.exit("%s did not start:\n%s" % (name, open("/var/log/%s.log" % name).read()))

def stop(name):
    if alive(name):
        with open("/run/%s.pid" % name) as file:
            os.kill(int(file.read()), signal.SIGTERM)
    while alive(name):
        time.sleep(0.05)

def reload(name):
    unit = keys(name)
    subprocess.run(user(unit) + shlex.split(unit["ExecReload"]), check=True)

verb, names = sys.argv[1], [word for word in sys.argv[2:] if word != "--now"]
does = {"start": [start], "enable": [start], "stop": [stop], "restart": [stop, start], "reload": [reload]}[verb]
for name in names:
    for do in does:
        do(name)
'''
EDGE_CONF = """[edge]
server = https://localhost:8443
ca_file = /etc/dcaas/ca.crt
token_file = /etc/dcaas/token
user = dcaas-edge
fabric = sim
"""
ORDER = """virtual_gateways:
  - name: office
    vpc_id: 6a1e2f30-0000-4000-8000-000000000001
    local_ep_group: [10.1.0.0/16]
virtual_interfaces:
  - {name: office, type: private, direct_connect_id: line1, vgw_id: office, vlan: 100, bandwidth: 50, route_mode: bgp, bgp_asn: 65001,
     bgp_md5_file: password, local_gateway_v4_ip: 169.254.10.1/30, remote_gateway_v4_ip: 169.254.10.2/30}
"""


def prepare(machine):
    """What the page takes for granted: a checkout with the packages in it, sudo, systemd, an editor, a certificate."""
    folder = os.path.join(machine.folder, "page")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + "/reader/build-deb")
    os.makedirs(folder + "/reader/edited")
    os.makedirs(folder + "/bin")
    for path in machine.built.values():
        shutil.copy(path, folder + "/reader/build-deb")
    for name, text in (("sudo", SUDO), ("editor", EDITOR), ("systemctl", SYSTEMCTL)):
        with open("%s/bin/%s" % (folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, 0o755)
    for name, text in (("password", "correct horse\n"), ("order.yaml", ORDER), ("edited/edge.conf", EDGE_CONF)):
        with open("%s/reader/%s" % (folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder + "/reader/privkey.pem", "-out",
                    folder + "/reader/fullchain.pem"], check=True, capture_output=True)
    machine.run("cp -r %s/reader /srv/; cp %s/bin/* /usr/local/bin/" % (folder, folder))


class Reader:
    """Does what a block leaves to its reader."""

    def __init__(self, shell):
        self.shell = shell
        self.printed = []

    def does(self, command, patience=60):
        status, printed = self.shell.run(command, patience * PATIENCE)
        assert status == 0, "%s\n%s" % (command, "\n".join(printed))
        return printed

    def writes_configuration(self):
        """The command line's, from what --init or --forget-secrets has printed."""
        access, secret = (re.search("%s=(.*)" % name, "\n".join(self.printed))[1]
                          for name in ("DCAAS_ADMIN_ACCESS_KEY", "DCAAS_ADMIN_SECRET_KEY"))
        self.does("mkdir -p ~/.config/dcaas; (umask 077; printf '[default]\\nendpoint = http://127.0.0.1:8080\\nadmin_access_key = %%s\\n"
                  "admin_secret_key = %%s\\n' '%s' '%s' >~/.config/dcaas/config)" % (access, secret))
        self.does("dcaas health show")

    def listens_to_https(self):
        self.does("echo 'listen_tls = 0.0.0.0:8443' >>/etc/dcaas/dcaasd.conf; systemctl restart dcaasd")

    def names_an_own_certificate(self):
        self.does("printf 'tls_certificate = /etc/dcaas/tls.crt\\ntls_key = /etc/dcaas/tls.key\\n' >>/etc/dcaas/dcaasd.conf")

    def trusts_the_certificate(self):
        self.does("cp fullchain.pem /etc/dcaas/ca.crt; dcaas --endpoint https://localhost:8443 --ca /etc/dcaas/ca.crt health show")

    def keeps_the_credential(self):
        token = re.search(r"^token +(\S+)", "\n".join(self.printed), re.M)[1]
        self.does("printf '%%s\\n' %s >edited/token" % token)

    def writes_the_new_credential(self):
        """And a tenant orders."""
        token = re.search(r"^token +(\S+)", "\n".join(self.printed), re.M)[1]
        self.does("printf '%%s\\n' %s >/etc/dcaas/token" % token)
        self.does("dcaas edge wait edge1 --fabric sim")
        self.does("dcaas apply -f order.yaml --project acme --wait")

    def restores_an_old_database(self):
        """The edge holds: the store is another one now."""
        self.does("systemctl stop dcaasd; runuser -u dcaas -- dcaasd --restored; systemctl start dcaasd")
        self.does("dcaas edge wait edge1 --held yes", 120)

    def loses_the_key(self):
        self.does("dcaas edge wait edge1 --held yes; dcaas edge confirm edge1; dcaas edge wait edge1 --held no")
        self.does("rm /var/lib/dcaas/dcaas.key")

    def confirms_the_edge(self):
        """Its password is lost: the interface is ordered again."""
        self.writes_configuration()
        self.does("dcaas edge wait edge1 --held yes; dcaas edge confirm edge1; dcaas edge wait edge1 --held no")
        self.does("dcaas vif delete office --project acme --yes --wait; dcaas apply -f order.yaml --project acme")


# A command of the block: what the reader does before it, and after it.
READER = {
    "dcaasd --init": (None, Reader.writes_configuration),
    "sudo cp /var/lib/dcaas/tls.crt .": (Reader.listens_to_https, None),
    "sudo install -o dcaas -g dcaas -m 600 fullchain.pem /etc/dcaas/tls.crt": (Reader.names_an_own_certificate, Reader.trusts_the_certificate),
    "dcaas edge create --name edge1": (None, Reader.keeps_the_credential),
    "dcaas edge-token renew edge1": (None, Reader.writes_the_new_credential),
    "dcaas edge confirm edge1": (Reader.restores_an_old_database, None),
    "dcaasd --forget-secrets": (Reader.loses_the_key, Reader.confirms_the_edge),
}


def run(shell):
    everything = pages.blocks(PAGE)
    assert {block.language for block in everything} == {"console", "sh", "ini", "text"}, "a block without a language is neither run nor text"
    blocks = [block for block in everything if block.language in ("console", "sh")]
    assert len([block for block in blocks if not block.not_run]) > 15
    reader, met = Reader(shell), set()
    for block in blocks:
        if block.not_run:
            continue
        concerned = [command for command in READER if any(command in line for line in block.lines)]
        met.update(concerned)
        for command in concerned:
            if READER[command][0]:
                READER[command][0](reader)
        reader.printed = pages.run_block(shell, block, patience=120 * PATIENCE)
        for command in concerned:
            if READER[command][1]:
                READER[command][1](reader)
    assert met == set(READER), "the page has lost a block: %s" % (set(READER) - met)
