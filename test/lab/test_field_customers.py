# SPDX-License-Identifier: ISC
"""Customers as they are: a wrong AS number, nobody at all, too many routes; the API shows what is wrong with each."""
import re

import pytest

from lab import kernel
from lab.frr import FrrCustomer


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("field")


@pytest.fixture(scope="module")
def gateway(shop):
    return shop.gateway(host=True)


@pytest.fixture(scope="module")
def good(shop, gateway):
    """One that must not notice any of the others."""
    line = shop.line(gateway, md5="good")
    line.order()
    line.router()
    return line.wait_active()


@pytest.fixture(autouse=True)
def untouched(good):
    before = [good.since(family) for family in "46"]
    yield
    assert [good.since(family) for family in "46"] == before


def wait_reason(line, words):
    def look():
        reason = line.interface()["reason"]
        return reason if reason and words in reason else None
    reason = line.site.lab.edge.wait("%r in the reason, is %s" % (words, line.interface()["reason"]), look, 40)
    assert reason.startswith("ipv4: no session since ")
    return reason


def end(line):
    line.delete()
    if line.customer:
        line.customer.down()


def test_a_customer_with_another_as_number_is_reported(shop, gateway):
    line = shop.line(gateway, families="4")
    line.order()
    line.asn += 100
    line.router(host=False)
    wait_reason(line, "BGP Error: Bad peer AS")
    line.customer.configure(asn=line.asn - 100)
    line.wait_active()
    assert line.interface()["reason"] is None
    end(line)


def test_a_customer_who_expects_another_as_number_of_ours_is_reported(shop, gateway):
    line = shop.line(gateway, families="4")
    line.order()
    line.router(host=False)
    line.customer.configure(peer_asn=64999)
    wait_reason(line, "Received: Bad peer AS")
    end(line)


def test_a_customer_who_is_not_there_is_reported(shop, gateway):
    line = shop.line(gateway, families="4", md5="nobody")
    line.order()
    wait_reason(line, ", MD5 ordered: Socket: No route to host")
    line.router(host=False)
    line.wait_active()
    end(line)


def test_more_routes_than_the_limit_are_reported_also_after_another_order(shop, gateway):
    """BIRD itself forgets why it stopped a session when it is configured again."""
    line = shop.line(gateway, families="4")
    line.order()
    line.router(host=False, announce=["172.16.%d.0/24" % i for i in range(150)])
    wait_reason(line, "more routes than its limit of 100")
    other = shop.line(gateway, families="4")
    other.order()
    other.router(host=False)
    other.wait_active()
    wait_reason(line, "more routes than its limit of 100")
    end(other)
    end(line)


# As FRR takes it: ordinary graceful restart for some seconds, and a long-lived one for an hour.
LONG_LIVED = """router bgp %d
 bgp graceful-restart
 bgp graceful-restart restart-time 5
 bgp long-lived-graceful-restart stale-time 3600
exit
"""


def test_routes_of_a_dead_customer_go_against_any_request(site, shop, gateway):
    """They outlive the customer's restart time, and are not kept for the long-lived one (RFC 9494), which may be half a year."""
    line = shop.line(gateway, families="4")
    line.order()
    line.router(FrrCustomer, host=False, extra=LONG_LIVED % line.asn)
    line.wait_active()

    def routes():
        return line.lan() in site.lab.edge.shell("ip -n %s route show table all proto bird" % site.instances()[0]).out
    site.lab.edge.wait("its route", routes, 20)
    line.customer.stop(9)
    line.wait_peer("down", lambda p: p["status"] == "DOWN")
    site.lab.edge.wait("its route's end", lambda: not routes(), 20)
    end(line)


SWEEP = """
import socket, sys, time
inet, inet6 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(256, 4096):
    for sock, address in ((inet, "%s.%d.%d" % (sys.argv[1], i >> 8, i & 255)), (inet6, "%s%x" % (sys.argv[2], i))):
        try:
            sock.sendto(b"x", (address, 9))
        except OSError:
            pass
    if i % 16 == 0:
        time.sleep(0.004)
print("done")
"""


def neighbours(site, table):
    """Of all namespaces of the router: how many there are, and how often there was no room for another."""
    head, row = (line.split() for line in site.lab.edge.read("/proc/net/stat/" + table).splitlines()[:2])
    seen = dict(zip(head, row))
    return int(seen["entries"], 16), int(seen["table_fulls"], 16)


def sweep_takes_nobodys_place(site, good, gateway):
    before = {table: neighbours(site, table)[1] for table in ("arp_cache", "ndisc_cache")}
    guest = site.lab.customers
    guest.write("/tmp/sweep.py", SWEEP)
    guest.spawn("/usr/bin/python3", "/tmp/sweep.py", str(gateway.prefix).rsplit(".", 2)[0], str(gateway.prefix6[0]),
                ns=good.customer.host, log="/tmp/sweep.log")
    grown = set()
    site.lab.edge.wait("neighbours that the sweep made in both tables", lambda: grown.update(
        table for table in before if neighbours(site, table)[0] > 2048) or len(grown) == 2)
    guest.wait("the end of the sweep", lambda: guest.read("/tmp/sweep.log") == "done\n")
    assert {table: neighbours(site, table)[1] for table in before} == before
    assert "neighbour table small" not in site.edge_log_text()


# Where routers are network namespaces the table is this machine's own, and not the router's to enlarge.
if not kernel.can_route():
    def test_who_tries_every_address_of_a_vpc_takes_nobodys_place(site, good, gateway):
        """The kernel's own default, 1024 neighbours for all customers together, is met in a second."""
        sweep_takes_nobodys_place(site, good, gateway)


def test_a_customers_goodbye_is_shown_while_nobody_answers(shop, gateway):
    """BIRD has other words within a second: how its own tries fare."""
    line = shop.line(gateway, families="4")
    line.order()
    line.router(host=False)
    line.wait_active()
    line.customer.bird('disable %s "maintenance until five"' % line.customer.protocol("4"))
    reason = wait_reason(line, "; since then Socket: ")
    assert re.search(r": Received: Administrative shutdown, in its words: maintenance until five \(20[^)]* UTC\); since then Socket: ",
                     reason), reason
    line.customer.bird("enable " + line.customer.protocol("4"))
    line.wait_active()
    assert line.interface()["reason"] is None
    end(line)


# Calls in a loop, and takes no packet that has passed a router, as TTL security demands (RFC 5082).
CALLER = """
import socket, sys, time
while True:
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    s.setsockopt(socket.IPPROTO_IP, 21, 255)
    s.settimeout(5)
    try:
        s.connect((sys.argv[1], 179))
        s.recv(1)
    except OSError:
        pass
    s.close()
    time.sleep(1)
"""


def test_a_customer_with_ttl_security_is_reported(shop, gateway):
    line = shop.line(gateway, families="4")
    line.order()
    line.router(host=False)
    line.wait_active()
    line.customer.stop()
    guest = line.customer.guest
    guest.write("/tmp/caller.py", CALLER)
    pid = guest.spawn("/usr/bin/python3", "/tmp/caller.py", line.local("4").split("/")[0], ns=line.name, log="/tmp/caller.log")
    try:
        wait_reason(line, "TTL security")
    finally:
        guest.kill(pid, 9)
    line.customer.start()
    line.wait_active()
    assert line.interface()["reason"] is None
    end(line)


def test_a_route_that_has_been_here_is_refused_and_counted(shop, gateway):
    """Not installed, as ever; but "received" counts refused ones, too."""
    line = shop.line(gateway, families="4")
    line.order()
    own = gateway.asn
    line.router(host=False, announce=["192.168.60.0/24", "192.168.61.0/24", "192.168.62.0/24"], policy={
        "192.168.61.0/24": "bgp_path.prepend(%d);" % own,
        "192.168.62.0/24": "bgp_path.prepend(65010); bgp_path.prepend(%d); bgp_path.prepend(65011);" % own})
    line.wait_active()
    line.wait_peer("three received", lambda peer: peer["receive_route_num"] == 3, "4")

    def counted():
        session = line.session("4")
        return session if (session["received"], session["accepted"], session["rejected"]) == (3, 1, 2) else None
    line.site.lab.edge.wait("1 accepted, 2 rejected, is %s" % line.session("4"), counted, 20)
    end(line)
