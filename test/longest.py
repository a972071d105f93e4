# SPDX-License-Identifier: ISC
"""longest.py - the ten longest functions and files below src/, and the median: no gate, something to look at."""
import os
import re
import statistics

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def functions(lines):
    """(name, lines) of every function: its brace stands alone in the first column."""
    start, name = None, ""
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            yield name, number - start + 1
            start = None
        elif start is None:
            found = re.match(r"(\w+)\(", line)
            if found:
                name = found.group(1)


def main():
    files, bodies = [], []
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in names:
            if name.endswith((".c", ".h")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    lines = file.read().splitlines()
                short = os.path.relpath(path, ROOT)
                files.append((len(lines), short))
                if name.endswith(".c"):
                    bodies += [(length, "%s (%s)" % (name, short)) for name, length in functions(lines)]
    for what, found in (("files", files), ("functions", bodies)):
        found.sort(reverse=True)
        median = statistics.median(length for length, _ in found) if found else 0
        print("%d %s, median %d lines" % (len(found), what, median))
        for length, name in found[:10]:
            print("%6d  %s" % (length, name))


main()
