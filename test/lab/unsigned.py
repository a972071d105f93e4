# SPDX-License-Identifier: ISC
"""unsigned.py - routers that connect in a loop without a password while protected peers are added and started again: for
test_fail_open.py, and for the long run in test/soak_lab."""
import re
import time

MD5 = "example-of-md5"
WAYS = ("plain", "with VLAN 0", "by another line")


class Connectors:
    """The far ends of lines, in one namespace, and a looping connector for each of them and family. A third of them each connect
    plainly, with a second VLAN tag of VLAN 0, and by the next line's VLAN."""

    def __init__(self, site, lines):
        self.site, self.guest, self.lines = site, site.lab.customers, lines
        self.log = "/tmp/looper.log"
        self.way = {line: WAYS[i % 3] for i, line in enumerate(lines)}
        edge = site.lab.edge.run("ip", "-o", "link", "show", "trunk0").out.split("link/ether ")[1].split()[0]
        self.guest.ip(["netns add loop"] + ["link add link trunk0 name trunk0.%d netns loop type vlan id %d" % (
            line.vlan, line.vlan) for line in lines])
        self.guest.shell("echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad",
                         ns="loop")
        inside = ["link set lo up"]
        for line in lines:
            inside += ["link set trunk0.%d up" % line.vlan] + ["addr add %s dev trunk0.%d%s" % (
                line.far(f), line.vlan, " nodad" if f == "6" else "") for f in "46"]
        for i, line in enumerate(lines):
            out = "trunk0.%d" % line.vlan
            if self.way[line] == "with VLAN 0":
                inside += ["link add link %s name q%d type vlan id 0" % (out, line.vlan), "link set q%d up" % line.vlan]
                out = "q%d" % line.vlan
            elif self.way[line] == "by another line":
                out = "trunk0.%d" % lines[(i + 1) % len(lines)].vlan
            if self.way[line] != "plain":
                inside += ["route add %s dev %s src %s" % (self.near(line, f), out, line.far(f).split("/")[0]) for f in "46"]
                inside += ["neigh add %s dev %s lladdr %s nud permanent" % (self.near(line, f), out, edge) for f in "46"]
        self.guest.ip(inside, ns="loop")
        targets = ["%s,%s,%d" % (self.near(line, f), line.far(f).split("/")[0], line.asn) for line in lines for f in "46"]
        self.pid = self.guest.spawn("/usr/bin/python3", "-I", "-S", "/run/lab/src/lab/guest/looper.py", *targets, ns="loop",
                                    log=self.log)

    @staticmethod
    def near(line, family):
        return line.local(family).split("/")[0]

    def got_through(self):
        """{way: lines of the log of connections that somebody answered}"""
        text, found = self.guest.read(self.log), {}
        for line in self.lines:
            for family in "46":
                told = re.findall(r"^(.*) %s$" % re.escape(self.near(line, family)), text, re.M)
                if told:
                    found.setdefault(self.way[line] + " IPv" + family, []).extend(told)
        return found

    def end(self):
        """How many connections were tried."""
        self.guest.kill(self.pid, 15)
        self.guest.wait("the connector's last word", lambda: re.search("^tries [0-9]+$", self.guest.read(self.log), re.M), 20)
        text = self.guest.read(self.log)
        self.guest.shell("rm %s; ip netns del loop" % self.log)
        return int(text.split("tries ")[1])


def restart_session(site, line, family):
    """By BIRD's own word, as a change of a session's text does it."""
    row = next(r for r in site.rows("objects", "objects") if r["key"] == "bgp/" + line.peers[family])
    vrf = next(r for r in site.rows("objects", "objects") if r["key"] == row["body"]["vrf"])
    socket = "/run/dcaas/edge/bird/%d/run/bird.ctl" % vrf["body"]["instance"]
    return site.lab.edge.bird(socket, "restart " + row["body"]["name"])


def devices(site):
    """(namespace, device) of every device of ours."""
    return [(ns, device) for ns in site.instances()
            for device in re.findall(r"^\d+: (dc[vl]\w+)", site.lab.edge.run("ip", "-o", "link", ns=ns).out, re.M)]


def has_filter(site, ns, device):
    return "direct-action" in site.lab.edge.run("tc", "filter", "show", "dev", device, "ingress", ns=ns, check=False).out


def flush(site):
    for ns in site.instances():
        site.lab.edge.shell("; ".join("tc qdisc del dev %s clsact" % device for there, device in devices(site) if there == ns), ns=ns)


def wait_filters(site):
    site.lab.edge.wait("all filters again", lambda: all(has_filter(site, *device) for device in devices(site)), 20)


def flush_filters(site):
    """Seconds until the first one is back; all of them are then awaited."""
    one = devices(site)[-1]
    flush(site)
    begun = time.monotonic()
    site.lab.edge.wait("a filter again", lambda: has_filter(site, *one), 20, every=0.02)
    took = time.monotonic() - begun
    wait_filters(site)
    return took


def look(site, lines):
    """Peers that the edge calls Established, of those that are ordered."""
    mine = {peer for line in lines for peer in line.peers.values()}
    return [row["id"] for row in site.rows("sessions", "sessions") if row["id"] in mine and row["established"]]


def run(site, lines, restarts):
    """All that was let in: while the lines are ordered, their sessions restarted, BIRD and the edge killed, filters flushed."""
    connectors, wrong = Connectors(site, lines), {}

    def note(what):
        through, up = connectors.got_through(), look(site, lines)
        if (through or up) and not wrong:
            wrong[what] = (through, up)
    for line in lines:
        line.order()
        line.wait_applied()
        note("adding")
    for n in range(restarts):
        restart_session(site, lines[n % len(lines)], "46"[n // len(lines) % 2])
    note("restarting sessions")
    for pid in site.birds():
        site.lab.edge.kill(pid, 9)
    for line in lines:
        line.wait_applied()
    note("killing BIRD")
    site.stop_edge(9)
    site.run_edge()
    site.wait_edge()
    note("killing the edge")
    took = flush_filters(site)
    note("flushing filters")
    return connectors.end(), wrong, took
