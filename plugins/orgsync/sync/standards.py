"""By what the rows of a tenant are judged: one hash over this version of orgsync, its libraries and the tenant's stanza."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

import orgsync
from orgsync.settings import INCLUDE
from orgsync.tenants import Tenant

LIBRARIES = ("great-expectations", "msgspec", "pandas")
TEMPLATES = INCLUDE / "templates"


def hash_standards(tenant: Tenant) -> str:
    """The whole stanza and all code count, so that nobody has to know which of it decides about a row."""
    stanza = msgspec.json.encode(asdict(tenant), enc_hook=str, order="sorted")
    return hashlib.sha256(_hash_code().encode() + stanza).hexdigest()


@cache
def _hash_code() -> str:
    """Files and not a version's number: whoever works on a checkout changes the one and not the other."""
    code = hashlib.sha256(sys.version.encode())
    for library in LIBRARIES:
        code.update(version(library).encode() + b"\0")
    for path in sorted([*Path(orgsync.__file__).parent.rglob("*.py"), *TEMPLATES.glob("*.j2")]):
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return code.hexdigest()
