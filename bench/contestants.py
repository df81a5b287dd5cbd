"""Who loads people in the benchmark, each in a process of its own and into a database of its own: orgsync, dlt, a bare COPY."""

from __future__ import annotations

import json
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from bench.databases import create_database, restore_database, save_database
from bench.peers.environment import CHECKOUT
from bench.processes import run_measured
from bench.results import Figures
from bench.world import WAREHOUSE, World
from orgsync.frames import USERS

DLT_TYPES = {"boolean": "bool", "date": "date"}
"""By the warehouse's type; everything else is text there."""


@dataclass(frozen=True)
class People:
    """What the others are given: the people of one snapshot, in the columns that orgsync wrote."""

    csv: Path
    json_lines: Path
    types: Mapping[str, str]


class Contestant(ABC):
    """`stand_before` and `load` are called in the order of scenarios first, and later again for any of them."""

    name: str

    def __init__(self, world: World, *, runs: int) -> None:
        self.world = world
        self._is_run_again = runs > 1
        self._saved: set[str] = set()

    @abstractmethod
    def load(self, scenario: str) -> Figures:
        """`seconds` is the loading alone, without the start of the process and its imports; `people` who are there afterwards."""

    def stand_before(self, scenario: str) -> None:
        """As it was when this scenario came for the first time."""
        if not self._is_run_again:
            return
        copy = f"{self.name}_{scenario}"
        if copy in self._saved:
            restore_database(self.world.server, self.database, copy=copy)
        else:
            save_database(self.world.server, self.database, copy=copy)
            self._saved.add(copy)

    @property
    def database(self) -> str:
        return self.name


class Orgsync(Contestant):
    """All three tables: tidy, expect, stage, plan, merge."""

    name = "orgsync"

    def __init__(self, world: World, *, runs: int) -> None:
        super().__init__(world, runs=runs)
        self._snapshots: dict[str, str] = {}
        self._people: dict[str, People] = {}

    @property
    def database(self) -> str:
        return WAREHOUSE

    def read(self, scenario: str) -> Figures:
        """Read the platform into the landing zone, on the history of now."""
        cost = run_measured(self._command("extract"), self.world.unpaced, server=self.world.server, cwd=CHECKOUT)
        self._snapshots[scenario] = cost.told["snapshot_id"]
        return {"seconds": round(cost.told["seconds"], 3)} | cost.figures()

    def load(self, scenario: str) -> Figures:
        command = self._command("load", self._snapshots[scenario])
        cost = run_measured(command, self.world.unpaced, server=self.world.server, cwd=CHECKOUT)
        told = cost.told
        ((people,),) = self.world.query("select count(*) from org.user_version where valid_to is null")
        found = {"seconds": round(told["seconds"], 3), "people": people, "history_rows": told["history_rows"], "steps": told["steps"]}
        return found | cost.figures()

    def people_after(self, scenario: str) -> People:
        """Written down when first asked for: after the scenario's load."""
        if scenario not in self._people:
            self._people[scenario] = _write_people(self.world, self.world.folder / scenario.replace(" ", "-"))
        return self._people[scenario]

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "bench.loading", *words]


class Dlt(Contestant):
    """dlt's merge `scd2` of the people alone, with the working folder that it keeps between runs."""

    name = "dlt"
    version = ""

    def __init__(self, world: World, ours: Orgsync, python: Path, *, runs: int) -> None:
        super().__init__(world, runs=runs)
        self.ours, self.python, self.folder = ours, python, world.folder / "dlt"
        self.folder.mkdir()
        create_database(world.server, self.database)

    def stand_before(self, scenario: str) -> None:
        copy = self.folder.with_name(f"dlt-{scenario}")
        if copy.exists():
            shutil.rmtree(self.folder)
            shutil.copytree(copy, self.folder)
        else:
            shutil.copytree(self.folder, copy)
        super().stand_before(scenario)

    def load(self, scenario: str) -> Figures:
        people = self.ours.people_after(scenario)
        types = {name: DLT_TYPES.get(kind, "text") for name, kind in people.types.items()}
        environment = self.world.unpaced | {
            "DESTINATION__POSTGRES__CREDENTIALS": self.world.server.dsn(self.database),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DLT_DATA_DIR": str(self.world.folder / "dlt-data"),
            "BENCH_COLUMNS": json.dumps(types),
        }
        command = [self.python, CHECKOUT / "bench" / "peers" / "dlt_merge.py", people.json_lines, self.folder]
        cost = run_measured(command, environment, server=self.world.server, cwd=self.world.folder)
        told = cost.told
        self.version = told["dlt"]
        return {"seconds": round(told["seconds"], 3), "people": told["rows"], "history_rows": told["versions"]} | cost.figures()


class Copy(Contestant):
    """The least that it can take: COPY of the people alone into an empty table with a primary key."""

    name = "copy"

    def __init__(self, world: World, ours: Orgsync, *, runs: int) -> None:
        super().__init__(world, runs=runs)
        self.ours = ours
        create_database(world.server, self.database)

    def load(self, scenario: str) -> Figures:
        people = self.ours.people_after(scenario)
        environment = self.world.unpaced | {
            "BENCH_DSN": self.world.server.dsn(self.database),
            "BENCH_COLUMNS": json.dumps(people.types),
        }
        command = [sys.executable, "-m", "bench.copying", people.csv]
        cost = run_measured(command, environment, server=self.world.server, cwd=CHECKOUT)
        return {"seconds": round(cost.told["seconds"], 3), "people": cost.told["rows"]} | cost.figures()


def _write_people(world: World, stem: Path) -> People:
    found = world.query(
        "select column_name, data_type from information_schema.columns where table_schema = 'org' and table_name = 'user_version'"
    )
    kinds = dict(found)
    types = {name: "text" if kinds[name] == "jsonb" else kinds[name] for name in USERS.columns}
    columns = ", ".join(f"{name}::{kind}" for name, kind in types.items())
    rows = f"select {columns} from org.user_version where valid_to is null order by user_id"  # noqa: S608
    people = People(stem.with_suffix(".csv"), stem.with_suffix(".jsonl"), types)
    connection = psycopg2.connect(world.dsn)
    try:
        with connection.cursor() as cursor, people.csv.open("wb") as file:
            cursor.copy_expert(f"copy ({rows}) to stdout (format csv)", file)
        with connection.cursor("people") as cursor, people.json_lines.open("w", encoding="utf-8") as file:
            cursor.itersize = 10_000
            cursor.execute(f"select row_to_json(person)::text from ({rows}) as person")  # noqa: S608
            file.writelines(f"{line}\n" for (line,) in cursor)
    finally:
        connection.close()
    return people
