# SPDX-License-Identifier: ISC
"""What runs longer than a test may: clients that order, change and cancel at random while dcaasd and the edge are killed now
and then, for DCAAS_SOAK_SECONDS (600). Afterwards everything ordered is ACTIVE, everything cancelled is gone, nothing is
lost or doubled, and memory has not grown. The router is simulated."""
import json
import os
import random
import sys
import threading
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sim"))

from simedge import SimSite  # noqa: E402

from support import V3, rows, send, wait_for  # noqa: E402

SECONDS = int(os.environ.get("DCAAS_SOAK_SECONDS", "600"))
CLIENTS = 4
MOST = 40  # interfaces of one client at a time


class Customer(threading.Thread):
    """Orders at random in an own project; knows what exists by the server's answers."""

    def __init__(self, site, number, stop):
        super().__init__()
        self.random, self.stop, self.wrong = random.Random(number), stop, []
        self.tenant = site.world.tenant()
        self.line = site.world.connection(self.tenant)
        self.gateway = self.tenant.gateway(local_ep_group_ipv6=["fd00:10:1::/48"])["id"]
        self.mine, self.gone, self.unsure, self.calls = {}, set(), set(), 0
        self.globals, self.links, self.unlinked = [self.global_gateway(site, n) for n in range(3)], {}, set()

    def global_gateway(self, site, number):
        """The id of a global gateway with an interface on a line of its own."""
        tenant = self.tenant
        gateway = tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g", "address_family": "dual"}})[
            "global_dc_gateway"]["id"]
        tenant.interface(site.world.connection(tenant), None, 1 + number, service_type="GDGW", gateway_id=gateway,
                         local_gateway_v4_ip="192.0.2.1/30", remote_gateway_v4_ip="192.0.2.2/30",
                         remote_ep_group=["10.%d.0.0/16" % (200 + number)])
        return gateway

    def link(self):
        """Links two gateways, or ends a link."""
        if self.links and self.random.random() < 0.5:
            link, path = self.random.choice(list(self.links.items()))
            answer = self.call("DELETE", path)
            if answer is None or answer.status == 204:
                del self.links[link]  # in doubt when there was no answer
            else:
                self.wrong.append((answer.status, dict(answer)))
            if answer is not None:
                self.unlinked.add(path)
            return
        here, there = self.random.sample(self.globals, 2)
        path = "global-dc-gateways/%s/peer-links" % here
        answer = self.call("POST", path, {"peer_link": {"name": "l", "peer_site": {
            "gateway_id": there, "project_id": self.tenant.project_id, "region_id": "region-1"}}})
        if answer is None:
            return
        if answer.status == 201:
            self.links[answer["peer_link"]["id"]] = path + "/" + answer["peer_link"]["id"]
        else:
            self.expect(answer, 400, "DC.0001", "DC.1019")

    def call(self, method, path, body=None):
        """The answer; None when the server was not there, or died on it."""
        self.calls += 1
        try:
            return send(self.tenant, method, V3 + path, json.dumps(body).encode() if body else b"")
        except Exception:  # refused, reset, or cut off in the middle
            self.stop.wait(0.1)
            return None

    def order(self):
        number = self.random.randrange(4, 4000)
        mode, asn = self.random.choice([("bgp", 65001), ("static", None)])
        body = self.tenant.interface_body(
            self.line, self.gateway, number, remote_ep_group=["10.%d.%d.0/24" % (100 + number // 256, number % 256)],
            local_gateway_v4_ip="172.16.%d.%d/30" % (number // 60, number % 60 * 4 + 1),
            remote_gateway_v4_ip="172.16.%d.%d/30" % (number // 60, number % 60 * 4 + 2), route_mode=mode, bgp_asn=asn)
        answer = self.call("POST", "virtual-interfaces", {"virtual_interface": body})
        if answer is None:
            self.unsure.add(number)
        elif answer.status == 201:
            self.mine[answer["virtual_interface"]["id"]] = number
        else:
            self.expect(answer, 400, "DC.1209", "DC.0004", "DC.1401")

    def expect(self, answer, status, *codes):
        if answer.status != status or answer.get("error_code") not in codes:
            self.wrong.append((answer.status, dict(answer)))

    def change(self, vif):
        number = self.mine[vif]
        answer = self.call("PUT", "virtual-interfaces/" + vif, {"virtual_interface": {
            "name": "n%d" % self.calls, "remote_ep_group": ["10.%d.%d.%d/32" % (100 + number // 256, number % 256,
                                                                               self.random.randrange(256))]}})
        if answer is not None and answer.status != 200:
            self.expect(answer, 400, "DC.1401")

    def second_peer(self, vif):
        answer = self.call("POST", "vif-peers", {"vif_peer": {
            "vif_id": vif, "local_gateway_ip": "2001:db8:%x::1/64" % self.mine[vif],
            "remote_gateway_ip": "2001:db8:%x::2/64" % self.mine[vif]}})
        if answer is not None and answer.status != 201:
            self.expect(answer, 400, "DC.1214")

    def cancel(self, vif):
        answer = self.call("DELETE", "virtual-interfaces/" + vif)
        if answer is None or answer.status == 204:
            self.gone.add(vif)
            if answer is None:
                self.unsure.add(self.mine[vif])
            del self.mine[vif]
        else:
            self.wrong.append((answer.status, dict(answer)))

    def run(self):
        while not self.stop.is_set():
            act = self.random.random()
            vif = self.random.choice(list(self.mine)) if self.mine else None
            if vif is None or (act < 0.4 and len(self.mine) < MOST):
                self.order()
            elif act < 0.6:
                self.change(vif)
            elif act < 0.75:
                self.second_peer(vif)
            elif act < 0.9:
                self.cancel(vif)
            elif act < 0.97:
                self.link()
            else:
                self.call("GET", "virtual-interfaces?limit=5")

    def settled(self):
        """Whether all that there is is ACTIVE, and all that was surely cancelled is gone."""
        fields = "?fields=id,status,vlan,vif_peers,reason"
        present = self.tenant.get(V3 + "virtual-interfaces" + fields, say=False)["virtual_interfaces"]
        links = [row for gateway in self.globals for row in self.tenant.get(
            V3 + "global-dc-gateways/%s/peer-links" % gateway, say=False)["peer_links"]]
        assert set(self.links) <= {row["id"] for row in links}, "lost"
        self.waits_for = [(row["id"], row["status"], row["reason"]) for row in links if row["status"] != "ACTIVE"] + [
            path for path in self.unlinked if send(self.tenant, "GET", V3 + path).status != 404] + [
            (row["id"], row["status"], row["reason"]) for row in present if row["status"] != "ACTIVE" or
            any(peer["status"] != "ACTIVE" for peer in row["vif_peers"])]
        if self.waits_for:
            return False
        present = [row for row in present if row["vlan"] > 3]
        ids = {row["id"]: row["vlan"] for row in present}
        assert set(self.mine) <= set(ids), "lost: %s" % (set(self.mine) - set(ids))
        doubled = {vif: vlan for vif, vlan in ids.items() if vif not in self.mine and vlan not in self.unsure}
        assert doubled == {}, "neither ordered nor in doubt"
        return True


def memory(process):
    with open("/proc/%d/status" % process.pid, encoding="ascii") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))


@pytest.fixture
def site(new_dcaasd, monkeypatch):
    # What the sanitizer keeps of freed memory would hide growth.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4")
    made = SimSite(new_dcaasd, edge={"report_interval": 1})
    yield made
    made.close()


def test_orders_at_random_while_processes_are_killed(site):
    stop, begun, kills = threading.Event(), time.monotonic(), 0
    customers = [Customer(site, number, stop) for number in range(CLIENTS)]
    for customer in customers:
        customer.start()
    try:
        while time.monotonic() - begun < SECONDS:
            stop.wait(min(20, SECONDS / 4))
            kills += 1
            if kills % 2:
                site.dcaasd.kill()
                site.dcaasd.start()
            else:
                site.edge.kill()
                site.edge.start()
            assert not any(customer.wrong for customer in customers)
    finally:
        stop.set()
        for customer in customers:
            customer.join(60)
    assert [customer.wrong for customer in customers if customer.wrong] == []
    for customer in customers:
        try:
            wait_for("all that was ordered ACTIVE, all that was cancelled gone", customer.settled, 120, 0.5)
        except AssertionError as late:
            raise AssertionError("%s: %s" % (late, customer.waits_for)) from None
    daemon = site.dcaasd
    assert rows(daemon, "PRAGMA integrity_check") == [("ok",)]
    assert rows(daemon, "SELECT key FROM edge_object WHERE deleted <> 0") == []
    assert rows(daemon, "SELECT id FROM vif_peer WHERE vif_id NOT IN (SELECT id FROM virtual_interface)") == []
    sessions = " UNION ".join("SELECT %s FROM peer_link" % one for one in ("near_v4", "near_v6", "far_v4", "far_v6"))
    assert rows(daemon, "SELECT id FROM link_subnet WHERE id NOT IN (SELECT id FROM vif_peer UNION %s)" % sessions) == []
    print("\n%d s, %d calls, %d kills: %d interfaces and %d links ACTIVE, %d and %d gone; dcaasd has %d MiB, the edge %d MiB "
          "(simulated)" % (time.monotonic() - begun, sum(customer.calls for customer in customers), kills,
                           *(sum(len(getattr(customer, what)) for customer in customers)
                             for what in ("mine", "links", "gone", "unlinked")),
                           memory(daemon.process), memory(site.edge.process)))


def test_memory_does_not_grow_with_calls(site):
    """The same orders and reads over and over, without a kill."""
    tenant, line, gateway = site.tenant, site.line, site.gateway

    def round_of(number):
        vif = tenant.interface(line, gateway, 100 + number % 50)["id"]
        for _ in range(50):
            tenant.get(V3 + "virtual-interfaces", say=False)
            send(tenant, "POST", V3 + "virtual-interfaces", b'{"virtual_interface": {"name": 5}}')
        tenant.delete(V3 + "virtual-interfaces/" + vif)
        wait_for("its end", lambda: send(tenant, "GET", V3 + "virtual-interfaces/" + vif).status == 404)

    end, number, sizes = time.monotonic() + SECONDS / 4, 0, []
    while time.monotonic() < end or number < 8:
        round_of(number)
        number += 1
        sizes.append((memory(site.dcaasd.process), memory(site.edge.process)))
    early, late = sizes[len(sizes) // 4], sizes[-1]
    print("\n%d rounds of 103 calls: dcaasd from %d to %d MiB, the edge from %d to %d MiB" % (
        number, early[0], late[0], early[1], late[1]))
    # The sanitizers' quarantine and the database's cache fill up to a bound; a leak of 1 kB per call would not stop there.
    assert late[0] - early[0] < 64 + number * 103 // 1024 // 4 and late[1] - early[1] < 64
