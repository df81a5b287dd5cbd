"""Who is to be told, out of a tenants file that cannot be read: that it cannot is the first thing somebody must hear."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from orgsync.errors import ConfigurationError
from orgsync.tenants.alerting import Alerts
from orgsync.tenants.file import read_alerts
from orgsync.tenants.sources import DEFAULTS, read_sources
from orgsync.yaml_files import compose_content

BLOCK = re.compile(r"^defaults[ ]*:.*\n?(?:(?:[ \t#].*)?\n|[ \t].*\Z)*", re.MULTILINE)
"""The key `defaults` with all that is indented below it."""


def salvage_alerts(path: Path) -> Alerts:
    """Those of the defaults, as far as the mistake is in another part of the file; nobody where they are not to be had."""
    try:
        sources = read_sources(path)
    except ConfigurationError:
        return Alerts()
    of_all = next((source for source in sources.files if not sources.is_folder or source.path.name == DEFAULTS), None)
    found = BLOCK.search(of_all.content.decode(errors="replace")) if of_all else None
    if of_all is None or found is None:
        return Alerts()
    try:
        root = compose_content(of_all.path, found[0].encode())
    except ConfigurationError:
        return Alerts()
    defaults = next((value for key, value in root.value if key.value == "defaults"), None) if isinstance(root, yaml.MappingNode) else None
    return read_alerts(defaults)[0]
