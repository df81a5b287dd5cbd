"""The frames of Feishu's long connection: protobuf (proto2, package pbbp2), of which these nine fields are all there is.

Their numbers and types are those of pbbp2.proto as lark-oapi carries it (`lark_oapi/ws/pb/pbbp2_pb2.py`); contract §16.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orgsync.platforms.hearing.events import RefusedCallError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_HEADERS = 100
LONGEST_VARINT = 10

Value = int | bytes


@dataclass(frozen=True)
class PlainFrame:
    """`method` is 0 for what keeps the connection alive, 1 for data. What else is known is carried along for the answer."""

    method: int
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes = b""
    service: int = 0
    seq_id: int = 0
    log_id: int = 0
    payload_encoding: bytes = b""
    payload_type: bytes = b""
    log_id_new: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def encode(self) -> bytes:
        """The first four are required: they are written even where they are 0."""
        numbers = enumerate((self.seq_id, self.log_id, self.service, self.method), start=1)
        written = [_write_tag(number, VARINT) + _write_varint(value) for number, value in numbers]
        written += [_write_bytes(5, _write_bytes(1, key.encode()) + _write_bytes(2, value.encode())) for key, value in self.headers]
        rest = ((6, self.payload_encoding), (7, self.payload_type), (8, self.payload), (9, self.log_id_new))
        return b"".join([*written, *(_write_bytes(number, value) for number, value in rest if value)])


def decode_frame(content: bytes) -> PlainFrame:
    """Raises RefusedCallError where it is no such frame."""
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    headers: list[tuple[str, str]] = []
    for number, value in _read_fields(content):
        if isinstance(value, int):
            numbers[number] = value
        elif number == 5:
            headers.append(_read_header(value))
        else:
            texts[number] = value
    if not {1, 2, 3, 4} <= numbers.keys() or len(headers) > MOST_HEADERS:
        raise RefusedCallError("malformed")
    return PlainFrame(
        method=numbers[4],
        headers=tuple(headers),
        payload=texts.get(8, b""),
        service=numbers[3],
        seq_id=numbers[1],
        log_id=numbers[2],
        payload_encoding=texts.get(6, b""),
        payload_type=texts.get(7, b""),
        log_id_new=texts.get(9, b""),
    )


def _read_header(content: bytes) -> tuple[str, str]:
    found = {number: value for number, value in _read_fields(content) if isinstance(value, bytes)}
    try:
        return found[1].decode(), found[2].decode()
    except (KeyError, UnicodeDecodeError):
        raise RefusedCallError("malformed") from None


def _read_fields(content: bytes) -> Iterator[tuple[int, Value]]:
    at = 0
    while at < len(content):
        tag, at = _read_varint(content, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _read_varint(content, at)
            yield number, value
            continue
        if kind == BYTES:
            length, at = _read_varint(content, at)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise RefusedCallError("malformed")
        if at + length > len(content):
            raise RefusedCallError("malformed")
        if kind == BYTES:
            yield number, content[at : at + length]
        at += length


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(content[at : at + LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + place + 1
    raise RefusedCallError("malformed")


def _write_varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _write_tag(number: int, kind: int) -> bytes:
    return _write_varint(number << 3 | kind)


def _write_bytes(number: int, value: bytes) -> bytes:
    return _write_tag(number, BYTES) + _write_varint(len(value)) + value
