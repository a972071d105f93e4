# SPDX-License-Identifier: ISC
"""check_licence.py [--write] - each source file that git knows names its licence in its first line, behind a shebang in its
second. Prints each file that does not; exit code 1 then. --write adds the line."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LICENCE = "SPDX-License-Identifier: ISC"
COMMENTS = {".c": "/* %s */", ".h": "/* %s */", ".sql": "-- %s", ".lua": "-- %s", ".go": "// %s", ".java": "// %s",
            ".py": "# %s", ".sh": "# %s", ".fish": "# %s", ".bash": "# %s", ".zsh": "# %s"}
BY_NAME = {"meson.build": "# %s", "meson_options.txt": "# %s", "Makefile": "# %s"}


def comment(path, text):
    """How the file writes a comment; None for what is no source file."""
    name = os.path.basename(path)
    if name in BY_NAME:
        return BY_NAME[name]
    known = COMMENTS.get(os.path.splitext(name)[1])
    return known or ("# %s" if re.match(r"#!.*\b(sh|bash|python3|make)\b", text) else None)


def place(text):
    """Where the line belongs: at the start, or behind the shebang."""
    return text.index("\n") + 1 if text.startswith("#!") else 0


def sources():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    for path in listed.decode().split("\0"):
        full = os.path.join(ROOT, path)
        if not os.path.isfile(full) or os.path.islink(full):
            continue
        with open(full, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        form = comment(path, text)
        if form:
            yield path, text, form % LICENCE + "\n"


def main(write):
    if not os.path.isdir(os.path.join(ROOT, ".git")) and not os.path.isfile(os.path.join(ROOT, ".git")):
        print("licence: no git here, so no list of files to look at")
        return 0
    count = 0
    lacking = []
    for path, text, line in sources():
        count += 1
        at = place(text)
        if not text.startswith(line, at):
            lacking.append((path, text[:at] + line + text[at:]))
    for path, with_line in lacking:
        print("%s: no line \"%s\"" % (path, LICENCE))
        if write:
            with open(os.path.join(ROOT, path), "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(with_line)
    print("licence: %d source files, %d without its line" % (count, len(lacking)))
    return 1 if lacking and not write else 0


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv))
