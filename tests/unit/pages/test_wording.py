"""What the pages say, in both languages."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from orgsync.pages import wording
from orgsync.pages.rendering import FOLDER
from orgsync.pages.wording import TEXTS, choose_language, say, say_or_keep

ROOMS = wording.TEXTS.maps  # type: ignore[attr-defined]
SAID = re.compile(r"""\bsay\(\s*['"]([^'"]+)['"]\s*(~?)""")


def test_texts_say_the_same_in_both_languages() -> None:
    odd = [name for name, (english, chinese) in TEXTS.items() if not (english.strip() and chinese.strip())]
    assert odd == []
    different = [name for name, (english, chinese) in TEXTS.items() if fields_of(english) != fields_of(chinese)]
    assert different == []


def fields_of(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def test_no_text_is_hidden_by_another_of_its_name() -> None:
    assert sum(map(len, ROOMS)) == len(TEXTS)


@pytest.mark.parametrize("template", sorted(FOLDER.glob("templates/*.jinja")), ids=lambda path: path.name)
def test_template_says_only_what_there_is(template: object) -> None:
    text = template.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    for name, goes_on in SAID.findall(text):
        assert any(known.startswith(name) for known in TEXTS) if goes_on else name in TEXTS, name


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        pytest.param("zh-CN", "en", "zh", id="Airflow's"),
        pytest.param("zh-TW", "en", "zh", id="traditional"),
        pytest.param("en", "zh-CN", "en", id="Airflow's, whatever the browser's"),
        pytest.param("fr", "zh-CN", "en", id="one that the pages do not speak"),
        pytest.param(None, "zh-CN,zh;q=0.9,en;q=0.8", "zh", id="the browser's first"),
        pytest.param(None, "en-GB,zh;q=0.9", "en", id="the browser's second"),
        pytest.param("", "", "en", id="none"),
    ],
)
def test_language_is_airflows_or_else_the_browsers(chosen: str | None, accepted: str, language: str) -> None:
    assert choose_language(chosen, accepted) == language


def test_word_that_is_not_known_stays_as_it_is() -> None:
    assert say_or_keep("zh", "outcome", "failed") == "失败"
    assert say_or_keep("zh", "outcome", "of_a_later_version") == "of_a_later_version"


def test_numbers_are_grouped() -> None:
    assert say("en", "tree.people", count=1_000_000) == "1,000,000 people"
