# SPDX-License-Identifier: ISC
"""Pages whose blocks are run: what a page shows is what a reader gets.

A block that begins with ```console holds commands, each behind "$ " (a line that ends with a backslash continues in the next),
and below each what it prints on a terminal of 80 columns. A block that begins with ```sh holds commands only. Both are run
in one shell from block to block, so that variables stay. A ```yaml block whose first line is "# FILE" becomes that file in
the folder of the shell. A block after a line "<!-- not run: REASON -->" is not run. Blocks of other languages are text.

What is different each time need not be the same: ids, ages (3s, 12m ago), times, and runs of blanks; <word> stands for any
word, and a line with "..." for any lines."""
import os
import pty
import re
import select
import signal
import struct
import termios
import fcntl
import time

MARK = "--page-block-ends--"
FENCE = re.compile(r"^(```+)(\w*)\s*$")
NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
PLACES = [  # how what stands in a page reads, as an expression
    (re.compile(r"<[\w-]+>"), r"\S+"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), r"[0-9a-f-]{36}"),
    (re.compile(r"\b[0-9a-f]{32}\b"), r"[0-9a-f]{32}"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{1,4})+\b"), r"[0-9a-f]{8}(?:-[0-9a-f]{1,4})*"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), r"\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), r"\\d\\d:\\d\\d:\\d\\d"),
    (re.compile(r"\b\d+(?:\.\d+)?(?:s|m|h|d| ms| s)\b"), r"[\\d.]+(?:s|m|h|d| ms| s)"),
    (re.compile(r"127\.0\.0\.1:\d+"), r"127\\.0\\.0\\.1:\\d+"),
]


class Block:
    def __init__(self, page, line, language, lines, not_run=None):
        self.page, self.line, self.language, self.lines, self.not_run = page, line, language, lines, not_run

    def __str__(self):
        return "%s:%d" % (os.path.basename(self.page), self.line)

    def steps(self):
        """(command, the lines it prints as the page shows them; None: the page does not show them)."""
        if self.language != "console":
            return [("\n".join(self.lines), None)]
        found = []
        for line in self.lines:
            if line.startswith("$ "):
                found.append(([line[2:]], []))
            elif found and not found[-1][1] and found[-1][0][-1].endswith("\\"):
                found[-1][0].append(line)
            else:
                assert found, "%s: output before the first command" % self
                found[-1][1].append(line)
        return [("\n".join(command), printed) for command, printed in found]


def blocks(path):
    """The fenced blocks of a page, in order."""
    found, fence, reason = [], None, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            match = FENCE.match(line)
            if fence is None and match:
                fence = match[1]
                found.append(Block(path, number, match[2], [], reason and reason[1]))
            elif fence is not None and line.rstrip() == fence:
                fence = None
            elif fence is not None:
                found[-1].lines.append(line)
            reason = NOT_RUN.match(line) if fence is None else None
    return found


def pattern(line):
    """An expression for a line of a page."""
    out, at = "", 0
    while at < len(line):
        hits = [(place.search(line, at), expression) for place, expression in PLACES]
        hits = [(hit.start(), -hit.end(), hit, expression) for hit, expression in hits if hit]
        first = min(hits, key=lambda hit: hit[:2]) if hits else None
        end = first[0] if first else len(line)
        out += re.sub(r"(?:\\ ){2,}", r" +", re.escape(line[at:end]))
        if first:
            out += first[3].replace("\\\\", "\\")
            end = first[2].end()
        at = end
    return out


def difference(shown, printed):
    """What is wrong with what was printed, or None."""
    expression = "".join(r"(?:[^\n]*\n)*?" if line.strip() in ("...", "…") else pattern(line.rstrip()) + r" *\n" for line in shown)
    if re.fullmatch(expression, "".join(line.rstrip() + "\n" for line in printed)):
        return None
    return "the page shows:\n%s\nand this is printed:\n%s" % ("\n".join(shown), "\n".join(printed))


BASH = ("bash", "--norc", "--noprofile", "--noediting")


class Shell:
    """A bash on a terminal of 80 columns. into: the command that runs it somewhere else."""

    def __init__(self, folder, env, columns=80, into=()):
        self.folder, self.text = str(folder), ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
            os.chdir(self.folder)
            argv = [*into, *BASH]
            os.execvpe(argv[0], argv, {**env, "PS1": "", "PS2": "", "TERM": "xterm"})
        self.run("stty -echo; PS1=; PS2=; unset COLUMNS LINES; shopt -u checkwinsize")

    def _read_until(self, what, patience):
        end = time.monotonic() + patience
        while what not in self.text:
            left = end - time.monotonic()
            assert left > 0, "no end of a command within %d s:\n%s" % (patience, self.text)
            if select.select([self.terminal], [], [], left)[0]:
                self.text += os.read(self.terminal, 65536).decode(errors="replace")

    def run(self, command, patience=60):
        """Exit status and lines of a command."""
        # In one piece, which bash reads before it runs any of it: a program may throw away what is typed meanwhile.
        os.write(self.terminal, ("{ %s\n}; printf '\\n%%s %%d\\n' '%s'.\"\" $?\n" % (command, MARK)).encode())
        self._read_until(MARK + ". ", patience)
        before, _, self.text = self.text.partition(MARK + ". ")
        self._read_until("\n", patience)
        status, _, self.text = self.text.partition("\n")
        plain = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", before.replace("\r\n", "\n"))
        lines = re.sub(r"[^\n]*\r", "", plain).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        return int(status), lines

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def write_file(shell, block):
    """A yaml block with "# FILE" in its first line; whether it is one."""
    name = re.fullmatch(r"# (\S+)", block.lines[0]) if block.language == "yaml" and block.lines else None
    if name:
        with open(os.path.join(shell.folder, name[1]), "w", encoding="utf-8") as file:
            file.write("\n".join(block.lines) + "\n")
    return bool(name)


def run_block(shell, block, patience=60, statuses=(0,)):
    """Runs a block; raises with the page's line where it does something else than the page shows. A command may fail where
    the page shows what it prints then. Returns the lines that were printed."""
    if write_file(shell, block):
        return []
    output = []
    for command, shown in block.steps():
        status, printed = shell.run(command, patience)
        wrong = difference(shown, printed) if shown is not None else None
        assert wrong is None, "%s: %s\n%s" % (block, command, wrong)
        assert status in statuses or shown, "%s: %s ended with %d:\n%s" % (block, command, status, "\n".join(printed))
        output += printed
    return output
