"""The frames of Feishu's long connection: `pbbp2.Frame`, a protocol buffer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

CONTROL, DATA = 0, 1
HEADER_FIELDS = (("key", "REQUIRED", "STRING"), ("value", "REQUIRED", "STRING"))
FRAME_FIELDS = (
    ("SeqID", "REQUIRED", "UINT64"),
    ("LogID", "REQUIRED", "UINT64"),
    ("service", "REQUIRED", "INT32"),
    ("method", "REQUIRED", "INT32"),
    ("headers", "REPEATED", "MESSAGE"),
    ("payload_encoding", "OPTIONAL", "STRING"),
    ("payload_type", "OPTIONAL", "STRING"),
    ("payload", "OPTIONAL", "BYTES"),
    ("LogIDNew", "OPTIONAL", "STRING"),
)
"""In the order of their numbers, from 1 on."""


@cache
def frame_class() -> Any:
    # Imported when first used: it takes a third of a second, and most sandboxes see no frame.
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name="pbbp2.proto", package="pbbp2", syntax="proto2")
    for name, fields in (("Header", HEADER_FIELDS), ("Frame", FRAME_FIELDS)):
        message = file.message_type.add(name=name)
        for number, (field, label, kind) in enumerate(fields, start=1):
            label_number, kind_number = getattr(FieldDescriptorProto, f"LABEL_{label}"), getattr(FieldDescriptorProto, f"TYPE_{kind}")
            of = ".pbbp2.Header" if kind == "MESSAGE" else None
            message.field.add(name=field, number=number, label=label_number, type=kind_number, type_name=of)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))


def make_frame(method: int, headers: Mapping[str, str], payload: bytes, *, service: int, log_id: int = 0) -> bytes:
    frame = frame_class()(SeqID=0, LogID=log_id, service=service, method=method, payload=payload)
    for key, value in headers.items():
        frame.headers.add(key=key, value=value)
    made: bytes = frame.SerializeToString()
    return made


def read_frame(content: bytes) -> tuple[int, dict[str, str], bytes] | None:
    """Method, headers and payload; None for what is no frame."""
    from google.protobuf.message import DecodeError

    try:
        frame = frame_class().FromString(content)
    except DecodeError:
        return None
    return frame.method, {header.key: header.value for header in frame.headers}, frame.payload
