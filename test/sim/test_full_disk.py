# SPDX-License-Identifier: ISC
"""An edge does not begin what it cannot write to its disk, and reports that; the rest continues."""
import os

from support import V3, wait_for


def break_disk(site):
    """No change can be written: where the journal should be is a folder."""
    path = os.path.join(site.edge.state, "journal")
    if os.path.exists(path):
        os.rename(path, path + ".kept")
    os.mkdir(path)


def mend_disk(site):
    path = os.path.join(site.edge.state, "journal")
    os.rmdir(path)
    if os.path.exists(path + ".kept"):
        os.rename(path + ".kept", path)


def test_what_cannot_be_saved_is_reported_and_the_other_instances_continue(new_site):
    site = new_site(settings=["vrfs_per_instance = 1"])
    other = site.tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "g"}})["global_dc_gateway"]["id"]
    first = site.order(1)
    site.wait_status(first, "ACTIVE")
    beside = site.tenant.interface(site.line, None, vlan=3000, service_type="GDGW", gateway_id=other, remote_ep_group=None,
                                   local_gateway_v4_ip="192.0.200.1/30", remote_gateway_v4_ip="192.0.200.2/30")["id"]
    site.wait_status(beside, "ACTIVE")
    break_disk(site)
    try:
        new = site.order(2)
        wait_for("the order's error", lambda: "cannot save" in str(site.edge.rows("objects?limit=1000", "objects")))
        assert site.interface(new)["status"] != "ACTIVE"
        assert site.interface(first)["status"] == "ACTIVE"
        # What is seen of all is still reported, and what is wanted elsewhere is still done.
        site.edge.set_options(down=beside)
        site.wait_status(beside, "DOWN")
        site.edge.set_options(down="")
        site.wait_status(beside, "ACTIVE")
    finally:
        mend_disk(site)
    site.wait_status(new, "ACTIVE", 40)
    assert site.edge.logged("desired set not saved") and site.edge.logged("desired set saved")
