"""The frames of Feishu's long connection: `pbbp2.Frame`, a protocol buffer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

CONTROL, DATA = 0, 1
REQUIRED, OPTIONAL, REPEATED = FieldDescriptorProto.LABEL_REQUIRED, FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED
UINT64, INT32 = FieldDescriptorProto.TYPE_UINT64, FieldDescriptorProto.TYPE_INT32
TEXT, BYTES, MESSAGE = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.TYPE_MESSAGE

HEADER_FIELDS = (("key", REQUIRED, TEXT), ("value", REQUIRED, TEXT))
FRAME_FIELDS = (
    ("SeqID", REQUIRED, UINT64),
    ("LogID", REQUIRED, UINT64),
    ("service", REQUIRED, INT32),
    ("method", REQUIRED, INT32),
    ("headers", REPEATED, MESSAGE),
    ("payload_encoding", OPTIONAL, TEXT),
    ("payload_type", OPTIONAL, TEXT),
    ("payload", OPTIONAL, BYTES),
    ("LogIDNew", OPTIONAL, TEXT),
)
"""In the order of their numbers, from 1 on."""


def _frame_class() -> type[Any]:
    file = FileDescriptorProto(name="pbbp2.proto", package="pbbp2", syntax="proto2")
    for name, fields in (("Header", HEADER_FIELDS), ("Frame", FRAME_FIELDS)):
        message = file.message_type.add(name=name)
        for number, (field, label, kind) in enumerate(fields, start=1):
            of = ".pbbp2.Header" if kind == MESSAGE else None
            message.field.add(name=field, number=number, label=label, type=kind, type_name=of)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))


Frame = _frame_class()


def make_frame(method: int, headers: Mapping[str, str], payload: bytes, *, service: int, log_id: int = 0) -> bytes:
    frame = Frame(SeqID=0, LogID=log_id, service=service, method=method, payload=payload)
    for key, value in headers.items():
        frame.headers.add(key=key, value=value)
    made: bytes = frame.SerializeToString()
    return made


def read_frame(content: bytes) -> tuple[int, dict[str, str], bytes] | None:
    """Method, headers and payload; None for what is no frame."""
    try:
        frame = Frame.FromString(content)
    except DecodeError:
        return None
    return frame.method, {header.key: header.value for header in frame.headers}, frame.payload
