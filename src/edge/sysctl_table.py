# SPDX-License-Identifier: ISC
"""sysctl_table.py - writes the kernel settings of a sysctl.d file as a C table. usage: sysctl_table.py INPUT OUTPUT"""
import re
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = re.findall(r"^(?!#)-?([\w./-]+)\s*=\s*(\d+)$", file.read(), re.M)
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "edge/check_priv.h"\n\nconst struct check_sysctl check_sysctls[] = {\n')
        out.writelines('    {"%s", %s},\n' % row for row in rows)
        out.write("    {NULL, 0},\n};\n")


if __name__ == "__main__":
    main()
