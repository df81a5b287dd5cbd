"""What a page says, read as a browser reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = ("meta", "link", "input", "br", "img", "hr")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parts: list[str | Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """With one blank for any space, as it is shown."""
        return " ".join("".join(part if isinstance(part, str) else f" {part.text} " for part in self.parts).split())

    def find_all(self, tag: str, **attributes: Any) -> list[Element]:
        """Within it, in their order; an attribute with `_` for a hyphen, `True` where any value will do."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        found: list[Element] = []
        for part in self.parts:
            if isinstance(part, Element):
                if part.tag == tag and all(_fits(part.attributes.get(name), value) for name, value in wanted.items()):
                    found.append(part)
                found += part.find_all(tag, **attributes)
        return found

    @property
    def rows(self) -> list[list[str]]:
        """Of the tables in it, without their heads."""
        return [
            [cell.text for cell in row.parts if isinstance(cell, Element)] for body in self.find_all("tbody") for row in body.find_all("tr")
        ]

    def link(self, text: str) -> str:
        """Where a link leads, by its text as a whole."""
        [found] = {each.attributes["href"] for each in self.find_all("a") if each.text == text}
        return found


def _fits(found: str | None, wanted: str | bool) -> bool:
    return found is not None if wanted is True else found == wanted


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"{tag} ends within {self.open[-1].tag}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read_markup(text: str) -> Element:
    """The whole page. Raises AssertionError where an element is not closed in its place."""
    reader = _Reader()
    reader.feed(text)
    assert len(reader.open) == 1, f"{reader.open[-1].tag} is not closed"
    return reader.open[0]
