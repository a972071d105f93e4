# SPDX-License-Identifier: ISC
"""embed.py - writes a JSON file, without blanks, as a C array. usage: embed.py INPUT OUTPUT"""
import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.dumps(json.load(file), separators=(",", ":"), ensure_ascii=False).encode()
    rows = [",".join(str(byte) for byte in data[at:at + 40]) for at in range(0, len(data), 40)]
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "cli/embedded.h"\n\nconst unsigned char embedded_openapi[] = {\n')
        out.write(",\n".join(rows))
        out.write("\n};\nconst size_t embedded_openapi_size = sizeof(embedded_openapi);\n")


if __name__ == "__main__":
    main()
