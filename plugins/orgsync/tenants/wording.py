"""What a model's check found, in the words of whoever writes the file."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from orgsync.platforms.platform import Scope
from orgsync.tenants.alerting import Alerts
from orgsync.tenants.events import Events
from orgsync.tenants.stanza import Budget, ChangeRule, Retention, Tenant
from orgsync.tenants.values import refuse_key

Path = tuple[str | int, ...]

PARTS: dict[str, Any] = {"scope": Scope, "budget": Budget, "retention": Retention, "events": Events, "alerts": Alerts}
LISTS = {
    "include": "department ids",
    "exclude": "department ids",
    "include_paths": "departments' paths",
    "exclude_paths": "departments' paths",
    "departments": "department ids",
    "approvers": "user names",
    "users": "user ids",
    "mail": "mail addresses",
    "webhooks": "names of connections",
    "people": "user ids",
    "kinds": "kinds of change",
    "change_messages": "rules",
}
SUCH_AS = {"change_messages": ", such as `- {template: joined, kinds: [joined], everyone: true}`"}
NEEDED = {"template": ", the name of a message template"}


def word(kind: str, path: Path, context: dict[str, Any]) -> tuple[Path, str, bool]:
    """Where it is, what is said of it, and whether its key is meant and not its value. `kind` and `context` are pydantic's."""
    key = str(path[-1]) if path else ""
    match kind:
        case "mistake":
            at = tuple(context["at"])
            return (*path, *at), context["text"], bool(at)
        case "value_error":
            return path, str(context["error"]), False
        case "missing":
            return path[:-1], f"{_name(path[:-1])} needs `{key}`{NEEDED.get(key, '')}", False
        case "unexpected_keyword_argument":
            return path, _refuse_key(path[:-1], key), True
        case "dataclass_type" | "dict_type" | "mapping_type":
            return path, f"{_name(path)} must be a list of `key: value` lines", False
        case "tuple_type":
            return path, f"a list of {LISTS.get(key, 'values')} is expected here{SUCH_AS.get(key, '')}", False
        case "bool_type":
            return path, "true or false is expected here", False
        case _:
            return path, "a text is expected here", False


def _name(path: Path) -> str:
    if not path:
        return "a tenant"
    return path[-1] if isinstance(path[-1], str) else "a rule of change_messages"


def _refuse_key(of: Path, key: str) -> str:
    model = PARTS.get(str(of[-1]), ChangeRule) if of else Tenant
    return refuse_key(_name(of), key, [each.name for each in fields(model)])
