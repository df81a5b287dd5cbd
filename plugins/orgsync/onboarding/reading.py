"""Reads what is configured elsewhere: the forms in which it comes, each into plain keys and values."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from orgsync.errors import ConfigurationError

Settings = Mapping[str, Any]

_STRING_OR_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
_LINE = re.compile(r"^\s*(?P<key>[^:=：\n#]{2,60}?)\s*(?:[:=：]|\t)\s*(?P<value>\S.*?)\s*$", re.MULTILINE)


def read_forms(text: str) -> tuple[str, Any]:
    """`json`, `yaml`, `table` or `list`, and what it holds: an object or several, a list of rows, a mapping.

    JSON may have comments and trailing commas, as O2OA's samples do. Raises ConfigurationError where it is none of these.
    """
    stripped = text.lstrip("\ufeff").strip()
    if not stripped:
        raise ConfigurationError("the file is empty")
    if stripped[0] in "{[":
        return "json", _read_json(stripped)
    if rows := _read_table(stripped):
        return "table", rows
    documents = _read_yaml(stripped)
    if any(_is_nested(document) for document in documents):
        return "yaml", documents
    if pairs := {match["key"].strip(): match["value"].strip().strip("\"'") for match in _LINE.finditer(stripped)}:
        return "list", pairs
    raise ConfigurationError("the file is neither JSON nor YAML, no table with a header, and no list of `name: value` lines")


def find_blocks(value: Any, names: frozenset[str]) -> Iterator[tuple[str, Settings]]:
    """Each mapping that stands anywhere under one of these names (in capitals)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if str(key).upper().replace("-", "_") in names and isinstance(inner, dict):
                yield str(key).upper().replace("-", "_"), inner
            yield from find_blocks(inner, names)
    elif isinstance(value, list):
        for inner in value:
            yield from find_blocks(inner, names)


def _read_json(text: str) -> Any:
    bare = _TRAILING_COMMA.sub(lambda found: found[1] or "", _STRING_OR_COMMENT.sub(lambda found: found[1] or "", text))
    try:
        return json.loads(bare)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"line {error.lineno}: not JSON, also without its comments and trailing commas: {error.msg}") from None
    except RecursionError:
        raise ConfigurationError("not JSON that anybody wrote: it is nested too deeply") from None


def _read_yaml(text: str) -> list[Any]:
    """Several documents, as Spring's profiles have; what is no YAML may be a list of lines."""
    try:
        return [document for document in yaml.safe_load_all(text) if document is not None]
    except (yaml.YAMLError, RecursionError, ValueError):
        return []


def _is_nested(document: Any) -> bool:
    return isinstance(document, dict) and any(isinstance(value, dict | list) for value in document.values())


def _read_table(text: str) -> list[Settings]:
    """Rows exported from a database, with the names of the columns in the first line."""
    header = text.partition("\n")[0]
    delimiter = next((sign for sign in ("\t", ",", ";", "|") if header.count(sign) > 1), "")
    if not delimiter or "client_id" not in header.lower():
        return []
    rows = csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().strip('`"').lower() for name in next(rows)]
    return [
        dict(zip(names, (value.strip() for value in row), strict=False))
        for row in rows
        if any(row) and not set("".join(row)) <= set("-+| ")
    ]
