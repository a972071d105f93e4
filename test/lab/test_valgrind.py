# SPDX-License-Identifier: ISC
"""Both halves of dcaas-edge under valgrind, from an order to its end."""
import re

import pytest

from conftest import explain, open_site

MD5 = "example-of-md5"


@pytest.fixture(scope="module")
def site():
    # Into the edge's log: each line begins with its process. The network half is executed, BIRD is left alone.
    made = open_site(start_edge=False)
    made.wrapper = ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite",
                    "--error-exitcode=97", "--track-fds=no", "--vgdb=no", "--trace-children=yes", "--trace-children-skip=*/bird"]
    try:
        made.start_edge()
        made.wait_edge(180)
        yield made
    except BaseException:
        explain(made)
        raise
    finally:
        made.down()


def test_both_halves_are_clean_under_valgrind(site):
    shop = site.shop("valgrind")
    gateway = shop.gateway(host=True)
    bgp, static = shop.line(gateway, md5=MD5), shop.line(gateway, mode="static")
    for line in (bgp, static):
        line.order()
        line.router()
    for line in (bgp, static):
        line.wait_active(180)
    bgp.customer.configure(announce=["192.168.77.0/24", str(list(gateway.prefix.subnets(new_prefix=24))[3])])
    site.lab.edge.wait("a rejected route", lambda: bgp.session("4")["rejected"] == 1, 60)
    bgp.customer.stop()
    bgp.wait_peer("down", lambda p: p["bgp_status"] == "down", "4", 120)
    for line in (bgp, static):
        line.delete(180)
    halves = site.lab.edge.wait("both halves", lambda: (lambda found: len(found) == 2 and found)(site.edge_processes()))
    site.stop_edge(15, 60)
    text = site.edge_log_text()
    for pid in halves.values():
        assert "==%d== ERROR SUMMARY: 0 errors" % pid in text, text
    # What was forked to become a BIRD has no end.
    assert not re.search(r"==\d+== .*(Invalid|ninitialised|definitely lost: [1-9]|ERROR SUMMARY: [1-9])", text), text
