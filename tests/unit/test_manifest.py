"""A manifest that was written is read back the same, and what is not one is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from orgsync.manifest import FORMAT_VERSION, Manifest

MANIFEST = Manifest(
    snapshot_id="acme/20261101T000000.000000Z",
    tenant_id="acme",
    platform="dingtalk",
    mode="frequent",
    taken_at=datetime(2026, 11, 1, 0, 0, 0, 1, tzinfo=UTC),
    finished_at=datetime(2026, 11, 1, 0, 1, tzinfo=UTC),
    is_complete=True,
    problems=(),
    calls={"topapi/v2/user/list": {"expected": 1, "read": 1}},
    visible_range={"tops": ("1",), "departments": (), "users": ()},
    platform_counts={"users": 2**60},
    files={"users": {"sha256": "00", "bytes": 1, "answers": 1}},
)


def test_manifest_is_read_back_the_same() -> None:
    assert msgspec.json.decode(msgspec.json.encode(MANIFEST), type=Manifest) == MANIFEST
    assert MANIFEST.format_version == FORMAT_VERSION


@pytest.mark.parametrize(
    ("name", "value"),
    [("mode", "partial"), ("is_complete", "yes"), ("taken_at", "yesterday"), ("problems", None), ("files", [])],
)
def test_manifest_with_a_wrong_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(MANIFEST) | {name: value}), type=Manifest)


@pytest.mark.parametrize("name", ["snapshot_id", "is_complete", "problems", "files"])
def test_manifest_that_leaves_something_out_is_refused(name: str) -> None:
    fields = msgspec.to_builtins(MANIFEST)
    del fields[name]
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.json.decode(msgspec.json.encode(fields), type=Manifest)
