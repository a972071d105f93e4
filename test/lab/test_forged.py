# SPDX-License-Identifier: ISC
"""What a customer, or a host of the VPC, can claim to be, and cannot: sources of packets, and answers for addresses. Frames are
built by hand; beside them goes an honest frame, so that the test sees what passes."""
import itertools

import pytest

from lab import frames

ports = itertools.count(20000)


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("forged")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


@pytest.fixture(scope="module")
def other(shop, gateway):
    line = shop.line(gateway).order()
    line.router()
    return line


@pytest.fixture(scope="module")
def line(shop, gateway, other):
    line = shop.line(gateway)
    line.order()
    line.router()
    other.wait_active()
    return line.wait_active()


def mac(guest, device, ns=None):
    return guest.run("ip", "-o", "link", "show", device, ns=ns).out.split("link/ether ")[1].split()[0]


def dropped(site, key):
    row = next(r for r in site.rows("objects", "objects") if r["key"] == "vlan/" + key)
    return (row["detail"] or {}).get("dropped", {})


# How often each frame is sent: a virtual wire of a busy machine loses frames, as any wire does.
TIMES = 3


def passes(listening, device, ns, far, sources, target, good):
    """Those of the sources with which a packet to target arrives; the good one must."""
    number = {next(ports): source for source in sources}
    last, guest = next(ports), listening.guest
    near = mac(guest, device, ns)
    frames.forge(guest, device, [frames.frame(near, far, frames.ip(source, target, frames.UDP, frames.udp(source, target, port=port)))
                                 for port, source in [*number.items(), (last, good)]] * TIMES, 0.2, ns=ns)

    def arrived():
        return {f.port: f.source for f in listening.seen() if f.protocol == frames.UDP}
    listening.guest.wait("the packet that is what it says", lambda: last in arrived(), 20)
    return {source for port, source in number.items() if port in arrived()}


def sources_of_others(gateway, line, other, family):
    """Sources that are not the customer's, by what they are."""
    prefix = gateway.prefix if family == "4" else gateway.prefix6
    found = {
        "inside the VPC's prefix": str(prefix[77]),
        "the VPC's own host": gateway.address(family),
        "our address in the VPC": str(prefix[1]),
        "our address on the own line": line.local(family).split("/")[0],
        "our address on another line": other.local(family).split("/")[0],
        "another customer's router": other.far(family).split("/")[0],
    }
    never = ["0.0.0.1", "127.0.0.1", "224.0.0.9", "240.0.0.1", "255.255.255.255"] if family == "4" else \
        ["::", "::1", "ff02::9", "::ffff:192.0.2.1"]
    found.update({"never a source: " + source: source for source in never})
    return found


@pytest.mark.parametrize("family", ["4", "6"])
def test_no_forged_source_of_a_customers_reaches_the_vpc(site, gateway, line, other, family):
    guest = site.lab.customers
    listening = frames.Listening(guest, gateway.host.device, ns=gateway.name)
    sources = sources_of_others(gateway, line, other, family)
    before = sum(dropped(site, line.vif).values())
    arrived = passes(listening, line.customer.device, line.customer.name, mac(site.lab.edge, "trunk0"), sources.values(),
                     gateway.address(family), line.host_address(family))
    listening.end()
    assert not arrived, {what: source for what, source in sources.items() if source in arrived}
    # The kernel itself drops some of them, too; the filter is before it.
    site.lab.edge.wait("all of them in the counts", lambda: sum(dropped(site, line.vif).values()) >= before + len(sources), 40)
    assert {"ours", "never", "other_link"} <= set(dropped(site, line.vif))


@pytest.mark.parametrize("family", ["4", "6"])
def test_a_customers_own_addresses_pass(site, gateway, line, family):
    guest = site.lab.customers
    listening = frames.Listening(guest, gateway.host.device, ns=gateway.name)
    own = [line.far(family).split("/")[0], "198.51.100.77" if family == "4" else "2001:db8:77::1"]
    arrived = passes(listening, line.customer.device, line.customer.name, mac(site.lab.edge, "trunk0"), own,
                     gateway.address(family), line.host_address(family))
    listening.end()
    assert arrived == set(own)


@pytest.mark.parametrize("family", ["4", "6"])
def test_no_address_of_ours_as_a_source_reaches_a_customer_from_the_vpc(site, gateway, line, other, family):
    guest = site.lab.customers
    listening = frames.Listening(guest, line.customer.device, ns=line.customer.name)
    prefix = gateway.prefix if family == "4" else gateway.prefix6
    ours = {line.local(family).split("/")[0], other.local(family).split("/")[0], str(prefix[1])}
    arrived = passes(listening, gateway.host.device, gateway.name, mac(site.lab.edge, "vpc0"), ours,
                     line.host_address(family), gateway.address(family))
    listening.end()
    assert not arrived


def answers(site, line, target):
    """Whether the edge claims the address on the line's VLAN."""
    guest, customer = site.lab.customers, line.customer
    near = mac(guest, customer.device, customer.name)
    if ":" in target:
        back = frames.forge(guest, customer.device, [frames.neighbour_solicitation(near, line.far("6").split("/")[0], target)] * 2,
                            1, ns=customer.name)
        return any(b.icmp == 136 and b.target == line.far("6").split("/")[0] and b.about == target for b in back)
    back = frames.forge(guest, customer.device, [frames.arp_request(near, line.far("4").split("/")[0], target)] * 2, 1,
                        ns=customer.name)
    return any(b.arp == target for b in back)


@pytest.mark.parametrize("family", ["4", "6"])
def test_an_address_answers_on_its_own_line_alone(site, gateway, line, other, family):
    prefix = gateway.prefix if family == "4" else gateway.prefix6
    site.lab.edge.wait("an answer on the own line", lambda: answers(site, line, line.local(family).split("/")[0]), 20)
    assert not answers(site, line, other.local(family).split("/")[0])
    assert not answers(site, line, str(prefix[1]))
