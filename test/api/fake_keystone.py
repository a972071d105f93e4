# SPDX-License-Identifier: ISC
"""fake_keystone.py - as much of a Keystone as dcaasd asks: its own log-in, and whose a token is. It can be slow, wrong or cut
off."""
import http.server
import json
import socket
import threading
import time
import uuid

DOMAIN = {"id": "default", "name": "Default"}


def moment(seconds=0):
    """As Keystone writes a time: in UTC, with six decimals."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + seconds))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value=None, headers=None, raw=None):
        body = raw if raw is not None else json.dumps(value or {}).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.server.owner.log_in(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self):
        self.server.owner.show(self)


class FakeKeystone:
    """tokens: what it knows. asked: tokens that it was asked about. behave: called with the handler before a question is
    answered; true: it has answered, or cut the connection."""

    def __init__(self, password="secret of dcaasd", port=0, tls=None):
        self.password, self.tokens, self.asked, self.logins, self.own = password, {}, [], [], set()
        self.behave = self.behave_at_login = None
        self.life = 3600  # of dcaasd's own tokens
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads, self.server.owner = True, self
        self.server.request_queue_size = 128
        self.port = self.server.server_address[1]
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://localhost:%d/v3" % ("http" if tls is None else "https", self.port)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def issue(self, roles=("member",), project=None, user=None, seconds=3600, **members):
        """A token; project: its id, or a dict; False: none."""
        text = "gAAAAA" + uuid.uuid4().hex + "-_=="
        if project is None or isinstance(project, str):
            project = {"id": project or uuid.uuid4().hex, "name": "project-" + uuid.uuid4().hex[:8], "domain": DOMAIN}
        token = {"methods": ["password"], "user": {"id": user or uuid.uuid4().hex, "name": "alice", "domain": DOMAIN,
                                                   "password_expires_at": None},
                 "audit_ids": [uuid.uuid4().hex[:22]], "issued_at": moment(), "expires_at": moment(seconds),
                 "project": project or None, "is_domain": False, "roles": [{"id": uuid.uuid4().hex, "name": name} for name in roles]}
        token.update(members)
        self.tokens[text] = {name: value for name, value in token.items() if value is not None}
        return text

    def project_of(self, token):
        return self.tokens[token]["project"]["id"]

    def log_in(self, handler, body):
        self.logins.append(body)
        if self.behave_at_login and self.behave_at_login(handler):
            return
        identity = body["auth"]["identity"]
        given = identity.get("password", {}).get("user", {}).get("password") or identity.get("application_credential", {}).get("secret")
        if given != self.password:
            handler.answer(401, {"error": {"code": 401, "title": "Unauthorized"}})
            return
        own = "gAAAAAown" + uuid.uuid4().hex
        self.own.add(own)
        handler.answer(201, {"token": {"issued_at": moment(), "expires_at": moment(self.life)}}, {"X-Subject-Token": own})

    def show(self, handler):
        subject = handler.headers["X-Subject-Token"]
        with self.lock:
            self.asked.append(subject)
        if self.behave and self.behave(handler):
            return
        if handler.headers["X-Auth-Token"] not in self.own:
            handler.answer(401, {"error": {"code": 401, "title": "Unauthorized"}})
        elif subject not in self.tokens:
            handler.answer(404, {"error": {"code": 404, "title": "Not Found"}})
        else:
            handler.answer(200, {"token": self.tokens[subject]}, {"X-Subject-Token": subject})


def cut(handler):
    """The connection ends instead of an answer."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True
