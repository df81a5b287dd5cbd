"""Loading side by side: the same people by orgsync (all three tables), by dlt (people alone), by COPY (people alone, the first time).

The platform's read is not part of it: orgsync loads from the landing zone, the others from files of the rows that orgsync loaded.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.contestants import Contestant, Copy, Dlt, Orgsync
from bench.peers.environment import find_peers
from bench.results import Figures, compare_pairs, gather
from bench.wanted import Wanted
from bench.world import World, open_world, without_limits

FIRST, NOTHING, SOME = "first", "nothing", "some"
SCENARIOS = (FIRST, NOTHING, SOME)
RATE = 0.01
"""Of the people and the departments, how many change in between in the last of them."""

MOST_COMPARED = 100_000
"""With more people dlt is not waited for."""


def measure(wanted: Wanted) -> Iterator[tuple[str, Figures]]:
    python = find_peers()
    for size in wanted.sizes:
        with open_world(size, parallel=wanted.parallel) as world, without_limits(world):
            # The people of a size are the same on each platform, for those who know none.
            is_compared = size.platform == "dingtalk" and size.people <= MOST_COMPARED
            yield str(size), _measure_size(world, python if is_compared else None, runs=wanted.runs)


def _measure_size(world: World, python: Path | None, *, runs: int) -> Figures:
    ours = Orgsync(world, runs=runs)
    copy, dlt = Copy(world, ours, runs=runs), Dlt(world, ours, python, runs=runs) if python else None
    reads: Figures = {}
    rounds = [_measure_round(number, ours, copy, dlt, reads) for number in range(runs)]
    scenarios = {scenario: _compare([each[scenario] for each in rounds]) for scenario in SCENARIOS}
    loads = {scenario: statistics.median(scenarios[scenario]["orgsync"]["seconds"]) for scenario in SCENARIOS}
    return {
        "platform": world.size.platform,
        "people": world.size.people,
        "departments": world.size.departments,
        "runs": runs,
        "dlt_version": dlt.version if dlt else "",
        "reads": reads,
        "scenarios": scenarios,
        # A sync as a whole: the read, and what comes after it.
        "sync_seconds": {scenario: round(reads[scenario]["seconds"] + loads[scenario], 3) for scenario in SCENARIOS},
        "unchanged_sync/read": round(1 + loads[NOTHING] / reads[NOTHING]["seconds"], 3),
        "peak_mib": max(each["peak_mib"] for each in (*reads.values(), *(found["orgsync"] for each in rounds for found in each.values()))),
    }


def _measure_round(number: int, ours: Orgsync, copy: Copy, dlt: Dlt | None, reads: Figures) -> dict[str, dict[str, Figures]]:
    measured = {}
    for scenario in SCENARIOS:
        if number == 0:
            if scenario == SOME:
                ours.world.control("POST", "evolve", {"rate": RATE})
            reads[scenario] = ours.read(scenario)
        turns: list[Contestant] = [ours, *([copy] if scenario == FIRST else []), *([dlt] if dlt else [])]
        if number % 2:
            turns.reverse()
        found = {}
        for contestant in turns:
            contestant.stand_before(scenario)
            found[contestant.name] = contestant.load(scenario)
            _tell(ours.world, scenario, contestant.name, found[contestant.name])
        _check(scenario, found)
        measured[scenario] = found
    return measured


def _compare(rounds: list[dict[str, Figures]]) -> Figures:
    each = gather(rounds)
    seconds = {name: each[name]["seconds"] for name in each}
    ratios = {}
    if "dlt" in each:
        ratios["dlt/orgsync"] = compare_pairs(seconds["dlt"], seconds["orgsync"])
    if "copy" in each:
        ratios["orgsync/copy"] = compare_pairs(seconds["orgsync"], seconds["copy"])
    return each | {"ratios": ratios}


def _check(scenario: str, found: dict[str, Figures]) -> None:
    """That they did the same, and what the scenario says; a figure of anything else would mean nothing."""
    people = {name: figures["people"] for name, figures in found.items()}
    rows = found["orgsync"]["history_rows"]
    if len(set(people.values())) != 1 or 0 in people.values():
        raise SystemExit(f"{scenario}: they do not agree on how many people there are: {people}")
    if (rows == 0) != (scenario == NOTHING) or (scenario == SOME and rows >= people["orgsync"]):
        raise SystemExit(f"{scenario}: orgsync wrote {rows} rows of history, with {people['orgsync']} people")


def _tell(world: World, scenario: str, name: str, figures: Figures) -> None:
    print(
        f"{world.size}, {scenario}, {name}: {figures['seconds']:.2f} s; process {figures['process_seconds']:.2f} s, CPU "
        f"{figures['cpu_seconds']:.2f} s, PostgreSQL's {figures['server_cpu_seconds']:.2f} s, peak {figures['peak_mib']:.0f} MiB",
        flush=True,
    )
