# SPDX-License-Identifier: ISC
"""dcaas-edge --check on a router: all is ok but what a guest of the lab lacks, and what is taken away is reported."""
import pytest

from lab.site import Site

CHECK = "/tmp/bin/dcaas-edge -c /run/dcaas/edge.conf --check"
# All of a guest is in memory, and its clock is the machine's.
OF_A_GUEST = {"disk"}


@pytest.fixture(scope="module")
def site():
    with Site(say=lambda words: None) as made:
        made.start_edge()
        made.wait_edge()
        yield made


def check(site):
    done = site.lab.edge.run("sh", "-c", CHECK, check=False)
    lines = done.out.splitlines()
    todo = {line[6:].split(": ")[1 if line[6:].startswith("kernel: ") else 0]: line for line in lines if line.startswith("todo")}
    return done.rc, lines, todo


def test_a_router_of_the_lab_can_be_an_edge(site):
    code, lines, todo = check(site)
    assert set(todo) <= OF_A_GUEST and code == (1 if todo else 0), "\n".join(lines)
    for words in ("kernel: VRF: tried", "kernel: 802.1Q: tried", "kernel: cls_bpf: tried", "kernel: policing: tried", "kernel: shaping: tried",
                  "kernel: user namespaces: tried"):
        assert "ok    " + words in lines
    assert any(line.startswith("ok    ports: ") and "trunk0" in line and "vpc0" in line and "mgmt" not in line for line in lines), lines
    assert any(line.startswith("ok    clock: as the server's") for line in lines)


def test_the_edge_continues_beside_the_check(site):
    """Nothing is left of what was tried, and no second router was seen."""
    before = site.lab.edge.shell("ip -br link; ip netns").out
    check(site)
    assert site.lab.edge.shell("ip -br link; ip netns").out == before
    assert site.operator.get("/dcaas/v1/edges/" + site.edge_id)["edge"]["conflict"] is None


def test_what_is_missing_is_reported(site):
    edge = site.lab.edge
    edge.shell("sysctl -q -w user.max_user_namespaces=0; chmod 644 /run/dcaas/token; ip addr add 192.0.2.1/32 dev trunk0; "
               "ip addr add 192.0.2.2/32 dev trunk1; ip addr add 192.0.2.3/32 dev vpc0")
    try:
        code, lines, todo = check(site)
        assert code == 1 and {"user namespaces", "credential"} <= set(todo), "\n".join(lines)
        assert not any("trunk0" in line for line in lines)
    finally:
        edge.shell("sysctl -q -w user.max_user_namespaces=1000; chmod 600 /run/dcaas/token; ip addr del 192.0.2.1/32 dev trunk0; "
                   "ip addr del 192.0.2.2/32 dev trunk1; ip addr del 192.0.2.3/32 dev vpc0")


def test_a_port_that_is_not_there_and_numbers_that_somebody_has_are_named(site):
    edge = site.lab.edge
    conf = edge.read("/run/dcaas/edge.conf")
    edge.write("/run/dcaas/check.conf", conf + "ports = trunk0 trunk9\nbird_ids = 65500-65600\n")
    out = edge.run("/tmp/bin/dcaas-edge", "--check", "-c", "/run/dcaas/check.conf", check=False, timeout=120).out
    assert "todo  ports: no Ethernet device is called trunk9" in out, out
    assert any(line.startswith("ok    ports: trunk0") and "trunk1" not in line for line in out.splitlines()), out
    assert "todo  bird_ids: [edge] bird_ids must not have the number of [edge] user" in out, out
