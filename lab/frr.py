# SPDX-License-Identifier: ISC
"""frr.py - a customer's router with FRR instead of BIRD: zebra and bgpd of a namespace of the guest, distinguished by -N NAME."""
import ipaddress
import json

from .customer import Customer

FRR_BIN = "/usr/lib/frr"


class FrrSession:
    """One BGP session as FRR shows it; the members are those of customer.Session."""

    def __init__(self, name, neighbour):
        self.name = name
        self.text = json.dumps(neighbour)
        self.state = neighbour.get("bgpState", "none")
        self.established = self.state == "Established"
        families = list(neighbour.get("addressFamilyInfo", {}).values()) or [{}]
        self.imported = families[0].get("acceptedPrefixCounter", 0)
        self.exported = families[0].get("sentPrefixCounter", 0)
        self.last_error = neighbour.get("lastNotificationReason") or neighbour.get("lastResetDueTo") or ""

    def __repr__(self):
        return "%s %s in %d out %d %s" % (self.name, self.state, self.imported, self.exported, self.last_error)


class FrrCustomer(Customer):
    """As Customer, with FRR. The namespace's name is the daemons' -N."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if self.forged:
            raise ValueError("FRR always puts its own AS first: a forged path takes a BIRD")
        self.folder = "/etc/frr/" + self.name
        self.run = "/run/frr/" + self.name

    def config(self):
        lines = ["hostname " + self.name, "log file /tmp/%s.log" % self.name, "service integrated-vtysh-config"]
        for prefix in self.announce:
            v6 = ipaddress.ip_network(prefix).version == 6
            lines.append("%s route %s blackhole" % ("ipv6" if v6 else "ip", prefix))
        if self.bgp:
            lines += self._bgp()
        return "\n".join(lines) + "\n" + self.extra

    def _bgp(self):
        lines = ["router bgp %d" % self.asn, " bgp router-id " + self.router_id(), " no bgp ebgp-requires-policy",
                 " no bgp default ipv4-unicast", " timers bgp 10 30"]
        for family, options in sorted(self.families.items()):
            remote = options["remote"]
            lines += [" neighbor %s remote-as %d" % (remote, options.get("peer_asn", self.peer_asn)),
                      " neighbor %s timers connect 2" % remote, " neighbor %s advertisement-interval 0" % remote,
                      " neighbor %s update-source %s" % (remote, options["local"].split("/")[0])]
            if options.get("md5") is not None:
                lines.append(" neighbor %s password %s" % (remote, options["md5"]))
            if self.passive:
                lines.append(" neighbor %s passive" % remote)
            lines.append(" address-family ipv%s unicast" % family)
            lines += ["  network " + prefix for prefix in self.announce if str(ipaddress.ip_network(prefix).version) == family]
            lines += ["  neighbor %s activate" % remote]
            lines.append(" exit-address-family")
        lines.append("exit")
        return lines

    def _write(self):
        self.guest.write(self.folder + "/frr.conf", self.config(), 0o640)
        self.guest.shell("touch {0}/vtysh.conf; chown -R frr:frr {0}".format(self.folder))

    def start(self):
        self.guest.shell("mkdir -p {0} {1}; chown frr:frr /run/frr {0} {1}".format(self.folder, self.run))
        self._write()
        for daemon in ("zebra", "staticd", "bgpd"):
            if daemon != "bgpd" or self.bgp:
                self.guest.run(FRR_BIN + "/" + daemon, "-d", "-N", self.name, "-A", "127.0.0.1", "-u", "frr", "-g", "frr",
                               ns=self.name)
        self.vtysh_boot()

    def vtysh_boot(self):
        # Over the daemons' Unix sockets, so the namespace does not matter to it.
        result = self.guest.run("vtysh", "-N", self.name, "-b", check=False)
        if result.rc != 0 or "% " in result.out + result.err:
            raise ValueError("FRR of %s refuses: %s" % (self.name, result.out + result.err))

    def vtysh(self, *commands):
        words = [word for command in commands for word in ("-c", command)]
        return self.guest.run("vtysh", "-N", self.name, *words).out

    def configure(self, **changes):
        """FRR has no whole-file reload that is quick: what changed is taken out and put in again, sessions included."""
        for key, value in changes.items():
            if not hasattr(self, key):
                raise AttributeError(key)
            setattr(self, key, value)
        self._write()
        if self.bgp:
            self.vtysh("configure terminal", "no router bgp %d" % self.asn)
        self.vtysh_boot()

    def set_md5(self, family, password):
        self.families[family]["md5"] = password
        self._write()
        remote = self.families[family]["remote"]
        word = "no neighbor %s password" % remote if password is None else "neighbor %s password %s" % (remote, password)
        self.vtysh("configure terminal", "router bgp %d" % self.asn, word)

    def stop(self, sig=9):
        self.guest.shell("kill -%d $(cat %s/*.pid) 2>/dev/null || true" % (sig, self.run))

    def down(self):
        self.stop()
        self.guest.shell("ip netns del {0}; ip netns del {1} 2>/dev/null; rm -rf {2} {3}".format(
            self.name, self.host, self.folder, self.run))

    def session(self, family="4"):
        remote = self.families[family]["remote"]
        shown = json.loads(self.vtysh("show bgp neighbors %s json" % remote) or "{}")
        return FrrSession(self.protocol(family), shown.get(remote, {}))

    def routes_from_edge(self, family="4"):
        remote = self.families[family]["remote"]
        shown = json.loads(self.vtysh("show bgp ipv%s unicast neighbors %s routes json" % (family, remote)) or "{}")
        return sorted(shown.get("routes", {}))

    def bird(self, line):
        raise TypeError("%s runs FRR" % self.name)


__all__ = ["FrrCustomer", "FrrSession"]
