# SPDX-License-Identifier: ISC
"""The tenant's round: gateways, interfaces with their peers, as tables and as JSON."""
import json
import time

import pytest


@pytest.fixture
def gateway(tenant, site, operator):
    made = tenant.gateway()
    yield made
    tenant("virtual-gateway", "delete", made)
    operator("edge", "retire", site.edge)
    tenant("virtual-gateway", "wait", made, "--gone", "--timeout", "60")


@pytest.fixture
def ordered(tenant, site, operator, gateway, tmp_path):
    """An interface with a password; no edge answers, so it stays as ordered until the edge is retired."""
    secret = tmp_path / "md5"
    secret.write_text("s3cret-md5\n")
    made = tenant.interface(gateway, 100, "--bgp-md5-file", str(secret))
    yield made
    tenant("virtual-interface", "delete", made)
    operator("edge", "retire", site.edge)
    tenant("virtual-interface", "wait", made, "--gone", "--timeout", "60")


def test_an_order_is_shown_as_it_stands(tenant, ordered):
    shown = tenant("virtual-interface", "show", ordered)
    assert shown.member("status") == "PENDING_CREATE"
    assert shown.member("bgp_md5") == "***"
    assert "vif_peers:" in shown.lines
    row = tenant("virtual-interface", "list").lines[1].split()
    assert row[:3] == [ordered, "office", "100"]
    # Who may write gets it as JSON, as from the API.
    assert json.loads(tenant("-j", "virtual-interface", "show", ordered).out)["virtual_interface"]["bgp_md5"] == "s3cret-md5"


def test_a_tenant_reads_what_happened_in_the_project(tenant, ordered):
    """With a key of the project; the operator's own deeds have no name."""
    rows = [line.split() for line in tenant("events").lines]
    assert rows[0] == ["TIME", "WHO", "ACTION", "WHAT", "FROM"]
    assert ["acme", "create", "virtual", "interface", "office", "127.0.0.1"] in [row[1:] for row in rows]
    assert ["-", "create", "connection", "line", "-"] in [row[1:] for row in rows]
    assert len(tenant("vif-session", "list", "office").lines) == 1, "nobody has reported yet"


def test_lists_are_filtered(tenant, ordered, gateway):
    assert tenant("-q", "virtual-interface", "list", "--status", "PENDING_CREATE").lines == [ordered]
    assert tenant("-q", "virtual-interface", "list", "--status", "ACTIVE").lines == []
    assert tenant("-q", "virtual-interface", "list", "--status", "ACTIVE", "--status", "PENDING_CREATE").lines == [ordered]
    assert tenant("-q", "virtual-interface", "list", "--vgw-id", gateway, "--name", "office").lines == [ordered]
    assert tenant("-q", "virtual-interface", "list", "--name", "elsewhere").lines == []


def test_fields_and_columns_choose_what_is_shown(tenant, ordered):
    assert tenant("virtual-interface", "list", "--fields", "name,vlan").lines[0].split() == ["ID", "NAME", "VLAN"]
    assert set(json.loads(tenant("-j", "virtual-interface", "list", "--fields", "vlan").out)["virtual_interfaces"][0]) == {
        "id", "vlan"}
    assert tenant("virtual-interface", "list", "--columns", "vlan,status").lines[1].split() == ["100", "PENDING_CREATE"]
    assert tenant("virtual-interface", "show", ordered, "--columns", "vlan").lines == ["vlan  100"]
    assert "no column" in tenant("virtual-interface", "show", ordered, "--columns", "nothing", code=2).err


def test_a_second_peer_comes_changes_and_goes(tenant, ordered):
    made = tenant("vif-peer", "create", "--vif-id", ordered, "--name", "six", "--address-family", "ipv6", "--route-mode", "bgp",
                  "--bgp-asn", "65001", "--local-gateway-ip", "2001:db8::1/64", "--remote-gateway-ip", "2001:db8::2/64")
    peer = made.member("id")
    assert made.member("address_family") == "ipv6"
    assert tenant("vif-peer", "update", peer, "--name", "renamed").member("name") == "renamed"
    assert peer in tenant("virtual-interface", "show", ordered).out
    tenant("vif-peer", "delete", peer)
    # A second one of a family is refused, in the API's words.
    twice = tenant("vif-peer", "create", "--vif-id", ordered, "--address-family", "ipv4", "--route-mode", "bgp", "--bgp-asn",
                   "65001", "--local-gateway-ip", "198.51.100.1/30", "--remote-gateway-ip", "198.51.100.2/30", code=1)
    assert twice.err.startswith("dcaas: DC.") and "request " in twice.err


def test_an_interface_changes_and_its_other_members_stay(tenant, ordered):
    changed = tenant("virtual-interface", "update", ordered, "--name", "branch", "--bandwidth", "60")
    assert (changed.member("name"), changed.member("bandwidth"), changed.member("vlan")) == ("branch", "60", "100")
    assert "nothing to change" in tenant("virtual-interface", "update", ordered, code=2).err


def test_a_body_from_a_file_and_options_over_it(tenant, gateway, tmp_path):
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"virtual_gateway": {"name": "from-file", "description": "kept"}}))
    changed = tenant("virtual-gateway", "update", gateway, "--body", str(body), "--name", "from-option")
    assert (changed.member("name"), changed.member("description")) == ("from-option", "kept")
    assert tenant("virtual-gateway", "update", gateway, "--body", "-", stdin='{"name": "from-stdin"}').member("name") == \
        "from-stdin"


def test_a_dry_run_prints_the_call_without_its_secrets(tenant, ordered, tmp_path):
    secret = tmp_path / "other"
    secret.write_text("never-shown")
    told = tenant("-n", "virtual-interface", "create", "--type", "private", "--vlan", "7", "--bandwidth", "5", "--route-mode",
                  "static", "--bgp-md5-file", str(secret))
    assert told.lines[0].startswith("POST http://") and "never-shown" not in told.out and '"***"' in told.out
    assert tenant("-q", "virtual-interface", "list").lines == [ordered]


# errors


def test_a_refusal_is_printed_with_code_words_and_request_id(tenant, gateway):
    refused = tenant("virtual-interface", "create", "--name", "x", "--type", "private", "--vlan", "5000", "--bandwidth", "5",
                     "--direct-connect-id", tenant.connection, "--vgw-id", gateway, "--route-mode", "static", code=1)
    assert refused.out == "" and len(refused.err.splitlines()) == 1
    assert "DC.0001" in refused.err and "vlan" in refused.err and "HTTP 400, request " in refused.err


def test_what_others_own_does_not_exist(operator, tenant, gateway):
    project = operator.id("project", "create", "--name", "strangers")
    user = operator.id("user", "create", "--name", "stranger", "--project-id", project, "--role", "member")
    key = operator("user-key", "create", "--user-id", user)
    stranger = tenant.with_settings(project_id=project, access_key=key.member("access_key"),
                                    secret_key=key.member("secret_key"))
    assert "HTTP 404" in stranger("virtual-gateway", "show", gateway, code=1).err
    assert stranger("-q", "virtual-gateway", "list").out == ""
    assert "HTTP 403" in stranger("virtual-gateway", "list", "--project", tenant.project, code=4).err
    assert "HTTP 403" in stranger("edge", "list", code=4).err


def test_a_wrong_key_and_a_silent_server_have_exit_codes_of_their_own(tenant):
    assert "HTTP 401" in tenant.with_settings(secret_key="wrong")("virtual-gateway", "list", code=4).err
    assert "127.0.0.1:9" in tenant.with_settings(endpoint="http://127.0.0.1:9")("virtual-gateway", "list", code=3).err


# own things


def test_a_tenant_makes_a_key_of_its_own_uses_it_and_deletes_it(tenant, gateway):
    made = tenant("access-key", "create", "--description", "ci", "--role", "reader")
    lesser = tenant.with_settings(access_key=made.member("access_key"), secret_key=made.member("secret_key"))
    assert lesser("-q", "virtual-gateway", "list").lines == [gateway]
    assert "HTTP 403" in lesser("virtual-gateway", "update", gateway, "--name", "x", code=4).err
    assert made.member("secret_key") not in tenant("ak", "list").out
    tenant("access-key", "delete", made.member("id"))
    assert "HTTP 401" in lesser("virtual-gateway", "list", code=4).err


def test_a_tenant_reads_what_is_free_and_what_is_down(tenant, gateway, ordered):
    room = tenant("-o", "value", "project-connection", "list", "--columns", "bandwidth_free,interfaces,vlans_free").lines
    assert len(room) == 1 and room[0].split("\t")[:2] == ["1000", "1"], room
    (peer,) = tenant("-o", "value", "project-vif-peer", "list", "--columns", "name,status").lines
    assert peer.split("\t")[1] == "PENDING_CREATE"
    assert tenant("project-vif-peer", "list", "--status", "ACTIVE", "-q").out == ""
    assert tenant("-q", "project-attachment", "list").lines


def test_the_operator_lets_two_projects_be_linked_and_takes_it_back(operator, tenant):
    other = operator.id("project", "create", "--name", "partners")
    pair = operator.id("project-pair", "create", "--project-id", "partners", "--peer-project-id", tenant.project)
    assert operator("-q", "project-pair", "list", "--project-id", other).lines == [pair]
    operator("project-pair", "delete", pair)
    assert "DC.0002" in operator("project-pair", "show", pair, code=1).err
    assert tenant("project-peer-link", "list").out


# waiting and watching


def test_wait_ends_when_the_member_is_as_wanted(tenant, gateway):
    assert tenant("virtual-gateway", "wait", gateway, "--status", "ACTIVE", "--timeout", "60").member("status") == "ACTIVE"
    waiting = tenant.spawn("virtual-gateway", "wait", gateway, "--name", "renamed", "--timeout", "150")
    assert waiting.poll() is None
    tenant("virtual-gateway", "update", gateway, "--name", "renamed")
    out, err = waiting.communicate(timeout=200)
    assert waiting.returncode == 0 and "renamed" in out, err


def test_a_wait_that_times_out_shows_what_it_saw(tenant, ordered):
    begun = time.monotonic()
    failed = tenant("virtual-interface", "wait", ordered, "--status", "ACTIVE", "--timeout", "1", code=5)
    assert "timed out after 1 s: status is PENDING_CREATE" in failed.err
    assert time.monotonic() - begun < 50  # that of 1 s, and not the default one of a minute
    assert "HTTP 404" in tenant("virtual-interface", "wait", tenant.connection, "--status", "ACTIVE", code=1).err
    assert "wait for what" in tenant("virtual-interface", "wait", ordered, code=2).err


UNKNOWN = "01890000-0000-7000-8000-000000000001"


def test_wait_for_the_end_of_what_never_was_is_an_error(tenant, operator, site):
    """Of a name always; of an id where the operator's trail can be asked."""
    assert 'no virtual gateway "office"' in tenant("virtual-gateway", "wait", "office", "--gone", code=1).err
    assert "not there when the wait began" in tenant("virtual-gateway", "wait", UNKNOWN, "--gone").err
    both = tenant.with_settings(admin_access_key=operator.env["DCAAS_ADMIN_ACCESS_KEY"],
                                admin_secret_key=operator.env["DCAAS_ADMIN_SECRET_KEY"])
    assert "HTTP 404" in both("virtual-gateway", "wait", UNKNOWN, "--gone", code=1).err
    assert "HTTP 404" in operator("edge", "wait", UNKNOWN, "--gone", code=1).err
    port = operator.id("port", "create", "--edge-id", site.edge, "--device", "eth99", "--name", "p")
    operator("port", "delete", port)
    assert "not there when the wait began" in operator("port", "wait", port, "--gone").err


@pytest.mark.parametrize("verb", ["show", "list"])
def test_watch_follows_a_change(tenant, gateway, verb):
    watching = tenant.spawn("virtual-gateway", verb, *([gateway] if verb == "show" else []), "--columns", "name", "--watch",
                            "--interval", "1")
    try:
        seen = [watching.stdout.readline()]
        tenant("virtual-gateway", "update", gateway, "--name", "watched")
        while "watched" not in seen[-1] and len(seen) < 100:
            seen.append(watching.stdout.readline())
        assert "watched" in seen[-1]
    finally:
        watching.kill()
        watching.communicate()


# many


def test_every_page_is_fetched(operator, tenant):
    made = [operator.id("location", "create", "--name", "page%d" % i) for i in range(7)]
    try:
        listed = operator("-q", "location", "list", "--page-size", "2").lines
        assert set(made) < set(listed) and listed == operator("-q", "location", "list").lines
        assert operator("-q", "location", "list", "--page-size", "2", "--limit", "5").lines == listed[:5]
        merged = json.loads(operator("-j", "location", "list", "--page-size", "2").out)
        assert [item["id"] for item in merged["direct_connect_locations"]] == listed
    finally:
        for location in made:
            operator("location", "delete", location)
