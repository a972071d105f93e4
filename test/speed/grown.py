# SPDX-License-Identifier: ISC
"""grown.py - a dcaasd and an edge with the simulated router, with as many interfaces as one likes: what one change takes from the
call to the edge's word, and what processor time the edge needs for it."""
import concurrent.futures
import os
import shutil
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "test"), os.path.join(ROOT, "test", "sim")]

from lab.dcaasd import Dcaasd  # noqa: E402
from simedge import SimEdge  # noqa: E402
from support import V3, World, wait_for  # noqa: E402

SETTINGS = ("accept_unattached_vpc = yes", "quota_virtual_gateways = -1", "quota_virtual_interfaces = -1", "log = warning")
CLIENTS = 8


class Grown:
    def __init__(self):
        self.dcaasd = Dcaasd(settings=SETTINGS)
        self.dcaasd.init()
        self.dcaasd.start()
        self.world = World(self.dcaasd, edge={"report_interval": 60})
        self.edge = SimEdge(self.world)
        self.edge.start()
        self.tenant = self.world.tenant()
        self.lines = {}  # a connection for each 3,999 VLANs
        self.gateways, self.made = [], []
        self.number = 0

    def close(self):
        self.edge.stop()
        shutil.rmtree(self.edge.folder)
        self.dcaasd.remove()

    def order(self, gateway):
        n, self.number = self.number, self.number + 1
        line = self.lines.get(n // 3999) or self.lines.setdefault(n // 3999, self.world.connection(self.tenant, bandwidth=100000))
        a = "172.%d.%d.%%d/30" % (16 + n // 16384, n // 64 % 256)
        return self.tenant.interface_body(line, gateway, 1 + n % 3999, bandwidth=2, remote_ep_group=None, bgp_md5="a password",
                                          local_gateway_v4_ip=a % (n % 64 * 4 + 1), remote_gateway_v4_ip=a % (n % 64 * 4 + 2))

    def post(self, body):
        return self.tenant.post(V3 + "virtual-interfaces", {"virtual_interface": body}, say=False)["virtual_interface"]["id"]

    def show(self, vif):
        return self.tenant.call("GET", V3 + "virtual-interfaces/" + vif, check=False, say=False)

    def wait_applied(self, vif, timeout=120):
        def look():
            return self.show(vif)["virtual_interface"]["status"] != "PENDING_CREATE"
        wait_for("applied", look, timeout, 0.001)

    def grow(self, gateways, each):
        """So many gateways, one after the other, with so many interfaces."""
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for _ in range(gateways):
                self.gateways.append(self.tenant.gateway()["id"])
                self.made.append(self.post(self.order(self.gateways[-1])))  # the gateway gets its instance
                self.made += pool.map(self.post, [self.order(self.gateways[-1]) for _ in range(each - 1)])
        for vif in self.made[-each:]:
            self.wait_applied(vif, 600)

    def processor(self):
        """Milliseconds that the edge has used."""
        with open("/proc/%d/schedstat" % self.edge.process.pid) as file:
            return int(file.read().split()[0]) / 1e6

    def once(self):
        """Seconds from the order to the edge's word that the interface is there. It is deleted again."""
        body = self.order(self.gateways[-1])
        begun = time.monotonic()
        vif = self.post(body)
        self.wait_applied(vif)
        took = time.monotonic() - begun
        self.delete([vif])
        return took

    def delete(self, vifs):
        """Seconds from the first deletion until all are gone."""
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda vif: self.tenant.delete(V3 + "virtual-interfaces/" + vif, say=False), vifs))
        for vif in vifs:
            wait_for("gone", lambda vif=vif: self.show(vif).status == 404, 120, 0.001)
        return time.monotonic() - begun

    def one_more(self, runs):
        """Medians of (seconds from the order to the edge's word, milliseconds of the edge's processor for it and its end)."""
        took, work = [], []
        for _ in range(runs):
            before = self.processor()
            took.append(self.once())
            work.append(self.processor() - before)
        return statistics.median(took), statistics.median(work)

    def idle(self, seconds=5):
        """Percent of a processor."""
        before = self.processor()
        time.sleep(seconds)
        return (self.processor() - before) / seconds / 10
