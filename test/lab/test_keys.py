# SPDX-License-Identifier: ISC
"""The kernel's memory for the MD5 keys of one gateway: with enough of it all neighbours come up, with little the edge reports how
many there can be, and dcaasd takes no order for more."""
import conftest
import keys
import pytest

from lab.api_client import ApiError

MANY = 200  # 150 fit into the default of Linux 6.1
FEW = 5


@pytest.fixture
def site_with():
    made = []

    def open_with(size):
        site = conftest.open_site(start_edge=False)
        made.append(site)
        keys.start(site, size)
        return site
    yield open_with
    for site in made:
        conftest.closing(site)


def test_two_hundred_neighbours_with_passwords_in_one_gateway_all_come_up(site_with):
    site = site_with(1 << 20)
    keys.run(site, site.shop("keys"), MANY, 180)


def test_what_does_not_fit_is_refused_and_the_rest_comes_up(site_with):
    site = site_with(keys.KEY * FEW + 20)
    assert "little memory for keys" in site.edge_log_text()
    shop = site.shop("few")
    gateway = shop.gateway()
    lines = keys.lines_of(shop, gateway, FEW + 1)
    for line in lines[:FEW]:
        line.order()
    with pytest.raises(ApiError) as refused:
        lines[FEW].order()
    assert "memory for the passwords of %d ipv4 peers" % FEW in str(refused.value)
    routers = keys.Routers(site, lines[:FEW])
    site.lab.edge.wait("their sessions", lambda: len(keys.established(site, lines[:FEW])) == FEW, 60)
    routers.end()
