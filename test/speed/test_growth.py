# SPDX-License-Identifier: ISC
"""The short form of `bench/run.py growth`: from the call to the edge's word beside 1,000 interfaces, against 10."""
import pytest
from grown import Grown

RUNS = 15
REMOVED = 300


@pytest.fixture(scope="module")
def measure():
    def run(gateways, each):
        """(seconds for one more, the edge's milliseconds for it and its end, seconds for 300 less)"""
        grown = Grown()
        try:
            grown.grow(gateways, each)
            return (*grown.one_more(RUNS), grown.delete(grown.made[-REMOVED:]) if each * gateways > REMOVED else 0)
        finally:
            grown.close()
    return run


def test_one_more_beside_a_thousand(measure, figure):
    base, work, _ = measure(1, 10)
    spread, spread_work, _ = measure(5, 200)
    one, one_work, removed = measure(1, 1000)
    print("\nPOST to applied: %.0f ms beside 10, %.2f times that beside 1,000 in five gateways, %.2f times in one gateway; 300 removed in %.2f s"
          % (1000 * base, spread / base, one / base, removed))
    print("the edge's processor for one added and removed: %.1f, %.1f and %.1f ms" % (work, spread_work, one_work))
    figure("one more beside 1,000 in five gateways", spread, 1.5 * base)
    figure("one more beside 1,000 in one gateway", one, 3 * base)
    figure("300 of 1,000 removed", removed, 1.5)
    # Processor time grows with the gateway's own interfaces, not with all.
    assert spread_work < 0.6 * one_work
