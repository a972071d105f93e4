# SPDX-License-Identifier: ISC
"""An operator asks the router how an instance is at this moment; the answer comes beside the reports."""
import time

from api.fake_edge import FakeEdge
from support import wait_for

ASK = "/dcaas/v1/edges/%s/instances/%s"


def ask(site, instance, check=True):
    return site.world.operator.get(ASK % (site.world.edge, instance), check=check, say=False)


def test_the_answer_is_how_the_instance_is_now(site, figure):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    begun = time.monotonic()
    seen = ask(site, 1)
    took = time.monotonic() - begun
    assert seen["instance"] == 1 and seen["daemon"] == "running" and seen["why"] is None
    assert seen["sessions"] == 1 and seen["established"] == 1
    assert seen["devices"] == 3 and seen["addresses"] == 3  # the VRF, the attachment (both families), the interface
    assert seen["wanted"] == seen["applied"] > 2
    assert seen["request_id"]
    figure("a router's answer to a question", took, 0.5)
    site.edge.set_options(down=vif)
    wait_for("the session is down", lambda: ask(site, 1)["established"] == 0)


def test_operator_and_edge_may_be_at_different_listeners(new_site):
    """As on an installed site: the operator's calls come over loopback, the edge's over HTTPS."""
    site = new_site(settings=["listen_tls = 127.0.0.1:0", "tls_port_file = $folder/tls_port"])
    daemon = site.world.dcaasd
    with open(daemon.folder + "/tls_port", encoding="ascii") as file:
        address = file.read().strip()
    site.edge.trust(daemon.state + "/tls.crt")
    site.edge.set_server("https://" + address)
    site.edge.restart()
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    assert ask(site, 1)["established"] == 1


def test_a_question_changes_nothing(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    lines = site.edge.lines()
    for _ in range(20):
        ask(site, 1)
    new = site.edge.log().splitlines()[lines:]
    assert [line for line in new if "desired set" in line or "applied" in line] == []


def test_an_instance_that_is_not_there_is_reported_in_words(site):
    site.wait_status(site.order(1), "ACTIVE")
    answer = ask(site, 77, check=False)
    assert answer.status == 400 and answer["error_msg"]
    assert ask(site, "0", check=False).status == 400 and ask(site, "x", check=False).status == 400


def test_routes_of_a_simulated_neighbour_are_as_many_as_its_session_counts(site):
    site.edge.set_options(routes=7)
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")
    path = "/dcaas/v1/projects/{project_id}/vif-peers/%s/routes" % site.tenant.get(
        "/v3/{project_id}/dcaas/virtual-interfaces/" + vif, say=False)["virtual_interface"]["vif_peers"][0]["id"]

    def ask(query=""):
        return site.tenant.get(path + query, say=False)
    wait_for("the session", lambda: ask()["page_info"]["total_count"] == 7)
    first = ask("?limit=4")
    rest = ask("?limit=4&marker=" + first["page_info"]["next_marker"])
    found = [route["destination"] for page in (first, rest) for route in page["vif_peer_routes"]]
    assert found == ["198.18.0.%d/32" % n for n in range(7)] and rest["page_info"]["next_marker"] is None
    assert [route["destination"] for route in ask("?containing=198.18.0.3")["vif_peer_routes"]] == ["198.18.0.3/32"]
    assert ask("?routes=rejected")["vif_peer_routes"] == []
    assert ask("?routes=advertised")["page_info"]["total_count"] == 1
    site.edge.set_options(routes=7, down=vif)
    wait_for("no route without a session", lambda: ask()["page_info"]["total_count"] == 0)


def test_an_edge_that_does_not_answer_ends_the_wait(site, figure):
    site.wait_status(site.order(1), "ACTIVE")
    site.edge.process.send_signal(19)  # SIGSTOP
    try:
        begun = time.monotonic()
        answer = ask(site, 1, check=False)
        assert answer.status == 503 and ("did not answer" in answer["error_msg"] or "silent" in answer["error_msg"])
        figure("the end of a question that nobody answers", time.monotonic() - begun, 6)
    finally:
        site.edge.process.send_signal(18)  # SIGCONT


def test_an_edge_of_an_earlier_release_is_given_no_question(new_dcaasd):
    from support import World
    world = World(new_dcaasd())
    edge = FakeEdge(world.endpoint, world.edge_token)
    edge.poll()
    edge.report(full=True)
    answer = world.operator.get(ASK % (world.edge, 1), check=False, say=False)
    assert answer.status == 503 and "did not answer" in answer["error_msg"]
    assert "questions" not in str(edge.poll())


def test_a_diagnosis_names_the_layer_that_fails(site):
    vif = site.order(1)
    site.wait_status(vif, "ACTIVE")

    def diagnose():
        return site.tenant.get("/dcaas/v1/projects/{project_id}/virtual-interfaces/%s/diagnosis" % vif, say=False)["vif_diagnosis"]
    wait_for("health", lambda: diagnose()["healthy"])
    assert diagnose()["layer"] is None
    site.edge.set_options(no_carrier="eth2")
    wait_for("the carrier", lambda: diagnose()["layer"] == "carrier" and "cable" in diagnose()["advice"])
    site.edge.set_options(down=vif)
    wait_for("the frames", lambda: diagnose()["layer"] == "frames")
    missing = site.tenant.get("/dcaas/v1/projects/{project_id}/virtual-interfaces/%s/diagnosis" % site.line, check=False, say=False)
    assert missing.status == 404
