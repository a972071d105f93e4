# SPDX-License-Identifier: ISC
"""latency.py - a tenant who reads and writes all the time, in a process of their own: latencies are printed at the end.

latency.py ENDPOINT ACCESS_KEY SECRET_KEY PROJECT_ID read|write PATH: continues until standard input ends; one JSON list of
seconds. write: PATH is renamed."""
import json
import os
import sys
import threading
import time

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))]

from lab.api_client import Client  # noqa: E402


def main(endpoint, access_key, secret_key, project_id, what, path):
    client, seen, end = Client(endpoint, access_key, secret_key, project_id), [], threading.Event()

    def watch():
        sys.stdin.read()
        end.set()
    threading.Thread(target=watch, daemon=True).start()
    while not end.is_set():
        begun = time.monotonic()
        if what == "read":
            client.get(path, say=False)
        else:
            client.put(path, {"virtual_interface": {"name": "name %d" % len(seen)}}, say=False)
        seen.append(time.monotonic() - begun)
        if len(seen) == 1:
            print("begun", flush=True)
        time.sleep(0.002)
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
