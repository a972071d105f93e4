# SPDX-License-Identifier: ISC
"""Errors and life cycles in openapi.json: complete for the contract's operations, and compared with what servers do, at the end
of each session of tests (test/declared.py)."""
import re

import pytest
from declared import document, errors, moves, operations, undeclared

OF_THE_CONTRACT = [(method, facts) for method, _, facts, _ in operations() if "x-dcaas-errors" in facts]
LINE = 'time=T level=info program=dcaasd event=call method="%s" path="%s" status=400 code=%s ms=0 request_id=r\n'


def test_every_operation_of_the_contract_declares_its_errors():
    paths = [path for path in document()["paths"] if path.startswith("/v3/{project_id}/")]
    assert len(OF_THE_CONTRACT) == sum(len(document()["paths"][path]) for path in paths) >= 58


def test_each_declared_code_is_in_the_catalogue():
    catalogue = {one["code"] for one in document()["x-dcaas-error-codes"]}
    assert all(re.fullmatch(r"(DC|APIGW)\.\d{4}", code) for code in catalogue)
    for _, facts in OF_THE_CONTRACT:
        assert set(facts["x-dcaas-errors"]) <= catalogue and "DC.0001" in facts["x-dcaas-errors"], facts["operationId"]
        assert ("DC.0000" in facts["x-dcaas-errors"]) == ("requestBody" in facts), facts["operationId"]


@pytest.mark.parametrize("resource", ["virtual_interface", "vif_peer", "virtual_gateway", "global_dc_gateway", "peer_link",
                                      "gdgw_routetable", "global_eip_binding", "direct_connect", "hosted_connect",
                                      "vif_peer_detection", "connect_gateway"])
def test_a_life_cycle_has_the_states_of_the_contract_and_no_others(resource):
    status = document()["components"]["schemas"][NAMES[resource]]["properties"]["status"]
    words = {word for move in moves()[resource] for word in move if word is not None}
    assert len(words) > 1 and words <= set(status.get("enum", words)), words


NAMES = {"virtual_interface": "VirtualInterface", "vif_peer": "VifPeer", "virtual_gateway": "VirtualGateway",
         "global_dc_gateway": "GlobalDcGateway", "peer_link": "PeerLink", "gdgw_routetable": "GdgwRoute",
         "global_eip_binding": "GlobalEipBinding", "direct_connect": "DirectConnect", "hosted_connect": "HostedConnect",
         "vif_peer_detection": "VifPeerDetection", "connect_gateway": "ConnectGateway"}


def test_a_log_with_what_is_not_declared_is_found():
    path = "/v3/%s/dcaas/virtual-gateways" % ("0" * 32)
    assert errors(LINE % ("POST", path, "DC.1110")) == {("CreateVirtualGateway", 400, "DC.1110")}
    assert undeclared(LINE % ("POST", path, "DC.1110")) == []
    (wrong,) = undeclared(LINE % ("POST", path, "DC.1209"))
    assert wrong.startswith("CreateVirtualGateway is answered with DC.1209")
    assert undeclared(LINE % ("POST", path, "DC.1209"), any_error=True) == []
    move = "time=T level=info program=dcaasd event=status virtual_interface=1 from=%s to=%s\n"
    assert undeclared(move % ("DOWN", "ACTIVE")) == []
    (wrong,) = undeclared(move % ("REJECTED", "ACTIVE"))
    assert "from REJECTED to ACTIVE" in wrong
