# SPDX-License-Identifier: ISC
"""`openstack dcaas ...` of Open Telekom Cloud (otcextensions) against dcaasd: the client authenticates as with Keystone, finds
dcaasd in the catalog, and uses the API of v3 with the commands that it has for the older one."""
import json
import os
import subprocess
import sys

import pytest

from support import V3, World

OPENSTACK = os.path.join(os.path.dirname(sys.executable), "openstack")


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


@pytest.fixture(scope="module")
def tenant(world):
    return world.tenant()


@pytest.fixture(scope="module")
def run(world, tenant):
    """A command; what it printed, decoded from JSON."""
    domain = world.operator.get("/dcaas/v1/domains")["domains"][0]["name"]
    env = {"PATH": os.environ["PATH"], "HOME": world.dcaasd.folder, "OS_AUTH_URL": world.endpoint + "/v3",
           "OS_USERNAME": tenant.name, "OS_PASSWORD": "password of " + tenant.name, "OS_USER_DOMAIN_NAME": domain,
           "OS_PROJECT_ID": tenant.project_id, "OS_REGION_NAME": "region-1", "OS_IDENTITY_API_VERSION": "3"}

    def run(*words, form=("-f", "json"), code=0):
        done = subprocess.run([OPENSTACK, *words, *form], env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return json.loads(done.stdout) if form and code == 0 else done.stdout + done.stderr
    return run


def test_a_token_is_of_the_project_and_the_catalog_leads_here(run, world, tenant):
    assert run("token", "issue")["project_id"] == tenant.project_id
    urls = {service["Type"]: service["Endpoints"][0]["url"] for service in run("catalog", "list")}
    assert urls == {"identity": world.endpoint + "/v3", "dcaas": world.endpoint + "/v3/" + tenant.project_id}


def test_connections_are_listed_shown_and_renamed(run, world, tenant):
    line = world.connection(tenant)
    assert [(row["id"], row["port type"], row["bandwidth"]) for row in run("dcaas", "connection", "list")] == [(line, "10G", 1000)]
    assert run("dcaas", "connection", "show", line)["id"] == line
    run("dcaas", "connection", "update", line, "--name", "renamed")
    assert tenant.show("direct-connects/" + line)["name"] == "renamed"


def test_gateways_are_listed_shown_changed_and_deleted(run, tenant):
    made = tenant.gateway(name="office")
    assert [row["id"] for row in run("dcaas", "gateway", "list")] == [made["id"]]
    assert run("dcaas", "gateway", "show", made["id"])["vpc_id"] == made["vpc_id"]
    run("dcaas", "gateway", "update", made["id"], "--name", "renamed")
    assert tenant.show("virtual-gateways/" + made["id"])["name"] == "renamed"
    run("dcaas", "gateway", "delete", made["id"], form=())
    assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []


def test_what_v3_has_no_place_for_is_refused_with_words(run, tenant):
    refused = run("dcaas", "gateway", "create", tenant.vpc(), "an-endpoint-group", "--name", "x", code=1)
    assert "400" in refused or "DC.0001" in refused, refused
    assert "Error" in run("dcaas", "endpoint", "group", "list", code=1)
    assert tenant.get(V3 + "virtual-gateways")["virtual_gateways"] == []
