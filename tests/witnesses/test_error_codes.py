"""Every error code that orgsync explains, and every one that the sandbox refuses with, stands in a table somebody else published."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.witnesses.published import published

SANDBOX = Path(__file__).parents[2] / "sandbox"

# Explained for good measure: of the former 企业号, and the ids between the ones of Feishu's table.
UNPUBLISHED = {"wecom": {"60121"}, "feishu": {str(code) for code in range(99992351, 99992382)}}

# On a page for people: its words 应用不存在 are in 1Panel-dev/MaxKB issue 4141, jeecgboot/JeecgBoot issue 5524; the number in one project.
SEEN_ONCE = {"dingtalk": {"900103"}}


def published_codes(platform: str) -> set[str]:
    body = published(platform, "codes").body
    return {str(code) for code in body["codes"]} | body.get("elsewhere", {}).keys()


@pytest.mark.parametrize("platform", ["dingtalk", "wecom", "feishu"])
def test_codes_with_an_explanation_are_the_platforms(platform: str) -> None:
    meanings = import_module(f"orgsync.platforms.{platform}.codes").MEANINGS
    assert len(meanings) > 40
    assert meanings.keys() - published_codes(platform) - UNPUBLISHED.get(platform, set()) == set()


@pytest.mark.parametrize("platform", ["dingtalk", "wecom", "feishu"])
def test_codes_of_the_sandbox_are_the_platforms(platform: str) -> None:
    """As they stand in its tables of refusals, and where it refuses a message or a sign-in."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((SANDBOX / platform).glob("*.py")))
    codes = set(re.findall(r"(?:RefusalError\(|Reason = \(|code = )(-?\d{2,})\b", text))
    assert len(codes) > 10
    assert codes - published_codes(platform) - SEEN_ONCE.get(platform, set()) == set()
