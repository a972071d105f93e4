# SPDX-License-Identifier: ISC
"""Orders, changes and cancellations at random, with kills and hands on the router in between; then the router has exactly what
is ordered, and a line that nobody touched has noticed nothing."""
import ipaddress
import os
import random
import time

import pytest

from conftest import closing, open_site
from lab.customer import Pinging
from lab.guest import PATIENCE, GuestError

SECONDS = float(os.environ.get("DCAAS_CHURN_SECONDS", "45"))
SEED = int(os.environ.get("DCAAS_CHURN_SEED", "1"))
CONVERGES = 60
MOST = 16
V3 = "/v3/{project_id}/dcaas/"
MD5 = "example-of-md5"


@pytest.fixture(scope="module")
def site():
    # Two gateways to a BIRD: the untouched line shares its own with one that is churned.
    made = open_site(settings=["vrfs_per_instance = 2"])
    yield made
    closing(made)


class Churn:
    def __init__(self, site, gateways, quiet):
        self.site, self.gateways, self.quiet = site, gateways, quiet
        self.random = random.Random(SEED)
        self.shop = quiet.shop
        self.lines, self.done = [], {}
        self.numbers = list(range(100, 200))

    def act(self):
        weights = {self.add: 8, self.drop: 4, self.second: 4, self.change: 4, self.kill_net: 1, self.kill_agent: 1,
                   self.kill_bird: 1, self.kill_dcaasd: 1, self.delete_device: 1}
        action = self.random.choices(list(weights), list(weights.values()))[0]
        if action():
            self.done[action.__name__] = self.done.get(action.__name__, 0) + 1

    # orders

    def add(self):
        if len(self.lines) >= MOST or not self.numbers:
            return False
        n = self.numbers.pop(0)
        line = self.shop.line(self.random.choice(self.gateways), n=n, families=self.random.choice(["4", "6", "46"]),
                              mode=self.random.choice(["bgp", "static"]), md5=self.random.choice([MD5, None]))
        line.order()
        self.lines.append(line)
        return True

    def drop(self):
        if not self.lines:
            return False
        line = self.lines.pop(self.random.randrange(len(self.lines)))
        line.delete(waiting=False)
        return True

    def second(self):
        """The other family of a line that has one; or one of two is cancelled."""
        if not self.lines:
            return False
        line = self.random.choice(self.lines)
        if len(line.peers) == 2:
            family = self.random.choice("46")
            line.tenant.delete(V3 + "vif-peers/" + line.peers.pop(family))
            return True
        family = "6" if "4" in line.peers else "4"
        link = "169.254.%d.0/30" % line.n if family == "4" else "fd00:%x::/126" % line.n
        line.links.setdefault(family, ipaddress.ip_network(link))
        answer = line.tenant.call("POST", V3 + "vif-peers", {"vif_peer": {
            "vif_id": line.vif, "address_family": "ipv" + family, "local_gateway_ip": line.local(family),
            "remote_gateway_ip": line.far(family), "remote_ep_group": line.blocks(family)}}, check=False)
        if answer.status != 201:  # the one that is being removed is still there
            assert answer.status == 400, answer
            return False
        line.peers[family] = answer["vif_peer"]["id"]
        return True

    def change(self):
        if not self.lines:
            return False
        line = self.random.choice(self.lines)
        family = next(iter(line.peers))
        n = self.random.randrange(250)
        block = "172.29.%d.0/24" % n if family == "4" else "fd29:%x::/64" % n
        answer = line.tenant.call("PUT", V3 + "vif-peers/" + line.peers[family],
                                  {"vif_peer": {"remote_ep_group": [block]}}, check=False)
        return answer.status == 200

    # mishaps

    def kill_net(self):
        return self._kill("net")

    def kill_agent(self):
        return self._kill("agent")

    def _kill(self, half):
        pid = self.site.edge_processes().get(half)
        if pid is not None:
            self.site.lab.edge.shell("kill -9 %d || true" % pid)
        return pid is not None

    def kill_bird(self):
        others = [n for n in self.site.instances() if n != self.quiet.instance]
        if not others:
            return False
        name = self.random.choice(others)
        self.site.lab.edge.shell("kill -9 $(ip netns pids %s) 2>/dev/null || true" % name)
        return True

    def kill_dcaasd(self):
        self.site.dcaasd.kill()
        self.site.dcaasd.start()
        return True

    def delete_device(self):
        """By hand, one of ours that is not the quiet line's."""
        ns = self.random.choice(self.site.instances())
        out = self.site.lab.edge.shell("ip -n %s -br link | cut -d@ -f1" % ns, check=False).out.split()
        devices = sorted(name for name in out if name.startswith("dcv") and name not in self.quiet.devices)
        if not devices:
            return False
        self.site.lab.edge.shell("ip -n %s link del %s || true" % (ns, self.random.choice(devices)))
        return True


class Quiet:
    """The line that nobody touches."""

    def __init__(self, shop, gateway):
        self.shop = shop
        self.line = shop.line(gateway, md5=MD5)
        self.line.order()
        self.line.router()
        self.line.wait_active()
        site = shop.site
        rows = site.rows("objects", "objects")
        vrf = next(row for row in rows if row["kind"] == "vrf" and gateway.id in row["key"])
        self.instance = "dcaas-%d" % vrf["body"]["instance"]
        self.devices = {row["body"]["device"] for row in rows if row["kind"] == "vlan" and row["body"]["vrf"] == vrf["key"]}
        for family in "46":
            site.lab.edge.wait("a first ping", lambda f=family: self.line.customer.ping(gateway.address(f)).ok, 20)
        self.pings = [Pinging(site.lab.customers, self.line.customer.host, gateway.address(family)) for family in "46"]
        for pinging in self.pings:
            pinging.wait_answers(2)


def wanted(site):
    """What the store asks the edge for, as the kernel and BIRD would show it."""
    rows = site.rows("objects", "objects")
    by_key = {row["key"]: row for row in rows}
    devices, addresses, routes, sessions = set(), set(), set(), set()
    for row in rows:
        body = row["body"]
        if row["kind"] == "vrf":
            devices.add(("dcaas-%d" % body["instance"], body["device"]))
        elif row["kind"] == "vlan":
            devices.add((space(by_key, body["vrf"]), body["device"]))
        elif row["kind"] == "addr":
            link = by_key[body["link"]]["body"]
            addresses.add((space(by_key, link["vrf"]), link["device"], body["prefix"]))
        elif row["kind"] == "route":
            routes.add((by_key[body["vrf"]]["body"]["table"], {"vpc": 201, "static": 202}[body["class"]], body["prefix"]))
        elif row["kind"] == "bgp":
            sessions.add((space(by_key, body["vrf"]), body["name"]))
    return devices, addresses, routes, sessions


def space(by_key, vrf):
    return "dcaas-%d" % by_key[vrf]["body"]["instance"]


def there(site):
    """What kernel and BIRD show."""
    edge = site.lab.edge
    devices, addresses, routes, sessions = set(), set(), set(), set()
    for ns in site.instances():
        for words in map(str.split, edge.shell("ip -n %s -br addr" % ns).out.splitlines()):
            name = words[0].split("@")[0]
            if not name.startswith("dc"):
                continue
            devices.add((ns, name))
            addresses |= {(ns, name, text) for text in words[2:] if "/" in text and not text.startswith("fe80:")}
        for family in "46":
            for proto in (201, 202):
                out = edge.shell("ip -%s -n %s route show table all proto %d" % (family, ns, proto)).out
                for words in map(str.split, out.splitlines()):
                    prefix = words[0] if "/" in words[0] else words[0] + ("/32" if family == "4" else "/128")
                    routes.add((int(words[words.index("table") + 1]), proto, prefix))
        try:
            text = edge.bird("/run/dcaas/edge/bird/%s/run/bird.ctl" % ns.split("-")[1], "show protocols")
        except GuestError:
            continue  # an instance without neighbours may have no daemon
        sessions |= {(ns, words[0].replace("2002-", "").replace("1002-", "")) for words in map(str.split, text.splitlines())
                     if len(words) > 1 and words[1] == "BGP"}
    return devices, addresses, routes, sessions


def test_random_orders_under_kills_end_in_what_is_ordered(site):
    shop = site.shop("churn")
    gateways = [shop.gateway(host=number == 0) for number in range(4)]
    quiet = Quiet(shop, gateways[0])
    since = [quiet.line.since(family) for family in "46"]
    churn = Churn(site, gateways, quiet)
    # A slow machine takes longer for the same number.
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS or (
            sum(churn.done.values()) <= SECONDS / 2 and time.monotonic() - begun < PATIENCE * SECONDS):
        churn.act()
        time.sleep(churn.random.random() * 0.5)
    print("\nseed %d, %.0f s: %s; %d lines at the end" % (SEED, time.monotonic() - begun, churn.done, len(churn.lines)))
    assert sum(churn.done.values()) > SECONDS / 2
    for line in churn.lines:
        for peer in list(line.peers):
            line.wait_peer("applied", lambda p: p["status"] in ("ACTIVE", "DOWN"), peer, CONVERGES)
    site.lab.edge.wait("every object applied, no tombstone left", lambda: not [
        row["key"] for row in site.rows("objects", "objects") if row["deleted"] or row["state"] != "applied"], CONVERGES)
    names = ("devices", "addresses", "routes", "sessions")
    seen = {}

    def same():
        want, have = wanted(site), there(site)
        seen.clear()
        seen.update({name: (sorted(w - h), sorted(h - w)) for name, w, h in zip(names, want, have) if w != h})
        return not seen
    try:
        site.lab.edge.wait("a router that has what is ordered", same, CONVERGES, 1)
    except GuestError:
        raise AssertionError("missing and too much: %s" % seen) from None
    lost = [pinging.stop()[0] for pinging in quiet.pings]
    assert lost == [[], []]
    assert [quiet.line.since(family) for family in "46"] == since
    static = [line for line in churn.lines if line.mode == "static"]
    for line in static:
        for family in line.peers:
            line.wait_peer("ACTIVE", lambda p: p["status"] == "ACTIVE", family, CONVERGES)
