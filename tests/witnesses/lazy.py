"""Modules that whoever merely collects the tests need not import."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def import_when_used(name: str) -> ModuleType:
    """A module that is imported when something of it is first asked for."""
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.loader
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
