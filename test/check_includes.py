"""check_includes.py - who may include whom below src/, as HACKING.md draws it. test programs (*_test.c, *_try.c) are exempt."""
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
    "edge": ["base", "field", "wire"],
    "edge/agent": ["base"],
    "cli": ["base", "field"],
}


def component(path):
    """The component of a path below src/: its first folder, but edge/agent is one of its own."""
    parts = path.split("/")
    if parts[:2] == ["edge", "agent"] and len(parts) > 2:
        return "edge/agent"
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


def check():
    """Returns (files looked at, offences)."""
    count, offences = 0, []
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in sorted(names):
            if not name.endswith((".c", ".h")) or name.endswith(("_test.c", "_try.c")):
                continue
            path = os.path.relpath(os.path.join(folder, name), os.path.join(ROOT, "src"))
            user = component(path)
            count += 1
            if user not in MAY:
                offences.append("src/%s: %s is no component; add it to the rules first" % (path, user))
                continue
            for number, header in includes(os.path.join(folder, name)):
                if "/" not in header:
                    continue  # of the same folder, or generated
                if component(header) not in MAY:
                    continue  # a library's own header
                if not allowed(user, component(header), header):
                    offences.append("src/%s:%d: %s may not include %s" % (path, number, user, header))
    return count, offences


def main():
    count, offences = check()
    for line in offences:
        print(line)
    print("include rules: %d files, %d offences" % (count, len(offences)))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
