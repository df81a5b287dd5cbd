"""DingTalk's own knobs and the permission points its console knows."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sandbox.settings import StreamingSettings

BASE = "qyapi_base"
DEPARTMENT_LIST = "qyapi_get_department_list"
DEPARTMENT_MEMBER = "qyapi_get_department_member"
MEMBER = "qyapi_get_member"
MEMBER_BY_MOBILE = "qyapi_get_member_by_mobile"
TODO_READ = "Todo.Todo.Read"
TODO_WRITE = "Todo.Todo.Write"
OWN_PROFILE = "Contact.User.Read"
OWN_MOBILE = "Contact.User.mobile"
FIELD_MOBILE = "fieldMobile"
FIELD_EMAIL = "fieldEmail"


class DingTalkSettings(StreamingSettings, kw_only=True):
    client_id: str = "sandbox-dingtalk"
    client_secret: str = "sandbox-dingtalk-secret"  # noqa: S105
    corp_id: str = "dingsandbox"
    sso_secret: str = "sandbox-dingtalk-sso-secret"  # noqa: S105
    """For signing in to the admin console alone."""
    permissions: tuple[str, ...] = (
        BASE, DEPARTMENT_LIST, DEPARTMENT_MEMBER, MEMBER, MEMBER_BY_MOBILE, TODO_READ, TODO_WRITE, OWN_PROFILE, OWN_MOBILE,
    )  # fmt: skip
    field_permissions: tuple[str, ...] = (FIELD_MOBILE, FIELD_EMAIL)
    other_apps: Annotated[int, Meta(ge=0)] = 0
    """So many more apps of the company, `<client_id>_1` and on, with the secret of the first, and its token, rights and limits."""
    blank_fields: bool = False
    """Some tenants answer "" for an empty field instead of leaving it out."""
    agent_id: int = 3_000_000_001
    billable_calls_per_month: Annotated[int, Meta(ge=0)] = 0
    """Messages and todos are billed, the directory is not; 0 is no limit."""
    receivers_per_send: Annotated[int, Meta(ge=0)] = 5000
    receivers_per_minute: Annotated[int, Meta(ge=0)] = 1500
    """Neither concerns a send to all; 0 is no limit. A minute's are 5000 by one page and 1500 by another: the stricter counts."""
    messages_per_user_per_day: Annotated[int, Meta(ge=0)] = 500
    send_to_all_per_day: Annotated[int, Meta(ge=0)] = 3
    most_results: Annotated[int, Meta(ge=0)] = 100
    """A send to more receivers has no result; 0 is no limit."""
    send_seconds: Annotated[float, Meta(ge=0)] = 0
    """So long it is under way and has no results."""
    result_hours: Annotated[float, Meta(ge=0)] = 24
    recall_hours: Annotated[float, Meta(ge=0)] = 24
    redirect_uris: tuple[str, ...] = ()
    """Where the login page may lead back to, letter by letter."""
    refresh_token_seconds: Annotated[int, Meta(ge=1)] = 30 * 86_400
    event_answer_seconds: Annotated[float, Meta(gt=0)] = 1.5
    event_check_seconds: Annotated[float, Meta(gt=0)] = 1.5
    event_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = (10, 30)
    event_list_seconds: Annotated[float, Meta(ge=0)] = 180
    """So long after the last attempt the event is in the list of those that failed."""
    event_owner: Literal["client_id", "corp_id"] = "client_id"
    """Whose name is inside what is encrypted: the app's, as set in the console, or the company's, as by `register_call_back`."""
    event_keys: Literal["current", "older"] = "current"
    """How the keys of a callback are written: as the pages have them, or as they came until 2022."""
    diff_info: Literal["object", "array", "absent"] = "object"
    stream_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = (10, 20, 30)
