"""Todos of the new generation: people are union ids here."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from sandbox.dingtalk.parameters import Parameters
from sandbox.dingtalk.refusals import RefusalError, missing_parameter
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import encode
from sandbox.todos import Todo
from sandbox.windows import DAY

TASKS = "v1.0/todo/users/{unionId}/tasks"
ECHOED = (
    "sourceId", "creatorId", "participantIds", "detailUrl", "isOnlyShowExecutor", "priority", "notifyConfigs", "contentFieldList",
    "actionList", "bizCategoryId", "todoType", "reminderTimeStamp", "remindNotifyConfigs", "thirdExtension",
)  # fmt: skip
CHANGEABLE = ("participantIds", "contentFieldList")
CARD = ("subject", "dueTime", "detailUrl", "priority", "createdTime", "modifiedTime", "creatorId", "sourceId", "bizTag")
ROLES = ("executor", "creator", "participant")
MOST_PEOPLE_AT_FIRST, MOST_PEOPLE = 100, 1000
LONGEST_SUBJECT, LONGEST_DESCRIPTION, LONGEST_SOURCE_ID, LONGEST_URL = 1024, 4096, 128, 1024
LATEST_MS = 10**14
FINISHED_SHOWN_DAYS = 180
PAGE = 20


def create(tenant: DingTalk, parameters: Parameters) -> bytes:
    refuse = _Refuse("todo.taskCreate")
    creator = _person(tenant, parameters["unionId"], refuse, "unionId")
    source_id = refuse.text(parameters, "sourceId", most=LONGEST_SOURCE_ID)
    if source_id and _of_source(tenant, source_id) is not None:
        raise refuse("task exist")
    if not parameters.get("subject"):
        raise missing_parameter("subject")
    _people(tenant, parameters, "participantIds", refuse, most=MOST_PEOPLE_AT_FIRST)
    todo = Todo(
        id=f"task{secrets.token_hex(16)}",
        interface=TASKS,
        creator=creator,
        title=refuse.text(parameters, "subject", most=LONGEST_SUBJECT),
        text=refuse.text(parameters, "description", most=LONGEST_DESCRIPTION),
        url=_detail_url(parameters, refuse),
        due_at=_due_at(parameters, refuse),
        executors=dict.fromkeys(_people(tenant, parameters, "executorIds", refuse, most=MOST_PEOPLE_AT_FIRST)),
        created_at=tenant.now(),
        updated_at=tenant.now(),
        given={name: parameters[name] for name in ECHOED if parameters.get(name) is not None},
    )
    tenant.mailbox.todos.add(todo)
    if source_id:
        tenant.mailbox.todos.by_source[source_id] = todo
    return _answer(_shown(tenant, todo))


def update(tenant: DingTalk, parameters: Parameters) -> bytes:
    """What is not named stays as it is; `done` is for everybody."""
    refuse = _Refuse("todo.taskUpdate")
    todo, now = _existing(tenant, parameters, refuse), tenant.now()
    title = refuse.text(parameters, "subject", most=LONGEST_SUBJECT)
    text = refuse.text(parameters, "description", most=LONGEST_DESCRIPTION)
    due_at, done = _due_at(parameters, refuse), parameters.get("done")
    people = _people(tenant, parameters, "executorIds", refuse, most=MOST_PEOPLE)
    _people(tenant, parameters, "participantIds", refuse, most=MOST_PEOPLE)
    if done is not None and not isinstance(done, bool):
        raise refuse("done is invalid")
    todo.title, todo.text, todo.due_at, todo.updated_at = title or todo.title, text or todo.text, due_at or todo.due_at, now
    todo.given |= {name: parameters[name] for name in CHANGEABLE if parameters.get(name) is not None}
    if people:
        tenant.mailbox.todos.assign(todo, people)
    if done:
        todo.finish(now)
    elif done is not None:
        todo.reopen()
    return _answer({"result": True})


def delete(tenant: DingTalk, parameters: Parameters) -> bytes:
    _existing(tenant, parameters, _Refuse("todo.taskDelete")).deleted_at = tenant.now()
    return _answer({"result": True})


def set_executor_status(tenant: DingTalk, parameters: Parameters) -> bytes:
    """A todo is done when all its executors are."""
    refuse = _Refuse("todo.taskUpdate")
    todo, now = _existing(tenant, parameters, refuse), tenant.now()
    rows = parameters.get("executorStatusList")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_PEOPLE or not all(isinstance(row, dict) for row in rows):
        raise refuse("executorStatusList is invalid")
    changes = {_person(tenant, row.get("id"), refuse, "executorStatusList"): row.get("isDone") for row in rows}
    if not all(user_id in todo.executors and isinstance(is_done, bool) for user_id, is_done in changes.items()):
        raise refuse("executorStatusList is invalid")
    todo.executors |= {user_id: now if is_done else None for user_id, is_done in changes.items()}
    todo.done_at = now if all(todo.executors.values()) else None
    todo.updated_at = now
    return _answer({"result": True})


def get(tenant: DingTalk, parameters: Parameters) -> bytes:
    return _answer(_shown(tenant, _existing(tenant, parameters, _Refuse("todo.taskQuery"))))


def get_by_source(tenant: DingTalk, parameters: Parameters) -> bytes:
    refuse = _Refuse("todo.taskQuery")
    _person(tenant, parameters["unionId"], refuse, "unionId")
    todo = _of_source(tenant, parameters["sourceId"])
    if todo is None:
        raise refuse("task not exist")
    return _answer(_shown(tenant, todo))


def query(tenant: DingTalk, parameters: Parameters) -> bytes:
    """What this person is to do, takes part in or had created, the newest first; what was finished long ago is left out."""
    refuse = _Refuse("todo.taskQuery")
    user_id = _person(tenant, parameters["unionId"], refuse, "unionId")
    roles, is_done, start = _wanted_roles(parameters, refuse), parameters.get("isDone"), str(parameters.get("nextToken") or "0")
    if not start.isdecimal() or not (is_done is None or isinstance(is_done, bool)):
        raise refuse("nextToken or isDone is invalid")
    oldest = tenant.now() - FINISHED_SHOWN_DAYS * DAY
    living = [todo for todo in reversed(tenant.mailbox.todos.by_id.values()) if todo.deleted_at is None]
    found = [todo for todo in living if roles & _roles(tenant, todo, user_id) and (todo.done_at is None or todo.done_at > oldest)]
    found = [todo for todo in found if is_done is None or is_done == (todo.done_at is not None)]
    end = int(start) + PAGE
    cards = {"todoCards": [_card(tenant, todo) for todo in found[int(start) : end]]}
    return _answer(cards | ({"nextToken": str(end)} if end < len(found) else {}))


class _Refuse:
    """Errors of an interface have its name before theirs."""

    def __init__(self, interface: str) -> None:
        self.code = f"{interface}.paramError"

    def __call__(self, message: str) -> RefusalError:
        return RefusalError(0, message, modern=self.code)

    def text(self, parameters: Parameters, name: str, *, most: int) -> str:
        value = parameters.get(name) or ""
        if not isinstance(value, str):
            raise self(f"{name} is invalid")
        if len(value) > most:
            raise self(f"{name} is oversize")
        return value


def _person(tenant: DingTalk, union_id: Any, refuse: _Refuse, name: str) -> str:
    user_id = tenant.by_union_id.get(str(union_id))
    if user_id is None:
        raise refuse(f"{name} is invalid")
    return user_id


def _people(tenant: DingTalk, parameters: Parameters, name: str, refuse: _Refuse, *, most: int) -> list[str]:
    listed = parameters.get(name)
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise refuse(f"{name} is invalid")
    if len(listed) > most:
        raise refuse(f"{name} is oversize")
    return [_person(tenant, union_id, refuse, name) for union_id in listed]


def _due_at(parameters: Parameters, refuse: _Refuse) -> float | None:
    due = parameters.get("dueTime")
    if due is None:
        return None
    if type(due) is not int or not 0 < due < LATEST_MS:
        raise refuse("dueTime is invalid")
    return due / 1000


def _detail_url(parameters: Parameters, refuse: _Refuse) -> str:
    """Since February 2024 nothing is created without one."""
    given = parameters.get("detailUrl")
    urls = [given.get(name) or "" for name in ("pcUrl", "appUrl")] if isinstance(given, dict) else []
    if not any(urls):
        raise refuse("detailUrl is blank")
    if not all(isinstance(url, str) and len(url.encode()) <= LONGEST_URL for url in urls):
        raise refuse("detailUrl is oversize")
    return str(urls[0] or urls[1])


def _existing(tenant: DingTalk, parameters: Parameters, refuse: _Refuse) -> Todo:
    """Whoever of the company the path names."""
    _person(tenant, parameters["unionId"], refuse, "unionId")
    todo = tenant.mailbox.todos.living(parameters["taskId"])
    if todo is None:
        raise refuse("task not exist")
    return todo


def _of_source(tenant: DingTalk, source_id: str) -> Todo | None:
    """A deleted one sets its source id free."""
    todo = tenant.mailbox.todos.by_source.get(source_id)
    return todo if todo is not None and todo.deleted_at is None else None


def _wanted_roles(parameters: Parameters, refuse: _Refuse) -> set[str]:
    groups = parameters.get("roleTypes") or [ROLES]
    if not isinstance(groups, list) or not all(isinstance(group, (list, tuple)) for group in groups):
        raise refuse("roleTypes is invalid")
    return {str(role) for group in groups for role in group}


def _roles(tenant: DingTalk, todo: Todo, user_id: str) -> set[str]:
    participants = [tenant.by_union_id.get(union_id) for union_id in todo.given.get("participantIds", ())]
    held = (user_id in todo.executors, user_id == todo.creator, user_id in participants)
    return {role for role, holds in zip(ROLES, held, strict=True) if holds}


def _union_id(tenant: DingTalk, user_id: str) -> str:
    organization = tenant.organization
    return (organization.people.get(user_id) or organization.former[user_id]).union_id


def _shown(tenant: DingTalk, todo: Todo) -> dict[str, Any]:
    return {
        "creatorId": _union_id(tenant, todo.creator),
        **todo.given,
        "id": todo.id,
        "subject": todo.title,
        "description": todo.text,
        "dueTime": None if todo.due_at is None else round(todo.due_at * 1000),
        "executorIds": [_union_id(tenant, user_id) for user_id in todo.executors],
        "createdTime": round(todo.created_at * 1000),
        "modifiedTime": round(todo.updated_at * 1000),
        "bizTag": tenant.settings.client_id,
        "source": "isv_dingtalkTodo",
        "done": todo.done_at is not None,
    }


def _card(tenant: DingTalk, todo: Todo) -> dict[str, Any]:
    shown = _shown(tenant, todo)
    named = {name: shown[name] for name in CARD if shown.get(name) is not None}
    return {"taskId": todo.id, "isDone": shown["done"], "todoType": shown.get("todoType", "TODO")} | named


def _answer(fields: dict[str, Any]) -> bytes:
    return encode({name: value for name, value in fields.items() if value is not None} | {"requestId": str(uuid.uuid4()).upper()})
