# SPDX-License-Identifier: ISC
"""What needs no server or is about the program itself: help, completion, settings, TLS."""
import os
import re
import shutil
import subprocess

import pytest

from program import PROGRAM


def nouns(cli):
    """resource: verbs, from the help page."""
    found = {}
    for line in cli("help").lines:
        match = re.fullmatch(r"  ([a-z-]+) +((?:[a-z]+ ?)+)", line)
        if match:
            found[match[1]] = match[2].split()
    return found


def test_every_command_has_a_help_page(operator):
    all_nouns = nouns(operator)
    assert {"virtual-gateway", "virtual-interface", "vif-peer", "edge", "port", "attachment"} <= set(all_nouns)
    for noun, verbs in all_nouns.items():
        for verb in verbs:
            page = operator(noun, verb, "--help").out
            assert page.startswith("usage: dcaas %s %s" % (noun, verb)), page


def test_mistakes_name_what_there_is(operator):
    assert "no resource" in operator("nonsense", "list", code=2).err
    assert "there is: list, show" in operator("edge", "nonsense", code=2).err
    assert "no option" in operator("edge", "list", "--nonsense", code=2).err
    assert "needs edge_id" in operator("edge", "show", code=2).err
    assert operator(code=2).err.startswith("usage:")


# completion

BASH = r"""
source <("$PROGRAM" completion bash)
dcaas() { :; }
COMP_WORDS=("$PROGRAM" "$@"); COMP_CWORD=$#
_dcaas
printf '%s\n' "${COMPREPLY[@]}"
"""

# compadd and _files answer instead of the line editor, which a script has not.
ZSH = r"""
compdef() { :; }
compadd() { shift; print -rl -- "$@"; }
_files() { print -r -- FILES; }
source <("$PROGRAM" completion zsh)
words=("$PROGRAM" "$@"); CURRENT=$#words
_dcaas
"""


# As an installed file is found: a function of that name, loaded when it is first called.
ZSH_INSTALLED = ZSH.replace('source <("$PROGRAM" completion zsh)', 'fpath=("$FOLDER" $fpath); autoload -Uz _dcaas')


# fish asks its own completion, for a line as it would be typed.
FISH = """
set -x PATH (dirname $PROGRAM) $PATH
dcaas completion fish | source
complete -C (string join -- ' ' dcaas $argv)
"""

WITHOUT_SETTINGS = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def complete(shell, *words, script=None, folder="", settings=(), lines=False):
    name = [] if shell == "fish" else [shell]
    done = subprocess.run([shutil.which(shell), WITHOUT_SETTINGS[shell], "-c", script or SCRIPTS[shell], *name, *words],
                          env={"PATH": "/usr/bin:/bin", "PROGRAM": PROGRAM, "HOME": "/nonexistent", "FOLDER": str(folder),
                               **dict(settings)},
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.splitlines() if lines else done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_offers_what_can_stand_there(operator, shell):
    assert shutil.which(shell), "%s is not installed" % shell
    assert set(complete(shell, "virtual-")) == {"virtual-gateway", "virtual-interface"}
    assert set(complete(shell, "edge", "")) == set(nouns(operator)["edge"]) | {"help"}
    assert complete(shell, "virtual-interface", "create", "--route-m") == ["--route-mode"]
    assert set(complete(shell, "virtual-interface", "create", "--route-mode", "")) == {"static", "bgp"}
    assert "--bgp-md5-file" in complete(shell, "virtual-interface", "create", "--bgp")
    assert "--bgp-md5" not in complete(shell, "virtual-interface", "create", "--bgp")


def test_completion_for_zsh_works_from_the_first_key_on_when_installed(operator, tmp_path):
    (tmp_path / "_dcaas").write_text(operator("completion", "zsh").out)
    assert complete("zsh", "virtual-g", script=ZSH_INSTALLED, folder=tmp_path) == ["virtual-gateway"]


def test_completion_for_another_shell_is_refused(operator):
    assert "bash, zsh, fish" in operator("completion", "csh", code=2).err


# settings


def test_settings_from_a_private_file(operator, dcaasd, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint = http://127.0.0.1:9\n[lab]\nendpoint = %s\nadmin_access_key = %s\n"
                      "admin_secret_key = %s\n" % (dcaasd.endpoint, dcaasd.admin["DCAAS_ADMIN_ACCESS_KEY"],
                                                   dcaasd.admin["DCAAS_ADMIN_SECRET_KEY"]))
    config.chmod(0o600)
    nobody = operator.with_settings(endpoint="", admin_access_key="", admin_secret_key="")
    assert nobody("--config", str(config), "--profile", "lab", "domain", "list").lines[1].split()[1] == "default"
    assert "127.0.0.1:9" in nobody("--config", str(config), "health", "show", code=3).err
    config.chmod(0o644)
    assert str(config) in nobody("--config", str(config), "--profile", "lab", "domain", "list", code=2).err


def test_settings_from_a_file_of_environment_lines(operator, dcaasd, tmp_path):
    env = tmp_path / "env"
    env.write_text("DCAAS_ENDPOINT=%s\n" % dcaasd.endpoint +
                   "".join("%s=%s\n" % pair for pair in dcaasd.admin.items() if pair[0] != "DCAAS_DOMAIN_ID"))
    nobody = operator.with_settings(endpoint="", admin_access_key="", admin_secret_key="")
    assert nobody("--env", str(env), "domain", "list").lines[1].split()[1] == "default"


# TLS


def test_a_self_signed_certificate_is_refused_until_trusted(operator, dcaasd):
    with open(os.path.join(dcaasd.folder, "tls_port")) as file:
        endpoint = "https://" + file.read().strip()
    strict = operator.with_settings(endpoint=endpoint)
    assert "certificate" in strict("domain", "list", code=3).err.lower()
    certificate = os.path.join(dcaasd.state, "tls.crt")
    assert strict("--ca", certificate, "domain", "list").lines[1].split()[1] == "default"


def test_no_command_has_an_option_twice_and_each_begins_with_what_it_is_about(tenant):
    seen = [(noun, verb) for noun, verbs in nouns(tenant).items() for verb in verbs]
    assert len(seen) > 100
    for noun, verb in seen:
        options = re.findall(r"^  (?:-\w, )?(--[a-z0-9.-]+)", tenant(noun, verb, "--help").out, re.M)
        assert len(options) == len(set(options)), (noun, verb, sorted(options))
    assert {("switchover-test", "create"), ("switchover-test", "list"), ("resource-tag", "list"), ("resource-tag", "batch"),
            ("fault", "clear"), ("tagged-resource", "list")} <= set(seen)
    assert not [noun for noun, _ in seen if noun in ("test", "create-resource-tags", "vif-peer-at-id", "faults")]
