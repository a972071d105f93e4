# SPDX-License-Identifier: ISC
"""crowd.py - many clients that repeat one request each as fast as they are answered, in a process of their own, so that what
a test measures beside them is the server and not this interpreter.

As a program: crowd.py HOST PORT SECONDS, and on standard input JSON: a list with one request per client. Prints what the
answers were, as JSON: {status: how often}."""
import collections
import json
import selectors
import socket
import subprocess
import sys
import time


class Crowd:
    """Runs in the background inside `with`; `answers` afterwards."""

    def __init__(self, client, requests, seconds=600):
        self.process = subprocess.Popen([sys.executable, __file__, client.at.hostname, str(client.at.port), str(seconds)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(requests) + "\n")
        self.process.stdin.flush()
        self.answers = {}

    def __enter__(self):
        assert self.process.stdout.readline() == "all are connected\n"
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate("stop\n", timeout=120)
        self.answers = {int(status): n for status, n in json.loads(out).items()}
        assert self.process.returncode == 0


def request(method, target, headers, body=""):
    lines = ["%s %s HTTP/1.1" % (method, target), "host: x"]
    lines += ["%s: %s" % pair for pair in headers.items()]
    if body:
        lines += ["content-type: application/json", "content-length: %d" % len(body)]
    return "\r\n".join([*lines, "", body])


class One:
    """One connection with one request on its way."""

    def __init__(self, at, text, counts):
        self.at, self.text, self.counts, self.sock = at, text.encode(), counts, None

    def connect(self):
        self.sock = socket.create_connection(self.at, timeout=60)
        self.begin()

    def begin(self):
        self.status, self.missing, self.head = None, None, b""
        self.sock.settimeout(60)
        self.sock.sendall(self.text)
        self.sock.setblocking(False)

    def read(self):
        """False: the connection has ended."""
        try:
            part = self.sock.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            part = b""
        if not part:
            return False
        if self.missing is None:
            self.head += part
            head, end, rest = self.head.partition(b"\r\n\r\n")
            if not end:
                return True
            lines = head.decode().lower().split("\r\n")
            self.status = int(lines[0].split()[1])
            lengths = [int(line.split(":")[1]) for line in lines if line.startswith("content-length:")]
            self.missing = (lengths[0] if lengths else 0) - len(rest)
        else:
            self.missing -= len(part)
        if self.missing == 0:
            self.counts[self.status] += 1
            self.begin()
        return True


def main(host, port, seconds):
    counts = collections.Counter()
    selector = selectors.DefaultSelector()
    clients = [One((host, int(port)), text, counts) for text in json.loads(sys.stdin.readline())]
    for client in clients:
        client.connect()
        selector.register(client.sock, selectors.EVENT_READ, client)
    print("all are connected", flush=True)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        for key, _ in selector.select(1):
            if key.data is None:
                end = 0
            elif not key.data.read():
                selector.unregister(key.data.sock)
                key.data.sock.close()
                key.data.connect()
                selector.register(key.data.sock, selectors.EVENT_READ, key.data)
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
