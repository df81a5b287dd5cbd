"""YAML files that people write, as nodes: nodes know their lines, plain dictionaries would not."""

from __future__ import annotations

from pathlib import Path

import yaml
from yaml.reader import ReaderError

from orgsync.errors import ConfigurationError


def compose_yaml(path: Path, *, what: str, missing: str) -> yaml.Node | None:
    """Raises ConfigurationError naming file and line; `missing` says what to do where there is no such file."""
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no {what} {path}; {missing}") from None
    except OSError as error:
        raise ConfigurationError(f"the {what} {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}, line {line}: not UTF-8; save the file in that encoding") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{path}, line {line}: not YAML: {error.problem}") from error
    except ReaderError as error:
        raise ConfigurationError(f"{path}: not YAML: it holds the character U+{error.character:04X}; remove it") from error
    except RecursionError:
        raise ConfigurationError(f"{path}: not YAML that anybody wrote: it is nested too deeply") from None
