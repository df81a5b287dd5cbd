"""The landing zone: raw answers as received, one folder per snapshot, and a manifest written last.

`{zone}/{tenant}/{taken_at}/{part}.jsonl.gz` holds one JSON object per answer: `interface`, `params`, and `answer` as it came,
or `base64` of an answer that is not one line of strict JSON (pretty-printed, half an emoji in a name).
Without its `manifest.json` a folder is no snapshot. What is decided about one later stands in its `decision.json`. Files and folders are
the owner's alone.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Any

import msgspec

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.places import Place, keep_private, list_files, open_place, write_at_once
from orgsync.landing.substance import Substance, hash_statements
from orgsync.manifest import REWRITTEN_FORMAT, Decision, Manifest
from orgsync.platforms.platform import Answer, Reading, as_one_statement
from orgsync.platforms.speaking.bounds import MOST_ANSWER_BYTES, MOST_LINE_BYTES

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
DECISION = "decision.json"
PART = ".jsonl.gz"
COMPRESSION_LEVEL = 1  # answers shrink tenfold at the lowest level already, and compressing must not slow the read
TAKEN_AT_FORMAT = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class LandedSnapshot:
    """A folder of the landing zone that has a manifest, complete or not. `size` is that of the answers, in bytes."""

    snapshot_id: str
    uri: str
    taken_at: datetime
    size: int


class Outline(msgspec.Struct, frozen=True):
    """What a manifest of any format version says: a snapshot must not go because a newer orgsync wrote it."""

    is_complete: bool = False
    mode: str = ""


class _Line(msgspec.Struct, frozen=True):
    interface: str
    params: dict[str, Any]
    answer: msgspec.Raw = msgspec.Raw()
    base64: bytes | None = None

    @property
    def body(self) -> bytes:
        return bytes(self.answer) if self.base64 is None else self.base64


def make_snapshot_id(tenant_id: str, taken_at: datetime) -> str:
    return f"{tenant_id}/{taken_at.astimezone(UTC).strftime(TAKEN_AT_FORMAT)}"


def snapshot_uri(zone: str, snapshot_id: str) -> str:
    return f"{zone.rstrip('/')}/{snapshot_id}"


class SnapshotWriter:
    """Lands the answers of one read. Leaving the block without `finish` removes what was written.

    `substance` gives what an answer says, as `Platform.substance` does.
    """

    def __init__(self, uri: str, substance: Callable[[Answer], Iterable[bytes]] = as_one_statement) -> None:
        self.uri = uri
        self._list_statements = substance
        self._substance = Substance()
        self._folder = open_place(uri)
        self._parts: dict[str, PartWriter] = {}
        self._lock = threading.Lock()
        self._is_finished = False

    def __enter__(self) -> SnapshotWriter:
        self._folder.mkdir(parents=True)  # refuses a folder that is there: leaving unfinished would remove another read's answers
        keep_private(self._folder.parent)  # who is a tenant, and when it was read, is nobody else's business either
        keep_private(self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._close_parts()
        finally:
            if not self._is_finished:
                remove_folder(self._folder)

    def record(self, part: str, answer: Answer) -> None:
        line = encode_line(answer)
        said = hash_statements(part, self._list_statements(answer))
        with self._lock:
            self._substance.add(said)
            if part not in self._parts:
                self._parts[part] = PartWriter(self._folder / f"{part}{PART}")
            self._parts[part].write(line)

    def finish(self, reading: Reading, *, snapshot_id: str, platform: str, taken_at: datetime, finished_at: datetime) -> Manifest:
        """Close the parts, then write the manifest: from here on the folder is a snapshot."""
        self._close_parts()
        manifest = Manifest(
            snapshot_id=snapshot_id,
            tenant_id=snapshot_id.partition("/")[0],
            platform=platform,
            company=reading.company,
            mode=reading.mode,
            method=reading.method,
            taken_at=taken_at,
            finished_at=finished_at,
            is_complete=not reading.problems,
            sees_whole=reading.sees_whole,
            problems=tuple(reading.problems),
            calls={interface: msgspec.to_builtins(count) for interface, count in reading.calls.items()},
            visible_range={
                "tops": tuple(reading.tops),
                "departments": tuple(reading.visible_departments),
                "users": tuple(reading.visible_users),
            },
            platform_counts=dict(reading.platform_counts),
            files={part: writer.describe() for part, writer in self._parts.items()},
            substance=self._substance.digest,
            asked=reading.asked,
        )
        write_at_once(self._folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        self._is_finished = True
        return manifest

    def _close_parts(self) -> None:
        for writer in self._parts.values():
            writer.close()


def read_manifest(uri: str, *, is_partial_welcome: bool = False) -> Manifest:
    """Raises IncompleteSnapshotError where there is none, or where it says the read was not complete, unless that is welcome."""
    path = open_place(uri) / MANIFEST
    if not path.exists():
        raise IncompleteSnapshotError(
            f"there is no snapshot at {uri}: it has no {MANIFEST}. It was removed as the tenant's retention says, or never finished, or "
            "(of a folder) lies on another machine; run the sync again"
        )
    try:
        manifest = msgspec.json.decode(_read_whole(path), type=Manifest)
    except msgspec.DecodeError as err:
        raise IncompleteSnapshotError(f"{path} is no manifest ({err}): it was changed, or cut while written; run the sync again") from err
    if manifest.format_version > REWRITTEN_FORMAT:
        raise IncompleteSnapshotError(
            f"the snapshot {manifest.snapshot_id} has format {manifest.format_version}, "
            f"this version reads up to {REWRITTEN_FORMAT}; upgrade"
        )
    if not manifest.is_complete and not is_partial_welcome:
        raise IncompleteSnapshotError(f"the snapshot {manifest.snapshot_id} is not complete: {'; '.join(manifest.problems)}")
    return manifest


def read_raw_manifest(uri: str) -> bytes:
    """Its very bytes, of which the next one keeps the hash."""
    return _read_whole(open_place(uri) / MANIFEST)


def name_file(manifest: Manifest, part: str) -> str:
    """The file that holds a part: once it was rewritten, another than at first."""
    return str(manifest.files[part].get("name") or f"{part}{PART}")


def list_folder(uri: str) -> list[str]:
    """The names of a snapshot's files."""
    folder = open_place(uri)
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def write_decision(uri: str, decision: Decision) -> None:
    """Replaces what stood there. The caller sees to it that it was decided later."""
    write_at_once(open_place(uri) / DECISION, msgspec.json.format(msgspec.json.encode(decision)))


def read_decision(uri: str) -> Decision | None:
    """What was decided about a snapshot, None where nothing was; raises IncompleteSnapshotError where it cannot be read."""
    path = open_place(uri) / DECISION
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(_read_whole(path), type=Decision)
    except msgspec.DecodeError as err:
        raise IncompleteSnapshotError(f"{path} cannot be read ({err}), so that nobody knows what was decided about the snapshot") from err


def read_answers(uri: str, manifest: Manifest, part: str) -> Iterator[Answer]:
    """The answers of one part in the order they landed; raises when the file is not the one the manifest was written for."""
    with _open_part(uri, manifest, part) as lines:
        yield from _decode_lines(lines)


def read_newest_answers(uris: Iterable[str], part: str) -> Iterator[Answer]:
    """The answers of a part of the newest whole read that is there undamaged, after those of the targeted reads since; newest first.

    `uris` are the snapshots, the newest first. Nothing where there is none.
    """
    for uri in uris:
        try:
            manifest = read_manifest(uri, is_partial_welcome=True)
            with _open_part(uri, manifest, part) as lines:
                yield from _decode_lines(lines)
        except IncompleteSnapshotError as error:
            log.warning("not read: %s", error)
        else:
            if manifest.mode != "targeted":
                return


def list_snapshots(zone: str, tenant_id: str) -> list[LandedSnapshot]:
    """The tenant's snapshots, oldest first; no manifest is opened."""
    found = []
    for name, files in _list_folders(zone, tenant_id).items():
        taken_at = _read_taken_at(name)
        if taken_at and MANIFEST in files:
            snapshot_id = f"{tenant_id}/{name}"
            size = sum(size for file, size in files.items() if file.endswith(PART))
            found.append(LandedSnapshot(snapshot_id, snapshot_uri(zone, snapshot_id), taken_at, size))
    return found


def read_outline(uri: str) -> Outline:
    """A manifest that cannot be read tells of no complete snapshot."""
    try:
        return msgspec.json.decode(_read_whole(open_place(uri) / MANIFEST), type=Outline)
    except msgspec.DecodeError:
        return Outline()


def _read_taken_at(name: str) -> datetime | None:
    """None for a folder that is not named as snapshots are: it is not ours."""
    try:
        return datetime.strptime(name, TAKEN_AT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def remove_snapshot(uri: str) -> None:
    """Remove the manifest first: what is left if this is cut off is no snapshot, and `remove_unfinished` takes it away."""
    folder = open_place(uri)
    (folder / MANIFEST).unlink(missing_ok=True)
    remove_folder(folder)


def list_unfinished(zone: str, tenant_id: str) -> list[str]:
    """The names of the folders without a manifest: a read is under way, or one was killed."""
    return [name for name, files in _list_folders(zone, tenant_id).items() if MANIFEST not in files]


def remove_unfinished(zone: str, tenant_id: str, *, confirm: Callable[[], None]) -> list[str]:
    """Remove the folders that a killed read left without a manifest. Only for the one holder of the tenant's claim.

    `confirm` raises if the caller is not the holder any more. It is asked when the list is made: what a later holder writes is not on it.
    """
    dead = list_unfinished(zone, tenant_id)
    if dead:
        confirm()
    for name in dead:
        remove_folder(open_place(snapshot_uri(zone, f"{tenant_id}/{name}")))
    return dead


def remove_folder(folder: Place) -> None:
    """Also one that is gone already: whoever took over the tenant removes what is unfinished."""
    with suppress(FileNotFoundError, NotADirectoryError):
        folder.rmdir(recursive=True)


def _list_folders(zone: str, tenant_id: str) -> dict[str, dict[str, int]]:
    """A tenant's folders, oldest first, for they are named after the time they were taken at: of each its files with their bytes."""
    return list_files(open_place(f"{zone.rstrip('/')}/{tenant_id}"))


def has_manifest(uri: str) -> bool:
    return bool((open_place(uri) / MANIFEST).exists())


def encode_line(answer: Answer) -> bytes:
    body = {"answer": msgspec.Raw(answer.body)} if _fits_line(answer.body) else {"base64": answer.body}
    return msgspec.json.encode({"interface": answer.interface, "params": dict(answer.params), **body}) + b"\n"


def _fits_line(body: bytes) -> bool:
    """Whether a line would give back these very bytes: the decoder drops white space around them, and refuses half an emoji."""
    try:
        return b"\n" not in body and bytes(msgspec.json.decode(body, type=msgspec.Raw)) == body
    except (msgspec.DecodeError, RecursionError):
        return False


class PartWriter:
    """One gzip file, hashed as it is written."""

    def __init__(self, path: Place) -> None:
        self._file = _HashedFile(path.open("wb"))
        keep_private(path)
        self._gzip = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=COMPRESSION_LEVEL, mtime=0)
        self._answers = 0

    def write(self, line: bytes) -> None:
        self._gzip.write(line)
        self._answers += 1

    def close(self) -> None:
        if not self._gzip.closed:
            self._gzip.close()
            self._file.close()

    def describe(self) -> dict[str, Any]:
        return {"sha256": self._file.digest.hexdigest(), "bytes": self._file.size, "answers": self._answers}


@dataclass
class _HashedFile:
    file: IO[bytes]
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.digest.update(data)
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


@contextmanager
def _open_part(uri: str, manifest: Manifest, part: str) -> Iterator[Iterable[bytes]]:
    """The lines of one part, none where nothing landed for it; each file is checked whole before its first line is given out."""
    if part not in manifest.files:
        yield ()
        return
    path = open_place(uri) / name_file(manifest, part)
    if not path.exists():
        raise IncompleteSnapshotError(f"{path} is gone, but the snapshot's manifest names it; run the sync again")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != manifest.files[part]["sha256"]:
            raise IncompleteSnapshotError(f"{path} was changed or cut after it was written (its SHA-256 differs from the manifest's)")
        file.seek(0)
        with gzip.GzipFile(fileobj=file, mode="rb") as lines:
            yield _read_lines(lines, path)


def _read_lines(file: gzip.GzipFile, path: Place) -> Iterator[bytes]:
    """A few packed bytes can be a line of gigabytes; none that was written here is longer than the largest answer."""
    while line := file.readline(MOST_LINE_BYTES + 1):
        if len(line) > MOST_LINE_BYTES:
            raise IncompleteSnapshotError(f"{path} has a line of more than {MOST_LINE_BYTES:,} bytes, which orgsync never writes")
        yield line


def _read_whole(path: Place) -> bytes:
    with path.open("rb") as file:
        content: bytes = file.read(MOST_ANSWER_BYTES + 1)
    if len(content) > MOST_ANSWER_BYTES:
        raise IncompleteSnapshotError(f"{path} has more than {MOST_ANSWER_BYTES:,} bytes, which orgsync never writes")
    return content


def _decode_lines(lines: Iterable[bytes]) -> Iterator[Answer]:
    decode = msgspec.json.Decoder(_Line).decode
    for text in lines:
        line = decode(text)
        yield Answer(interface=line.interface, params=line.params, body=line.body)
