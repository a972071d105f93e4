# SPDX-License-Identifier: ISC
"""offer.py TARGET SIZE RATE - sends UDP datagrams of SIZE bytes to port 9 of TARGET, RATE of them a second, until it is ended. What a
pause of the machine kept back follows at once."""
import socket
import sys
import time

BEHIND = 0.2  # seconds; what is later than that is left out

target, size, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sock = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
block, begun, sent = bytes(size), time.monotonic(), 0
while True:
    due = int((time.monotonic() - begun) * rate)
    sent = max(sent, due - int(BEHIND * rate))
    if sent == due:
        time.sleep(0.001)
    for _ in range(due - sent):
        try:
            sock.sendto(block, (target, 9))
        except OSError:
            pass  # the device's queue is full, or nobody listens there
    sent = due
