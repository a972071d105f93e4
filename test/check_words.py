# SPDX-License-Identifier: ISC
"""check_words.py [--write] - the words of errors have no full stop at their end, wherever they are made: texts are put behind
other texts ("%s: %s"), and a client puts its own punctuation behind them. Prints each text that has one; exit code 1 then.
--write takes them away."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAKERS = re.compile(r"\b(?:dc_fail|dc_missing|refuse\w*|\w+_fail|fault_set|fault_errno)\s*\(")
STRING = r'"(?:[^"\\\n]|\\.)*"'
TEXT = re.compile(r"%s(?:\s*%s)*" % (STRING, STRING))
CODE = re.compile(r'X\(DC_E?_?\w+, \d+, "[\w.]*", (%s)\)' % STRING)
RETURNED = re.compile(r'\breturn ("[A-Z](?:[^"\\\n]|\\.)*");')


def end_of_call(text, at):
    """The place behind the parenthesis that closes the one before `at`."""
    depth = 1
    for match in re.finditer(r"%s|'(?:[^'\\]|\\.)'|[()]" % STRING, text[at:]):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return at + match.end()
    return len(text)


def stops(text):
    """Offsets of full stops that end an error's words."""
    spans = [span for match in MAKERS.finditer(text)
             for span in (found.span() for found in TEXT.finditer(text, match.end(), end_of_call(text, match.end())))]
    spans += [match.span(1) for pattern in (CODE, RETURNED) for match in pattern.finditer(text)]
    return sorted({end - 2 for begin, end in spans if text[begin:end].endswith('."') and not text[begin:end].endswith('.."')})


def files():
    found = glob.glob(os.path.join(ROOT, "src", "**", "*.[ch]"), recursive=True)
    return sorted(path for path in found if not path.endswith("_test.c"))


def main(write):
    wrong = 0
    for path in files():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        found = stops(text)
        for at in found:
            line = text.count("\n", 0, at) + 1
            print("%s:%d: an error's words end with a full stop" % (os.path.relpath(path, ROOT), line))
        wrong += len(found)
        if write and found:
            for at in reversed(found):
                text = text[:at] + text[at + 1:]
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    print("words of errors: %d files, %d full stops" % (len(files()), wrong))
    return 1 if wrong and not write else 0


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv))
