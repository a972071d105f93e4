# SPDX-License-Identifier: ISC
"""Fixtures of the lab's tests: real kernels, real BIRD, one site per module."""
import itertools
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from again import pytest_runtest_protocol  # noqa: E402, F401
from lab.guest import GuestError  # noqa: E402
from lab.order import Gateway, Line  # noqa: E402
from lab.site import Site  # noqa: E402

UNLIMITED = ["quota_%s = -1" % name for name in ("virtual_gateways", "virtual_interfaces")] + [
    "peer_links_across_projects = all"]
# Of the lab's own networks; a VPC of that number would cover them.
TAKEN = (98, 99)
# Words of a sanitizer in a log.
FAULTS = ("runtime error:", "Sanitizer", "Assertion")


class Shop:
    """A tenant in the lab, who orders gateways and lines; every one has a number of its own in the site."""

    def __init__(self, site, name, port="trunk0"):
        self.site, self.name, self.port = site, name, port
        self.tenant = site.tenant(name)
        self.connection = site.connection(self.tenant, port)

    def gateway(self, n=None, host=False, **options):
        gateway = Gateway(self.site, self.tenant, self.site.number() if n is None else n, **options)
        return gateway.host_up() if host else gateway

    def line(self, gateway, n=None, **options):
        return Line(self.site, self.tenant, self.connection, gateway, self.site.number() if n is None else n,
                    port=self.port, **options)


def open_site(**options):
    settings = UNLIMITED + options.pop("settings", [])
    start = options.pop("start_edge", True)
    site = Site(settings=settings, say=lambda words: print(words, file=sys.stderr), **options)
    numbers = (n for n in itertools.count(1) if n not in TAKEN)
    site.number = lambda: next(numbers)
    site.shop = lambda name, port="trunk0": Shop(site, name, port)
    try:
        if start:
            site.start_edge()
            site.wait_edge()
    except BaseException:
        explain(site)
        site.down()
        raise
    return site


def explain(site):
    """Both logs, for the reader of a failure."""
    for name, read in (("dcaasd", site.dcaasd.log), ("dcaas-edge", site.edge_log_text)):
        try:
            text = read()
        except (GuestError, OSError) as error:
            text = str(error)
        print("--- the end of %s's log\n%s" % (name, "\n".join(text.splitlines()[-60:])), file=sys.stderr)


def faults(site):
    """Lines of the logs that a sanitizer wrote."""
    text = site.dcaasd.log() + site.edge_log_text()
    return [line for line in text.splitlines() if any(word in line for word in FAULTS)]


def closing(site):
    """Ends a site; a report of a sanitizer is a failure."""
    try:
        found = faults(site)
    finally:
        site.down()
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def site():
    made = open_site()
    yield made
    closing(made)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed and "site" in item.funcargs:
        explain(item.funcargs["site"])
    return report
