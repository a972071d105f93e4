# SPDX-License-Identifier: ISC
"""On a real router: a session's password stands in clear in BIRD's own file and nowhere else, the edge's credential in its
file and nowhere else."""
import glob
import secrets

from lab.site import BIRDS

PASSWORD = "md5-" + secrets.token_hex(16)  # in no source, wherever the checkout lies
SEARCHED = "/run/dcaas /tmp /var/log/dcaas /dev/shm"


def files_with(site, text):
    """Files in the edge's guest that hold the text."""
    out = site.lab.edge.shell("grep -rlsF -- %s %s || true" % (text, SEARCHED)).out
    return sorted(out.split())


def processes_with(site, text):
    """Arguments and environments in the edge's guest that hold the text; the search itself reads it from a file."""
    site.lab.edge.write("/run/pattern", text + "\n", 0o600)
    return site.lab.edge.shell("grep -lsF -f /run/pattern /proc/[0-9]*/cmdline /proc/[0-9]*/environ || true").out.split()


def on_the_server(site, *texts):
    found = []
    for path in glob.glob(site.dcaasd.folder + "/**", recursive=True):
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            continue  # a folder, or gone
        found += [path for text in texts if text.encode() in data]
    return found


def test_a_password_is_in_bird_s_file_and_nowhere_else(site):
    shop = site.shop("secrets")
    line = shop.line(shop.gateway(), md5=PASSWORD)
    line.order()
    line.router()
    line.wait_active()

    # A file that is being replaced is there twice for a moment.
    site.lab.edge.wait("one file", lambda: len(files_with(site, PASSWORD)) == 1, 20)
    holding = files_with(site, PASSWORD)
    assert len(holding) == 1 and holding[0].startswith("/run/dcaas/edge/bird/") and holding[0].endswith("/bird.conf"), holding
    assert site.lab.edge.shell("stat -c '%a %u %g' " + holding[0]).out.split() == ["640", "65534", str(BIRDS)]
    assert processes_with(site, PASSWORD) == []
    assert PASSWORD not in site.edge_log_text()
    assert on_the_server(site, PASSWORD, site.token, shop.tenant.secret_key, site.operator.secret_key) == []

    # The search finds what is there, and the state folder was in it.
    assert "/run/dcaas/edge/desired" in files_with(site, line.vif)
    assert len(processes_with(site, "dcaas-edge")) >= 2

    line.delete()
    site.lab.edge.wait("the password gone with its session", lambda: files_with(site, PASSWORD) == [], 20)


def test_the_credential_of_an_edge_is_in_its_file_only(site):
    assert files_with(site, site.token) == ["/run/dcaas/token"]
    assert processes_with(site, site.token) == []
    assert site.token not in site.edge_log_text()
