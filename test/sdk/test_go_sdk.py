# SPDX-License-Identifier: ISC
"""The official Go SDK: the tests in go/, once over HTTP and once over HTTPS; each of them is a test here."""
import json
import os

import pytest
from sdk_site import SCHEMES, SdkSite, build, call, names_in, tool

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "go")
NAMES = names_in(FOLDER, r"^func (Test(?!Main\b)\w+)\(", "_test.go")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The tests, compiled."""
    path = str(tmp_path_factory.mktemp("go") / "sdk.test")
    build([tool("go"), "test", "-c", "-o", path, "."], FOLDER,
          dict(os.environ, CGO_ENABLED="0", GOFLAGS="-mod=readonly -buildvcs=false", GOTOOLCHAIN="local"))
    return path


@pytest.fixture(scope="module", params=SCHEMES)
def env(request):
    """What an SDK's user knows of a new server."""
    with SdkSite(request.param) as site:
        yield dict(os.environ, SSL_CERT_FILE=site.certificate, **site.tenant())


@pytest.fixture(scope="module")
def results(env, program):
    """{test: (passed, output)} of one run."""
    _, output = call([tool("go"), "tool", "test2json", program, "-test.v", "-test.timeout=900s"], FOLDER, env, 960)
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


def test_every_test_that_ran_is_one_of_these(results):
    """Nothing fails unheard."""
    assert sorted(name for name in results if name) == sorted(NAMES)


@pytest.mark.parametrize("env", ["https"], indirect=True)
def test_untrusted_certificate_is_refused(env, program):
    trusting_others = {name: value for name, value in env.items() if name != "SSL_CERT_FILE"}
    code, output = call([program, "-test.run", "^TestUnknownResourceIsATypedError$"], FOLDER, trusting_others, 300)
    assert code != 0 and "x509: certificate signed by unknown authority" in output, output
