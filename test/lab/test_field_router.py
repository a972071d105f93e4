"""What happens to a router in the field, where nobody asks first: names, files and devices go, and traffic comes back."""
import pytest

from lab.customer import Pinging

BACK = 60  # seconds after which everything is back, at the latest


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("field")


@pytest.fixture(scope="module")
def lines(site, shop):
    """One with BGP and MD5, one with static routes."""
    gateway = shop.gateway(host=True)
    made = [shop.line(gateway, md5="field"), shop.line(gateway, mode="static")]
    for line in made:
        line.order()
        line.router()
    for line in made:
        line.wait_active()
    wait_traffic(site, made)
    return made


def wait_traffic(site, lines):
    for line in lines:
        for family in "46":
            site.lab.edge.wait("a ping of %s" % line.name,
                               lambda l=line, f=family: l.customer.ping(l.gateway.address(f), count=1).ok, BACK)


def unpin(site):
    """As an operator may: the names of all namespaces of ours."""
    names = site.instances()
    assert names
    for name in names:
        site.lab.edge.run("ip", "netns", "del", name)
    return names


def test_a_namespace_that_lost_its_name_gets_it_back_untouched(site, lines):
    before = [lines[0].since(family) for family in "46"]
    pings = [Pinging(site.lab.customers, line.customer.host, line.gateway.address(family))
             for line in lines for family in "46"]
    for pinging in pings:
        pinging.wait_answers(2)
    names = unpin(site)
    site.lab.edge.wait("its name", lambda: site.instances() == names, BACK)
    for pinging in pings:
        pinging.wait_answers(10)
    assert [pinging.stop()[0] for pinging in pings] == [[]] * len(pings)
    assert [lines[0].since(family) for family in "46"] == before
    for line in lines:
        line.wait_active()


def test_a_namespace_that_lost_its_name_while_the_edge_was_away_is_made_anew(site, lines):
    """Its BIRD keeps the old one, and with it the VLANs that the new one needs."""
    site.stop_edge(9)
    unpin(site)
    old = site.birds()
    assert old
    site.run_edge()
    site.lab.edge.wait("another BIRD", lambda: site.birds() and not set(site.birds()) & set(old), BACK)
    for family in "46":
        lines[0].customer.wait_established(family, BACK)
    wait_traffic(site, lines)
    for line in lines:
        line.wait_active()


def test_a_bird_that_lost_its_socket_is_started_anew(site, lines):
    """The edge that held it open is gone, too: nobody can talk to that BIRD any more."""
    old = site.birds()
    site.lab.edge.shell("rm /run/dcaas/edge/bird/*/bird.ctl")
    site.lab.edge.kill(site.edge_processes()["net"], 9)
    site.lab.edge.wait("another BIRD", lambda: site.birds() and not set(site.birds()) & set(old), BACK)
    for line in lines:
        line.wait_active(BACK)
    wait_traffic(site, lines)
