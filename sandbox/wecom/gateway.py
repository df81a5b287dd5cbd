"""WeCom's gateway: who may call what, and in which words a call is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from sandbox.damage import Names
from sandbox.exchange import Answer, Request
from sandbox.faults import FaultSpec
from sandbox.gateway import Gateway
from sandbox.login_page import serve
from sandbox.organization import ROOT
from sandbox.subscription import Telling
from sandbox.wecom.callback import WeComCallbacks
from sandbox.wecom.calls import Call
from sandbox.wecom.events import find_events
from sandbox.wecom.export_jobs import FILES
from sandbox.wecom.exports import EXPORTS, damage_newest, download
from sandbox.wecom.interfaces import BY_NAME, PAGES, Access, Interface
from sandbox.wecom.parameters import has_escapes, read_parameters
from sandbox.wecom.refusals import (
    APP_DISABLED,
    BAD_TOKEN,
    BUSY,
    ESCAPED_CHARACTERS,
    EXPIRED_TOKEN,
    FORBIDDEN,
    FORBIDDEN_FOR_CONTACTS,
    FOREIGN_ADDRESS,
    NO_TOKEN,
    OUT_OF_RANGE,
    THROTTLED,
    TOO_PARALLEL,
    RefusalError,
    unknown_path,
)
from sandbox.wecom.settings import CONTACTS
from sandbox.wecom.tenant import WeCom
from sandbox.wecom.tokens import Holder
from sandbox.wecom.users import make_cursor, read_cursor

PREFIX = "/cgi-bin/"
LIST_USERS = "user/list"
FILE_INTERFACE = "export/file"
FOUND = b'{"errcode":0,"errmsg":"%s"%s}'
FINE, WARNED = b"ok", b"ok. Warning: wrong json format. "
LISTS = ("userlist", "department", "department_id", "dept_user", "taglist", "data_list")


def find_rows(body: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Lists have a name of their own; in a single person's answer the departments are no rows."""
    if "userid" not in body:
        for name in LISTS:
            if isinstance(body.get(name), list):
                return body, name
    single = body.get("department")
    return (single, None) if isinstance(single, dict) else (body, None)


def _with_code(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Of an object in pieces."""
    yield b'{"errcode":0,"errmsg":"%s",' % FINE
    yield next(pieces)[1:]
    yield from pieces


class WeComGateway(Gateway[WeCom]):
    damage_names = Names(
        cursor="cursor",
        next_cursor="next_cursor",
        has_more=None,
        asked_department="id",
        department_id="id",
        parent_id="parentid",
        department_ids="department",
        root=ROOT,
        nowhere=999_999_999,
        read_cursor=read_cursor,
        make_cursor=make_cursor,
        find_rows=find_rows,
    )

    telling = Telling(find_events, WeComCallbacks())

    def claims(self, path: str) -> bool:
        return path.startswith((PREFIX, FILES)) or path in PAGES

    def read(self, request: Request) -> None:
        if request.path in PAGES:
            request.interface = request.path.strip("/")
        else:
            request.interface = FILE_INTERFACE if request.path.startswith(FILES) else request.path.removeprefix(PREFIX)
        read_parameters(request)

    def answer(self, request: Request) -> Answer:
        if (page := PAGES.get(request.path)) is not None:
            return serve(page, self.tenant, request)
        if request.interface == FILE_INTERFACE:
            return download(self.tenant.exports, request)
        interface = BY_NAME.get(request.interface)
        if interface is None:
            return unknown_path()
        try:
            call = self._admit(request, interface)
            found = interface.handle(call)
        except RefusalError as refusal:
            return refusal.answer(request.client_ip)
        speed = self.tenant.settings.bytes_per_second if request.interface == LIST_USERS else 0
        if not isinstance(found, bytes):
            return Answer(_with_code(found), bytes_per_second=speed)
        fields = found[1:-1]
        body = FOUND % (WARNED if call.has_dropped_values else FINE, fields and b"," + fields)
        return Answer(body, bytes_per_second=speed)

    def damage(self, answer: Answer, request: Request, spec: FaultSpec) -> Answer:
        """The rows of an export are in its files, which the answer does not hold."""
        if request.interface not in EXPORTS or answer.refusal is not None:
            return super().damage(answer, request, spec)
        damage_newest(self.tenant.exports, request, lambda plain: super(WeComGateway, self).damage(plain, request, spec))
        return answer

    def refuse(self, request: Request, spec: FaultSpec) -> Answer:
        return self._fault_refusal(spec).answer(request.client_ip)

    def _fault_refusal(self, spec: FaultSpec) -> RefusalError:
        reasons = {"throttle": THROTTLED, "forbidden_department": OUT_OF_RANGE, "busy": BUSY}
        if spec.kind in reasons:
            return RefusalError(reasons[spec.kind])
        code = spec.code if spec.code is not None else int(spec.sub_code or BUSY[0])
        return RefusalError((code, spec.message or "system error"))

    def _admit(self, request: Request, interface: Interface) -> Call:
        """Token, address, right, rate: in this order, and before any look at the method or the parameters."""
        holder = Holder.APP
        if interface.access is not Access.OPEN:
            holder = self._holder(request)
            allowed_ips = self.tenant.settings.allowed_ips
            if allowed_ips and request.client_ip not in allowed_ips:
                raise RefusalError(FOREIGN_ADDRESS)
            if holder is Holder.APP and not self.tenant.settings.app_enabled:
                raise RefusalError(APP_DISABLED)
            self._check_access(interface.access, holder)
        self._check_load(interface)
        if request.method != interface.method:
            raise RefusalError(interface.wrong_method)
        if has_escapes(request):
            raise RefusalError(ESCAPED_CHARACTERS)
        return Call(self.tenant, request.parameters, request.headers.get("host", ""), holder, request.malformed)

    def _holder(self, request: Request) -> Holder:
        """Whose token it is; one given for a secret that was changed since is as good as invented."""
        value = request.query.get("access_token")
        if not value:
            raise RefusalError(NO_TOKEN)
        grant, holders = self.tenant.tokens.grants.get(value), self.tenant.holders
        if grant is None or grant.secret not in holders:
            raise RefusalError(BAD_TOKEN)
        if time.time() >= grant.expires_at:
            raise RefusalError(EXPIRED_TOKEN)
        return holders[grant.secret]

    def _check_access(self, access: Access, holder: Holder) -> None:
        settings = self.tenant.settings
        if holder is Holder.CONTACT:
            if access is Access.APP:
                raise RefusalError(FORBIDDEN)
            if access is Access.DETAILS and not settings.contact_secret_reads_details:
                raise RefusalError(FORBIDDEN_FOR_CONTACTS)
        elif access is Access.CONTACT or (access is not Access.APP and CONTACTS not in settings.permissions):
            raise RefusalError(FORBIDDEN)

    def _check_load(self, interface: Interface) -> None:
        """The corp's, whichever secret called."""
        tenant, settings, now = self.tenant, self.tenant.settings, time.time()
        by_second = tenant.limits.exceeded(interface.name, limit=settings.calls_per_second, now=now)
        most = settings.calls_per_minute if interface.is_counted else 0
        by_minute = tenant.limits.exceeded(interface.name, limit=most, now=now, seconds=60)
        if by_second or by_minute:
            raise RefusalError(THROTTLED)
        if 0 < settings.max_parallel_calls < tenant.under_way[interface.name]:
            raise RefusalError(TOO_PARALLEL)
