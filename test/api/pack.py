# SPDX-License-Identifier: ISC
"""pack.py - many clients that each send one request at the same moment: requests are signed before, connections stay open, and one
thread writes and reads them all, so that a round costs what the server takes."""
import json
import selectors
import socket
import time

from lab.api_client import Answer, signature
from lab.guest import PATIENCE

CLIENTS = 64


def request(client, method, path, body=None):
    """The bytes of a signed call."""
    path = path.replace("{project_id}", client.project_id or "")
    raw = b"" if body is None else json.dumps(body).encode()
    headers = {"host": client.at.netloc, "x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
    headers["authorization"] = signature(method, path.partition("?")[0], path.partition("?")[2], headers, raw, client.access_key,
                                         client.secret_key)
    lines = ["%s %s HTTP/1.1" % (method, path), *("%s: %s" % pair for pair in headers.items())]
    if raw or method in ("POST", "PUT"):
        lines += ["content-type: application/json", "content-length: %d" % len(raw)]
    return "\r\n".join([*lines, "", ""]).encode() + raw


class Line:
    """One connection."""

    def __init__(self, at):
        self.at, self.sock, self.seen = at, None, b""

    def send(self, text):
        if self.sock is not None and selectors_ready(self.sock):  # the server has closed it while nothing was on its way
            self.sock.close()
            self.sock = None
        if self.sock is None:
            self.sock = socket.create_connection((self.at.hostname, self.at.port), timeout=60 * PATIENCE)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.seen = b""
        self.sock.sendall(text)

    def read(self):
        """The answer, once it is whole."""
        more = self.sock.recv(65536)
        assert more, "the connection was closed in place of an answer"
        self.seen += more
        head, found, body = self.seen.partition(b"\r\n\r\n")
        if not found:
            return None
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        if len(body) < int(headers.get("content-length", 0)):
            return None
        answer = Answer(json.loads(body) if body else {})
        answer.status, answer.headers = int(lines[0].split()[1]), headers
        return answer


def selectors_ready(sock):
    with selectors.DefaultSelector() as ready:
        ready.register(sock, selectors.EVENT_READ)
        return bool(ready.select(0))


class Pack:
    def __init__(self, at, clients=CLIENTS):
        self.lines = [Line(at) for _ in range(clients)]

    def at_once(self, requests):
        """The answers, in the order of the requests."""
        answers, lines = {}, self.lines[:len(requests)]
        assert len(lines) == len(requests)
        for line, text in zip(lines, requests):
            line.send(text)
        with selectors.DefaultSelector() as ready:
            for number, line in enumerate(lines):
                ready.register(line.sock, selectors.EVENT_READ, number)
            while len(answers) < len(lines):
                events = ready.select(60 * PATIENCE)
                assert events, "%d answers are missing" % (len(lines) - len(answers))
                for key, _ in events:
                    answer = lines[key.data].read()
                    if answer is not None:
                        answers[key.data] = answer
                        ready.unregister(key.fileobj)
        return [answers[number] for number in range(len(lines))]

    def close(self):
        for line in self.lines:
            if line.sock is not None:
                line.sock.close()
