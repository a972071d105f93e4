# SPDX-License-Identifier: ISC
"""A line to dcaasd that is slow brings everything all the same."""
import socket
import threading
import time
import urllib.parse

import pytest

from support import wait_for

PREFIXES = 50
BYTES_PER_SECOND = 1000


class SlowLine:
    """A relay to dcaasd: what the edge sends passes, what comes back drips."""

    def __init__(self, endpoint):
        url = urllib.parse.urlparse(endpoint)
        self.to, self.most_seconds = (url.hostname, url.port), 0.0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                return
            far = socket.create_connection(self.to)
            threading.Thread(target=self.pass_on, args=(near, far), daemon=True).start()
            threading.Thread(target=self.drip, args=(far, near), daemon=True).start()

    @staticmethod
    def pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        sink.close()

    def drip(self, source, sink):
        try:
            while data := source.recv(65536):
                begun = time.monotonic()
                for at in range(0, len(data), BYTES_PER_SECOND // 10):
                    sink.sendall(data[at:at + BYTES_PER_SECOND // 10])
                    time.sleep(0.1)
                self.most_seconds = max(self.most_seconds, time.monotonic() - begun)
        except OSError:
            pass
        sink.close()

    def close(self):
        self.socket.close()


@pytest.fixture
def line(site):
    made = SlowLine(site.dcaasd.endpoint)
    yield made
    made.close()


def test_a_snapshot_that_takes_longer_than_ten_seconds_arrives(site, line):
    vif = site.order(1, route_mode="static", bgp_asn=None,
                     remote_ep_group=["172.16.%d.0/24" % k for k in range(PREFIXES)])
    site.wait_status(vif, "ACTIVE")
    assert site.edge.stop() == 0
    site.edge.set_server(line.endpoint)
    since = site.edge.lines()
    site.edge.start()
    wait_for("the set has arrived, after more than ten seconds",
             lambda: site.edge.logged('event="desired set taken"', since) and line.most_seconds > 10, 90)
    assert not site.edge.logged("no answer of dcaasd", since)
