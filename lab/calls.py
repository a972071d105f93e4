# SPDX-License-Identifier: ISC
"""calls.py - what a person sees of the API's calls: one line each; with VERBOSE=1 their bodies, too."""
import json
import os
import re

ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
SECRETS = ("bgp_md5", "secret_key", "token", "password")


class Calls:
    """The hook of api_client.Client that prints calls."""

    def __init__(self):
        self.verbose = os.environ.get("VERBOSE") not in (None, "", "0")

    def __call__(self, method, path, request, answer):
        print("           %-4s %-46s  %d %4.0f ms  → %s" % (method, short(path), answer.status, answer.milliseconds, gist(answer)),
              flush=True)
        if self.verbose and request is not None:
            print("             > " + brief(request))
        if self.verbose:
            print("             < " + brief(answer), flush=True)


def short(text):
    """A path without its common beginning, ids cut to their first digits."""
    return ID.sub(lambda match: match[0][:4] + "…", re.sub(r"^(/v3/[^/]+/dcaas|/dcaas/v1)/", "…/", text))


def gist(answer):
    """An answer in a few words: the id and the state of one thing, the number of several, or the error."""
    if "error_msg" in answer:
        return "%s %s" % (answer.get("error_code"), answer["error_msg"])
    names = [name for name in answer if name != "request_id"]
    value = answer[names[0]] if names else None
    if isinstance(value, list):
        return "%d" % len(value)
    if not isinstance(value, dict):
        value = answer
    words = [short(value[name]) for name in ("id", "status", "state") if isinstance(value.get(name), str)]
    return " ".join(words) or "nothing"


def brief(value):
    """JSON on one line, without members that are null, and without secrets."""
    def strip(part):
        if isinstance(part, dict):
            return {k: "***" if k in SECRETS and v else strip(v) for k, v in part.items() if v is not None and k != "request_id"}
        return [strip(item) for item in part] if isinstance(part, list) else part
    return json.dumps(strip(value))
