# SPDX-License-Identifier: ISC
"""What an edge does with a dcaasd that misbehaves: it goes easy on it and on itself."""
import http.server
import json
import os
import shutil
import threading
import time

import pytest
from simedge import SimEdge

from support import wait_for

LARGE = 48 << 20


class Server(http.server.ThreadingHTTPServer):
    """A dcaasd by hand: poll and report give each request's answer, (status, text)."""
    daemon_threads = True

    def __init__(self):
        self.poll = self.report = lambda: (204, b"")
        self.polls, self.reports = [], []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, told, what):
        told.append(time.monotonic())
        status, text = what()
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer(self.server.polls, self.server.poll)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(self.server.reports, self.server.report)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    one = Server()
    yield one
    one.shutdown()
    one.server_close()


@pytest.fixture
def edge(world, server, monkeypatch):
    """Of that server; not started."""
    options = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", options + ("," if options else "") + "quarantine_size_mb=1")  # what is free is free
    one = SimEdge(world)
    with open(os.path.join(one.folder, "edge.conf")) as file:
        text = file.read()
    one.write("edge.conf", text.replace(world.endpoint, "http://127.0.0.1:%d" % server.server_port))
    yield one
    try:
        assert one.stop() == 0, one.log()[-4000:]
    finally:
        one.kill()
        shutil.rmtree(one.folder, ignore_errors=True)


def gaps(times):
    return [b - a for a, b in zip(times, times[1:])]


def desired(revision):
    return (200, json.dumps({"version": 1, "edge": "e", "epoch": "p", "revision": revision, "full": True,
                             "objects": []}).encode())


@pytest.mark.parametrize("answer", [(204, b""), desired(7)])
def test_polls_that_are_answered_at_once_without_news_are_paced(server, edge, answer):
    server.poll = lambda: answer
    edge.start()
    wait_for("seven polls", lambda: len(server.polls) >= 7, 30)
    seen = gaps(server.polls[:7])
    print("\npauses between polls that are answered at once: " + ", ".join("%.2f" % gap for gap in seen))
    # The first poll asks for everything and waits for nothing; all after it do.
    assert all(gap >= 0.19 for gap in seen[1:]) and max(seen) > 1


def test_news_is_asked_for_at_once(server, edge):
    revisions = iter(range(5, 25))
    server.poll = lambda: desired(next(revisions, 24))
    edge.start()
    wait_for("twenty polls", lambda: len(server.polls) >= 20, 5)


def test_a_report_that_is_called_broken_is_logged_and_comes_seldomer_and_seldomer(server, edge):
    server.report = lambda: (400, json.dumps({"error_code": "DC.0001", "error_msg": "objects[3].key is odd."}).encode())
    edge.start()
    wait_for("five reports", lambda: len(server.reports) >= 5, 40)
    seen = gaps(server.reports[:5])
    assert all(later > 1.5 * sooner for sooner, later in zip(seen, seen[1:])), seen
    assert edge.logged('event="report refused" status=400') and edge.logged('error="objects[3].key is odd."')


def memory(edge):
    """Bytes that the edge has in memory."""
    with open("/proc/%d/statm" % edge.process.pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_the_memory_of_a_large_answer_is_given_back(server, edge):
    edge.start()
    wait_for("polls", lambda: len(server.polls) >= 2)
    before = memory(edge)
    server.poll = lambda: (200, b"x" * LARGE)
    wait_for("it is read", lambda: edge.logged("cannot be read"))
    server.poll = lambda: (204, b"")
    count = len(server.polls)
    wait_for("more polls", lambda: len(server.polls) >= count + 2)
    print("\nan answer of %d MB: %+.1f MB afterwards" % (LARGE >> 20, (memory(edge) - before) / (1 << 20)))
    assert memory(edge) - before < LARGE / 2
