# SPDX-License-Identifier: ISC
"""Bandwidth of an interface: of three times as much as was ordered the ordered part arrives, in both directions, with packets of any
size; sessions stay up meanwhile, and while the bandwidth changes; what was dropped is counted."""
import contextlib

import pytest

from lab.order import V3

SECONDS = 5  # that a measurement takes
LEAD = 1.5  # after which the bursts have passed
OFF = 0.05  # promised, of what is ordered
HEADERS = {"4": 14 + 20 + 8, "6": 14 + 40 + 8}  # Ethernet, IP, UDP
OFFER = ("/usr/bin/python3", "-I", "-S", "/run/lab/src/lab/guest/offer.py")


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("rate")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


@pytest.fixture(scope="module")
def line(shop, gateway):
    made = shop.line(gateway, bandwidth=2)
    made.order()
    path = V3 + "virtual-interfaces/" + made.vif
    made.tenant.put(path, {"virtual_interface": {"enable_bfd": True}})
    made.tenant.put(path + "/extend-attributes", {"extend_attribute": {
        "detect_multiplier": 3, "min_rx_interval": 1000, "min_tx_interval": 1000}})
    made.router(bfd=True)
    made.wait_active()
    made.customer.guest.wait("ways both ways", lambda: made.customer.ping(gateway.address()).ok and
                             made.customer.ping(gateway.address("6")).ok, 60)
    return made


def rate(line):
    found, = [row for row in line.site.rows("objects?kind=rate", "objects") if row["key"] == "rate/" + line.vif]
    return found


def set_bandwidth(line, mbit):
    line.tenant.put(V3 + "virtual-interfaces/" + line.vif, {"virtual_interface": {"bandwidth": mbit}})
    line.site.lab.edge.wait("a rate of %d" % mbit, lambda: rate(line)["body"]["ingress"] == mbit * 1000 and
                            rate(line)["state"] == "applied", 20)


class Way:
    """One direction of a line: the hosts at its ends."""

    def __init__(self, line, direction, family):
        self.guest, self.family, host = line.customer.guest, family, line.gateway.host
        inside, outside = (host.name, host.device, line.gateway.address(family)), (
            line.customer.host, "eth0", line.host_address(family))
        self.source, (self.sink, self.device, self.target) = (outside[0], inside) if direction == "in" else (inside[0], outside)

    @contextlib.contextmanager
    def offered(self, mbit, size):
        """So many Mbit/s of frames with `size` bytes for UDP, until the end of the block."""
        frame = HEADERS[self.family] + size
        pid = self.guest.spawn(*OFFER, self.target, size, mbit * 1e6 / 8 / frame, ns=self.source, log="/tmp/offer.log")
        try:
            yield self
        finally:
            self.guest.kill(pid)

    def counted(self):
        """Uptime of the guest, and packets that have come to the sink."""
        words = self.guest.shell("cat /proc/uptime; grep -F %s: /proc/net/dev" % self.device, ns=self.sink).out.split()
        return float(words[0]), int(words[4])

    def counted_bytes(self):
        """Uptime of the guest, and bytes of IP that have come to the sink."""
        words = self.guest.shell("cat /proc/uptime; grep -F %s: /proc/net/dev" % self.device, ns=self.sink).out.split()
        return float(words[0]), int(words[3])

    def expect(self, mbit, size):
        """That rate arrives. A machine that stands still while it is measured gets two more tries."""
        found = []
        while len(found) < 3 and (not found or found[-1] != pytest.approx(mbit, rel=OFF)):
            found.append(self.delivered(size))
            print("delivered of %d Mbit/s, %d bytes, IPv%s: %.2f" % (mbit, size, self.family, found[-1]))
        assert found[-1] == pytest.approx(mbit, rel=OFF), found

    def delivered(self, size, seconds=SECONDS):
        """Mbit/s that arrive."""
        self.guest.shell("sleep %g" % LEAD)
        begun, before = self.counted()
        self.guest.shell("sleep %g" % seconds)
        ended, after = self.counted()
        return (after - before) * (HEADERS[self.family] + size) * 8 / 1e6 / (ended - begun)


def ages(line):
    return [line.since(family) for family in "46"]


@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("mbit,size,family", [(2, 64, "4"), (2, 64, "6"), (10, 1400, "4"), (10, 1400, "6"), (20, 1400, "4")])
def test_of_three_times_the_rate_the_rate_arrives_and_the_sessions_stay(line, direction, mbit, size, family):
    set_bandwidth(line, mbit)
    before, way = ages(line), Way(line, direction, family)
    with way.offered(3 * mbit, size):
        way.expect(mbit, size)
    assert ages(line) == before


def device(line):
    """The interface's device: its number, and what limits it."""
    edge, name = line.site.lab.edge, line.site.rows("objects?kind=vlan", "objects")
    name = next(row["body"]["device"] for row in name if row["key"] == "vlan/" + line.vif)
    index = edge.run("ip", "-o", "link", "show", name, ns="dcaas-1").out.split(":")[0]
    return name, index, sorted(word for word in edge.run("tc", "qdisc", "show", "dev", name, ns="dcaas-1").out.split()
                               if word.startswith("dca"))


@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_bandwidth_changes_while_traffic_and_sessions_run(line, direction):
    set_bandwidth(line, 10)
    before, way = (ages(line), device(line)), Way(line, direction, "4")
    with way.offered(45, 1400):
        way.expect(10, 1400)
        set_bandwidth(line, 15)
        way.expect(15, 1400)
        set_bandwidth(line, 5)
        way.expect(5, 1400)
    assert (ages(line), device(line)) == before


def test_what_was_dropped_is_counted(line):
    set_bandwidth(line, 2)
    before = (rate(line)["detail"] or {}).get("dropped", {})

    def more(*members):
        now = (rate(line)["detail"] or {}).get("dropped", {})
        return all(now.get(member, 0) > before.get(member, 0) + 1000 for member in members)
    for direction, members in (("in", ("in_packets", "in_bytes")), ("out", ("out_packets",))):
        with Way(line, direction, "4").offered(20, 1400):
            line.site.lab.edge.wait("drops " + direction, lambda members=members: more(*members), 30)


def test_a_limit_that_was_flushed_by_hand_is_back_and_no_session_notices(line):
    before, (name, _, handles) = ages(line), device(line)
    for deed in ("qdisc del dev %s root", "filter del dev %s ingress pref 110", "qdisc del dev %s clsact"):
        line.site.lab.edge.shell("ip netns exec dcaas-1 tc " + deed % name)
        line.site.lab.edge.wait("all of it", lambda: device(line)[2] == handles and "police" in line.site.lab.edge.run(
            "tc", "filter", "show", "dev", name, "ingress", ns="dcaas-1").out, 10)
    assert ages(line) == before


def test_a_queue_of_the_operators_stays_and_the_interface_shows_the_reason(line):
    edge, name = line.site.lab.edge, device(line)[0]
    before = ages(line)
    edge.shell("ip netns exec dcaas-1 tc qdisc replace dev %s root handle 77: pfifo" % name)
    try:
        line.wait_peer("a reason", lambda _: "bandwidth is not enforced" in (line.interface()["reason"] or ""), timeout=20)
        assert line.interface()["status"] == "ACTIVE" and ages(line) == before
        assert "77:" in edge.run("tc", "qdisc", "show", "dev", name, ns="dcaas-1").out
    finally:
        edge.shell("ip netns exec dcaas-1 tc qdisc del dev %s root" % name)
    line.wait_peer("no reason", lambda _: line.interface()["reason"] is None, timeout=90)
    assert rate(line)["state"] == "applied" and ages(line) == before


def test_the_limit_goes_with_its_interface(shop, gateway):
    """On VLAN 0, too; the device is a macvlan there."""
    untagged = shop.site.shop("untagged", "trunk1")
    line = untagged.line(untagged.gateway(), vlan=0, families="4", bandwidth=3)
    line.order()
    edge = shop.site.lab.edge
    edge.wait("a rate on VLAN 0", lambda: rate(line)["state"] == "applied", 20)
    assert device(line)[2] == ["dca5:", "dca5:2", "dca6:"]
    key = "rate/" + line.vif
    line.delete()
    assert key not in [row["key"] for row in shop.site.rows("objects?kind=rate", "objects")]


SINK = """import socket, threading
def read(c):
    while c.recv(65536):
        pass
s = socket.create_server(("", 5001))
while True:
    threading.Thread(target=read, args=(s.accept()[0],), daemon=True).start()
"""
STREAM = """import socket, sys
c = socket.create_connection((sys.argv[1], 5001))
while True:
    c.sendall(bytes(65536))
"""


@pytest.mark.parametrize("direction,connections,least", [("in", 1, 5), ("in", 8, 8), ("out", 1, 8)])
def test_tcp_uses_the_bandwidth(line, direction, connections, least):
    """A policer drops what a shaper lets wait: one connection alone gets about 70 % through it, several get all."""
    set_bandwidth(line, 10)
    way, guest = Way(line, direction, "4"), line.customer.guest
    guest.write("/tmp/sink.py", SINK)
    guest.write("/tmp/stream.py", STREAM)
    sink = guest.spawn("/usr/bin/python3", "-I", "-S", "/tmp/sink.py", ns=way.sink, log="/tmp/sink.log")
    guest.wait("a sink", lambda: ":1389" in guest.shell("cat /proc/net/tcp", ns=way.sink).out, 10)
    streams = [guest.spawn("/usr/bin/python3", "-I", "-S", "/tmp/stream.py", way.target, ns=way.source, log="/tmp/stream.log")
               for _ in range(connections)]
    try:
        guest.shell("sleep %g" % LEAD)
        begun, before = way.counted_bytes()
        guest.shell("sleep %g" % (2 * SECONDS))
        ended, after = way.counted_bytes()
    finally:
        for pid in (*streams, sink):
            guest.kill(pid)
    got = (after - before) * 8 / 1e6 / (ended - begun)
    print("TCP %s, %d connections: %.2f of 10 Mbit/s" % (direction, connections, got))
    assert least <= got <= 10.5
