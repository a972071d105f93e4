# SPDX-License-Identifier: ISC
"""BFD that edges have and BFD that they have not: neither makes an interface worse, and `reason` names what is missing."""
from support import V3, wait_for


def wait_reason(site, vif, expected):
    """Once the edge has reported about what was asked of it last."""
    wait_for("the reason is %s" % expected, lambda: site.interface(vif)["reason"] == expected)
    assert site.interface(vif)["status"] == "ACTIVE"


def test_a_session_has_bfd_and_a_tenants_discriminators_are_named(site):
    vif = site.order(1, enable_bfd=True)
    site.wait_status(vif, "ACTIVE")
    wait_reason(site, vif, None)
    path = V3 + "virtual-interfaces/%s/extend-attributes" % vif
    site.tenant.put(path, {"extend_attribute": {"ha_mode": "static_single", "local_disclaim": 1, "remote_disclaim": 2}})
    wait_reason(site, vif, "ipv4: bfd: BIRD chooses its discriminators by itself")
    site.tenant.put(V3 + "virtual-interfaces/%s" % vif, {"virtual_interface": {"enable_bfd": False}})
    wait_reason(site, vif, None)


def test_static_routes_have_none(site):
    vif = site.order(2, route_mode="static", bgp_asn=None, enable_bfd=True)
    site.wait_status(vif, "ACTIVE")
    wait_reason(site, vif, "ipv4: bfd: this edge has BFD for BGP sessions only")
