# SPDX-License-Identifier: ISC
"""The store's unit tests on PostgreSQL: those that both databases pass, and what only several processes over one database show."""
import os
import re
import subprocess

import pytest

from lab.topology import ROOT

BUILD = os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build"))


@pytest.mark.parametrize("name", ["query", "store", "footing", "due", "pg"])
def test_the_store_passes_its_tests_on_postgresql(cluster, name):
    program = os.path.join(BUILD, "src", "store", "store_%s_test" % name)
    done = subprocess.run([program], env={**os.environ, "DCAAS_TEST_DATABASE": cluster.new_database(), "CMOCKA_MESSAGE_OUTPUT": "TAP"},
                          capture_output=True, text=True, timeout=600, check=False)
    passed = re.findall(r"^ok \d+ - ", done.stdout, re.M)
    print("\n%s: %d tests" % (name, len(passed)))
    assert done.returncode == 0 and passed, done.stdout[-4000:] + done.stderr[-4000:]
