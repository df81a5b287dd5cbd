"""`make bench`: whole syncs; messages to large audiences (--send); single commands (--commands).

An embedded PostgreSQL and a sandbox are started for it.
"""

from __future__ import annotations

import argparse

from bench.commands import measure_commands
from bench.sends import AUDIENCES, measure_sends
from bench.syncs import measure_syncs
from bench.world import open_world, print_machine
from orgsync.platforms import PLATFORM_NAMES


def main() -> None:
    arguments = _parse_arguments()
    with open_world(arguments) as world:
        print_machine(world, arguments)
        if arguments.send:
            measure_sends(world, arguments.audience or list(AUDIENCES), named=arguments.named, messages=arguments.messages)
        elif arguments.commands:
            measure_commands(world)
        else:
            measure_syncs(world)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--platform", default="dingtalk", choices=PLATFORM_NAMES)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--departments", type=int, default=1_000)
    parser.add_argument("--parallel", type=int, default=8, help="calls at a time")
    parser.add_argument("--commands", action="store_true", help="measure what single commands cost")
    parser.add_argument("--send", action="store_true", help="measure messages, at the platform's limits")
    parser.add_argument("--audience", action="append", choices=AUDIENCES, help="with --send: to whom; may be given more than once")
    parser.add_argument("--named", type=int, default=0, help="with --send: how many people a query or a list names; 0: all")
    parser.add_argument("--messages", type=int, default=2_000, help="with --send: how many single messages")
    return parser.parse_args()


if __name__ == "__main__":
    main()
