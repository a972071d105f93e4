# SPDX-License-Identifier: ISC
"""A tenant's way by names: not one id is typed, from nothing to an ACTIVE interface and back."""
import json
import os
import re

import pytest

from program import ROOT
from simulation import VPC

GATEWAY = ["--vpc-id", VPC, "--local-ep-group", "10.1.0.0/16"]
INTERFACE = ["--type", "private", "--direct-connect-id", "line1", "--bandwidth", "50", "--route-mode", "bgp", "--bgp-asn", "65001"]


def links(number):
    return ["--vlan", str(number), "--local-gateway-v4-ip", "169.254.%d.1/30" % number, "--remote-gateway-v4-ip",
            "169.254.%d.2/30" % number]


@pytest.fixture
def office(person):
    person("vgw", "create", "--name", "office", *GATEWAY)
    yield "office"
    person("vgw", "delete", "office", "--wait")


def ids_in(words):
    return [word for word in words if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{32}", word) and word != VPC]


def test_from_nothing_to_an_active_interface_and_back_with_names_only(person):
    """A VPC is another service's: its id is not one of this API's."""
    way = [
        ["vgw", "create", "--name", "office", *GATEWAY],
        ["vif", "create", "--name", "office", "--vgw-id", "office", *INTERFACE, *links(10), "--wait"],
        ["vif-peer", "create", "--vif-id", "office", "--name", "office-v6", "--address-family", "ipv6", "--route-mode", "bgp",
         "--bgp-asn", "65001", "--local-gateway-ip", "fd00:10::1/126", "--remote-gateway-ip", "fd00:10::2/126", "--wait"],
        ["vif", "show", "office"],
        ["vif", "update", "office", "--bandwidth", "60", "--wait"],
        ["vif", "list", "--vgw-id", "office", "--direct-connect-id", "line1"],
        ["vif", "wait", "office", "--status", "ACTIVE", "--bandwidth", "60"],
        ["vgw", "show", "office"],
        ["vif-peer", "delete", "office-v6", "--wait"],
        ["vif", "delete", "office", "--wait"],
        ["vgw", "delete", "office", "--wait"],
    ]
    for words in way:
        assert not ids_in(words)
        done = person(*words)
        if words[:2] == ["vif", "create"]:
            assert done.member("status") == "ACTIVE"
    for noun in ("vif", "vgw", "vif-peer"):
        assert person("-q", noun, "list").out == ""


def test_a_beginning_of_an_id_is_enough(person, office):
    whole = person.id("vgw", "list", "--name", office)
    assert person("-q", "vgw", "show", whole[:16]).lines == [whole]
    assert person("-q", "vgw", "show", whole.upper()[:20]).lines == [whole]
    assert "no virtual gateway" in person("vgw", "show", "abc", code=1).err  # three characters are no beginning


def test_an_ambiguous_name_is_an_error_that_lists_them(person, office):
    twin = person.id("vgw", "create", "--name", office, "--vpc-id", "6a1e2f30-0000-4000-8000-00000000000f", "--local-ep-group",
                     "10.7.0.0/16")
    try:
        both = person("-q", "vgw", "list").lines
        refused = person("vgw", "show", office, code=2).err
        assert len(both) == 2 and all(one in refused for one in both) and "more than one virtual gateway" in refused
        assert "more than one" in person("vif", "create", "--name", "x", "--vgw-id", office, *INTERFACE, *links(11), code=2).err
        assert person("-q", "vif", "list").out == ""
    finally:
        person("vgw", "delete", twin, "--wait")


def test_a_slip_is_met_with_the_nearest(person, office):
    assert 'no virtual gateway "offcie"; did you mean "office"?' in person("vgw", "show", "offcie", code=1).err
    assert 'no virtual gateway "zzz"; there is: office' in person("vgw", "show", "zzz", code=1).err
    assert "did you mean virtual-gateway?" in person("virtaul-gateway", "list", code=2).err
    assert "did you mean list?" in person("vgw", "lits", code=2).err
    assert "did you mean description?" in person("vgw", "update", office, "--descripton", "x", code=2).err


@pytest.mark.parametrize("words", [["vgw", "ls"], ["vgws", "list"], ["virtual-gateways", "ls"], ["virtual_gateway", "list"],
                                   ["virtual-g", "l"]], ids=" ".join)
def test_short_words_and_plurals(person, office, words):
    assert person("-q", *words).lines == person("-q", "virtual-gateway", "list").lines
    assert person("vgw", "get", office).out == person("virtual-gateway", "show", office).out


@pytest.mark.parametrize("name", ["two words", "Büro München", "東京", "a,b", "it's \"quoted\"", "100", "50%/2?&#", "-dash"])
def test_names_of_any_kind(person, name):
    person("vgw", "create", "--name", name, *GATEWAY)
    try:
        assert person("vgw", "show", "--", name).member("name") == name
        assert person("vgw", "list", "-o", "name").lines == [name]
        assert name in person.screen("vgw", "ls").out
    finally:
        person("vgw", "delete", "--wait", "--", name)
    assert person("-q", "vgw", "list").out == ""


def test_names_in_a_body(person, office, tmp_path):
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"virtual_interface": {"name": "x", "vgw_id": office, "direct_connect_id": "line1"}}))
    told = person("-n", "vif", "create", "--body", str(body), *INTERFACE[:2], *INTERFACE[4:], *links(12)).out
    assert office not in told and re.search(r'"vgw_id":"[0-9a-f-]{36}"', told)


def test_the_operator_uses_names_too(person):
    person("port", "create", "--edge-id", "edge1", "--device", "port9", "--name", "spare")
    try:
        assert person("port", "list", "--edge-id", "edge1", "-o", "name").lines == ["port1", "spare"]
    finally:
        person("port", "delete", "spare")
    # A project by its name, before the resource as well.
    assert person("--project", "tenant1", "-q", "dc", "list").lines == person("-q", "dc", "list").lines
    assert person("--project=tenant1", "dc", "list").out == person("dc", "list", "--project", "tenant1").out


def test_who_may_not_read_a_list_passes_the_word_on(person):
    """The server then names it."""
    tenant = person.with_settings(admin_access_key="", admin_secret_key="")
    refused = tenant("peer-link", "create", "none", "--name", "x", "--peer-site.gateway-id", "transit",
                     "--peer-site.project-id", "x", "--peer-site.region-id", "r", code=1).err
    assert 'no global DC gateway "none"' in refused


# deleting


def test_several_are_deleted_at_once(person):
    for name in ("a", "b", "c"):
        person("vgw", "create", "--name", name, "--vpc-id", "6a1e2f30-0000-4000-8000-0000000000a" + str(ord(name) - 97),
               "--local-ep-group", "10.1.0.0/16")
    assert 'no virtual gateway "x"' in person("vgw", "delete", "a", "x", code=1).err
    assert set(person("vgw", "list", "-o", "name").lines) == {"a", "b", "c"}
    assert person("vgw", "delete", "a", "b", "c", "--wait").out == ""
    assert person("-q", "vgw", "list").out == ""


def test_one_that_cannot_be_deleted_does_not_keep_the_others(person, office):
    person("vif", "create", "--name", "x", "--vgw-id", office, *INTERFACE, *links(13))
    person("vgw", "create", "--name", "free", "--vpc-id", "6a1e2f30-0000-4000-8000-0000000000bb", "--local-ep-group", "10.1.0.0/16")
    refused = person("vgw", "delete", office, "free", code=1).err
    assert "virtual gateway office: DC." in refused
    person("vif", "delete", "x", "--wait")
    assert person("vgw", "list", "-o", "name").lines == [office]


def test_a_terminal_is_asked_before_a_deletion(person, office):
    no = person.screen("vgw", "delete", office, answer="n\n", code=2).out
    assert "Delete virtual gateway office? [y/N]" in no and "nothing is deleted" in no
    person("vgw", "create", "--name", "other", "--vpc-id", "6a1e2f30-0000-4000-8000-0000000000cc", "--local-ep-group", "10.1.0.0/16")
    yes = person.screen("vgw", "delete", "other", "--wait", answer="y\n").out
    assert "virtual gateway other is deleted" in yes
    person("vgw", "create", "--name", "other", "--vpc-id", "6a1e2f30-0000-4000-8000-0000000000cc", "--local-ep-group", "10.1.0.0/16")
    assert "[y/N]" not in person.screen("vgw", "delete", "other", "--yes", "--wait").out


# waiting


def test_a_wait_shows_progress_to_who_watches_and_ends_with_the_reason(person, simulation, office):
    person("vif", "create", "--name", "x", "--vgw-id", office, *INTERFACE, *links(14), "--wait")
    try:
        simulation.set(down="169.254.14.2")
        person("vif", "wait", "x", "--status", "DOWN")
        failed = person.screen("vif", "wait", "x", "--status", "ACTIVE", "--timeout", "2", code=5, color=True).out
        assert re.search(r"\r\x1b\[K1s virtual interface x: status is DOWN, reason is ipv4: no session", failed)
        assert re.search(r"virtual interface x: timed out after 2 s: status is DOWN, reason is ipv4: no session since", failed)
        assert person("vif", "wait", "x", "--status", "ACTIVE", "--timeout", "1", code=5).err.count("\n") == 1
    finally:
        simulation.set()
        person("vif", "delete", "x", "--wait")


def test_a_change_that_waits_fails_with_the_reason(person, simulation, office):
    """The far router goes down."""
    person("vif", "create", "--name", "y", "--vgw-id", office, *INTERFACE, *links(15))
    try:
        person("vif", "wait", "y", "--status", "ACTIVE")
        simulation.set(down="169.254.15.2")
        person("vif", "wait", "y", "--status", "DOWN")
        failed = person("vif", "update", "y", "--bandwidth", "55", "--wait", "--timeout", "1", code=5).err
        assert "virtual interface y: timed out after 1 s: status is" in failed
    finally:
        simulation.set()
        person("vif", "delete", "y", "--wait")


# what goes wrong outside


def test_a_server_that_is_down_is_named(person):
    refused = person.with_settings(endpoint="http://127.0.0.1:9")("vif", "ls", code=3).err
    assert refused.startswith("dcaas: http://127.0.0.1:9") and len(refused.splitlines()) == 1


def test_a_key_that_is_disabled_is_reported(person):
    user = person.id("user", "create", "--name", "gone", "--project-id", "tenant1", "--role", "reader")
    key = person("user-key", "create", "--user-id", "gone")
    gone = person.with_settings(access_key=key.member("access_key"), secret_key=key.member("secret_key"))
    assert gone("vif", "ls").lines
    person("user-key", "update", key.member("access_key"), "--enabled", "no")
    assert "HTTP 401" in gone("vif", "ls", code=4).err
    assert "HTTP 401" in gone("vif", "show", "office", code=4).err
    person("user-key", "delete", key.member("id"))
    person("user", "delete", user)


# what is always refused is not offered


def refused_members():
    with open(os.path.join(ROOT, "doc", "openapi.json")) as file:
        document = json.load(file)
    for name, schema in document["components"]["schemas"].items():
        for member, of in schema.get("properties", {}).items():
            if "x-dcaas-refused" in of:
                yield name, member, of


def test_a_gateway_before_a_router_that_is_not_there_is_refused(person):
    options = ["--name", "z", "--local-ep-group", "10.1.0.0/16", "--enterprise-router-id", "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"]
    assert "enterprise_router_id" in person("vgw", "create", *options, code=1).err
    assert "--enterprise-router-id" in person("vgw", "create", "--help").out


@pytest.mark.parametrize("member, value", [
    (member, value) for name, member, of in refused_members() if name == "VirtualInterfaceCreate"
    for value in (of["x-dcaas-refused"] if of["x-dcaas-refused"] is not True
                  else ["0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f".replace("-", "" if "pattern" in of else "-")])])
def test_what_is_declared_as_refused_always_is(person, office, member, value):
    """An order that would be carried out without it. The option is not offered, or not with this value."""
    body = {"name": "z", "type": "private", "vgw_id": person.id("vgw", "list"), "vlan": 77, "bandwidth": 50, "route_mode": "bgp",
            "direct_connect_id": person.id("dc", "list"), "bgp_asn": 65001, "local_gateway_v4_ip": "169.254.77.1/30",
            "remote_gateway_v4_ip": "169.254.77.2/30"}
    body[member] = True if value == "true" else value
    refused = person("vif", "create", "--body", "-", stdin=json.dumps({"virtual_interface": body}), code=1).err
    assert re.search(r"DC\.\d{4}", refused) and "HTTP 400" in refused or "HTTP 404" in refused
    page = person("vif", "create", "--help").out
    line = next((line for line in page.splitlines() if line.split()[:1] == ["--" + member.replace("_", "-")]), None)
    assert line is None or value not in re.split(r"[ |]", line)


def test_what_is_not_declared_as_refused_is_offered(person):
    page = person("vif", "create", "--help").out
    for option in ("name", "vgw-id", "vlan", "bgp-md5-file", "service-type", "tags", "description"):
        assert "--%s " % option in page


def test_help_has_defaults_ranges_and_an_example(person):
    page = person("vif", "create", "--help").out
    assert "(needed; 0 to 3999)" in page and "(default ipv4)" in page and "at most 64" in page
    assert "example:\n  dcaas virtual-interface create --name office" in page
    assert all(len(line) <= 80 for line in page.splitlines()), [line for line in page.splitlines() if len(line) > 80]


def test_an_example_of_help_can_be_typed(person, office):
    """An order as help shows it works, with the names that there are."""
    page = person("vif", "create", "--help").out
    command = page.split("example:\n  dcaas ")[1].split("\n\n")[0].replace("\\\n", " ").split()
    command = ["line1" if word == "line" else word for word in command]
    person(*command)
    person("vif", "delete", "office", "--wait")


def test_openapi_is_json(person):
    assert json.loads(person("openapi", "show").out)["openapi"].startswith("3.")
