"""What an answer says, apart from what differs with every call: the same records give the same bytes, however they were paged."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import msgspec

from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.decoding import decode_json

Fields = dict[str, msgspec.Raw]

_PARAMS = frozenset({"cursor", "size", "page_size", "page_token", "limit", "block", "read_at"})
"""Where a page begins, how long it is, and when an answer that is landed again was read: nothing about the organization."""
_SEPARATOR = b"\0"


@dataclass(frozen=True)
class Shape:
    """How a platform wraps what it says: `within` names the field of the body that holds it, `lists` its lists of records.

    `passing` are fields of both that are of the call and not of the organization. Whatever else there is counts as it came.
    """

    passing: Collection[str]
    lists: Collection[str]
    within: str = ""

    def list_statements(self, answer: Answer) -> Iterator[bytes]:
        """One for each record, with what was asked, and one for each other field; an answer that is no object is one as a whole."""
        params = {name: value for name, value in answer.params.items() if name not in _PARAMS}
        head = answer.interface.encode() + _SEPARATOR + msgspec.json.encode(params, order="sorted") + _SEPARATOR
        try:
            fields = self._unwrap(_read_fields(answer.body))
        except ValueError:  # of the decoder too
            yield head + answer.body
            return
        for name, value in fields.items():
            start = head + name.encode() + _SEPARATOR
            records = _split(value) if name in self.lists else [value]
            yield from (start + record for record in records)

    def _unwrap(self, fields: Fields) -> Fields:
        inner = fields.pop(self.within, None)
        if inner is not None:
            fields |= _FIELDS.decode(inner) if bytes(memoryview(inner)[:1]) == b"{" else {self.within: inner}
        return {name: value for name, value in fields.items() if name not in self.passing}


_FIELDS = msgspec.json.Decoder(Fields)
_RECORDS = msgspec.json.Decoder(list[msgspec.Raw])


def _read_fields(body: bytes) -> Fields:
    """What was damaged is compared as it is read. Raises ValueError for what is no object."""
    try:
        return _FIELDS.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _FIELDS.decode(msgspec.json.encode(decode_json(body)))


def _split(value: msgspec.Raw) -> list[msgspec.Raw]:
    return _RECORDS.decode(value) if bytes(memoryview(value)[:1]) == b"[" else [value]
