#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""run.py - the fuzz targets with libFuzzer, each for some seconds over its corpus: run.py [SECONDS] [TARGET ...]

New inputs stay in build-fuzz/corpus; what crashed is written to build-fuzz/crash-* and belongs, made small, into the corpus
with the fix."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build-fuzz")


def main(arguments):
    seconds = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 60
    corpus = os.path.join(ROOT, "test", "fuzz", "corpus")
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, "-Dfuzz=true", "-Dtests=disabled", "-Db_sanitize=address,undefined",
                        "-Db_lundef=false"], check=True, cwd=ROOT, env=dict(os.environ, CC="clang"))
    failed = []
    for name in arguments or sorted(os.listdir(corpus)):
        program = os.path.join(BUILD, "test", "fuzz", "fuzz_" + name)
        subprocess.run(["ninja", "-C", BUILD, os.path.relpath(program, BUILD)], check=True, stdout=subprocess.DEVNULL)
        found = os.path.join(BUILD, "corpus", name)
        os.makedirs(found, exist_ok=True)
        print("fuzz %s: %d s" % (name, seconds), flush=True)
        done = subprocess.run([program, "-max_total_time=%d" % seconds, "-timeout=10", "-print_final_stats=1",
                               "-artifact_prefix=%s/" % BUILD, found, os.path.join(corpus, name)],
                              stderr=subprocess.PIPE, text=True, errors="replace")
        lines = done.stderr.splitlines()
        print("\n".join("  " + line for line in (lines[-8:] if done.returncode == 0 else lines[-60:])), flush=True)
        if done.returncode != 0:
            failed.append(name)
    print("%d passed, %d failed" % (len(arguments or os.listdir(corpus)) - len(failed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
