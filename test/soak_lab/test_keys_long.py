# SPDX-License-Identifier: ISC
"""The long form of test/lab/test_keys.py: a thousand neighbours with passwords in one gateway."""
import importlib.util
import os
import sys

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab")
if LAB not in sys.path:
    sys.path.insert(0, LAB)

import keys  # noqa: E402

MANY = min(1000, int(os.environ.get("DCAAS_SOAK_SECONDS", "600")) * 5 // 3)


def test_a_thousand_neighbours_with_passwords_in_one_gateway_all_come_up():
    spec = importlib.util.spec_from_file_location("lab_conftest", os.path.join(LAB, "conftest.py"))
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    site = conftest.open_site(start_edge=False)
    try:
        keys.start(site, 1 << 20)
        keys.run(site, site.shop("keys"), MANY, 900)
    finally:
        conftest.closing(site)
