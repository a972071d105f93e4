# SPDX-License-Identifier: ISC
"""Any process may die at any moment: what is up stays up, and the state converges."""
import shutil
import subprocess

import pytest

from conftest import closing, open_site
from lab.customer import Pinging
from lab.order import Moment

MD5 = "example-of-md5"
BACK = 30  # seconds after which everything is back


@pytest.fixture(scope="module")
def site():
    made = open_site(settings=["vrfs_per_instance = 1"])
    yield made
    closing(made)


@pytest.fixture(scope="module")
def shop(site):
    return site.shop("crash")


@pytest.fixture(scope="module")
def lines(site, shop):
    """Two gateways, each in a BIRD of its own, a line of both families in each."""
    made = []
    for _ in range(2):
        line = shop.line(shop.gateway(host=True), md5=MD5)
        line.order()
        line.router()
        made.append(line)
    for line in made:
        line.wait_active()
    site.lab.edge.wait("a BIRD for each", lambda: len(site.birds()) == 2, BACK)
    for line in made:
        for family in "46":
            site.lab.edge.wait("a first ping", lambda l=line, f=family: l.customer.ping(l.gateway.address(f)).ok, 20)
    return made


def since(lines):
    """At the customers' routers, which are not ours: when each session came up."""
    return [Moment(line.customer.bird("show protocols " + line.customer.protocol(family)).splitlines()[1].split()[4])
            for line in lines for family in "46"]


def at_api(lines):
    return [line.since(family) for line in lines for family in "46"]


class Watch:
    """Pings over every line, both families, while something is done; and the sessions' ages."""

    def __init__(self, lines):
        self.lines = lines
        self.pings = {(line.name, family): Pinging(line.site.lab.customers, line.customer.host, line.gateway.address(family))
                      for line in lines for family in "46"}
        for pinging in self.pings.values():
            pinging.wait_answers(2)
        self.since, self.at_api = since(lines), at_api(lines)

    def lost(self):
        for pinging in self.pings.values():
            pinging.wait_answers(3)
        return {name: pinging.stop()[0] for name, pinging in self.pings.items()}

    def untouched(self):
        """No packet lost, no session reset, neither by the customers' word nor by ours."""
        lost = self.lost()
        assert not any(lost.values()), lost
        assert since(self.lines) == self.since
        assert at_api(self.lines) == self.at_api


def new_order_works(shop, lines):
    line = shop.line(shop.gateway(), families="4", md5=MD5)
    line.order()
    line.router(host=False)
    line.wait_active(BACK)
    line.delete()
    line.customer.down()
    for each in lines:
        each.wait_active(BACK)


def objects(site):
    return sorted((row["key"], row["state"], row["deleted"]) for row in site.rows("objects", "objects"))


def devices(site):
    """Devices and BIRDs of ours on the router: none lost, none doubled in the end."""
    return sorted(site.lab.edge.shell("for n in %s; do ip -n $n -br link; done | cut -d@ -f1 | cut -d' ' -f1"
                                      % " ".join(site.instances())).out.split()), len(site.birds())


def as_before(site, had, there):
    """What is reported and what is there has come back to what it was."""
    site.lab.edge.wait("the objects as before", lambda: objects(site) == had, BACK)
    site.lab.edge.wait("the devices as before", lambda: devices(site) == there, BACK)


def test_dcaasd_killed_and_back(site, shop, lines):
    watch, had, there = Watch(lines), objects(site), devices(site)
    site.dcaasd.kill()
    for pinging in watch.pings.values():
        pinging.wait_answers(5)
    site.dcaasd.start()
    for line in lines:
        line.wait_active(BACK)
    watch.untouched()
    as_before(site, had, there)
    new_order_works(shop, lines)


@pytest.mark.parametrize("half", ["net", "agent"])
def test_half_of_the_edge_killed_and_back(site, shop, lines, half):
    watch, had, there = Watch(lines), objects(site), devices(site)
    old, boot = site.edge_processes(), site.boot()
    site.lab.edge.kill(old[half], 9)

    def again():
        now = site.edge_processes()
        return len(now) == 2 and now["net"] != old["net"] and (half == "net") == (now["agent"] == old["agent"])
    site.lab.edge.wait("both halves again", again, BACK)
    site.lab.edge.wait("a report of the new process", lambda: site.boot() != boot, BACK)
    watch.untouched()
    as_before(site, had, there)
    new_order_works(shop, lines)


def test_one_bird_killed_and_back(site, shop, lines):
    first, second = lines
    old = site.birds()
    victim = pid_of(site, first)
    watch = Watch(lines)
    site.lab.edge.kill(victim, 9)
    site.lab.edge.wait("another BIRD in its place", lambda: len(site.birds()) == 2 and victim not in site.birds(), BACK)
    for family in "46":
        first.customer.wait_established(family, BACK)
    first.wait_active(BACK)
    lost = watch.lost()
    assert not lost[second.name, "4"] and not lost[second.name, "6"]
    assert since([second]) == watch.since[2:]
    print("\nkill -9 of its BIRD: %s of the customer's echoes were lost" % {k: len(v) for k, v in lost.items()})
    # The routes stay in the kernel while BIRD is away; a customer without graceful restart sends the traffic elsewhere meanwhile.
    assert all(len(lost[first.name, family]) * 0.2 <= 5 * 2 for family in "46")
    assert set(site.birds()) - {pid_of(site, first)} == set(old) - {victim}
    new_order_works(shop, lines)


def pid_of(site, line):
    """Of the BIRD that has this line's sessions."""
    row = next(row for row in site.rows("objects", "objects") if row["kind"] == "vrf" and line.gateway.id in row["key"])
    out = site.lab.edge.shell("ip netns pids dcaas-%d" % row["body"]["instance"]).out
    return next(int(pid) for pid in out.split() if int(pid) in site.birds())


def test_rebooted_router_comes_up_without_dcaasd(site, shop, lines):
    site.dcaasd.kill()
    site.reboot_edge()
    assert not site.instances()
    site.run_edge()
    for line in lines:
        for family in "46":
            line.customer.wait_established(family, 2 * BACK)
            site.lab.edge.wait("a ping", lambda l=line, f=family: l.customer.ping(l.gateway.address(f)).ok, BACK)
    site.dcaasd.start()
    for line in lines:
        line.wait_active(BACK)
    new_order_works(shop, lines)


# A store that is not what it was


def edge_row(site):
    return site.operator.get("/dcaas/v1/edges/" + site.edge_id, say=False)["edge"]


def test_store_restored_from_an_old_backup_is_held(site, shop, lines):
    backup = site.dcaasd.folder + "/backup.db"
    run_dcaasd(site, "--backup", backup)
    line = shop.line(shop.gateway(host=True), md5=MD5)
    line.order()
    line.router()
    line.wait_active()
    every = [*lines, line]
    watch = Watch(every)
    site.dcaasd.kill()
    restore(site, backup)
    run_dcaasd(site, "--restored")
    site.dcaasd.start()
    held = site.lab.edge.wait("an edge that holds", lambda: (lambda e: e if e["held"] else None)(edge_row(site)), BACK)
    assert held["held_reason"]
    for pinging in watch.pings.values():
        pinging.wait_answers(10)
    lost = watch.lost()
    assert not any(lost.values()), lost
    assert since(every) == watch.since
    # The operator's word: what that store does not know goes.
    site.operator.post("/dcaas/v1/edges/%s/confirm" % site.edge_id, {})
    site.lab.edge.wait("the end of holding", lambda: not edge_row(site)["held"], BACK)
    line.customer.guest.wait("the end of the session that the store does not know",
                             lambda: not line.customer.session("4").established, BACK)
    assert since(lines) == watch.since[:4]
    for each in lines:
        each.wait_active(BACK)
    line.customer.down()


def test_emptied_store_is_held(site, shop, lines):
    watch = Watch(lines)
    site.dcaasd.kill()
    shutil.rmtree(site.dcaasd.state)
    site.dcaasd.init()
    site.dcaasd.start()
    # It does not know this edge at all: the credential is refused, and the edge reports that it keeps what it has.
    words = 'event=held reason="dcaasd refuses the credential of this edge"'
    site.lab.edge.wait("a word on the refused credential in the edge's log", lambda: words in site.edge_log_text(), BACK)
    for pinging in watch.pings.values():
        pinging.wait_answers(10)
    lost = watch.lost()
    assert not any(lost.values()), lost
    assert since(lines) == watch.since
    # Described again, with another credential: it still holds what the store does not know.
    site.operator = site.dcaasd.operator()
    site._inventory(2)
    site.lab.edge.write("/run/dcaas/token", site.token + "\n", 0o600)
    site.lab.edge.shell("chown 65534:65534 /run/dcaas/token")
    held = site.lab.edge.wait("an edge that holds", lambda: (lambda e: e if e["held"] else None)(edge_row(site)), BACK)
    assert held["held_reason"]
    assert since(lines) == watch.since


def run_dcaasd(site, *words):
    done = subprocess.run(site.dcaasd._argv(*words), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def restore(site, backup):
    """As an operator would: the copy in the place of the database, under the daemon's user."""
    state = site.dcaasd.state
    for name in ("dcaas.db-wal", "dcaas.db-shm"):
        try:
            shutil.os.unlink(state + "/" + name)
        except FileNotFoundError:
            pass
    shutil.copyfile(backup, state + "/dcaas.db")
