# SPDX-License-Identifier: ISC
"""update.py [--check] - the lists of keys in dcaas.conf(5) and dcaas-sim(5), by topic, from the tables of the programs that read
them."""
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
# page: its sections, each with the file whose table lists the keys, and its topics: a heading, and which keys belong there
PAGES = {
    "dcaas.conf.5": {
        "dcaasd": ("src/dcaasd/settings.c", {
            "Files and addresses": "state_dir|database.*|listen|listen_tls|port_file|tls_port_file",
            "Certificate": "tls_.*",
            "Identities": "identity|keystone_.*",
            "What tenants may order": "region_id|accept_.*|quota_.*|switchover_.*",
            "Numbers of gateways and links": "vrfs_.*|neighbours_.*|connect_gateway_asn|internal_.*|link_block_.*|router_ids",
            "Load": "max_.*|http_threads|.*_memory|idle_seconds"}),
        "edge": ("src/edge/settings.c", {
            "The server": "server|allow_plain|ca_file|token_file|device",
            "The router": "fabric|sim_options|state_dir|user|ports|bird_.*|slow_.*"}),
    },
    "dcaas-sim.5": {
        "sim": ("src/edge/sim.c", {
            "Ports": "ports|no_carrier|exposed",
            "Neighbours": "session_ms|routes|key_room",
            "Faults": "fail|down|slow|flap|change_ms|flap_ms"}),
    },
}
OTHERS = "Others"  # of what no topic names
ROW = re.compile(r'\{\s*SECTION,\s*"(\w+)",\s*(NULL|"[^"]*"),\s*"((?:[^"\\]|\\.|"\s+")*)"\s*\}')
JOINT = re.compile(r'(?<!\\)"\s+"')  # between the parts of a long string
WIDTH = 76  # mandoc wants lines below 80


def sentences(doc):
    """A new sentence begins a new line; quotes as the page has them."""
    text = re.sub(r'\\"(.*?)\\"', r"\\(lq\1\\(rq", doc)
    return "\n".join(line for sentence in re.split(r"(?<=[.;]) ", text)
                     for line in textwrap.wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False))


def rows(path):
    with open(os.path.join(HERE, "..", path), encoding="utf-8") as file:
        text = file.read()
    found = [(key, fallback, JOINT.sub("", doc)) for key, fallback, doc in ROW.findall(text)]
    if len(found) != len(re.findall(r"\{\s*SECTION,", text)):
        sys.exit("%s: a row is not {SECTION, key, default, text}" % path)
    return found


def items(path, topics):
    """All keys as lists, one for each topic."""
    left, lines = rows(path), []
    for topic, keys in [*topics.items(), (OTHERS, ".*")]:
        mine = [row for row in left if re.fullmatch(keys, row[0])]
        left = [row for row in left if row not in mine]
        if mine:
            lines += [".Ss " + topic, ".Bl -tag -width Ds"]
            lines += [".It Li %s%s\n%s" % (key, "" if fallback in ("NULL", '""') else " = " + fallback.strip('"'), sentences(doc))
                      for key, fallback, doc in mine]
            lines.append(".El")
    return "\n".join(lines) + "\n"


def updated(page, sections):
    for section, (path, topics) in sections.items():
        begin, end = '.\\" keys of [%s], by man/update.py\n' % section, '.\\" end of keys of [%s]\n' % section
        head, rest = page.split(begin)
        page = head + begin + items(path, topics) + end + rest.split(end)[1]
    return page


def main(check):
    for name, sections in PAGES.items():
        path = os.path.join(HERE, name)
        with open(path, encoding="utf-8") as file:
            now = file.read()
        wanted = updated(now, sections)
        if check and wanted != now:
            return "man/%s is not as the tables are: run man/update.py" % name
        with open(path, "w", encoding="utf-8") as file:
            file.write(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["--check"]))
