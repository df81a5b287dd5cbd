"""Tells a good WeCom answer from a refusal, and from one that does not hold what it must."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orgsync.errors import Refusal, UnexpectedAnswerError
from orgsync.platforms.platform import Answer
from orgsync.platforms.reading.erasing import Traces
from orgsync.platforms.reading.records import is_damaged, read_count, read_token, records_of
from orgsync.platforms.reading.substance import Shape
from orgsync.platforms.speaking.transport import WAIT_FIX, Judge, Request, Response
from orgsync.platforms.wecom.codes import PLATFORM, Identity, code_of, error_for, is_warning, warning_error
from orgsync.platforms.wecom.interfaces import LIST_SIZES
from orgsync.platforms.wecom.records import read_department_id, read_department_ids

Content = Mapping[str, Any]
Check = Callable[[Content], str]

SHAPE = Shape(passing={"errcode", "errmsg", "next_cursor"}, lists={"department", "department_id", "userlist", "dept_user"})
"""What of an answer is about the organization."""

TRACES = Traces(
    own={"userid", "open_userid"},
    mentions={"department_leader", "direct_leader", "userids", "owner"},
    holders={},
    folds_case=True,
)
"""Where an answer names people: lists of them or of their ids, leaders of departments and of people, whom the app may see (§4, §5)."""


def list_statements(answer: Answer) -> Iterable[bytes]:
    """What an answer says about the organization. What a read notes about the size of lists is for the next read alone.

    Which list somebody was in counts, and in how many: read in other parts, the same people do not look the same.
    """
    return () if answer.interface == LIST_SIZES else SHAPE.list_statements(answer)


EXPORT_DONE = 2
EXPORT_FAILED = 3


def judge_by(check: Check, identity: Identity, *, telling: frozenset[str] = frozenset()) -> Judge:
    """The content if the call succeeded and `check` finds nothing missing, else the error it means to whom the secret belongs.

    `telling` are codes of refusals that are an answer like a good one.
    """

    def judge(request: Request, _: Response, content: Any) -> Any:
        if not isinstance(content, dict):
            raise _unexpected(request, "it is no object")
        if code_of(content) in telling:
            return content
        if code_of(content) != "0":
            raise error_for(content, interface=request.interface, identity=identity)
        if is_warning(content):
            raise warning_error(interface=request.interface)
        if problem := check(content):
            raise _unexpected(request, problem)
        return content

    return judge


def judge_file(*, size: object, md5: object) -> Judge:
    """An exported file is whole if it has the size and the MD5 that its job's result gave; both are of the encrypted bytes."""

    def judge(request: Request, response: Response, content: Any) -> Any:
        if response.status >= 300 or not isinstance(content, bytes):
            raise _unexpected(request, f"HTTP {response.status} in place of the file")
        if str(size) != str(len(content)):
            raise _unexpected(request, f"the file has {len(content)} bytes, its job said {_shown(size)}")
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != str(md5).lower():
            raise _unexpected(request, "the file's MD5 is not the one its job said")
        return content

    return judge


def nothing_needed(_: Content) -> str:
    return ""


def lacks_token(content: Content) -> str:
    return "" if read_token(content.get("access_token")) else "it has no access_token"


def lacks_range(content: Content) -> str:
    names = ("allow_userinfos", "allow_partys", "allow_tags")
    return "" if any(isinstance(content.get(name), dict) for name in names) else "it names no visible range"


def lacks_tag_members(content: Content) -> str:
    return "" if isinstance(content.get("userlist"), list) else "it has no userlist"


def lacks_departments(content: Content) -> str:
    return _lacks_places(content, "department")


def lacks_department(content: Content) -> str:
    """One object, not an array."""
    return "" if isinstance(content.get("department"), dict) else "it has no department"


def lacks_department_ids(content: Content) -> str:
    """An array of objects despite its name."""
    return _lacks_places(content, "department_id")


def lacks_users(content: Content) -> str:
    """Where someone belongs is said by their own record alone: without it they would leave their departments."""
    if not isinstance(content.get("userlist"), list):
        return "it has no userlist"
    homeless = [person for person in records_of(content["userlist"]) if not _has_readable_places(person)]
    return f"{len(homeless)} of its people have no list department" if homeless else ""


def _has_readable_places(person: Mapping[str, Any]) -> bool:
    return isinstance(person.get("department"), list) and None not in read_department_ids(person["department"])


def lacks_user(content: Content) -> str:
    """The fields are at the top level, next to errcode."""
    return "" if content.get("userid") and not is_damaged(content["userid"]) else "it has no userid"


def lacks_user_ids(content: Content) -> str:
    """No row of a list of ids may be unreadable: someone left out of it would look like someone who left.

    The last page has no `next_cursor`, a null or an empty one.
    """
    if not isinstance(content.get("dept_user"), list):
        return "it has no dept_user"
    unreadable = [row for row in records_of(content["dept_user"]) if not _is_readable(row)]
    if unreadable:
        return f"{len(unreadable)} of its rows have no userid or no department"
    cursor = content.get("next_cursor")
    return "" if cursor is None or (isinstance(cursor, str) and not is_damaged(cursor)) else "its next_cursor is no text"


def _is_readable(row: Mapping[str, Any]) -> bool:
    user_id = row.get("userid")
    return bool(user_id) and not is_damaged(user_id) and read_department_id(row.get("department")) is not None


def lacks_job(content: Content) -> str:
    return "" if content.get("jobid") else "it has no jobid"


def lacks_job_result(content: Content) -> str:
    status = read_count(content.get("status"))
    if status != EXPORT_DONE:
        return "it has no status" if status is None else ""
    files = content.get("data_list")
    if not isinstance(files, list) or not files:
        return "the job is done, but has no data_list"
    broken = [file for file in records_of(files) if not all(file.get(name) for name in ("url", "size", "md5"))]
    return f"{len(broken)} of its files have no url, size or md5" if broken else ""


def _lacks_places(content: Content, field: str) -> str:
    """A department without its id or its parent's would tear the tree, and with it who is below whom."""
    if not isinstance(content.get(field), list):
        return f"it has no list {field}"
    places = records_of(content[field])
    torn = [place for place in places if None in (read_department_id(place.get("id")), read_department_id(place.get("parentid")))]
    return f"{len(torn)} of its departments have no id or no parentid" if torn else ""


def _shown(value: object) -> str:
    return str(value) if str(value).isdecimal() else "something else"


def _unexpected(request: Request, reason: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(Refusal(PLATFORM, request.interface, "an answer that is not whole", reason=reason, fix=WAIT_FIX))
