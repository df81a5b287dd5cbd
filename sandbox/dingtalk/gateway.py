"""DingTalk's gateway: who may call what, and in which words a call is refused."""

from __future__ import annotations

import secrets
import time

from sandbox.damage import Names
from sandbox.dingtalk.callback import DingTalkCallbacks
from sandbox.dingtalk.events import find_events
from sandbox.dingtalk.failed_events import give_up
from sandbox.dingtalk.interfaces import PAGES, Interface, find_interface
from sandbox.dingtalk.parameters import read_parameters
from sandbox.dingtalk.refusals import (
    Dialect,
    RefusalError,
    app_disabled,
    bad_body,
    busy,
    department_out_of_range,
    expired_user_token,
    invalid_token,
    ip_refused,
    missing_token,
    permission_missing,
    quota_used_up,
    throttled,
    unknown_path,
    user_out_of_range,
    wrong_method,
)
from sandbox.dingtalk.stream import DingTalkStream
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import Answer, Request
from sandbox.faults import FaultSpec
from sandbox.gateway import Gateway
from sandbox.login_page import serve
from sandbox.organization import ROOT
from sandbox.subscription import Telling
from sandbox.user_tokens import Grant

FOUND = b'{"errcode":0,"errmsg":"ok"%s,"request_id":"%s"}'


class DingTalkGateway(Gateway[DingTalk]):
    damage_names = Names(
        cursor="cursor",
        next_cursor="next_cursor",
        has_more="has_more",
        asked_department="dept_id",
        department_id="dept_id",
        parent_id="parent_id",
        department_ids="dept_id_list",
        root=ROOT,
    )
    telling = Telling(find_events, DingTalkCallbacks(), DingTalkStream(), give_up=give_up)

    def claims(self, path: str) -> bool:  # noqa: ARG002
        """Whatever is nobody else's: DingTalk's two hosts have no common prefix."""
        return True

    def read(self, request: Request) -> None:
        found = find_interface(request.path, request.method)
        interface, from_path = found or (None, {})
        request.interface = interface.name if interface else request.path.strip("/")
        read_parameters(request, forms=not request.path.startswith("/v1.0/"))
        request.parameters |= from_path
        if interface is not None and interface.needs_host:
            request.parameters["host"] = request.headers.get("host", "")

    def answer(self, request: Request) -> Answer:
        if (page := PAGES.get(request.path)) is not None:
            return serve(page, self.tenant, request)
        known = find_interface(request.path, request.method)
        if known is None:
            return unknown_path(request.path.strip("/"))
        interface, _ = known
        try:
            grant = self._admit(request, interface)
            found = interface.handle(self.tenant, request.parameters if grant is None else grant)
        except RefusalError as refusal:
            return refusal.answer(interface.dialect)
        if interface.dialect is not Dialect.TOPAPI:
            return Answer(found)
        fields = b'"result":' + found if interface.has_result else found[1:-1]
        return Answer(FOUND % (fields and b"," + fields, secrets.token_hex(6).encode()))

    def refuse(self, request: Request, spec: FaultSpec) -> Answer:
        found = find_interface(request.path, request.method)
        return self._fault_refusal(request, spec).answer(found[0].dialect if found else Dialect.TOPAPI)

    def _admit(self, request: Request, interface: Interface) -> Grant | None:
        """Method, token, address, permission, rate, quota: in this order, and before any look at the parameters.

        Tells whose token it is, where the interface is for people who signed in.
        """
        if request.method != interface.method:
            raise wrong_method(interface.method)
        grant = None if interface.permission is None else self._check_app(request, interface, interface.permission)
        if request.malformed:
            raise bad_body()
        return grant

    def _check_app(self, request: Request, interface: Interface, permission: str) -> Grant | None:
        tenant, settings, now = self.tenant, self.tenant.settings, time.time()
        token = self._token(request, interface)
        if not token:
            raise missing_token(interface.dialect)
        grant = None
        is_the_apps = tenant.tokens.is_valid(token, client_id=settings.client_id, now=now)
        if interface.is_of_users and is_the_apps:
            raise permission_missing(permission, settings.client_id)
        if interface.is_of_users:
            grant = self._grant(token)
        elif not is_the_apps:
            raise invalid_token()
        if settings.allowed_ips and request.client_ip not in settings.allowed_ips:
            raise ip_refused(request.client_ip, settings.client_id)
        if not settings.app_enabled:
            raise app_disabled()
        if permission not in settings.permissions:
            raise permission_missing(permission, settings.client_id)
        if tenant.limits.exceeded(f"{interface.method} {interface.name}", limit=settings.calls_per_second, now=now):
            raise throttled(request.path, limit=settings.calls_per_second, now=now)
        if interface.is_billed:
            self._bill(interface)
        return grant

    def _grant(self, token: str) -> Grant:
        grant = self.tenant.user_tokens.by_access_token.get(token)
        if grant is None or grant.consent.client_id != self.tenant.settings.client_id:
            raise invalid_token()
        if self.tenant.now() >= grant.expires_at:
            raise expired_user_token()
        return grant

    def _bill(self, interface: Interface) -> None:
        """Also for a call that is then refused for its parameters."""
        billed = self.tenant.billed()
        if 0 < self.tenant.settings.billable_calls_per_month <= billed.total():
            raise quota_used_up()
        billed[interface.name] += 1

    def _token(self, request: Request, interface: Interface) -> str | None:
        """The old generation reads the query or a form and ignores headers, the new one reads its header only."""
        if interface.dialect is Dialect.MODERN:
            return request.headers.get("x-acs-dingtalk-access-token")
        is_form = "x-www-form-urlencoded" in request.headers.get("content-type", "")
        return request.query.get("access_token") or (request.parameters.get("access_token") if is_form else None)

    def _fault_refusal(self, request: Request, spec: FaultSpec) -> RefusalError:
        if spec.kind == "throttle":
            return throttled(request.path, limit=self.tenant.settings.calls_per_second or 20, now=time.time())
        if spec.kind == "forbidden_department":
            return user_out_of_range() if "userid" in request.parameters else department_out_of_range()
        if spec.kind == "busy":
            return busy()
        message = spec.message or "系统错误"
        if spec.sub_code is not None:
            return RefusalError(int(spec.sub_code), message, gateway=True, always_wrapped=True)
        return RefusalError(spec.code if spec.code is not None else -1, message, modern=str(spec.code))
