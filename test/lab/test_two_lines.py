# SPDX-License-Identifier: ISC
"""One customer, one prefix, two lines of one gateway: which line the traffic takes."""
import re

import pytest

NET = "192.168.70.0/24"


@pytest.fixture(scope="module")
def lines(site):
    shop = site.shop("two-lines")
    gateway = shop.gateway()
    both = [shop.line(gateway, asn=65077) for _ in range(2)]
    for line in both:
        line.order()
        line.router(host=False, announce=[NET, "fd70::/64"])
    for line in both:
        line.wait_active()
    return both


def next_hops(site, family):
    """Of the prefix, in the edge's kernel."""
    text = site.lab.edge.shell("for n in %s; do ip -%s -n $n route show table all proto bird; done" % (
        " ".join(site.instances()), family)).out
    found, mine = set(), False
    for words in text.splitlines():
        mine = words.startswith(NET if family == "4" else "fd70::/64") if words[:1].strip() else mine
        if mine:
            found |= set(re.findall(r"via (?:inet6 )?(\S+)", words))
    return found


def announced(site, lines, family, first="", second=""):
    """The lines' next hops that are used when the lines bring the prefix with these statements."""
    net = NET if family == "4" else "fd70::/64"
    for line, words in zip(lines, (first, second)):
        line.customer.configure(policy={net: words} if words else {})
    return [line.far(family).split("/")[0] for line in lines]


def wait_hops(site, family, wanted, seconds=10):
    site.lab.edge.wait("the next hops %s, are %s" % (wanted, next_hops(site, family)),
                       lambda: next_hops(site, family) == set(wanted), seconds)


@pytest.mark.parametrize("family", ["4", "6"])
def test_equal_routes_share_the_traffic(site, lines, family):
    wait_hops(site, family, announced(site, lines, family))


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("worse", ["bgp_path.prepend(65077);", "bgp_med = 200;"])
def test_the_shorter_path_and_the_lower_med_win(site, lines, family, worse):
    better = "" if "path" in worse else "bgp_med = 100;"
    first, second = announced(site, lines, family, worse, better)
    wait_hops(site, family, [second])
    announced(site, lines, family, better, worse)
    wait_hops(site, family, [first])


@pytest.mark.parametrize("family", ["4", "6"])
def test_a_line_that_is_drained_is_left_before_it_goes(site, lines, family):
    """GRACEFUL_SHUTDOWN (RFC 8326); it is still taken when nothing else is there."""
    leaving = "bgp_community.add((65535, 0));"
    for drained in (0, 1):
        hops = announced(site, lines, family, *[leaving if n == drained else "bgp_path.prepend(65077);" for n in range(2)])
        wait_hops(site, family, [hops[1 - drained]])
    hops = announced(site, lines, family, leaving, leaving)
    wait_hops(site, family, hops)
    wait_hops(site, family, announced(site, lines, family))


@pytest.mark.parametrize("family", ["4", "6"])
def test_the_other_line_takes_over(site, lines, family, figure):
    first, second = announced(site, lines, family)
    wait_hops(site, family, [first, second])
    protocol = lines[0].customer.protocol(family)
    lines[0].customer.bird("disable " + protocol)
    wait_hops(site, family, [second])
    lines[0].customer.bird("enable " + protocol)
    wait_hops(site, family, [first, second], 30)
