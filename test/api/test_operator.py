# SPDX-License-Identifier: ISC
"""The operator's side: what operators may not do, what stands in the way of a deletion, and what a change of a user ends."""
import uuid

import pytest

from support import V3, World, send

UUID = "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"
HEX = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def operator(world):
    return world.operator


def refused(answer, code, *words, status=400):
    assert (answer.status, answer.get("error_code")) == (status, code), answer
    assert all(word in answer["error_msg"] for word in words), answer


def post(operator, plural, singular, body):
    return operator.call("POST", "/dcaas/v1/" + plural, {singular: body}, check=False)


@pytest.mark.parametrize("plural, singular, body, code, word", [
    ("domains", "domain", {}, "DC.0001", "name"), ("domains", "domain", {"name": ""}, "DC.0001", "name"),
    ("domains", "domain", {"name": "x" * 65}, "DC.0001", "name"), ("domains", "domain", {"name": 5}, "DC.0001", "name"),
    ("projects", "project", {}, "DC.0001", "name"), ("projects", "project", {"name": "x", "domain_id": HEX}, "DC.0002", "domain"),
    ("projects", "project", {"name": "x", "id": "y"}, "DC.0001", "id"),
    ("users", "user", {}, "DC.0001", "name"), ("users", "user", {"name": "x", "role": "king"}, "DC.0001", "role"),
    ("users", "user", {"name": "x", "role": "member", "project_id": HEX}, "DC.0002", "project"),
    ("users", "user", {"name": "x", "role": "member"}, "DC.0001", "project_id"),
    ("users", "user", {"name": "x"}, "DC.0001", "project_id"),
    ("users", "user", {"name": "x", "role": "reader", "all_projects": False}, "DC.0001", "project_id"),
    ("users", "user", {"name": "x", "role": "member", "all_projects": True, "project_id": HEX}, "DC.0001", "all_projects"),
    ("users", "user", {"name": "x", "role": "member", "enabled": "yes"}, "DC.0001", "enabled"),
    ("access-keys", "access_key", {}, "DC.0001", "user_id"), ("access-keys", "access_key", {"user_id": HEX}, "DC.0002", "user"),
    ("locations", "direct_connect_location", {"name": 5}, "DC.0001", "name"),
    ("edges", "edge", {}, "DC.0001", "name"), ("edges", "edge", {"name": "x", "location_id": UUID}, "DC.0002", "location"),
    ("edges", "edge", {"name": "x", "report_interval": 0}, "DC.0001", "report_interval"),
    ("edges", "edge", {"name": "x", "device_id": "x" * 37}, "DC.0001", "device_id"),
    ("ports", "port", {}, "DC.0001", "edge_id"), ("ports", "port", {"edge_id": UUID, "device": "eth1"}, "DC.0002", "edge"),
    ("connections", "direct_connect", {"bandwidth": 5}, "DC.0001", "tenant_id"),
    ("connections", "direct_connect", {"tenant_id": HEX}, "DC.0001", "bandwidth"),
    ("connections", "direct_connect", {"tenant_id": HEX, "bandwidth": 1}, "DC.0001", "bandwidth"),
    ("attachments", "attachment", {"tenant_id": HEX, "vpc_id": UUID, "prefixes": ["10.0.0.0/8"]}, "DC.0001", "port_id")])
def test_a_wrong_description_is_refused_and_the_member_named(operator, plural, singular, body, code, word):
    refused(post(operator, plural, singular, body), code, word)


@pytest.mark.parametrize("device", ["", "x" * 16, "eth 1", "../eth1", "eth1/2", "-rf", "eth;1", "eth\n", ".", "..", "é"])
def test_a_device_that_the_kernel_could_not_have_is_refused(world, operator, device):
    refused(post(operator, "ports", "port", {"edge_id": world.edge, "device": device}), "DC.0001", "device")


@pytest.mark.parametrize("members, code, word", [
    ({"prefixes": []}, "DC.0001", "prefixes"), ({"prefixes": ["x"]}, "DC.0004", "prefixes"),
    ({"local_ip": "198.18.0.1"}, "DC.0004", "local_ip"), ({"local_ip": None, "next_hop": None}, "DC.0004", "local_ip"),
    ({"local_ip": "198.18.0.0/30"}, "DC.0004", "local_ip"), ({"next_hop": "198.18.1.2"}, "DC.0004", "next_hop"),
    ({"next_hop": "198.18.0.1"}, "DC.0004", "next_hop"), ({"next_hop": "198.18.0.2/30"}, "DC.0004", "next_hop"),
    ({"local_ip": "fd00::1/64"}, "DC.0004", "local_ip"), ({"prefixes": ["fd00::/16"]}, "DC.0004", "prefixes"),
    ({"vlan": 4095}, "DC.0001", "vlan"), ({"vlan": -1}, "DC.0001", "vlan"), ({"port_id": UUID}, "DC.0002", "port"),
    ({"tenant_id": HEX}, "DC.0002", "tenant_id"), ({"vpc_id": None}, "DC.0001", "vpc_id")])
def test_a_wrong_attachment_is_refused(world, tenant, operator, members, code, word):
    body = {"tenant_id": tenant.project_id, "vpc_id": str(uuid.uuid4()), "port_id": world.vpc_port, "vlan": 4000,
            "prefixes": ["10.0.0.0/8"], "local_ip": "198.18.0.1/30", "next_hop": "198.18.0.2", **members}
    refused(post(operator, "attachments", "attachment", {k: v for k, v in body.items() if v is not None}), code, word)


def test_a_vpc_belongs_to_one_project(world, tenant, operator):
    vpc, other = tenant.vpc(), world.tenant()
    refused(post(operator, "attachments", "attachment", {
        "tenant_id": other.project_id, "vpc_id": vpc, "port_id": world.port(), "prefixes": ["10.0.0.0/8"],
        "local_ip": "198.18.0.1/30"}), "DC.0001", "vpc_id", "another project")
    body = {"name": "g", "vpc_id": vpc, "local_ep_group": ["10.1.0.0/16"]}
    refused(other.call("POST", V3 + "virtual-gateways", {"virtual_gateway": body}, check=False), "DC.0007", "vpc_id")


def test_ids_may_be_chosen_and_are_taken_once(world, operator):
    chosen = uuid.uuid4().hex
    assert post(operator, "projects", "project", {"id": chosen, "name": chosen})["project"]["id"] == chosen
    refused(post(operator, "projects", "project", {"id": chosen, "name": "other" + chosen[:8]}), "DC.0001")
    edge = str(uuid.uuid4())
    assert post(operator, "edges", "edge", {"id": edge, "name": "e"})["edge"]["id"] == edge
    refused(post(operator, "edges", "edge", {"id": edge, "name": "e"}), "DC.0001")


def test_what_is_in_use_is_not_deleted(world, tenant, operator, line, gateway):
    vif = tenant.interface(line, gateway)["id"]
    port = operator.get("/dcaas/v1/connections/" + line)["direct_connect"]["port_id"]
    for path, code in (("edges/" + world.edge, "DC.0001"), ("ports/" + port, "DC.0001"), ("connections/" + line, "DC.1007"),
                       ("projects/" + tenant.project_id, "DC.0001"), ("locations/" + world.location, "DC.0001")):
        answer = operator.call("DELETE", "/dcaas/v1/" + path, check=False)
        refused(answer, code)
    assert tenant.show("virtual-interfaces/" + vif)["id"] == vif


def test_a_port_under_a_connection_is_not_deleted(world, tenant, operator, line):
    port = operator.get("/dcaas/v1/connections/" + line)["direct_connect"]["port_id"]
    refused(operator.call("DELETE", "/dcaas/v1/ports/" + port, check=False), "DC.0001")


def test_a_connection_that_carries_something_stays_on_its_port(world, tenant, operator, line, gateway):
    tenant.interface(line, gateway)
    hosting = world.connection(tenant, type="hosting")
    world.connection(world.tenant(), type="hosted", hosting_id=hosting, vlan=77, bandwidth=100)
    for one in (line, hosting):
        body = {"direct_connect": {"port_id": world.port()}}
        refused(operator.call("PUT", "/dcaas/v1/connections/" + one, body, check=False), "DC.1007", "port_id")
    free = world.connection(tenant)
    port = world.port()
    assert operator.put("/dcaas/v1/connections/" + free, {"direct_connect": {"port_id": port}})["direct_connect"][
        "port_id"] == port


def test_an_edge_that_carries_nothing_goes_with_its_credential(dcaasd):
    world = World(dcaasd)
    made = world.operator.post("/dcaas/v1/edges", {"edge": {"name": "short"}})["edge"]
    assert made["token"] and "token" not in world.operator.get("/dcaas/v1/edges/" + made["id"])["edge"]
    world.operator.delete("/dcaas/v1/edges/" + made["id"])
    assert world.operator.call("GET", "/dcaas/v1/edges/" + made["id"], check=False).status == 404


def test_secrets_are_shown_once(world, tenant, operator):
    keys = operator.get("/dcaas/v1/access-keys?user_id=" + tenant.user_id)["access_keys"]
    assert [key["access_key"] for key in keys] == [tenant.access_key] and "secret_key" not in keys[0]
    user = operator.get("/dcaas/v1/users/" + tenant.user_id)["user"]
    assert not {"password", "password_hash"} & set(user)


def test_a_user_of_every_project_is_one_by_that_word(world, operator):
    """The word is needed and kept; without it the operator had forgotten the project."""
    first, second = world.tenant(), world.tenant()
    user = operator.post("/dcaas/v1/users", {"user": {"name": "all-" + uuid.uuid4().hex[:8], "role": "member",
                                                      "all_projects": True}})["user"]
    assert user["project_id"] is None and "all_projects" not in user
    key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": user["id"]}})["access_key"]
    for tenant in (first, second):
        tenant.access_key, tenant.secret_key = key["access_key"], key["secret_key"]
        assert send(tenant, "GET", V3 + "virtual-gateways").status == 200


def test_a_key_of_a_user_who_became_less_is_worth_less(world, operator):
    """Also one that names the greater role itself."""
    boss = operator.post("/dcaas/v1/users", {"user": {"name": "boss-" + uuid.uuid4().hex[:8], "role": "operator"}})["user"]["id"]
    key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": boss, "role": "operator"}})["access_key"]
    client = world.dcaasd.operator()
    client.access_key, client.secret_key = key["access_key"], key["secret_key"]
    assert client.call("GET", "/dcaas/v1/edges", check=False).status == 200
    operator.put("/dcaas/v1/users/" + boss, {"user": {"role": "reader"}})
    refused(client.call("GET", "/dcaas/v1/edges", check=False), "APIGW.0302", status=403)


def test_a_key_may_be_worth_less_than_its_user_and_not_more(world, tenant, operator):
    key = operator.post("/dcaas/v1/access-keys", {"access_key": {"user_id": tenant.user_id, "role": "reader"}})["access_key"]
    reader = tenant.other("member")
    reader.access_key, reader.secret_key = key["access_key"], key["secret_key"]
    assert send(reader, "GET", V3 + "virtual-gateways").status == 200
    assert send(reader, "POST", V3 + "virtual-gateways", b"{}").status == 403
    refused(post(operator, "access-keys", "access_key", {"user_id": tenant.user_id, "role": "operator"}), "DC.0001", "role")


def test_operators_do_not_lock_out_their_own_user(operator, world):
    admin = world.dcaasd.admin
    me = [user for user in operator.get("/dcaas/v1/users")["users"]
          if operator.get("/dcaas/v1/access-keys?user_id=" + user["id"])["access_keys"] and
          admin["DCAAS_ADMIN_ACCESS_KEY"] in [key["access_key"] for key in operator.get(
              "/dcaas/v1/access-keys?user_id=" + user["id"])["access_keys"]]][0]["id"]
    for body in ({"enabled": False}, {"role": "reader"}):
        refused(operator.call("PUT", "/dcaas/v1/users/" + me, {"user": body}, check=False), "DC.0001", "their own user")
    refused(operator.call("DELETE", "/dcaas/v1/users/" + me, check=False), "DC.0001", "their own user")


def test_an_operator_sees_and_orders_in_every_project(world, tenant, operator, line, gateway):
    path = V3.replace("{project_id}", tenant.project_id)
    assert operator.get(path + "virtual-gateways/" + gateway)["virtual_gateway"]["id"] == gateway
    made = operator.post(path + "virtual-interfaces", {"virtual_interface": tenant.interface_body(line, gateway)})
    assert made["virtual_interface"]["tenant_id"] == tenant.project_id


def test_a_changed_attachment_changes_the_routes_of_its_gateway(dcaasd):
    from fake_edge import FakeEdge
    world = World(dcaasd)
    tenant, edge = world.tenant(), FakeEdge(world.endpoint, world.edge_token)
    vpc = tenant.vpc(prefixes=["10.1.0.0/24"])
    gateway = tenant.gateway(vpc_id=vpc)["id"]
    tenant.interface(world.connection(tenant), gateway)
    edge.poll()

    def routes():
        return sorted(key.rsplit("/", 2)[-2] + "/" + key.rsplit("/", 1)[-1] for key, one in edge.objects.items()
                      if one["kind"] == "route" and not one["deleted"])

    assert routes() == ["10.1.0.0/24"]
    attachment = world.operator.get("/dcaas/v1/attachments?vpc_id=" + vpc)["attachments"][0]["id"]
    world.operator.put("/dcaas/v1/attachments/" + attachment, {"attachment": {"prefixes": ["10.0.0.0/8"]}})
    edge.poll()
    assert routes() == ["10.1.0.0/16"]
