"""The files of message templates: checked whole before anything is rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import TemplateSyntaxError
from yaml.constructor import SafeConstructor

from orgsync.errors import ConfigurationError
from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.sending.messages import KINDS, Kind
from orgsync.templates.expressions import expressions_for
from orgsync.templates.values import clean, copy_plain
from orgsync.yaml_files import compose_yaml, refuse_file

MOST_FILE_BYTES = 64 * 1024
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
KEYS = {"kind", "title", "body", "url", "due_at", "variables", "platforms"}
TEXTS = ("title", "body", "url", "due_at")
OVERRIDES = {"title", "body", "url"}
# Words of Jinja's own; a variable of such a name could never be reached.
RESERVED = {
    "and", "caller", "else", "elif", "endfor", "endif", "false", "for", "if", "in", "is", "kwargs", "loop", "none", "not", "or", "range",
    "recursive", "self", "set", "true", "varargs",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One text of a template. `line` is where in the file its first line is; what is folded counts as one line."""

    text: str = ""
    line: int = 0
    is_folded: bool = True

    def line_of(self, number: int) -> int:
        return self.line if self.is_folded else self.line + number - 1


@dataclass(frozen=True)
class Variable:
    """What a template wants to be told; one that is not required has a default."""

    description: str
    is_required: bool = True
    default: Any = None


@dataclass(frozen=True)
class Template:
    """`sources` are its texts by name (title, body, url, due_at); `overrides` those that differ on a platform."""

    name: str
    path: Path
    kind: Kind
    sources: Mapping[str, Source]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)


def list_templates(folder: Path) -> tuple[str, ...]:
    """Names only; whether a template is sound is known when it is loaded."""
    try:
        files = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(f"there is no folder {folder} of message templates; make one, or set ORGSYNC_TEMPLATES") from None
    except OSError as error:
        raise refuse_file("folder of message templates", folder, error) from error
    return tuple(sorted(path.stem for path in files if path.suffix == ".yaml" and NAME.fullmatch(path.stem)))


def load_template(folder: Path, name: str) -> Template:
    """Raises ConfigurationError naming file, line and what to write instead."""
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is no name of a template; names have lower-case letters, digits, - and _ only")
    known = ", ".join(list_templates(folder)) or "none"
    path = folder / f"{name}.yaml"
    try:
        is_long = path.is_file() and path.stat().st_size > MOST_FILE_BYTES
    except OSError as error:
        raise refuse_file("message template", path, error) from error
    if is_long:
        raise ConfigurationError(f"{path} is longer than the {MOST_FILE_BYTES} bytes that a template may have")
    root = compose_yaml(path, what="message template", missing=f"there are: {known}")
    return _Reader(path).read_template(name, root)


@dataclass(frozen=True)
class _Reader:
    """Turns YAML nodes into a template."""

    path: Path

    def read_template(self, name: str, root: yaml.Node | None) -> Template:
        if root is None:
            raise ConfigurationError(f"{self.path} is empty; write at least `kind` and `title` or `body`")
        nodes = self._mapping(root, KEYS, "a template")
        if "kind" not in nodes or not {"title", "body"} & set(nodes):
            raise self._error(root, "a template needs `kind`, and `title` or `body`")
        kind = self._kind(nodes["kind"])
        if "due_at" in nodes and kind != "todo":
            raise self._error(nodes["due_at"], f"only a todo has `due_at`, and this is of kind {kind}")
        variables = self._variables(nodes["variables"]) if "variables" in nodes else {}
        overrides = self._overrides(nodes["platforms"]) if "platforms" in nodes else {}
        sources = {key: self._source(nodes[key]) for key in TEXTS if key in nodes}
        for each in (sources, *overrides.values()):
            for key, source in each.items():
                self._check(key, source, kind, variables)
        return Template(name, self.path, kind, sources, variables, overrides)

    def _kind(self, node: yaml.Node) -> Kind:
        for kind in KINDS:
            if node.value == kind:
                return kind
        raise self._error(node, f"kind is one of {', '.join(KINDS)}")

    def _variables(self, node: yaml.Node) -> dict[str, Variable]:
        nodes = self._mapping(node, None, "`variables`")
        for name in nodes:
            if not name.isidentifier() or name.startswith("_") or name.lower() in RESERVED:
                raise self._error(node, f"{name!r} cannot be a variable; take letters, digits and _, and no word of Jinja's own")
        return {name: self._variable(name, value) for name, value in nodes.items()}

    def _variable(self, name: str, node: yaml.Node) -> Variable:
        if isinstance(node, yaml.ScalarNode):
            return Variable(self._line_of_text(node))
        nodes = self._mapping(node, {"description", "default"}, f"variable {name!r}")
        if "description" not in nodes:
            raise self._error(node, f"variable {name!r} needs a `description`")
        description = self._line_of_text(nodes["description"])
        if "default" not in nodes:
            return Variable(description)
        return Variable(description, is_required=False, default=self._default(nodes["default"]))

    def _default(self, node: yaml.Node) -> Any:
        try:
            return copy_plain(SafeConstructor().construct_document(node))
        except (TypeError, ValueError, yaml.YAMLError) as error:
            reason = error.problem if isinstance(error, yaml.MarkedYAMLError) else error
            raise self._error(node, f"the default {reason}") from error

    def _overrides(self, node: yaml.Node) -> dict[str, dict[str, Source]]:
        platforms = self._mapping(node, set(PLATFORM_NAMES), "`platforms`")
        return {
            platform: {name: self._source(text) for name, text in self._mapping(part, OVERRIDES, f"`{platform}`").items()}
            for platform, part in platforms.items()
        }

    def _check(self, key: str, source: Source, kind: Kind, variables: Mapping[str, Variable]) -> None:
        try:
            names = expressions_for(key, kind, str).check(source.text)
        except TemplateSyntaxError as error:
            raise self._error_at(source.line_of(error.lineno), f"{key} is not a template: {error.message}") from error
        except (SyntaxError, RecursionError, MemoryError):
            raise self._error_at(source.line, f"{key} is not a template: it is nested too deeply") from None
        for name, number in names.items():
            if name not in variables:
                known = ", ".join(variables) or "none"
                raise self._error_at(source.line_of(number), f"{key} uses {name!r}, which is not among `variables`; they are: {known}")

    def _mapping(self, node: yaml.Node, known: set[str] | None, what: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"{what} must be `key: value` lines")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._source(key).text
            if known is not None and name not in known:
                raise self._error(key, f"{what} has no key {name!r}; known are {', '.join(sorted(known))}")
            if name in found:
                raise self._error(key, f"the key {name!r} is there twice")
            found[name] = value
        return found

    def _source(self, node: yaml.Node) -> Source:
        """Text begins on the line after the sign of a block."""
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, "a text is expected here; put one that begins with { or [ between quotes, or below a |")
        line = node.start_mark.line + 1
        text = "" if node.tag == "tag:yaml.org,2002:null" else clean(node.value)
        return Source(text, line + 1, is_folded=False) if node.style == "|" else Source(text, line)

    def _line_of_text(self, node: yaml.Node) -> str:
        text = " ".join(self._source(node).text.split())
        if not text:
            raise self._error(node, "a description of one line is expected here")
        return text

    def _error(self, node: yaml.Node, text: str) -> ConfigurationError:
        return self._error_at(node.start_mark.line + 1, text)

    def _error_at(self, line: int, text: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path}, line {line}: {text}")
