# SPDX-License-Identifier: ISC
"""agent_driver.py - an agent of dcaas-edge in a guest, driven by commands (src/edge/agent/agent_try.c)."""
import os

from lab.topology import ROOT

NOBODY = 65534
BIRDS = 1900000000  # the control sockets' group; BIRD of instance N runs as this and N
STATE = "/var/lib/dcaas-agent"


class Answer:
    """What one command gave: items, each a dict with its kind and first word, and the error's words ("" when none)."""

    def __init__(self, command):
        self.command, self.items, self.error = command, [], None

    @property
    def ok(self):
        return self.error == ""

    def one(self):
        assert len(self.items) == 1, (self.command, self.items, self.error)
        return self.items[0]

    def named(self, name):
        found = [item for item in self.items if item["name"] == name]
        return found[0] if found else None


def parse_item(line):
    words = line[2:].split(" ")
    item = {"kind": words[0], "name": "" if len(words) < 2 or "=" in words[1] else words[1], "line": line}
    item.update(word.split("=", 1) for word in words[1:] if "=" in word)
    return {key: int(value) if key not in ("name", "mark") and value.isdigit() else value for key, value in item.items()}


class Run:
    """One agent's life: its answers in order, how it ended, and its log."""

    def __init__(self, result):
        self.answers, self.end, self.log = [], None, result.err
        for line in result.out.splitlines():
            if line.startswith("> "):
                self.answers.append(Answer(line[2:]))
            elif line.startswith("+ "):
                self.answers[-1].items.append(parse_item(line))
            elif line == "ok":
                self.answers[-1].error = ""
            elif line.startswith("error "):
                assert self.answers and not line.startswith("error usage"), line
                self.answers[-1].error = line[6:]
            elif line.startswith("agent "):
                self.end = line[6:]
        assert "runtime error" not in self.log, self.log


class Agent:
    def __init__(self, guest):
        self.guest = guest
        guest.shell("mkdir -p {0} && chown {1}:{1} {0} && chmod 700 {0}".format(STATE, NOBODY))
        self.program = os.path.join(os.environ.get("DCAAS_BUILD", os.path.join(ROOT, "build")), "src", "edge", "agent",
                                    "agent_try")

    def run(self, *lines, ports="*"):
        """A new agent that is asked all that, one after the other, and then to end."""
        return Run(self.guest.run(self.program, NOBODY, NOBODY, STATE, stdin="\n".join(lines) + "\n", check=False, timeout=60,
                                  env={"AGENT_TRY_PORTS": ports}))

    def ask(self, *lines):
        """As run; the answers, all of which must be there, and the agent must have ended as asked."""
        run = self.run(*lines)
        assert run.end == "status=0" and len(run.answers) == len(lines), (run.end, lines, run.log)
        return run.answers

    def do(self, *lines):
        """As ask, of what must succeed."""
        answers = self.ask(*lines)
        wrong = [(line, answer.error) for line, answer in zip(lines, answers) if not answer.ok]
        assert not wrong, wrong
        return answers

    def one(self, line):
        return self.ask(line)[0]
