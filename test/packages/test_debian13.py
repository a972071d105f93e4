# SPDX-License-Identifier: ISC
"""The packages on Debian 13: see packages.py."""
import pytest

from packages import *  # noqa: F401,F403  pylint: disable=wildcard-import,unused-wildcard-import


@pytest.fixture(scope="module")
def suite():
    return "trixie"
