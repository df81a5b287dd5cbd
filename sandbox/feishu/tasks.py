"""Tasks, version 2: the app is one more user, who sees what it created or belongs to."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.exchange import encode
from sandbox.feishu.message_refusals import bad_task, not_yours, too_many_assignees, too_many_followers, unknown_task
from sandbox.feishu.messages import shown_user
from sandbox.feishu.parameters import Parameters, id_types
from sandbox.feishu.tenant import Feishu
from sandbox.todos import Todo
from sandbox.windows import MINUTE

TASKS = "task/v2/tasks"
MOST_MEMBERS = 50
LONGEST_TEXT, LONGEST_EXTRA, LONGEST_URL, LONGEST_TITLE = 3000, 65_536, 1024, 512
TOKEN_LENGTHS = range(10, 101)
TOKEN_SECONDS = 5 * MINUTE
AT_FIRST_ONLY = ("origin", "reminders")
KEPT = ("extra", "start", "due", "repeat_rule", "mode", "is_milestone", "custom_complete", "custom_fields")
CHANGEABLE = ("summary", "description", "completed_at", *KEPT)
Member = tuple[str, str, str]
"""Id, type and role; of a person the id is the user_id."""


def create(tenant: Feishu, parameters: Parameters) -> bytes:
    token, kind, now = _client_token(parameters), id_types(parameters).user, tenant.now()
    if token and (earlier := tenant.mailbox.remembered(("task", token), seconds=TOKEN_SECONDS, now=now)) is not None:
        return _answer(tenant, earlier, kind)
    fields = _checked(parameters)
    if not fields.get("summary"):
        raise bad_task("summary is required")
    members = _members(tenant, parameters, kind)
    origin = parameters.get("origin") or {}
    todo = Todo(
        id=str(uuid.uuid4()),
        interface=TASKS,
        creator=tenant.settings.client_id,
        title=fields["summary"],
        text=fields.get("description") or "",
        url=_origin_url(origin),
        created_at=now,
        updated_at=now,
        given={"task_id": f"t{secrets.randbelow(900_000) + 100_000}", "members": members}
        | {name: parameters[name] for name in (*KEPT, *AT_FIRST_ONLY) if parameters.get(name) is not None},
    )
    _settle(todo)
    todo.executors = dict.fromkeys(_assignees(members))
    if fields.get("completed_at", "0") != "0":
        todo.finish(now)
    tenant.mailbox.todos.add(todo)
    if token:
        tenant.mailbox.remember(("task", token), todo, now=now)
    return _answer(tenant, todo, kind)


def get(tenant: Feishu, parameters: Parameters) -> bytes:
    return _answer(tenant, _existing(tenant, parameters), id_types(parameters).user)


def patch(tenant: Feishu, parameters: Parameters) -> bytes:
    """What is listed and not given is cleared."""
    todo, now = _existing(tenant, parameters), tenant.now()
    names, given = parameters.get("update_fields"), parameters.get("task", {})
    if not isinstance(names, list) or not names or not set(map(str, names)) <= set(CHANGEABLE):
        raise bad_task("update_fields is invalid")
    if not isinstance(given, dict):
        raise bad_task("task is invalid")
    fields = _checked({name: value for name, value in given.items() if name in names})
    if "summary" in names and not fields.get("summary"):
        raise bad_task("summary is required")
    is_completed = fields.get("completed_at", "0") != "0"
    if "completed_at" in names and is_completed and todo.done_at is not None:
        raise bad_task("the task is completed already")
    _settle(todo, {name: fields.get(name) for name in names if name in KEPT})
    todo.title = fields["summary"] if "summary" in names else todo.title
    todo.text = (fields.get("description") or "") if "description" in names else todo.text
    if "completed_at" in names:
        todo.finish(now) if is_completed else todo.reopen()
    todo.updated_at = now
    return _answer(tenant, todo, id_types(parameters).user)


def delete(tenant: Feishu, parameters: Parameters) -> bytes:
    _existing(tenant, parameters).deleted_at = tenant.now()
    return b"{}"


def add_members(tenant: Feishu, parameters: Parameters) -> bytes:
    """Who is there already, or is unknown, is passed over."""
    todo, kind, token, now = _existing(tenant, parameters), id_types(parameters).user, _client_token(parameters), tenant.now()
    if token and tenant.mailbox.remembered(("members", token), seconds=TOKEN_SECONDS, now=now) is not None:
        return _answer(tenant, todo, kind)
    added = _members(tenant, parameters, kind, needed=True)
    _set_members(tenant, todo, list(dict.fromkeys([*todo.given["members"], *added])))
    if token:
        tenant.mailbox.remember(("members", token), todo, now=now)
    return _answer(tenant, todo, kind)


def remove_members(tenant: Feishu, parameters: Parameters) -> bytes:
    todo, kind = _existing(tenant, parameters), id_types(parameters).user
    removed = _members(tenant, parameters, kind, needed=True)
    _set_members(tenant, todo, [member for member in todo.given["members"] if member not in removed])
    return _answer(tenant, todo, kind)


def _set_members(tenant: Feishu, todo: Todo, members: list[Member]) -> None:
    _check_numbers(members)
    todo.given["members"], todo.updated_at = members, tenant.now()
    tenant.mailbox.todos.assign(todo, _assignees(members))


def _existing(tenant: Feishu, parameters: Parameters) -> Todo:
    todo = tenant.mailbox.todos.living(parameters["task_guid"])
    if todo is None:
        raise unknown_task()
    app = tenant.settings.client_id
    if todo.creator != app and not any((member, kind) == (app, "app") for member, kind, _ in todo.given["members"]):
        raise not_yours()
    return todo


def _client_token(parameters: Parameters) -> str:
    token = parameters.get("client_token")
    if token is None or token == "":
        return ""
    if not isinstance(token, str) or len(token) not in TOKEN_LENGTHS:
        raise bad_task("client_token is invalid")
    return token


def _checked(given: Parameters) -> Parameters:
    for name, most in {"summary": LONGEST_TEXT, "description": LONGEST_TEXT, "extra": LONGEST_EXTRA}.items():
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise bad_task(f"{name} is invalid")
    completed_at = given.get("completed_at")
    if completed_at is not None and not (isinstance(completed_at, str) and completed_at.isdecimal()):
        raise bad_task("completed_at is invalid")
    if given.get("mode") not in (None, 1, 2):
        raise bad_task("mode is invalid")
    if given.get("reminders") and not given.get("due"):
        raise bad_task("reminders need a due")
    return given


def _settle(todo: Todo, changes: Mapping[str, Any] | None = None) -> None:
    """Take over what only Feishu understands, if its times fit together."""
    given = {name: value for name, value in (todo.given | dict(changes or {})).items() if value is not None}
    due, start = _time(given, "due"), _time(given, "start")
    if due and start and (start[0] > due[0] or start[1] != due[1]):
        raise bad_task("start is after due, or only one of them is a whole day")
    todo.given, todo.due_at = given, due[0] / 1000 if due else None


def _time(given: Mapping[str, Any], name: str) -> tuple[int, bool] | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_task(f"{name} is invalid")
    timestamp, is_all_day = value.get("timestamp"), value.get("is_all_day", False)
    is_number = isinstance(timestamp, str) and timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 16
    if not is_number or not isinstance(is_all_day, bool):
        raise bad_task(f"{name} is invalid")
    return int(str(timestamp)), is_all_day


def _origin_url(origin: Any) -> str:
    href = origin.get("href") if isinstance(origin, dict) else None
    if href is None and isinstance(origin, dict):
        return ""
    url, title = (href.get("url") or "", href.get("title") or "") if isinstance(href, dict) else (None, "")
    is_fine = isinstance(url, str) and len(url) <= LONGEST_URL and len(str(title)) <= LONGEST_TITLE
    if not is_fine or (url and not str(url).startswith(("http://", "https://"))):
        raise bad_task("origin is invalid")
    return str(url)


def _members(tenant: Feishu, parameters: Parameters, kind: str, *, needed: bool = False) -> list[Member]:
    """Each once; unknown people are passed over."""
    listed = parameters.get("members") or []
    if not isinstance(listed, list) or not all(isinstance(member, dict) for member in listed) or (needed and not listed):
        raise bad_task("members is invalid")
    if len(listed) > MOST_MEMBERS:
        raise bad_task("members are more than 50")
    found: dict[Member, None] = {}
    for member in listed:
        value, member_type, role = str(member.get("id")), member.get("type", "user"), member.get("role", "follower")
        if member_type not in ("user", "app") or role not in ("assignee", "follower"):
            raise bad_task("members is invalid")
        person = tenant.people_by_id[kind].get(value) if member_type == "user" else None
        if person is not None and person.id in tenant.organization.people:
            found[person.id, "user", role] = None
        elif member_type == "app":
            found[value, "app", role] = None
    _check_numbers(list(found))
    return list(found)


def _check_numbers(members: list[Member]) -> None:
    roles = [role for _, _, role in members]
    if roles.count("assignee") > MOST_MEMBERS:
        raise too_many_assignees()
    if roles.count("follower") > MOST_MEMBERS:
        raise too_many_followers()


def _assignees(members: list[Member]) -> list[str]:
    return [member for member, kind, role in members if (kind, role) == ("user", "assignee")]


def _answer(tenant: Feishu, todo: Todo, kind: str) -> bytes:
    members = [
        {"id": shown_user(tenant, member, kind) if member_type == "user" else member, "type": member_type, "role": role}
        for member, member_type, role in todo.given["members"]
    ]
    task = {
        "guid": todo.id,
        "summary": todo.title,
        "description": todo.text,
        "mode": 2,
        "is_milestone": False,
        **todo.given,
        "members": members,
        "creator": {"id": todo.creator, "type": "app", "role": "creator"},
        "source": 6,
        "status": "todo" if todo.done_at is None else "done",
        "completed_at": "0" if todo.done_at is None else str(round(todo.done_at * 1000)),
        "created_at": str(round(todo.created_at * 1000)),
        "updated_at": str(round(todo.updated_at * 1000)),
        "url": f"https://applink.feishu.cn/client/todo/detail?guid={todo.id}",
    }
    return encode({"task": task})
