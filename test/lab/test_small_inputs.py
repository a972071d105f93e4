# SPDX-License-Identifier: ISC
"""Small inputs that public reports about other routers call trouble: long paths, the last route of a limit, a cloud's sample
configuration for customers, an untagged line, communities that keep a route at home, blocks over another line's subnet."""
import pytest

from lab.api_client import ApiError
from lab.frr import FrrCustomer
from lab.order import EnterpriseRouter, GlobalGateway

LIMIT = 100


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("small")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


def routes(site):
    """What BIRD has put into the kernel, of all gateways."""
    return site.lab.edge.shell("for n in %s; do ip -n $n route show table all proto bird; done" % " ".join(site.instances())).out


def wait_routes(site, what, condition, seconds=20):
    site.lab.edge.wait(what, lambda: condition(routes(site)), seconds)


def ordered(shop, gateway, **options):
    line = shop.line(gateway, families="4", **options)
    return line.order()


def test_long_paths_and_many_communities_are_taken_and_the_session_is_kept(site, shop, gateway):
    line = ordered(shop, gateway)
    long, many = "192.168.240.0/24", "192.168.241.0/24"
    line.router(host=False, announce=[long, many], policy={
        long: "bgp_path.prepend(65010); " * 600, many: " ".join("bgp_community.add((65001, %d));" % n for n in range(500))})
    line.wait_active()
    wait_routes(site, "both routes", lambda text: long in text and many in text)
    assert line.peer()["bgp_status"] == "up"
    line.customer.down()
    line.delete()


def test_a_limit_is_met_to_the_route(shop, gateway):
    """Exactly as many are kept, one that changes its path and one in another's place are no more; one more ends the session."""
    line = ordered(shop, gateway)
    nets = ["172.20.%d.0/24" % n for n in range(LIMIT + 1)]
    line.router(host=False, announce=nets[:LIMIT])
    line.wait_active()
    line.wait_peer("all of the limit", lambda peer: peer["receive_route_num"] == LIMIT)
    line.customer.configure(announce=nets[1:], policy={nets[5]: "bgp_path.prepend(65010);"})
    line.wait_peer("one in another's place", lambda peer: peer["receive_route_num"] == LIMIT and peer["bgp_status"] == "up")
    line.customer.configure(announce=nets)
    line.wait_peer("the end of the session", lambda peer: peer["bgp_status"] == "down")
    assert "limit of %d" % LIMIT in line.interface()["reason"]
    line.customer.down()
    line.delete()


def test_a_clouds_sample_configuration_for_customers_works(site, shop, gateway):
    """Timers of 10 and 30 s, a default route, a password with signs in it. FRR announces the default and its own network."""
    line = ordered(shop, gateway, md5="Vz!q$8#Kp&2")
    there = line.local("4").split("/")[0]
    line.router(FrrCustomer, extra=(
        "router bgp %d\n neighbor %s timers 10 30\n address-family ipv4 unicast\n  neighbor %s default-originate\n"
        "  neighbor %s soft-reconfiguration inbound\n exit-address-family\nexit\n") % (line.asn, there, there, there))
    line.wait_active()
    wait_routes(site, "the default route", lambda text: "default via" in text)
    site.lab.edge.wait("a ping", lambda: gateway.host.ping(line.host_address("4")).ok, 20)
    # FRR also sends the gateway's own route back, which counts as received and is refused.
    site.lab.edge.wait("its two routes", lambda: line.session()["accepted"] == 2, 20)
    line.customer.down()
    line.delete()
    wait_routes(site, "no default route any more", lambda text: "default via" not in text)


def test_a_block_over_another_lines_subnet_is_refused_or_harmless(shop, gateway):
    line = ordered(shop, gateway, links={"4": "192.0.2.4/30"})
    with pytest.raises(ApiError) as refusal:
        ordered(shop, gateway, mode="static", remote=["192.0.2.4/30"])
    assert refusal.value.status == 400
    line.delete()


def test_an_untagged_line_carries_both_families(site):
    shop = site.shop("untagged", "trunk1")
    gateway = shop.gateway(host=True)
    line = shop.line(gateway, vlan=0, md5="untagged")
    line.order()
    line.router(FrrCustomer)
    line.wait_active()
    for family in "46":
        site.lab.edge.wait("a ping of IPv" + family, lambda f=family: line.customer.ping(gateway.address(f)).ok, 20)
    line.customer.down()
    line.delete()


def test_no_export_and_no_advertise_cross_no_link(site, shop):
    """RFC 1997: a plain route of a customer is in both gateways, the two others in the customer's own."""
    one, nets = GlobalGateway(shop.tenant, "small"), ["192.168.%d.0/24" % n for n in (245, 246, 247)]
    router = EnterpriseRouter(site, shop.tenant, site.number())
    line = ordered(shop, one)
    line.router(host=False, announce=nets, policy={nets[1]: "bgp_community.add((65535, 65281));",
                                                   nets[2]: "bgp_community.add((65535, 65282));"})
    line.wait_active()
    link = one.link(router.id, one.show()["region_id"])
    link.wait("ACTIVE")

    def counts(text):
        return [text.count(net) for net in nets]
    wait_routes(site, "the plain route in two gateways", lambda text: counts(text)[0] == 2, 30)
    assert counts(routes(site)) == [2, 1, 1]
    link.delete()
    line.customer.down()
    line.delete()
