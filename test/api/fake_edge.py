# SPDX-License-Identifier: ISC
"""fake_edge.py - the edge's side of its channel to dcaasd, by hand: a test gives what it would have read back."""
import http.client
import json
import urllib.parse
import uuid


def body_of(one):
    return json.loads(one["body"]) if isinstance(one["body"], str) else one["body"] or {}


def is_vpc(one, objects):
    """Whether an object is a VPC's attachment, or an address or route on it."""
    body = body_of(one)
    return body.get("use") == "vpc" or (body.get("link") in objects and body_of(objects[body["link"]]).get("use") == "vpc")


class FakeEdge:
    """parts: as an edge of today, answers and reports come in parts; else as one of a version that knows none."""

    def __init__(self, endpoint, token, parts=False):
        self.host, self.token, self.parts = endpoint.split("//", 1)[1], token, parts
        self.start()

    def start(self):
        """A new process: another boot, nothing known."""
        self.boot, self.sequence, self.first = str(uuid.uuid4()), 0, True
        self.epoch, self.revision, self.objects = None, 0, {}
        return self

    def call(self, method, target, body=None, timeout=120):
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        try:
            connection.request(method, target, json.dumps(body) if body is not None else None,
                               {"X-Dcaas-Edge-Token": self.token, "Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        return response.status, json.loads(text) if text else None

    def ask(self, epoch=None, revision=None, wait=0, boot="", next=None):
        """A poll; boot None: as a version that does not name itself. next: for another part than the first."""
        query = "?revision=%d&wait=%d" % (self.revision if revision is None else revision, wait)
        epoch = epoch or self.epoch
        query += "" if boot is None else "&boot=" + (boot or self.boot)
        query += ("&parts=1" if self.parts else "") + ("&next=" + urllib.parse.quote(next, safe="") if next else "")
        return self.call("GET", "/dcaas/v1/edge/desired" + query + ("&epoch=" + epoch if epoch else ""))

    def poll(self, wait=0):
        """Takes over what changed; the changed objects."""
        status, desired = self.ask(wait=wait)
        if status == 204:
            return []
        came = []
        while True:
            assert status == 200, (status, desired)
            came = (came if (desired["part"] or 1) > 1 else []) + desired["objects"]
            if desired["next"] is None:
                break
            status, desired = self.ask(next=desired["next"])
        if desired["full"]:
            self.objects = {}
        self.epoch, self.revision = desired["epoch"], desired["revision"]
        for one in came:
            self.objects[one["key"]] = one
        return came

    def kinds(self):
        """Kinds of what is wanted, less what belongs to VPCs."""
        return sorted(one["kind"] for one in self.objects.values() if not one["deleted"] and not is_vpc(one, self.objects))

    def body(self, kind):
        """The one object of this kind, less what belongs to VPCs."""
        found = [one for one in self.objects.values()
                 if one["kind"] == kind and not one["deleted"] and not is_vpc(one, self.objects)]
        assert len(found) == 1, found
        return body_of(found[0])

    def states(self, **of_kind):
        """Everything wanted is there; of_kind: {kind: members of its state that differ}."""
        for one in self.objects.values():
            state = {"key": one["key"], "revision": one["revision"], "state": "removed" if one["deleted"] else "applied"}
            if one["kind"] == "vlan" and not one["deleted"]:
                state["carrier"] = True
            state.update(of_kind.get(one["kind"], {}))
            yield state

    def sessions(self, established=True, received=3, **more):
        return [{"key": one["key"], "established": established, "state": "Established" if established else "Connect",
                 "since": "2026-01-02T03:04:05.000Z", "uptime": 5 if established else 0, "received": received,
                 "accepted": received, "rejected": 0, "advertised": 1, "tcp": "ESTABLISHED" if established else "SYN_SENT",
                 "md5": False, "md5_failures": 0, "md5_not_found": 0, "md5_unexpected": 0, **more}
                for one in self.objects.values() if one["kind"] == "bgp" and not one["deleted"]]

    def report(self, objects=(), sessions=(), full=None, **more):
        """The status of the answer. part, last: one part of a report; those after the first have its sequence."""
        self.sequence += more.get("part", 1) == 1
        full = self.first if full is None else full
        body = {"version": 1, "boot": self.boot, "sequence": self.sequence, "full": full, "fabric": "sim",
                "epoch": self.epoch, "revision": self.revision, "held": False, "objects": list(objects),
                "sessions": list(sessions), **more}
        status, answer = self.call("POST", "/dcaas/v1/edge/report", {k: v for k, v in body.items() if v is not None})
        assert status in (204, 409, 423), (status, answer)
        self.first = self.first and status != 204
        return status

    def apply(self, **options):
        """Polls, and reports that all of it is there, every session Established."""
        self.poll()
        sessions = self.sessions(**options.pop("session", {}))
        assert self.report(self.states(**options), sessions) == 204
        self.objects = {key: one for key, one in self.objects.items() if not one["deleted"]}
        return self


def edge_for(world, tenant):
    """A further edge of the site, for what that tenant orders."""
    made = world.operator.post("/dcaas/v1/edges", {"edge": {"name": "e-" + tenant.name, "location_id": world.location,
                               "device_id": "172.16.40.9", "report_interval": 60}})["edge"]
    fake = FakeEdge(world.endpoint, made["token"])
    fake.id = made["id"]
    return fake
