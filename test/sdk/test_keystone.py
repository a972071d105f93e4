# SPDX-License-Identifier: ISC
"""dcaasd behind a real Keystone: `openstack` and openstacksdk get their token at Keystone, find dcaasd in Keystone's catalog, and
order there."""
import json
import os
import subprocess
import sys

import pytest
from keystone_site import REGION, Keystone
from sdk_site import SdkSite

from lab.api_client import Client
from support import wait_for

OPENSTACK = os.path.join(os.path.dirname(sys.executable), "openstack")
CACHE_SECONDS = 2


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, 0o644)
    return path


@pytest.fixture(scope="module")
def keystone():
    with Keystone() as made:
        made.user("dcaas", "of dcaasd", "service", "service")
        made.user("alice", "of alice", "tenant-a", "member", "reader")
        made.user("rita", "of rita", "tenant-a", "reader")
        made.user("otto", "of otto", "tenant-a", "something else")
        made.user("bob", "of bob", "tenant-b", "member")
        yield made


def application_credential(keystone):
    """Of dcaasd's user; its settings."""
    own = keystone.connect("dcaas", "of dcaasd", "service")
    made = own.identity.create_application_credential(user=own.current_user_id, name="dcaasd", secret="a secret")
    return [("keystone_application_credential", made.id),
            ("keystone_password_file", write(os.path.join(keystone.folder, "secret"), "a secret\n"))]


@pytest.fixture(scope="module", params=["user", "application credential"])
def site(request, keystone):
    own = [("keystone_password_file", write(os.path.join(keystone.folder, "password"), "of dcaasd\n"))]
    if request.param != "user":
        own = application_credential(keystone)
    with SdkSite("http", [("identity", "keystone"), ("keystone_url", keystone.url), ("keystone_ca_file", keystone.ca),
                          ("keystone_cache_seconds", str(CACHE_SECONDS)), *own]) as made:
        identity = keystone.admin.identity
        service = identity.create_service(name="dcaas", type="dcaas")
        endpoint = identity.create_endpoint(service_id=service.id, interface="public", region_id=REGION,
                                            url=made.endpoint + "/v3/$(project_id)s")
        yield made
        identity.delete_endpoint(endpoint)
        identity.delete_service(service)


@pytest.fixture(scope="module")
def operator(site):
    return Client(site.dcaasd.endpoint, site.values["DCAAS_ADMIN_ACCESS_KEY"], site.values["DCAAS_ADMIN_SECRET_KEY"])


class Api:
    """dcaasd for a user of Keystone, at the address in Keystone's catalog."""

    def __init__(self, connection):
        self.connection, self.project = connection, connection.current_project_id

    def __call__(self, method, path, body=None, status=200, **more):
        done = self.connection.session.request("/dcaas/" + path, method, json=body, raise_exc=False, **{
            "endpoint_filter": {"service_type": "dcaas", "interface": "public", "region_name": REGION}, **more})
        assert done.status_code == status, (done.status_code, done.text)
        return done.json() if done.content else {}


@pytest.fixture(scope="module")
def alice(keystone, site):
    return Api(keystone.connect("alice", "of alice", "tenant-a"))


@pytest.fixture(scope="module")
def line(alice, site, operator):
    """A connection on a port of the simulated edge. The operator can name the project once its first token was shown."""
    alice("GET", "virtual-gateways")

    def make(plural, singular, **body):
        return operator.post("/dcaas/v1/" + plural, {singular: body})[singular]["id"]
    port = make("ports", "port", edge_id=site.values["DCAAS_EDGE_ID"], device="keystone", name="keystone")
    return make("connections", "direct_connect", tenant_id=alice.project, name="line", port_id=port, bandwidth=1000,
                location="simulated site", port_type="10G")


def test_an_interface_is_ordered_by_a_token_of_keystone_and_comes_up(alice, line, operator):
    gateway = alice("POST", "virtual-gateways", {"virtual_gateway": {
        "name": "office", "vpc_id": "6a1e2f30-0000-4000-8000-000000000077", "local_ep_group": ["10.1.0.0/16"]}}, 201)
    made = alice("POST", "virtual-interfaces", {"virtual_interface": {
        "name": "office", "direct_connect_id": line, "vgw_id": gateway["virtual_gateway"]["id"], "type": "private", "vlan": 100,
        "bandwidth": 50, "route_mode": "bgp", "bgp_asn": 65001, "local_gateway_v4_ip": "169.254.10.1/30",
        "remote_gateway_v4_ip": "169.254.10.2/30"}}, 201)["virtual_interface"]
    wait_for("the interface is up", lambda: alice("GET", "virtual-interfaces/" + made["id"])["virtual_interface"]["status"] == "ACTIVE")
    events = operator.get("/dcaas/v1/events?resource_id=" + made["id"])["events"]
    assert {event["user_name"] for event in events if event["action"] == "create"} == {"alice"}


def test_the_openstack_client_works_as_it_does_with_every_service(keystone, site, alice, line):
    env = {"PATH": os.environ["PATH"], "HOME": keystone.folder, "OS_AUTH_URL": keystone.url, "OS_CACERT": keystone.ca,
           "OS_USERNAME": "alice", "OS_PASSWORD": "of alice", "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_NAME": "tenant-a",
           "OS_PROJECT_DOMAIN_NAME": "Default", "OS_REGION_NAME": REGION, "OS_IDENTITY_API_VERSION": "3", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([OPENSTACK, "dcaas", "connection", "list", "-f", "json"], env=env, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in json.loads(done.stdout)] == [line]


def test_projects_and_roles_are_keystones(keystone, site, alice, line, operator):
    known = operator.get("/dcaas/v1/projects/" + alice.project)["project"]
    assert known["name"] == "tenant-a"
    rita, otto, bob = (Api(keystone.connect(*who)) for who in (
        ("rita", "of rita", "tenant-a"), ("otto", "of otto", "tenant-a"), ("bob", "of bob", "tenant-b")))
    order = {"virtual_gateway": {"name": "x", "vpc_id": "6a1e2f30-0000-4000-8000-000000000078", "local_ep_group": ["10.2.0.0/16"]}}
    assert [row["id"] for row in rita("GET", "direct-connects")["direct_connects"]] == [line]
    assert "role member" in rita("POST", "virtual-gateways", order, 403)["error_msg"]
    assert "no role" in otto("GET", "direct-connects", status=403)["error_msg"]
    assert bob("GET", "direct-connects")["direct_connects"] == []
    bob("GET", "direct-connects", status=403, endpoint_override=site.endpoint + "/v3/" + alice.project)
    admin = Api(keystone.admin)
    assert alice.project in {p["id"] for p in admin("GET", "v1/projects", endpoint_override=site.endpoint)["projects"]}


def test_a_token_that_keystone_has_revoked_ends(keystone, site):
    bob = Api(keystone.connect("bob", "of bob", "tenant-b"))
    token = bob.connection.auth_token
    target = site.endpoint + "/v3/%s/dcaas/direct-connects" % bob.project

    def ask():
        return bob.connection.session.get(target, headers={"X-Auth-Token": token}, authenticated=False, raise_exc=False).status_code
    assert ask() == 200
    keystone.admin.session.delete(keystone.url + "/auth/tokens", headers={"X-Subject-Token": token})
    wait_for("the token ends", lambda: ask() == 401, 3 * CACHE_SECONDS)
    assert ask() == 401


def test_the_servers_log_has_no_token(keystone, site, alice):
    log = site.dcaasd.log()
    assert alice.connection.auth_token not in log and "gAAAA" not in log and "of dcaasd" not in log
