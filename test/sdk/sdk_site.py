# SPDX-License-Identifier: ISC
"""sdk_site.py - a dcaasd over HTTP and HTTPS with a simulated edge, for one run of one SDK's tests; and what the SDKs'
tests get of it, in the environment."""
import os
import re
import shutil
import subprocess
import tempfile
import time

from lab.api_client import Client
from lab.sim import Sim

# What the contract's example of *add a peer link* names.
PROJECT = "b197c48159d44a66b32c538c3f8da89a"
ROUTER = "70e29908-12f8-4d5d-9adf-4da5465b91b2"
REGION = "cn-southwest-242"
FOUR_BYTES = (4200000001, 4200000002)
SCHEMES = ("http", "https")


class SdkSite(Sim):
    """The inventory of `make sim`, and HTTPS with the certificate that dcaasd makes at its first start."""

    def __init__(self, scheme, settings=()):
        self.scheme = scheme
        super().__init__(tempfile.mkdtemp(prefix="dcaas-sdk-"), 0,
                         [("region_id", REGION), ("listen_tls", "127.0.0.1:0"), *settings])
        os.chmod(self.folder, 0o755)

    def __enter__(self):
        try:
            self.start()
            self.ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            self.dcaasd.remove()

    @property
    def certificate(self):
        return os.path.join(self.folder, "state", "tls.crt")

    @property
    def endpoint(self):
        return self.dcaasd.endpoint if self.scheme == "http" else self.dcaasd.https()

    def tenant(self):
        """Environment of an SDK's tests: a tenant with two connections."""
        operator = Client(self.dcaasd.endpoint, self.values["DCAAS_ADMIN_ACCESS_KEY"], self.values["DCAAS_ADMIN_SECRET_KEY"])

        def make(plural, singular, **body):
            return operator.post("/dcaas/v1/" + plural, {singular: body})[singular]

        location = make("locations", "direct_connect_location", name="southwest", region_id=REGION)["id"]
        # SDKs look for the project of a region by that name.
        project = make("projects", "project", id=PROJECT, name=REGION)["id"]
        user = make("users", "user", name="sdk", project_id=project, role="member", password="not used by an SDK")["id"]
        key = make("access-keys", "access_key", user_id=user)
        eip = make("eips", "eip", tenant_id=project, cidr="198.18.0.7/32")["id"]
        make("enterprise-routers", "enterprise_router", id=ROUTER, tenant_id=project, name="router")
        lines = []
        for name in ("line-a", "line-b"):
            port = make("ports", "port", edge_id=self.values["DCAAS_EDGE_ID"], device=name, name=name)["id"]
            lines.append(make("connections", "direct_connect", tenant_id=project, name=name, port_id=port, bandwidth=1000,
                              location="southwest", port_type="10G", provider="simulated", type="standard")["id"])
        customer = Client(self.dcaasd.endpoint, key["access_key"], key["secret_key"], project)
        return {"DCAAS_ENDPOINT": self.endpoint, "DCAAS_PROJECT_ID": project, "DCAAS_ACCESS_KEY": key["access_key"],
                "DCAAS_SECRET_KEY": key["secret_key"], "DCAAS_DIRECT_CONNECT_ID": lines[0],
                "DCAAS_SPARE_DIRECT_CONNECT_ID": lines[1], "DCAAS_LOCATION_ID": location, "DCAAS_GLOBAL_EIP_ID": eip,
                "DCAAS_FOUR_BYTE_INTERFACE_ID": four_byte_interface(customer, lines[0])}


def four_byte_interface(customer, line):
    """The id of an interface whose AS numbers, on both sides, are larger than 31 bits hold."""
    path = "/v3/{project_id}/dcaas/"
    gateway = customer.post(path + "virtual-gateways", {"virtual_gateway": {
        "name": "four bytes", "vpc_id": "6a1e2f30-0000-4000-8000-000000009999", "local_ep_group": ["10.99.0.0/16"],
        "bgp_asn": FOUR_BYTES[0]}})["virtual_gateway"]["id"]
    return customer.post(path + "virtual-interfaces", {"virtual_interface": {
        "name": "four bytes", "vgw_id": gateway, "direct_connect_id": line, "vlan": 3000, "bandwidth": 10, "type": "private",
        "route_mode": "bgp", "bgp_asn": FOUR_BYTES[1], "local_gateway_v4_ip": "192.168.99.1/30",
        "remote_gateway_v4_ip": "192.168.99.2/30"}})["virtual_interface"]["id"]


def names_in(folder, pattern, suffix):
    """Names of the tests in the sources of that folder, by a pattern with one group."""
    names = []
    for path, _, files in os.walk(folder):
        for name in sorted(files):
            if name.endswith(suffix):
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    names += re.findall(pattern, file.read(), re.M)
    return names


def tool(name):
    """Debian's program, else the one in PATH."""
    path = os.path.join("/usr/bin", name)
    return path if os.access(path, os.X_OK) else shutil.which(name)


def call(argv, cwd, env, seconds):
    """(exit code, output)."""
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds, check=False)
    return done.returncode, done.stdout


def build(argv, cwd, env):
    """Runs what may have to fetch packages: again when it failed, because networks and registries have their moments."""
    for pause in (5, 30, 60, 0):
        code, output = call(argv, cwd, env, 900)
        if code == 0:
            return
        time.sleep(pause)
    raise AssertionError(output)
