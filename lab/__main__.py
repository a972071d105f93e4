# SPDX-License-Identifier: ISC
"""The lab's command line: `python3 lab up|down|status|exec|bird`."""
import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab.guest import GuestError  # noqa: E402
from lab.topology import INSTALLED, Lab, LabError, down, state_folder  # noqa: E402

DEFAULT = state_folder("lab")
SELF = "dcaas-lab" if INSTALLED else "python3 lab"


def cmd_up(options):
    lab = Lab.up(options.dir, kind=options.kind, attached=not options.detach)
    print("lab: look around with `%s exec edge -- ip -br link`, `%s exec customers -- ...`" % (SELF, SELF))
    if options.detach:
        return 0
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        lab.down()
        print("lab: gone")


def cmd_down(options):
    print("lab: gone" if down(options.dir) else "lab: there is none in %s" % options.dir)
    return 0


def cmd_status(options):
    lab = Lab(options.dir)
    print("lab: %s, first process %d, folder %s" % (lab.kind, lab.state["pid"], lab.run))
    for guest in lab.guests.values():
        print("  %-10s up for %.0f s" % (guest.name, guest.uptime()))
    return 0


def cmd_exec(options):
    guest = Lab(options.dir).guests[options.guest]
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    result = guest.run(*words, ns=options.ns, timeout=options.timeout, check=False)
    sys.stdout.write(result.out)
    sys.stderr.write(result.err)
    return result.rc


def cmd_bird(options):
    print(Lab(options.dir).guests[options.guest].bird(options.socket, " ".join(options.line)))
    return 0


def parser():
    top = argparse.ArgumentParser(prog="lab", description="a virtual lab: an edge router and customers' routers")
    top.add_argument("--dir", default=DEFAULT, help="folder of the lab (default: " + DEFAULT + "); labs in different folders do "
                     "not see each other")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start it, and stay until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return at once; `down` ends it")
    up.add_argument("--kind", choices=("uml", "netns"), help="default: what the kernel can do")
    up.set_defaults(call=cmd_up)
    commands.add_parser("down", help="end it").set_defaults(call=cmd_down)
    commands.add_parser("status", help="print what runs").set_defaults(call=cmd_status)
    # What follows the guest's name is the command, options included.
    run = commands.add_parser("exec", help="run a command in a guest", usage="lab exec [--ns NS] [--timeout S] GUEST -- COMMAND...")
    run.add_argument("--ns", help="network namespace of the guest")
    run.add_argument("--timeout", type=float, default=60)
    run.add_argument("guest", choices=("edge", "customers"))
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(call=cmd_exec)
    bird = commands.add_parser("bird", help="ask a BIRD in a guest")
    bird.add_argument("guest", choices=("edge", "customers"))
    bird.add_argument("socket")
    bird.add_argument("line", nargs="+")
    bird.set_defaults(call=cmd_bird)
    return top


def main():
    options = parser().parse_args()
    try:
        return options.call(options)
    except (LabError, GuestError) as error:
        print("lab: %s" % error, file=sys.stderr)
        return 1


sys.exit(main())
