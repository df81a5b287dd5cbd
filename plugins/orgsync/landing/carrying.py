"""What a read landed again of an earlier one: it does not count once that one is retracted."""

from __future__ import annotations

import logging
from collections.abc import Iterable, MutableSet, Set
from datetime import datetime
from functools import partial

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.zone import read_answers, read_manifest
from orgsync.manifest import Manifest
from orgsync.platforms.platform import Answer, Answers

log = logging.getLogger(__name__)


def drop_carried(answers: Answers, retracted: Set[datetime], dropped: MutableSet[str] | None = None) -> Answers:
    """The answers without those that a retracted snapshot was given; when these had been read is added to `dropped`."""
    instants = {taken_at.isoformat() for taken_at in retracted}

    def kept(part: str) -> Iterable[Answer]:
        for answer in answers(part):
            if answer.read_at not in instants:
                yield answer
            elif dropped is not None:
                dropped.add(answer.read_at)

    return kept if instants else answers


def find_carriers(later: Iterable[str], taken_at: datetime) -> list[int]:
    """The places of the snapshots, given by their uris in the order in which they were taken, that landed answers of an earlier one again.

    Each whole read carries on from those before it; so where one has nothing of it, none after that has. Targeted reads carry nothing on,
    and what cannot be read is passed over.
    """
    found = []
    for place, uri in enumerate(later):
        try:
            manifest = read_manifest(uri, is_partial_welcome=True)
            if manifest.mode == "targeted":
                continue
            if not _carries(uri, manifest, taken_at.isoformat()):
                break
            found.append(place)
        except IncompleteSnapshotError as error:
            log.warning("whether it builds on what is retracted is not known: %s", error)
    return found


def _carries(uri: str, manifest: Manifest, read_at: str) -> bool:
    read = partial(read_answers, uri, manifest)
    return any(answer.read_at == read_at for part in manifest.files for answer in read(part))
