# SPDX-License-Identifier: ISC
"""check_format.py [--write] - every C file that git knows is as clang-format 14 writes it; --write writes it so. Other versions
differ in places, so where the distribution has another one, version 14 is installed by pip below build-check/."""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERSION, WHEEL = "14", "clang-format==14.0.6"
OWN = os.path.join(ROOT, "build-check", "clang-format")


def version_of(program):
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return None
    found = re.search(r"version (\d+)", said)
    return found and found[1]


def find():
    """A clang-format of the right version: the distribution's, or one of our own."""
    own = os.path.join(OWN, "bin", "clang-format")
    for name in ("clang-format-" + VERSION, "clang-format", own):
        path = shutil.which(name)
        if path and version_of(path) == VERSION:
            return path
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", OWN], check=True)
    subprocess.run([os.path.join(OWN, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL],
                   check=True)
    return own


def main(write):
    listed = subprocess.run(["git", "ls-files", "-z", "*.c", "*.h"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    files = [name for name in listed.split("\0") if name and os.path.exists(os.path.join(ROOT, name))]
    how = ["-i"] if write else ["--dry-run", "--Werror"]
    code = subprocess.run([find(), *how, *files], cwd=ROOT).returncode
    print("format: %d C files" % len(files))
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main("--write" in sys.argv))
