# SPDX-License-Identifier: ISC
"""What happens at a time is a row: it is done when its time has come, once, also after a restart, and a failure of one keeps no
other waiting. The unit test src/store/due_test.c has claims, leases and pauses."""
import time

import pytest
from test_auth import issue, refused, token_request, with_token

from support import World, change, rows, wait_for

HOUR = 3600 * 1000


@pytest.fixture(scope="module")
def world(new_dcaasd):
    return World(new_dcaasd())


def due(world):
    return {kind: at for kind, at in rows(world.dcaasd, "SELECT kind, at FROM due")}


def now():
    return int(time.time() * 1000)


def test_tokens_that_have_ended_are_taken_away_at_the_end_of_the_first(world):
    tenant = world.tenant()
    first = issue(tenant, token_request(world, tenant)).headers["x-subject-token"]
    ends = rows(world.dcaasd, "SELECT expires_at FROM token WHERE user_id = ?", tenant.user_id)[0][0]
    assert due(world)["token_expiry"] == ends
    second = issue(tenant, token_request(world, tenant)).headers["x-subject-token"]
    assert due(world)["token_expiry"] == ends
    change(world.dcaasd, "UPDATE token SET expires_at = ? WHERE expires_at = ?", now() - 1, ends)
    left = rows(world.dcaasd, "SELECT expires_at FROM token WHERE user_id = ? AND expires_at > ?", tenant.user_id, now())
    change(world.dcaasd, "UPDATE due SET at = ? WHERE kind = 'token_expiry'", now() - 1)
    wait_for("the first token is gone", lambda: rows(
        world.dcaasd, "SELECT count(*) FROM token WHERE user_id = ?", tenant.user_id) == [(1,)])
    refused(with_token(tenant, first))
    assert with_token(tenant, second).status == 200
    assert due(world)["token_expiry"] == left[0][0]


def test_what_is_due_outlives_a_restart_and_a_failure_keeps_no_other_waiting(world):
    assert due(world)["event_trim"] > now()
    change(world.dcaasd, "INSERT INTO due (id, at, wanted, kind, owner, tries) VALUES ('unheard/of', 0, 0, 'unheard', 'of', 0)")
    wait_for("a row that nobody can do is put off", lambda: "this program does not know the kind unheard" in
             world.dcaasd.log())
    world.dcaasd.kill()
    change(world.dcaasd, "UPDATE due SET at = 1 WHERE kind = 'event_trim'")
    change(world.dcaasd, "UPDATE due SET at = 0 WHERE kind = 'unheard'")
    world.dcaasd.start()
    wait_for("it is done at the start", lambda: due(world)["event_trim"] > now() + 60 * 1000)
    assert rows(world.dcaasd, "SELECT tries >= 1, at > 0 FROM due WHERE kind = 'unheard'") == [(1, 1)]
    change(world.dcaasd, "DELETE FROM due WHERE kind = 'unheard'")
