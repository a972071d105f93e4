# SPDX-License-Identifier: ISC
"""No password and no secret key stands in clear anywhere but where it has to: not in the database nor its log files, not in
a log line, an event, an error, a process list."""
import glob
import json
import os

from support import V3, World, exchange, send, signed

USER_PASSWORD = "user-Passw0rd-7f3a"
WRONG_PASSWORD = "wrong-Passw0rd-11c9"
MD5_FIRST = "md5-first-9a4e"
MD5_SECOND = "md5-second-51d0"
MD5_REFUSED = 'md5-refused-"quote'
MD5_IN_BROKEN_JSON = "md5-broken-84b2"
MD5_TWICE = "md5-twice-0c77"


def log_in(tenant, password):
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": tenant.name, "password": password, "domain": {"name": "default"}}}},
        "scope": {"project": {"id": tenant.project_id}}}}
    raw = json.dumps(body).encode()
    return exchange(tenant, "POST", "/v3/auth/tokens", raw, {"host": tenant.at.netloc, "content-type": "application/json"})


def look(places, secrets):
    """Every secret that one of the places (name: bytes) holds."""
    return [(name, what) for name, data in places.items() for what, secret in secrets.items() if secret.encode() in data]


def contents(*patterns):
    found = {}
    for pattern in patterns:
        for path in glob.glob(pattern, recursive=True):
            try:
                if os.path.isfile(path) and not os.access(path, os.X_OK):
                    with open(path, "rb") as file:
                        found[path] = file.read()
            except OSError:
                pass  # a process that has ended, or somebody else's
    return found


def process_list():
    """Arguments and environment of every process that can be read."""
    return contents("/proc/[0-9]*/cmdline", "/proc/[0-9]*/environ")


def full_run(daemon):
    """Every way that a secret comes in or goes out: good, refused, broken. Returns the secrets, and
    what was answered where none may be shown."""
    world = World(daemon)
    operator, tenant = world.operator, world.tenant("secretive")
    operator.put("/dcaas/v1/users/" + tenant.user_id, {"user": {"password": USER_PASSWORD}})
    connection, gateway = world.connection(tenant), tenant.gateway()["id"]

    vif = tenant.interface(connection, gateway, bgp_md5=MD5_FIRST)
    assert vif["bgp_md5"] == MD5_FIRST
    tenant.peer(vif["id"], address_family="ipv6", route_mode="bgp", bgp_asn=65001, bgp_md5=MD5_SECOND,
                local_gateway_ip="2001:db8::1/64", remote_gateway_ip="2001:db8::2/64")
    # refused: by its own rule, as part of a body that is none, given twice, by somebody who may not
    body = tenant.interface_body(connection, gateway, vlan=101, bgp_md5=MD5_REFUSED)
    answers = [send(tenant, "POST", V3 + "virtual-interfaces", json.dumps({"virtual_interface": body}).encode()),
               send(tenant, "POST", V3 + "virtual-interfaces", b'{"virtual_interface": {"bgp_md5": "%s", }'
                    % MD5_IN_BROKEN_JSON.encode()),
               send(tenant, "POST", V3 + "virtual-interfaces", b'{"virtual_interface": {"bgp_md5": "a", "bgp_md5": "%s"}}'
                    % MD5_TWICE.encode()),
               tenant.other("reader").call("POST", V3 + "virtual-interfaces", {"virtual_interface": {"bgp_md5": MD5_TWICE}},
                                           check=False)]
    assert [answer.status for answer in answers] == [400, 400, 400, 403]
    # the reader sees none
    reader = tenant.other("reader")
    seen = reader.get(V3 + "virtual-interfaces/" + vif["id"])["virtual_interface"]
    assert seen["bgp_md5"] is None and seen["vif_peers"][0]["bgp_md5"] is None

    good, bad = log_in(tenant, USER_PASSWORD), log_in(tenant, WRONG_PASSWORD)
    assert (good.status, bad.status) == (201, 401), (good.text, bad.text)
    token = good.headers["x-subject-token"]
    assert exchange(tenant, "GET", V3.replace("{project_id}", tenant.project_id) + "virtual-interfaces", b"",
                    {"host": tenant.at.netloc, "x-auth-token": token}).status == 200
    forged = exchange(tenant, "GET", "/v3/%s/dcaas/virtual-interfaces" % tenant.project_id, b"",
                      signed(tenant, "GET", "/v3/%s/dcaas/virtual-interfaces" % tenant.project_id, secret_key="no"))
    assert forged.status == 401
    # the edge gets the passwords, over its own channel
    desired = exchange(operator, "GET", "/dcaas/v1/edge/desired?revision=0", b"",
                       {"host": operator.at.netloc, "x-dcaas-edge-token": world.edge_token})
    assert desired.status == 200 and MD5_FIRST.encode() in desired.text and MD5_SECOND.encode() in desired.text, desired.text
    shown = [json.dumps(operator.get("/dcaas/v1/" + plural)) for plural in
             ("events", "objects", "sessions", "applies", "users", "access-keys", "edges")]
    operator.post("/dcaas/v1/key/rotate", None)
    secrets = {"user's password": USER_PASSWORD, "wrong password": WRONG_PASSWORD, "interface's md5": MD5_FIRST,
               "peer's md5": MD5_SECOND, "refused md5": MD5_REFUSED, "its middle": MD5_REFUSED[:-6],
               "md5 in broken JSON": MD5_IN_BROKEN_JSON, "md5 given twice": MD5_TWICE, "token": token,
               "edge's credential": world.edge_token, "tenant's key": tenant.secret_key, "operator's key": operator.secret_key,
               "reader's key": reader.secret_key}
    told = {"answer %d" % i: answer.text if hasattr(answer, "text") else json.dumps(answer).encode()
            for i, answer in enumerate(answers + [bad, forged])}
    told.update({"list %d" % i: text.encode() for i, text in enumerate(shown)})
    return secrets, told


def test_no_secret_stands_in_clear_anywhere(new_dcaasd):
    daemon = new_dcaasd(["log = debug", "accept_unattached_vpc = no"])
    secrets, told = full_run(daemon)
    running = contents(daemon.folder + "/**")
    assert any(path.endswith("dcaas.db-wal") and data for path, data in running.items())
    assert any(path.endswith("dcaasd.log") and b"status=401" in data for path, data in running.items())
    assert look(told, secrets) == []
    assert look(running, secrets) == []
    assert look(process_list(), secrets) == []
    assert daemon.stop() == 0
    assert look(contents(daemon.folder + "/**"), secrets) == []


def test_the_search_finds_what_is_there(new_dcaasd):
    """So that the test above can fail: names, which are no secrets, are found in database and log."""
    daemon = new_dcaasd()
    World(daemon).tenant("a-name-in-clear")
    found = look(contents(daemon.folder + "/**"), {"name": "a-name-in-clear", "path": "/dcaas/v1/projects"})
    assert {os.path.basename(path).split("-")[0] for path, _ in found} == {"dcaas.db", "dcaasd.log"}
    assert look(process_list(), {"program": daemon.program}) != []


def test_files_with_secrets_are_the_daemon_s_alone(new_dcaasd):
    daemon = new_dcaasd()
    for path in glob.glob(daemon.state + "/*") + [daemon.state]:
        assert os.stat(path).st_mode & 0o077 == 0, path
