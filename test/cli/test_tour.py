# SPDX-License-Identifier: ISC
"""doc/command-line.md, doc/ci.md and README.md: their blocks, run one after the other on a server of their own, print what the page shows."""
import os
import shutil
import subprocess
import sys

import pytest

from program import PROGRAM, ROOT
from simulation import Simulation

sys.path.insert(0, os.path.join(ROOT, "test"))

import pages  # noqa: E402

PAGE = os.path.join(ROOT, "doc", "command-line.md")
CI = os.path.join(ROOT, "doc", "ci.md")
README = os.path.join(ROOT, "README.md")


@pytest.fixture
def shell(tmp_path):
    """Where the page is read: a folder with build/sim in it, and dcaas in the path."""
    (tmp_path / "build").mkdir()
    server = Simulation(tmp_path / "build" / "sim")
    env = {name: value for name, value in os.environ.items() if not name.startswith("DCAAS_")}
    made = pages.Shell(tmp_path, {**env, "PATH": "%s:/usr/bin:/bin" % os.path.dirname(PROGRAM), "HOME": str(tmp_path)})
    made.server, made.env = server, {"PATH": "%s:/usr/bin:/bin" % os.path.dirname(PROGRAM), "HOME": str(tmp_path)}
    yield made
    made.close()
    server.end()


def test_the_tour_prints_what_its_page_shows(shell):
    blocks = [block for block in pages.blocks(PAGE) if block.language]
    assert len(blocks) > 8
    for block in blocks:
        pages.run_block(shell, block, patience=120)


def test_the_readme_prints_what_it_shows(shell):
    """The order, the fault, its reason and the repair; then the same API by curl. The Python block runs in test/sdk."""
    blocks = [block for block in pages.blocks(README) if block.language in ("console", "sh")]
    assert len(blocks) == 4
    for block in blocks:
        pages.run_block(shell, block, patience=120)


def test_the_page_for_ci_prints_what_it_shows(shell):
    blocks = [block for block in pages.blocks(CI) if block.language == "console"]
    assert len(blocks) == 4
    for block in blocks:
        pages.run_block(shell, block, patience=120)


def example(language):
    (block,) = [block for block in pages.blocks(CI) if block.language == language]
    return "\n".join(block.lines) + "\n"


def run_in_ci(shell, folder, *words):
    env = {**os.environ, **shell.env, **shell.server.env}
    env["PATH"] += os.pathsep + os.path.dirname(shutil.which("go") or "/usr/local/go/bin/go")
    done = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_pytest_example_for_ci_passes(shell, tmp_path):
    (tmp_path / "test_site.py").write_text(example("python"))
    assert "3 passed" in run_in_ci(shell, tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_site.py")


def test_the_go_example_for_ci_passes(shell, tmp_path):
    (tmp_path / "site_test.go").write_text(example("go"))
    (tmp_path / "go.mod").write_text("module site\n")
    shell.env = {**shell.env, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    assert "ok" in run_in_ci(shell, tmp_path, "go", "test", "./...")


@pytest.mark.parametrize("shown, printed, same", [
    (["a  b"], ["a     b"], True), (["a b"], ["a  b"], False), (["up 3s"], ["up 12m"], True), (["up 3s"], ["up x"], False),
    (["<name> is"], ["office is"], True), (["<name> is"], ["two words is"], False), (["a", "...", "d"], ["a", "b", "c", "d"], True),
    (["a", "..."], ["a"], True), (["a"], ["a", "b"], False), (["a", "b"], ["a"], False), ([], ["a"], False), ([], [], True),
    (["6a1e2f30-0000-4000-8000-000000000001 x"], ["01a22f39-9d95-7152-a8be-3097c63585a2 x"], True), (["at 01:02:03"], ["at 23:59:59"], True),
    (["(a|b)*"], ["(a|b)*"], True), (["(a|b)*"], ["aaa"], False)])
def test_what_is_printed_is_compared_with_what_is_shown(shown, printed, same):
    assert (pages.difference(shown, printed) is None) == same


def test_a_block_is_taken_apart(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("words\n\n```console\n$ a \\\n  b\nout\n$ c\n```\n\n````sh\n```\n````\n")
    first, second = pages.blocks(str(page))
    assert (first.line, first.language) == (3, "console")
    assert first.steps() == [("a \\\n  b", ["out"]), ("c", [])]
    assert second.lines == ["```"] and second.steps() == [("```", None)]
