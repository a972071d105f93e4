# SPDX-License-Identifier: ISC
"""forge.py DEVICE SECONDS - sends frames, one a line of hex on standard input, by DEVICE, and prints in hex, with the VLAN tags
that they came with, what comes in by it until SECONDS after the last one. Its first line is "ready"."""
import select
import socket
import struct
import sys
import time

PACKET_AUXDATA, SOL_PACKET, ETH_P_ALL = 8, 263, 3
VLAN_VALID = 0x10


def main():
    device, seconds = sys.argv[1], float(sys.argv[2])
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((device, 0))
    print("ready", flush=True)
    for line in sys.stdin:
        sock.send(bytes.fromhex(line))
    until = time.monotonic() + seconds
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            return
        frame, ancillary, _, where = sock.recvmsg(65536, 256)
        if where[2] == socket.PACKET_OUTGOING:
            continue
        for level, kind, data in ancillary:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tag, proto = struct.unpack("=IIIHHHH", data[:20])
                if status & VLAN_VALID:
                    frame = frame[:12] + struct.pack("!HH", proto or 0x8100, tag) + frame[12:]
        print(frame.hex(), flush=True)


main()
