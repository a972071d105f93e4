# SPDX-License-Identifier: ISC
"""The operator's round: what the command line creates is listed, shown, changed and removed."""
import json

import pytest

# resource, words that create, (option, member, other value), list filter
ROUNDS = [
    ("domain", ["--name", "other-domain"], ("--name", "name", "renamed-domain")),
    ("project", ["--name", "other"], ("--description", "description", "for tests")),
    ("location", ["--name", "ams1", "--city", "Amsterdam"], ("--city", "city", "Zaandam")),
    ("edge", ["--name", "edge2", "--device-id", "172.16.40.3"], ("--report-interval", "report_interval", "5")),
]


@pytest.mark.parametrize("noun, create, change", ROUNDS, ids=[r[0] for r in ROUNDS])
def test_a_round_of(operator, noun, create, change):
    option, member, value = change
    made = operator(noun, "create", *create)
    thing = made.member("id")
    assert thing in [line.split()[0] for line in operator(noun, "list").lines[1:]]
    assert operator(noun, "show", thing).member("id") == thing
    assert operator(noun, "update", thing, option, value).member(member) == value
    assert operator(noun, "show", thing).member(member) == value
    assert operator(noun, "delete", thing).out == ""
    assert operator(noun, "show", thing, code=1).err.count("HTTP 404") == 1


def test_a_user_and_a_key(operator, tenant, dcaasd, tmp_path):
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    user = operator.id("user", "create", "--name", "carol", "--project-id", tenant.project, "--role", "reader",
                       "--password-file", str(password))
    key = operator("user-key", "create", "--user-id", user)
    carol = tenant.with_settings(access_key=key.member("access_key"), secret_key=key.member("secret_key"))
    assert carol("direct-connect", "list").lines[1].split()[0] == tenant.connection
    # The secret key is shown once.
    assert "secret_key" not in operator("user-key", "show", key.member("id")).out
    assert key.member("secret_key") not in operator("-j", "user-key", "list").out
    # A reader does not write, a disabled key does nothing.
    assert "HTTP 403" in carol("virtual-gateway", "create", "--name", "x", "--vpc-id", tenant.connection, "--local-ep-group",
                               "10.9.0.0/16", code=4).err
    operator("user-key", "update", key.member("id"), "--enabled", "no")
    assert "HTTP 401" in carol("direct-connect", "list", code=4).err
    operator("user-key", "delete", key.member("id"))
    operator("user", "delete", user)


def test_a_user_needs_a_project_or_the_word_for_all(operator):
    refused = operator("user", "create", "--name", "erin", "--role", "member", code=1)
    assert "project_id is needed" in refused.err
    user = operator.id("user", "create", "--name", "erin", "--role", "member", "--all-projects", "yes")
    assert operator("user", "show", user).member("project_id") == "-"
    operator("user", "delete", user)


def test_a_secret_as_an_argument_is_refused(operator, tenant):
    refused = operator("user", "create", "--name", "dave", "--project-id", tenant.project, "--role", "member", "--password",
                       "correct horse", code=2)
    assert "--password-file" in refused.err and "correct horse" not in refused.err


def test_the_inventory_is_read_as_tables(operator, site, tenant):
    ports = operator("port", "list").lines
    assert ports[0].split() == ["ID", "NAME", "EDGE", "DEVICE"]
    assert sorted(line.split()[1:] for line in ports[1:]) == [["customer", site.edge, "eth1"], ["vpc", site.edge, "eth2"]]
    assert operator("connection", "show", tenant.connection).member("port_id") == site.port
    attached = operator("attachment", "list").lines
    assert len(attached) == 2 and "10.1.0.0/16" in operator("attachment", "show", attached[1].split()[0]).member("prefixes")


def test_an_edge_gets_a_new_credential_and_words_for_its_store(operator):
    made = operator("edge", "create", "--name", "edge3", "--device-id", "172.16.40.4")
    edge, token = made.member("id"), made.member("token")
    renewed = operator("edge-token", "renew", edge).member("token")
    assert len(renewed) == 64 and renewed != token
    assert "token" not in operator("edge", "show", edge).out
    assert "nothing to confirm" in operator("edge", "confirm", edge, code=1).err
    assert operator("edge", "retire", edge).member("id") == edge
    actions = {(e["action"], e["kind"]) for e in json.loads(operator("-j", "event", "list").out)["events"]
               if e["resource_id"] == edge}
    assert {("create", "edge"), ("renew-token", "edge"), ("retire", "edge")} <= actions
    operator("edge", "delete", edge)


def test_what_is_still_in_use_is_not_removed(operator, site):
    refused = operator("edge", "delete", site.edge, code=1)
    assert "ports" in refused.err and "request " in refused.err


def test_the_operator_gives_ids(operator, tenant):
    wanted = "0a21446f-0000-7000-8000-00000000abcd"
    assert operator("location", "create", "--id", wanted, "--name", "ber1").member("id") == wanted
    assert operator("location", "create", "--id", wanted, "--name", "ber2", code=1).err.count("request ") == 1
    operator("location", "delete", wanted)


def test_health_needs_no_credentials(operator, dcaasd, home):
    nobody = operator.with_settings(admin_access_key="", admin_secret_key="")
    assert nobody("health", "show").member("status") in ("ok", "degraded")  # an edge that has never reported is silent
    assert "DCAAS_ADMIN_ACCESS_KEY" in nobody("edge", "list", code=4).err
