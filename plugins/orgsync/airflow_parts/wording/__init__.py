"""What orgsync shows inside Airflow, in the language that a tenant asks for: every text is in `english` and in `chinese`, by the same name.

What serves several tenants (a form for all of them, housekeeping) speaks the languages that they ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orgsync.airflow_parts.wording.chinese import TEXTS as CHINESE
from orgsync.airflow_parts.wording.english import TEXTS as ENGLISH

LANGUAGES: Mapping[str, tuple[Mapping[str, str], ...]] = {"en": (ENGLISH,), "zh": (CHINESE,), "both": (CHINESE, ENGLISH)}
SAME_PAGE = "\n\n---\n\n"
SAME_LINE = " / "


def say(language: str, name: str, *, joint: str = SAME_LINE, **values: Any) -> str:
    """A text, with its values put in."""
    return joint.join(texts[name].format(**values) for texts in LANGUAGES[language])


def say_page(language: str, name: str, **values: Any) -> str:
    """A text of several paragraphs, in Markdown."""
    return say(language, name, joint=SAME_PAGE, **values)


def describe_field(language: str, name: str, **values: Any) -> dict[str, str]:
    """The description of a field of a form; and its title, where the field's own name is no word of the language."""
    titles = [texts[f"{name}.title"] for texts in LANGUAGES[language] if f"{name}.title" in texts]
    return {"description": say(language, name, **values)} | ({"title": titles[0]} if titles else {})


def join_languages(languages: Iterable[str]) -> str:
    """What a page for all of them speaks; English where there is nobody to ask."""
    asked = set(languages) or {"en"}
    return asked.pop() if len(asked) == 1 else "both"


def texts_of(language: str, kind: str) -> Mapping[str, str]:
    """In one language, the texts whose names begin with a kind, by the rest of their names."""
    return {name.removeprefix(f"{kind}."): text for name, text in LANGUAGES[language][0].items() if name.startswith(f"{kind}.")}


def split_languages(language: str) -> tuple[str, ...]:
    """Each by itself, for a text that is put together of others."""
    return ("zh", "en") if language == "both" else (language,)
