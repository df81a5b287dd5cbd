"""Puts a stanza into the tenants file: a text among others, so that whatever else stands there, comments too, stays as it is."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from orgsync.errors import ConfigurationError
from orgsync.tenants import Stanzas, read_stanzas
from orgsync.yaml_files import compose_yaml

_PLAIN = re.compile(r"[A-Za-z0-9_][\w.\-]*")


def write_stanza(values: Mapping[str, str], *, indent: int = 2) -> str:
    """As it stands in the file: `- id: acme` and a line for each other key."""
    lines = [f"{key}: {_quote(value)}" for key, value in values.items()]
    return "".join(f"{' ' * indent}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def refuse_stanza(path: Path, values: Mapping[str, str]) -> None:
    """Raises ConfigurationError where the stanza itself is wrong, or its tenant is in the file already."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "stanza"
        trial.write_text(f"tenants:\n{write_stanza(values)}", encoding="utf-8")
        if broken := read_stanzas(trial).broken:
            raise ConfigurationError("; ".join(mistake.text for mistake in broken[0].mistakes))
    if path.exists() and not _is_empty(compose_yaml(path, what="tenants file", missing="")) and values["id"] in read_stanzas(path).owners:
        raise ConfigurationError(f"{path} has a tenant {values['id']!r} already; choose another id")


def add_stanza(path: Path, values: Mapping[str, str]) -> None:
    """Add it after the last one. The file is replaced at once, and only by one that reads as before, with the new stanza in it.

    Raises ConfigurationError where the tenant is there already, or where the file is not written in lines.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, f"tenants:\n{write_stanza(values)}")
        return
    root = compose_yaml(path, what="tenants file", missing="write one")
    before = Stanzas(()) if _is_empty(root) else read_stanzas(path)
    refuse_stanza(path, values)
    text = path.read_text(encoding="utf-8")
    new = _insert(path, text, root, values)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        trial.write_text(new, encoding="utf-8")
        after = read_stanzas(trial)
    if [tenant for tenant in after.tenants if tenant.id != values["id"]] != list(before.tenants) or len(after.broken) != len(before.broken):
        raise ConfigurationError(f"{path} is written in a way that a stanza cannot be added to; add it by hand:\n{write_stanza(values)}")
    _replace(path, new)


def _is_empty(root: yaml.Node | None) -> bool:
    """`tenants:` with nothing below it, or but comments."""
    if root is None:
        return True
    return isinstance(root, yaml.MappingNode) and [(key.value, value.value) for key, value in root.value] == [("tenants", "")]


def _insert(path: Path, text: str, root: yaml.Node | None, values: Mapping[str, str]) -> str:
    stanzas = next((value for key, value in root.value if key.value == "tenants"), None) if isinstance(root, yaml.MappingNode) else None
    if not isinstance(stanzas, yaml.SequenceNode) or not stanzas.value:
        return _begin(text, values)
    if stanzas.flow_style:
        raise ConfigurationError(f"{path} has its stanzas in one line; add this one by hand:\n{write_stanza(values)}")
    lines = text.splitlines(keepends=True)
    last = stanzas.value[-1]
    end = _end_of(lines, last)
    indent = stanzas.start_mark.column
    if end and not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], "\n", write_stanza(values, indent=indent), *lines[end:]])


def _begin(text: str, values: Mapping[str, str]) -> str:
    """Of a file that has no stanza yet: `tenants:` with nothing, or with `[]`, below whatever comments there are."""
    begun = re.search(r"^tenants:[ \t]*(\[\s*\])?[ \t]*(#.*)?$", text, re.MULTILINE)
    if begun is None:
        return f"{text.rstrip()}\ntenants:\n{write_stanza(values)}".lstrip()
    comment = f"  {begun[2]}" if begun[2] else ""
    return f"{text[: begun.start()]}tenants:{comment}\n{write_stanza(values)}{text[begun.end() :].removeprefix(chr(10))}"


def _end_of(lines: list[str], node: yaml.Node) -> int:
    """The line after the node and after the comments that are indented like what it holds, as those of its other keys are."""
    end = node.end_mark.line + (1 if node.end_mark.column else 0)
    while end > 0 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    deep = node.start_mark.column
    while end < len(lines) and (found := re.match(r"( *)#", lines[end])) and len(found[1]) >= deep:
        end += 1
    return end


def _replace(path: Path, text: str) -> None:
    """Nobody ever reads half of it."""
    written = path.with_name(f".{path.name}.new")
    written.write_text(text, encoding="utf-8")
    if path.exists():
        written.chmod(path.stat().st_mode & 0o777)
    written.replace(path)


def _quote(value: str) -> str:
    """Plain where YAML reads it back as the same text."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
