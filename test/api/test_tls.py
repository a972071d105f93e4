# SPDX-License-Identifier: ISC
"""HTTPS: what is no TLS, clients that stop in the handshake, old versions, and many at once."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest
from lab.dcaasd import Dcaasd
from support import World, send, signed, wait_for

IDLE_SECONDS = 2
CLOSED_SECONDS = IDLE_SECONDS + 1  # promised


@pytest.fixture(scope="module")
def secure(new_dcaasd):
    """A dcaasd with HTTPS that closes idle connections soon."""
    daemon = new_dcaasd(settings=["idle_seconds = %d" % IDLE_SECONDS, "listen_tls = 127.0.0.1:0", "tls_port_file = $folder/tls_port"])
    with open(daemon.folder + "/tls_port", encoding="ascii") as file:
        daemon.tls_port = int(file.read().strip().rsplit(":", 1)[1])
    return daemon


def context(daemon, **versions):
    made = ssl.create_default_context(cafile=daemon.state + "/tls.crt")
    for name, version in versions.items():
        setattr(made, name, version)
    return made


def closed(wire):
    try:
        while wire.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def health(daemon, made):
    with socket.create_connection(("127.0.0.1", daemon.tls_port), timeout=60) as plain:
        with made.wrap_socket(plain, server_hostname="127.0.0.1") as wire:
            wire.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            text, version = b"", wire.version()
            while part := wire.recv(4096):
                text += part
            return text, version


def served(daemon, **versions):
    """Answer and version. A client that is so slow that it is called idle, as on a busy machine, comes again."""
    made = context(daemon, **versions)

    def look():
        try:
            return health(daemon, made)
        except OSError:
            return None
    answer = wait_for("an answer over HTTPS", look)
    assert answer[0].startswith(b"HTTP/1.1 200")
    return answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_its_own_certificate_is_good_for_its_address(secure, version):
    text, spoken = served(secure, minimum_version=version, maximum_version=version)
    assert b"x-request-id" in text.lower()
    assert spoken == version.name.replace("_", ".")


def test_an_old_version_is_refused(secure):
    made = context(secure)
    made.minimum_version, made.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    made.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, OSError)):
        health(secure, made)


@pytest.mark.parametrize("beginning", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                       b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n", b"\x00" * 100, b"\x80\x2e\x01\x00\x02",
                                       b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x01\xff\xff" + b"x" * 1000])
def test_what_is_no_handshake_is_closed(secure, beginning, figure):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", secure.tls_port), timeout=60) as wire:
        wire.sendall(beginning)
        assert closed(wire)
    figure("a client without a handshake is closed", time.monotonic() - begun, CLOSED_SECONDS)
    served(secure)


def test_a_client_that_stops_after_the_handshake_is_closed(secure, figure):
    with socket.create_connection(("127.0.0.1", secure.tls_port), timeout=60) as plain:
        with context(secure).wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=True) as wire:
            wire.sendall(b"GET /health HT")
            begun = time.monotonic()
            assert closed(wire)
    figure("a client that stops after the handshake is closed", time.monotonic() - begun, CLOSED_SECONDS)


def test_silent_clients_do_not_keep_others_out(secure):
    wires = [socket.create_connection(("127.0.0.1", secure.tls_port), timeout=60) for _ in range(100)]
    try:
        served(secure)
        for wire in wires:
            assert closed(wire)
    finally:
        for wire in wires:
            wire.close()


def test_calls_over_both_listeners_are_one_server(secure):
    """What is ordered over HTTP is seen over HTTPS at once."""
    world = World(secure)
    tenant = world.tenant()
    gateway = tenant.gateway()["id"]
    target = "/v3/%s/dcaas/virtual-gateways/%s" % (tenant.project_id, gateway)
    headers = signed(tenant, "GET", target)
    head = "GET %s HTTP/1.1\r\n" % target + "".join("%s: %s\r\n" % item for item in headers.items()) + "connection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", secure.tls_port), timeout=60) as plain:
        with context(secure).wrap_socket(plain, server_hostname="127.0.0.1") as wire:
            wire.sendall(head.encode())
            text = b""
            while part := wire.recv(4096):
                text += part
    assert text.startswith(b"HTTP/1.1 200") and gateway.encode() in text
    assert wait_for("the same over HTTP", lambda: send(tenant, "GET", target).status == 200)


def test_a_start_that_was_cut_between_key_and_certificate_continues(new_dcaasd):
    """A crash, or a full disk: the key that is there is used, and never written over."""
    daemon = new_dcaasd(settings=["listen_tls = 127.0.0.1:0", "tls_port_file = $folder/tls_port"])
    with open(daemon.state + "/tls.key", encoding="ascii") as file:
        key = file.read()
    assert daemon.stop() == 0
    os.unlink(daemon.state + "/tls.crt")
    with open(daemon.state + "/tls.crt.new", "w", encoding="ascii") as file:
        file.write("-----BEGIN CERT")
    daemon.start()
    with open(daemon.folder + "/tls_port", encoding="ascii") as file:
        daemon.tls_port = int(file.read().strip().rsplit(":", 1)[1])
    assert health(daemon, context(daemon))[0].startswith(b"HTTP/1.1 200")
    with open(daemon.state + "/tls.key", encoding="ascii") as file:
        assert file.read() == key
    assert os.stat(daemon.state + "/tls.key").st_mode & 0o777 == 0o600
    assert os.stat(daemon.state + "/tls.crt").st_mode & 0o777 == 0o644
    assert not os.path.exists(daemon.state + "/tls.crt.new")


def names_of(daemon):
    """The names and addresses in the certificate of its own."""
    return {value for _, value in ssl._ssl._test_decode_cert(daemon.state + "/tls.crt")["subjectAltName"]}


def made_in_a_namespace(daemon, listen, *more):
    """Starts it where the only addresses are 198.51.100.7 and 2001:db8::7, until its certificate is made; its names."""
    daemon.settings = ["listen_tls = " + listen, *more]
    daemon.write_config()
    daemon.init()
    script = "ip link set lo up; ip address add 198.51.100.7/32 dev lo; ip address add 2001:db8::7/128 dev lo nodad; exec \"$@\""
    argv = ["unshare", "-n" if os.geteuid() == 0 else "-rn", "sh", "-ec", script, "sh", *daemon._argv()]
    with open(daemon.log_path, "ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for("the certificate", lambda: os.path.exists(daemon.state + "/tls.crt") or process.poll() is not None)
        return names_of(daemon)
    finally:
        process.terminate()
        assert process.wait(120) == 0, daemon.log()


@pytest.fixture
def fresh():
    made = Dcaasd()
    yield made
    made.remove()


def test_a_certificate_for_every_address_names_them_all(fresh):
    names = made_in_a_namespace(fresh, "0.0.0.0:8443", "tls_names = dcaas.example.net, 203.0.113.9 *.example.org")
    assert {"198.51.100.7", "2001:DB8:0:0:0:0:0:7", "127.0.0.1", "localhost", socket.gethostname(), "dcaas.example.net",
            "203.0.113.9", "*.example.org"} <= names
    assert "0.0.0.0" not in names


def test_a_certificate_for_one_address_names_that_one(fresh):
    names = made_in_a_namespace(fresh, "198.51.100.7:8443")
    assert "198.51.100.7" in names and "2001:DB8:0:0:0:0:0:7" not in names


@pytest.mark.parametrize("name", ["a b..c", "https://x", "-x", "a/24"])
def test_names_that_are_none_are_refused(fresh, name):
    fresh.settings = ["tls_names = " + name]
    fresh.write_config()
    done = subprocess.run(fresh._argv("-n"), capture_output=True, text=True)
    assert done.returncode == 1 and "tls_names" in done.stderr, done


AUTHORITY = """[ca]
default_ca = own
[own]
database = {0}/index
new_certs_dir = {0}
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = IP:127.0.0.1
[req]
distinguished_name = any
"""


def certificate(folder, began, ends):
    """own.crt and own.key in that folder: a certificate for loopback that began and ends so many days from now."""
    for name, text in (("conf", AUTHORITY.format(folder)), ("index", "")):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    key, request, conf, made = [os.path.join(folder, name) for name in ("own.key", "own.csr", "conf", "own.crt")]
    first, last = [time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * days)) for days in (began, ends)]
    for argv in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                  "-subj", "/CN=x", "-config", conf],
                 ["ca", "-batch", "-notext", "-selfsign", "-config", conf, "-keyfile", key, "-in", request, "-out", made,
                  "-startdate", first, "-enddate", last]):
        subprocess.run(["openssl", *argv], check=True, capture_output=True)
    os.chmod(key, 0o644)


def test_a_certificate_that_is_about_to_end_is_reported(new_dcaasd):
    """In the log and in /health; a renewed one, taken by a reload, ends that."""
    folder = tempfile.mkdtemp(prefix="dcaasd-")
    try:
        os.chmod(folder, 0o755)
        certificate(folder, -1, 15)
        daemon = new_dcaasd(settings=["listen_tls = 127.0.0.1:0", "tls_certificate = %s/own.crt" % folder,
                                      "tls_key = %s/own.key" % folder])
        assert daemon.health()["reasons"] == []

        def renewed(began, ends, reasons, word):
            certificate(folder, began, ends)
            begin = os.path.getsize(daemon.log_path)
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("the reload and its look", lambda: "event=reloaded" in daemon.log(begin).replace('"', "")
                     and daemon.health()["reasons"] == reasons)
            assert word in daemon.log(begin)

        renewed(-77, 13, ["certificate_ends"], "certificate is about to end")
        assert daemon.health()["status"] == "degraded"
        renewed(0, 3, [], "reasons=none")  # one that lives for three days is no reason on its first
        renewed(-2.5, 0.5, ["certificate_ends"], "certificate is about to end")
        renewed(-1, 90, [], "reasons=none")
    finally:
        shutil.rmtree(folder)


def test_a_self_signed_certificate_that_lacks_a_name_is_reported(new_dcaasd):
    daemon = new_dcaasd(settings=["listen_tls = 127.0.0.1:0"])
    assert "certificate lacks names" not in daemon.log()
    assert daemon.stop() == 0
    daemon.settings.append("tls_names = new.example.net")
    daemon.write_config()
    daemon.start()
    assert "new.example.net" in [line for line in daemon.log().splitlines() if "certificate lacks names" in line][0]
