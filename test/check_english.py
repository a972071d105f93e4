#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""check_english.py - words and shapes of sentences that readers stumble over, in documents, manual pages, comments, names of
tests, and what programs print. HACKING.md has the rules. Prints each place; exit code 1 then."""
import glob
import io
import os
import re
import subprocess
import sys
import tokenize

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What is looked for, and what to write instead.
WORDS = [
    (r"\btold\b|\btells?\b|\btelling\b", "an exact verb: shows, prints, reports, names, logs"),
    (r"\bsaid\b|\bsay(?:s|ing)?\b", "an exact verb: shows, prints, names"),
    (r"\bhe\b|\bhis\b|\bhim\b|\bhimself\b", "the noun: the operator, the tenant, the customer"),
    (r"\banew\b", "again, new"),
    (r"\bamidst\b", "among, during"),
    (r"\bin vain\b", "without success, timed out"),
    (r"\bwhoever\b|\bwhatever\b", "the noun it stands for"),
    (r"\bbehind it\b|\bas that of\b", "the noun it stands for"),
    (r"\b(?:Served|Refused|Kept|Given) are\b", "the subject first"),
    (r"\bgoes on\b|\bgo on\b", "continues"),
    (r"\bis meant\b|\bare meant\b", "is expected, is intended"),
]
# A sentence of a document with more semicolons than this is a list, or several sentences.
SEMICOLONS = 1
# A section that quotes the words, as what not to write.
QUOTES = "## Plain English"
# Never changed once landed, their comments neither.
FIXED = "src/store/migrations/"
SELF = "test/check_english.py"


def plain(line):
    """A line without its quoted words and names of code."""
    return re.sub(r"`[^`]*`", "`code`", line)


def prose(path):
    """(number, line) of what is read as sentences: no code blocks, no quoted words."""
    fence = quotes = False
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            quotes = line.startswith(QUOTES) if line.startswith("## ") else quotes
            if quotes:
                continue
            if line.startswith("```"):
                fence = not fence
            elif not fence and not line.startswith("    ") and not line.startswith('.\\"'):
                yield number, plain(line)


def pages():
    names = ["README.md", "HACKING.md", "CHANGELOG.md", "SECURITY.md", "doc/*.md", "doc/decisions/*.md", "man/*.[158]"]
    return sorted(path for name in names for path in glob.glob(os.path.join(ROOT, name)))


def sentences(path):
    """(number of the paragraph's first line, sentence) of a Markdown page; tables are none."""
    paragraph, first = [], 0
    for number, line in list(prose(path)) + [(0, "")]:
        ends = not line.strip() or re.match(r"\s*(?:[-*]|\d+\.) |#|\|", line)
        if ends and paragraph:
            for sentence in re.split(r"(?<=[.!?:])\s+(?=[A-Z`*\[])", " ".join(paragraph)):
                yield first, sentence
            paragraph = []
        if line.strip() and not line.startswith(("#", "|")):
            first = first if paragraph else number
            paragraph.append(line.strip())


STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def printed():
    """(path, number, text) of string literals that look like words for people."""
    for pattern in ("src/**/*.c", "src/**/*.h", "lab/*.py", "Makefile", "bench/*.py"):
        for path in glob.glob(os.path.join(ROOT, pattern), recursive=True):
            if path.endswith("_test.c") or path.endswith("_try.c"):
                continue
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    if path.endswith("Makefile"):
                        if "##" in line:
                            yield path, number, line.split("##", 1)[1]
                        continue
                    for match in STRING.finditer(line):
                        if match[1].count(" ") >= 2:
                            yield path, number, match[1]
            if path.endswith(".py"):
                yield from texts(path)


def texts(path):
    """(path, number, line) of a Python file's long strings, which are printed or are documents."""
    with open(path, encoding="utf-8") as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.STRING and token.string.lstrip("rbfu").startswith('"""'):
                for further, line in enumerate(token.string.split("\n")):
                    yield path, token.start[0] + further, plain(line)


C_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|(/\*.*?\*/|//[^\n]*)', re.S)


def c_comments(text):
    for match in C_TOKEN.finditer(text):
        if match[1]:
            yield text.count("\n", 0, match.start()) + 1, match[1]


def python_comments(text):
    """Comments, and strings that stand as statements."""
    before = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.STRING and before in (None, tokenize.NEWLINE, tokenize.INDENT):
            yield token.start[0], token.string
        before = before if token.type in (tokenize.NL, tokenize.COMMENT) else token.type


def line_comments(text):
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("#"):
            yield number, line


READERS = {".c": c_comments, ".h": c_comments, ".py": python_comments, ".sh": line_comments, ".build": line_comments,
           "": line_comments}


def comments():
    """(path, number, line) of every comment of ours."""
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n"):
        reader = READERS.get(os.path.splitext(name)[1])
        if reader is None or name == SELF or name.startswith((FIXED, "test/fuzz/corpus/", "debian/")) or not name:
            continue
        if not os.path.splitext(name)[1] and os.path.basename(name) != "Makefile":
            continue
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            for number, text in reader(file.read()):
                for further, line in enumerate(text.split("\n")):
                    yield os.path.join(ROOT, name), number + further, plain(line)


TESTS = {".py": re.compile(r"^def (test_\w+)\(", re.M), ".c": re.compile(r"^(\w+)\(void \*\*\w+\)", re.M)}


def names_of_tests():
    """(path, number, words) of each test: its name is a sentence."""
    for path in glob.glob(os.path.join(ROOT, "test/*/test_*.py")) + glob.glob(os.path.join(ROOT, "src/**/*_test.c"), recursive=True):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in TESTS[os.path.splitext(path)[1]].finditer(text):
            yield path, text.count("\n", 0, match.start()) + 1, match[1].replace("_", " ")


def findings():
    places = [(path, number, line) for path in pages() for number, line in prose(path)]
    for path, number, text in places + list(printed()) + list(comments()) + list(names_of_tests()):
        for pattern, better in WORDS:
            for match in re.finditer(pattern, text, re.I):
                yield path, number, match[0], better
    for path in pages():
        if path.endswith(".md"):
            for number, sentence in sentences(path):
                if sentence.count(";") > SEMICOLONS:
                    yield path, number, sentence[:60] + " ...", "several sentences, or a list, in place of a chain of semicolons"


def main():
    wrong = 0
    for path, number, word, better in findings():
        print("%s:%d: \"%s\": write %s" % (os.path.relpath(path, ROOT), number, word, better))
        wrong += 1
    print("plain English: %d places" % wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
