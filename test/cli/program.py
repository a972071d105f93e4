# SPDX-License-Identifier: ISC
"""`dcaas` run as a person or a script runs it, and a site described and ordered from with it."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Settings of a dcaasd that listens over HTTPS, too.
TLS = ["listen_tls = 127.0.0.1:0", "tls_port_file = $folder/tls_port"]
PROGRAM = os.path.join(os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build")), "src", "cli", "dcaas")
VPC = "5f8b1b8a-6c4e-4a3a-9f9b-0d6d1c8a7b11"


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    def member(self, name):
        """The value beside a member's name, as people see it."""
        for line in self.lines:
            first, _, rest = line.partition(" ")
            if first == name:
                return rest.strip()
        raise AssertionError("no member %s in:\n%s" % (name, self.out))


class Cli:
    """Calls with settings from the environment only; the user's own files are not looked at."""

    def __init__(self, home, **settings):
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(home),
                    **{"DCAAS_" + name.upper(): value for name, value in settings.items()}}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def __call__(self, *words, stdin=None, code=0, timeout=300):
        done = subprocess.run([PROGRAM, *words], env=self.env, input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                              capture_output=True, text=True, timeout=timeout)
        assert done.returncode == code, "dcaas %s ended with %d:\n%s%s" % (" ".join(words), done.returncode, done.stdout,
                                                                           done.stderr)
        return Done(done.returncode, done.stdout, done.stderr)

    def id(self, *words, **options):
        """The one id that `-q` prints."""
        lines = self("-q", *words, **options).lines
        assert len(lines) == 1, lines
        return lines[0]

    def spawn(self, *words):
        return subprocess.Popen([PROGRAM, *words], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def with_settings(self, **settings):
        other = Cli("/nonexistent")
        other.env = {**self.env, **{"DCAAS_" + name.upper(): value for name, value in settings.items()}}
        return other


class Site:
    """What the operator describes once: an edge with a customer's port and the port of a VPC."""

    def __init__(self, operator):
        self.location = operator.id("location", "create", "--name", "fra1")
        self.edge = operator.id("edge", "create", "--name", "edge1", "--location-id", self.location, "--device-id",
                                "172.16.40.2")
        self.port = operator.id("port", "create", "--edge-id", self.edge, "--device", "eth1", "--name", "customer")
        self.vpc_port = operator.id("port", "create", "--edge-id", self.edge, "--device", "eth2", "--name", "vpc")


class Tenant(Cli):
    """A member of an own project, with a connection to the site's port."""

    def __init__(self, operator, site, home, name):
        self.project = operator.id("project", "create", "--name", name)
        self.user = operator.id("user", "create", "--name", name, "--project-id", self.project, "--role", "member")
        key = operator("user-key", "create", "--user-id", self.user)
        super().__init__(home, endpoint=operator.env["DCAAS_ENDPOINT"], project_id=self.project,
                         access_key=key.member("access_key"), secret_key=key.member("secret_key"))
        self.connection = operator.id("connection", "create", "--tenant-id", self.project, "--name", "line", "--port-id",
                                      site.port, "--bandwidth", "1000", "--location", "fra1", "--port-type", "10G")
        operator("attachment", "create", "--tenant-id", self.project, "--vpc-id", VPC, "--port-id", site.vpc_port, "--vlan",
                 "200", "--prefixes", "10.1.0.0/16", "--local-ip", "10.1.0.1/24", "--next-hop", "10.1.0.2")

    def gateway(self, name="gateway"):
        return self.id("virtual-gateway", "create", "--name", name, "--vpc-id", VPC, "--local-ep-group", "10.1.0.0/16")

    def interface(self, gateway, vlan, *more):
        return self.id("virtual-interface", "create", "--name", "office", "--type", "private", "--direct-connect-id",
                       self.connection, "--vgw-id", gateway, "--vlan", str(vlan), "--bandwidth", "50", "--route-mode", "bgp",
                       "--bgp-asn", "65001", "--local-gateway-v4-ip", "192.0.2.1/30", "--remote-gateway-v4-ip",
                       "192.0.2.2/30", *more)
