"""Feishu's gateway: who may call what, and in which words a call is refused."""

from __future__ import annotations

import time
from typing import Any

from sandbox.damage import Names
from sandbox.exchange import Answer, Request
from sandbox.faults import FaultSpec
from sandbox.feishu.callback import FeishuCallbacks
from sandbox.feishu.events import find_events, find_range_events
from sandbox.feishu.interfaces import OAUTH_INTERFACES, PAGES, PREFIX, Interface, find_interface
from sandbox.feishu.login_refusals import bad_user_token, oauth_failure, oauth_refusal
from sandbox.feishu.message_refusals import not_available, not_yours, task_failure
from sandbox.feishu.numbering import SHOWN_ROOT
from sandbox.feishu.paging import make_token, read_token
from sandbox.feishu.parameters import read_parameters
from sandbox.feishu.refusals import (
    RefusalError,
    app_disabled,
    app_not_installed,
    bad_body,
    department_out_of_range,
    internal_error,
    invalid_token,
    ip_refused,
    missing_token,
    new_log_id,
    quota_used_up,
    scope_missing,
    throttled,
    traced,
    unknown_route,
    user_out_of_range,
)
from sandbox.feishu.settings import EMPLOYEE_ID
from sandbox.feishu.stream import FeishuStream
from sandbox.feishu.tenant import Feishu
from sandbox.gateway import Gateway
from sandbox.login_page import serve
from sandbox.subscription import Telling
from sandbox.user_tokens import Grant

SUCCESS = b'{"code":0,"msg":"%s","data":%s}'
BEARER = "Bearer "
MINUTE = 60
OLDER = "message/v4/"
ACCOUNTS = "/oauth/"
"""Of accounts.feishu.cn, which has the login page too."""
STREAMS = "/callback/ws/"


def find_rows(body: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The items of a list, or the one object of an answer that is none."""
    data = body.get("data")
    if not isinstance(data, dict):
        return body, None
    for key in ("items", "user_list"):
        if isinstance(data.get(key), list):
            return data, key
    for key in ("department", "user", "tenant"):
        if isinstance(data.get(key), dict):
            return data[key], None
    return data, None


def _stricter(limit: int, most: int) -> int:
    """Where the interface has a figure of its own; a setting of 0 is no limit at all."""
    return min(limit, most) if limit and most else limit


class FeishuGateway(Gateway[Feishu]):
    damage_names = Names(
        cursor="page_token",
        next_cursor="page_token",
        has_more="has_more",
        asked_department="department_id",
        department_id="open_department_id",
        parent_id="parent_department_id",
        department_ids="department_ids",
        root=SHOWN_ROOT,
        nowhere=f"od-{'f' * 32}",
        read_cursor=read_token,
        make_cursor=make_token,
        find_rows=find_rows,
    )

    telling = Telling(find_events, FeishuCallbacks(), FeishuStream(), find_range_events)

    def claims(self, path: str) -> bool:
        return path.startswith((PREFIX, ACCOUNTS, STREAMS))

    def read(self, request: Request) -> None:
        found = find_interface(request.path, request.method)
        interface, from_path = found or (None, {})
        request.interface = interface.name if interface else request.path.removeprefix(PREFIX)
        read_parameters(request, from_path, forms=interface is not None and interface.takes_forms)
        if interface is not None and interface.needs_host:
            request.parameters["host"] = request.headers.get("host", "")

    def answer(self, request: Request) -> Answer:
        if (page := PAGES.get(request.path)) is not None:
            return serve(page, self.tenant, request)
        found = find_interface(request.path, request.method)
        if found is None or request.method != found[0].method:
            return unknown_route()
        interface, _ = found
        try:
            grant = self._admit(request, interface)
            content = interface.handle(self.tenant, request.parameters if grant is None else grant)
        except RefusalError as refusal:
            return refusal.answer()
        return Answer(content if interface.is_flat else SUCCESS % (interface.success, content), headers=traced(new_log_id()))

    def refuse(self, request: Request, spec: FaultSpec) -> Answer:
        return self._fault_refusal(request, spec).answer()

    def _admit(self, request: Request, interface: Interface) -> Grant | None:
        """Token, address, quota, scope, rate: in this order, and before any look at the arguments.

        Tells whose token it is, where the interface is for people who signed in.
        """
        if interface.scopes is None:
            return None  # neither the allowed addresses nor the quota concern the token calls; a bad body names no app
        settings = self.tenant.settings
        grant = self._check_token(request, interface)
        if settings.allowed_ips and request.client_ip not in settings.allowed_ips:
            raise ip_refused(request.client_ip)
        if not settings.app_enabled:
            raise app_disabled()
        if not settings.app_installed:
            raise app_not_installed()
        if settings.quota_used_up:
            raise quota_used_up()
        self._check_scopes(request, interface.scopes)
        self._check_rate(interface)
        if request.malformed:
            raise bad_body()
        return grant

    def _check_token(self, request: Request, interface: Interface) -> Grant | None:
        header = request.headers.get("authorization", "")
        token = header.removeprefix(BEARER).strip()
        if not header.startswith(BEARER) or not token:
            raise missing_token()
        if interface.is_of_users:
            return self._grant(token)
        if not self.tenant.tokens.is_valid(token, client_id=self.tenant.settings.client_id, now=time.time()):
            raise invalid_token(token)
        return None

    def _grant(self, token: str) -> Grant:
        """Whatever is wrong with a person's token, `user_info` says it in its own words."""
        grant = self.tenant.user_tokens.by_access_token.get(token)
        if grant is None or grant.consent.client_id != self.tenant.settings.client_id or self.tenant.now() >= grant.expires_at:
            raise bad_user_token()
        return grant

    def _check_scopes(self, request: Request, scopes: tuple[str, ...]) -> None:
        """Those of the call; to speak of people by `user_id` also the one that shows it."""
        if scopes and not set(scopes) & set(self.tenant.settings.permissions):
            raise scope_missing(self.tenant.settings.client_id, scopes)
        id_types = (request.parameters.get("user_id_type"), request.parameters.get("receive_id_type"))
        if "user_id" in id_types and EMPLOYEE_ID not in self.tenant.granted:
            raise scope_missing(self.tenant.settings.client_id, (EMPLOYEE_ID,))

    def _check_rate(self, interface: Interface) -> None:
        now, name, is_older = time.time(), f"{interface.method} {interface.name}", interface.name.startswith(OLDER)
        by_second = _stricter(self.tenant.settings.calls_per_second, interface.most_per_second)
        by_minute = _stricter(self.tenant.settings.calls_per_minute, interface.most_per_minute)
        if self.tenant.limits.exceeded(name, limit=by_second, now=now):
            raise throttled(limit=by_second, seconds=1, is_older=is_older)
        if self.tenant.limits.exceeded(name, limit=by_minute, now=now, seconds=MINUTE):
            raise throttled(limit=by_minute, seconds=MINUTE - int(now) % MINUTE, is_older=is_older)

    def _fault_refusal(self, request: Request, spec: FaultSpec) -> RefusalError:
        is_task = request.interface.startswith("task/")
        if spec.kind == "throttle":
            return throttled(limit=self.tenant.settings.calls_per_second or 50, seconds=1, is_older=request.interface.startswith(OLDER))
        if spec.kind == "forbidden_department":
            by_interface = {"contact/v3/users/:user_id": user_out_of_range, "im/v1/messages": not_available}
            return not_yours() if is_task else by_interface.get(request.interface, department_out_of_range)()
        if request.interface in OAUTH_INTERFACES and spec.kind in ("busy", "error_code"):
            return oauth_failure() if spec.code is None else oauth_refusal(spec.code, spec.message or "", status=spec.status or 400)
        if spec.kind == "busy":
            return task_failure() if is_task else internal_error()
        code = spec.code if spec.code is not None else int(spec.sub_code or 40003)
        return RefusalError(code, spec.message or "internal error", status=spec.status or 400)
