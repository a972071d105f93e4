# SPDX-License-Identifier: ISC
"""BGP sessions end to end: what the API shows follows what the routers do, and a session without the ordered password never
comes up."""
import time

import pytest

MD5 = "example-of-md5"
SETTLE = 12  # seconds in which a session that may come up has come up several times over
FOLLOWS = 2  # seconds in which the API is to follow a session


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("sessions")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


@pytest.fixture(scope="module")
def dual(shop, gateway):
    """A line of both families with MD5, up."""
    line = shop.line(gateway, md5=MD5)
    line.order()
    line.router()
    return line.wait_active()


def test_md5_over_both_families_of_one_interface(dual):
    for family in "46":
        peer = dual.wait_peer("its route counted", lambda p: p["receive_route_num"] == 1, family, 10)
        session = dual.customer.guest.wait("its session with the route", lambda f=family: (
            lambda s: s["accepted"] == 1 and s)(dual.session(f)), 10)
        assert (peer["status"], peer["bgp_status"]) == ("ACTIVE", "up")
        assert session["established"] and session["state"] == "Established" and session["md5"]
        assert (session["received"], session["accepted"], session["rejected"]) == (1, 1, 0)
        assert dual.customer.session(family).established
    interface = dual.interface()
    assert (interface["status"], interface["reason"]) == ("ACTIVE", None)


@pytest.mark.parametrize("family", ["4", "6"])
def test_customer_learns_the_vpc_and_nothing_else(dual, gateway, family):
    expected = [str(gateway.prefix if family == "4" else gateway.prefix6)]
    dual.customer.guest.wait("the VPC's route", lambda: dual.customer.routes_from_edge(family) == expected, 20)


@pytest.mark.parametrize("family", ["4", "6"])
def test_traffic_crosses_between_the_customer_and_the_vpc(site, dual, gateway, family):
    site.lab.edge.wait("a ping from behind the customer", lambda: dual.customer.ping(gateway.address(family)).ok, 20)
    site.lab.edge.wait("a ping from the VPC", lambda: gateway.host.ping(dual.host_address(family)).ok, 20)


@pytest.mark.parametrize("family", ["4", "6"])
def test_api_follows_the_session_and_its_routes(dual, family, figure):
    customer, protocol = dual.customer, dual.customer.protocol(family)
    more = ["172.20.%d.0/24" % i for i in range(5)] if family == "4" else ["fd30:%x::/64" % i for i in range(1, 6)]
    announced = list(customer.announce)

    def measure(what, act, condition):
        begun = time.monotonic()
        act()
        dual.wait_peer(what, condition, family, every=0.05)
        figure("IPv%s: %s" % (family, what), time.monotonic() - begun, FOLLOWS)
    measure("five more routes counted", lambda: customer.configure(announce=announced + more),
            lambda p: p["receive_route_num"] == 6)
    measure("five routes fewer counted", lambda: customer.configure(announce=announced), lambda p: p["receive_route_num"] == 1)
    measure("session down told", lambda: customer.bird("disable " + protocol),
            lambda p: p["bgp_status"] == "down" and p["status"] == "DOWN" and p["receive_route_num"] == 0)
    customer.bird("enable " + protocol)
    customer.wait_established(family)
    begun = time.monotonic()
    dual.wait_peer("up", lambda p: p["bgp_status"] == "up" and p["status"] == "ACTIVE", family, every=0.05)
    figure("IPv%s: session up shown" % family, time.monotonic() - begun, FOLLOWS)


def test_one_peer_down_is_named_and_leaves_the_other(dual):
    since = dual.since("4")
    dual.customer.bird("disable " + dual.customer.protocol("6"))
    dual.wait_peer("down", lambda p: p["bgp_status"] == "down", "6")
    interface = dual.interface()
    assert interface["status"] == "ACTIVE"
    assert interface["reason"].startswith("ipv6: no session since ") and "MD5 ordered" in interface["reason"]
    assert "ipv4" not in interface["reason"]
    dual.customer.bird("enable " + dual.customer.protocol("6"))
    dual.wait_active()
    assert dual.since("4") == since


# name: (password as ordered, password at the customer, counter of ours that must move)
WRONG = {
    "ours": ("not-" + MD5, MD5, "md5_failures"),
    "theirs": (MD5, "not-" + MD5, "md5_failures"),
    "none-of-theirs": (MD5, None, "md5_not_found"),
    "none-of-ours": (None, MD5, "md5_unexpected"),
}


@pytest.fixture(scope="module")
def wrong(shop):
    """Four lines, each with its password wrong in its own way, after time enough for a session to come up."""
    lines = {}
    for name, (ordered, configured, _) in WRONG.items():
        line = shop.line(shop.gateway(), md5=ordered)
        line.order()
        line.router(md5=configured, host=False)
        lines[name] = line
    for line in lines.values():
        line.wait_applied()
    seen = {(name, family): False for name in lines for family in "46"}
    end = time.monotonic() + SETTLE
    while time.monotonic() < end:
        for name, line in lines.items():
            for peer in line.interface()["vif_peers"]:
                seen[name, peer["address_family"][-1]] |= peer["bgp_status"] != "down" or peer["status"] == "ACTIVE"
            for family in "46":
                seen[name, family] |= line.customer.session(family).established
        time.sleep(0.5)
    return lines, seen


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_password_never_comes_up(wrong, name, family):
    lines, seen = wrong
    assert not seen[name, family]
    assert lines[name].peer(family)["status"] == "DOWN"


@pytest.mark.parametrize("name", WRONG)
def test_wrong_password_is_reported(site, wrong, name):
    line = wrong[0][name]
    ordered, _, counter = WRONG[name]

    def told():
        """What interface and sessions show together; nothing while they are of two reports."""
        interface, sessions = line.interface(), {family: line.session(family) for family in "46"}
        words = ["ipv%s: no session since %s" % (family, session["since"]) for family, session in sessions.items()]
        return (interface, sessions) if all(part in (interface["reason"] or "") for part in words) else None
    interface, sessions = site.lab.edge.wait("since when there is no session", told, 20)
    assert interface["status"] == "DOWN"
    assert ("MD5 ordered" in interface["reason"]) == (ordered is not None)
    for family, session in sessions.items():
        assert session["md5"] == (ordered is not None)
        assert session["tcp"] != "ESTABLISHED"
        site.lab.edge.wait("the state of its connection", lambda f=family: line.session(f)["tcp"], 20)
    site.lab.edge.wait("a refused segment", lambda: line.session("4")[counter] > 0, 20)
    # The tenant reads the same with an own key.
    listed = line.tenant.get("/dcaas/v1/projects/{project_id}/vif-peers?vif_id=" + interface["id"])["vif_peers"]
    peers = {one["address_family"]: one for one in listed}
    assert {one["status"] for one in peers.values()} == {"DOWN"} and set(peers) == {"ipv4", "ipv6"}
    assert all(one["reason"].startswith("no session since") for one in peers.values()), peers


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("name", ["theirs", "none-of-theirs"])
def test_right_password_brings_it_up_at_last(wrong, name, family):
    line = wrong[0][name]
    line.customer.set_md5(family, line.md5)
    line.wait_peer("up", lambda p: p["bgp_status"] == "up" and p["status"] == "ACTIVE", family)
