# SPDX-License-Identifier: ISC
"""again.py - a test whose guest was lost (a user-mode kernel that hangs) runs again in a lab of its own, at most twice. The lab
has the loss on record, so that no run hides one; a test that fails for another reason has failed."""
import pytest
from _pytest.runner import runtestprotocol

from lab.topology import LOST, REBOOTS, incident


def forget_fixtures(item):
    """Ends every lab that is up: the next test makes its own."""
    try:
        item.session._setupstate.teardown_exact(None)
    except Exception as error:  # of a site whose guest does not answer
        print("lab: at the end of the lost one: %s" % error)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for left in range(REBOOTS, -1, -1):
        LOST.clear()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not LOST or left == 0 or not any(report.failed for report in reports):
            break
        forget_fixtures(item)
        incident("%s runs again (%d of %d)" % (item.nodeid, REBOOTS - left + 1, REBOOTS))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
