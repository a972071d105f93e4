# SPDX-License-Identifier: ISC
"""What a customer may announce and reach: policy on import, and the router's own address out of the customer's reach."""
import ipaddress

import pytest

from lab.customer import ping

MGMT = "10.99.0.11"  # the edge's own address, on its management network


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("policy")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


@pytest.fixture(scope="module")
def other(shop, gateway):
    """Another customer of the same gateway, whose link subnet the first one claims."""
    return shop.line(gateway).order()


@pytest.fixture(scope="module")
def line(shop, gateway, other):
    line = shop.line(gateway)
    line.order()
    line.router(announce=[])
    return line.wait_active()


def bad(gateway, line, other):
    """Prefixes that are refused, by what is wrong with them."""
    vpc, vpc6 = gateway.prefix, gateway.prefix6
    return {
        "the VPC's prefix": str(vpc),
        "a part of the VPC's prefix": str(list(vpc.subnets(new_prefix=24))[5]),
        "a host of the VPC": "%s/32" % vpc[10],
        "its own link subnet": str(line.links["4"]),
        "a host of its own link subnet": "%s/32" % line.links["4"][1],
        "another's link subnet": str(other.links["4"]),
        "link-local addresses": "169.254.200.0/24",
        "shared addresses": "100.64.7.0/24",
        "the VPC's IPv6 prefix": str(vpc6),
        "a part of the VPC's IPv6 prefix": str(list(vpc6.subnets(new_prefix=80))[3]),
        "its own IPv6 link subnet": str(line.links["6"]),
        "another's IPv6 link subnet": str(other.links["6"]),
        "IPv6 that is not unicast": "100:7::/64",
    }


def table(site, gateway, family):
    """Prefixes of the gateway's VRF in the edge's kernel, of BIRD."""
    out = site.lab.edge.shell("for n in %s; do ip -%s -n $n route show table all proto bird; done" % (
        " ".join(site.instances()), family)).out
    return {line.split()[0] for line in out.splitlines() if line}


@pytest.fixture(scope="module")
def counted(site, line, other, gateway):
    """The sessions after the customer has announced two good prefixes of each family, all bad ones, and a forged path."""
    wrong = bad(gateway, line, other)
    good = ["192.168.200.0/24", "203.0.113.0/24", "fd77::/64", "2001:db8:77::/48"]
    line.customer.configure(announce=good + list(wrong.values()), forged={"198.51.100.0/24": 65999, "fd78::/64": 65999})
    counts = {}
    for family in "46":
        n = sum(":" in prefix if family == "6" else "." in prefix for prefix in wrong.values()) + 1

        def settled(n=n, family=family):
            session = line.session(family)
            return session if session and session["accepted"] == 2 and session["rejected"] == n else None
        counts[family] = n, site.lab.edge.wait("the counts of IPv%s; want 2 accepted, %d rejected; is %s" % (
            family, n, line.session(family)), settled, 20)
    return wrong, good, counts


@pytest.mark.parametrize("family", ["4", "6"])
def test_refused_routes_are_counted_as_rejected(counted, line, family):
    n, session = counted[2][family]
    assert (session["received"], session["accepted"], session["rejected"]) == (n + 2, 2, n)
    line.wait_peer("up with its count", lambda p: p["receive_route_num"] == n + 2 and p["bgp_status"] == "up", family)


REASONS = {"the VPC's prefix": "gateways-own", "a part of the VPC's prefix": "gateways-own", "a host of the VPC": "gateways-own",
           "its own link subnet": "gateways-own", "a host of its own link subnet": "gateways-own",
           "another's link subnet": "gateways-own", "link-local addresses": "not-routable", "shared addresses": "not-routable",
           "the VPC's IPv6 prefix": "gateways-own", "a part of the VPC's IPv6 prefix": "gateways-own",
           "its own IPv6 link subnet": "gateways-own", "another's IPv6 link subnet": "gateways-own",
           "IPv6 that is not unicast": "not-routable"}


@pytest.mark.parametrize("family", ["4", "6"])
def test_each_refused_route_is_shown_with_its_reason(counted, line, gateway, other, family):
    wrong = bad(gateway, line, other)
    assert set(wrong) == set(REASONS)
    expected = {prefix: REASONS[what] for what, prefix in wrong.items() if (":" in prefix) == (family == "6")}
    expected["198.51.100.0/24" if family == "4" else "fd78::/64"] = "first-as"
    shown = line.routes(family, routes="rejected")
    assert {destination: route["reason"] for destination, route in shown.items()} == expected
    assert all(route["state"] == "rejected" and route["description"] and not route["best"] for route in shown.values())


@pytest.mark.parametrize("family", ["4", "6"])
def test_the_looking_glass_shows_what_is_accepted_and_what_is_advertised(counted, line, gateway, family):
    good = {"192.168.200.0/24", "203.0.113.0/24"} if family == "4" else {"fd77::/64", "2001:db8:77::/48"}
    accepted = line.routes(family, routes="accepted")
    assert set(accepted) == good
    for route in accepted.values():
        assert (route["state"], route["best"], route["as_path"], route["origin"]) == ("accepted", True, str(line.asn), "IGP")
        assert route["next_hop"] == line.far(family).split("/")[0] and route["local_preference"] == 100
        assert route["reason"] is None and route["since"]
    advertised = line.routes(family, routes="advertised")
    assert set(advertised) == {str(gateway.prefix if family == "4" else gateway.prefix6)}
    assert set(line.routes(family)) == good | set(line.routes(family, routes="rejected"))


def test_routes_are_found_by_network_address_as_and_page(counted, line, gateway):
    everything = line.routes("4")
    assert set(line.routes("4", containing="203.0.113.9")) == {"203.0.113.0/24"}
    assert set(line.routes("4", inside=str(gateway.prefix))) == {
        one for one in everything if ipaddress.ip_network(one).subnet_of(gateway.prefix)}
    assert set(line.routes("4", as_number=65999)) == {"198.51.100.0/24"}
    assert line.routes("4", as_number=64999) == {} and line.routes("4", community="65001:100") == {}
    pages, marker = [], None
    while True:
        query = {"limit": 4, **({"marker": marker} if marker else {})}
        page = line.tenant.get("/dcaas/v1/projects/{project_id}/vif-peers/%s/routes?%s" % (
            line.peers["4"], "&".join("%s=%s" % pair for pair in query.items())), say=False)
        pages.append([route["destination"] for route in page["vif_peer_routes"]])
        assert page["page_info"]["total_count"] == len(everything)
        marker = page["page_info"]["next_marker"]
        if not marker:
            break
    assert sum(pages, []) == sorted(everything, key=ipaddress.ip_network) and all(len(page) == 4 for page in pages[:-1])


def test_a_call_about_routes_names_what_is_wrong_with_it(line, other):
    path = "/dcaas/v1/projects/{project_id}/vif-peers/%s/routes?%s"
    for query, words in (("routes=all", "routes"), ("inside=10.0.0.0", "inside"), ("containing=10.0.0.0/8", "containing"),
                         ("community=1", "community"), ("community=70000:1", "community"), ("as_number=0", "as_number"),
                         ("limit=501", "limit"), ("inside=10.0.0.0/8&containing=10.1.1.1", "exclude")):
        answer = line.tenant.call("GET", path % (line.peers["4"], query), check=False, say=False)
        assert answer.status == 400 and words in answer["error_msg"], query
    missing = line.tenant.call("GET", path % (line.vif, ""), check=False, say=False)
    assert missing.status == 404


@pytest.mark.parametrize("family", ["4", "6"])
def test_only_good_routes_reach_the_kernel(site, counted, gateway, family):
    wrong, good, _ = counted
    wanted = {prefix for prefix in good if (":" in prefix) == (family == "6")}
    site.lab.edge.wait("the good routes in the kernel", lambda: wanted <= table(site, gateway, family), 20)
    kernel = table(site, gateway, family)
    normal = {str(ipaddress.ip_network(p)) for p in [*wrong.values(), "198.51.100.0/24", "fd78::/64"]}
    assert not normal & {str(ipaddress.ip_network(p)) for p in kernel if "/" in p}
    assert not any(p.split("/")[0] == str(gateway.prefix[10]) for p in kernel)


@pytest.fixture(scope="module")
def neighbour(counted, other):
    """The other customer, up while the first announces what belongs to others."""
    other.router()
    return other.wait_active()


@pytest.mark.parametrize("family", ["4", "6"])
def test_vpc_is_still_reached_by_its_own_route(site, neighbour, gateway, family):
    site.lab.edge.wait("a ping", lambda: neighbour.customer.ping(gateway.address(family)).ok, 20)
    site.lab.edge.wait("a ping back", lambda: gateway.host.ping(neighbour.host_address(family)).ok, 20)


def test_no_route_of_a_customer_goes_to_another(site, neighbour, line):
    other = neighbour
    expected = {family: [str(line.gateway.prefix if family == "4" else line.gateway.prefix6)] for family in "46"}
    for family in "46":
        site.lab.edge.wait("the VPC's route", lambda f=family: other.customer.routes_from_edge(f) == expected[f], 20)


def test_more_routes_than_the_limit_end_that_session_only(site, neighbour, line):
    """bgp_route_limit is 100; more than that is the customer's mistake, and reported."""
    assert line.peer("4")["bgp_route_limit"] == 100
    before = neighbour.since("4"), neighbour.since("6")
    line.customer.configure(announce=["172.16.%d.0/24" % i for i in range(150)], forged={})
    line.wait_peer("down", lambda p: p["bgp_status"] == "down" and p["status"] == "DOWN", "4")
    site.lab.edge.wait("the session called disabled", lambda: line.session("4")["state"] == "Disabled", 10)
    assert "limit" in line.session("4")["last_error"].lower()
    assert (neighbour.since("4"), neighbour.since("6")) == before
    line.wait_peer("up again after the router's own change", lambda p: p["bgp_status"] == "up", "6", 20)
    site.lab.edge.wait("the end of its routes", lambda: not [
        prefix for prefix in table(site, line.gateway, "4") if prefix.startswith("172.16.")], 20)


# The router's own address


def answers(site, ns, target=MGMT):
    """Whether anything at all comes back: ICMP, or TCP to the ports that a router has open."""
    guest = site.lab.customers
    if ping(guest, target, ns, 3).ok:
        return "ping"
    script = ("import socket,sys\nfor port in (22, 179, 3784, 8080):\n s = socket.socket(); s.settimeout(1)\n try:\n"
              "  s.connect((sys.argv[1], port)); print('open', port)\n except ConnectionRefusedError: print('refused', port)\n"
              " except OSError: pass\n")
    return guest.run("/usr/bin/python3", "-c", script, target, ns=ns).out.strip()


def test_the_address_answers_on_its_own_network(site):
    """So that silence elsewhere means something."""
    assert site.lab.edge.shell("ip -br addr show dev mgmt").out.split()[2].split("/")[0] == MGMT
    site.lab.edge.wait("a ping", lambda: site.lab.edge.run("ping", "-n", "-c", "1", "-W", "2", "10.99.0.1", check=False).rc == 0, 20)


def test_management_address_is_silent_to_a_customers_vlan(site, line):
    site.lab.customers.ip(["route replace 10.99.0.0/24 via %s" % line.local("4").split("/")[0]], ns=line.name)
    assert answers(site, line.name) == ""
    assert answers(site, line.customer.host) == ""


def test_management_address_is_silent_to_untagged_frames(site, line):
    """On the port itself, with an address of the management network and a neighbour entry made by hand: no ARP is needed."""
    guest = site.lab.customers
    mac = site.lab.edge.shell("cat /sys/class/net/trunk0/address").out.strip()
    guest.ip(["netns add untagged", "link add link trunk0 name u0 netns untagged type macvlan mode bridge"])
    guest.ip(["link set lo up", "link set u0 up", "addr add 10.99.0.77/24 dev u0"], ns="untagged")
    assert answers(site, "untagged") == ""
    guest.ip(["neigh replace %s lladdr %s dev u0" % (MGMT, mac)], ns="untagged")
    assert answers(site, "untagged") == ""
    guest.ip(["netns del untagged"])


def test_vpc_prefix_over_the_management_network_leads_to_the_vpc(site, shop):
    gateway = shop.gateway(n=97, prefix="10.99.0.0/16", host=True)
    line = shop.line(gateway, families="4")
    line.order()
    line.router()
    line.wait_active()
    site.lab.edge.wait("a ping of the VPC's host", lambda: line.customer.ping(gateway.address()).ok, 20)
    assert answers(site, line.customer.host) == ""
    # A host of the VPC with that very address answers, and the router does not answer in its place.
    gateway.host.add_address(MGMT + "/32")
    site.lab.edge.wait("an answer of the VPC's host", lambda: line.customer.ping(MGMT).ok, 20)
    guest = site.lab.customers
    guest.ip(["addr del %s/32 dev lo" % MGMT], ns=gateway.name)
    assert answers(site, line.customer.host) == ""
