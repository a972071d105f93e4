# SPDX-License-Identifier: ISC
"""An edge in the operator's hands, with a simulated router: orders become ACTIVE, it holds after a restore until confirmed,
its credential is replaced, a dead one is retired, and its files hold no secret in clear."""
import glob
import os
import signal
import subprocess

import pytest

from lab.dcaasd import Dcaasd, binary
from lab.guest import wait
from program import Cli, Site, Tenant

PASSWORD = "md5-of-a-session-6b1f"


class Stand:
    """dcaasd, a simulated edge, and a tenant."""

    def __init__(self, home):
        self.home = home
        self.daemon, self.process = Dcaasd(settings=["listen_tls = 127.0.0.1:0"]), None
        self.daemon.settings.append("tls_port_file = %s/tls_port" % self.daemon.folder)
        self.daemon.write_config()
        self.daemon.init()
        self.daemon.start()
        self.operator = Cli(home, endpoint=self.daemon.endpoint, admin_access_key=self.daemon.admin["DCAAS_ADMIN_ACCESS_KEY"],
                            admin_secret_key=self.daemon.admin["DCAAS_ADMIN_SECRET_KEY"])
        self.site = Site(self.operator)
        self.edge = self.site.edge
        self.operator("edge", "update", self.edge, "--report-interval", "1")
        self.tenant = Tenant(self.operator, self.site, home, "acme")
        self.gateway = self.tenant.gateway()
        (home / "md5").write_text(PASSWORD)

    def start_edge(self, server=None, more=""):
        (self.home / "edge.conf").write_text(
            "[edge]\nserver = %s\ntoken_file = %s/token\nstate_dir = %s/edge\nfabric = sim\nlog = debug\n%s\n" %
            (server or self.daemon.endpoint, self.home, self.home, more))
        with open(self.home / "edge.log", "ab") as log:
            self.process = subprocess.Popen([binary("dcaas-edge"), "-c", str(self.home / "edge.conf")], stdout=log, stderr=log)

    def kill_edge(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def give_token(self):
        self.token = self.operator("edge-token", "renew", self.edge).member("token")
        fresh = self.home / "token.new"
        fresh.write_text(self.token + "\n")
        fresh.chmod(0o600)
        os.rename(fresh, self.home / "token")

    def order(self, vlan=100):
        return self.tenant.interface(self.gateway, vlan, "--bgp-md5-file", str(self.home / "md5"))

    def session(self):
        lines = self.operator("session", "list", "--columns", "state,since").lines[1:]
        return lines[0].split() if lines else None

    def end(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(100) == 0, (self.home / "edge.log").read_text()
            self.process = None

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.daemon.remove()


@pytest.fixture
def stand(tmp_path):
    made = Stand(tmp_path)
    try:
        made.give_token()
        made.start_edge()
        wait("a first report", lambda: made.operator("edge", "show", made.edge).member("reported_time") != "-")
        yield made
        made.end()
        assert made.daemon.stop() in (0, None), made.daemon.log()
    finally:
        made.close()


def test_an_order_becomes_active_and_leaves_again(stand):
    vif = stand.order()
    shown = stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    assert "observed " in shown.out and shown.member("bgp_md5") == "***"
    assert stand.session()[0] == "Established"
    wait("every object applied", lambda: set(stand.operator("object", "list", "--columns", "state").lines[1:]) == {"applied"})
    wait("the edge counted", lambda: stand.operator("health", "show").member("fabric") == "simulated")
    assert stand.operator("edge", "show", stand.edge).member("fabric") == "sim"
    stand.tenant("virtual-interface", "delete", vif)
    stand.tenant("virtual-interface", "wait", vif, "--gone", "--timeout", "150")
    wait("the end of its session", lambda: stand.session() is None)


def test_an_edge_speaks_https_with_the_server_that_it_trusts(stand):
    stand.end()
    with open(os.path.join(stand.daemon.folder, "tls_port")) as file:
        server = "https://" + file.read().strip()
    stand.start_edge(server)
    wait("a refusal in the log", lambda: "certificate" in (stand.home / "edge.log").read_text().lower())
    stand.end()
    vif = stand.order()
    assert stand.tenant("virtual-interface", "show", vif).member("status") == "PENDING_CREATE"
    stand.start_edge(server, "ca_file = %s/tls.crt" % stand.daemon.state)
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")


def test_no_password_is_in_clear_in_the_edge_s_files_or_log(stand):
    stand.tenant("virtual-interface", "wait", stand.order(), "--status", "ACTIVE", "--timeout", "150")
    paths = glob.glob(str(stand.home / "edge" / "*")) + [str(stand.home / "edge.log")]
    assert len(paths) > 2
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        assert PASSWORD.encode() not in data and stand.token.encode() not in data, path
        assert path.endswith(".log") or os.stat(path).st_mode & 0o077 == 0, path
    with open("/proc/%d/cmdline" % stand.process.pid, "rb") as file:
        assert stand.token.encode() not in file.read()


def test_a_rotation_of_the_key_disturbs_no_session(stand):
    stand.tenant("virtual-interface", "wait", stand.order(), "--status", "ACTIVE", "--timeout", "150")
    before = stand.session()
    stand.operator("key", "rotate")
    # A later order proves that the edge still is served, and from sealed values that open.
    peer = stand.tenant("vif-peer", "create", "--vif-id", stand.tenant("-q", "virtual-interface", "list").lines[0],
                        "--address-family", "ipv6", "--route-mode", "bgp", "--bgp-asn", "65001", "--local-gateway-ip",
                        "2001:db8::1/64", "--remote-gateway-ip", "2001:db8::2/64").member("id")
    wait("the second session", lambda: len([line for line in stand.operator("session", "list").lines if peer in line or
                                             "Established" in line]) == 2)
    assert before in [line.split() for line in stand.operator("session", "list", "--columns", "state,since").lines[1:]]


def test_an_edge_holds_after_a_restore_until_it_is_confirmed(stand):
    copy = os.path.join(stand.daemon.folder, "copy.db")
    assert subprocess.run(stand.daemon._argv("--backup", copy)).returncode == 0
    vif = stand.order()  # later than the backup
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    assert stand.daemon.stop() == 0
    for path in glob.glob(stand.daemon.state + "/dcaas.db*"):
        os.unlink(path)
    os.rename(copy, os.path.join(stand.daemon.state, "dcaas.db"))
    assert subprocess.run(stand.daemon._argv("--restored")).returncode == 0
    stand.daemon.start()

    held = wait("the edge holding", lambda: (lambda e: e if e.member("held") == "yes" else None)(
        stand.operator("edge", "show", stand.edge)))
    assert held.member("held_reason") not in ("", "-")
    wait("the edge counted as held", lambda: stand.operator("health", "show").member("edges_held") == "1")
    stand.operator("edge", "confirm", stand.edge)
    stand.operator("edge", "wait", stand.edge, "--held", "no", "--timeout", "150")
    wait("the edge not counted any more", lambda: stand.operator("health", "show").member("edges_held") == "0")
    # Now it has what the store has, which never knew the interface; ordered again it comes up again.
    stand.tenant("virtual-interface", "wait", stand.order(), "--status", "ACTIVE", "--timeout", "150")


def test_a_credential_is_replaced_without_a_restart(stand):
    stand.tenant("virtual-interface", "wait", stand.order(), "--status", "ACTIVE", "--timeout", "150")
    pid, before = stand.process.pid, stand.session()
    stand.give_token()
    vif = stand.tenant("-q", "virtual-interface", "list").lines[0]
    stand.tenant("vif-peer", "create", "--vif-id", vif, "--address-family", "ipv6", "--route-mode", "bgp", "--bgp-asn", "65001",
                 "--local-gateway-ip", "2001:db8::1/64", "--remote-gateway-ip", "2001:db8::2/64")
    wait("two sessions", lambda: len(stand.operator("session", "list").lines) == 3)
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    assert stand.process.poll() is None and stand.process.pid == pid
    assert before in [line.split() for line in stand.operator("session", "list", "--columns", "state,since").lines[1:]]


def test_deletions_that_wait_for_a_dead_edge_end_with_retire(stand):
    vif = stand.order()
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    stand.kill_edge()
    stand.tenant("virtual-interface", "delete", vif)
    assert stand.tenant("virtual-interface", "show", vif).member("status") == "PENDING_DELETE"
    assert "the edge reports" in stand.operator("edge", "retire", stand.edge, code=1).err
    wait("the edge called silent", lambda: stand.operator("health", "show").member("edges_silent") == "1")
    stand.operator("edge", "retire", stand.edge)
    stand.tenant("virtual-interface", "wait", vif, "--gone", "--timeout", "150")


def test_an_edge_that_reports_is_retired_by_force(stand):
    vif = stand.order()
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    stand.kill_edge()
    stand.tenant("virtual-interface", "delete", vif)
    stand.operator("edge", "retire", stand.edge, "--force")
    stand.tenant("virtual-interface", "wait", vif, "--gone", "--timeout", "150")


def test_sessions_stay_when_the_secrets_are_given_up(stand):
    stand.tenant("virtual-interface", "wait", stand.order(), "--status", "ACTIVE", "--timeout", "150")
    before = stand.session()
    assert stand.daemon.stop() == 0
    os.unlink(os.path.join(stand.daemon.state, "dcaas.key"))
    done = subprocess.run(stand.daemon._argv("--forget-secrets"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split("=", 1) for line in done.stdout.splitlines() if line[0] != "#")
    stand.operator = stand.operator.with_settings(**{name[len("DCAAS_"):].lower(): lines[name] for name in lines})
    stand.daemon.start()
    wait("the edge holding", lambda: stand.operator("edge", "show", stand.edge).member("held") == "yes")
    assert stand.session() == before


def test_a_peer_link_becomes_active_changes_and_goes(stand):
    tenant = stand.tenant
    gateway = tenant.id("global-dc-gateway", "create", "--name", "hub", "--address-family", "dual", "--bgp-asn", "64513")
    router = stand.operator.id("enterprise-router", "create", "--tenant-id", tenant.project, "--name", "er1")
    tenant.id("virtual-interface", "create", "--name", "office", "--type", "private", "--direct-connect-id", tenant.connection,
              "--service-type", "GDGW", "--gateway-id", gateway, "--vlan", "300", "--bandwidth", "50", "--route-mode", "bgp",
              "--bgp-asn", "65001", "--local-gateway-v4-ip", "192.0.2.5/30", "--remote-gateway-v4-ip", "192.0.2.6/30")
    link = tenant.id("peer-link", "create", gateway, "--name", "to-er1", "--peer-site.gateway-id", router,
                     "--peer-site.project-id", tenant.project, "--peer-site.region-id", "region-1")
    shown = tenant("peer-link", "wait", gateway, link, "--status", "ACTIVE", "--timeout", "150")
    assert shown.member("peer_site.gateway_id") == router and shown.member("peer_site.type") == "ER"
    assert tenant("peer-link", "list", gateway, "--columns", "name,status").lines[1].split() == ["to-er1", "ACTIVE"]
    assert tenant("peer-link", "update", gateway, link, "--name", "renamed").member("name") == "renamed"
    tenant("peer-link", "delete", gateway, link)
    assert "HTTP 404" in tenant("peer-link", "show", gateway, link, code=1).err


def restart_until_established(stand):
    """Ends the edge and starts it again with a new log, which is returned once its session is up."""
    log = stand.home / "edge.log"
    stand.end()
    log.unlink()
    yield
    stand.start_edge()
    wait("a session of the started edge", lambda: "session established" in log.read_text())
    yield log.read_text()


def test_an_edge_that_lost_the_key_of_its_state_reports_it_and_gets_everything_again(stand):
    vif = stand.order()
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    steps = restart_until_established(stand)
    next(steps)
    (stand.home / "edge" / "key").unlink()
    assert "sealed under another key" in next(steps)
    stand.tenant("virtual-interface", "wait", vif, "--status", "ACTIVE", "--timeout", "150")
    assert stand.operator("edge", "show", stand.edge).member("held") == "no"
    # It is sealed again: the next start needs no server.
    for name in ("desired", "journal"):
        path = stand.home / "edge" / name
        assert not path.exists() or PASSWORD.encode() not in path.read_bytes()
    assert stand.daemon.stop() == 0
    steps = restart_until_established(stand)
    next(steps)
    assert "lost" not in next(steps)
