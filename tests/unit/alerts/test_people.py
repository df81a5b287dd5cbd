"""What a person is sent is what their platform takes, however much there is to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from orgsync.alerts.composing import compose_letter
from orgsync.alerts.notices import Notice
from orgsync.alerts.people import fit_content
from orgsync.alerts.problems import Problem
from orgsync.alerts.speech import Speech
from orgsync.platforms import PLATFORM_NAMES
from orgsync.words import Words

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
LINK = "https://airflow.example.com/plugin/organization/acme"


def messenger(platform: str) -> Any:
    """As much of one as tells what the platform takes."""
    return SimpleNamespace(find_problems=import_module(f"orgsync.platforms.{platform}.messages").find_problems)


def notices(texts: Sequence[str], link: str = LINK) -> list[Notice]:
    return [
        Notice(Problem("acme", "failed", str(number), "broken", Words(text, text), Words("Look", "查看"), link, NOW), "new", NOW)
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("platform", PLATFORM_NAMES)
@pytest.mark.parametrize(
    "texts",
    [["short"], ["字" * 9000], ["<a href='https://evil.example'>x</a> " * 500], [f"{number} {'😀*' * 3000}" for number in range(200)]],
    ids=["short", "long", "hostile", "many"],
)
def test_every_alert_is_one_that_the_platform_takes(platform: str, texts: list[str]) -> None:
    asked = messenger(platform)
    content = fit_content(asked, compose_letter(notices(texts), Speech({"acme": ("en", "zh")}, {"acme": "Asia/Shanghai"})))
    assert list(asked.find_problems(content)) == []
    assert content.title.startswith("[orgsync]")
    assert (content.url == LINK) == (len(texts) == 1)


def test_link_without_a_host_opens_nothing_and_is_told_in_the_text() -> None:
    letter = compose_letter(notices(["x"], link="/plugin/organization"), Speech({}, {}))
    content = fit_content(messenger("dingtalk"), letter)
    assert (content.url, "/plugin/organization" in content.body) == ("", True)
