"""Modules that are imported once something of them is used, and not because another one names them."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def postpone_import(name: str) -> None:
    """From now on, `import name` gives a module that is loaded when it is asked for the first of its names.

    The standard library's LazyLoader loads at the second `import` already, to see whether the first has ended.
    """
    spec = find_spec(name)
    if spec is not None and name not in sys.modules:
        module = _Postponed(name)
        module.__spec__, module.__file__ = spec, spec.origin
        sys.modules[name] = module


class _Postponed(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), attribute)
