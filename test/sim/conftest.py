# SPDX-License-Identifier: ISC
"""Fixtures of the tests with a simulated edge."""
import pytest

from simedge import SimSite


@pytest.fixture
def new_site(new_dcaasd):
    """Makes sites; their edges must end cleanly."""
    made = []

    def new(**options):
        made.append(SimSite(new_dcaasd, **options))
        return made[-1]

    yield new
    for site in made:
        site.close()


@pytest.fixture
def site(new_site):
    return new_site()
