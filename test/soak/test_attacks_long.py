# SPDX-License-Identifier: ISC
"""The attacks of test/api/test_attack.py, a minute each (DCAAS_ATTACK_SECONDS)."""
import os
import sys

os.environ.setdefault("DCAAS_ATTACK_SECONDS", "60")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api"))

from test_attack import *  # noqa: E402,F401,F403  pylint: disable=wildcard-import,unused-wildcard-import
