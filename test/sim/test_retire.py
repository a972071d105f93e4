# SPDX-License-Identifier: ISC
"""An edge that was away comes back after the operator has given it up: what was deleted meanwhile goes from the router, and
what others were given in its place is made."""
import os
import socket
import threading

import pytest

from support import V3, rows, send, wait_for

PART = 65536


class Line:
    """The network between an edge and its dcaasd: may be cut, and mended."""

    def __init__(self, port):
        self.to, self.up, self.lock, self.wires = port, True, threading.Lock(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            with self.lock:
                try:
                    far = socket.create_connection(("127.0.0.1", self.to)) if self.up else None
                except OSError:
                    far = None
                if far is None:
                    near.close()
                    continue
                self.wires += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def pass_on(one, other):
        try:
            while True:
                data = one.recv(PART)
                if not data:
                    break
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        with self.lock:
            self.up = False
            for wire in self.wires:
                try:
                    wire.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                wire.close()
            self.wires = []

    def mend(self):
        with self.lock:
            self.up = True

    def close(self):
        self.cut()
        self.listener.close()


@pytest.fixture
def line(site):
    """The site's edge is reached by it."""
    one = Line(site.dcaasd.port)
    config = os.path.join(site.edge.folder, "edge.conf")
    with open(config) as file:
        text = file.read()
    wait_for("the edge is up", lambda: site.edge.logged("event=ready"))
    assert site.edge.stop() == 0
    site.edge.write("edge.conf", text.replace(site.edge.server, "http://127.0.0.1:%d" % one.port))
    site.edge.start()
    yield one
    one.close()


def on_router(site):
    """Keys of all that the edge wants to have."""
    return site.edge.wanted()


def retire(site, body=b"{}"):
    return send(site.world.operator, "POST", "/dcaas/v1/edges/%s/retire" % site.world.edge, body)


def test_a_retired_edge_that_comes_back_loses_what_was_deleted_and_takes_what_came_instead(site, line):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    peer = site.peer(vif)["id"]
    log, port = site.edge.lines(), site.world.operator.get("/dcaas/v1/connections/" + site.line)["direct_connect"]["port_id"]
    line.cut()
    site.delete(vif)
    site.edge.wait_seen("silent", lambda _: site.dcaasd.health()["edges_silent"] == 1)
    assert retire(site).status == 200
    # One call is enough: the interface's end was that of its gateway's VRF.
    site.tenant.delete(V3 + "virtual-gateways/" + site.gateway)
    for path in ("virtual-interfaces/" + vif, "virtual-gateways/" + site.gateway):
        assert send(site.tenant, "GET", V3 + path).status == 404
    assert rows(site.dcaasd, "SELECT * FROM edge_object WHERE deleted = 1") == []
    assert {"vlan/" + vif, "bgp/" + peer, "vrf/" + site.gateway} <= on_router(site)
    # Another project gets the VLAN, and the numbers.
    site.world.operator.delete("/dcaas/v1/connections/" + site.line)
    other = site.world.tenant()
    gateway = other.gateway()["id"]
    new = other.interface(site.world.connection(other, port_id=port), gateway, vlan=101)["id"]
    line.mend()
    wait_for("the other project's interface ACTIVE", lambda: other.show("virtual-interfaces/" + new)["status"] == "ACTIVE")
    assert not {"vlan/" + vif, "bgp/" + peer, "vrf/" + site.gateway} & on_router(site)
    assert {"vlan/" + new, "vrf/" + gateway} <= on_router(site)
    assert not site.edge.logged("event=held", log)
    assert {s["owner_id"] for s in site.edge.rows("sessions", "sessions")} == {new}
    wait_for("nothing pending", lambda: {o["state"] for o in site.edge.rows("objects", "objects")} == {"applied"})


def test_an_edge_that_reports_is_not_retired_unless_forced(site, line):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    line.cut()
    site.delete(vif)
    for body in (b"", b"{}", b'{"force": false}'):
        refused = retire(site, body)
        assert refused.status == 400 and "reports" in refused["error_msg"], refused
    assert site.interface(vif)["status"] == "PENDING_DELETE"
    assert retire(site, b'{"force": true}').status == 200
    assert send(site.tenant, "GET", V3 + "virtual-interfaces/" + vif).status == 404
    line.mend()
    wait_for("it is gone from the router", lambda: "vlan/" + vif not in on_router(site))


def test_a_restarted_edge_loses_what_was_retired(site, line):
    keep, vif = site.order(1), site.order(2)
    site.wait_status(vif, "ACTIVE")
    site.wait_status(keep, "ACTIVE")
    assert site.edge.stop() == 0
    site.delete(vif)
    assert retire(site, b'{"force": true}').status == 200
    site.edge.start()
    wait_for("it is gone from the router", lambda: "vlan/" + vif not in on_router(site))
    site.wait_status(keep, "ACTIVE")
