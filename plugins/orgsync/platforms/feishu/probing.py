"""Finds out which scopes an app lacks, by the calls that a read makes."""

from __future__ import annotations

from functools import partial

from orgsync.errors import PermissionDeniedError
from orgsync.platforms.feishu.client import FeishuClient
from orgsync.platforms.feishu.codes import SCOPE_MISSING_CODES
from orgsync.platforms.speaking.permissions import Probe, find_missing, name_all

_ROOT = "0"
# Every app may see it.
_KEY = "open_id"


def list_missing(client: FeishuClient) -> list[PermissionDeniedError]:
    return find_missing(_probes(client), SCOPE_MISSING_CODES)


def name_missing(client: FeishuClient, error: PermissionDeniedError) -> PermissionDeniedError:
    """The same error, with the other scopes that are missing; one about something else as it is."""
    return name_all([error, *list_missing(client)]) if error.refusal.code in SCOPE_MISSING_CODES else error


def _probes(client: FeishuClient) -> list[Probe]:
    """Scopes are looked at before departments, so the root will do, whether the app sees it or not."""
    return [
        partial(client.get_root, user_key=_KEY),
        lambda: next(client.list_range(user_key=_KEY)),
        lambda: next(client.list_children(_ROOT, whole_subtree=False, user_key=_KEY)),
        lambda: next(client.list_users(_ROOT, user_key=_KEY)),
    ]
