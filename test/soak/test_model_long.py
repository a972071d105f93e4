# SPDX-License-Identifier: ISC
"""The model of test/api/test_model.py with thousands of orders (DCAAS_MODEL_ORDERS, DCAAS_MODEL_SEEDS)."""
import os
import sys

os.environ.setdefault("DCAAS_MODEL_ORDERS", "3000")
os.environ.setdefault("DCAAS_MODEL_SEEDS", "1 2 3 4")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api"))

from test_model import *  # noqa: E402,F401,F403  pylint: disable=wildcard-import,unused-wildcard-import
