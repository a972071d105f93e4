# SPDX-License-Identifier: ISC
"""Files that describe what shall be: apply, diff and export."""
import json
import os
import re

import pytest

from simulation import VPC

SITE = """# An office with both address families.
virtual_gateways:
  - name: office
    vpc_id: %s
    local_ep_group: [10.1.0.0/16]
    local_ep_group_ipv6: ["fd10:1::/64"]
virtual_interfaces:
  - name: office
    type: private
    direct_connect_id: line1
    vgw_id: office
    vlan: 100
    bandwidth: 50
    route_mode: bgp
    bgp_asn: 65001
    bgp_md5_file: %%(secret)s
    local_gateway_v4_ip: 169.254.10.1/30
    remote_gateway_v4_ip: 169.254.10.2/30
vif_peers:
  - vif_id: office
    address_family: ipv6
    name: office-v6
    route_mode: bgp
    bgp_asn: 65001
    local_gateway_ip: fd00:10::1/126
    remote_gateway_ip: fd00:10::2/126
""" % VPC


def clear(person):
    for noun in ("vif", "vgw", "gdgw"):
        names = person("-q", noun, "list").lines
        if names:
            person(noun, "delete", *names, "--wait")


@pytest.fixture
def file(person, tmp_path):
    """The path of a file with a text."""
    (tmp_path / "secret").write_text("sesame\n")

    def write(text, name="site.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)
    yield write
    clear(person)


@pytest.fixture
def site(file, tmp_path):
    return SITE % {"secret": tmp_path / "secret"}


def counts(person):
    return [len(person("-q", noun, "list").lines) for noun in ("vgw", "vif", "vif-peer")]


def test_a_file_is_carried_out_once(person, file, site):
    path = file(site)
    assert person("diff", "-f", path, code=6).lines == ["+ virtual gateway office", "+ virtual interface office",
                                                        "+ virtual interface peer office ipv6"]
    assert counts(person) == [0, 0, 0]
    done = person("apply", "-f", path, "--wait")
    assert [line.split()[0] for line in done.lines] == ["created"] * 3
    assert counts(person) == [1, 1, 2]
    shown = json.loads(person("-j", "vif", "show", "office").out)["virtual_interface"]
    assert shown["status"] == "ACTIVE" and shown["bgp_md5"] == "sesame"
    # Again: nothing is left to do.
    assert person("diff", "-f", path).out == ""
    assert [line.split()[0] for line in person("apply", "-f", path).lines] == ["unchanged"] * 3
    assert json.loads(person("-j", "vif", "show", "office").out)["virtual_interface"]["update_time"] == shown["update_time"]


def test_what_differs_is_changed_and_nothing_else(person, file, site):
    person("apply", "-f", file(site))
    path = file(site.replace("bandwidth: 50", "bandwidth: 60").replace("[10.1.0.0/16]", "[10.2.0.0/16, 10.1.0.0/16]"))
    assert person("diff", "-f", path, code=6).lines == [
        "~ virtual gateway office: local_ep_group 10.1.0.0/16 → 10.2.0.0/16, 10.1.0.0/16", "~ virtual interface office: bandwidth 50 → 60"]
    told = person("-v", "apply", "-f", path)
    assert told.err.count("\nPUT ") + told.err.startswith("PUT ") == 2 and "POST" not in told.err
    assert "changed virtual interface office: bandwidth 50 → 60" in told.out
    # The order of a list has no meaning.
    assert person("diff", "-f", file(site.replace("bandwidth: 50", "bandwidth: 60").replace(
        "[10.1.0.0/16]", "[10.1.0.0/16, 10.2.0.0/16]"))).out == ""


def test_a_secret_is_compared_and_not_shown(person, file, site, tmp_path):
    person("apply", "-f", file(site))
    (tmp_path / "secret").write_text("another\n")
    refused = person("diff", "-f", file(site), code=2).err
    assert "bgp_md5 *** → *** cannot be changed" in refused and "another" not in refused and "sesame" not in refused


def test_the_order_in_a_file_does_not_matter(person, file, site):
    first, second = site.split("virtual_interfaces:")
    assert [line.split(" ", 1)[1] for line in person("apply", "-f", file("virtual_interfaces:" + second + first)).lines] == [
        "virtual gateway office", "virtual interface office", "virtual interface peer office ipv6"]


def test_several_files_json_and_standard_input(person, file, site):
    first, second = site.split("virtual_interfaces:")
    gateways = {"vgw": [{"name": "office", "vpc_id": VPC, "local_ep_group": ["10.1.0.0/16"], "local_ep_group_ipv6": ["fd10:1::/64"]}]}
    person("apply", "-f", file(json.dumps(gateways), "gateways.json"), "-f", file("virtual_interfaces:" + second))
    assert counts(person) == [1, 1, 2]
    assert person("diff", "-f", "-", stdin=site).out == ""


def test_what_cannot_be_changed_changes_nothing(person, file, site):
    """Everything is looked at before anything is done, and all that is wrong is reported."""
    person("apply", "-f", file(site))
    path = file(site.replace("vlan: 100", "vlan: 101").replace("name: office-v6", "name: renamed")
                .replace("bgp_asn: 65001\n    local_gateway_ip", "bgp_asn: 65009\n    local_gateway_ip"))
    refused = person("apply", "-f", path, code=2)
    assert "virtual interface office: vlan 100 → 101 cannot be changed" in refused.err and "bgp_asn 65001 → 65009" in refused.err
    assert "nothing is changed" in refused.err and refused.out == ""
    assert person("vif-peer", "list", "-o", "name").lines == ["office", "office-v6"]


def test_a_failure_on_the_way_shows_what_was_done_and_what_was_not(person, file, site):
    path = file(site.replace("vlan: 100", "vlan: 4000"))
    failed = person("apply", "-f", path, code=1)
    assert failed.out == "created virtual gateway office\n"
    assert "virtual interface office failed: DC." in failed.err and "vlan" in failed.err
    assert "not done: virtual interface peer office ipv6" in failed.err and "1 of 3 entries are done" in failed.err
    # Mended, the file continues where it ended.
    assert [line.split()[0] for line in person("apply", "-f", file(site)).lines] == ["unchanged", "created", "created"]


@pytest.mark.parametrize("text, wrong", [
    ("virtual_gateways: [{name: x, vpc: y}]", 'no member "vpc"'),
    ("virtual_gateways: [{name: x, descripton: y}]", "did you mean description"),
    ("virtual_gatways: []", "did you mean virtual-gateway?"),
    ("direct_connects: [{name: x}]", "the API creates none"),
    ("virtual_gateways: [{vpc_id: x}]", "name is missing"),
    ("virtual_gateways: [{name: ''}]", "name is missing"),
    ("virtual_gateways: {name: x}", "is no list"),
    ("virtual_gateways: [x]", "has no members"),
    ("virtual_gateways: [{name: x, local_ep_group: 10.1.0.0/16}]", "local_ep_group: must be a list"),
    ("virtual_gateways: [{name: x, bgp_asn: many}]", "whole number"),
    ("virtual_gateways: [{name: x}, {name: x}]", "is described twice"),
    ("virtual_gateways: [{name: x, name: y}]", "twice"),
    ("- a", "does not begin with a resource"),
    ("a: [b", "line 2"),
    ("a: *b", "line 1"),
    ("virtual_interfaces: [{name: x, vgw_id: nothing, type: private}]", 'no virtual gateway "nothing"'),
    ("virtual_interfaces: [{name: x, type: private}]", "missing: bandwidth, vlan, route_mode"),
    ("virtual_interfaces: [{name: x, bgp_md5_file: /nowhere/at-all}]", "/nowhere/at-all"),
])
def test_a_file_that_cannot_be_meant_is_refused_with_the_place(person, file, text, wrong):
    refused = person("apply", "-f", file(text), code=2)
    assert wrong in refused.err and refused.out == "", refused.err
    assert counts(person) == [0, 0, 0]


def test_a_file_that_is_not_there(person):
    assert "/nowhere/at-all" in person("apply", "-f", "/nowhere/at-all", code=2).err
    assert "needs -f FILE" in person("apply", code=2).err


def test_types_are_those_of_the_api(person, file):
    """Numbers where text is expected, and text where numbers are."""
    person("apply", "-f", file('virtual_gateways: [{name: 100, vpc_id: %s, bgp_asn: "64600", local_ep_group: [10.1.0.0/16]}]' % VPC))
    assert person("vgw", "show", "100").member("bgp_asn") == "64600"
    assert person("diff", "-f", file('virtual_gateways: [{name: "100", bgp_asn: 64600}]')).out == ""


def test_what_is_exported_is_the_same_when_it_is_applied(person, file, site):
    site += ("global_dc_gateways:\n  - {name: backbone, bgp_asn: 64999}\n")
    person("apply", "-f", file(site), "--wait")
    whole = person("export", "--secrets").out
    assert "vgw_id: office" in whole and "direct_connect_id: line1" in whole and "bgp_md5: sesame" in whole
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", whole.replace(VPC, ""))
    without = person("export")
    assert "sesame" not in without.out and "secrets are left out" in without.err
    assert json.loads(person("export", "-o", "json", "--secrets").out)["virtual_gateways"][0]["name"] == "office"
    clear(person)
    assert counts(person) == [0, 0, 0]
    person("apply", "-f", file(whole), "--wait")
    assert person("export", "--secrets").out == whole and counts(person) == [1, 1, 2]
    assert person("diff", "-f", "-", stdin=whole).out == ""


def test_some_of_it_is_exported(person, file, site):
    person("apply", "-f", file(site))
    one = person("export", "vgw", "office").out
    assert one.startswith("virtual_gateways:\n- name: office\n") and "virtual_interfaces" not in one
    assert person("export", "vgw", "nothing").out.strip() == "{}"
    assert "no file describes it" in person("export", "dc", code=2).err


def test_odd_names_survive_a_file(person, file):
    names = ["yes", "null", "1e3", "010", "a: b", "# not a comment", "Büro München", "- dash", "tab\\there", "'quoted'", "*star"]
    text = json.dumps({"virtual_gateways": [{"name": name, "vpc_id": "6a1e2f30-0000-4000-8000-0000000001%02d" % n,
                                             "local_ep_group": ["10.1.0.0/16"]} for n, name in enumerate(names)]})
    person("apply", "-f", file(text))
    exported = person("export").out
    assert person("diff", "-f", "-", stdin=exported).out == ""
    assert set(person("vgw", "list", "-o", "name").lines) == set(names)


def test_the_inventory_is_described_by_a_file_too(person, file):
    path = file("locations:\n  - {name: ams1, city: Amsterdam}\nedges:\n  - {name: edge9, device_id: 172.16.40.9, location_id: ams1}\n"
                "ports:\n  - {edge_id: edge9, device: eth1, name: nine}\n")
    assert [line.split()[0] for line in person("apply", "-f", path).lines] == ["created"] * 3
    assert [line.split()[0] for line in person("apply", "-f", path).lines] == ["unchanged"] * 3
    assert person("export", "port", "nine").out == "ports:\n- edge_id: edge9\n  name: nine\n  device: eth1\n"
    person("port", "delete", "nine")
    person("edge", "delete", "edge9")
    person("location", "delete", "ams1")


def test_a_dry_run_is_a_diff_that_does_not_fail(person, file, site):
    assert person("-n", "apply", "-f", file(site)).lines[0] == "+ virtual gateway office"
    assert counts(person) == [0, 0, 0]


def test_a_large_file(person, file):
    entries = "".join("  - {name: g%03d, vpc_id: 6a1e2f30-0000-4000-8000-000000001%03d, local_ep_group: [10.1.0.0/16]}\n" % (n, n)
                      for n in range(50))
    person("apply", "-f", file("virtual_gateways:\n" + entries))
    told = person("-v", "diff", "-f", file("virtual_gateways:\n" + entries))
    assert told.err.count("GET ") < 5, "one list is enough for fifty entries:\n" + told.err
    assert os.path.exists(file("x"))
