# SPDX-License-Identifier: ISC
"""What clients of OpenStack and Open Telekom Cloud do before their first call and with each: the catalog, and signatures that are
bound to a day, a region and a service."""
import hashlib
import hmac
import json
import time

import pytest
from test_auth import issue, refused, target_of, token_request, with_token

from lab import api_client
from support import V3, exchange, send

LIST = V3 + "virtual-gateways"


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def scoped(tenant, method, target, body=b"", scope=None, secret_key=None, sent_scope=None, date=None):
    """Headers of a request that is signed for a scope, written from the description in doc/clients.md."""
    path, _, query = target.partition("?")
    date = date or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = (date[:8] + "/eu-de/dcaas/sdk_request") if scope is None else scope
    headers = {"content-type": "application/json", "host": tenant.at.netloc, "x-sdk-date": date}
    canonical = "\n".join([method, api_client.canonical_path(path), api_client.canonical_query(query),
                           "".join("%s:%s\n" % item for item in sorted(headers.items())), ";".join(sorted(headers)),
                           hashlib.sha256(body).hexdigest()])
    key = ("SDK" + (secret_key or tenant.secret_key)).encode()
    for part in scope.split("/"):
        key = mac(key, part)
    text = "\n".join(["SDK-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"] = "SDK-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        tenant.access_key, sent_scope or scope, ";".join(sorted(headers)), mac(key, text).hex())
    return headers


def day(offset=0):
    return time.strftime("%Y%m%d", time.gmtime(time.time() + offset))


@pytest.mark.parametrize("region, service", [("eu-de", "dcaas"), ("", ""), ("region-1", "x")])
def test_a_signature_for_a_scope_is_accepted(tenant, region, service):
    target = target_of(tenant, LIST + "?name=b&limit=1")
    headers = scoped(tenant, "GET", target, scope="%s/%s/%s/sdk_request" % (day(), region, service))
    assert exchange(tenant, "GET", target, headers=headers).status == 200


def test_a_body_that_is_signed_for_a_scope_is_an_order(tenant):
    body = json.dumps({"virtual_gateway": {"vpc_id": tenant.vpc(), "local_ep_group": ["10.1.0.0/16"]}}).encode()
    headers = scoped(tenant, "POST", target_of(tenant), body)
    refused(exchange(tenant, "POST", target_of(tenant), body.replace(b"10.1", b"10.2"), headers))
    assert exchange(tenant, "POST", target_of(tenant), body, headers).status == 201


@pytest.mark.parametrize("options", [
    {"secret_key": "wrong"}, {"scope": ""}, {"scope": "{today}"}, {"scope": "{today}/eu-de/dcaas"},
    {"scope": "{today}/eu-de/dcaas/aws4_request"}, {"scope": "{today}/eu-de/dcaas/x/sdk_request"},
    {"scope": "{yesterday}/eu-de/dcaas/sdk_request"}, {"scope": "/eu-de/dcaas/sdk_request"},
    {"sent_scope": "{today}/eu-nl/dcaas/sdk_request"}], ids=str)
def test_a_signature_for_another_scope_is_refused(tenant, options):
    options = {name: text.replace("{today}", day()).replace("{yesterday}", day(-86400)) for name, text in options.items()}
    refused(exchange(tenant, "GET", target_of(tenant), headers=scoped(tenant, "GET", target_of(tenant), **options)))


def test_a_key_without_a_scope_is_not_signed_for_one(tenant):
    headers = scoped(tenant, "GET", target_of(tenant))
    for old, new in (("/" + day() + "/eu-de/dcaas/sdk_request", ""), ("Credential=", "Access=")):
        refused(exchange(tenant, "GET", target_of(tenant),
                         headers={**headers, "authorization": headers["authorization"].replace(old, new)}))


def catalog_of(answer):
    return {service["type"]: service["endpoints"][0] for service in answer["catalog"]}


def test_the_catalog_names_the_identity_service_and_the_projects_dcaas(world, tenant):
    found = catalog_of(send(tenant, "GET", "/v3/auth/catalog"))
    assert found["identity"]["url"] == tenant.endpoint + "/v3"
    assert found["dcaas"]["url"] == tenant.endpoint + "/v3/" + tenant.project_id
    assert {endpoint["interface"] for endpoint in found.values()} == {"public"}
    token = issue(tenant, token_request(world, tenant)).headers["x-subject-token"]
    assert catalog_of(with_token(tenant, token, "/v3/auth/catalog")) == found
    assert catalog_of(issue(tenant, token_request(world, tenant))["token"]) == found


def test_the_catalog_is_that_of_a_project_the_caller_may_use(world, tenant):
    other = world.tenant()
    refused(send(tenant, "GET", "/v3/auth/catalog", headers={"x-project-id": other.project_id}), 403, "APIGW.0302")
    found = catalog_of(send(world.operator, "GET", "/v3/auth/catalog", headers={"x-project-id": other.project_id}))
    assert found["dcaas"]["url"].endswith("/v3/" + other.project_id)
    refused(exchange(tenant, "GET", "/v3/auth/catalog", headers={"host": tenant.at.netloc}))


@pytest.mark.parametrize("method, path, body, instead", [
    ("POST", "virtual-gateways", {"virtual_gateway": {"vpc_id": "x", "local_ep_group_id": "y"}}, "local_ep_group"),
    ("PUT", "virtual-gateways/x", {"virtual_gateway": {"name": "x", "local_ep_group_id": "y"}}, "local_ep_group"),
    ("POST", "virtual-interfaces", {"virtual_interface": {"remote_ep_group_id": "y"}}, "remote_ep_group"),
    ("POST", "vif-peers", {"vif_peer": {"remote_ep_group_id": "y"}}, "remote_ep_group")])
def test_members_of_the_api_before_v3_are_refused_and_what_to_send_is_named(tenant, method, path, body, instead):
    answer = send(tenant, method, V3 + path, json.dumps(body).encode())
    assert (answer.status, answer["error_code"]) == (400, "DC.0001")
    assert answer["error_msg"].endswith("%s_id belongs to an older API than v3: send %s instead" % (instead, instead))


@pytest.mark.parametrize("method, path", [("GET", ""), ("POST", ""), ("GET", "/x"), ("PUT", "/x"), ("DELETE", "/x")])
def test_endpoint_groups_are_refused_with_words(tenant, method, path):
    answer = send(tenant, method, V3 + "dc-endpoint-groups" + path, b"{}" if method in ("POST", "PUT") else b"")
    assert (answer.status, answer["error_code"]) == (404, "APIGW.0101") and "send local_ep_group" in answer["error_msg"]
