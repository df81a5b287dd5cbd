"""WeCom's own knobs, and the fields its console can withhold."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sandbox.settings import Settings

CONTACTS = "contacts"
PRIVATE_FIELDS = ("avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address")
"""Withheld from apps created after 2022-06-20."""
SILENT, PRIVATE_INFO = "snsapi_base", "snsapi_privateinfo"
"""Scopes of a sign-in inside the client: without a question, and with one."""


class WeComSettings(Settings, kw_only=True):
    client_id: str = "wwsandbox"
    """The corp id."""
    client_secret: str = "sandbox-wecom-secret"  # noqa: S105
    """The app's."""
    contact_secret: str = "sandbox-wecom-contact-secret"  # noqa: S105
    agent_id: int = 1000002
    calls_per_second: Annotated[int, Meta(ge=0)] = 0
    calls_per_minute: Annotated[int, Meta(ge=0)] = 10_000
    max_parallel_calls: Annotated[int, Meta(ge=0)] = 0
    """For each interface; 0 is no limit."""
    most_rows: Annotated[int, Meta(ge=0)] = 0
    """Of a `user/list` with `fetch_child`; 0 is no limit."""
    bytes_per_second: Annotated[int, Meta(ge=0)] = 0
    """Of a `user/list`; 0 is as fast as can be."""
    agent_closed: bool = False
    """The app says so of itself (`close`); false by itself refuses nothing."""
    permissions: tuple[str, ...] = (CONTACTS,)
    field_permissions: tuple[str, ...] = PRIVATE_FIELDS
    withheld_style: Literal["absent", "empty", "null"] = "absent"
    last_cursor: Literal["empty", "absent"] = "empty"
    """How the last page of `user/list_id` shows that it is the last."""
    visible_tags: tuple[int, ...] = ()
    contact_secret_reads_details: bool = False
    """As from an address in use before 2022-08-15."""
    export_polls: Annotated[int, Meta(ge=0)] = 2
    """So many polls find an export unfinished."""
    export_seconds: Annotated[float, Meta(ge=0)] = 0
    export_fails: bool = False
    export_url_seconds: Annotated[int, Meta(ge=0)] = 7200
    smallest_export_block: Annotated[int, Meta(ge=1)] = 10_000
    account_cap: Annotated[int, Meta(ge=0)] = 0
    """Times 200 are the recipients of a day; 0: as many accounts as there are people."""
    messages_per_member_per_minute: Annotated[int, Meta(ge=0)] = 30
    messages_per_member_per_hour: Annotated[int, Meta(ge=0)] = 1000
    """More are dropped; 0 is no limit."""
    long_text: Literal["cut", "refuse"] = "cut"
    recall_hours: Annotated[float, Meta(ge=0)] = 24
    trusted_domains: tuple[str, ...] = ()
    """Host and port, without the scheme: whither the login pages may lead back. A domain brings none of those below it."""
    event_answer_seconds: Annotated[float, Meta(gt=0)] = 5
    event_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = (0, 0, 0)
    event_receiver: Literal["contact", "app"] = "contact"
    """Contact sync hears of the whole corp, an app of its visible range."""
    event_bodies: Literal["short", "full"] = "short"
    """Short for a URL that was set after 2022-08-15: ids, and neither names nor anything else that changes."""
    echo_plus: Literal["escaped", "raw"] = "escaped"
    """How a `+` comes in the check of a URL; both were seen."""
