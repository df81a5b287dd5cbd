"""What validation found, a page for each snapshot: in a folder of this machine, or where all machines see it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from orgsync.errors import StorageUnavailableError
from orgsync.landing.places import Place, is_local, open_place, write_at_once


def place_report(folder: Path | str, snapshot_id: str) -> Place:
    """Where a snapshot's page is, or would be."""
    return open_place(folder) / f"{snapshot_id}.html"


def write_report(folder: Path | str, snapshot_id: str, page: str) -> Place:
    """Write the page beside those of the tenant's other snapshots; only the owner can read it."""
    place = place_report(folder, snapshot_id)
    if is_local(place):
        Path(place.parent.path).mkdir(parents=True, exist_ok=True, mode=0o700)
    write_at_once(place, page.encode())
    return place


def read_report(folder: Path | str, snapshot_id: str) -> bytes | None:
    """None where there is none; never what is outside of the folder, whatever a snapshot is called."""
    if not _is_inside(folder, snapshot_id):
        return None
    place = place_report(folder, snapshot_id)
    try:
        content: bytes = place.read_bytes()
    except FileNotFoundError:
        return None
    except Exception as error:  # an object store's library raises what it likes
        raise StorageUnavailableError(
            f"the report {place} cannot be read: {type(error).__name__}. Try again; if it stays so, ask `orgsync doctor`"
        ) from error
    return content


def has_report(folder: Path | str, snapshot_id: str) -> bool:
    return _is_inside(folder, snapshot_id) and bool(place_report(folder, snapshot_id).exists())


def may_have_report(folder: Path | str, snapshot_id: str) -> bool:
    """The same without asking an object store: there it is seen once somebody wants to read it."""
    return not is_local(open_place(folder)) or has_report(folder, snapshot_id)


def remove_report(folder: Path | str, snapshot_id: str) -> None:
    place_report(folder, snapshot_id).unlink(missing_ok=True)


def _is_inside(folder: Path | str, snapshot_id: str) -> bool:
    name = PurePosixPath(snapshot_id)
    if name.is_absolute() or ".." in name.parts:
        return False
    place = place_report(folder, snapshot_id)
    return not is_local(place) or Path(place.path).resolve().is_relative_to(Path(open_place(folder).path).resolve())
