"""Takes a person out of a raw answer: their own records, and what others' records say of them; all else stays as it came."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec

from orgsync.platforms.platform import Answer, Erased, Person
from orgsync.platforms.speaking.decoding import decode_json

_SEPARATED = re.compile(r"[,|;]")


@dataclass(frozen=True)
class Traces:
    """Where a platform's answers name people.

    `own` are the fields by which a record, or an entry of a list, is somebody's: with the person it goes as a whole. `mentions` hold the id
    of somebody else, or several. `holders` hold objects about somebody, whose id stands in one of the fields that each is mapped to.
    `within` is the field of a body that holds what the platform says. `folds_case` says that an id is the same in any case.
    """

    own: Collection[str]
    mentions: Collection[str]
    holders: Mapping[str, Collection[str]]
    within: str = ""
    folds_case: bool = False

    def erase(self, answer: Answer, person: Person) -> Erased:
        """The answer without the person; None in its place if it was about nobody else. The very same where it says nothing of them."""
        eraser = _Eraser(self, person, self._fold(person.ids))
        if any(eraser.is_own_name(name) and eraser.is_person(value) for name, value in answer.params.items()):
            return Erased(None, records=1)
        params = eraser.clean(dict(answer.params))
        if not eraser.may_be_in(answer.body):
            return Erased(replace(answer, params=params) if params != answer.params else answer, mentions=eraser.mentions)
        content = decode_json(answer.body)
        inner = content.get(self.within) if self.within and isinstance(content, dict) else None
        if eraser.is_theirs(content) or eraser.is_theirs(inner):
            return Erased(None, records=1)
        cleaned = eraser.clean(content)
        if not eraser.records and not eraser.mentions:
            return Erased(answer)
        body = answer.body if cleaned == content else msgspec.json.encode(cleaned)
        return Erased(Answer(answer.interface, params, body), records=eraser.records, mentions=eraser.mentions)

    def list_people(self, answer: Answer) -> Iterator[frozenset[str]]:
        """The ids of each person who has a record of their own in an answer."""
        params = frozenset(str(value) for name, value in answer.params.items() if name in self.own and isinstance(value, str))
        if params:
            yield params
        yield from self._list_in(decode_json(answer.body))

    def list_ids(self, record: object) -> frozenset[str]:
        found = record.items() if isinstance(record, dict) else ()
        return frozenset(str(value) for name, value in found if name in self.own and isinstance(value, str | int) and str(value))

    def _list_in(self, node: object) -> Iterator[frozenset[str]]:
        if ids := self.list_ids(node):
            yield ids
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from self._list_in(child)

    def _fold(self, ids: Collection[str]) -> frozenset[str]:
        return frozenset(each.casefold() if self.folds_case else each for each in ids)


class _Eraser:
    """One answer on its way; counts what was taken out."""

    def __init__(self, traces: Traces, person: Person, ids: frozenset[str]) -> None:
        self._traces = traces
        self._person = person
        self._ids = ids
        self.records = 0
        self.mentions = 0

    def may_be_in(self, body: bytes) -> bool:
        """Whether it is worth looking: what is escaped may be anything."""
        return b"\\" in body or any(needle in body for needle in self._needles) or (self._traces.folds_case and self._has_folded(body))

    def is_person(self, value: object) -> bool:
        if not isinstance(value, str | int) or isinstance(value, bool):
            return False
        text = str(value)
        return (text.casefold() if self._traces.folds_case else text) in self._ids

    def is_own_name(self, name: str) -> bool:
        return name in self._traces.own

    def is_theirs(self, node: object) -> bool:
        return isinstance(node, dict) and any(name in node and self.is_person(node[name]) for name in self._traces.own)

    def clean(self, node: Any, name: str = "") -> Any:
        if isinstance(node, dict):
            return self._clean_object(node)
        if isinstance(node, list):
            return self._clean_list(node, name)
        if name in self._traces.mentions and isinstance(node, str | int):
            return self._clean_mention(node)
        return self._clean_text(node) if isinstance(node, str) else node

    def _clean_object(self, node: dict[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, value in node.items():
            if self.is_theirs(value) or self._is_about(value, name):
                self.mentions += 1
                cleaned[name] = {}
            elif self._clean_text(name, is_counted=False) == name:  # else an object with a field for each person
                cleaned[name] = self.clean(value, name)
            else:
                self.mentions += 1
        return cleaned

    def _clean_list(self, node: list[Any], name: str) -> list[Any]:
        kept = []
        for each in node:
            if self.is_theirs(each):
                self.records += 1
            elif self._is_about(each, name) or (name in self._traces.mentions and self.is_person(each)):
                self.mentions += 1
            else:
                kept.append(self.clean(each, "" if isinstance(each, str) and name in self._traces.mentions else name))
        return kept

    def _is_about(self, node: object, name: str) -> bool:
        fields = self._traces.holders.get(name, ())
        return isinstance(node, dict) and any(field in node and self.is_person(node[field]) for field in fields)

    def _clean_mention(self, value: str | int) -> str | int:
        """Empty, as the platform writes nobody; of several with something between them the others stay."""
        if self.is_person(value):
            self.mentions += 1
            return ""
        if isinstance(value, str) and (separator := _SEPARATED.search(value)):
            ids = _SEPARATED.split(value)
            kept = [each for each in ids if not self.is_person(each.strip())]
            self.mentions += len(ids) - len(kept)
            return separator[0].join(kept) if len(kept) < len(ids) else value
        return self._clean_text(value) if isinstance(value, str) else value

    def _clean_text(self, text: str, *, is_counted: bool = True) -> str:
        cleaned = self._person.clean_text(text)
        self.mentions += is_counted and cleaned != text
        return cleaned

    @cached_property
    def _needles(self) -> tuple[bytes, ...]:
        return tuple(each.encode() for each in (*self._person.ids, *self._person.values))

    def _has_folded(self, body: bytes) -> bool:
        text = body.decode("utf-8", "replace").casefold()
        return any(each in text for each in self._ids)
