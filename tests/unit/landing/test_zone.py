"""The landing zone gives back the bytes it was given, and a folder without a manifest is no snapshot."""

from __future__ import annotations

import json
import stat
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.places import open_place
from orgsync.landing.zone import (
    MANIFEST,
    LandedSnapshot,
    Outline,
    SnapshotWriter,
    list_snapshots,
    make_snapshot_id,
    read_answers,
    read_manifest,
    read_newest_answers,
    read_outline,
    remove_snapshot,
    remove_unfinished,
    snapshot_uri,
)
from orgsync.manifest import REWRITTEN_FORMAT, Manifest, Mode, Targets
from orgsync.platforms.platform import Answer, CallCount, Reading

TAKEN_AT = datetime(2026, 11, 1, 2, 3, 4, 567890, tzinfo=UTC)
SNAPSHOT_ID = make_snapshot_id("acme", TAKEN_AT)


def answer(body: bytes, **params: Any) -> Answer:
    return Answer("topapi/v2/user/list", params, body)


def finish(writer: SnapshotWriter, *, problems: tuple[str, ...] = (), mode: Mode = "full") -> Manifest:
    reading = Reading(
        mode=mode,
        asked=Targets(users=("a",)) if mode == "targeted" else None,
        calls={"topapi/v2/user/list": CallCount(expected=2, read=2, retried=1)},
        tops=("1",),
        visible_departments=("1",),
        platform_counts={"users": 3},
        problems=problems,
    )
    return writer.finish(
        reading, snapshot_id=SNAPSHOT_ID, platform="dingtalk", taken_at=TAKEN_AT, finished_at=TAKEN_AT + timedelta(seconds=9)
    )


def land(zone: Path, *answers: Answer, problems: tuple[str, ...] = (), mode: Mode = "full") -> str:
    uri = snapshot_uri(f"file://{zone}", SNAPSHOT_ID)
    with SnapshotWriter(uri) as writer:
        for one in answers:
            writer.record("users", one)
        finish(writer, problems=problems, mode=mode)
    return uri


def read_bodies(uri: str, part: str = "users") -> list[bytes]:
    return [landed.body for landed in read_answers(uri, read_manifest(uri), part)]


def folder_of(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"errcode":0,"result":{"list":[]}}', id="plain"),
        pytest.param(b'{\r\n  "errcode": 0,\n\t"list": [\n  ]\n}\n', id="pretty-printed"),
        pytest.param('{"name":"張三 👩‍👩‍👧‍👦 \u2028"}'.encode(), id="not ASCII"),
        pytest.param(rb'{"name":"a\nb\u0000"}', id="escapes"),
        pytest.param(rb'{"name":"\ud83d"}', id="half an emoji"),
        pytest.param(b'{"order":176318668975061512345678901234567890,"weight":1.10}', id="numbers beyond a float"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b'{"a":1,"a":2}', id="key twice"),
        pytest.param(b'{"name":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"name":"a\x08b\x1b[0m\tc\x00"}', id="raw control characters"),
        pytest.param(b'{"name":"a\nb"}', id="raw line break"),
        pytest.param(rb'{"name":"a\xb\u12"}', id="escapes that are none"),
        pytest.param(b'{"order":[NaN,-Infinity,1e400]}', id="no numbers"),
        pytest.param(b'{"order":' + b"9" * 5000 + b"}", id="number too long to print"),
        pytest.param(b'{"name":' + b"[" * 5000 + b"]" * 5000 + b"}", id="nested deep"),
        pytest.param(b"null", id="null"),
        pytest.param(b"<html>", id="no JSON"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_answer_comes_back_byte_for_byte(tmp_path: Path, body: bytes) -> None:
    uri = land(tmp_path, answer(body, dept_id=1, cursor=0), answer(b'{"next":true}'))
    landed = list(read_answers(uri, read_manifest(uri), "users"))
    assert landed == [answer(body, dept_id=1, cursor=0), answer(b'{"next":true}')]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.builds(
    lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8"),
    JSON_VALUES,
    st.booleans(),
    st.sampled_from([None, 0, 2]),
)


@settings(max_examples=50, deadline=None)
@given(answers=st.lists(st.tuples(st.sampled_from(["departments", "users"]), BODIES), max_size=20))
def test_answers_of_several_threads_all_come_back(answers: list[tuple[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as zone:
        uri = snapshot_uri(f"file://{zone}", SNAPSHOT_ID)
        with SnapshotWriter(uri) as writer:
            with ThreadPoolExecutor(4) as threads:
                list(threads.map(lambda numbered: writer.record(numbered[1][0], answer(numbered[1][1], n=numbered[0])), enumerate(answers)))
            manifest = finish(writer)
        landed = {
            landed.params["n"]: (part, landed.body) for part in ("departments", "users") for landed in read_answers(uri, manifest, part)
        }
        assert landed == dict(enumerate(answers))
        assert sum(file["answers"] for file in manifest.files.values()) == len(answers)


def test_answers_of_one_part_keep_their_order(tmp_path: Path) -> None:
    bodies = [f'{{"n":{n}}}'.encode() for n in range(100)]
    assert read_bodies(land(tmp_path, *map(answer, bodies))) == bodies


def test_part_that_nothing_landed_in_is_empty(tmp_path: Path) -> None:
    assert read_bodies(land(tmp_path), "departments") == []


def test_manifest_says_what_was_read(tmp_path: Path) -> None:
    manifest = read_manifest(land(tmp_path, answer(b"{}"), answer(b"[]")))
    assert manifest.snapshot_id == SNAPSHOT_ID
    assert (manifest.tenant_id, manifest.platform, manifest.mode, manifest.taken_at) == ("acme", "dingtalk", "full", TAKEN_AT)
    assert manifest.calls["topapi/v2/user/list"] == {"expected": 2, "read": 2, "failed": 0, "retried": 1, "throttled": 0}
    assert manifest.visible_range == {"tops": ("1",), "departments": ("1",), "users": ()}
    assert manifest.platform_counts == {"users": 3}
    assert manifest.files["users"]["answers"] == 2


def test_manifest_of_a_targeted_read_says_whom_it_is_about(tmp_path: Path) -> None:
    assert read_manifest(land(tmp_path / "some", mode="targeted")).asked == Targets(users=("a",))
    assert read_manifest(land(tmp_path / "all")).asked is None


def test_manifest_has_its_name_only_once_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer killed in between would leave half a manifest, which nothing removes."""
    seen: list[list[str]] = []
    rename = Path.replace

    def look(written: Path, name: str) -> Path:
        seen.append(sorted(path.name for path in written.parent.iterdir()))
        return rename(written, name)

    monkeypatch.setattr(Path, "replace", look)
    folder = folder_of(land(tmp_path, answer(b"{}")))
    assert seen == [[f"{MANIFEST}.part", "users.jsonl.gz"]]
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "users.jsonl.gz"]


def test_manifest_is_written_last(tmp_path: Path) -> None:
    uri = snapshot_uri(f"file://{tmp_path}", SNAPSHOT_ID)
    with SnapshotWriter(uri) as writer:
        writer.record("users", answer(b"{}"))
        assert not (folder_of(uri) / MANIFEST).exists()
        with pytest.raises(IncompleteSnapshotError, match="no manifest"):
            read_manifest(uri)
        manifest = finish(writer)
        assert (folder_of(uri) / "users.jsonl.gz").stat().st_size == manifest.files["users"]["bytes"]
    assert read_manifest(uri) == manifest


def break_off(writer: SnapshotWriter) -> None:
    writer.record("users", answer(b"{}"))
    raise ConnectionError


def test_failed_read_leaves_nothing(tmp_path: Path) -> None:
    uri = snapshot_uri(f"file://{tmp_path}", SNAPSHOT_ID)
    with pytest.raises(ConnectionError), SnapshotWriter(uri) as writer:
        break_off(writer)
    assert not folder_of(uri).exists()


def test_failed_read_leaves_nothing_even_if_a_file_cannot_be_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = snapshot_uri(f"file://{tmp_path}", SNAPSHOT_ID)

    def disk_full() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), SnapshotWriter(uri) as writer:
        monkeypatch.setattr(writer, "_close_parts", disk_full)
    assert not folder_of(uri).exists()


def test_read_without_an_end_leaves_nothing(tmp_path: Path) -> None:
    uri = snapshot_uri(f"file://{tmp_path}", SNAPSHOT_ID)
    with SnapshotWriter(uri) as writer:
        writer.record("users", answer(b"{}"))
    assert not folder_of(uri).exists()


def test_snapshot_is_never_written_over(tmp_path: Path) -> None:
    uri = land(tmp_path, answer(b'{"n":1}'))
    with pytest.raises(FileExistsError), SnapshotWriter(uri) as writer:
        writer.record("users", answer(b'{"n":2}'))
    assert read_bodies(uri) == [b'{"n":1}']


@pytest.mark.parametrize("scheme", ["file://", ""], ids=["URL", "path"])
def test_snapshot_is_readable_by_its_owner_alone(tmp_path: Path, scheme: str) -> None:
    uri = snapshot_uri(f"{scheme}{tmp_path}/", SNAPSHOT_ID)
    with SnapshotWriter(uri) as writer:
        writer.record("users", answer(b"{}"))
        finish(writer)
    folder = folder_of(uri)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {"users.jsonl.gz": 0o600, MANIFEST: 0o600}


def test_same_answers_make_the_same_files(tmp_path: Path) -> None:
    first = read_manifest(land(tmp_path / "a", answer(b"{}")))
    assert read_manifest(land(tmp_path / "b", answer(b"{}"))).files == first.files


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


@pytest.mark.parametrize("damage", [flip_a_byte, cut, empty, append, Path.unlink], ids=["changed", "cut", "emptied", "grown", "removed"])
def test_damaged_file_is_not_read(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    uri = land(tmp_path, answer(b'{"n":1}'), answer(b'{"n":2}'))
    damage(folder_of(uri) / "users.jsonl.gz")
    with pytest.raises(IncompleteSnapshotError, match=r"users\.jsonl\.gz"):
        read_bodies(uri)


@pytest.mark.parametrize("damage", [cut, empty], ids=["cut", "emptied"])
def test_damaged_manifest_is_not_read(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    uri = land(tmp_path)
    damage(folder_of(uri) / MANIFEST)
    with pytest.raises(IncompleteSnapshotError, match="run the sync again"):
        read_manifest(uri)


def test_missing_snapshot_says_where_it_was_looked_for(tmp_path: Path) -> None:
    uri = snapshot_uri(f"file://{tmp_path}", SNAPSHOT_ID)
    with pytest.raises(IncompleteSnapshotError) as caught:
        read_manifest(uri)
    assert str(caught.value).startswith(f"there is no snapshot at {uri}: it has no manifest.json. ")
    assert str(caught.value).endswith("; run the sync again")


def test_incomplete_snapshot_is_refused_with_its_problems(tmp_path: Path) -> None:
    uri = land(tmp_path, problems=("department 7 could not be read", "page 3 is missing"))
    with pytest.raises(IncompleteSnapshotError) as caught:
        read_manifest(uri)
    assert str(caught.value) == f"the snapshot {SNAPSHOT_ID} is not complete: department 7 could not be read; page 3 is missing"


def test_snapshot_of_a_later_version_is_refused(tmp_path: Path) -> None:
    uri = land(tmp_path)
    path = folder_of(uri) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": REWRITTEN_FORMAT + 1}))
    with pytest.raises(IncompleteSnapshotError, match=f"has format {REWRITTEN_FORMAT + 1}"):
        read_manifest(uri)


def test_only_folders_without_a_manifest_are_removed(tmp_path: Path) -> None:
    finished = folder_of(land(tmp_path, answer(b"{}")))
    killed = finished.parent / "20261031T000000.000000Z"
    killed.mkdir()
    (killed / "users.jsonl.gz").write_bytes(b"half")
    note = finished.parent / "README"
    note.write_text("not a snapshot")
    other = tmp_path / "other" / killed.name
    other.mkdir(parents=True)

    assert remove_unfinished(f"file://{tmp_path}", "acme", confirm=lambda: None) == [killed.name]
    assert not killed.exists()
    assert finished.exists()
    assert note.exists()
    assert other.exists()
    assert remove_unfinished(f"file://{tmp_path}/", "acme", confirm=lambda: None) == []


def list_landed(zone: Path) -> list[LandedSnapshot]:
    return list_snapshots(f"file://{zone}", "acme")


def test_snapshots_are_listed_without_opening_them(tmp_path: Path) -> None:
    uri = land(tmp_path, answer(b"{}"))
    size = (folder_of(uri) / "users.jsonl.gz").stat().st_size
    assert list_landed(tmp_path) == [LandedSnapshot(SNAPSHOT_ID, uri, TAKEN_AT, size)]
    assert list_snapshots(f"file://{tmp_path}", "beta") == []


@pytest.mark.parametrize(("problems", "is_complete"), [((), True), (("page 3 is missing",), False)])
def test_outline_says_whether_a_snapshot_is_complete(tmp_path: Path, problems: tuple[str, ...], is_complete: bool) -> None:
    assert read_outline(land(tmp_path, problems=problems)) == Outline(is_complete, "full")


@pytest.mark.parametrize("damage", [cut, empty], ids=["cut", "emptied"])
def test_snapshot_with_a_damaged_manifest_is_listed_and_no_complete_one(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    uri = land(tmp_path)
    damage(folder_of(uri) / MANIFEST)
    assert [snapshot.uri for snapshot in list_landed(tmp_path)] == [uri]
    assert not read_outline(uri).is_complete


def test_outline_of_a_later_version_is_what_it_says(tmp_path: Path) -> None:
    uri = land(tmp_path)
    path = folder_of(uri) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": REWRITTEN_FORMAT + 1, "mode": "partial", "novelty": 1}))
    assert read_outline(uri) == Outline(is_complete=True, mode="partial")


def test_zone_that_cannot_be_listed_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "acme").write_text("not a folder")
    with pytest.raises(NotADirectoryError):
        list_landed(tmp_path)


def test_what_is_no_snapshot_is_not_listed(tmp_path: Path) -> None:
    tenant = folder_of(land(tmp_path)).parent
    (tenant / "20261031T000000.000000Z").mkdir()
    (tenant / "copies").mkdir()
    (tenant / "copies" / MANIFEST).write_text("{}")
    (tenant / "README").write_text("not a snapshot")
    assert [snapshot.snapshot_id for snapshot in list_landed(tmp_path)] == [SNAPSHOT_ID]


def test_snapshot_is_removed_with_its_folder(tmp_path: Path) -> None:
    uri = land(tmp_path, answer(b"{}"))
    remove_snapshot(uri)
    assert not folder_of(uri).exists()
    assert folder_of(uri).parent.exists()
    remove_snapshot(uri)


def test_removal_that_is_cut_off_leaves_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = land(tmp_path, answer(b"{}"))

    def stop(path: UPath, recursive: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(open_place(uri)), "rmdir", stop)
    with pytest.raises(KeyboardInterrupt):
        remove_snapshot(uri)
    monkeypatch.undo()
    assert (folder_of(uri) / "users.jsonl.gz").exists()
    assert list_landed(tmp_path) == []
    assert remove_unfinished(f"file://{tmp_path}", "acme", confirm=lambda: None) == [folder_of(uri).name]


def test_tenant_that_never_was_read_has_nothing_unfinished(tmp_path: Path) -> None:
    assert remove_unfinished(f"file://{tmp_path}", "acme", confirm=lambda: None) == []


INSTANTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants it naive and adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-5))]),
)


@given(INSTANTS, INSTANTS)
def test_snapshot_ids_sort_in_time_order(earlier: datetime, later: datetime) -> None:
    assert (make_snapshot_id("acme", earlier) < make_snapshot_id("acme", later)) == (earlier < later)


def test_snapshot_id_is_in_utc_whatever_the_zone_of_the_clock() -> None:
    assert make_snapshot_id("acme", TAKEN_AT.astimezone(timezone(timedelta(hours=8)))) == "acme/20261101T020304.567890Z"


def test_newest_answers_are_those_of_the_first_snapshot_that_is_there_undamaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone, damaged, good, older = (land(tmp_path / name, answer(name.encode())) for name in ("gone", "damaged", "good", "older"))
    (folder_of(gone) / MANIFEST).unlink()
    cut(folder_of(damaged) / "users.jsonl.gz")
    assert [each.body for each in read_newest_answers([gone, damaged, good, older], "users")] == [b"good"]
    assert len(caplog.records) == 2
    assert list(read_newest_answers([], "users")) == []


def test_newest_answers_are_those_of_targeted_reads_and_of_the_last_whole_one_before(tmp_path: Path) -> None:
    later, damaged = (land(tmp_path / name, answer(name.encode()), mode="targeted") for name in ("later", "damaged"))
    cut(folder_of(damaged) / "users.jsonl.gz")
    whole, older = (land(tmp_path / name, answer(name.encode())) for name in ("whole", "older"))
    before = land(tmp_path / "before", answer(b"before"), mode="targeted")
    assert [each.body for each in read_newest_answers([later, damaged, whole, before, older], "users")] == [b"later", b"whole"]


def test_line_without_end_is_not_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = land(tmp_path, answer(b"{}"), answer(b'{"a": "' + b"x" * 1000 + b'"}'))
    manifest = read_manifest(uri)
    monkeypatch.setattr("orgsync.landing.zone.MOST_LINE_BYTES", 500)
    answers = read_answers(uri, manifest, "users")
    assert next(answers).body == b"{}"
    with pytest.raises(IncompleteSnapshotError, match="line of more than 500 bytes"):
        next(answers)
    monkeypatch.setattr("orgsync.landing.zone.MOST_ANSWER_BYTES", 10)
    with pytest.raises(IncompleteSnapshotError, match="more than 10 bytes"):
        read_manifest(uri)
