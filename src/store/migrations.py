#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Embeds migrations/NNNN_name.sql into C: migrations.py OUTPUT FILE...

The numbers start at 1 and have no gap; the table is in numeric order for any order of the arguments."""

import pathlib
import re
import sys


def number(path):
    m = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", path.name)
    if m is None:
        sys.exit(f"{path}: a migration is called NNNN_name.sql")
    return int(m.group(1))


def c_bytes(data):
    # An array, not a string literal: C promises only 4095 characters of one.
    cells = ["'\\x%02x'" % b for b in data] + ["0"]
    return "\n".join("\t" + ", ".join(cells[i:i + 16]) + "," for i in range(0, len(cells), 16))


def main():
    output = pathlib.Path(sys.argv[1])
    files = sorted((pathlib.Path(a) for a in sys.argv[2:]), key=number)
    for want, path in enumerate(files, 1):
        if number(path) != want:
            sys.exit(f"{path}: migration {want:04d} is missing, or a number is there twice")
    out = ["/* Made by migrations.py from migrations/. */", '#include "store/store_priv.h"', ""]
    for path in files:
        out += [f"static const char sql_{number(path)}[] = {{", c_bytes(path.read_bytes()), "};", ""]
    out.append("const struct migration store_migrations[] = {")
    out += [f'\t{{ {number(p)}, "{p.stem}", sql_{number(p)} }},' for p in files]
    out += ["\t{ 0, NULL, NULL },", "};", ""]
    output.write_text("\n".join(out))


main()
