"""The access file: whose personal data who sees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orgsync.access.file import Access, read_access
from orgsync.errors import ConfigurationError
from orgsync.settings import HOME


def write(folder: Path, text: str) -> Path:
    path = folder / "access.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("user_id", "roles", "tenant_id", "is_shown"),
    [
        pytest.param("eva", ["Admin"], "acme", True, id="role, whatever its case"),
        pytest.param("eva", ["ADMIN", "Viewer"], "birch", True, id="one of several roles"),
        pytest.param("eva", ["Viewer"], "acme", False, id="another role"),
        pytest.param("eva", [], "acme", False, id="no role"),
        pytest.param("uma", [], "acme", True, id="user by name"),
        pytest.param("uma", [], "birch", False, id="user by name, of another tenant"),
        pytest.param("Uma", [], "acme", False, id="names of users keep their case"),
        pytest.param("admin", [], "acme", False, id="a user that is called like a role"),
        pytest.param("", [], "acme", False, id="nobody"),
    ],
)
def test_personal_data_is_shown_to_whom_the_file_names(
    user_id: str, roles: list[str], tenant_id: str, is_shown: bool, tmp_path: Path
) -> None:
    access = read_access(write(tmp_path, "personal_data:\n  - roles: [admin]\n  - users: [uma]\n    tenants: [acme]\n"))
    assert access.shows_personal(user_id, roles, tenant_id) is is_shown


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n", "personal_data: []\n", "personal_data:\n  - tenants: [acme]\n"])
def test_whom_nothing_names_sees_nothing(text: str, tmp_path: Path) -> None:
    assert not read_access(write(tmp_path, text)).shows_personal("eva", ["admin"], "acme")


def test_missing_file_names_nobody(tmp_path: Path) -> None:
    assert read_access(tmp_path / "access.yaml") == Access()


def test_file_of_the_repository_shows_administrators_alone() -> None:
    access = read_access(HOME / "include" / "access.yaml")
    assert access.shows_personal("somebody", ["Admin"], "acme")
    assert not access.shows_personal("somebody", ["Op", "User", "Viewer"], "acme")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("personal_data:\n  - role: [admin]\n", "personal_data.0.role: Extra inputs", id="unknown key of a grant"),
        pytest.param("personal: []\n", "personal: Extra inputs", id="unknown key"),
        pytest.param("personal_data:\n  roles: [admin]\n", "personal_data: Input should be a valid tuple", id="no list"),
        pytest.param(
            "personal_data:\n  - roles: admin\n", "personal_data.0.roles: Input should be a valid tuple", id="one name for a list"
        ),
        pytest.param("personal_data:\n  - users: [7]\n", "personal_data.0.users.0: Input should be a valid string", id="number for a name"),
        pytest.param("personal_data:\n  - tenants: []\n", "personal_data.0.tenants: Tuple should have at least 1 item", id="no tenant"),
        pytest.param("personal_data:\n  - tenants:\n", "personal_data.0.tenants: Input should be a valid tuple", id="nothing for tenants"),
        pytest.param("- roles: [admin]\n", "the file: Input should be a valid dictionary", id="list at the top"),
        pytest.param("personal_data: [\n", "line 2: not YAML", id="no YAML"),
        pytest.param("personal_data: !secret x\n", "not YAML", id="a tag that nobody knows"),
        pytest.param("personal_data: 2026-99-99\n", "not YAML", id="a day that there is not"),
        pytest.param("? [a]\n: b\n", "not YAML", id="a list for a key"),
    ],
)
def test_mistake_is_named_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        read_access(path)
    assert said in str(raised.value)
    assert str(path) in str(raised.value)


def test_mistake_is_named_each_time_and_nobody_sees_more_meanwhile(tmp_path: Path) -> None:
    path = write(tmp_path, "personal_data:\n  - roles: [admin]\n")
    read_access(path)
    write(tmp_path, "personal_data:\n  - roles: [admin]\n    user: [uma]\n")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            read_access(path)


def test_file_that_cannot_be_read_is_no_missing_file(tmp_path: Path) -> None:
    write(tmp_path, "")
    with pytest.raises(ConfigurationError, match=r"access\.yaml/access\.yaml cannot be read: Not a directory"):
        read_access(tmp_path / "access.yaml" / "access.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_access(tmp_path)


def test_change_counts_without_a_restart(tmp_path: Path) -> None:
    path = write(tmp_path, "personal_data:\n  - users: [eva]\n")
    assert read_access(path).shows_personal("eva", [], "acme")
    known = path.stat()
    write(tmp_path, "personal_data:\n  - users: [uma]\n")
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns + 1))  # as long as before, and within the same tick of a coarse clock
    assert not read_access(path).shows_personal("eva", [], "acme")
    path.unlink()
    assert not read_access(path).shows_personal("uma", [], "acme")
