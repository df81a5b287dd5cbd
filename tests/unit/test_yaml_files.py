"""What is said of a file that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orgsync.yaml_files import refuse_file

DENIED = PermissionError(13, "Permission denied")


def test_file_for_its_owner_alone_says_who_asks_and_what_lets_them(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.touch()
    file.chmod(0o600)
    me, group = os.geteuid(), os.getegid()
    assert str(refuse_file("tenants file", file, DENIED)) == (
        f"the tenants file {file} cannot be read: Permission denied. This process is user {me} of group {group}; "
        f"the file has the mode 600 and belongs to user {file.stat().st_uid} of group {file.stat().st_gid}. "
        "Let others read it with `chmod o+r` (in a container it is mounted from its host: there it has to be done)"
    )


def test_folder_needs_to_be_entered_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert "the folder has the mode 700" in str(refuse_file("folder of message templates", tmp_path, DENIED))
    assert "`chmod o+rx`" in str(refuse_file("folder of message templates", tmp_path, DENIED))


def test_folder_above_may_be_what_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise DENIED

    monkeypatch.setattr(Path, "stat", refuse)
    said = str(refuse_file("access file", tmp_path / "closed" / "access.yaml", DENIED))
    assert said.endswith(f"and this process is user {os.geteuid()} of group {os.getegid()}: `chmod o+x` that folder")


def test_what_is_no_matter_of_rights_is_said_as_it_is(tmp_path: Path) -> None:
    said = refuse_file("tenants file", tmp_path, IsADirectoryError(21, "Is a directory"))
    assert str(said) == f"the tenants file {tmp_path} cannot be read: Is a directory"
