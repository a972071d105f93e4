# SPDX-License-Identifier: ISC
"""Which routing daemon of an edge gets a gateway: bounded by gateways and by the neighbours that they have."""
import pytest

from fake_edge import FakeEdge, body_of
from support import World


@pytest.fixture
def world(new_dcaasd):
    return World(new_dcaasd(settings=["vrfs_per_instance = 3", "neighbours_per_instance = 4"]))


class Orders:
    def __init__(self, world):
        self.world, self.tenant = world, world.tenant()
        self.edge = FakeEdge(world.endpoint, world.edge_token)
        self.line, self.vlan = world.connection(self.tenant), 100

    def interface(self, gateway):
        n, self.vlan = self.vlan - 100, self.vlan + 1
        self.tenant.interface(self.line, gateway, self.vlan, local_gateway_v4_ip="192.0.%d.%d/30" % (n // 60, n % 60 * 4 + 1),
                              remote_gateway_v4_ip="192.0.%d.%d/30" % (n // 60, n % 60 * 4 + 2), remote_ep_group=[])

    def gateway(self, interfaces):
        made = self.tenant.gateway()["id"]
        for _ in range(interfaces):
            self.interface(made)
        return made

    def instance(self, gateway):
        self.edge.apply()
        return next(body_of(one)["instance"] for key, one in self.edge.objects.items() if key == "vrf/" + gateway)


def test_a_gateway_joins_no_daemon_that_has_enough_neighbours(world):
    orders = Orders(world)
    many = orders.gateway(4)
    few = orders.gateway(1)
    third = orders.gateway(1)
    assert [orders.instance(one) for one in (many, few, third)] == [1, 2, 2]
    orders.interface(many)  # a gateway stays where it is
    assert orders.instance(many) == 1


def test_a_daemon_has_so_many_gateways_at_most(world):
    orders = Orders(world)
    made = [orders.gateway(1) for _ in range(4)]
    assert [orders.instance(one) for one in made] == [1, 1, 1, 2]
