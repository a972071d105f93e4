# SPDX-License-Identifier: ISC
"""Every operation of the contract by each official SDK, from one table (operations.py). What a write ordered is looked for with a
plain request afterwards; what a read answered through the SDK is compared with the plain answer to the same request."""
import datetime
import json
import os
import re
import urllib.parse

import pytest
from drivers import Program, Python, Refused
from operations import CONTRACT, OPERATIONS, STEPS
from sdk_site import REGION, ROUTER, SdkSite, build, tool

from lab.api_client import Client
from support import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
# What an SDK does not have: its release is older than the operation.
LACKS = {
    "go": set(), "python": set(),
    "java": {"UpdateExtendAttribute", "CreateVifPeerDetection", "DeleteVifPeerDetection", "ListVifPeerDetections", "ShowVifPeerDetection"},
}


def go(env, folder):
    path = os.path.join(folder, "driver")
    build([tool("go"), "test", "-c", "-o", path, "."], os.path.join(HERE, "go"),
          dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=readonly -buildvcs=false", GOTOOLCHAIN="local"))
    return Program([path], HERE, env)


def java(env, folder):
    maven = [tool("mvn"), "-B", "-q", "-ntp", "-Ddcaas.target=" + folder]
    build(maven + ["test-compile"], os.path.join(HERE, "java"), os.environ)
    return Program(maven + ["test", "-Dtest=Driver", "-Ddcaas.reports=" + os.path.join(folder, "reports")], os.path.join(HERE, "java"), env)


DRIVERS = {"go": go, "java": java, "python": lambda env, folder: Python(env)}


def filled(value, values):
    """With the values in place of their names; a text that is one name takes the value's type."""
    if isinstance(value, dict):
        return {name: filled(one, values) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(one, values) for one in value]
    return re.sub(r"{(\w+)}", lambda match: values[match[1]], value) if isinstance(value, str) else value


def at(place, answer):
    """What is in the answer at that place; None: nothing."""
    for part in place.split("."):
        try:
            answer = answer[int(part) if part.isdigit() else part]
        except (KeyError, IndexError, TypeError):
            return None
    return answer


def moment(text):
    return datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", str(text)).replace("Z", "+00:00")).replace(tzinfo=None)


def differences(ours, theirs, where=""):
    """Places where a value that the SDK gives is not the plain answer's. SDKs write no member that they do not know."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours):
            if ours[name] is not None and name not in ("request_id", "httpStatusCode"):
                yield from differences(ours[name], theirs.get(name), "%s.%s" % (where, name))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, "%s.%d" % (where, number))
    elif ours != theirs and not (where.endswith("_time") and theirs is not None and moment(ours) == moment(theirs)):
        yield "%s: %r, and plainly %r" % (where, ours, theirs)


class Run:
    """The table with one SDK."""

    def __init__(self, driver, plain, values):
        self.driver, self.plain, self.values, self.called = driver, plain, values, set()

    def get(self, path):
        return self.plain.call("GET", path, check=False)

    def plain_answer(self, step, where):
        """To the same request; None for one that is no GET."""
        contract = CONTRACT[step.operation]
        if contract["method"] != "GET":
            return None
        path = re.sub(r"{(\w+)}", lambda match: urllib.parse.quote(where.pop(match[1], self.values["project"])), contract["path"])
        answer = self.get(path + "?" + urllib.parse.urlencode(where, doseq=True))
        assert answer.status == contract["status"], (path, answer)
        return answer

    def call(self, step):
        """The answer, once it is as the table has it, and the same as the plain one."""
        where, until = filled(step.where, self.values), filled(step.until, self.values)
        request = dict(where, **({"body": filled(step.body, self.values)} if step.body is not None else {}))
        seen = []

        def look():
            answer = self.driver.call(step.operation, request)
            wrong = ["%s is %r" % (place, at(place, answer)) for place, value in until.items() if at(place, answer) != value]
            plain = self.plain_answer(step, dict(where))
            if not wrong and plain is not None:
                assert any(answer.get(name) for name in plain if name != "request_id"), "nothing came through: %s" % answer
                wrong = list(differences(answer, plain))
            seen[:] = wrong
            return (answer,) if not wrong else None
        if not until and CONTRACT[step.operation]["method"] != "GET":
            return self.driver.call(step.operation, request)
        try:
            return wait_for(step.operation, look, 60)[0]
        except AssertionError as error:
            raise AssertionError("%s: %s" % (error, seen)) from None

    def ordered(self, step):
        """{place: value} that a plain read shows once the order is carried out."""
        found = filled(step.then, self.values)
        for envelope, members in (step.body or {}).items():
            if step.read and isinstance(members, dict) and envelope not in step.unread and envelope.endswith(
                    ("connect", "gateway", "interface", "link", "detection")):
                found.update({envelope + "." + name: value for name, value in filled(members, self.values).items()
                              if name not in step.unread and name != "peer_site"})
        return found

    def check(self, step):
        if step.gone:
            wait_for("%s: it is gone" % step.operation, lambda: self.get(filled(step.gone, self.values)).status == 404, 60)
        if not step.read:
            return
        wanted, path, seen = self.ordered(step), filled(step.read, self.values), {}
        assert wanted, step

        def look():
            answer = self.get(path)
            seen.update({place: at(place, answer) for place in wanted})
            return seen == wanted
        try:
            wait_for("%s: %s shows %s" % (step.operation, path, wanted), look, 60)
        except AssertionError as error:
            raise AssertionError("%s, but %s" % (error, seen)) from None

    def perform(self, step):
        if step.operation not in self.driver.operations:
            return
        answer = self.call(step)
        for name, place in step.save.items():
            self.values[name] = at(place, answer)
            assert self.values[name], (step, answer)
        self.check(step)
        self.called.add(step.operation)


@pytest.mark.parametrize("sdk", sorted(DRIVERS))
def test_every_operation_does_by_the_sdk_what_it_does_plainly(sdk, tmp_path):
    with SdkSite("http") as site:
        env = site.tenant()
        operator = Client(site.dcaasd.endpoint, site.values["DCAAS_ADMIN_ACCESS_KEY"], site.values["DCAAS_ADMIN_SECRET_KEY"])
        port = operator.post("/dcaas/v1/ports", {"port": {"edge_id": site.values["DCAAS_EDGE_ID"], "device": "hosting", "name": "hosting"}})
        hosting = operator.post("/dcaas/v1/connections", {"direct_connect": {
            "tenant_id": env["DCAAS_PROJECT_ID"], "name": "hosting", "port_id": port["port"]["id"], "bandwidth": 1000, "location": "southwest",
            "port_type": "10G", "provider": "simulated", "type": "hosting"}})["direct_connect"]["id"]
        values = {"project": env["DCAAS_PROJECT_ID"], "receiver": site.values["DCAAS_PROJECT_ID"], "line": env["DCAAS_DIRECT_CONNECT_ID"],
                  "spare": env["DCAAS_SPARE_DIRECT_CONNECT_ID"], "location": env["DCAAS_LOCATION_ID"], "eip": env["DCAAS_GLOBAL_EIP_ID"],
                  "hosting": hosting, "router": ROUTER, "region": REGION, "vpc": "6a1e2f30-0000-4000-8000-000000001001",
                  "unknown": "00000000-0000-4000-8000-00000000dead"}
        driver = DRIVERS[sdk](dict(os.environ, **env), str(tmp_path))
        try:
            assert set(OPERATIONS) - set(driver.operations) == LACKS[sdk]
            run = Run(driver, Client(site.dcaasd.endpoint, env["DCAAS_ACCESS_KEY"], env["DCAAS_SECRET_KEY"], env["DCAAS_PROJECT_ID"]), values)
            for step in STEPS:
                try:
                    run.perform(step)
                except Refused as error:
                    raise AssertionError("%s: %s" % (step.operation, error)) from None
        finally:
            driver.close()
        assert run.called == set(OPERATIONS) - LACKS[sdk], "not called: %s" % sorted(set(OPERATIONS) - LACKS[sdk] - run.called)


def test_the_table_has_every_operation_of_the_contract():
    assert {step.operation for step in STEPS} == set(OPERATIONS) and len(OPERATIONS) == 58, json.dumps(OPERATIONS)
