"""The official Java SDK: the tests in java/, once over HTTP and once over HTTPS; each of them is a test here."""
import glob
import os
import xml.etree.ElementTree

import pytest
from sdk_site import SCHEMES, SdkSite, call, names_in, tool

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "java")
NAMES = names_in(FOLDER, r"^    @Test\n(?:    @.*\n)*    void (\w+)\(", "Test.java")
PASSWORD = "changeit"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Folder of the compiled tests."""
    folder = str(tmp_path_factory.mktemp("java"))
    code, output = maven("test-compile", folder, os.environ)
    assert code == 0, output
    return folder


def maven(goal, folder, env, *options):
    return call([tool("mvn"), "-B", "-q", "-ntp", goal, "-Ddcaas.target=" + folder, *options], FOLDER, env, 500)


def trust(site, folder):
    """A trust store with the server's certificate; the JVM options that name it."""
    store = os.path.join(folder, "trust.p12")
    code, output = call([tool("keytool"), "-importcert", "-noprompt", "-alias", "dcaas", "-file", site.certificate,
                         "-keystore", store, "-storetype", "PKCS12", "-storepass", PASSWORD], folder, os.environ, 60)
    assert code == 0, output
    return "-Djavax.net.ssl.trustStore=%s -Djavax.net.ssl.trustStorePassword=%s" % (store, PASSWORD)


@pytest.fixture(scope="module", params=SCHEMES)
def results(request, target):
    """{test: what was wrong, "" for nothing} of one run against a new server, and the run's output."""
    with SdkSite(request.param) as site:
        options = trust(site, target) if request.param == "https" else ""
        reports = os.path.join(target, "reports-" + request.param)
        _, output = maven("test", target, dict(os.environ, **site.tenant()), "-Ddcaas.reports=" + reports,
                          "-Ddcaas.jvm=" + options)
    found = {}
    for path in glob.glob(os.path.join(reports, "TEST-*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            wrong = [part for part in case if part.tag in ("failure", "error", "skipped")]
            found[case.get("name")] = "\n".join("%s %s" % (part.tag, part.text) for part in wrong)
    return found, output


@pytest.mark.parametrize("name", NAMES)
def test_java(results, name):
    found, output = results
    assert name in found, "it did not run: " + output[-4000:]
    assert not found[name], found[name]
