# SPDX-License-Identifier: ISC
"""One change costs an edge as much as its instance has, not as much as the edge has. `bench/run.py edge` has all figures."""
import os
import subprocess

import pytest

BUILD = os.environ.get("DCAAS_BUILD", os.path.join(os.path.dirname(__file__), "..", "..", "build"))
ONES = ("add one", "change one", "remove one")
MANY, GATEWAYS = 4000, 40


@pytest.fixture(scope="module")
def measure(tmp_path_factory):
    """Microseconds of processor time by name, and bytes as "memory"."""
    def run(interfaces, gateways):
        folder = tmp_path_factory.mktemp("scale")
        out = subprocess.run([os.path.join(BUILD, "src", "edge", "edge_scale"), str(interfaces), str(gateways), str(folder)],
                             check=True, capture_output=True, text=True, timeout=300).stdout
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in out.splitlines()}
    return run


def test_one_more_of_four_thousand_costs_what_its_instance_costs(measure, figure):
    alone, beside = measure(MANY // GATEWAYS, 1), measure(MANY, GATEWAYS)
    for work in ONES:
        print("\n%s: %.2f ms beside %d of one gateway, %.2f ms beside %d of %d" % (
            work, alone[work] / 1000, MANY // GATEWAYS, beside[work] / 1000, MANY, GATEWAYS))
        assert beside[work] < 5 * 1.5 * alone[work], work
        figure(work + " beside 4,000, processor time of the edge", beside[work] / 1e6, 0.002)
    assert beside["resync without a change"] < alone["add one"]


def test_memory_is_bounded_by_the_objects(measure):
    objects = 3 * MANY + GATEWAYS
    each = measure(MANY, GATEWAYS)["memory"] / objects
    print("\n%.0f bytes for each of %d objects, with the simulated router" % (each, objects))
    assert each < 4000
