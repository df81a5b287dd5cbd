from __future__ import annotations

from typing import NoReturn

from orgsync.errors import CredentialError, PermissionDeniedError, PlatformError, Refusal
from orgsync.platforms.speaking.permissions import find_missing, name_all

CODES = frozenset({"60011"})


def lacks(interface: str, fix: str, code: str = "60011", kind: type[PlatformError] = PermissionDeniedError) -> PlatformError:
    return kind(Refusal("dingtalk", interface, code, "r1", "a permission point is missing", fix))


def refuse(error: PlatformError) -> NoReturn:
    raise error


def test_only_refusals_for_want_of_a_permission_are_collected() -> None:
    missing = lacks("user/list", "Grant b")
    outside = lacks("user/get", "Widen the range", code="50002")
    secret = lacks("gettoken", "Copy it", code="40096", kind=CredentialError)
    probes = [lambda: refuse(outside), lambda: refuse(missing), lambda: refuse(secret), lambda: None]
    assert find_missing(probes, CODES) == [missing]


def test_all_are_named_each_once() -> None:
    first = lacks("listsub", "Grant a under 权限管理")
    assert name_all([first, lacks("get", "Grant a under 权限管理")]) is first
    named = name_all([first, lacks("user/list", "Grant b"), lacks("count", "Grant b"), lacks("user/get", "Grant c")])
    assert str(named).endswith("Grant a under 权限管理. Missing as well, for user/list: Grant b; for user/get: Grant c")
    assert (named.refusal.code, named.refusal.request_id) == ("60011", "r1")
