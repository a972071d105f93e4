# SPDX-License-Identifier: ISC
"""declared.py - what openapi.json declares of errors and life cycles, and whether a server's log keeps to it."""
import functools
import json
import os
import re

from lab.dcaasd import binary

CALL = re.compile(r' event=call method="?(\w+)"? path="([^"]*)" status=(\d+) code=(\S+) ')
MOVE = re.compile(r" event=status (\w+)=\S+ from=(\S+) to=(\S+)")
# Kinds of the log whose resource has another name in the API.
RESOURCES = {"gdgw_route": "gdgw_routetable"}
# Answers of what stands before the route, and of a server in trouble: of every call.
OF_EVERY_CALL = {"APIGW.0101", "APIGW.0201", "APIGW.0301", "APIGW.0302", "DC.0003"}


@functools.cache
def document():
    with open(os.path.join(os.path.dirname(binary("dcaasd")), "openapi.json"), encoding="utf-8") as file:
        return json.load(file)


@functools.cache
def operations():
    """(method, expression of the path, operation), more literal paths first."""
    found = []
    for path, methods in document()["paths"].items():
        pattern = re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]*", re.escape(path)) + "/?$")
        found += [(method.upper(), pattern, facts, path.count("{")) for method, facts in methods.items()]
    return sorted(found, key=lambda one: one[3])


@functools.lru_cache(maxsize=100000)
def operation(method, path):
    return next((facts for m, pattern, facts, _ in operations() if m == method and pattern.match(path)), None)


@functools.cache
def moves():
    """{resource: {(from, to)}}; from None: any state."""
    return {tag["x-dcaas-resource"]: {(one["from"], one["to"]) for one in tag["x-dcaas-life-cycle"]}
            for tag in document()["tags"] if "x-dcaas-life-cycle" in tag}


def errors(log):
    """{(operation, status, code)} of refused calls of the contract."""
    found = set()
    for method, path, status, code in set(CALL.findall(log)):
        facts = operation(method, path) if code != "-" else None
        if facts is not None and "x-dcaas-errors" in facts:
            found.add((facts["operationId"], int(status), code))
    return found


def undeclared(log, any_error=False):
    """Sentences about what the document does not have. any_error: a tester has ordered errors."""
    of = {facts["operationId"]: facts["x-dcaas-errors"] for _, _, facts, _ in operations() if "x-dcaas-errors" in facts}
    wrong = [] if any_error else ["%s is answered with %s, which openapi.json does not declare" % (name, code)
                                  for name, _, code in errors(log) if code not in OF_EVERY_CALL and code not in of[name]]
    for kind, before, after in set(MOVE.findall(log)):
        cycle = moves().get(RESOURCES.get(kind, kind))
        if cycle is not None and before != "none" and not {(before, after), (None, after)} & cycle:
            wrong.append("%s goes from %s to %s, which its life cycle in openapi.json does not have" % (kind, before, after))
    return sorted(set(wrong))
