"""Tells a good Feishu answer from a refusal, and from one that does not hold what it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orgsync.errors import Refusal, UnexpectedAnswerError
from orgsync.platforms.feishu.codes import PLATFORM, error_code, error_for
from orgsync.platforms.feishu.records import items_of, read_id
from orgsync.platforms.reading.erasing import Traces
from orgsync.platforms.reading.records import is_damaged, is_true, read_flag, read_token
from orgsync.platforms.reading.substance import Shape
from orgsync.platforms.speaking.transport import WAIT_FIX, Judge, Request, Response

Content = Mapping[str, Any]
Check = Callable[[Content], str]

SHAPE = Shape(passing={"code", "msg", "has_more", "page_token"}, within="data", lists={"items"})
"""What of an answer is about the organization."""

TRACES = Traces(
    own={"user_id", "open_id", "union_id"},
    mentions={"leader_user_id", "user_ids", "department_hrbps", "dotted_line_leader_user_ids"},
    holders={"generic_user": {"id"}, "leaders": {"leaderID", "leader_id"}},
    within="data",
)
"""Where an answer names people: lists of them, leaders and partners of departments, leaders of people, whom the app may see (§4 to §6)."""

RANGE_LISTS = ("department_ids", "user_ids", "group_ids")


def judge_by(check: Check) -> Judge:
    """The content if the call succeeded and `check` finds nothing missing, else the error it means.

    The code alone decides: a refusal may come with HTTP 200, as every refused token does.
    """

    def judge(request: Request, response: Response, content: Any) -> Any:
        if not isinstance(content, dict) or "code" not in content:
            raise _unexpected(request, response, "it has no code")
        if error_code(content) != "0":
            wait = response.retry_after_seconds
            raise error_for(content, interface=request.interface, request_id=response.request_id, wait_seconds=wait)
        if problem := check(content):
            raise _unexpected(request, response, problem)
        return content

    return judge


def nothing_needed(_: Content) -> str:
    """Calls that only change something may answer without data."""
    return ""


def lacks_message(content: Content) -> str:
    return _lacks_data(content) or ("" if read_id(content["data"].get("message_id")) else "its data has no message_id")


def lacks_progress(content: Content) -> str:
    data = content.get("data")
    progress = data.get("batch_message_send_progress") if isinstance(data, dict) else None
    return "" if isinstance(progress, dict) else "its data has no batch_message_send_progress"


def lacks_task(content: Content) -> str:
    task = content["data"].get("task") if not _lacks_data(content) else None
    return "" if isinstance(task, dict) and read_id(task.get("guid")) else "its data has no task with a guid"


def lacks_token(content: Content) -> str:
    """The one answer without `data`."""
    return "" if read_token(content.get("tenant_access_token")) else "it has no tenant_access_token"


def lacks_place(content: Content) -> str:
    return _lacks_data(content) or ("" if str(content["data"].get("URL") or "").startswith(("wss://", "ws://")) else "its data has no URL")


def lacks_department(content: Content) -> str:
    return _lacks_data(content) or ("" if isinstance(content["data"].get("department"), dict) else "its data has no department")


def lacks_user(content: Content) -> str:
    return _lacks_data(content) or ("" if isinstance(content["data"].get("user"), dict) else "its data has no user")


def lacks_items(content: Content) -> str:
    """Without `items` it is a list of nothing: that is how Feishu writes an empty one. A null is not."""
    return _lacks_data(content) or ("" if isinstance(content["data"].get("items", []), list) else "its items are no list")


def lacks_departments(content: Content) -> str:
    """A department without an id could not be entered, and all below it would be missing."""
    if problem := lacks_items(content):
        return problem
    nameless = [department for department in items_of(content) if read_id(department.get("open_department_id")) is None]
    return f"{len(nameless)} of its departments have no open_department_id" if nameless else _lacks_parents(content)


def lacks_page_of_departments(content: Content) -> str:
    return lacks_departments(content) or _lacks_next(content) or _lacks_promised(content)


def lacks_page_of_users(content: Content) -> str:
    return lacks_items(content) or _lacks_next(content) or _lacks_promised(content)


def lacks_page_of_range(content: Content) -> str:
    if problem := _lacks_data(content) or _lacks_next(content):
        return problem
    broken = [name for name in RANGE_LISTS if not isinstance(content["data"].get(name, []), list)]
    return f"its {broken[0]} are no list" if broken else ""


def _lacks_data(content: Content) -> str:
    return "" if isinstance(content.get("data"), dict) else "it has no data"


def _lacks_next(content: Content) -> str:
    """`has_more` is always there, `page_token` on every page but the last; without them people would be left out."""
    data = content["data"]
    if read_flag(data.get("has_more")) is None:
        return "its data has no has_more"
    return "it has more, but no page_token" if is_true(data["has_more"]) and not read_id(data.get("page_token")) else ""


def _lacks_parents(content: Content) -> str:
    """One scope opens the parent together with these: where they are, a department without it would move to the top."""
    torn = [
        each
        for each in items_of(content)
        if is_damaged(each.get("parent_department_id")) or ("parent_department_id" not in each and {"order", "member_count"} & each.keys())
    ]
    return f"{len(torn)} of its departments have no parent_department_id" if torn else ""


def _lacks_promised(content: Content) -> str:
    data = content["data"]
    return "it has more, but no items" if is_true(data["has_more"]) and "items" not in data else ""


def _unexpected(request: Request, response: Response, reason: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(Refusal(PLATFORM, request.interface, "JSON that is not whole", response.request_id, reason, WAIT_FIX))
