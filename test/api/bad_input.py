# SPDX-License-Identifier: ISC
"""bad_input.py - orders that must be refused, written by hand from the published contract: what is wrong, the error code,
and the member that the words must name. Nothing here is derived from the server's own tables.

A case is (title, members, code, member). members replace those of a good order; ABSENT takes one away. "$words" stand for
ids that the test knows."""

ABSENT = object()

LONG = "x" * 300
UUID = "0d7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f"  # nobody's
NOT_UUIDS = ("", "1", "zz7e2c1a-5f3b-4a59-8a6e-3f2b1c0d9e8f", UUID + "0", UUID[:-1], UUID.replace("-", ""))


def wrong_types(member, *values):
    return [("%s is %s" % (member, type(value).__name__), {member: value}, "DC.0001", member) for value in values]


def texts(member, most):
    """A string of at most `most` characters."""
    return wrong_types(member, 5, True, ["x"], {"x": 1}) + [
        ("%s has %d characters" % (member, most + 1), {member: "x" * (most + 1)}, "DC.0001", member),
        ("%s has %d characters of two bytes" % (member, most + 1), {member: "é" * (most + 1)}, "DC.0001", member)]


def addresses(member):
    return wrong_types(member, 5, True, ["192.0.2.1/30"], {"x": 1}) + [
        ("%s has 65 characters" % member, {member: "1" * 65}, "DC.0001", member)]


def uuids(member, unknown):
    """An identifier; `unknown` is the code for one that nobody has."""
    return wrong_types(member, 5, True, [UUID], {"id": UUID}) + [
        ("%s is %r" % (member, value), {member: value}, "DC.0001", member) for value in NOT_UUIDS] + (
        [("%s is unknown" % member, {member: UUID}, unknown, member)] if unknown else [])


def enums(member, *values):
    return wrong_types(member, 5, True, ["x"], {"x": 1}) + [
        ("%s is %r" % (member, value), {member: value}, "DC.0001", member) for value in ("", "x", LONG, *values)]


def integers(member, least, most, code="DC.0001"):
    values = [least - 1, most + 1, -1, 1 << 63, 1 << 70, 1.5, 1e30, "", "x", "1.5", "-1", " 5", "0x10", str(most + 1), True,
              [5], {"x": 5}]
    return [("%s is %r" % (member, value), {member: value}, code, member) for value in values if value != least]


def flags(member):
    return wrong_types(member, 1, "true", ["true"], {"x": 1})


def blocks(member, family=True):
    cases = wrong_types(member, "192.168.0.0/24", 5, True, {"x": 1}) + [
        ("%s holds %r" % (member, value), {member: [value]}, "DC.0001", member)
        for value in (5, None, True, ["192.168.0.0/24"], LONG)]
    cases += [("%s holds %r" % (member, value), {member: [value]}, "DC.0004", member)
              for value in ("", " ", "x", "192.168.0.0/33", "192.168.0/24", "300.1.1.0/24", "192.168.0.0/24;DROP",
                            "192.168.0.0/-1", "192.168.0.0/24/24", "2001:db8::/129", "2001:db8:::/48")]
    return cases


TAGS = wrong_types("tags", "x", 5, True, {"key": "k"}) + [
    ("tags hold a string", {"tags": ["k"]}, "DC.0001", "tags"),
    ("a tag without key", {"tags": [{"value": "v"}]}, "DC.0001", "tags"),
    ("a tag's key is empty", {"tags": [{"key": "", "value": "v"}]}, "DC.0001", "tags"),
    ("a tag's key is a number", {"tags": [{"key": 5, "value": "v"}]}, "DC.0001", "tags"),
    ("a tag's key has 129 characters", {"tags": [{"key": "k" * 129, "value": "v"}]}, "DC.0001", "tags"),
    ("a tag's value has 256 characters", {"tags": [{"key": "k", "value": "v" * 256}]}, "DC.0001", "tags"),
    ("a tag's value is a number", {"tags": [{"key": "k", "value": 5}]}, "DC.0001", "tags"),
    ("a tag's key holds a slash", {"tags": [{"key": "a/b", "value": "v"}]}, "DC.0001", "tags"),
    ("a tag's key begins with a space", {"tags": [{"key": " k", "value": "v"}]}, "DC.0001", "tags"),
    ("a tag's key is the system's", {"tags": [{"key": "_sys_x", "value": "v"}]}, "DC.0001", "tags"),
    ("a tag's value holds a semicolon", {"tags": [{"key": "k", "value": "a;b"}]}, "DC.0001", "tags"),
    ("a key occurs twice", {"tags": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}, "DC.0001", "tags"),
    ("eleven tags", {"tags": [{"key": "k%d" % n, "value": ""} for n in range(11)]}, "DC.0001", "tags"),
]

# Not public, so the tables of errors do not list them: 400 DC.0001 "not served yet" until a later release serves them.
NOT_YET = [
    ("type public", {"type": "public"}, "DC.0001", "type"),
    ("service_type LGW", {"service_type": "LGW", "gateway_id": UUID}, "DC.0001", "service_type"),
    ("priority low", {"priority": "low"}, "DC.0001", "priority"),
]


def links(local, remote, good):
    """Link addresses of IPv4. good: the other address of a good pair."""
    pairs = {
        "no mask": ("192.0.2.1", "192.0.2.2/30"), "no mask on the other side": ("192.0.2.1/30", "192.0.2.2"),
        "no address": ("x", "192.0.2.2/30"), "mask too long": ("192.0.2.1/33", "192.0.2.2/33"),
        "a negative mask": ("192.0.2.1/-30", "192.0.2.2/-30"), "no number as mask": ("192.0.2.1/x", "192.0.2.2/30"),
        "a dotted mask": ("192.0.2.1/255.255.255.252", "192.0.2.2/255.255.255.252"),
        "three octets": ("192.0.2/30", "192.0.2.2/30"), "an octet of 256": ("192.0.2.256/30", "192.0.2.2/30"),
        "an octet in octal": ("192.0.2.01/30", "192.0.2.2/30"), "a blank before": (" 192.0.2.1/30", "192.0.2.2/30"),
        "an interface name": ("192.0.2.1%eth0/30", "192.0.2.2/30"), "BIRD's words": ("192.0.2.1/30; }", "192.0.2.2/30"),
        "the other family": ("2001:db8::1/64", "2001:db8::2/64"), "families mixed": ("192.0.2.1/30", "2001:db8::2/64"),
        "the same host": ("192.0.2.1/30", "192.0.2.1/30"), "different masks": ("192.0.2.1/30", "192.0.2.2/29"),
        "different subnets": ("192.0.2.1/30", "192.0.2.6/30"), "the network's address": ("192.0.2.0/30", "192.0.2.2/30"),
        "the network's address there": ("192.0.2.1/30", "192.0.2.0/30"), "broadcast": ("192.0.2.3/30", "192.0.2.2/30"),
        "broadcast there": ("192.0.2.1/30", "192.0.2.3/30"), "a mask of 32": ("192.0.2.1/32", "192.0.2.2/32"),
        "loopback": ("127.0.0.1/30", "127.0.0.2/30"), "multicast": ("224.0.0.1/30", "224.0.0.2/30"),
        "no network": ("0.0.0.1/30", "0.0.0.2/30"), "inside the VPC": ("10.1.2.1/30", "10.1.2.2/30"),
        "around the VPC": ("10.0.0.1/8", "10.0.0.2/8"),
    }
    cases = [("link addresses: " + title, {local: a, remote: b}, "DC.0004", local if a != "192.0.2.1/30" else remote)
             for title, (a, b) in pairs.items()]
    return cases + [("only our link address", {local: good[0], remote: ABSENT}, "DC.0004", remote),
                    ("only the customer's link address", {local: ABSENT, remote: good[1]}, "DC.0004", local)]


CUSTOMER_BLOCKS = [
    ("%s: %s" % (title, words), {"remote_ep_group": value}, code, "remote_ep_group") for title, words, value, code in (
        ("remote block", "the VPC's own", ["10.1.0.0/16"], "DC.1105"),
        ("remote block", "inside the VPC", ["10.1.7.0/24"], "DC.1105"),
        ("remote block", "around the VPC", ["10.0.0.0/8"], "DC.1105"),
        ("remote block", "shared address space", ["100.64.0.0/10"], "DC.0004"),
        ("remote block", "inside shared address space", ["100.100.0.0/16"], "DC.0004"),
        ("remote block", "loopback", ["127.0.0.0/8"], "DC.0004"),
        ("remote block", "link-local", ["169.254.7.0/24"], "DC.0004"),
        ("remote block", "multicast", ["224.0.0.0/4"], "DC.0004"),
        ("remote block", "reserved", ["240.0.0.0/8"], "DC.0004"),
        ("remote block", "the other family", ["2001:db8::/48"], "DC.0004"),
        ("remote blocks", "one twice", ["192.168.0.0/24", "192.168.0.0/24"], "DC.1401"),
        ("remote blocks", "one twice with host bits", ["192.168.0.0/24", "192.168.0.77/24"], "DC.1401"),
        ("remote blocks", "one twice in one string", ["192.168.0.0/24 192.168.0.0/24"], "DC.1401"),
        ("remote blocks", "one twice, by a comma", ["192.168.0.0/24,192.168.0.0/24"], "DC.1401"),
        ("remote blocks", "51", ["192.168.%d.0/24" % n for n in range(51)], "DC.1400"))]

PASSWORDS = [("bgp_md5 holds " + title, {"bgp_md5": value}, "DC.0001", "bgp_md5") for title, value in (
    ("a double quote", 'pass"word'), ("a newline", "pass\nword"), ("a tab", "pass\tword"), ("DEL", "pass\x7fword"),
    ("a letter beyond ASCII", "pässword"), ("81 characters", "x" * 81), ("an escape", "pass\x1bword"))]

BGP = [
    ("bgp without bgp_asn", {"bgp_asn": ABSENT}, "DC.1203", "bgp_asn"),
    ("bgp with a null bgp_asn", {"bgp_asn": None}, "DC.1203", "bgp_asn"),
    ("the gateway's own bgp_asn", {"bgp_asn": 64512}, "DC.1223", "bgp_asn"),
    ("the gateway's own bgp_asn as text", {"bgp_asn": "64512"}, "DC.1223", "bgp_asn"),
    ("a bgp_asn kept for links between gateways", {"bgp_asn": 4290000000}, "DC.0008", "bgp_asn"),
]

VIRTUAL_INTERFACE = (
    texts("name", 64) + texts("description", 128) + uuids("direct_connect_id", "DC.1012") + uuids("lag_id", "DC.1015") +
    enums("type", "PRIVATE", "Private") + [("no type", {"type": ABSENT}, "DC.0001", "type"),
                                           ("type null", {"type": None}, "DC.0001", "type")] +
    enums("service_type", "vgw") +
    integers("vlan", 0, 3999) + [("no vlan", {"vlan": ABSENT}, "DC.0001", "vlan"),
                                 ("vlan null", {"vlan": None}, "DC.0001", "vlan")] +
    integers("bandwidth", 2, 2147483647) + [
        ("no bandwidth", {"bandwidth": ABSENT}, "DC.0001", "bandwidth"),
        ("bandwidth null", {"bandwidth": None}, "DC.0001", "bandwidth"),
        ("more bandwidth than the connection has", {"bandwidth": 1001}, "DC.1000", "bandwidth")] +
    uuids("vgw_id", "DC.1111") + uuids("gateway_id", None) +
    enums("route_mode", "BGP", "ospf") + [("no route_mode", {"route_mode": ABSENT}, "DC.0001", "route_mode"),
                                          ("route_mode null", {"route_mode": None}, "DC.0001", "route_mode")] +
    integers("bgp_asn", 1, 4294967295, "DC.0008") + BGP + texts("bgp_md5", 80) + PASSWORDS +
    enums("address_family", "ipv5", "4") +
    addresses("local_gateway_v4_ip") + addresses("remote_gateway_v4_ip") +
    addresses("local_gateway_v6_ip") + addresses("remote_gateway_v6_ip") +
    links("local_gateway_v4_ip", "remote_gateway_v4_ip", ("192.0.2.1/30", "192.0.2.2/30")) +
    [("no link addresses", {"local_gateway_v4_ip": ABSENT, "remote_gateway_v4_ip": ABSENT}, "DC.0004",
      "local_gateway_v4_ip"),
     ("an IPv6 interface without IPv6 link addresses", {"address_family": "ipv6"}, "DC.0004", "local_gateway_v6_ip"),
     ("IPv4 addresses as IPv6 ones", {"local_gateway_v6_ip": "192.0.2.5/30", "remote_gateway_v6_ip": "192.0.2.6/30"},
      "DC.0004", "local_gateway_v6_ip"),
     ("only our IPv6 link address", {"local_gateway_v6_ip": "2001:db8::1/64"}, "DC.0004", "remote_gateway_v6_ip"),
     ("an IPv6 mask of 128", {"local_gateway_v6_ip": "2001:db8::1/128", "remote_gateway_v6_ip": "2001:db8::2/128"},
      "DC.0004", "local_gateway_v6_ip"),
     ("IPv6 multicast", {"local_gateway_v6_ip": "ff02::1/64", "remote_gateway_v6_ip": "ff02::2/64"}, "DC.0004",
      "local_gateway_v6_ip")] +
    blocks("remote_ep_group") + CUSTOMER_BLOCKS + blocks("service_ep_group") +
    enums("priority", "NORMAL", "high") + flags("enable_bfd") + flags("enable_nqa") + flags("rate_limit") +
    [("BFD and NQA at once", {"enable_bfd": True, "enable_nqa": True}, "DC.0001", "enable_bfd")] +
    [("resource_tenant_id is %r" % (value,), {"resource_tenant_id": value}, "DC.0001", "resource_tenant_id")
     for value in (5, True, ["x"], "x", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0", "g" * 32)] +
    [("enterprise_project_id is %r" % (value,), {"enterprise_project_id": value}, "DC.0001", "enterprise_project_id")
     for value in (5, True, ["0"], "1", "x" * 36, "x" * 37, UUID + "0")] +
    TAGS + NOT_YET + [
        ("GEIP without a gateway", {"service_type": "GEIP", "gateway_id": ABSENT}, "DC.0002", "gateway_id"),
        ("a project without the gateway", {"resource_tenant_id": "0123456789abcdef0123456789abcdef"}, "DC.1213", "vgw_id"),
        ("neither connection nor LAG", {"direct_connect_id": ABSENT}, "DC.1200", "direct_connect_id"),
        ("a connection of another project", {"direct_connect_id": "$foreign_connection"}, "DC.1012", "direct_connect_id"),
        ("no gateway", {"vgw_id": ABSENT}, "DC.1111", "vgw_id"),
        ("a gateway of another project", {"vgw_id": "$foreign_gateway"}, "DC.1111", "vgw_id"),
        ("a global DC gateway without gateway_id", {"service_type": "GDGW", "vgw_id": ABSENT}, "DC.0001|DC.0002",
         "gateway_id|service_type"),
        ("an unknown global DC gateway", {"service_type": "GDGW", "vgw_id": ABSENT, "gateway_id": UUID},
         "DC.0001|DC.0002", "gateway_id|service_type"),
        ("a VLAN that is taken", {"vlan": 500, "local_gateway_v4_ip": "192.0.2.41/30",
                                  "remote_gateway_v4_ip": "192.0.2.42/30"}, "DC.1209", "vlan"),
        ("VLAN 0 beside others", {"vlan": 0, "local_gateway_v4_ip": "192.0.2.41/30",
                                  "remote_gateway_v4_ip": "192.0.2.42/30"}, "DC.1219", "vlan"),
        ("a link subnet that is taken", {"local_gateway_v4_ip": "198.51.100.1/30",
                                         "remote_gateway_v4_ip": "198.51.100.2/30"}, "DC.0004", "local_gateway_v4_ip"),
        ("a link subnet around one that is taken", {"local_gateway_v4_ip": "198.51.100.9/24",
                                                    "remote_gateway_v4_ip": "198.51.100.10/24"}, "DC.0004",
         "local_gateway_v4_ip"),
        ("a static block that another peer has", {"route_mode": "static", "remote_ep_group": ["172.20.0.0/16"]}, "DC.1401",
         "remote_ep_group"),
    ])

# Sent for an interface that has its IPv4 peer: the good order adds the IPv6 one.
VIF_PEER = (
    texts("name", 64) + texts("description", 128) + enums("address_family", "ipv5", "6") +
    addresses("local_gateway_ip") + addresses("remote_gateway_ip") + enums("route_mode", "BGP", "ospf") +
    integers("bgp_asn", 1, 4294967295, "DC.0008") + texts("bgp_md5", 80) + PASSWORDS +
    blocks("remote_ep_group") + uuids("vif_id", "DC.1211") + [
        ("no interface", {"vif_id": ABSENT}, "DC.0001", "vif_id"),
        ("vif_id null", {"vif_id": None}, "DC.0001", "vif_id"),
        ("an interface of another project", {"vif_id": "$foreign_interface"}, "DC.1211", "vif_id"),
        ("the gateway's own bgp_asn", {"bgp_asn": 64512}, "DC.1223", "bgp_asn"),
        ("a bgp_asn kept for links between gateways", {"bgp_asn": 4294967294}, "DC.0008", "bgp_asn"),
        ("a family that the interface has", {"address_family": "ipv4", "local_gateway_ip": "192.0.2.5/30",
                                             "remote_gateway_ip": "192.0.2.6/30", "remote_ep_group": []}, "DC.1214",
         "address_family"),
        ("a family that the interface has, by its addresses",
         {"address_family": ABSENT, "local_gateway_ip": "192.0.2.5/30", "remote_gateway_ip": "192.0.2.6/30",
          "remote_ep_group": []}, "DC.1214", "address_family"),
        ("a family that the interface has, by its blocks",
         {"address_family": ABSENT, "local_gateway_ip": ABSENT, "remote_gateway_ip": ABSENT,
          "remote_ep_group": ["192.168.7.0/24"]}, "DC.1214", "address_family"),
        ("only our link address", {"remote_gateway_ip": ABSENT}, "DC.0004", "remote_gateway_ip"),
        ("only the customer's link address", {"local_gateway_ip": ABSENT}, "DC.0004", "local_gateway_ip"),
        ("IPv4 link addresses for IPv6", {"local_gateway_ip": "192.0.2.5/30", "remote_gateway_ip": "192.0.2.6/30"},
         "DC.0004", "local_gateway_ip"),
        ("an IPv4 block for IPv6", {"remote_ep_group": ["192.168.0.0/24"]}, "DC.0004", "remote_ep_group"),
        ("an IPv4 block beside an IPv6 one", {"remote_ep_group": ["2001:db8:a::/48 192.168.0.0/24"]}, "DC.0004",
         "remote_ep_group"),
        ("the same host", {"remote_gateway_ip": "2001:db8::1/64"}, "DC.0004", "remote_gateway_ip"),
        ("different masks", {"remote_gateway_ip": "2001:db8::2/63"}, "DC.0004", "remote_gateway_ip"),
        ("different subnets", {"remote_gateway_ip": "2001:db8:0:1::2/64"}, "DC.0004", "remote_gateway_ip"),
        ("a mask of 128", {"local_gateway_ip": "2001:db8::1/128", "remote_gateway_ip": "2001:db8::2/128"}, "DC.0004",
         "local_gateway_ip"),
        ("no mask", {"local_gateway_ip": "2001:db8::1"}, "DC.0004", "local_gateway_ip"),
        ("a zone", {"local_gateway_ip": "fe80::1%eth0/64"}, "DC.0004", "local_gateway_ip"),
        ("multicast", {"local_gateway_ip": "ff02::1/64", "remote_gateway_ip": "ff02::2/64"}, "DC.0004", "local_gateway_ip"),
        ("loopback", {"local_gateway_ip": "::1/64", "remote_gateway_ip": "::2/64"}, "DC.0004", "local_gateway_ip"),
        ("inside the VPC", {"local_gateway_ip": "fd00:10:1::1/64", "remote_gateway_ip": "fd00:10:1::2/64"}, "DC.0004",
         "local_gateway_ip"),
        ("a block inside the VPC", {"remote_ep_group": ["fd00:10:1:7::/64"]}, "DC.1105", "remote_ep_group"),
        ("a multicast block", {"remote_ep_group": ["ff00::/8"]}, "DC.0004", "remote_ep_group"),
        ("a link-local block", {"remote_ep_group": ["fe80::/64"]}, "DC.0004", "remote_ep_group"),
        ("a block twice", {"remote_ep_group": ["2001:db8:a::/48", "2001:DB8:A::/48"]}, "DC.1401", "remote_ep_group"),
        ("51 blocks", {"remote_ep_group": ["2001:db8:%x::/48" % n for n in range(51)]}, "DC.1400", "remote_ep_group"),
    ])

def only(cases, *members):
    """Cases about these members alone that need nothing else of the order."""
    return [case for case in cases if set(case[1]) <= set(members)]


# Changes, each of one member of what is there: (resource, title, members, code, member).
CHANGES = [("virtual_interface", *case) for case in (
    only(VIRTUAL_INTERFACE, "name", "description", "remote_ep_group", "service_ep_group", "priority", "enable_bfd", "enable_nqa") +
    integers("bandwidth", 2, 2147483647) + [("more bandwidth than the connection has", {"bandwidth": 1001}, "DC.1000",
                                            "bandwidth")] +
    enums("status", "ACTIVE", "accepted"))
] + [("vif_peer", *case) for case in only(VIRTUAL_INTERFACE, "name", "description", "remote_ep_group")] + [
    ("virtual_gateway", *case) for case in (
        texts("name", 64) + texts("description", 128) + blocks("local_ep_group") + blocks("local_ep_group_ipv6") + [
            ("no block", {"local_ep_group": []}, "DC.0001", "local_ep_group"),
            ("201 blocks", {"local_ep_group": ["10.1.%d.0/24" % n for n in range(201)]}, "DC.0001", "local_ep_group"),
            ("51 blocks", {"local_ep_group": ["10.1.%d.0/24" % n for n in range(51)]}, "DC.1101", "local_ep_group"),
            ("a block twice", {"local_ep_group": ["10.1.0.0/16", "10.1.0.0/16"]}, "DC.1401", "local_ep_group"),
            ("the other family", {"local_ep_group": ["2001:db8::/48"]}, "DC.0004", "local_ep_group"),
            ("IPv4 as IPv6", {"local_ep_group_ipv6": ["10.1.0.0/16"]}, "DC.0004", "local_ep_group_ipv6"),
            ("a default route", {"local_ep_group": ["0.0.0.0/0"]}, "DC.0004", "local_ep_group"),
            ("what is behind an interface", {"local_ep_group": ["172.20.0.0/16"]}, "DC.1105", "local_ep_group"),
            ("an interface's link subnet", {"local_ep_group": ["198.51.100.0/24"]}, "DC.1105", "local_ep_group"),
            ("nothing", {}, "DC.0001", "virtual_gateway")])] + [
    ("direct_connect", *case) for case in (
        texts("name", 64) + texts("description", 128) + texts("peer_location", 255) + enums("status", "ACTIVE", "DENY") +
        enums("provider_status", "active", "BUILD") + integers("bandwidth", 2, 100000) + [
            ("less bandwidth", {"bandwidth": 999}, "DC.1010", "bandwidth"), ("nothing", {}, "DC.0001", "direct_connect"),
            ("back to an earlier state", {"status": "APPLY"}, "DC.1005", "status")])]

# Bodies that are no order at all; "$good" stands for the good order's JSON without its outer braces.
BODIES = [
    ("empty", b"", "DC.0000"), ("blanks", b"  \n ", "DC.0000"), ("no JSON", b"hello", "DC.0000"),
    ("cut off", b'{"$envelope": {"name": "x"', "DC.0000"), ("a list", b"[]", "DC.0000"), ("a number", b"5", "DC.0000"),
    ("null", b"null", "DC.0000"), ("a string", b'"x"', "DC.0000"), ("no envelope", b"{}", "DC.0000"),
    ("the members without envelope", b'{"name": "x"}', "DC.0000"), ("envelope null", b'{"$envelope": null}', "DC.0000"),
    ("envelope a list", b'{"$envelope": []}', "DC.0000"), ("envelope a string", b'{"$envelope": "x"}', "DC.0000"),
    ("two values", b"{} {}", "DC.0000"), ("a comma too many", b'{"$envelope": {"name": "x",}}', "DC.0000"),
    ("single quotes", b"{'$envelope': {}}", "DC.0000"), ("a comment", b'{/* */"$envelope": {}}', "DC.0000"),
    ("a member twice", b'{"$envelope": {"name": "a", "name": "b"}}', "DC.0000"),
    ("the envelope twice", b'{"$envelope": {}, "$envelope": {}}', "DC.0000"),
    ("UTF-8 that is none", b'{"$envelope": {"name": "\xff\xfe"}}', "DC.0000"),
    ("an overlong UTF-8 sequence", b'{"$envelope": {"name": "\xc0\xaf"}}', "DC.0000"),
    ("half a surrogate pair", b'{"$envelope": {"name": "\\ud800"}}', "DC.0000"),
    ("an escaped NUL", b'{"$envelope": {"name": "a\\u0000b"}}', "DC.0000"),
    ("a raw NUL", b'{"$envelope": {"name": "a\x00b"}}', "DC.0000"),
    ("a raw newline in a string", b'{"$envelope": {"name": "a\nb"}}', "DC.0000"),
    ("UTF-16", '{"$envelope": {}}'.encode("utf-16"), "DC.0000"),
    ("nested too deep", b'{"$envelope": ' + b"[" * 5000 + b"]" * 5000 + b"}", "DC.0000"),
    ("NaN", b'{"$envelope": {"bandwidth": NaN}}', "DC.0000"),
]
