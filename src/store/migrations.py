# SPDX-License-Identifier: ISC
"""migrations.py OUTPUT FILE... - makes migrations.c from the numbered files, in numeric order for any order of the arguments.

The files are SQLite's. PostgreSQL has the same numbers, from the one of pg/NNNN_base.sql on: that file is the schema of a new
database, and each later one is pg/NNNN_name.sql where it is there, else SQLite's file in these words:

    TEXT                      TEXT COLLATE "C"              texts are compared by their bytes
    INTEGER                   BIGINT                        numbers have 64 bits
    CREATE INDEX ... (a, id)  ... (a NULLS FIRST, id)       the order of query_list()
    UNIQUE (a, b)             an index table_a_b_key        the same; of a table's own line

A file that has words of SQLite alone stops the build: it needs a file in pg/."""

import pathlib
import re
import sys

SQLITE_ONLY = re.compile(r"\b(json_\w+|printf|instr|PRAGMA|AUTOINCREMENT|WITHOUT|STRICT|RENAME TO|REPLACE INTO|OR IGNORE|BLOB|typeof|"
                         r"strftime|unixepoch|rowid|group_concat|GLOB)\b", re.I)


def number(path):
    m = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", path.name)
    if m is None:
        sys.exit(f"{path}: a migration is called NNNN_name.sql")
    return int(m.group(1))


def c_bytes(data):
    # An array, not a string literal: C promises only 4095 characters of one.
    cells = ["'\\x%02x'" % b for b in data] + ["0"]
    return "\n".join("\t" + ", ".join(cells[i:i + 16]) + "," for i in range(0, len(cells), 16))


def index_columns(match):
    columns = [column if column == "id" else column + " NULLS FIRST" for column in re.split(r"\s*,\s*", match[2].strip())]
    return match[1] + "(" + ", ".join(columns) + ")"


def unique_indexes(text):
    """Each UNIQUE (a, b) of a CREATE TABLE as an index that follows the table."""
    def table(match):
        name, body = match[1], match[2]
        keys = re.findall(r",\s*UNIQUE\s*\(([^()]*)\)", body)
        body = re.sub(r",\s*UNIQUE\s*\([^()]*\)", "", body)
        indexes = ["\nCREATE UNIQUE INDEX %s_%s_key ON %s (%s);" % (name, "_".join(re.split(r"\s*,\s*", key.strip())), name, key)
                   for key in keys]
        return "CREATE TABLE %s (%s\n);%s" % (name, body.rstrip(), "".join(indexes))
    return re.sub(r"\bCREATE TABLE (\w+) \((.*?)\n\);", table, text, flags=re.S)


def for_postgresql(path):
    # Without comments and texts in quotes, which no rule may touch.
    parts = re.split(r"(--[^\n]*|'(?:[^']|'')*')", unique_indexes(path.read_text(encoding="utf-8")))
    for i in range(0, len(parts), 2):
        found = SQLITE_ONLY.search(parts[i])
        if found:
            sys.exit(f"{path}: PostgreSQL does not know {found[0]}: write pg/{path.name}")
        parts[i] = re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', parts[i])
        parts[i] = re.sub(r"\bINTEGER\b", "BIGINT", parts[i])
        parts[i] = re.sub(r"(\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+\w+\s+ON\s+\w+\s*)\(([^()]*)\)", index_columns, parts[i])
    return "".join(parts).encode()


def put(out, name, migrations):
    for n, _, data in migrations:
        out += [f"static const char {name}_{n}[] = {{", c_bytes(data), "};", ""]
    out.append(f"const struct migration {name}[] = {{")
    out += [f'\t{{ {n}, "{stem}", {name}_{n} }},' for n, stem, _ in migrations]
    out += ["\t{ 0, NULL, NULL },", "};", ""]


def main():
    output = pathlib.Path(sys.argv[1])
    paths = [pathlib.Path(a) for a in sys.argv[2:]]
    files = sorted((path for path in paths if path.parent.name != "pg"), key=number)
    own = {number(path): path for path in paths if path.parent.name == "pg"}
    for want, path in enumerate(files, 1):
        if number(path) != want:
            sys.exit(f"{path}: migration {want:04d} is missing, or a number is there twice")
    base = min(own)
    pg = [(n, path.stem, path.read_bytes()) for n, path in own.items() if n == base]
    for path in files[base:]:
        if number(path) in own:
            pg.append((number(path), own[number(path)].stem, own[number(path)].read_bytes()))
        else:
            pg.append((number(path), path.stem, for_postgresql(path)))
    out = ["/* Made by migrations.py from migrations/. */", '#include "store/store_priv.h"', ""]
    put(out, "store_migrations", [(number(path), path.stem, path.read_bytes()) for path in files])
    put(out, "store_migrations_pg", pg)
    output.write_text("\n".join(out))


main()
