"""What a name, a title or a department is found by: folded, its ends, its pinyin and the initials of that."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

LONGEST = 40
"""Characters of a value that are looked at: nobody types more, and a name of a thousand would have a thousand ends."""
MOST_ENDS = 12
TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0304\u030c"))

# As surnames they are read otherwise than in words (Unihan's kXHC1983 and the surname readings of 现代汉语词典).
SURNAMES = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "任": "ren",
    "查": "zha",
    "盖": "ge",
    "区": "ou",
    "朴": "piao",
    "覃": "qin",
    "翟": "zhai",
    "缪": "miao",
    "燕": "yan",
    "召": "shao",
    "折": "she",
    "黑": "he",
    "繁": "po",
    "冼": "xian",
    "乐": "yue",
    "重": "chong",
    "种": "chong",
    "纪": "ji",
    "尉": "yu",
    "万": "wan",
    "宁": "ning",
}


def fold(text: str) -> str:
    """As it is compared: full width as half width, capitals as small letters, no blanks at the ends and one between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def find_own_key(value: str) -> str:
    """The key that each value has, and that tells whether its keys were written; empty for a blank, which nobody can type."""
    return fold(value)[:LONGEST]


def spell(kind: str, value: str) -> set[str]:
    return spell_name(value) if kind == "name" else spell_label(value)


def spell_name(name: str) -> set[str]:
    """The keys of a person's name: it is found by its beginning, by each of its ends, and by their pinyin and initials."""
    folded = find_own_key(name)
    keys = {folded}
    for start in _find_starts(folded):
        keys.add(folded[start:])
        keys.update(_spell(folded[start:], is_name=start == 0))
    return keys


def spell_label(label: str) -> set[str]:
    """The keys of a title or a department. They are searched whole, so their ends need none of their own."""
    folded = find_own_key(label)
    return {folded, *_spell(folded, is_name=False)}


def _find_starts(folded: str) -> Iterator[int]:
    """Where somebody may begin to type: at each character of a Chinese name, at each word of another."""
    starts = (at for at in range(len(folded)) if at == 0 or _is_chinese(folded[at]) or not folded[at - 1].isalnum())
    return islice(starts, MOST_ENDS)


def _spell(text: str, *, is_name: bool) -> Iterator[str]:
    """Its pinyin and initials, where there are Chinese characters in it."""
    syllables = [_read(character) for character in text if character.isalnum()]
    if syllables == [character for character in text if character.isalnum()]:
        return
    yield from _join(syllables)
    if is_name and SURNAMES.get(text[0], syllables[0]) != syllables[0]:
        yield from _join([SURNAMES[text[0]], *syllables[1:]])


def _join(syllables: Sequence[str]) -> Iterator[str]:
    yield "".join(syllables)
    if len(syllables) > 1:
        yield "".join(syllable[0] for syllable in syllables)


@lru_cache(maxsize=50_000)
def _read(character: str) -> str:
    """As it is mostly read; ü is typed as v."""
    if not _is_chinese(character):
        return character
    said = _read_table().get(str(ord(character)), character).split(",")[0]
    letters = unicodedata.normalize("NFD", said).translate(TONES)
    return unicodedata.normalize("NFC", letters).replace("ü", "v")


@cache
def _read_table() -> dict[str, str]:
    """The readings of single characters as pypinyin ships them. Imported, the package would read those of phrases too: 50 MiB."""
    folder = find_spec("pypinyin")
    if folder is None or not folder.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin")
    table: dict[str, str] = json.loads(Path(folder.submodule_search_locations[0], "pinyin_dict.json").read_text(encoding="utf-8"))
    return table


def _is_chinese(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"
