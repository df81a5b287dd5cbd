"""Tells a good DingTalk answer from a refusal, and from one that does not hold what it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orgsync.errors import Refusal, UnexpectedAnswerError
from orgsync.platforms.dingtalk.codes import PLATFORM, blocked_ip_error, effective_code, error_for
from orgsync.platforms.dingtalk.new_codes import new_error_for
from orgsync.platforms.dingtalk.records import read_department_id
from orgsync.platforms.reading.erasing import Traces
from orgsync.platforms.reading.records import is_damaged, is_true, read_count, read_flag, read_token, records_of
from orgsync.platforms.reading.substance import Shape
from orgsync.platforms.speaking.transport import WAIT_FIX, Judge, Request, Response

Content = Mapping[str, Any]
Check = Callable[[Content], str]

SHAPE = Shape(passing={"errcode", "errmsg", "request_id", "has_more", "next_cursor"}, within="result", lists={"list"})
"""What of an answer is about the organization."""

TRACES = Traces(
    own={"userid", "unionid"},
    mentions={
        "manager_userid", "dept_manager_userid_list", "org_dept_owner", "user_permits", "outer_permit_users", "authed_user", "userid_list",
    },
    holders={},
    within="result",
)  # fmt: skip
"""Where an answer names people: lists of them, who leads or owns a department or may see it, and whom the app may see (§4 to §6)."""


def judge_by(check: Check) -> Judge:
    """The content if the call succeeded and `check` finds nothing missing, else the error it means."""

    def judge(request: Request, _: Response, content: Any) -> Any:
        if isinstance(content, dict) and "punish" in content:
            raise blocked_ip_error(request.interface)
        if not isinstance(content, dict) or "errcode" not in content:
            raise _unexpected(request, "it has no errcode")
        if effective_code(content) != "0":
            raise error_for(content, interface=request.interface)
        if problem := check(content):
            raise _unexpected(request, problem)
        return content

    return judge


def judge_new_by(check: Check) -> Judge:
    """Of the new generation: a refusal is an HTTP status of 400 or more, and there is no errcode (§10).

    A path without /v1.0 is answered by the gateway in the old manner.
    """

    def judge(request: Request, response: Response, content: Any) -> Any:
        if isinstance(content, dict) and "punish" in content:
            raise blocked_ip_error(request.interface)
        if not isinstance(content, dict):
            raise _unexpected(request, "it is no object")
        if effective_code(content) not in ("0", ""):
            raise error_for(content, interface=request.interface)
        if response.status >= 400:
            raise new_error_for(content, status=response.status, interface=request.interface)
        if problem := check(content):
            raise _unexpected(request, problem)
        return content

    return judge


def nothing_needed(_: Content) -> str:
    return ""


def lacks_new_token(content: Content) -> str:
    return "" if read_token(content.get("accessToken")) else "it has no accessToken"


def lacks_place(content: Content) -> str:
    is_there = str(content.get("endpoint") or "").startswith(("wss://", "ws://")) and read_token(content.get("ticket"))
    return "" if is_there else "it has no endpoint and ticket"


def lacks_todo(content: Content) -> str:
    return "" if content.get("id") else "it has no id"


def lacks_task(content: Content) -> str:
    return "" if read_count(content.get("task_id")) is not None else "it has no task_id"


def lacks_progress(content: Content) -> str:
    progress = content.get("progress")
    return "" if isinstance(progress, dict) and read_count(progress.get("status")) is not None else "it has no progress with a status"


def lacks_send_result(content: Content) -> str:
    return "" if isinstance(content.get("send_result"), dict) else "it has no send_result"


def lacks_token(content: Content) -> str:
    return "" if read_token(content.get("access_token")) else "it has no access_token"


def lacks_scopes(content: Content) -> str:
    return "" if isinstance(content.get("auth_org_scopes"), dict) else "it has no auth_org_scopes"


def lacks_result(content: Content) -> str:
    return "" if isinstance(content.get("result"), dict) else "it has no result"


def lacks_children(content: Content) -> str:
    """A child without an id could not be entered, and all below it would be missing."""
    if not isinstance(content.get("result"), list):
        return "its result is no list"
    nameless = [child for child in records_of(content["result"]) if read_department_id(child.get("dept_id")) is None]
    return f"{len(nameless)} of its departments have no dept_id" if nameless else ""


def lacks_page(content: Content) -> str:
    """`has_more` is always there, `next_cursor` on every page but the last; without them people would be left out."""
    if problem := lacks_result(content):
        return problem
    result = content["result"]
    if not isinstance(result.get("list"), list) or read_flag(result.get("has_more")) is None:
        return "its result has no list or no has_more"
    if is_true(result["has_more"]) and (result.get("next_cursor") is None or is_damaged(result["next_cursor"])):
        return "it has more, but no next_cursor"
    return ""


def lacks_count(content: Content) -> str:
    return lacks_result(content) or ("" if read_count(content["result"].get("count")) is not None else "its result has no count")


def lacks_parents(content: Content) -> str:
    return lacks_result(content) or ("" if isinstance(content["result"].get("parent_list"), list) else "its result has no parent_list")


def _unexpected(request: Request, reason: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(Refusal(PLATFORM, request.interface, "JSON that is not whole", reason=reason, fix=WAIT_FIX))
