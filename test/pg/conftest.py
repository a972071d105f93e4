# SPDX-License-Identifier: ISC
"""A PostgreSQL of the session's own, and dcaasds over it. What this folder takes from test/api runs on it unchanged."""
import itertools
import os
import shutil
import sys

import pytest

from cluster import Cluster
from lab.dcaasd import NOBODY, Dcaasd
from support import Tenant, World, slow_statements

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api"))


@pytest.fixture(scope="session")
def cluster():
    made = Cluster()
    try:
        yield made
    finally:
        made.remove()


class Daemons:
    """dcaasds that end with exit code 0, or the session has failed."""

    def __init__(self):
        self.made = []

    def new(self, database, settings=(), environment=None, of=None):
        """of: another server over the same database."""
        daemon = Dcaasd(settings=["database = " + database, *settings], environment=environment)
        self.made.append(daemon)
        daemon.settings = [line.replace("$folder", daemon.folder) for line in daemon.settings]
        daemon.write_config()
        if of is None:
            daemon.init()
        else:
            os.mkdir(daemon.state, 0o700)
            shutil.copy(of.state + "/dcaas.key", daemon.state + "/dcaas.key")
            os.chmod(daemon.state + "/dcaas.key", 0o600)
            for path in (daemon.state, daemon.state + "/dcaas.key"):
                if daemon.drop:
                    os.chown(path, NOBODY, NOBODY)
            daemon.admin = of.admin
        return daemon.start()

    def end(self):
        wrong = []
        for daemon in self.made:
            try:
                if daemon.stop() not in (0, None):
                    wrong.append(daemon.log()[-4000:])
                wrong += slow_statements(daemon.log())
            finally:
                daemon.remove()
        assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="session")
def daemons():
    made = Daemons()
    yield made
    made.end()


@pytest.fixture(scope="session")
def new_dcaasd(daemons, cluster):
    """As everywhere, each with a new database of PostgreSQL."""
    return lambda settings=(), environment=None: daemons.new(cluster.new_database(), settings, environment)


class Everywhere(Tenant):
    """Each call goes to the next server."""

    @property
    def at(self):
        return next(self.ends)

    @at.setter
    def at(self, end):
        self.ends = itertools.cycle([end]) if not hasattr(self.world, "ends") else self.world.ends


class Site(World):
    """One site, over several servers. The operator's calls go to the first one, and those of tenants from everywhere() to all."""

    def __init__(self, servers):
        super().__init__(servers[0])
        self.servers = servers
        self.operators = [server.operator() for server in servers]
        self.ends = itertools.cycle([operator.at for operator in self.operators])

    def everywhere(self, name):
        return Everywhere(self, name)

    def at(self, tenant, server):
        """The tenant's client for that server."""
        other = Tenant.__new__(Tenant)
        other.__dict__.update(tenant.__dict__)
        other.endpoint, other.at = server.endpoint, server.operator().at
        return other


@pytest.fixture(scope="session")
def new_site(daemons, cluster):
    def new(servers=2, settings=()):
        database = cluster.new_database()
        first = daemons.new(database, settings)
        return Site([first, *(daemons.new(database, settings, of=first) for _ in range(servers - 1))])
    return new


@pytest.fixture(scope="session")
def site(new_site):
    return new_site()
