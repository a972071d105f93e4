# SPDX-License-Identifier: ISC
"""Answers to clients that cannot read them as the contract has them: what they get instead, and that nobody else does."""
import pytest
from support import V3, exchange, signed

READS = {"huaweicloud-usdk-go/3.0": False, "huaweicloud-usdk-java/3.0": False, "huaweicloud-usdk-python/3.0": True,
         "terraform-provider-iac golangsdk/2.0.0": True, "curl/8": True}


def read(client, path, agent):
    target = (V3 + path).replace("{project_id}", client.project_id)
    return exchange(client, "GET", target, headers=signed(client, "GET", target, headers={"user-agent": agent}))


@pytest.mark.parametrize("asn, needs_32_bits", [(2147483647, False), (2147483648, True), (4200000000, True)])
def test_an_as_number_of_32_bits_is_left_out_for_clients_that_type_it_as_int32(tenant, line, asn, needs_32_bits):
    gateway = tenant.gateway(bgp_asn=asn)["id"]
    interface = tenant.interface(line, gateway, bgp_asn=asn - 1)["id"]
    for agent, reads in READS.items():
        seen = read(tenant, "virtual-gateways", agent)["virtual_gateways"][0]["bgp_asn"]
        assert seen == (asn if reads or not needs_32_bits else None), agent
        seen = read(tenant, "virtual-interfaces/" + interface, agent)["virtual_interface"]["vif_peers"][0]["bgp_asn"]
        assert seen == (asn - 1 if reads or asn - 1 <= 2147483647 else None), agent
