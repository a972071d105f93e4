# SPDX-License-Identifier: ISC
"""frames.py - frames as nobody sends them by mistake: built here, sent in a guest by lab/guest/forge.py."""
import ipaddress
import itertools
import struct

MD5_OPTION = bytes([19, 18]) + bytes(16) + b"\x01\x01"
SYN, ACK, RST = 0x02, 0x10, 0x04
TCP, UDP, ICMP, ICMP6, FRAGMENT, HOP_BY_HOP, DESTINATION = 6, 17, 1, 58, 44, 0, 60


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def pseudo(source, target, protocol, length):
    if ":" in source:
        return packed(source) + packed(target) + struct.pack("!IHBB", length, 0, 0, protocol)
    return packed(source) + packed(target) + struct.pack("!BBH", 0, protocol, length)


def tcp(source, target, port=179, sport=40001, flags=SYN, options=b"", payload=b""):
    header = struct.pack("!HHIIBBHHH", sport, port, 1000, 0, (20 + len(options)) // 4 << 4, flags, 8192, 0, 0) + options + payload
    value = checksum(pseudo(source, target, TCP, len(header)) + header)
    return header[:16] + struct.pack("!H", value) + header[18:]


def udp(source, target, payload=b"forged", port=9, sport=9):
    header = struct.pack("!HHHH", sport, port, 8 + len(payload), 0) + payload
    value = checksum(pseudo(source, target, UDP, len(header)) + header) or 0xFFFF
    return header[:6] + struct.pack("!H", value) + header[8:]


def echo(source, target, number=1):
    kind, protocol = (128, ICMP6) if ":" in source else (8, ICMP)
    body = struct.pack("!BBHHH", kind, 0, 0, 77, number) + b"forged!!"
    value = checksum((pseudo(source, target, protocol, len(body)) if ":" in source else b"") + body)
    return body[:2] + struct.pack("!H", value) + body[4:]


def ip4(source, target, protocol, payload, options=b"", flags=0, hops=255):
    """flags: the whole 16 bits of "more to come" and offset."""
    head = struct.pack("!BBHHHBBH", 0x40 | (5 + len(options) // 4), 0xC0, 20 + len(options) + len(payload), 4711, flags, hops,
                       protocol, 0) + packed(source) + packed(target) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(source, target, protocol, payload, hops=255):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + packed(source) + packed(target) + payload


def ip(source, target, protocol, payload):
    return (ip6 if ":" in source else ip4)(source, target, protocol, payload)


def fragments4(source, target, protocol, payload, size=24):
    for at in range(0, len(payload), size):
        more = 0x2000 if at + size < len(payload) else 0
        yield ip4(source, target, protocol, payload[at:at + size], flags=more | at // 8)


def fragments6(source, target, protocol, payload, size=24):
    for at in range(0, len(payload), size):
        more = 1 if at + size < len(payload) else 0
        yield ip6(source, target, FRAGMENT, struct.pack("!BBHI", protocol, 0, at | more, 99) + payload[at:at + size])


def fragments(source, target, protocol, payload):
    return (fragments6 if ":" in source else fragments4)(source, target, protocol, payload)


def extended6(source, target, kind, protocol, payload):
    """With an extension header without content (PadN) in between."""
    return ip6(source, target, kind, struct.pack("!BBBBI", protocol, 0, 1, 4, 0) + payload)


def frame(near, far, packet, tags=()):
    """From the hardware address near to far, with these VLAN tags, outermost first: numbers, or (protocol, number)."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    head = bytes.fromhex(far.replace(":", "")) + bytes.fromhex(near.replace(":", ""))
    for tag in tags:
        head += struct.pack("!HH", *(tag if isinstance(tag, tuple) else (0x8100, tag)))
    return head + struct.pack("!H", kind) + packet


def arp_request(near, source, target, tags=()):
    head = b"\xff" * 6 + bytes.fromhex(near.replace(":", ""))
    for tag in tags:
        head += struct.pack("!HH", 0x8100, tag)
    return head + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + head[6:12] + packed(source) + bytes(6) + packed(target)


def neighbour_solicitation(near, source, target, tags=()):
    """To all hosts on the link: the host with the address receives it."""
    body = struct.pack("!BBHI", 135, 0, 0, 0) + packed(target) + b"\x01\x01" + bytes.fromhex(near.replace(":", ""))
    group = "ff02::1:ff%02x:%02x%02x" % tuple(packed(target)[13:])
    value = checksum(pseudo(source, group, ICMP6, len(body)) + body)
    packet = ip6(source, group, ICMP6, body[:2] + struct.pack("!H", value) + body[4:])
    return frame(near, "33:33:ff:%02x:%02x:%02x" % tuple(packed(target)[13:]), packet, tags)


class Received:
    """A frame that came in: its tags, and what is known of its packet."""

    def __init__(self, text):
        data = bytes.fromhex(text)
        self.tags, at = [], 12
        while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            self.tags.append(struct.unpack("!H", data[at + 2:at + 4])[0] & 0xFFF)
            at += 4
        self.kind, packet = struct.unpack("!H", data[at:at + 2])[0], data[at + 2:]
        self.source = self.target = self.flags = self.sport = self.port = self.arp = None
        self.icmp = self.about = self.protocol = None
        if self.kind == 0x0800:
            self.source, self.target = (str(ipaddress.ip_address(packet[i:i + 4])) for i in (12, 16))
            self.protocol, rest = packet[9], packet[(packet[0] & 15) * 4:]
        elif self.kind == 0x86DD:
            self.source, self.target = (str(ipaddress.ip_address(packet[i:i + 16])) for i in (8, 24))
            self.protocol, rest = packet[6], packet[40:]
        else:
            if self.kind == 0x0806 and packet[6:8] == b"\0\x02":
                self.arp = str(ipaddress.ip_address(packet[14:18]))
            return
        if self.protocol == TCP and len(rest) >= 14:
            self.sport, self.port, self.flags = *struct.unpack("!HH", rest[:4]), rest[13]
        if self.protocol == UDP and len(rest) >= 4:
            self.sport, self.port = struct.unpack("!HH", rest[:4])
        if self.protocol in (ICMP, ICMP6) and rest:
            self.icmp = rest[0]
            if self.icmp == 136 and len(rest) >= 24:  # a neighbour's advertisement
                self.about = str(ipaddress.ip_address(rest[8:24]))

    def __repr__(self):
        return "<%s %s>" % (self.source, self.__dict__)


FORGE = ("/usr/bin/python3", "-I", "-S", "/run/lab/src/lab/guest/forge.py")


def received(text):
    return [Received(line) for line in text.split() if line != "ready"]


def forge(guest, device, frames, seconds=1.0, ns=None):
    """Sends the frames in the guest; what came back."""
    return received(guest.run(*FORGE, device, seconds, ns=ns, stdin="".join(f.hex() + "\n" for f in frames), timeout=60 + seconds).out)


class Listening:
    """What comes in by a device, from now on."""

    numbers = itertools.count(1)

    def __init__(self, guest, device, ns=None, seconds=60):
        self.guest, self.log = guest, "/tmp/listening.%d" % next(self.numbers)
        self.pid = guest.spawn(*FORGE, device, seconds, ns=ns, log=self.log)
        guest.wait("a listener", lambda: "ready" in guest.read(self.log), 10)

    def seen(self):
        text = self.guest.read(self.log)
        return received(text[:text.rfind("\n") + 1])

    def end(self):
        self.guest.kill(self.pid)
        return self.seen()
