# SPDX-License-Identifier: ISC
"""A project with a thousand things: lists stay quick, names are found, and the table is as it should be."""
import re
import time

import pytest

from simulation import width

N = 1000


@pytest.fixture(scope="module")
def crowd(person, tmp_path_factory):
    """By a file, as who has so many would do it."""
    path = tmp_path_factory.mktemp("many") / "gateways.yaml"
    path.write_text("virtual_gateways:\n" + "".join(
        "  - {name: gateway-%04d, vpc_id: 6a1e2f30-0000-4000-8000-00000000%04d, local_ep_group: [10.1.0.0/16]}\n" % (n, n)
        for n in range(N)))
    person("apply", "-f", str(path))
    return person


def test_a_thousand_rows_fit_the_terminal(crowd, figure):
    begun = time.monotonic()
    lines = crowd.screen("vgw", "ls").lines
    assert len(lines) == N + 1 and all(width(line) <= 80 for line in lines)
    assert [line.split()[0] for line in lines[1:]] == ["gateway-%04d" % n for n in range(N)]
    figure("a list of %d gateways on a terminal" % N, time.monotonic() - begun, 2)


def test_a_name_among_a_thousand_takes_two_calls(crowd):
    told = crowd("-v", "vgw", "show", "gateway-0777")
    assert told.member("name") == "gateway-0777" and len(re.findall(r"^GET ", told.err, re.M)) == 2


def test_a_slip_among_a_thousand_is_answered_shortly(crowd):
    assert len(crowd("vgw", "show", "nothing", code=1).err) < 300
    assert "did you mean" in crowd("vgw", "show", "gatway-0001", code=1).err


def test_pages_of_a_terminal_are_cut_short_by_a_limit(crowd):
    assert len(crowd.screen("vgw", "ls", "--limit", "20").lines) == 21


def test_a_thousand_are_deleted_by_one_command(crowd):
    names = crowd("vgw", "list", "-o", "name").lines
    crowd("vgw", "delete", *names)
    assert crowd("-q", "vgw", "list").out == ""
