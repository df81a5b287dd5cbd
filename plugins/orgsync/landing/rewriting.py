"""Rewrites a landed snapshot without a person: whoever reads it sees it whole as it was, or whole as it is now, whenever this is cut off.

New files are written beside the old under names of their own; the manifest, replaced at once, names them from then on, with their hashes;
what no manifest names any more goes last. Run again, what was cut off is done, and what is done is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec.structs import replace

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.places import open_place, write_at_once
from orgsync.landing.substance import Substance, hash_statements
from orgsync.landing.zone import (
    MANIFEST,
    PART,
    PartWriter,
    encode_line,
    list_folder,
    name_file,
    read_answers,
    read_decision,
    read_manifest,
    read_raw_manifest,
    write_decision,
)
from orgsync.manifest import REWRITTEN_FORMAT, Manifest, Rewriting, Targets
from orgsync.platforms.platform import Answer, Erased, Person

PEOPLE = "users"
"""The part that holds people, and the name of their number among the platform's own counts."""


@dataclass(frozen=True)
class Trace:
    """What one snapshot holds of a person: records of their own, and mentions in those of others. `ids` are all that these records name."""

    records: int = 0
    mentions: int = 0
    is_present: bool = False
    ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.records or self.mentions)


Erase = Callable[[Answer, Person], Erased]
ListPeople = Callable[[Answer], Iterable[frozenset[str]]]


def find_trace(uri: str, person: Person, *, erase: Erase, list_people: ListPeople) -> Trace:
    """What a snapshot holds of a person; nothing is changed. Raises IncompleteSnapshotError where it cannot be read."""
    manifest = read_manifest(uri, is_partial_welcome=True)
    records, mentions, is_present = 0, _count_in_manifest(manifest, person), False
    ids: set[str] = set()
    for part in manifest.files:
        for answer in read_answers(uri, manifest, part):
            found = erase(answer, person)
            records, mentions = records + found.records, mentions + found.mentions
            if found.records:
                is_present = is_present or part == PEOPLE
                ids.update(*(known for known in list_people(answer) if known & person.ids))
    return Trace(records, mentions, is_present, frozenset(ids))


def rewrite_snapshot(uri: str, person: Person, *, erase: Erase, substance: Callable[[Answer], Iterable[bytes]], now: datetime) -> bool:
    """Take a person out of a snapshot's answers, its manifest and its decision; returns whether they were in there."""
    manifest = read_manifest(uri, is_partial_welcome=True)
    _remove_unnamed(uri, manifest)
    folder = open_place(uri)
    number = 1 + (manifest.rewriting.number if manifest.rewriting else 0)
    said, files = Substance(), dict(manifest.files)
    records, mentions, is_present = 0, _count_in_manifest(manifest, person), False
    for part in manifest.files:
        written = _rewrite_part(uri, manifest, part, person, number=number, erase=erase, substance=substance, said=said)
        if written.records or written.mentions:
            files[part] = written.described
            records, mentions = records + written.records, mentions + written.mentions
            is_present = is_present or (part == PEOPLE and written.records > 0)
    _clean_decision(uri, person)
    if not records and not mentions:
        return False
    rewritten = replace(
        manifest,
        format_version=REWRITTEN_FORMAT,
        problems=_clean_all(manifest.problems, person),
        visible_range={name: _without(ids, person) for name, ids in manifest.visible_range.items()},
        platform_counts=_count_without(manifest, is_present=is_present),
        asked=_ask_without(manifest.asked, person),
        files=files,
        substance=said.digest if manifest.substance else "",
        rewriting=Rewriting(
            number=number,
            rewritten_at=now,
            records=records + (manifest.rewriting.records if manifest.rewriting else 0),
            mentions=mentions + (manifest.rewriting.mentions if manifest.rewriting else 0),
            before=hashlib.sha256(read_raw_manifest(uri)).hexdigest(),
        ),
    )
    write_at_once(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(rewritten)))
    _remove_unnamed(uri, rewritten)
    return True


@dataclass(frozen=True)
class _Written:
    described: dict[str, object]
    records: int
    mentions: int


def _rewrite_part(
    uri: str,
    manifest: Manifest,
    part: str,
    person: Person,
    *,
    number: int,
    erase: Erase,
    substance: Callable[[Answer], Iterable[bytes]],
    said: Substance,
) -> _Written:
    """Written whole to a file of its own, which nothing names yet; taken away again where it says the same."""
    folder, name = open_place(uri), f"{part}.{number}{PART}"
    writer = PartWriter(folder / name)
    records = mentions = 0
    try:
        for answer in read_answers(uri, manifest, part):
            found = erase(answer, person)
            records, mentions = records + found.records, mentions + found.mentions
            if found.answer is not None:
                writer.write(encode_line(found.answer))
                said.add(hash_statements(part, substance(found.answer)))
    finally:
        writer.close()
    if not records and not mentions:
        (folder / name).unlink(missing_ok=True)
    return _Written({**writer.describe(), "name": name}, records, mentions)


def _remove_unnamed(uri: str, manifest: Manifest) -> None:
    """What a rewriting that was cut off had written, or had not taken away yet."""
    named = {name_file(manifest, part) for part in manifest.files}
    for name in list_folder(uri):
        if (name.endswith(PART) and name not in named) or name.endswith(".part"):
            (open_place(uri) / name).unlink(missing_ok=True)


def _count_without(manifest: Manifest, *, is_present: bool) -> dict[str, int]:
    """The platform counted the person too: held against the rest, they would look like somebody who was lost."""
    counts = dict(manifest.platform_counts)
    if is_present and counts.get(PEOPLE):
        counts[PEOPLE] -= 1
    return counts


def _count_in_manifest(manifest: Manifest, person: Person) -> int:
    in_range = sum(each in person.ids for ids in manifest.visible_range.values() for each in ids)
    in_range += sum(each in person.ids for each in manifest.asked.users) if manifest.asked else 0
    return in_range + sum(clean_problem(problem, person) != problem for problem in manifest.problems)


def _ask_without(asked: Targets | None, person: Person) -> Targets | None:
    """A targeted read says nothing of them any more."""
    return asked and Targets(users=_without(asked.users, person), departments=asked.departments)


def _clean_decision(uri: str, person: Person) -> None:
    """A decision keeps its time: nothing else was decided. One that cannot be read is left to whoever decides next."""
    try:
        decision = read_decision(uri)
    except IncompleteSnapshotError:
        return
    if decision and (problems := _clean_all(decision.problems, person)) != decision.problems:
        write_decision(uri, replace(decision, problems=problems))


def _clean_all(problems: Iterable[str], person: Person) -> tuple[str, ...]:
    return tuple(clean_problem(problem, person) for problem in problems)


def clean_problem(problem: str, person: Person) -> str:
    return clean_problem_of(person).clean_text(problem)


def clean_problem_of(person: Person) -> Person:
    """As a problem names them: a read that goes on without somebody's details says `user/get of userid 1 is missing`."""
    named = {f"{name} {each}" for name in ("userid", "user_id", "open_id") for each in person.ids}
    return Person(person.ids, tuple({*person.values, *named}))


def _without(ids: tuple[str, ...], person: Person) -> tuple[str, ...]:
    return tuple(each for each in ids if each not in person.ids)
