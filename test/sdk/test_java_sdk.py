# SPDX-License-Identifier: ISC
"""The official Java SDK: the tests in java/, once over HTTP and once over HTTPS; each of them is a test here."""
import glob
import os
import time
import xml.etree.ElementTree

import pytest
from sdk_site import SCHEMES, SdkSite, build, call, names_in, tool

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "java")
NAMES = names_in(FOLDER, r"^    @Test\n(?:    @.*\n)*    void (\w+)\(", "Test.java")
PASSWORD = "changeit"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Folder of the compiled tests."""
    folder = str(tmp_path_factory.mktemp("java"))
    build(maven("test-compile", folder), FOLDER, os.environ)
    return folder


def maven(goal, folder, *options):
    return [tool("mvn"), "-B", "-q", "-ntp", goal, "-Ddcaas.target=" + folder, *options]


def run(name, env, target, *options):
    """{test: what was wrong, "" for nothing} of one run, and its output. Maven fetches what runs the tests only now: a run that
    came to no test is made again."""
    reports = os.path.join(target, "reports-" + name)
    for pause in (5, 30, 60, 0):
        _, output = call(maven("test", target, "-Ddcaas.reports=" + reports, *options), FOLDER, env, 960)
        if glob.glob(os.path.join(reports, "TEST-*.xml")):
            break
        time.sleep(pause)
    found = {}
    for path in glob.glob(os.path.join(reports, "TEST-*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            wrong = [part for part in case if part.tag in ("failure", "error", "skipped")]
            name = case.get("name")
            assert name not in found, "two tests are called %s: only one would be heard" % name
            found[name] = "\n".join("%s %s" % (part.tag, part.text) for part in wrong)
    return found, output


def trust(site, folder):
    """A trust store with the server's certificate; the JVM options that name it."""
    store = os.path.join(folder, "trust-%s.p12" % site.scheme)
    code, output = call([tool("keytool"), "-importcert", "-noprompt", "-alias", "dcaas", "-file", site.certificate,
                         "-keystore", store, "-storetype", "PKCS12", "-storepass", PASSWORD], folder, os.environ, 300)
    assert code == 0, output
    return "-Djavax.net.ssl.trustStore=%s -Djavax.net.ssl.trustStorePassword=%s" % (store, PASSWORD)


@pytest.fixture(scope="module", params=SCHEMES)
def site(request):
    """A new server, and what an SDK's user knows of it."""
    with SdkSite(request.param) as site:
        site.env = dict(os.environ, **site.tenant())
        yield site


@pytest.fixture(scope="module")
def results(site, target):
    return run(site.scheme, site.env, target, "-Ddcaas.jvm=" + trust(site, target))


@pytest.mark.parametrize("name", NAMES)
def test_java(results, name):
    found, output = results
    assert name in found, "it did not run: " + output[-4000:]
    assert not found[name], found[name]


def test_every_test_that_ran_is_one_of_these(results):
    """Nothing fails unheard."""
    assert sorted(results[0]) == sorted(NAMES)


@pytest.mark.parametrize("site", ["https"], indirect=True)
def test_untrusted_certificate_is_refused(site, target):
    name = "unknownResourceIsATypedError"
    found, output = run("untrusted", site.env, target, "-Dtest=ErrorTest#" + name)
    assert "SslHandShakeException" in found.get(name, ""), output
