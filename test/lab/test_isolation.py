# SPDX-License-Identifier: ISC
"""Two tenants with the same of everything: prefixes, VLAN, link addresses, AS number; one brings a BIRD, one an FRR."""
import pytest

from lab.customer import Customer
from lab.frr import FrrCustomer

LINKS = {"4": "169.254.77.0/30", "6": "fd00:77::/126"}
VPC = "10.77.0.0/16", "fd10:77::/64"
MD5 = {"bird": "of-the-first-tenant", "frr": "of-the-second-tenant"}
KIND = {"bird": Customer, "frr": FrrCustomer}
PORT = {"bird": "trunk0", "frr": "trunk1"}
OWN = {"bird": ["192.168.201.0/24", "fd21:1::/64"], "frr": ["192.168.202.0/24", "fd21:2::/64"]}


@pytest.fixture(scope="module")
def lines(site):
    made = {}
    for number, name in enumerate(KIND):
        shop = site.shop(name, PORT[name])
        gateway = shop.gateway(n=77, prefix=VPC[0], prefix6=VPC[1], vlan=1070 + number, name="vpc" + name, host=True)
        line = shop.line(gateway, n=77, vlan=177, links=LINKS, asn=65077, md5=MD5[name], name="c" + name)
        line.order()
        line.router(KIND[name], announce=[line.lan("4"), line.lan("6")] + OWN[name])
        made[name] = line
    for line in made.values():
        line.wait_active()
    return made


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("name", KIND)
def test_each_is_up_with_its_own_routes(site, lines, name, family):
    line = lines[name]
    # (FRR sends the VPC's route back, which is counted and refused.)
    site.lab.edge.wait("two routes", lambda: line.session(family)["accepted"] == 2, 20)
    want = [VPC[0] if family == "4" else VPC[1]]
    site.lab.edge.wait("the VPC's route only", lambda: line.customer.routes_from_edge(family) == want, 20)


@pytest.mark.parametrize("family", ["4", "6"])
@pytest.mark.parametrize("name", KIND)
def test_each_reaches_its_own_vpc_only(site, lines, name, family):
    """With one VPC's host away the same address answers the other tenant and not this one."""
    other = next(line for key, line in lines.items() if key != name)
    line, guest = lines[name], site.lab.customers
    address = line.gateway.address(family)
    site.lab.edge.wait("a ping of %s" % name, lambda: line.customer.ping(address).ok, 30)
    site.lab.edge.wait("a ping of the other", lambda: other.customer.ping(address).ok, 30)
    guest.ip(["link set %s down" % line.gateway.host.device], ns=line.gateway.name)
    assert line.customer.ping(address).received == 0
    site.lab.edge.wait("a ping of the other meanwhile", lambda: other.customer.ping(address).ok, 30)
    assert line.customer.ping(address).received == 0
    guest.ip(["link set %s up" % line.gateway.host.device], ns=line.gateway.name)
    again = ["route replace default via %s" % (line.gateway.prefix if family == "4" else line.gateway.prefix6)[1]
             for family in "46"]
    again.append("addr replace %s/%d dev %s nodad" % (line.gateway.address("6"), line.gateway.prefix6.prefixlen,
                                                      line.gateway.host.device))
    guest.ip(sorted(again), ns=line.gateway.name)
    site.lab.edge.wait("a ping of %s again" % name, lambda: line.customer.ping(address).ok, 30)


@pytest.mark.parametrize("name", KIND)
def test_routes_of_one_are_not_in_the_others_table(site, lines, name):
    line = lines[name]
    row = next(row for row in site.rows("objects", "objects") if row["kind"] == "vrf" and line.gateway.id in row["key"])
    body = row["body"]
    foreign = OWN["frr" if name == "bird" else "bird"]
    for family in "46":
        def present(family=family):
            out = site.lab.edge.shell("ip -n dcaas-%d -%s route show table %d" % (body["instance"], family, body["table"])).out
            return {words.split()[0] for words in out.splitlines()}
        own = {prefix for prefix in OWN[name] if (":" in prefix) == (family == "6")}
        site.lab.edge.wait("the routes of %s in its table" % name, lambda: own <= present(), 30)
        assert not set(foreign) & present()


def test_the_other_tenants_password_does_not_open_a_session(site, lines):
    line = lines["bird"]
    line.customer.set_md5("4", MD5["frr"])
    line.wait_peer("down", lambda p: p["bgp_status"] == "down", "4", 40)
    site.lab.edge.wait("a refused segment", lambda: line.session("4")["md5_failures"] > 0, 30)
    assert lines["frr"].peer("4")["bgp_status"] == "up"
    assert not line.customer.session("4").established
    line.customer.set_md5("4", MD5["bird"])
    line.wait_active()


def test_a_tenant_sees_nothing_of_the_other(lines):
    first, second = lines.values()
    shown = second.tenant.get("/v3/{project_id}/dcaas/virtual-interfaces", say=False)["virtual_interfaces"]
    assert [row["id"] for row in shown] == [second.vif]
    path = "/v3/{project_id}/dcaas/virtual-interfaces/" + first.vif
    assert second.tenant.call("GET", path, check=False).status == 404
    assert second.tenant.call("DELETE", path, check=False).status == 404
