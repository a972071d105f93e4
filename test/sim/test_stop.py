# SPDX-License-Identifier: ISC
"""A stop that comes before the edge is up is a stop like any other."""
import errno
import os
import shutil
import signal
import time

import pytest
from simedge import SimEdge

from lab.guest import PATIENCE
from support import wait_for


def open_for_writing(path):
    """None while nobody reads."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_the_configuration_is_read_is_a_clean_one(world, number):
    edge = SimEdge(world)
    config = os.path.join(edge.folder, "edge.conf")
    with open(config, "rb") as file:
        text = file.read()
    os.unlink(config)
    os.mkfifo(config)
    edge.give(config)
    try:
        edge.start()
        fd = wait_for("the edge reads", lambda: open_for_writing(config))
        edge.process.send_signal(number)
        os.write(fd, text)
        os.close(fd)
        assert edge.process.wait(10 * PATIENCE) == 0, edge.log()
        assert edge.logged("event=stopping signal=%d" % number)
    finally:
        edge.kill()
        shutil.rmtree(edge.folder, ignore_errors=True)


def test_further_stops_do_not_cut_the_end_short(site):
    """systemd and the agent both ask: what is asked a second time ends as well as after the first."""
    site.edge.wait_seen("reported", lambda e: e["reported_time"])
    process = site.edge.process
    end = time.monotonic() + 15 * PATIENCE
    while process.poll() is None and time.monotonic() < end:
        process.send_signal(signal.SIGTERM)
    code = process.poll()
    site.edge.kill()
    assert code == 0, site.edge.log()[-2000:]
