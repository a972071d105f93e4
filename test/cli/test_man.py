# SPDX-License-Identifier: ISC
"""The manual pages: well-formed, and about the programs as they are."""
import glob
import os
import re
import shutil
import subprocess

import pytest

from lab.dcaasd import binary
from program import ROOT

PAGES = sorted(glob.glob(os.path.join(ROOT, "man", "*.[0-9]")))


def page(name):
    with open(os.path.join(ROOT, "man", name)) as file:
        return file.read()


def keys_of_page(section):
    text = page("dcaas.conf.5").split('.\\" keys of [%s]' % section)[1].split('.\\" end of keys')[0]
    return {key: fallback for key, fallback in re.findall(r"^\.It Li (\w+)(?: = (.*))?$", text, re.M)}


@pytest.mark.parametrize("path", PAGES, ids=[os.path.basename(path) for path in PAGES])
def test_a_page_is_well_formed(path):
    assert shutil.which("mandoc"), "mandoc is not installed"
    done = subprocess.run(["mandoc", "-Tlint", path], capture_output=True, text=True)
    # Which manuals are installed here is not the page's business; whether ours exist is.
    wrong = [line for line in done.stdout.splitlines() if "referenced manual not found" not in line]
    assert not wrong, "\n".join(wrong)
    with open(path) as file:
        ours = re.findall(r"\.Xr (dcaas\S*) (\d)", file.read())
    assert all(os.path.exists(os.path.join(ROOT, "man", "%s.%s" % pair)) for pair in ours), ours


def test_the_keys_of_the_configuration_are_in_the_page_with_their_defaults():
    done = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "man", "update.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program, section, form", [("dcaasd", "dcaasd", r"^#?(\w+) = (.*)$"),
                                                    ("dcaas-edge", "edge", r"^\[edge\] (\w+) = (.*)$")])
def test_a_daemon_prints_the_keys_of_the_page(program, section, form):
    printed = subprocess.run([binary(program), "--keys"], capture_output=True, text=True, check=True).stdout
    of_program = dict(re.findall(form, printed, re.M))
    assert len(of_program) > 5 and of_program == keys_of_page(section)


@pytest.mark.parametrize("name", ["dcaasd", "dcaas-edge"])
def test_every_option_of_a_daemon_is_in_its_page_and_no_other(name):
    usage = subprocess.run([binary(name), "-h"], capture_output=True, text=True, check=True).stdout
    of_program = set(re.findall(r"^  (-[\w-]+)", usage, re.M))
    of_page = {"-" + word for word in re.findall(r"^\.It Fl (\S+)", page(name + ".8"), re.M)}
    assert of_program and of_page == of_program


def test_every_option_and_setting_of_the_command_line_is_in_its_page(operator):
    text = page("dcaas.1").replace("\\-", "-")
    for line in operator("help").lines:
        option = re.match(r"  (?:-\w, )?--([a-z-]+) ", line)
        setting = re.match(r"  (DCAAS_\w+) +(\w+) ", line)
        if option:
            assert "-" + option[1] in text, option[1]
        if setting:
            assert setting[1] in text and setting[2] in text, setting[0]
    documented = set(re.findall(r"\.It (\d)", text))
    assert documented == {"0", "1", "2", "3", "4", "5", "6"}


def test_an_installation_has_all_that_the_book_names(tmp_path):
    build = os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build"))
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", str(tmp_path)], check=True,
                   capture_output=True)
    installed = {os.path.relpath(os.path.join(folder, name), tmp_path)
                 for folder, _, names in os.walk(tmp_path) for name in names}
    ends = ["sbin/dcaasd", "sbin/dcaas-edge", "bin/dcaas", "man1/dcaas.1", "man5/dcaas.conf.5", "man5/dcaas-sim.5", "man8/dcaasd.8",
            "man8/dcaas-edge.8", "systemd/system/dcaasd.service", "systemd/system/dcaas-edge.service", "sysusers.d/dcaas-server.conf",
            "tmpfiles.d/dcaas-server.conf", "sysusers.d/dcaas-edge.conf", "tmpfiles.d/dcaas-edge.conf", "sysctl.d/60-dcaas-edge.conf", "doc/dcaas/examples/dcaasd.conf", "doc/dcaas/examples/edge.conf",
            "bash-completion/completions/dcaas", "zsh/vendor-completions/_dcaas",
            "fish/vendor_completions.d/dcaas.fish"]
    found = {end: [path for path in installed if path.endswith("/" + end)] for end in ends}
    assert all(len(paths) == 1 for paths in found.values()), found
    # A unit starts the program where it was installed, with the example as configuration: both are good.
    for program, unit, example in (("dcaasd", "dcaasd.service", "dcaasd.conf"), ("dcaas-edge", "dcaas-edge.service",
                                                                                 "edge.conf")):
        text = (tmp_path / found["systemd/system/" + unit][0]).read_text()
        path = re.search(r"^ExecStart=(\S+)", text, re.M)[1]
        assert path == "/" + found["sbin/" + program][0]
        done = subprocess.run([str(tmp_path) + path, "-n", "-c", tmp_path / found["doc/dcaas/examples/" + example][0]],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
