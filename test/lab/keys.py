# SPDX-License-Identifier: ISC
"""keys.py - many neighbours with passwords in one gateway, all of them real: for test_keys.py, and for the long run in
test/soak_lab."""
from lab.customer import BIRD_TIMERS, batch, start_bird

OPTMEM = "/proc/sys/net/core/optmem_max"
KEY = 136  # bytes, struct tcp_md5sig_key


def start(site, size):
    """The edge, on a router with so much memory: the settings of its installation are undone."""
    site.start_edge()
    site.stop_edge()
    for guest in (site.lab.edge, site.lab.customers):
        guest.shell("echo %d >%s" % (size, OPTMEM))
    site.run_edge()
    site.lab.edge.wait("its word of %d keys" % (size // KEY), lambda: site.operator.get(
        "/dcaas/v1/edges/" + site.edge_id, say=False)["edge"]["key_room"] == size // KEY, 30)


def lines_of(shop, gateway, n):
    return [shop.line(gateway, families="4", vlan=1000 + k, asn=65000, name="k%d" % k, md5="password of %d" % k,
                      links={"4": "100.66.%d.%d/30" % (k // 60, k % 60 * 4)}) for k in range(n)]


class Routers:
    """One BIRD in one namespace at the far end of all lines."""

    def __init__(self, site, lines):
        self.site, self.guest, self.lines = site, site.lab.customers, lines
        self.guest.ip(["netns add keys"])
        for part in range(0, len(lines), 100):
            self.guest.ip(["link add link trunk0 name trunk0.%d netns keys type vlan id %d" % (line.vlan, line.vlan)
                           for line in lines[part:part + 100]])
            batch(self.guest, "keys", [words for line in lines[part:part + 100] for words in (
                "link set trunk0.%d up" % line.vlan, "addr add %s dev trunk0.%d" % (line.far("4"), line.vlan))])
        text = ['log "/tmp/keys.log" all;', "router id 192.0.2.200;", "protocol device { scan time 10; }"]
        for k, line in enumerate(lines):
            text.append('protocol bgp k%d_4 { local %s as 65000; neighbor %s as 64512; password "%s"; %s'
                        " ipv4 { import none; export none; }; }" % (
                            k, line.far("4").split("/")[0], line.local("4").split("/")[0], line.md5, BIRD_TIMERS))
        self.guest.write("/run/lab/keys.conf", "\n".join(text) + "\n", 0o600)
        start_bird(self.guest, "/run/lab/keys.conf", "/run/lab/keys.ctl", "/run/lab/keys.pid", ns="keys")

    def end(self):
        self.guest.shell("kill -9 $(cat /run/lab/keys.pid); ip netns del keys", check=False)


def established(site, lines):
    mine = {line.peers["4"] for line in lines}
    return [row for row in site.rows("sessions?limit=2000", "sessions") if row["id"] in mine and row["established"]]


def run(site, shop, n, timeout):
    """All of n sessions with passwords in one gateway come up, and again after BIRD has been killed."""
    gateway = shop.gateway()
    lines = lines_of(shop, gateway, n)
    for line in lines:
        line.order()
    routers = Routers(site, lines)
    wait = site.lab.edge.wait
    wait("%d sessions" % n, lambda: len(established(site, lines)) == n, timeout)
    before = {row["id"]: row["since"] for row in established(site, lines)}
    for pid in site.birds():
        site.lab.edge.kill(pid, 9)
    wait("%d sessions again" % n, lambda: len(established(site, lines)) == n and not [
        row for row in established(site, lines) if row["since"] == before[row["id"]]], timeout)
    routers.end()
    return lines
