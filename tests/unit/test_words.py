"""A sentence in two languages stays one through all that is done with it."""

from __future__ import annotations

import copy
import pickle

from orgsync.errors import CredentialError, Refusal
from orgsync.words import Words, join, say

HELLO = Words("Hello {name}", "你好，{name}")


def test_words_are_the_english_text_and_know_the_chinese() -> None:
    assert HELLO == "Hello {name}"
    assert (say(HELLO, "en"), say(HELLO, "zh")) == ("Hello {name}", "你好，{name}")
    assert say("as it is", "zh") == "as it is"


def test_values_are_put_in_in_the_language_around_them() -> None:
    filled = HELLO.fill(name=Words("world", "世界"))
    assert (str(filled), filled.zh) == ("Hello world", "你好，世界")
    counted = Words("{count:,} people", "{count:,} 人").fill(count=12345)
    assert (str(counted), counted.zh) == ("12,345 people", "12,345 人")


def test_braces_in_a_value_are_left_as_they_are() -> None:
    assert HELLO.fill(name="{x}").zh == "你好，{x}"


def test_parts_are_joined_in_both_languages() -> None:
    joined = join([Words("a", "甲"), "b"], en=" and ", zh="和")
    assert (str(joined), joined.zh) == ("a and b", "甲和b")


def test_words_travel_between_processes() -> None:
    for twin in (pickle.loads(pickle.dumps(HELLO)), copy.deepcopy(HELLO)):
        assert (twin, twin.zh) == (HELLO, HELLO.zh)


def test_refusal_is_told_in_either_language_and_travels() -> None:
    refusal = Refusal("wecom", "gettoken", "40013", "7", Words("not accepted", "不被接受"), Words("Copy it", "请复制"))
    error = pickle.loads(pickle.dumps(CredentialError(refusal)))
    assert str(error) == error.tell("en") == "wecom gettoken answered 40013, request id 7: not accepted. Copy it"
    assert error.tell("zh") == "wecom gettoken 返回 40013（请求号 7）：不被接受。请复制。"
