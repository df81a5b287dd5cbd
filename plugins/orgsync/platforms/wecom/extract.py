"""Reads a whole WeCom organization, by the way that the connection's secrets allow."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from orgsync.errors import PermissionDeniedError
from orgsync.platforms.platform import Reading, Record, Wanted
from orgsync.platforms.reading.records import records_of
from orgsync.platforms.speaking.transport import Reply
from orgsync.platforms.wecom.client import WeComClient
from orgsync.platforms.wecom.codes import WRONG_SECRET_CODES
from orgsync.platforms.wecom.exports import read_export
from orgsync.platforms.wecom.ids import ask_skeleton, read_ids
from orgsync.platforms.wecom.lists import read_lists
from orgsync.platforms.wecom.tree import Tree
from orgsync.platforms.wecom.walk import WeComWalk

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """By ids if there is a `skeleton`, the answer that lists the whole company's departments; else by lists.

    `visible` is what the app sees.
    """

    visible: Tree | None
    skeleton: Reply | None = None


def extract(client: WeComClient, wanted: Wanted, record: Record) -> Reading:
    """Complete or an error: the first call that fails for good stops the read."""
    walk = WeComWalk(client, wanted, record)
    if client.read_by == "export":
        return read_export(walk)
    way = choose_way(walk)
    if way.skeleton is not None:
        return read_ids(walk, way.skeleton, way.visible)
    assert way.visible is not None  # noqa: S101
    return read_lists(walk, way.visible)


def choose_way(walk: WeComWalk) -> Way:
    """By what the connection's secrets allow, and what its `read_by` says."""
    client = walk.api
    visible = walk.land_departments() if client.has_app else None
    if visible is None or client.read_by == "ids":
        return Way(visible, ask_skeleton(walk))
    if client.read_by != "auto" or not client.has_contact:
        return Way(visible)
    return _choose_by_what_is_visible(walk, visible)


def _choose_by_what_is_visible(walk: WeComWalk, visible: Tree) -> Way:
    """Lists where the app sees every department of the company, ids where some are hidden from it."""
    try:
        skeleton = ask_skeleton(walk, tolerated=WRONG_SECRET_CODES)
    except PermissionDeniedError as error:
        if error.refusal.code not in WRONG_SECRET_CODES:
            raise
        log.warning("reading what the app sees: %s", error)
        return Way(visible)
    if _tree_of(skeleton).parents.keys() <= visible.parents.keys():
        walk.record("organization", skeleton.answer)
        return Way(visible)
    log.info("the app sees %d of %d departments; reading by ids", len(visible.parents), len(_tree_of(skeleton).parents))
    return Way(visible, skeleton)


def _tree_of(skeleton: Reply) -> Tree:
    return Tree.of(records_of(skeleton.content["department_id"]))
