# SPDX-License-Identifier: ISC
"""The races of test/api/test_races_of_64.py with 1,000 rounds of each (DCAAS_RACE_ROUNDS)."""
import os
import sys

os.environ.setdefault("DCAAS_RACE_ROUNDS", "1000")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api"))

from test_races_of_64 import *  # noqa: E402,F401,F403  pylint: disable=wildcard-import,unused-wildcard-import
