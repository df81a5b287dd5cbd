"""Whatever an administrator may be told of a platform's code is told in Chinese too, without English left in it."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from orgsync.words import Words

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("platform", ["dingtalk", "wecom", "feishu"])
def test_each_code_is_explained_in_both_languages(platform: str) -> None:
    meanings = import_module(f"orgsync.platforms.{platform}.codes").MEANINGS
    for code, meaning in meanings.items():
        for words in (meaning.reason, meaning.fix):
            if words:
                assert isinstance(words, Words), (code, words)
                assert CHINESE.search(words.zh), (code, words.zh)
                assert "{" not in words + words.zh, (code, words)
