"""Airflow's bundle of our DAG files: they are parsed anew as soon as a tenants file or a template changed, and otherwise seldom.

Airflow parses a file again when that file changed, or after `min_file_process_interval`: it cannot know that DAGs are made of another one.
Where it asks this bundle now and then (`refresh_interval`), that interval may be half an hour, and 1,000 tenants cost nothing meanwhile.
Airflow also begins to watch the outbox and events, or ceases to, when it parses who waits for them: so switching such a DAG on or off,
`org_notify` or a tenant's that receives events, has them parsed too.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.local import LocalDagBundle

from orgsync.errors import ConfigurationError
from orgsync.settings import read_settings
from orgsync.tenants.sources import list_files

log = logging.getLogger(__name__)

DAG_FILES = "org_*.py"
OURS = "org_"


class TenantsBundle(LocalDagBundle):  # type: ignore[misc]
    """A folder of DAG files, ours among them. What a processor finds at its start is no change: it parses everything then."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: tuple[str, frozenset[str]] | None = None

    def refresh(self) -> None:
        """Asked by the DAG processor alone. What cannot be asked for now is asked for the next time."""
        try:
            found = hash_inputs(), _list_woken()
            if self._seen not in (None, found):
                self._ask_for_parsing()
        except Exception as error:  # Airflow would not look for new files either
            log.warning("whether DAG files are to be parsed anew is looked at again soon: %s", type(error).__name__)
            return
        self._seen = found

    def _ask_for_parsing(self) -> None:
        """As the UI's *Reparse Dag* does; another processor may have asked already."""
        from airflow.models.dagbag import DagPriorityParsingRequest
        from airflow.utils.session import create_session
        from sqlalchemy import select

        wanted = {str(file.relative_to(self.path)) for file in self.path.rglob(DAG_FILES)}
        with create_session() as session:
            asked = session.scalars(
                select(DagPriorityParsingRequest.relative_fileloc).where(DagPriorityParsingRequest.bundle_name == self.name)
            )
            missing = sorted(wanted - set(asked))
            session.add_all(DagPriorityParsingRequest(self.name, file) for file in missing)
        log.info("the tenants file or a template has changed, or a DAG that is woken was switched: %d files are parsed anew", len(wanted))


def _list_woken() -> frozenset[str]:
    """Our DAGs that are switched on and wait for an asset."""
    from airflow.models.asset import DagScheduleAssetReference
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    waiting = select(DagScheduleAssetReference.dag_id)
    with create_session() as session:
        found = select(DagModel.dag_id).where(DagModel.dag_id.startswith(OURS, autoescape=True), DagModel.is_paused.is_(False))
        return frozenset(session.scalars(found.where(DagModel.dag_id.in_(waiting))))


def hash_inputs() -> str:
    """Of all that DAG files are made of. Contents and not times: files may be put in place of each other, and clocks may be wrong."""
    digest = hashlib.sha256()
    try:
        settings = read_settings()
    except ConfigurationError as error:
        return str(error)
    for file in (*_list_tenants_files(settings.tenants_file), *_list_files(settings.templates_folder)):
        try:
            content = file.read_bytes()
        except OSError as error:
            content = type(error).__name__.encode()
        digest.update(str(file).encode() + b"\0" + str(len(content)).encode() + b"\0" + content)
    return digest.hexdigest()


def _list_tenants_files(path: Path) -> list[Path]:
    """What keeps a folder from being listed, whoever parses the DAG files says; it has changed once that is mended."""
    try:
        return list_files(path)
    except ConfigurationError:
        return [path]


def _list_files(folder: Path) -> Iterator[Path]:
    yield from sorted(file for file in folder.rglob("*") if file.is_file())
