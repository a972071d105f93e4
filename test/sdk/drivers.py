# SPDX-License-Identifier: ISC
"""drivers.py - an SDK as something that takes an operation's name and its request as JSON, and gives the answer as JSON. Between
the two, everything is the SDK's: its request classes, its signature, its HTTP, its answer classes.

A driver in another language is a program that connects to DCAAS_DRIVER and speaks lines of JSON: first {"operations": [...]},
then for each {"operation": ..., "request": ...} either {"answer": ...} or {"error": ...}."""
import json
import re
import socket
import subprocess

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import SdkException
from huaweicloudsdkcore.utils import http_utils
from huaweicloudsdkdc.v3 import DcClient, model


class Refused(Exception):
    """The SDK's error, in its words."""


class Python:
    def __init__(self, env):
        credentials = BasicCredentials(env["DCAAS_ACCESS_KEY"], env["DCAAS_SECRET_KEY"], env["DCAAS_PROJECT_ID"])
        self.client = DcClient.new_builder().with_credentials(credentials).with_endpoint(env["DCAAS_ENDPOINT"]).build()
        self.operations = {self.title(name): name for name in dir(DcClient) if hasattr(model, self.title(name) + "Request")}

    def close(self):
        pass

    @staticmethod
    def title(name):
        return "".join(part.title() for part in name.split("_"))

    def make(self, kind, value):
        """A value of the SDK's type from JSON."""
        many = re.fullmatch(r"list\[(.*)\]", kind)
        if many:
            return [self.make(many[1], one) for one in value]
        made = getattr(model, kind, None)
        if made is None or not isinstance(value, dict):
            return value
        names = {wire: name for name, wire in made.attribute_map.items()}
        return made(**{names[wire]: self.make(made.openapi_types[names[wire]], one) for wire, one in value.items()})

    def call(self, operation, request):
        try:
            answer = getattr(self.client, self.operations[operation])(self.make(operation + "Request", request))
        except SdkException as error:
            raise Refused(str(error)) from None
        return http_utils.sanitize_for_serialization(answer)


class Program:
    """argv: the program. seconds: until it has connected."""

    def __init__(self, argv, cwd, env, seconds=300):
        with socket.create_server(("127.0.0.1", 0)) as door:
            door.settimeout(1)
            env = dict(env, DCAAS_DRIVER="127.0.0.1:%d" % door.getsockname()[1])
            self.process = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, text=True, errors="replace")
            self.lines = self._accept(door, seconds)
        self.operations = self._read()["operations"]

    def _accept(self, door, seconds):
        for _ in range(seconds):
            try:
                connection, _ = door.accept()
            except TimeoutError:
                if self.process.poll() is not None:
                    break
                continue
            with connection:
                connection.settimeout(300)
                return connection.makefile("rw", encoding="utf-8")
        self.process.kill()
        raise AssertionError("the program did not connect: " + self.process.communicate()[0][-4000:])

    def _read(self):
        line = self.lines.readline()
        if not line:
            raise AssertionError("the program ended: " + self.process.communicate()[0][-4000:])
        return json.loads(line)

    def call(self, operation, request):
        self.lines.write(json.dumps({"operation": operation, "request": request}) + "\n")
        self.lines.flush()
        answer = self._read()
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["answer"]

    def close(self):
        self.lines.close()
        try:
            self.process.communicate(timeout=60)
        finally:
            self.process.kill()
