# SPDX-License-Identifier: ISC
"""api_client.py - a small client of the Direct Connect API: signs with SDK-HMAC-SHA256, Python's standard library only."""
import hashlib
import hmac
import http.client
import json
import time
import urllib.parse

from .guest import PATIENCE

UNRESERVED = "-_.~"


def canonical_path(raw):
    """Every segment decoded once and encoded again, with a slash at the end."""
    path = "/".join(urllib.parse.quote(urllib.parse.unquote(part), safe=UNRESERVED) for part in raw.split("/"))
    return path if path.endswith("/") else path + "/"


def canonical_query(raw):
    pairs = [(urllib.parse.unquote(k), urllib.parse.unquote(v))
             for k, _, v in (part.partition("=") for part in raw.split("&") if part)]
    return "&".join("%s=%s" % (urllib.parse.quote(k, safe=UNRESERVED), urllib.parse.quote(v, safe=UNRESERVED))
                    for k, v in sorted(pairs))


def signature(method, path, query, headers, body, access_key, secret_key, payload=None):
    """Value of Authorization. headers: names in lower case; all of them are signed, x-sdk-date must be among them. payload: what
    stands for the body instead of its hash."""
    names = sorted(headers)
    request = "\n".join([method, canonical_path(path), canonical_query(query),
                         "".join("%s:%s\n" % (name, headers[name].strip()) for name in names), ";".join(names),
                         payload or hashlib.sha256(body).hexdigest()])
    text = "\n".join(["SDK-HMAC-SHA256", headers["x-sdk-date"], hashlib.sha256(request.encode()).hexdigest()])
    mac = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return "SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s" % (access_key, ";".join(names), mac)


class ApiError(Exception):
    def __init__(self, method, path, status, body):
        self.status, self.body = status, body
        self.code = body.get("error_code") if isinstance(body, dict) else None
        super().__init__("%s %s: %d %s" % (method, path, status, json.dumps(body)))


class Answer(dict):
    """The decoded body, with .status, .headers and the .milliseconds that the call took."""
    status = 0
    headers = {}
    milliseconds = 0.0


class Client:
    """One set of credentials. Each call is handed to the hook as (method, path, request, Answer)."""

    def __init__(self, endpoint, access_key, secret_key, project_id=None, say=None, timeout=30):
        self.endpoint, self.access_key, self.secret_key = endpoint, access_key, secret_key
        self.project_id, self.say, self.timeout = project_id, say, timeout * PATIENCE
        self.at = urllib.parse.urlsplit(endpoint)

    def call(self, method, path, body=None, check=True, say=True, headers=None):
        """path may hold {project_id}. headers: more of them, not signed. Raises ApiError unless the status is 2xx or check is false."""
        path = path.replace("{project_id}", self.project_id or "")
        raw = b"" if body is None else json.dumps(body).encode()
        sent = {"host": self.at.netloc, "content-type": "application/json",
                "x-sdk-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
        if self.project_id:
            sent["x-project-id"] = self.project_id
        only, _, query = path.partition("?")
        sent["authorization"] = signature(method, only, query, sent, raw, self.access_key, self.secret_key)
        sent.update(headers or {})
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port or 80, timeout=self.timeout)
        begun = time.monotonic()
        try:
            connection.request(method, path, raw or None, sent)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        value = json.loads(text) if text else {}
        answer = Answer(value)
        answer.status, answer.headers = response.status, dict(response.getheaders())
        answer.milliseconds = (time.monotonic() - begun) * 1000
        if self.say and say:
            self.say(method, path, body, answer)
        if check and not 200 <= response.status < 300:
            raise ApiError(method, path, response.status, value)
        return answer

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body, **options):
        return self.call("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)
