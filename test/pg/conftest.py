# SPDX-License-Identifier: ISC
"""A PostgreSQL of the session's own, and dcaasds over it. What this folder takes from test/api runs on it unchanged."""
import pytest

from cluster import Cluster
from lab.dcaasd import Dcaasd


@pytest.fixture(scope="session")
def cluster():
    made = Cluster()
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def new_dcaasd(cluster):
    """As everywhere, each with a new database of PostgreSQL."""
    made = []

    def new(settings=(), folder=None, environment=None):
        daemon = Dcaasd(folder=folder, settings=["database = " + cluster.new_database(), *settings], environment=environment)
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
        finally:
            daemon.remove()
    assert not wrong, "\n".join(wrong)
