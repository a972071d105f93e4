# SPDX-License-Identifier: ISC
"""Databases of earlier versions of the schema: what was ordered then is there, and works, after the start of this program."""
import contextlib
import glob
import json
import os
import sqlite3

import pytest

from lab.topology import ROOT
from support import V3, World, rows, tables

MIGRATIONS = os.path.join(ROOT, "src", "store", "migrations")
# Column of an older version: what it is called now.
RENAMED = {("vif_peer", "vgw_id"): "gateway_id", ("link_subnet", "vgw_id"): "gateway_id", ("remote_subnet", "vgw_id"): "gateway_id"}
# Column of an older version that is gone, or that held something else: where its value is now.
FIRST_PEER = "(SELECT %s FROM vif_peer WHERE vif_id = virtual_interface.id ORDER BY id LIMIT 1)"
FAMILY = "(SELECT %s FROM vif_peer WHERE vif_id = virtual_interface.id AND address_family = '%s')"
MOVED = {("attachment", "status"): "'ACTIVE'", ("virtual_interface", "bgp_md5"): "NULL"}
MOVED.update({("virtual_interface", name): FIRST_PEER % name
              for name in ("address_family", "route_mode", "bgp_asn", "remote_ep_group")})
MOVED.update({("virtual_interface", "%s_gateway_%s_ip" % (end, v)): FAMILY % (end + "_gateway_ip", "ip" + v)
              for end in ("local", "remote") for v in ("v4", "v6")})
MOVED.update({(owner, "tags"): "(SELECT json_group_array(json_object('key', key, 'value', value)) FROM %s_tag WHERE owner_id = %s.id)" %
              (owner, owner) for owner in ("direct_connect", "virtual_gateway", "virtual_interface")})

TAGS = [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}, {"key": "c", "value": ""}]


def files():
    return sorted(glob.glob(os.path.join(MIGRATIONS, "*.sql")))


def columns(database, table):
    return [row[1] for row in database.execute('PRAGMA table_info("%s")' % table)]


def older(path, version):
    """Makes the database at path one of that version, with the rows that both versions can have."""
    now, then = sqlite3.connect(path), sqlite3.connect(path + ".old")
    for file in files()[:version]:
        with open(file) as sql:
            then.executescript(sql.read())
    for name, sql in now.execute("SELECT name, sql FROM sqlite_master WHERE name IN ('schema_version', 'store_meta')"):
        then.execute(sql)
    for (table,) in then.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        names = columns(then, table)
        here = [MOVED.get((table, name)) or RENAMED.get((table, name), name) for name in names]
        found = now.execute('SELECT %s FROM "%s"' % (", ".join(here), table)).fetchall()
        then.executemany('INSERT INTO "%s" VALUES (%s)' % (table, ", ".join("?" * len(names))), found)
    then.execute("DELETE FROM schema_version WHERE version > ?", (version,))
    then.commit()
    assert then.execute("PRAGMA foreign_key_check").fetchall() == []
    now.close()
    then.close()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.unlink(path + end)
    os.rename(path + ".old", path)


def test_orders_of_before_links_are_there_and_work(daemon):
    world = World(daemon)
    tenant = world.tenant()
    line, gateway = world.connection(tenant, tags=TAGS), tenant.gateway(tags=TAGS)["id"]
    vif = tenant.interface(line, gateway, bgp_md5="a password")
    tenant.interface(line, gateway, 101, route_mode="static", bgp_asn=None, local_gateway_v4_ip="192.0.2.5/30",
                     remote_gateway_v4_ip="192.0.2.6/30", remote_ep_group=["192.168.7.0/24", "0.0.0.0/0", "203.0.113.9/32"])
    tenant.interface(line, gateway, 103, route_mode="static", bgp_asn=None, address_family="ipv6", local_gateway_v4_ip=None,
                     remote_gateway_v4_ip=None, local_gateway_v6_ip="fd00:7::1/126", remote_gateway_v6_ip="fd00:7::2/126",
                     remote_ep_group=["::/0", "2001:db8::/32", "2001:db8:0:5::/64", "fd00::1:2:0:0/96", "2001:db8::8:0/109",
                                      "2001:1:2:3:4:5:6:7/128", "2001:0:0:3::7/128", "2000:1::/40", "fd00::ab12/128"])
    before = tables(daemon)
    assert daemon.stop() == 0
    path = os.path.join(daemon.state, "dcaas.db")
    older(path, 2)
    # What are rows today was a list in a column.
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        for table, one in (("direct_connect", line), ("virtual_gateway", gateway)):
            database.execute("UPDATE %s SET tags = ? WHERE id = ?" % table, (json.dumps(TAGS[:2] + [{"key": "c"}]), one))
    if daemon.drop:
        os.chown(path, os.stat(daemon.state).st_uid, os.stat(daemon.state).st_gid)
    daemon.start()
    assert [row[0] for row in rows(daemon, "SELECT version FROM schema_version ORDER BY version")] == list(range(1, len(files()) + 1))
    after = tables(daemon)
    assert tenant.show("virtual-gateways/" + gateway)["tags"] == tenant.show("direct-connects/" + line)["tags"] == TAGS
    # Since when an old peer was in its state is not known (status_time, the last column but one).
    before["vif_peer"] = [row[:-2] + (None,) + row[-1:] for row in before["vif_peer"]]
    for table in ("virtual_gateway", "virtual_interface", "vif_peer", "link_subnet", "remote_subnet", "attachment", "port_vlan",
                  "edge_object", "edge_number", "direct_connect", "virtual_gateway_tag", "direct_connect_tag"):
        assert after[table] == before[table], table
    assert rows(daemon, "SELECT id, kind, internal_asn FROM gateway") == [(gateway, "virtual_gateway", None)]
    # And all of it can still be worked with.
    assert tenant.show("virtual-interfaces/" + vif["id"])["bgp_md5"] == "a password"
    tenant.peer(vif["id"], local_gateway_ip="fd00:1::1/126", remote_gateway_ip="fd00:1::2/126")
    body = tenant.interface_body(line, gateway, 102, local_gateway_v4_ip="192.0.2.6/29", remote_gateway_v4_ip="192.0.2.3/29")
    answer = tenant.call("POST", V3 + "virtual-interfaces", {"virtual_interface": body}, check=False)
    assert (answer.status, answer["error_code"]) == (400, "DC.0004")
    assert tenant.post(V3 + "global-dc-gateways", {"global_dc_gateway": {"name": "new"}}).status == 201
