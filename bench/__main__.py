"""`make bench`: measures all parts of docs/benchmarks.md, and writes it; the parts that are named, only those.

An embedded PostgreSQL and a sandbox are started for it. `syncs`, `send` and `commands` print what they measure, and are in no file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.commands import measure_commands
from bench.page import check_page, write_page
from bench.parts import PARTS
from bench.peers.environment import CHECKOUT
from bench.results import keep
from bench.sends import AUDIENCES, measure_sends
from bench.syncs import measure_syncs
from bench.wanted import LARGE_SIZES, QUICK_SIZE, USUAL_MONTH, USUAL_SIZES, VARIANTS, Wanted
from bench.world import Size, open_world
from orgsync.platforms import PLATFORM_NAMES

PRINTED = ("syncs", "send", "commands")


def main() -> None:
    arguments = _parse_arguments()
    printed = [name for name in arguments.parts if name in PRINTED]
    for name in printed:
        _print_part(name, arguments)
    if arguments.is_quick:
        with tempfile.TemporaryDirectory(prefix="orgsync-bench-page-") as folder:
            _measure(list(PARTS), arguments, Path(folder))
            check_page(Path(folder))
        _print_small()
    elif not printed:
        chosen = [name for name in arguments.parts if name in PARTS] if arguments.parts else list(PARTS)
        _measure(chosen, arguments, CHECKOUT / "docs")


def _measure(parts: list[str], arguments: argparse.Namespace, folder: Path) -> None:
    """Each figure is kept as soon as it is there, so that a later part that fails costs no earlier one."""
    for part in parts:
        started = time.monotonic()
        for key, figures in PARTS[part](_want(arguments)):
            keep(folder / "benchmarks.json", part, key, figures)
        print(f"== {part} took {time.monotonic() - started:.0f} s", flush=True)
    write_page(folder)


def _want(arguments: argparse.Namespace) -> Wanted:
    parallel = arguments.parallel
    if arguments.is_quick:
        return Wanted(sizes=(QUICK_SIZE,), runs=1, month=QUICK_SIZE, days=2, parallel=parallel, is_quick=True)
    sizes = LARGE_SIZES if arguments.is_large else USUAL_SIZES
    month = USUAL_MONTH
    if arguments.people:
        sizes, month = (_size(arguments),), _size(arguments)
    runs = arguments.runs or (1 if arguments.is_large else 3)
    (variant,) = (each for each in VARIANTS if each.name == arguments.variant)
    return Wanted(sizes=sizes, runs=runs, month=month, days=arguments.days, parallel=parallel, is_quick=False, variant=variant)


def _print_part(name: str, arguments: argparse.Namespace) -> None:
    with open_world(_size(arguments), parallel=arguments.parallel) as world:
        if name == "send":
            measure_sends(world, arguments.audience or list(AUDIENCES), named=arguments.named, messages=arguments.messages)
        elif name == "commands":
            measure_commands(world)
        else:
            measure_syncs(world)


def _print_small() -> None:
    """What is in no file too, on the platform whose limits leave nothing to wait for."""
    with open_world(Size("wecom", 60, 6)) as world:
        measure_sends(world, ["everybody", "singles"], named=0, messages=5)
        measure_commands(world, runs=1)


def _size(arguments: argparse.Namespace) -> Size:
    people = arguments.people or 20_000
    return Size(arguments.platform, people, arguments.departments or max(1, people // 20))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join((*PARTS, 'page', *PRINTED))}; none: all of the page")
    parser.add_argument("--quick", action="store_true", dest="is_quick", help="whether all can be measured: small, into no file")
    parser.add_argument("--large", action="store_true", dest="is_large", help="load a million people, on each platform, once each")
    parser.add_argument("--runs", type=int, default=0, help="of each; 3, or 1 with --large")
    parser.add_argument("--days", type=int, default=30, help="with days: how many syncs")
    parser.add_argument("--variant", default=VARIANTS[0].name, choices=[each.name for each in VARIANTS], help="with days: of the tables")
    parser.add_argument("--platform", default="dingtalk", choices=PLATFORM_NAMES)
    parser.add_argument("--people", type=int, default=0, help="one size instead of the usual ones")
    parser.add_argument("--departments", type=int, default=0, help="a twentieth of the people if left out")
    parser.add_argument("--parallel", type=int, default=8, help="calls at a time")
    parser.add_argument("--audience", action="append", choices=AUDIENCES, help="with send: to whom; may be given more than once")
    parser.add_argument("--named", type=int, default=0, help="with send: how many people a query or a list names; 0: all")
    parser.add_argument("--messages", type=int, default=2_000, help="with send: how many single messages")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.parts) - {*PARTS, "page", *PRINTED}):
        parser.error(f"there is no part {', '.join(unknown)}")
    return arguments


if __name__ == "__main__":
    main()
