# SPDX-License-Identifier: ISC
"""Completion asks the server for names, in each shell, and keeps quiet where it cannot."""
import time

import pytest

from simulation import VPC
from test_program import complete

SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture(scope="module")
def office(person):
    for n, name in enumerate(("office", "two words", "Büro")):
        person("vgw", "create", "--name", name, "--vpc-id", VPC[:-1] + str(n), "--local-ep-group", "10.1.0.0/16")
    yield person
    person("vgw", "delete", "office", "two words", "Büro", "--wait")


def names(shell, person, *words):
    settings = {name: value for name, value in person.env.items() if name.startswith(("DCAAS_", "ASAN", "UBSAN", "LSAN"))}
    return {line.strip() for line in complete(shell, *words, settings=settings.items(), lines=True)} - {""}


@pytest.mark.parametrize("shell", SHELLS)
def test_names_are_offered_where_they_can_stand(office, shell):
    blank = {"bash": "two\\ words"}.get(shell, "two words")
    assert names(shell, office, "vgw", "show", "") == {"office", blank, "Büro"}
    assert names(shell, office, "vgw", "delete", "office", "B") == {"Büro"}
    assert names(shell, office, "vif", "create", "--vgw-id", "o") == {"office"}
    assert names(shell, office, "vif", "create", "--direct-connect-id", "") == {"line1"}
    assert names(shell, office, "port", "create", "--edge-id", "e") == {"edge1"}


@pytest.mark.parametrize("shell", SHELLS)
def test_what_was_begun_with_a_quote_or_a_backslash_is_understood(office, shell):
    typed = {"bash": "two\\ w", "zsh": "two\\ w", "fish": "two\\ w"}[shell]
    assert any("two" in name for name in names(shell, office, "vgw", "show", typed))


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_server_nothing_is_offered_and_nobody_waits(office, shell):
    begun = time.monotonic()
    offered = names(shell, office.with_settings(endpoint="http://127.0.0.1:9"), "vgw", "show", "of")
    assert "office" not in offered and time.monotonic() - begun < 30


def test_who_may_not_read_is_offered_nothing(office):
    assert "office" not in names("bash", office.with_settings(secret_key="wrong"), "vgw", "show", "of")


def test_a_file_of_settings_on_the_line_counts(office, tmp_path):
    env = tmp_path / "env"
    env.write_text("".join("%s=%s\n" % pair for pair in office.env.items() if pair[0].startswith("DCAAS_")))
    nobody = office.with_settings(endpoint="", access_key="", secret_key="", project_id="", admin_access_key="", admin_secret_key="")
    assert names("bash", nobody, "--env", str(env), "vgw", "show", "of") == {"office"}


def test_forms_of_output_and_tools_are_offered(office):
    assert names("bash", office, "vif", "list", "-o", "") == {"wide", "json", "yaml", "value", "name"}
    assert {"topology", "events", "diff", "export"} <= names("bash", office, "")
    assert names("bash", office, "topo") == {"topology"}
