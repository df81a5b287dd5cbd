"""From YAML nodes, which know their places, to plain values, which models can check, and back to the place of what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from orgsync.tenants.values import Digits

NULL, BOOLEAN, INTEGER = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int"))
BLANK = object()
"""A text of nothing but blanks is no value of any kind."""


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong in a line, and what to write instead. Line 0: with the file as a whole, which the text names itself."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.text}" if self.line else self.text


@dataclass
class Plain:
    """Turns nodes into values. `mistakes` are of keys: one that is no text, one that is there twice (`doubled`)."""

    mistakes: list[Mistake] = field(default_factory=list)
    doubled: set[str] = field(default_factory=set)
    _known: dict[int, Any] = field(default_factory=dict)

    def value_of(self, node: yaml.Node) -> Any:
        """What is anchored is turned once, however often it is named: such files may be far larger than they look, or hold themselves."""
        if isinstance(node, yaml.ScalarNode):
            return _read_scalar(node)
        if id(node) not in self._known:
            self._known[id(node)] = None
            is_list = isinstance(node, yaml.SequenceNode)
            self._known[id(node)] = tuple(map(self.value_of, node.value)) if is_list else self._read_mapping(node)
        return self._known[id(node)]

    def _read_mapping(self, node: yaml.Node) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = _read_scalar(key) if isinstance(key, yaml.ScalarNode) else None
            if not isinstance(name, str):
                self.mistakes.append(point_at(key, "a text is expected here"))
            elif name in found:
                self.doubled.add(name)
                self.mistakes.append(point_at(key, f"the key {name!r} is there twice"))
            else:
                found[str(name)] = self.value_of(value)
        return found


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def path_of(node: yaml.Node) -> Path:
    return Path(node.start_mark.name)


def point_at(node: yaml.Node, text: str) -> Mistake:
    return Mistake(path_of(node), line_of(node), text)


def find_node(node: yaml.Node, path: tuple[str | int, ...], *, of_key: bool = False) -> yaml.Node:
    """The value that a path leads to, or its key; where the path leads nowhere, the last value on it."""
    found = node
    for step in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = found = node.value[step]
            continue
        pair = next((pair for pair in node.value if pair[0].value == step), None) if isinstance(node, yaml.MappingNode) else None
        if pair is None:
            break
        node = pair[1]
        found = pair[0] if of_key else node
    return found


def _read_scalar(node: yaml.ScalarNode) -> Any:
    if node.tag == NULL:
        return None
    if node.tag == BOOLEAN:
        return str(node.value).lower() in ("true", "yes", "on")
    if node.tag == INTEGER and str(node.value).isdecimal():
        return Digits(node.value)
    return str(node.value) if node.value.strip() else BLANK
