"""Puts a stanza into the tenants file: a text among others, so that whatever else stands there, comments too, stays as it is.

In a folder it gets a file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from orgsync.errors import ConfigurationError
from orgsync.tenants import Stanzas, find_tenant, read_stanzas
from orgsync.tenants.file import parse_sources
from orgsync.tenants.sources import Source, Sources, list_files, read_sources
from orgsync.yaml_files import compose_yaml

_PLAIN = re.compile(r"[A-Za-z0-9_][\w.\-]*")


def write_stanza(values: Mapping[str, str], *, indent: int = 2) -> str:
    """As it stands in the file: `- id: acme` and a line for each other key."""
    lines = [f"{key}: {_quote(value)}" for key, value in values.items()]
    return "".join(f"{' ' * indent}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def refuse_stanza(path: Path, values: Mapping[str, str]) -> None:
    """Raises ConfigurationError where the stanza itself is wrong, or its tenant is in the file already."""
    _refuse(path, values, _read_before(path))


def _refuse(path: Path, values: Mapping[str, str], before: Stanzas) -> None:
    if broken := parse_sources(Sources(path, (Source(path, _as_file(values)),))).broken:
        raise ConfigurationError("; ".join(mistake.text for mistake in broken[0].mistakes))
    if values["id"] in before.owners:
        raise ConfigurationError(f"{path} has a tenant {values['id']!r} already; choose another id")


def add_stanza(path: Path, values: Mapping[str, str]) -> Path:
    """Add it after the last one of the file, or to a folder; returns the file in which it is.

    That is put in place at once, and only if all reads as before, with the new stanza. Raises ConfigurationError where the tenant is there
    already, or where the file is not written in lines.
    """
    before = _read_before(path)
    _refuse(path, values, before)
    file = path / f"{values['id']}.yaml" if path.is_dir() else path
    if file != path and file.exists():
        raise ConfigurationError(f"{file} is there already, without tenant {values['id']!r}; add it by hand:\n{write_stanza(values)}")
    new = Source(file, _add_to(file, values) if file.exists() else _as_file(values))
    others = read_sources(path).files if file != path and list_files(path) else ()
    _check_added(path, values, before, parse_sources(Sources(path, (*others, new), is_folder=file != path)))
    file.parent.mkdir(parents=True, exist_ok=True)
    _replace(new)
    return file


def _as_file(values: Mapping[str, str]) -> bytes:
    return f"tenants:\n{write_stanza(values)}".encode()


def _read_before(path: Path) -> Stanzas:
    """Nothing has no stanzas yet: no file, an empty one, or an empty folder."""
    if not path.exists() or not list_files(path) or (path.is_file() and _is_empty(_compose(path))):
        return Stanzas(())
    return read_stanzas(path)


def _compose(path: Path) -> yaml.Node | None:
    return compose_yaml(path, what="tenants file", missing="write one")


def _check_added(path: Path, values: Mapping[str, str], before: Stanzas, after: Stanzas) -> None:
    """Raises ConfigurationError also where it is wrong only because of the defaults."""
    others = [tenant for tenant in after.tenants if tenant.id != values["id"]]
    broken = [stanza for stanza in after.broken if stanza.tenant_id != values["id"]]
    if others != list(before.tenants) or len(broken) != len(before.broken):
        raise ConfigurationError(f"{path} is written in a way that a stanza cannot be added to; add it by hand:\n{write_stanza(values)}")
    find_tenant(after, values["id"])


def _is_empty(root: yaml.Node | None) -> bool:
    """`tenants:` with nothing below it, or but comments; or no more than `defaults`."""
    if not isinstance(root, yaml.MappingNode):
        return root is None
    empty = ("tenants", "")
    return all(key.value == "defaults" or (key.value, value.value) == empty for key, value in root.value)


def _add_to(path: Path, values: Mapping[str, str]) -> bytes:
    text, root = path.read_text(encoding="utf-8"), _compose(path)
    stanzas = next((value for key, value in root.value if key.value == "tenants"), None) if isinstance(root, yaml.MappingNode) else None
    if not isinstance(stanzas, yaml.SequenceNode) or not stanzas.value:
        return _begin(text, values).encode()
    if stanzas.flow_style:
        raise ConfigurationError(f"{path} has its stanzas in one line; add this one by hand:\n{write_stanza(values)}")
    lines = text.splitlines(keepends=True)
    last = stanzas.value[-1]
    end = _end_of(lines, last)
    indent = stanzas.start_mark.column
    if end and not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], "\n", write_stanza(values, indent=indent), *lines[end:]]).encode()


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


def _replace(new: Source) -> None:
    """Nobody ever reads half of it."""
    written = new.path.with_name(f".{new.path.name}.new")
    written.write_bytes(new.content)
    if new.path.exists():
        written.chmod(new.path.stat().st_mode & 0o777)
    written.replace(new.path)


def _quote(value: str) -> str:
    """Plain where YAML reads it back as the same text."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
