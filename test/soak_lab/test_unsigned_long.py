# SPDX-License-Identifier: ISC
"""The long form of test/lab/test_fail_open.py: 100 lines, 100 restarts of sessions, in the lab with real kernels and BIRD."""
import importlib.util
import os
import sys

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab")
if LAB not in sys.path:
    sys.path.insert(0, LAB)

import unsigned  # noqa: E402

LINES = max(6, min(100, int(os.environ.get("DCAAS_SOAK_SECONDS", "600")) // 6))


def test_no_connection_without_password_ever_gets_through_at_a_hundred_lines():
    spec = importlib.util.spec_from_file_location("lab_conftest", os.path.join(LAB, "conftest.py"))
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    site = conftest.open_site()
    try:
        shop = site.shop("loop")
        gateway = shop.gateway()
        lines = [shop.line(gateway, md5=unsigned.MD5) for _ in range(LINES)]
        tries, wrong, took = unsigned.run(site, lines, restarts=LINES)
        print("\n%d lines under %d connections: answered %s; a flushed filter is back after %.2f s" % (
            LINES, tries, wrong or "none", took))
        assert tries > 10 * LINES
        assert not wrong
    finally:
        conftest.closing(site)
