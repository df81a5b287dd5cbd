"""Feishu's own knobs, and the scopes its console knows: those that open calls and those that open fields."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sandbox.settings import StreamingSettings

CONTACT_BASE = "contact:contact.base:readonly"
USER_ID_LOOKUP = "contact:user.id:readonly"
APP_INFO = "admin:app.info:readonly"
TENANT_INFO = "tenant:tenant:readonly"
MESSAGE = "im:message"
SEND_AS_BOT = "im:message:send_as_bot"
SEND_OF_OLD = "im:message:send"
RECALL = "im:message:recall"
READ_MESSAGES = "im:message:readonly"
BASIC_MESSAGES = "im:message:basic"
SEND_TO_MANY = "im:message:send_multi_users"
SEND_TO_DEPARTMENTS = "im:message:send_multi_depts"
TASK_READ = "task:task:read"
TASK_WRITE = "task:task:write"
TASK_WRITE_ONLY = "task:task:writeonly"
TASK_MEMBERS = "task:personnel:writeonly"
OFFLINE_ACCESS = "offline_access"
ACCESS_AS_APP = "contact:contact:access_as_app"
READ_AS_APP = "contact:contact:readonly_as_app"
READ_CONTACT = "contact:contact:readonly"
BLANKET = (ACCESS_AS_APP, READ_CONTACT, READ_AS_APP)
"""Scopes of old, which also open most fields."""

USER_BASE = "contact:user.base:readonly"
EMPLOYEE_ID = "contact:user.employee_id:readonly"
EMAIL = "contact:user.email:readonly"
PHONE = "contact:user.phone:readonly"
GENDER = "contact:user.gender:readonly"
USER_DEPARTMENT = "contact:user.department:readonly"
EMPLOYEE = "contact:user.employee:readonly"
EMPLOYEE_NUMBER = "contact:user.employee_number:read"
JOB_LEVEL = "contact:user.job_level:readonly"
JOB_FAMILY = "contact:user.job_family:readonly"
DOTTED_LINE = "contact:user.dotted_line_leader_info.read"
GEO = "contact:user.user_geo"
ASSIGN_INFO = "contact:user.assign_info:read"
DEPARTMENT_BASE = "contact:department.base:readonly"
ORGANIZE = "contact:department.organize:readonly"
"""Opens fields, and the list calls too."""
HRBP = "contact:department.hrbp:readonly"
TENANT_DOMAIN = "tenant:tenant.domain:read"

CALL_SCOPES = (
    CONTACT_BASE, USER_ID_LOOKUP, APP_INFO, TENANT_INFO, SEND_AS_BOT, RECALL, READ_MESSAGES, SEND_TO_MANY, SEND_TO_DEPARTMENTS,
    TASK_WRITE, OFFLINE_ACCESS,
)  # fmt: skip
FIELD_SCOPES = (
    USER_BASE, EMPLOYEE_ID, EMAIL, PHONE, GENDER, USER_DEPARTMENT, EMPLOYEE, EMPLOYEE_NUMBER, JOB_LEVEL, JOB_FAMILY, DOTTED_LINE, GEO,
    ASSIGN_INFO, DEPARTMENT_BASE, ORGANIZE, HRBP, TENANT_DOMAIN,
)  # fmt: skip

WHOLE_COMPANY = "0"


class FeishuSettings(StreamingSettings, kw_only=True):
    client_id: str = "cli_sandbox"
    client_secret: str = "sandbox-feishu-secret"  # noqa: S105
    calls_per_second: Annotated[int, Meta(ge=0)] = 50
    calls_per_minute: Annotated[int, Meta(ge=0)] = 1000
    permissions: tuple[str, ...] = CALL_SCOPES
    """Scopes for calls. What is here opens fields as well; the other way round a call is not opened."""
    field_permissions: tuple[str, ...] = FIELD_SCOPES
    visible_departments: tuple[str, ...] = (WHOLE_COMPANY,)  # type: ignore[assignment]
    """open_department_ids; "0" is all staff."""
    blank_fields: bool = True
    """An empty text or list comes as it is; false: it is left out."""
    most_recursive_departments: Annotated[int, Meta(ge=0)] = 0
    """A larger subtree is refused in one walk; 0 is no limit."""
    app_installed: bool = True
    """False: not usable in this company."""
    quota_used_up: bool = False
    """The calls of this month."""
    available_departments: tuple[str, ...] = (WHOLE_COMPANY,)
    available_users: tuple[str, ...] = ()
    """Who may use the app and receive from it; the visible range says nothing about that."""
    bot_enabled: bool = True
    messages_per_user_per_second: Annotated[int, Meta(ge=0)] = 5
    batch_receivers_per_day: Annotated[int, Meta(ge=0)] = 500_000
    progress_polls: Annotated[int, Meta(ge=0)] = 1
    """So many looks at the progress of a batch find nothing yet."""
    recall_seconds: Annotated[float, Meta(ge=0)] = 86_400
    """Set by the tenant's administrator; 0: nothing can be recalled."""
    redirect_uris: tuple[str, ...] = ()
    """Where the login page may lead back to, letter by letter."""
    in_client_code_seconds: Annotated[float, Meta(ge=0)] = 180
    """For a code from inside the client; `code_seconds` for one from the page."""
    refresh_token_seconds: Annotated[int, Meta(ge=1)] = 604_800
    may_refresh: bool = True
    """The app's switch for it."""
    event_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = (15, 300, 3600, 21_600)
    event_department_ids: bool = False
    """Whether an event about a person names the departments, as the samples do and the text says that it does not."""
    stream_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = (15, 300, 3600, 21_600)
    stream_ping_seconds: Annotated[float, Meta(gt=0)] = 120
    stream_frame_bytes: Annotated[int, Meta(ge=0)] = 0
    """A larger event comes in several frames; 0: always in one."""
    stream_reconnect_seconds: Annotated[int, Meta(ge=0)] = 120
    stream_reconnect_jitter_seconds: Annotated[int, Meta(ge=0)] = 30
    """What the app is told to wait before it connects again."""
