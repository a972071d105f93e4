# SPDX-License-Identifier: ISC
"""check_hardening.py BUILD - whether the programs of a build have what the compiler and linker give against overwritten memory:
position-independent, all symbols bound at the start and read-only afterwards, no executable stack, counted copies, shadow stack
and branch targets, no stack that jumps over its guard. Prints what is missing; exit code 1 then."""
import os
import platform
import re
import subprocess
import sys

PROGRAMS = ("src/dcaasd/dcaasd", "src/edge/dcaas-edge", "src/cli/dcaas")


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True, check=True,
                          env=dict(os.environ, LC_ALL="C")).stdout


def producers(path):
    """The compiler's options, for each of our files. gcc writes that down, clang only its own name."""
    found = re.findall(r"DW_AT_producer.*?: (.*)", readelf(path, "--debug-dump=info", "--dwarf-depth=1"))
    assert found, path + " has no debugging information"
    return {text for text in found if "GNU C1" in text}


def missing(path):
    header, dynamic, segments = readelf(path, "-h"), readelf(path, "-d"), readelf(path, "-l")
    symbols = readelf(path, "--dyn-syms")
    wanted = {
        "position-independent (PIE)": "DYN" in header and re.search(r"FLAGS_1\).*\bPIE\b", dynamic),
        "bound at the start (BIND_NOW)": re.search(r"FLAGS_1\).*\bNOW\b", dynamic),
        "read-only relocations (RELRO)": "GNU_RELRO" in segments,
        "no executable stack": re.search(r"GNU_STACK .* RW ", segments),
        "counted copies (_FORTIFY_SOURCE)": re.search(r" __\w+_chk", symbols),
        "stack protector": "__stack_chk_fail" in symbols,
    }
    told = producers(path)
    if told:
        wanted["stack clash protection"] = all("-fstack-clash-protection" in text for text in told)
    # Of our own code: the note of the whole program also depends on the distribution's crt1.o.
    if told and platform.machine() == "x86_64":
        wanted["shadow stack and branch targets (CET)"] = all("-fcf-protection=full" in text for text in told)
    return [what for what, there in wanted.items() if not there]


def main(build):
    wrong = 0
    for program in PROGRAMS:
        for what in missing(os.path.join(build, program)):
            wrong += 1
            print("%s lacks: %s" % (program, what))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
