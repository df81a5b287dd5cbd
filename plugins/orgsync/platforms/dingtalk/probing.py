"""Finds out which permission points an app lacks, by the calls that a read makes."""

from __future__ import annotations

from functools import partial

from orgsync.errors import PermissionDeniedError
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.speaking.permissions import Probe, find_missing, name_all

POINT_MISSING_CODES = frozenset({"60011"})
_ROOT = "1"


def list_missing(client: DingTalkClient) -> list[PermissionDeniedError]:
    return find_missing(_probes(client), POINT_MISSING_CODES)


def name_missing(client: DingTalkClient, error: PermissionDeniedError) -> PermissionDeniedError:
    """The same error, with the other points that are missing; one about something else as it is."""
    return name_all([error, *list_missing(client)]) if error.refusal.code in POINT_MISSING_CODES else error


def _probes(client: DingTalkClient) -> list[Probe]:
    """Permission points are looked at before departments, so the root will do, whether the app sees it or not."""
    return [
        partial(client.list_sub_departments, _ROOT),
        partial(client.get_department, _ROOT),
        lambda: next(client.list_users(_ROOT)),
        client.count_users,
    ]
