# SPDX-License-Identifier: ISC
"""check_english.py - words and shapes of sentences that readers stumble over, in documents, manual pages, and what programs
print. HACKING.md has the rules. Prints each place; exit code 1 then."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What is looked for, and what to write instead.
WORDS = [
    (r"\btold\b|\btells?\b|\btelling\b", "an exact verb: shows, prints, reports, names, logs"),
    (r"\bsaid\b", "an exact verb: shows, prints, names"),
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
# A section that quotes the words, as what not to write.
QUOTES = "## Plain English"


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
                yield number, re.sub(r"`[^`]*`", "`code`", line)


def pages():
    names = ["README.md", "HACKING.md", "CHANGELOG.md", "SECURITY.md", "doc/*.md", "doc/decisions/*.md", "man/*.[158]"]
    return sorted(path for name in names for path in glob.glob(os.path.join(ROOT, name)))


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


def findings():
    for path in pages():
        for number, line in prose(path):
            for pattern, better in WORDS:
                for match in re.finditer(pattern, line, re.I):
                    yield path, number, match[0], better
    for path, number, text in printed():
        for pattern, better in WORDS:
            for match in re.finditer(pattern, text, re.I):
                yield path, number, match[0], better


def main():
    wrong = 0
    for path, number, word, better in findings():
        print("%s:%d: \"%s\": write %s" % (os.path.relpath(path, ROOT), number, word, better))
        wrong += 1
    print("plain English: %d places" % wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
