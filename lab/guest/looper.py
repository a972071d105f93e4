# SPDX-License-Identifier: ISC
"""looper.py ADDRESS,LOCAL,ASN... - connects to each neighbour's port 179 in a tight loop, without a password, and speaks BGP as
far as it is let: the router that a session with a password must never talk to. Prints "connected" for each connection that the
far side answered, a line for each message that it sent ("open", "let in" for a KEEPALIVE), and, on SIGTERM, how many connections
it tried."""
import select
import signal
import socket
import struct
import sys
import time

PERIOD = 0.1  # seconds for one connection to get anywhere
AT_ONCE = 3  # connections to each neighbour
tries = 0


def open_message(address, asn):
    # Without the first one, unicast of the session's family, BIRD ends the session with any key.
    capability = struct.pack("!BBHBBBBI", 1, 4, 2 if ":" in address else 1, 0, 1, 65, 4, asn)
    body = struct.pack("!BHH4sB", 4, min(asn, 23456) if asn > 65535 else asn, 90, socket.inet_aton("192.0.2.66" if ":" in address else address), len(capability) + 2)
    body += struct.pack("!BB", 2, len(capability)) + capability
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), 1) + body


KEEPALIVE = b"\xff" * 16 + struct.pack("!HB", 19, 4)


class Connection:
    def __init__(self, far, near, asn):
        global tries
        self.far, self.near, self.asn = far, near, asn
        self.sent = False
        self.data = b""
        self.until = time.monotonic() + PERIOD
        self.sock = socket.socket(socket.AF_INET6 if ":" in far else socket.AF_INET)
        self.sock.setblocking(False)
        self.sock.bind((near, 0))
        self.sock.connect_ex((far, 179))
        tries += 1

    def step(self, writable, readable):
        """False when this connection is done with."""
        try:
            if writable and not self.sent:
                self.sock.getpeername()  # fails when nobody answered
                print("connected", self.far, flush=True)
                self.sock.send(open_message(self.near, self.asn) + KEEPALIVE)
                self.sent = True
                self.until = time.monotonic() + 5
            if readable:
                data = self.sock.recv(4096)
                if not data:
                    return False
                self.take(data)
        except OSError:
            return False
        return time.monotonic() < self.until

    def take(self, data):
        self.data += data
        while len(self.data) >= 19:
            length, kind = struct.unpack("!HB", self.data[16:19])
            if len(self.data) < length or length < 19:
                return
            print({1: "open", 4: "let in"}.get(kind, "message %d" % kind), self.far, flush=True)
            if kind in (1, 4):
                self.sock.send(KEEPALIVE)
                self.until = time.monotonic() + 60
            self.data = self.data[length:]


def end(*_):
    print("tries %d" % tries, flush=True)
    sys.exit(0)


def main():
    signal.signal(signal.SIGTERM, end)
    targets = [word.split(",") for word in sys.argv[1:]]
    connections = {}
    while True:
        for far, near, asn in targets:
            for n in range(AT_ONCE):
                if (far, n) not in connections:
                    try:
                        connections[far, n] = Connection(far, near, int(asn))
                    except OSError:
                        pass
        socks = {c.sock: key for key, c in connections.items()}
        readable, writable, _ = select.select(list(socks), [s for s, key in socks.items() if not connections[key].sent], [], 0.02)
        for sock, key in socks.items():
            if not connections[key].step(sock in writable, sock in readable):
                sock.close()
                del connections[key]


main()
