# SPDX-License-Identifier: ISC
"""What the tests of this folder share with others."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api"))  # fake_edge.py
