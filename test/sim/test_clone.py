# SPDX-License-Identifier: ISC
"""A router was cloned from a disk image, credential and all: the first one works undisturbed, the clone is refused,
keeps what it has, takes no orders, and the operator sees both."""
import os
import shutil

import pytest
from simedge import FAULTS, SimEdge

from support import wait_for


def copy_disk(one, other):
    """What is on the disk of one, on that of the other."""
    shutil.copytree(one.state, other.state)
    for folder, _, files in os.walk(other.state):
        for name in [folder, *(os.path.join(folder, f) for f in files)]:
            other.give(name)


@pytest.fixture
def site(new_site):
    return new_site(edge={"report_interval": 1})


@pytest.fixture
def clone(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    made = SimEdge(site.world)
    copy_disk(site.edge, made)
    made.start()
    yield made
    try:
        assert made.stop() == 0, made.log()[-4000:]
        assert not [line for line in made.log().splitlines() if any(word in line for word in FAULTS)]
    finally:
        made.kill()
        shutil.rmtree(made.folder, ignore_errors=True)


def held(clone):
    wait_for("the clone holds", lambda: clone.logged('event=held reason="another router reports with the credential'))


def test_the_clone_holds_and_the_first_router_works_undisturbed(site, clone):
    seen = site.edge.wait_seen("conflict", lambda e: e["conflict"])
    assert "cloned" in seen["conflict"] and seen["held"] is False
    held(clone)
    taken = clone.log().count('event="desired set taken"')
    later = site.order(2)
    site.wait_status(later, "ACTIVE")
    assert clone.log().count('event="desired set taken"') == taken
    assert not site.edge.logged("event=held ")
    assert len([e for e in site.edge.rows("events", "events") if e["action"] == "refuse-second"]) == 1


def test_when_the_first_restarts_it_keeps_its_place(site, clone):
    site.edge.wait_seen("conflict", lambda e: e["conflict"])
    held(clone)
    site.edge.restart()
    later = site.order(2)
    site.wait_status(later, "ACTIVE")
    assert site.edge.seen()["conflict"]


def test_a_renewed_credential_decides_which_router_is_the_right_one(site, clone):
    site.edge.wait_seen("conflict", lambda e: e["conflict"])
    held(clone)
    token = site.world.operator.post("/dcaas/v1/edges/%s/token" % site.world.edge, {})["edge"]["token"]
    clone.set_token(token)
    site.edge.stop()
    later = site.order(2)
    site.wait_status(later, "ACTIVE")
    assert site.edge.seen()["conflict"] is None and site.edge.seen()["held"] is False
