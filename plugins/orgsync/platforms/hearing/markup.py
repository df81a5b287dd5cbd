"""Reads the small XML that WeCom pushes; what declares a document type or an entity is refused before anything of it is expanded."""

from __future__ import annotations

from xml.parsers import expat

from orgsync.platforms.hearing.events import RefusedCallError

DEEPEST_KEPT = 2
MOST_ELEMENTS = 5_000


def read_elements(content: bytes) -> dict[str, str]:
    """The text of each element below the root, by its name, and of those one deeper, by `Outer/Inner`; of several the first.

    Raises RefusedCallError where it is no XML, is cut off, or holds a declaration.
    """
    reader = _Reader()
    parser = expat.ParserCreate(encoding="UTF-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.add
    # Without a declaration there is no entity that could be expanded, and none that leads elsewhere.
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError):
        raise RefusedCallError("malformed") from None
    return reader.found


def _refuse(*_: object) -> None:
    raise RefusedCallError("malformed")


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._path: list[str] = []
        self._texts: list[str] = []
        self._count = 0

    def begin(self, name: str, _: object) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            _refuse()
        self._path.append(name)
        self._texts.clear()

    def add(self, text: str) -> None:
        if 1 < len(self._path) <= DEEPEST_KEPT + 1:
            self._texts.append(text)

    def end(self, _: str) -> None:
        if 1 < len(self._path) <= DEEPEST_KEPT + 1:
            self.found.setdefault("/".join(self._path[1:]), "".join(self._texts).strip())
        self._texts.clear()
        self._path.pop()
