# SPDX-License-Identifier: ISC
"""Every list of the command line on a terminal of 80 columns, as test/golden/cli/lists.txt has it: DCAAS_UPDATE=1 writes that
file, to be looked at before it is committed."""
import json
import os
import re

import pytest

from lab.guest import wait
from program import ROOT
from simulation import VPC, width

GOLDEN = os.path.join(ROOT, "test", "golden", "cli", "lists.txt")
ROUTER = "0a21446f-0000-7000-8000-00000000e001"
SITE = """
locations:
  - {name: fra1, region_id: region-1, site_code: FRA1, city: Frankfurt am Main}
ports:
  - {edge_id: edge1, device: port2, name: cloud}
enterprise_routers:
  - {id: %s, tenant_id: tenant1, name: transit}
eips:
  - {name: www, tenant_id: tenant1, cidr: 203.0.113.7/32}
attachments:
  - {name: vpc-a, tenant_id: tenant1, vpc_id: %s, port_id: cloud, vlan: 200, local_ip: 10.1.0.1/24,
     next_hop: 10.1.0.2, prefixes: [10.1.0.0/16, "fd10:1::/64"], local_ipv6: "fd10:1::1/64", next_hop_ipv6: "fd10:1::2"}
""" % (ROUTER, VPC)
ORDERS = """
virtual_gateways:
  - {name: office, vpc_id: %s, local_ep_group: [10.1.0.0/16], local_ep_group_ipv6: ["fd10:1::/64"],
     tags: [{key: env, value: prod}, {key: team, value: a}]}
  - {name: warehouse with a long name, vpc_id: 6a1e2f30-0000-4000-8000-000000000002, local_ep_group: [10.2.0.0/16, 10.3.0.0/16]}
global_dc_gateways:
  - {name: backbone, bgp_asn: 64999}
connect_gateways:
  - {name: internet, address_family: dual}
virtual_interfaces:
  - {name: office, type: private, direct_connect_id: line1, vgw_id: office, vlan: 100, bandwidth: 50, route_mode: bgp,
     bgp_asn: 65001, local_gateway_v4_ip: 169.254.10.1/30, remote_gateway_v4_ip: 169.254.10.2/30}
  - {name: warehouse, type: private, direct_connect_id: line1, vgw_id: warehouse with a long name, vlan: 101, bandwidth: 50,
     route_mode: bgp, bgp_asn: 65002, local_gateway_v4_ip: 169.254.11.1/30, remote_gateway_v4_ip: 169.254.11.2/30}
  - {name: branch, type: private, service_type: GDGW, direct_connect_id: line1, gateway_id: backbone, vlan: 102, bandwidth: 20,
     route_mode: static, local_gateway_v4_ip: 169.254.12.1/30, remote_gateway_v4_ip: 169.254.12.2/30,
     remote_ep_group: [192.168.12.0/24]}
vif_peers:
  - {vif_id: office, address_family: ipv6, name: office-v6, route_mode: bgp, bgp_asn: 65001,
     local_gateway_ip: "fd00:10::1/126", remote_gateway_ip: "fd00:10::2/126"}
peer_links:
  - {global_dc_gateway_id: backbone, name: to-transit,
     peer_site: {gateway_id: %s, project_id: tenant1, region_id: region-1}}
""" % (VPC, ROUTER)

VARYING = [(re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
           (re.compile(r"\b[0-9a-f]{32}\b"), "<project>"), (re.compile(r"\b\d+(?:\.\d+)?[smhd]\b"), "<age>"),
           (re.compile(r"\b01[0-9a-f]{6}(?:-[0-9a-f]{1,4})*\b"), "<id>"), (re.compile(r"\b[A-Z0-9]{20}\b"), "<key>"),
           (re.compile(r"\b[A-Z0-9]{8,19}…"), "<key>"), (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<time>"),
           (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<time>"),
           # Where a cell is cut rests on how long the ages are beside it.
           (re.compile(r"(\S{6})(?:(?!  )[^…\n])*…"), r"\1…"), (re.compile(r" {2,}"), "  ")]
# In how many steps an edge followed is its own affair: of those the titles only.
UNSTEADY = {"apply"}
# What a list is of.
OF = {"peer-link": ["backbone"], "gdgw-route-table": ["backbone"], "global-eip": ["internet"], "vif-session": ["warehouse"],
      "vif-peer-route": ["office-v6"],
      "project-tag": ["dc-vgw"], "tagged-resource": ["dc-vgw", "--action", "filter"], "resource-tag": ["dc-vgw", "OFFICE"]}
# Their ids are random, and lists are sorted by id.
BY_CHANCE = {"user", "project", "domain"}


def plain(text):
    for expression, word in VARYING:
        text = expression.sub(word, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


@pytest.fixture(scope="module")
def site(simulation, person, tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    for name, text in (("site", SITE), ("orders", ORDERS)):
        (folder / name).write_text(text)
        person("apply", "-f", str(folder / name))

    def interfaces():
        return {item["name"]: item for item in json.loads(person("-j", "vif", "list").out)["virtual_interfaces"]}

    def settled():
        links = json.loads(person("-j", "link", "list").out)["peer_links"]
        return (all(item["status"] == "ACTIVE" for item in [*interfaces().values(), *links])
                and len(interfaces()["office"]["vif_peers"]) == 2 and "PENDING" not in person("attachment", "list").out)
    wait("the orders are settled", settled, 30)
    person("gdgw-route-table", "update", "backbone", "--gdgw-routetable.add-routes", json.dumps([
        {"destination": "172.16.0.0/12", "nexthop": ROUTER}]))
    person("global-eip", "bind", "internet", "--global-eips", json.dumps([{"global_eip_id": json.loads(
        person("-j", "eip", "list").out)["eips"][0]["id"]}]))
    wait("the route is on the router", lambda: "ACTIVE" in person("gdgw-route-table", "list", "backbone").out, 30)
    # A fault counts once the router has what it is about.
    simulation.set(down="169.254.11.2")
    wait("the far side is down", lambda: "Hold timer expired" in (interfaces()["warehouse"]["reason"] or ""), 30)
    return person


def lists(person):
    """The words of every list that there is, from the program's own help."""
    found, office = [], person("-q", "vgw", "list", "--name", "office").lines[0]
    for line in person("help").lines:
        match = re.fullmatch(r"  ([a-z-]+) +(list\b.*)", line)
        if match:
            found.append([match[1], "list", *(office if word == "OFFICE" else word for word in OF.get(match[1], []))])
    return found


def test_every_list_fits_80_columns_and_is_as_it_was(site):
    shown = []
    for words in lists(site):
        screen = site.screen(*words).out
        wide = [line for line in screen.splitlines() if width(line) > 80]
        assert not wide, "dcaas %s: %s" % (" ".join(words), wide)
        assert screen.strip(), words
        if words[0] in UNSTEADY:
            screen = screen.splitlines()[0]
        if words[0] in BY_CHANCE:
            screen = "\n".join(screen.splitlines()[:1] + sorted(screen.splitlines()[1:]))
        shown.append("$ dcaas %s\n%s\n" % (plain(" ".join(words)), plain(screen)))
    text = "\n".join(shown)
    if os.environ.get("DCAAS_UPDATE"):
        with open(GOLDEN, "w") as file:
            file.write(text)
    with open(GOLDEN) as file:
        assert text == file.read()


def test_interfaces_answer_the_question(site):
    """Name, VLAN, gateway, both sessions with since, routes of limit, status; the reason below where the line has no room."""
    lines = site.screen("vif", "ls").lines
    assert lines[0].split() == ["NAME", "VLAN", "GATEWAY", "IPV4", "IPV6", "ROUTES", "STATUS"]
    office = next(line for line in lines if line.startswith("office"))
    assert re.search(r"100  office +up \d+[smh] +up \d+[smh] +1/100, 1/100  ACTIVE$", office)
    at = next(i for i, line in enumerate(lines) if line.startswith("warehouse"))
    assert re.search(r"101  warehouse.* +down \d+[smh]", lines[at]) and lines[at].endswith("DOWN")
    assert lines[at + 1].startswith("  ipv4: no session since 2")


def test_a_wide_terminal_has_room_for_the_reason(site):
    site.columns = 200
    try:
        lines = site.screen("vif", "ls").lines
    finally:
        site.columns = 80
    assert lines[0].split()[-1] == "REASON" and any("DOWN" in line and "no session since" in line for line in lines)


def test_a_pipe_gets_everything_whole(site):
    table = site("vif", "list")
    assert table.lines[0].split()[:3] == ["ID", "NAME", "VLAN"]
    office = next(line for line in table.lines if " office " in line)
    assert re.match(r"[0-9a-f-]{36}  ", office) and re.search(r"up since \d{4}-\d\d-\d\dT", office)
    assert len({width(line.rstrip()) for line in table.lines}) > 1 and max(map(width, table.lines)) > 120


def test_forms_of_output(site):
    assert set(site("vif", "list", "-o", "name").lines) == {"office", "warehouse", "branch"}
    assert site("vif", "list", "-o", "value", "--columns", "name,vlan").lines[0].split("\t") == ["office", "100"]
    assert site("vif", "list", "--no-header", "--columns", "name").lines[0] == "office"
    some = json.loads(site("vif", "list", "-j", "--columns", "name,vlan").out)
    assert some["virtual_interfaces"][0] == {"name": "office", "vlan": 100}
    whole = json.loads(site("vif", "list", "-o", "json").out)
    assert len(whole["virtual_interfaces"][0]) > 30 and "page_info" in whole
    assert "virtual_interfaces:" in site("vif", "list", "-o", "yaml").lines[0]
    assert site("vif", "show", "office", "-o", "value", "--columns", "vlan").out == "100\n"
    assert site("vif", "show", "office", "-o", "name").out == "office\n"
    wide = site.screen("vif", "list", "-o", "wide").lines
    assert wide[0].split()[0] == "ID" and "BANDWIDTH" in wide[0] and re.match(r"[0-9a-f-]{36} ", wide[1])
    assert "no output" in site("vif", "list", "-o", "xml", code=2).err
    assert site("vif", "list", "--columns", "gateway,ipv4", "-o", "value").lines[0].split("\t")[1] == "up"


def test_colours_are_for_terminals_that_want_them(site):
    assert "\x1b[32m" in site.screen("vif", "ls", color=True).out and "\x1b[31m" in site.screen("vif", "ls", color=True).out
    assert "\x1b[" not in site.screen("vif", "ls").out
    assert "\x1b[" not in site("vif", "ls").out


def test_one_thing_on_a_terminal_has_names_and_only_what_has_a_value(site):
    shown = site.screen("vif", "show", "office")
    assert re.search(r"^vgw_id +[0-9a-f-]{36} \(office\)$", shown.out, re.M)
    assert "lag_id" not in shown.out and "members have no value" in shown.out
    assert "lag_id" in site.screen("vif", "show", "office", "-o", "wide").out
    assert "lag_id" in site("vif", "show", "office").out


def test_ids_are_shown_where_names_are_ambiguous(site, person):
    twin = person.id("vgw", "create", "--name", "office", "--vpc-id", "6a1e2f30-0000-4000-8000-000000000009",
                     "--local-ep-group", "10.9.0.0/16")
    lines = site.screen("vgw", "ls").lines
    assert lines[0].split()[:2] == ["ID", "NAME"]
    short = [line.split()[0] for line in lines[1:]]
    assert len(set(short)) == len(short) and any(twin.startswith(one) and len(one) < 36 for one in short)
    person("vgw", "delete", twin, "--wait")


def test_a_terminal_of_40_columns_cuts_what_is_too_long(site):
    site.columns = 40
    try:
        lines = site.screen("vgw", "ls").lines
        assert all(width(line) <= 40 for line in lines) and any("…" in line for line in lines)
    finally:
        site.columns = 80


def test_an_empty_list_has_words_for_people_only(site):
    assert site.screen("vif", "ls", "--name", "nothing").out == "There is no virtual interface like that.\n"
    assert site("vif", "list", "--name", "nothing").lines[0].split()[0] == "ID"


def test_the_picture_of_it_all(site):
    lines = site.screen("topology").lines
    assert all(width(line) <= 110 for line in lines)
    text = plain("\n".join(lines))
    for part in ("connection line1  ACTIVE  10000 Mbit/s", "├─ virtual interface office  ACTIVE  VLAN 100  → virtual gateway office",
                 "│  ├─ virtual interface peer office  ipv4  ACTIVE <age>  169.254.10.2/30  AS 65001  1/100 routes",
                 "│  └─ virtual interface peer office-v6  ipv6  ACTIVE <age>  fd00:10::2/126  AS 65001  1/100 routes",
                 "└─ virtual interface branch  ACTIVE  VLAN 102  → global DC gateway backbone",
                 "virtual gateway office  ACTIVE  AS 64512  10.1.0.0/16  fd10:1::/64", "global DC gateway backbone  ACTIVE  AS 64999",
                 "└─ peer link to-transit  ACTIVE  → transit"):
        assert plain(part) in text, text
    assert re.search(r"virtual interface warehouse  DOWN.*\n.*ipv4: no session since", "\n".join(lines))


def test_events_as_a_person_reads_them(site):
    lines = site.screen("events").lines
    assert lines[0].split() == ["TIME", "WHO", "ACTION", "WHAT", "FROM"]
    assert any(re.fullmatch(r"\d\d:\d\d:\d\d  tenant1 +create +virtual interface office +127\.0\.0\.1", line) for line in lines)
    assert all(width(line) <= 80 for line in lines)
    assert len(site.screen("events", "--limit", "3").lines) == 4
    # The noun is still there, and so is the edge's own `apply`.
    assert site("events", "list", "--limit", "1", "-q").lines[0]
    assert site("apply", "list", "--no-header").lines


def test_peers_have_a_list_of_their_own(site):
    assert set(site("vif-peer", "list", "-o", "name").lines) == {"office", "office-v6", "warehouse", "branch"}
    assert site("vif-peer", "show", "office-v6").member("address_family") == "ipv6"
    assert json.loads(site("-j", "vif-peer", "show", "office-v6").out)["vif_peer"]["name"] == "office-v6"
    assert site("vif-peer", "wait", "office-v6", "--status", "ACTIVE").member("status") == "ACTIVE"
