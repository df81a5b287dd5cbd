"""The published answers themselves: each says where it is from, none holds a real person's number, and a test uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses.published import FIXTURES

PLATFORMS = ("dingtalk", "wecom", "feishu")

# Mobile numbers that nobody has, and addresses that are set apart for examples.
NOT_PEOPLE = {
    r"(?<![\w.-])1[3-9]\d{9}(?![\w.-])": r"13[89]0000\d+",
    r"[\w.+-]+@[\w.-]+\.\w+": r".*[@.]example\.com",
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b": r"203\.0\.113\.\d+",
}


def fixtures(platform: str) -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (FIXTURES / platform / "published").glob("*.json")}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_fixture_names_its_source(platform: str) -> None:
    found = fixtures(platform)
    assert [name for name, each in found.items() if each.keys() - {"headers"} != {"source", "status", "content_type", "body"}] == []
    assert [name for name, each in found.items() if len(each["source"]) < 20] == []
    assert [name for name, each in found.items() if not 200 <= each["status"] < 600] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_fixture_holds_a_real_person(platform: str) -> None:
    texts = {name: json.dumps(each["body"], ensure_ascii=False) for name, each in fixtures(platform).items()}
    found = [(name, match) for name, text in texts.items() for pattern in NOT_PEOPLE for match in re.findall(pattern, text)]
    assert [(name, match) for name, match in found if not any(re.fullmatch(ours, match) for ours in NOT_PEOPLE.values())] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_fixture_is_used(platform: str) -> None:
    modules = Path(__file__).parent.glob("test_*.py")
    tests = "".join(path.read_text(encoding="utf-8") for path in modules if path.name.startswith((f"test_{platform}", "test_error_codes")))
    assert {name for name in fixtures(platform) if f'"{name}"' not in tests and f"/{name}.json" not in tests} == set()
    assert len(fixtures(platform)) > 20
