# SPDX-License-Identifier: ISC
"""Fixtures that several folders of tests share."""
import collections
import os
import re
import sys
import threading
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [ROOT, os.path.join(ROOT, "test")]
# A slow machine with noisy neighbours fails no test: what is waited for may take five times as long as on an idle one.
os.environ.setdefault("DCAAS_PATIENCE", "5")

from lab.dcaasd import Dcaasd  # noqa: E402
from declared import undeclared  # noqa: E402
from support import World, own_dcaasd, slow_statements  # noqa: E402


class Contention:
    """How much of a time the machine's processors were short: programs that could run stood in a queue for one (the kernel's
    pressure stall information). On a machine that does not count that, none of it."""

    EVERY, KEPT = 0.1, 6000

    def __init__(self):
        self.seen = collections.deque(maxlen=self.KEPT)
        self.look()
        threading.Thread(target=self._follow, daemon=True).start()

    def look(self):
        try:
            with open("/proc/pressure/cpu", encoding="ascii") as file:
                self.seen.append((time.monotonic(), int(re.search(r"^some .*total=(\d+)", file.read(), re.M)[1]) / 1e6))
        except OSError:
            self.seen.append((time.monotonic(), 0))

    def _follow(self):
        while True:
            time.sleep(self.EVERY)
            self.look()

    def share(self, seconds):
        """Of the last seconds, 0 to 1."""
        self.look()
        now, stalled = self.seen[-1]
        then, before = next((one for one in reversed(list(self.seen)) if one[0] <= now - seconds - self.EVERY), self.seen[0])
        return min(1, (stalled - before) / max(now - then, self.EVERY))


@pytest.fixture(scope="session")
def figure():
    """Prints a measured time and holds it to five times what is promised; where processors were short all the while, to five
    times that."""
    contention = Contention()

    def hold(what, seconds, promised):
        share = contention.share(seconds)
        print("\n%s: %.2f s (promised %g s)%s" % (what, seconds, promised, ", processors short %.0f %%" % (100 * share) if share else ""))
        assert seconds <= 5 * promised * (1 + 4 * share), "%s: %.2f s, promised %g s, processors short for %.0f %% of it" % (
            what, seconds, promised, 100 * share)
    return hold


@pytest.fixture(scope="session")
def new_dcaasd():
    """Makes running dcaasds, each with a database of its own, and ends them after all tests: with exit code 0, or the
    session has failed."""
    made = []

    def new(settings=(), folder=None, environment=None):
        daemon = Dcaasd(folder=folder, settings=settings, environment=environment)
        made.append(daemon)
        daemon.settings = [line.replace("$folder", daemon.folder) for line in daemon.settings]
        daemon.write_config()
        daemon.init()
        return daemon.start()

    yield new
    wrong = []
    for daemon in made:
        try:
            if daemon.stop() not in (0, None):
                wrong.append(daemon.log()[-4000:])
            wrong += slow_statements(daemon.log()) + undeclared(daemon.log(), "test_double = yes" in daemon.settings)
        finally:
            daemon.remove()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def daemon():
    with own_dcaasd() as made:
        yield made


@pytest.fixture(scope="session")
def dcaasd(new_dcaasd):
    return new_dcaasd()


@pytest.fixture(scope="session")
def world(dcaasd):
    return World(dcaasd)


@pytest.fixture
def tenant(world):
    """A project that has nothing yet."""
    return world.tenant()


@pytest.fixture
def line(world, tenant):
    """The id of a connection of the tenant."""
    return world.connection(tenant)


@pytest.fixture
def gateway(tenant):
    """The id of a virtual gateway of the tenant; its VPC is 10.1.0.0/16."""
    return tenant.gateway()["id"]
