# SPDX-License-Identifier: ISC
"""One dcaasd for all tests of the command line."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from program import TLS, Cli, Site, Tenant  # noqa: E402
from simulation import Person, Simulation  # noqa: E402
from support import own_dcaasd  # noqa: E402


@pytest.fixture(scope="session")
def dcaasd():
    with own_dcaasd(TLS) as made:
        yield made


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def operator(dcaasd, home):
    return Cli(home, endpoint=dcaasd.endpoint, admin_access_key=dcaasd.admin["DCAAS_ADMIN_ACCESS_KEY"],
               admin_secret_key=dcaasd.admin["DCAAS_ADMIN_SECRET_KEY"])


@pytest.fixture(scope="session")
def site(operator):
    return Site(operator)


@pytest.fixture(scope="session")
def tenant(operator, site, home):
    return Tenant(operator, site, home, "acme")


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    """Each file has one of its own."""
    made = Simulation(tmp_path_factory.mktemp("sim") / "sim")
    yield made
    made.end()


@pytest.fixture(scope="module")
def person(simulation, home):
    """A tenant who is the operator, too, as `make sim` has it."""
    return Person(home, simulation.env)
