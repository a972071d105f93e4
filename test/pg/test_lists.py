# SPDX-License-Identifier: ISC
"""Lists of test/api/test_lists.py, and the states of links and gateways, on PostgreSQL. Builds that check plans log each statement that
PostgreSQL cannot serve from an index, which ends the session with an error."""
from api.test_constraints import *  # noqa: F401,F403
from api.test_links import *  # noqa: F401,F403
from api.test_lists import *  # noqa: F401,F403
