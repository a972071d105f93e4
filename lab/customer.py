# SPDX-License-Identifier: ISC
"""customer.py - what lies behind the edge in the guest "customers": customers' routers with a real BIRD, the hosts behind
them, and the hosts of a VPC. Each is a network namespace of that guest.
"""
import ipaddress
import itertools
import re

BIRD_TIMERS = "connect delay time 1; connect retry time 3; error wait time 1,4; error forget time 5;"


def batch(guest, ns, lines):
    guest.ip(lines, ns=ns)


def start_bird(guest, config, control, pid_path, ns=None):
    """A BIRD in the background; its pid. It writes that only after the command has returned."""
    guest.shell("rm -f %s; exec bird -c %s -s %s -P %s" % (pid_path, config, control, pid_path), ns=ns)
    return int(guest.wait("the pid of BIRD", lambda: guest.read(pid_path).strip(), 20, 0.05))


class Session:
    """One BGP session as that BIRD shows it."""

    def __init__(self, name, text):
        self.name = name
        self.text = text
        state = re.search(r"BGP state:\s+(\S+)", text)
        self.state = state.group(1) if state else "none"
        self.established = self.state == "Established"
        routes = re.search(r"Routes:\s+(\d+) imported(?:, \d+ filtered)?, (\d+) exported", text)
        self.imported, self.exported = (int(routes.group(1)), int(routes.group(2))) if routes else (0, 0)
        error = re.search(r"Last error:\s+(.*)", text)
        self.last_error = error.group(1).strip() if error else ""

    def __repr__(self):
        return "%s %s in %d out %d %s" % (self.name, self.state, self.imported, self.exported, self.last_error)


class Customer:
    """A customer's router on one VLAN of a trunk, in the namespace `name`, with a host behind the router in `name`h.

    families: {"4": {"local": "169.254.10.2/30", "remote": "169.254.10.1", "md5": "secret" or None}, "6": {...}}; local is
    the customer's own address. announce: prefixes of either family. forged: {prefix: AS} announced with that first AS
    instead of the customer's own. lan: the subnet of the host behind (the router has .1, the host .10). BGP is left out
    when bgp is false (static peers); `routes` are then static routes of the router towards the edge. policy: {prefix:
    statements of BIRD's export filter for it}, as bgp_med = 5;
    """

    def __init__(self, guest, name, vlan, asn, peer_asn, families, announce=(), forged=None, lan=None, lan6=None,
                 port="trunk0", bgp=True, routes=(), passive=False, extra="", policy=None, bfd=False):
        self.guest, self.name, self.vlan, self.port = guest, name, vlan, port
        self.asn, self.peer_asn, self.families = asn, peer_asn, families
        self.announce, self.forged = list(announce), dict(forged or {})
        self.lan, self.lan6, self.bgp, self.routes = lan, lan6, bgp, list(routes)
        self.passive, self.extra, self.policy, self.bfd = passive, extra, dict(policy or {}), bfd
        self.socket = "/run/lab/%s.ctl" % name
        self.config_path = "/run/lab/%s.conf" % name
        self.pid_path = "/run/lab/%s.pid" % name

    @property
    def device(self):
        return "%s.%d" % (self.port, self.vlan) if self.vlan else self.name + "u"

    @property
    def host(self):
        return self.name + "h"

    def protocol(self, family):
        return "%s_%s" % (self.name, family)

    # BIRD

    def config(self):
        """bird.conf of this router. Routes to announce are static ones that never reach its kernel."""
        lines = ['log "/tmp/%s.log" all;' % self.name, "router id %s;" % self.router_id(),
                 "protocol device { scan time 2; }"] + (["protocol bfd { }"] if self.bfd else [])
        for family, options in sorted(self.families.items()):
            lines += self._family(family, options)
        return "\n".join(lines) + "\n" + self.extra

    def router_id(self):
        four = self.families.get("4")
        return four["local"].split("/")[0] if four else "192.0.2.%d" % (1 + self.vlan % 250)

    def _family(self, family, options):
        channel = "ipv" + family
        wanted = [p for p in list(self.announce) + list(self.forged) if str(ipaddress.ip_network(p).version) == family]
        lines = ["protocol kernel kernel%s { %s { import none; export where source = RTS_BGP; }; }" % (family, channel),
                 "protocol static announce%s { %s;" % (family, channel)]
        lines += ["\troute %s unreachable;" % prefix for prefix in wanted]
        lines += ["}"]
        if not self.bgp:
            return lines
        password = options.get("md5")
        lines += ["protocol bgp %s {" % self.protocol(family),
                  "\tlocal %s as %d; neighbor %s as %d;" % (options["local"].split("/")[0], self.asn, options["remote"],
                                                             options.get("peer_asn", self.peer_asn)),
                  "\t" + BIRD_TIMERS]
        if password is not None:
            lines.append('\tpassword "%s";' % password)
        if self.passive:
            lines.append("\tpassive yes;")
        if self.bfd:
            lines.append("\tbfd { min rx interval 200 ms; min tx interval 200 ms; multiplier 3; };")
        if self.forged:
            lines.append("\trs client;  # does not add our AS, so the filter below decides the first one")
        lines += ["\t%s { import all; export filter { if proto != \"announce%s\" then reject;" % (channel, family)]
        if self.forged:
            own = True
            for prefix, asn in self.forged.items():
                if prefix in wanted:
                    lines.append("\t\t%sif net = %s then bgp_path.prepend(%d);" % ("" if own else "else ", prefix, asn))
                    own = False
            lines.append("\t\t%sbgp_path.prepend(%d);" % ("" if own else "else ", self.asn))
        lines += ["\t\tif net = %s then { %s }" % (prefix, words) for prefix, words in self.policy.items() if prefix in wanted]
        lines += ["\t\taccept; }; };", "}"]
        return lines

    # life

    def up(self):
        """The namespace, its addresses, the host behind the router, and BIRD."""
        guest, name = self.guest, self.name
        lines = ["netns add " + name]
        if self.vlan:
            lines.append("link add link %s name %s netns %s type vlan id %d" % (self.port, self.device, name, self.vlan))
        else:
            lines.append("link add link %s name %s netns %s type macvlan mode bridge" % (self.port, self.device, name))
        if self.lan:
            lines += ["netns add " + self.host, "link add lan netns %s type veth peer name eth0 netns %s" % (name, self.host)]
        guest.ip(lines)
        guest.shell("echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; "
                    "echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad", ns=name)
        inside = ["link set lo up", "link set %s up" % self.device]
        inside += ["addr add %s dev %s%s" % (options["local"], self.device, " nodad" if family == "6" else "")
                   for family, options in sorted(self.families.items())]
        behind = ["link set lo up", "link set eth0 up"]
        if self.lan:
            net = ipaddress.ip_network(self.lan)
            inside += ["addr add %s/%d dev lan" % (net[1], net.prefixlen), "link set lan up"]
            behind += ["addr add %s/%d dev eth0" % (net[10], net.prefixlen), "route add default via %s" % net[1]]
        if self.lan and self.lan6:
            net = ipaddress.ip_network(self.lan6)
            inside += ["addr add %s/%d dev lan nodad" % (net[1], net.prefixlen)]
            behind += ["addr add %s/%d dev eth0 nodad" % (net[10], net.prefixlen), "route add default via %s" % net[1]]
        inside += ["route add %s" % route for route in self.routes]
        batch(guest, name, inside)
        if self.lan:
            batch(guest, self.host, behind)
        self.start()
        return self

    def start(self):
        self.guest.write(self.config_path, self.config(), 0o600)
        start_bird(self.guest, self.config_path, self.socket, self.pid_path, ns=self.name)

    def configure(self, **changes):
        """Changes attributes of this object and makes BIRD read its configuration again."""
        for key, value in changes.items():
            if not hasattr(self, key):
                raise AttributeError(key)
            setattr(self, key, value)
        self.guest.write(self.config_path, self.config(), 0o600)
        reply = self.guest.bird(self.socket, "configure")
        if re.search(r"^[89]\d\d\d", reply, re.M):
            raise ValueError("BIRD of %s refuses: %s" % (self.name, reply))
        return reply

    def set_md5(self, family, password):
        self.families[family]["md5"] = password
        return self.configure()

    def stop(self, sig=9):
        """Ends BIRD only (kill -9 by default)."""
        self.guest.kill(int(self.guest.read(self.pid_path)), sig)

    def down(self):
        self.guest.shell("kill -9 $(cat %s) 2>/dev/null; ip netns del %s; ip netns del %s 2>/dev/null; rm -f %s %s %s"
                         % (self.pid_path, self.name, self.host, self.socket, self.config_path, self.pid_path))

    # what it sees

    def bird(self, line):
        return self.guest.bird(self.socket, line)

    def session(self, family="4"):
        name = self.protocol(family)
        return Session(name, self.bird("show protocols all " + name))

    def wait_established(self, family="4", timeout=60):
        def look():
            session = self.session(family)
            return session if session.established else None
        return self.guest.wait("%s Established at the customer" % self.protocol(family), look, timeout)

    def routes_from_edge(self, family="4"):
        """Prefixes that the edge announced to it."""
        text = self.bird("show route protocol " + self.protocol(family))
        return sorted(set(re.findall(r"^1007-?\s*([0-9a-f:.]+/\d+)", text, re.M) +
                          re.findall(r"^\s([0-9a-f:.]+/\d+)\s", text, re.M)))

    def ping(self, target, count=3, behind=True, size=None, timeout=30):
        return ping(self.guest, target, self.host if behind else self.name, count, size, timeout)


class VpcHost:
    """A host of a VPC on a VLAN of the edge's VPC-side port; the edge is its router."""

    def __init__(self, guest, name, vlan, address, via, address6=None, via6=None, port="vpc0"):
        self.guest, self.name, self.vlan, self.port = guest, name, vlan, port
        self.address, self.via, self.address6, self.via6 = address, via, address6, via6

    @property
    def device(self):
        return "%s.%d" % (self.port, self.vlan)

    def up(self):
        self.guest.ip(["netns add " + self.name,
                       "link add link %s name %s netns %s type vlan id %d" % (self.port, self.device, self.name, self.vlan)])
        lines = ["link set lo up", "link set %s up" % self.device, "addr add %s dev %s" % (self.address, self.device),
                 "route add default via %s" % self.via]
        if self.address6:
            lines += ["addr add %s dev %s nodad" % (self.address6, self.device), "route add default via %s" % self.via6]
        batch(self.guest, self.name, lines)
        return self

    def add_address(self, address):
        """One more address on its loopback: a host of another prefix of the VPC."""
        batch(self.guest, self.name, ["addr add %s dev lo%s" % (address, " nodad" if ":" in address else "")])

    def ping(self, target, count=3, size=None, timeout=30):
        return ping(self.guest, target, self.name, count, size, timeout)

    def down(self):
        self.guest.ip(["netns del " + self.name])


class Ping:
    def __init__(self, result):
        self.text = result.out + result.err
        counts = re.search(r"(\d+) packets transmitted, (\d+) received", self.text)
        self.sent, self.received = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 0)
        self.ok = self.received > 0

    def __repr__(self):
        return "ping %d of %d" % (self.received, self.sent)


class Pinging:
    """A ping that runs until stop(), and then knows what it lost. Echoes that are under way at the end do not count."""

    numbers = itertools.count(1)

    def __init__(self, guest, ns, target, every=0.2):
        self.guest, self.target = guest, target
        self.log = "/tmp/pinging.%d" % next(self.numbers)
        self.every = every
        self.pid = guest.spawn("ping", "-n", "-O", "-i", every, target, ns=ns, log=self.log)

    def answered(self):
        return sorted({int(n) for n in re.findall(r"bytes from .*icmp_seq=(\d+)", self.guest.read(self.log))})

    def wait_answers(self, n=3, timeout=20):
        """Until n more echoes than now have come back."""
        before = len(self.answered())
        self.guest.wait("%d answers of %s" % (n, self.target), lambda: len(self.answered()) >= before + n, timeout)
        return self

    def stop(self):
        """The sequence numbers that were lost, and how many were sent before the last one that came back. By now the way is
        open again: one more answer is awaited, and what was sent before it has had its time."""
        self.wait_answers(1)
        self.guest.kill(self.pid, 2)
        self.guest.wait("ping's last word", lambda: "packets transmitted" in self.guest.read(self.log), 10)
        answered = self.answered()
        return sorted(set(range(1, answered[-1])) - set(answered)), answered[-1]


def ping(guest, target, ns, count=3, size=None, timeout=30):
    argv = ["ping", "-n", "-i", "0.2", "-W", "1", "-c", count] + (["-s", size] if size else []) + [target]
    return Ping(guest.run(*argv, ns=ns, timeout=timeout, check=False))
