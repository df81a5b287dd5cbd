"""People as their platform documents them, straight from JSON to columns; whoever is odd in any way goes the general way, record by record.

Both ways give the same rows: a value is converted by the same code, and of the type that is documented there is nothing to convert. Odd
is a record that is damaged or has a field of another type, a person who is told of with two contents, an id that JSON has to escape.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, Raw, UnsetType

from orgsync.frames import USERS
from orgsync.platforms.platform import Answer, Answers
from orgsync.platforms.reading.columns import Fields, Part, Rows, Table, join_parts
from orgsync.platforms.reading.records import Gathered, Record, records_of
from orgsync.platforms.speaking.decoding import decode_json

Text = str | None | UnsetType
Flag = bool | None | UnsetType
Whole = int | None | UnsetType

CHUNK_ROWS = 5_000
ESCAPED = r'["\\\x00-\x1f]'
"""What JSON escapes: in the order of records, which is that of their JSON, it stands where its escape belongs."""

_encode = msgspec.json.Encoder().encode


def make_splitter(*path: str) -> Callable[[bytes], list[Raw]]:
    """Gives the entries of the list that stands at that path of an answer; raises ValueError where there is none."""
    kind: Any = list[Raw]
    for name in reversed(path):
        kind = msgspec.defstruct("Holder", [("held", kind, msgspec.field(name=name))])
    decode = msgspec.json.Decoder(kind).decode

    def split(body: bytes) -> list[Raw]:
        found: Any = decode(body)
        for _ in path:
            found = found.held
        return list(found)

    return split


class PersonKind:
    """A struct for a record's fields, each with the type that it is documented to have; one that is not there is UNSET.

    `key` names the field that tells who it is. What is `apart` is about one place, and not about the person.
    """

    def __init__(self, fields: Mapping[str, Any], *, key: str, apart: Collection[str] = ()) -> None:
        self._attributes = {name: f"field_{place}" for place, name in enumerate(fields)}
        columns = [(self._attributes[name], kind, msgspec.field(name=name, default=UNSET)) for name, kind in fields.items() if name != key]
        own = (self._attributes[key], str, msgspec.field(name=key))
        self.decode = msgspec.json.Decoder(msgspec.defstruct("Person", [own, *columns], gc=False)).decode
        self.key = key
        self.apart = tuple(apart)

    @property
    def names(self) -> Set[str]:
        return self._attributes.keys()

    def values_of(self, people: Sequence[Any], name: str) -> list[Any]:
        return list(map(attrgetter(self._attributes[name]), people))

    def take_apart(self, people: Sequence[Any]) -> dict[str, list[Any]]:
        """What is about one place, which the people are without from then on."""
        taken = {name: self.values_of(people, name) for name in self.apart}
        for name in self.apart:
            attribute = self._attributes[name]
            for person in people:
                setattr(person, attribute, UNSET)
        return taken

    def fields_of(self, people: Sequence[Any]) -> Fields:
        values = {name: self.values_of(people, name) for name in self._attributes if name not in self.apart}
        return Fields(values, len(people), self.values_of(people, self.key))


@dataclass(frozen=True)
class Batch:
    """Typed people of one answer. `is_new` says of whom nothing was heard before."""

    kind: PersonKind
    people: Sequence[Any]
    keys: Sequence[str]
    is_new: Sequence[bool]
    apart: Mapping[str, Sequence[Any]]
    answer: Answer

    def values_of(self, name: str) -> list[Any]:
        return self.kind.values_of(self.people, name)


class Places:
    """Who is where, in lists of equal length: the person's key, the department, and the raw fields of the place."""

    def __init__(self, fields: Collection[str]) -> None:
        self.keys: list[str] = []
        self.departments: list[str] = []
        self.fields: dict[str, list[Any]] = {name: [] for name in fields}

    def add(self, key: str, department_id: str, **fields: Any) -> None:
        self.keys.append(key)
        self.departments.append(department_id)
        for name, column in self.fields.items():
            column.append(fields.get(name, UNSET))

    def add_all(self, keys: Sequence[str], departments: Sequence[str], **fields: Sequence[Any]) -> None:
        self.keys += keys
        self.departments += departments
        for name, column in self.fields.items():
            column += fields[name]


@dataclass
class General:
    """Records that go the general way. `told` names the fields that they have."""

    users: Gathered
    places: Gathered
    told: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """How a platform's people are read in both ways.

    `user_key`, `place_key` and `place_department` are names in the records of people and of places. `kind_of` gives what an answer's
    records are documented to be, None where all are read in the general way: `add` takes a record there, `key_of` says whose it is.
    `split` gives an answer's records apart and not decoded, `list_records` decoded; both raise ValueError where it is damaged.
    `note_places` notes where a batch of typed people is. `prepare` is what is done to their fields before there are columns, as `add`
    does it to a record's.
    """

    user_key: str
    place_key: str
    place_department: str
    place_fields: tuple[str, ...]
    kind_of: Callable[[Answer], PersonKind | None]
    split: Callable[[Answer], list[Raw]]
    list_records: Callable[[Answer], Iterable[Record]]
    key_of: Callable[[Record, Answer], object]
    add: Callable[[General, Record, Answer], None]
    note_places: Callable[[Places, Batch], None]
    prepare: Callable[[Fields], Fields]


class Gathering:
    """The people of a snapshot and where they are, each row once, in the order of their keys whatever the order in which they came.

    `told` names the fields that anybody's record has. `has_untyped` says that some answers were none of documented lists. `build_users`
    gives columns of either way's rows.
    """

    def __init__(self, answers: Answers, form: Form, build_users: Callable[[Rows], Part]) -> None:
        self.told: dict[str, None] = {}
        self.has_untyped = False
        self._form = form
        self._build_users = build_users
        self._signatures: dict[str, int] = {}
        self._contested: set[str] = set()
        self._new: list[Any] = []
        self._kind: PersonKind | None = None
        self._parts: list[Part] = []
        self._keys: list[pa.Array] = []
        self._places = Places(form.place_fields)
        self._general = General(Gathered(form.user_key), Gathered(form.place_key))
        for answer in answers("users"):
            self._read(answer)
        self._flush()
        self._settle(answers)

    def users(self, hidden: Collection[str] = ()) -> Table:
        """`hidden` are columns of which nothing is known."""
        records = self._general.users.in_order()
        parts = [*self._parts, self._build_users(records)]
        keys = [_end(key) for key in self._keys]
        order = _sort([*keys, _json_keys(records, self._form.user_key)], [self._is_kept(key) for key in self._keys])
        self._parts = []
        return join_parts(USERS, parts, order, without=hidden)

    def places(self, within: Collection[str] | None = None) -> tuple[Fields, list[Record], np.ndarray[Any, Any]]:
        """Those of typed people and of the others, and the order of both together; only those `within` these departments."""
        name = self._form.place_department
        records = [record for record in self._general.places.in_order() if within is None or record.get(name) in within]
        keys, departments = self._place_keys()
        is_kept = self._is_kept(keys)
        if within is not None:
            is_kept &= np.asarray(pc.is_in(departments, value_set=pa.array(list(within), pa.large_string())))
        values = {self._form.place_key: self._places.keys, name: self._places.departments, **self._places.fields}
        kept = {name: list(compress(column, is_kept)) for name, column in values.items()}
        ends = _end(keys, departments).filter(pa.array(is_kept))
        order = _sort([ends, _json_keys(records, self._form.place_key)], [np.ones(len(ends), dtype=bool)])
        return Fields(kept, len(ends)), records, order

    def _read(self, answer: Answer) -> None:
        kind = self._form.kind_of(answer)
        self.has_untyped |= kind is None
        try:
            raws = self._form.split(answer) if kind else []
        except (ValueError, RecursionError):
            kind = None
        if kind is None:
            for record in self._form.list_records(answer):
                self._add_generally(record, answer)
            return
        for start in range(0, len(raws), CHUNK_ROWS):
            self._add(kind, list(self._decode(kind, raws[start : start + CHUNK_ROWS], answer)), answer)

    def _decode(self, kind: PersonKind, raws: Sequence[Raw], answer: Answer) -> Iterator[Any]:
        for raw in raws:
            try:
                yield kind.decode(raw)
            except (ValueError, RecursionError):
                [record] = records_of([decode_json(bytes(raw))])
                self._add_generally(record, answer)

    def _add_generally(self, record: Record, answer: Answer) -> None:
        self._contested.add(str(self._form.key_of(record, answer)))
        self._form.add(self._general, record, answer)

    def _add(self, kind: PersonKind, people: Sequence[Any], answer: Answer) -> None:
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        keys = kind.values_of(people, kind.key)
        apart = kind.take_apart(people)
        is_new = [self._is_new(key, person) for key, person in zip(keys, people, strict=True)]
        self._form.note_places(self._places, Batch(kind, people, keys, is_new, apart, answer))
        self._new += compress(people, is_new)
        if len(self._new) >= CHUNK_ROWS:
            self._flush()

    def _is_new(self, key: str, person: Any) -> bool:
        signature = hash(_encode(person))
        known = self._signatures.get(key)
        if known is None:
            self._signatures[key] = signature
        elif known != signature:
            self._contested.add(key)
        return known is None

    def _flush(self) -> None:
        if not self._new or self._kind is None:
            return
        fields = self._form.prepare(self._kind.fields_of(self._new))
        self.told |= dict.fromkeys(sorted(self._kind.names & fields.told))
        self._parts.append(self._build_users(fields))
        self._keys.append(pa.array(self._kind.values_of(self._new, self._kind.key), pa.large_string()))
        self._new = []

    def _settle(self, answers: Answers) -> None:
        """Whoever is odd goes the general way with all that was said of them, and is left out of what is typed."""
        for keys in self._keys:
            self._contested.update(keys.filter(pc.match_substring_regex(keys, ESCAPED)).to_pylist())
        self._contested.update(self._find_odd_places())
        again = self._contested & self._signatures.keys()
        self._signatures = {}
        for answer in answers("users") if again else ():
            for record in self._form.list_records(answer):
                if str(self._form.key_of(record, answer)) in again:
                    self._form.add(self._general, record, answer)
        self.told |= self._general.told

    def _find_odd_places(self) -> Iterator[str]:
        """Whose place in a department was told of twice, or whose department has an id that JSON escapes."""
        keys, departments = self._place_keys()
        yield from keys.filter(pc.match_substring_regex(departments, ESCAPED)).to_pylist()
        ends = _end(keys, departments)
        order = pc.sort_indices(ends)
        ends = ends.take(order)
        if len(ends) > 1:
            yield from keys.take(order)[1:].filter(pc.equal(ends[1:], ends[:-1])).to_pylist()

    def _place_keys(self) -> tuple[pa.Array, pa.Array]:
        return pa.array(self._places.keys, pa.large_string()), pa.array(self._places.departments, pa.large_string())

    def _is_kept(self, keys: pa.Array) -> np.ndarray[Any, Any]:
        return ~np.asarray(pc.is_in(keys, value_set=pa.array(sorted(self._contested), pa.large_string())))


def _end(*keys: pa.Array) -> pa.Array:
    """Keys as they stand in a record's JSON, without what all begin with: the quote that ends one is before most that may follow."""
    return pc.binary_join_element_wise(*keys, *(pa.scalar(text, pa.large_string()) for text in ("", '"')))


def _json_keys(records: Sequence[Record], name: str) -> pa.Array:
    return pa.array([_encode(str(record.get(name)))[1:].decode() for record in records], pa.large_string())


def _sort(keys: list[pa.Array], is_kept: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """The places of all keys but those that are not kept, in order; rows of the same key stay as they are. The last keys are all kept."""
    order = np.asarray(pc.sort_indices(pa.chunked_array(keys, pa.large_string())))
    kept = np.concatenate([*is_kept, np.ones(len(keys[-1]), dtype=bool)])
    places: np.ndarray[Any, Any] = order[kept[order]]
    return places
