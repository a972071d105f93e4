# SPDX-License-Identifier: ISC
"""The schema on PostgreSQL is that on SQLite: columns, constraints by their names, and indexes with their columns and conditions."""
import collections
import re
import sqlite3

import pytest

from cluster import Cluster
from lab.dcaasd import Dcaasd
from support import postgresql, psql_rows

# What each database has for itself.
OF_ONE = {"store_turn"}


@pytest.fixture(scope="module")
def both(cluster: Cluster):
    """A connection to SQLite's database, and the connection string of PostgreSQL's, as --init makes them."""
    lite, pg = Dcaasd(), Dcaasd(settings=["database = " + cluster.new_database()])
    try:
        for daemon in (lite, pg):
            daemon.write_config()
            daemon.init()
        database = sqlite3.connect(lite.state + "/dcaas.db")
        yield database, postgresql(pg)
        database.close()
    finally:
        lite.remove()
        pg.remove()


def tables_of(database):
    return {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_tables_have_the_same_columns_of_the_same_kinds(both):
    lite, pg = both
    here = {(table, name): ("integer" if "INT" in kind.upper() else "text", bool(needed or key), default)
            for table in tables_of(lite) for _, name, kind, needed, default, key in lite.execute('PRAGMA table_info("%s")' % table)}
    there = {(table, name): ("integer" if kind in ("bigint", "integer") else kind, needed, default)
             for table, name, kind, needed, default in psql_rows(
                 pg, "SELECT c.relname AS t, a.attname AS n, format_type(a.atttypid, NULL) AS k, a.attnotnull AS needed, "
                     "pg_get_expr(d.adbin, d.adrelid) AS d FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
                     "LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind = 'r' AND a.attnum > 0 "
                     "AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace")}
    # The two tables that are there before the first migration are the same text on both.
    there = {key: value for key, value in there.items() if key[0] not in OF_ONE}
    own = ("store_meta", "schema_version")
    assert {k: v for k, v in here.items() if k[0] not in own} == {k: v for k, v in there.items() if k[0] not in own}
    assert {k: v[0] for k, v in here.items()} == {k: v[0] for k, v in there.items()}


def test_numbers_have_64_bits_and_texts_are_compared_by_their_bytes(both):
    wrong = psql_rows(both[1], "SELECT c.relname AS t, a.attname AS n FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid "
                               "JOIN pg_type AS k ON k.oid = a.atttypid LEFT JOIN pg_collation AS o ON o.oid = a.attcollation "
                               "WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped "
                               "AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ('store_meta', 'schema_version') "
                               "AND (k.typname NOT IN ('int8', 'text') OR k.typname = 'text' AND o.collname <> 'C')")
    assert wrong == []


def plain(expression):
    """A condition without what the two databases write differently."""
    text = re.sub(r"::\w+(\[\])?", "", expression.lower())
    text = re.sub(r"= any \(array\[(.*?)\]\)", r"in (\1)", text)
    text = re.sub(r"\b(\w+) >= (\d+)\)* and \(*\1 <= (\d+)", r"\1 between \2 and \3", text)
    text = re.sub(r"\(?length\((\w+)\) >= (\d+)\)* and \(*length\(\1\) <= (\d+)", r"length(\1) between \2 and \3", text)
    return re.sub(r"[\s()\"]", "", text)


def test_indexes_have_the_same_names_columns_and_conditions(both):
    lite, pg = both
    here = {}
    for name, table, sql in lite.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"):
        columns = [row[2] for row in lite.execute('PRAGMA index_info("%s")' % name)]
        where = re.split(r"\bWHERE\b", sql)[1:]
        here[name] = (table, columns, "UNIQUE" in sql.upper().split("ON")[0], plain(where[0]) if where else None)
    for table in tables_of(lite):
        for _, name, _, origin, _ in lite.execute('PRAGMA index_list("%s")' % table):
            columns = [row[2] for row in lite.execute('PRAGMA index_info("%s")' % name)]
            if origin == "u":  # of a table's own line
                here["_".join([table, *columns, "key"])] = (table, columns, True, None)
    there = {name: (table, columns, unique, plain(where) if where else None) for name, table, unique, where, columns in psql_rows(
        pg, "SELECT i.relname AS n, t.relname AS t, x.indisunique AS u, pg_get_expr(x.indpred, x.indrelid) AS w, "
            "(SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(x.indkey::int[]) WITH ORDINALITY AS k (number, place) "
            "JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.number) AS c "
            "FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS t ON t.oid = x.indrelid "
            "WHERE t.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint AS o WHERE o.conindid = i.oid)")}
    assert here == there


def test_an_index_has_rows_without_a_value_first_and_ids_as_they_come(both):
    """The order of query_list(): else a list would be sorted."""
    wrong = psql_rows(both[1], "SELECT i.relname AS n, a.attname AS c FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid, "
                               "unnest(x.indkey::int[], x.indoption::int[]) AS k (number, option), pg_attribute AS a "
                               "WHERE a.attrelid = x.indrelid AND a.attnum = k.number AND i.relnamespace = 'public'::regnamespace "
                               "AND NOT EXISTS (SELECT 1 FROM pg_constraint AS o WHERE o.conindid = i.oid) "
                               "AND k.option <> CASE WHEN a.attname = 'id' THEN 0 ELSE 2 END")
    assert wrong == []


def test_constraints_have_the_same_names_and_checks_the_same_expressions(both):
    lite, pg = both
    there = psql_rows(pg, "SELECT t.relname AS t, o.conname AS n, o.contype AS k, pg_get_constraintdef(o.oid) AS d FROM pg_constraint AS o "
                          "JOIN pg_class AS t ON t.oid = o.conrelid WHERE t.relnamespace = 'public'::regnamespace")
    # Their names are compared at each open with the field tables, on both databases. What they are:
    keys = {(table, row[3], row[2], row[6]) for table in tables_of(lite) for row in lite.execute('PRAGMA foreign_key_list("%s")' % table)}
    assert keys == {(table, *re.match(r"FOREIGN KEY \((\w+)\) REFERENCES (\w+)\(id\)(?: ON DELETE (\w+))?$", definition).groups("NO ACTION"))
                    for table, _, kind, definition in there if kind == "f"}
    unique = set()
    for table in tables_of(lite):
        for _, name, is_unique, origin, _ in lite.execute('PRAGMA index_list("%s")' % table):
            if is_unique and origin == "pk":
                unique.add((table, tuple(row[2] for row in lite.execute('PRAGMA index_info("%s")' % name))))
    found = {(table, tuple(re.search(r"\((.*)\)", definition)[1].split(", "))) for table, _, kind, definition in there if kind == "p"}
    assert not [name for _, name, kind, _ in there if kind == "u"]  # such an index has another order
    assert found - {("schema_version", ("version",))} == unique  # which SQLite has as the number of its rows
    checks = collections.Counter(
        plain(text) for (sql,) in lite.execute("SELECT sql FROM sqlite_master WHERE type = 'table'") for text in checks_of(sql))
    ours = collections.Counter(plain(definition[len("CHECK "):]) for _, _, kind, definition in there if kind == "c")
    assert checks - ours == collections.Counter([plain(SQLITE_COUNTS)]) and ours - checks == collections.Counter([plain(PG_COUNTS)])


# A truth value is a number on SQLite.
SQLITE_COUNTS = "(vpc_id IS NOT NULL) + (enterprise_router_id IS NOT NULL) + (connect_gateway_id IS NOT NULL) = 1"
PG_COUNTS = "num_nonnulls(vpc_id, enterprise_router_id, connect_gateway_id) = 1"


def checks_of(sql):
    """The expressions of a CREATE TABLE."""
    for match in re.finditer(r"\bCHECK\s*\(", sql):
        depth, at = 1, match.end()
        while depth:
            depth += (sql[at] == "(") - (sql[at] == ")")
            at += 1
        yield sql[match.end():at - 1]
