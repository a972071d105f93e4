# SPDX-License-Identifier: ISC
"""check_includes.py - who may include whom below src/, as HACKING.md draws it, and that no files include each other in a
circle. Test programs (*_test.c, *_try.c) are exempt."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

MAY = {
    "base": [],
    "field": ["base"],
    "wire": ["base", "field"],
    "store": ["base", "field"],
    "auth": ["base", "field", "store"],
    "api": ["base", "field", "store", "auth"],
    "reconcile": ["base", "field", "wire", "store"],
    "federation": ["base", "field", "store", "auth"],
    "res": ["base", "field", "wire", "store", "auth", "api", "reconcile", "federation"],
    "dcaasd": ["base", "field", "wire", "store", "auth", "api", "reconcile", "federation", "res"],
    "edge": ["base", "field", "wire", "edge/filter"],
    "edge/agent": ["base", "edge/filter"],
    "edge/filter": ["base"],
    "cli": ["base", "field"],
}


# Circles that stay, and why. A file is its .c, its .h and its _priv.h together; a name with a slash at its end stands for any
# circle inside that folder. HACKING.md has the same list.
CIRCLES = {
    ("api/api", "api/call"):
        "a call is answered through the server that it came from, and the server hands out calls",
    ("store/query", "store/row_lock", "store/sql"):
        "a query is run as a statement, which is put together from a query's conditions; a check of locks is a query, too",
}


def component(path):
    """The component of a path below src/: its first folder, but edge/agent and edge/filter are ones of their own."""
    parts = path.split("/")
    if len(parts) > 2 and "/".join(parts[:2]) in MAY:
        return "/".join(parts[:2])
    return parts[0]


def allowed(user, used, header):
    if used == user or used in MAY[user]:
        return True
    # The unprivileged half speaks the agent's messages; the command line signs with the server's own code.
    return (user, header) in (("edge", "edge/agent/op.h"), ("edge", "edge/agent/agent.h"), ("cli", "auth/aksk.h"))


def includes(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if found:
                yield number, found.group(1)


def sources():
    """Paths below src/ of the files that the rules are for."""
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in sorted(names):
            if name.endswith((".c", ".h")) and not name.endswith(("_test.c", "_try.c")):
                yield os.path.relpath(os.path.join(folder, name), os.path.join(ROOT, "src"))


def check():
    """Returns (files looked at, offences)."""
    count, offences = 0, []
    for path in sources():
        user = component(path)
        count += 1
        if user not in MAY:
            offences.append("src/%s: %s is no component; add it to the rules first" % (path, user))
            continue
        for number, header in includes(os.path.join(ROOT, "src", path)):
            if "/" not in header:
                continue  # of the same folder, or generated
            if component(header) not in MAY:
                continue  # a library's own header
            if not allowed(user, component(header), header):
                offences.append("src/%s:%d: %s may not include %s" % (path, number, user, header))
    return count, offences


def stem(path):
    """A .c, its .h and its _priv.h are one file."""
    return re.sub(r"(_priv)?\.[ch]$", "", os.path.normpath(path))


def graph():
    """{file: files that it includes}; a file is a stem below src/."""
    edges = {}
    for path in sources():
        near = edges.setdefault(stem(path), set())
        for _, header in includes(os.path.join(ROOT, "src", path)):
            for there in (header, os.path.join(os.path.dirname(path), header)):
                if os.path.exists(os.path.join(ROOT, "src", there)):
                    near.add(stem(there))
                    break
    return edges


def reach(edges, start):
    """What can be come to from there, by one step or more."""
    seen, waiting = set(), list(edges.get(start, ()))
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += edges.get(node, ())
    return seen


def circles(edges):
    """Sets of files, larger than one, in which each comes to each other one: sorted tuples."""
    far = {node: reach(edges, node) for node in edges}
    return sorted({tuple(sorted(other for other in far[node] if node in far.get(other, ()))) for node in edges
                   if any(other != node and node in far.get(other, ()) for other in far[node])})


def check_circles():
    """Prints every circle. Returns how many are not among CIRCLES, or are there no more."""
    edges, wrong = graph(), 0
    found = circles(edges)
    for circle in found:
        reason = CIRCLES.get(circle)
        print("circle of %d files: %s%s" % (len(circle), ", ".join(circle), " (stays: %s)" % reason if reason else ""))
        if reason is None:
            wrong += 1
            for node in circle:
                print("    %s includes %s" % (node, ", ".join(sorted(edges[node] & set(circle) - {node}))))
    for circle in CIRCLES.keys() - set(found):
        print("no circle any more, to be taken out of CIRCLES: %s" % ", ".join(circle))
        wrong += 1
    print("circles: %d, %d offences" % (len(found), wrong))
    return wrong


def main():
    count, offences = check()
    for line in offences:
        print(line)
    print("include rules: %d files, %d offences" % (count, len(offences)))
    return 1 if check_circles() or offences else 0


if __name__ == "__main__":
    sys.exit(main())
