"""The official Go SDK: the tests in go/, once over HTTP and once over HTTPS; each of them is a test here."""
import json
import os

import pytest
from sdk_site import SCHEMES, SdkSite, call, names_in, tool

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "go")
NAMES = names_in(FOLDER, r"^func (Test\w+)\(", "_test.go")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The tests, compiled."""
    path = str(tmp_path_factory.mktemp("go") / "sdk.test")
    env = dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=readonly", GOTOOLCHAIN="local")
    code, output = call([tool("go"), "test", "-c", "-o", path, "."], FOLDER, env, 500)
    assert code == 0, output
    return path


@pytest.fixture(scope="module", params=SCHEMES)
def results(request, program):
    """{test: (passed, output)} of one run against a new server."""
    with SdkSite(request.param) as site:
        env = dict(os.environ, **site.tenant())
        if request.param == "https":
            env["SSL_CERT_FILE"] = site.certificate
        _, output = call([tool("go"), "tool", "test2json", program, "-test.v", "-test.timeout=240s"], FOLDER, env, 300)
        found = {}
        for line in output.splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            name = event.get("Test")
            passed, text = found.get(name, (False, ""))
            found[name] = (passed or event["Action"] == "pass", text + event.get("Output", ""))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_go(results, name):
    assert name in results, "it did not run: %s" % "".join(text for _, text in results.values())[-4000:]
    passed, output = results[name]
    assert passed, output
