#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""deb.py [--dir DIR] - `make deb`: the Debian packages of this checkout, in build-deb/.

What git knows is copied as it lies here, debian/changelog is written from CHANGELOG.md, and dpkg-buildpackage builds. The maintainer
of the packages is DEBFULLNAME <DEBEMAIL>, as Debian's own tools have it, or else the author of the newest commit. Times come from
the newest release's date, so two builds give the same bytes."""
import argparse
import datetime
import glob
import os
import re
import shutil
import subprocess
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = re.compile(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", re.M)

NOBODY = "nobody yet <nobody@localhost>"  # debian/control's maintainer, whom source() replaces


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def version():
    return re.search(r"version: '([^']+)'", read("meson.build"))[1]


def points(text):
    """The list items of a release, each as one line."""
    return [" ".join(item.split()) for item in re.findall(r"^- (.*?)(?=^- |^$|\Z)", text, re.M | re.S)]


def changelog(maintainer):
    """CHANGELOG.md as Debian writes it."""
    parts = RELEASE.split(read("CHANGELOG.md"))[1:]
    if not parts or parts[0] != version():
        sys.exit("deb: the newest release in CHANGELOG.md is %s, and the version of meson.build %s" % (
            parts[0] if parts else "none", version()))
    entries = []
    for number, date, text in zip(parts[::3], parts[1::3], parts[2::3]):
        when = datetime.datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=datetime.timezone.utc)
        items = "\n".join(textwrap.fill(item.replace("`", ""), 76, initial_indent="  * ", subsequent_indent="    ",
                                        break_long_words=False, break_on_hyphens=False) for item in points(text))
        entries.append("dcaas (%s) unstable; urgency=medium\n\n%s\n\n -- %s  %s\n" % (
            number, items, maintainer, when.strftime("%a, %d %b %Y %H:%M:%S %z")))
    return "\n".join(entries)


def copy_tree(target):
    listed = subprocess.run(["git", "-c", "safe.directory=" + ROOT, "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, path = os.path.join(ROOT, name), os.path.join(target, name)
        if os.path.lexists(source):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy2(source, path, follow_symlinks=False)


def maintainer():
    address = os.environ.get("DEBEMAIL")
    if address:
        return "%s <%s>" % (os.environ.get("DEBFULLNAME") or address.split("@")[0], address)
    return subprocess.run(["git", "-c", "safe.directory=" + ROOT, "log", "-1", "--format=%an <%ae>"], cwd=ROOT, stdout=subprocess.PIPE,
                          text=True, check=True).stdout.strip()


def source(folder):
    """A source package's tree in that folder, which is emptied first; its path."""
    shutil.rmtree(folder, ignore_errors=True)
    tree = os.path.join(folder, "dcaas-" + version())
    copy_tree(tree)
    who = maintainer()
    with open(os.path.join(tree, "debian", "changelog"), "w", encoding="utf-8") as file:
        file.write(changelog(who))
    with open(os.path.join(tree, "debian", "control"), "w", encoding="utf-8") as file:
        file.write(read("debian/control").replace(NOBODY, who))
    return tree


def build(folder):
    """Builds in that folder, which is emptied first; the paths of the packages."""
    tree = source(folder)
    log = os.path.join(folder, "build.log")
    with open(log, "wb") as out:
        done = subprocess.run(["dpkg-buildpackage", "-b", "-us", "-uc"], cwd=tree, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT)
    if done.returncode != 0:
        with open(log, errors="replace", encoding="utf-8") as file:
            sys.stderr.write("".join(file.readlines()[-40:]))
        sys.exit("deb: dpkg-buildpackage failed; %s has its whole output" % log)
    shutil.rmtree(tree)
    return sorted(glob.glob(os.path.join(folder, "*.deb")))


def main():
    parser = argparse.ArgumentParser(prog="make deb", description="the Debian packages of this checkout")
    parser.add_argument("--dir", default=os.path.join(ROOT, "build-deb"), help="where they are built; emptied first")
    os.umask(0o022)
    for path in build(os.path.abspath(parser.parse_args().dir)):
        print("deb: %s, %.1f MB" % (os.path.relpath(path), os.path.getsize(path) / 1e6))


if __name__ == "__main__":
    main()
