"""HTTPS: what is no TLS, clients that stop in the handshake, old versions, and many at once."""
import os
import socket
import ssl
import time

import pytest
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
def test_what_is_no_handshake_is_closed(secure, beginning):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", secure.tls_port), timeout=60) as wire:
        wire.sendall(beginning)
        assert closed(wire)
    assert time.monotonic() - begun < 5 * CLOSED_SECONDS
    served(secure)


def test_a_client_that_stops_after_the_handshake_is_closed(secure):
    with socket.create_connection(("127.0.0.1", secure.tls_port), timeout=60) as plain:
        with context(secure).wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=True) as wire:
            wire.sendall(b"GET /health HT")
            begun = time.monotonic()
            assert closed(wire)
    assert time.monotonic() - begun < 5 * CLOSED_SECONDS


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


def test_a_start_that_was_cut_between_key_and_certificate_goes_on(new_dcaasd):
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
