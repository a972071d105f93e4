# SPDX-License-Identifier: ISC
"""A neighbour that has been down for long is tried once a minute. Its own connection is accepted at once, and no other session
notices the change of pace."""
import pytest

from conftest import closing, open_site

SLOW = "connect retry time 60;"


@pytest.fixture(scope="module")
def site():
    made = open_site(edge_settings=["slow_retry_after = 3"])
    yield made
    closing(made)


@pytest.fixture(scope="module")
def gateway(site):
    site.patient = site.shop("patient")
    return site.patient.gateway()


@pytest.fixture(scope="module")
def beside(site, gateway):
    """A line in the same BIRD that is up."""
    made = site.patient.line(gateway, families="4")
    made.order()
    made.router()
    return made.wait_active()


def slow(site):
    """How many neighbours BIRD tries once a minute."""
    return site.lab.edge.read("/run/dcaas/edge/bird/1/bird.conf").count(SLOW)


def test_a_router_that_comes_late_is_up_at_once_and_nobody_else_is_touched(site, gateway, beside):
    since = beside.session("4")["since"]
    late = site.patient.line(gateway, families="4", md5="for the late one")
    late.order()
    site.lab.edge.wait("the slow pace", lambda: slow(site) == 1, 30)
    assert beside.session("4")["since"] == since
    late.router()
    late.wait_active(20)
    assert slow(site) == 1  # a session that is up is not started again for it
    up = late.session("4")["since"]
    late.customer.stop()
    site.lab.edge.wait("the quick pace after a loss", lambda: not late.session("4")["established"] and slow(site) == 0, 30)
    late.customer.start()
    late.wait_active(20)
    assert late.session("4")["since"] != up
    assert beside.session("4")["since"] == since
