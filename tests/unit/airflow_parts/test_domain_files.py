"""WeCom finds the file that proves a domain, without a login; nobody finds anything else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from orgsync.airflow_parts.domain_files import MOST_BYTES, DomainFiles


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORGSYNC_DOMAIN_FILES", str(tmp_path))
    (tmp_path / "WW_verify_a1B2.txt").write_text("a1B2", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("no", encoding="utf-8")
    (tmp_path / "WW_verify_long.txt").write_text("x" * (MOST_BYTES + 1), encoding="utf-8")
    return tmp_path


def ask(path: str, method: str = "GET", kind: str = "http") -> list[dict[str, Any]]:
    """What is sent; where Airflow is asked, its word."""
    sent: list[dict[str, Any]] = []

    async def airflow(scope: Any, receive: Any, send: Any) -> None:
        await send({"airflow": scope["path"]})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    asyncio.run(DomainFiles(airflow)({"type": kind, "method": method, "path": path}, receive, send))
    return sent


def test_file_is_served_as_it_is(folder: Path) -> None:
    start, body = ask("/WW_verify_a1B2.txt")
    assert (start["status"], body["body"]) == (200, b"a1B2")
    assert dict(start["headers"])[b"content-length"] == b"4"
    assert ask("/WW_verify_a1B2.txt", "HEAD")[1]["body"] == b""


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/WW_verify_none.txt", "GET"),
        ("/WW_verify_long.txt", "GET"),
        ("/secret.txt", "GET"),
        ("/WW_verify_../secret.txt", "GET"),
        ("/WW_verify_a1B2.txt/", "GET"),
        ("/sub/WW_verify_a1B2.txt", "GET"),
        ("/WW_verify_a1B2.txt", "POST"),
        ("/WW_verify_a1B2.txt\n", "GET"),
        ("/", "GET"),
    ],
)
def test_everything_else_is_airflow_s(folder: Path, path: str, method: str) -> None:
    assert ask(path, method) == [{"airflow": path}]


def test_what_is_no_request_is_airflow_s(folder: Path) -> None:
    assert ask("/WW_verify_a1B2.txt", kind="websocket") == [{"airflow": "/WW_verify_a1B2.txt"}]


def test_folder_that_is_not_there_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORGSYNC_DOMAIN_FILES", str(tmp_path / "nowhere"))
    assert ask("/WW_verify_a1B2.txt") == [{"airflow": "/WW_verify_a1B2.txt"}]
