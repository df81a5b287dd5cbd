"""The company's own head count, against which a read of the whole company is checked."""

from __future__ import annotations

import logging

from orgsync.errors import PermissionDeniedError
from orgsync.platforms.wecom.client import ROOT_ID
from orgsync.platforms.wecom.codes import WRONG_SECRET_CODES
from orgsync.platforms.wecom.records import fold
from orgsync.platforms.wecom.tree import Tree
from orgsync.platforms.wecom.walk import WeComWalk

log = logging.getLogger(__name__)


class HeadCount:
    """Lists the company's ids before the read, and once more after it if someone listed was not read.

    It fits only what was read without limit by an app that sees the root; a frequent read does without.
    """

    def __init__(self, walk: WeComWalk, visible: Tree) -> None:
        self._walk = walk
        is_whole = ROOT_ID in visible.parents and not walk.is_limited
        self._before = self._list_ids() if walk.api.has_contact and is_whole and walk.wanted.mode == "full" else set()

    def compare(self, seen: set[str]) -> dict[str, int]:
        """How many people were there all the while: someone who left while we read was not lost."""
        if not self._before:
            return {}
        if self._before <= seen:
            return {"users": len(self._before)}
        return {"users": len(self._before & self._list_ids())}

    def _list_ids(self) -> set[str]:
        try:
            return {fold(user_id) for user_id, _ in self._walk.land_user_ids("organization", tolerated=WRONG_SECRET_CODES)}
        except PermissionDeniedError as error:
            if error.refusal.code not in WRONG_SECRET_CODES:
                raise
            log.warning("the read is not checked against the company's head count: %s", error)
            return set()
