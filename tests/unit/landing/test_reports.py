"""A page for each snapshot, its owner's alone on a disk; nothing outside of the folder is ever one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orgsync.errors import StorageUnavailableError
from orgsync.landing.reports import has_report, may_have_report, place_report, read_report, remove_report, write_report

SNAPSHOT_ID = "acme/20261101T020304.000000Z"


@pytest.mark.parametrize("before", [None, "an older page"], ids=["first time", "again"])
def test_page_is_readable_by_its_owner_alone(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "reports" / f"{SNAPSHOT_ID}.html"
    if before:
        path.parent.mkdir(parents=True, mode=0o700)
        path.write_text(before)
    assert str(write_report(tmp_path / "reports", SNAPSHOT_ID, "校验")) == str(path)
    assert path.read_text(encoding="utf-8") == "校验"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_page_is_read_as_it_was_written_until_it_is_removed(tmp_path: Path) -> None:
    write_report(tmp_path, SNAPSHOT_ID, "校验")
    assert has_report(tmp_path, SNAPSHOT_ID)
    assert may_have_report(tmp_path, SNAPSHOT_ID)
    assert read_report(tmp_path, SNAPSHOT_ID) == "校验".encode()
    remove_report(tmp_path, SNAPSHOT_ID)
    remove_report(tmp_path, SNAPSHOT_ID)
    assert not has_report(tmp_path, SNAPSHOT_ID)
    assert not may_have_report(tmp_path, SNAPSHOT_ID)
    assert read_report(tmp_path, SNAPSHOT_ID) is None


@pytest.mark.parametrize("name", ["../secret", "acme/../../secret", "{folder}/secret", "link/secret"])
def test_nothing_outside_of_the_folder_is_a_report(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (tmp_path / "secret.html").write_text("secret")
    assert read_report(folder, name.format(folder=tmp_path)) is None
    assert not has_report(folder, name.format(folder=tmp_path))


def test_page_that_cannot_be_read_is_no_missing_one(tmp_path: Path) -> None:
    place_report(tmp_path, SNAPSHOT_ID).mkdir(parents=True)
    with pytest.raises(StorageUnavailableError, match=r"20261101T020304.000000Z.html cannot be read: IsADirectoryError"):
        read_report(tmp_path, SNAPSHOT_ID)
