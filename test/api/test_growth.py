# SPDX-License-Identifier: ISC
"""An order costs the same beside ten others and beside thousands."""
import concurrent.futures
import os
import uuid

from support import V3, World

INTERFACES, MEASURED, CLIENTS = 4000, 100, 4
VLANS = 3900  # of a connection
PROMISED, HELD = 1.3, 2.0


class Field:
    """One edge, two connections; interfaces by number, each two of a gateway."""

    def __init__(self, daemon):
        self.daemon, self.world = daemon, World(daemon)
        self.tenant = self.world.tenant()
        self.lines = [self.world.connection(self.tenant, bandwidth=10000) for _ in range(2)]
        self.gateways = {}

    def gateway(self, number):
        return self.tenant.post(V3 + "virtual-gateways", {"virtual_gateway": {
            "name": "g", "vpc_id": str(uuid.UUID(int=number + (4 << 76) + (8 << 60))), "local_ep_group": ["10.0.0.0/16"]}})[
            "virtual_gateway"]["id"]

    def interface(self, number):
        subnet = 4 * number
        body = self.tenant.interface_body(
            self.lines[number // VLANS], self.gateways[number // 2], number % VLANS + 1, bandwidth=2,
            remote_ep_group=["192.168.%d.0/24" % (number % 256)],
            local_gateway_v4_ip="172.%d.%d.%d/30" % (16 + subnet // 65536, subnet // 256 % 256, subnet % 256 + 1),
            remote_gateway_v4_ip="172.%d.%d.%d/30" % (16 + subnet // 65536, subnet // 256 % 256, subnet % 256 + 2))
        self.tenant.post(V3 + "virtual-interfaces", {"virtual_interface": body})

    def grow(self, begin, end):
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            numbers = [number for number in range(begin // 2, (end + 1) // 2) if number not in self.gateways]
            self.gateways.update(zip(numbers, pool.map(self.gateway, numbers)))
            list(pool.map(self.interface, range(begin, end)))

    def cost(self, begin):
        """Processor seconds of one POST of an interface: what neighbours on the machine change least."""
        self.gateways.update((n, self.gateway(n)) for n in range(begin // 2, (begin + MEASURED) // 2))
        before = self.used()
        for number in range(begin, begin + MEASURED):
            self.interface(number)
        return (self.used() - before) / MEASURED

    def used(self):
        with open("/proc/%d/stat" % self.daemon.process.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_order_beside_thousands_costs_what_it_costs_beside_ten(new_dcaasd):
    field = Field(new_dcaasd(["accept_unattached_vpc = yes", "quota_virtual_gateways = -1", "quota_virtual_interfaces = -1",
                              "log = warning"], environment={"DCAAS_RUN_ONCE": "1"}))
    field.grow(0, 10)
    few = field.cost(10)
    field.grow(10 + MEASURED, INTERFACES)
    gateways, many = len(field.gateways), field.cost(INTERFACES)
    print("\nPOST of an interface, processor time: %.2f ms beside 10, %.2f ms beside %d of %d gateways: %.2f times (promised %g)" %
          (few * 1e3, many * 1e3, INTERFACES, gateways, many / few, PROMISED))
    assert many <= HELD * few
