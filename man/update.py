# SPDX-License-Identifier: ISC
"""update.py [--check] - the lists of keys in dcaas.conf.5, from the tables of the programs that read them."""
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "dcaas.conf.5")
# section of the page: the file whose table says what there is
TABLES = {"dcaasd": "src/dcaasd/settings.c", "edge": "src/edge/settings.c", "sim": "src/edge/sim.c"}
ROW = re.compile(r'\{\s*SECTION,\s*"(\w+)",\s*(NULL|"[^"]*"),\s*"((?:[^"\\]|\\.)*)"\s*\}')
WIDTH = 76  # mandoc wants lines below 80


def sentences(doc):
    """A new sentence begins a new line; quotes as the page has them."""
    text = re.sub(r'\\"(.*?)\\"', r"\\(lq\1\\(rq", doc)
    return "\n".join(line for sentence in re.split(r"(?<=[.;]) ", text)
                     for line in textwrap.wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False))


def items(path):
    with open(os.path.join(HERE, "..", path), encoding="utf-8") as file:
        text = file.read()
    rows = ROW.findall(text)
    if len(rows) != len(re.findall(r"\{\s*SECTION,", text)):
        sys.exit("%s: a row is not {SECTION, key, default, one string}" % path)
    lines = [".It Li %s%s\n%s" % (key, "" if fallback in ("NULL", '""') else " = " + fallback.strip('"'), sentences(doc))
             for key, fallback, doc in rows]
    return "\n".join([".Bl -tag -width Ds", *lines, ".El"])


def updated(page):
    for section, path in TABLES.items():
        head, rest = page.split(".Ss Section [%s]\\&\n" % section)
        before, rest = rest.split(".Bl -tag -width Ds\n", 1)
        page = "%s.Ss Section [%s]\\&\n%s%s%s" % (head, section, before, items(path), rest.split("\n.El", 1)[1])
    return page


if __name__ == "__main__":
    with open(PAGE, encoding="utf-8") as page_file:
        now = page_file.read()
    wanted = updated(now)
    if sys.argv[1:] == ["--check"]:
        sys.exit("man/dcaas.conf.5 is not as the tables are: run man/update.py" if wanted != now else 0)
    with open(PAGE, "w", encoding="utf-8") as page_file:
        page_file.write(wanted)
