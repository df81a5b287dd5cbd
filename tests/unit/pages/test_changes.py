from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from orgsync.errors import WarehouseUnavailableError
from orgsync.pages.changes import COLUMNS, write_file
from orgsync.pages.stream import Asked
from orgsync.pages.wording import say


class Visit:
    """Of a warehouse that is gone."""

    timezone = "Asia/Shanghai"
    language = "zh"

    def __init__(self, error: Exception) -> None:
        self.error = error

    @contextmanager
    def reader(self) -> Iterator[Any]:
        raise self.error
        yield


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        pytest.param(WarehouseUnavailableError("the warehouse is gone"), "the warehouse is gone", id="ours"),
        pytest.param(ValueError("of Wang Fang"), "ValueError", id="a bug"),
    ],
)
def test_file_that_breaks_off_says_so(error: Exception, logged: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        lines = "".join(write_file(Visit(error), Asked("acme"))).splitlines()  # type: ignore[arg-type]
    assert lines == ["\ufeff" + ",".join(COLUMNS), say("zh", "changes.broke_off")]
    assert logged in caplog.text
    assert "Wang Fang" not in caplog.text
