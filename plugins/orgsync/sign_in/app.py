"""The pages by which people of an organization sign in: choose it, go to its platform, come back with a code."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.core_api.security import is_safe_url
from airflow.configuration import conf
from fastapi import APIRouter, FastAPI, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from orgsync.access.file import read_access
from orgsync.connections.site import CALLBACK, PAGES, SIGN_IN, find_site
from orgsync.errors import ConfigurationError, OrgsyncError, SpentCodeError, StrangerError, WarehouseUnavailableError
from orgsync.pages.app import HEADERS
from orgsync.pages.rendering import render
from orgsync.pages.visit import LANGUAGE_COOKIE, require_own_script
from orgsync.pages.wording import choose_language
from orgsync.platforms import load_platform
from orgsync.platforms.signing_in import SignIn
from orgsync.settings import Settings
from orgsync.sign_in.person import Person
from orgsync.sign_in.standing import Registry, list_tenants_of_rules
from orgsync.tenants import Tenant, read_stanzas

log = logging.getLogger(__name__)

ROOM = SIGN_IN.removeprefix("/auth")
"""Below where Airflow mounts what an auth manager serves."""
COOKIE = "orgsync_sign_in"
STATE_SECONDS = 300
SALT = "orgsync.sign_in"


class Manager(Protocol):
    """What the pages need of the auth manager."""

    @property
    def settings(self) -> Settings: ...

    @property
    def registry(self) -> Registry: ...

    def generate_jwt(self, user: Person) -> str: ...


Next = Annotated[str, Query(alias="next", max_length=2000)]
"""The page that somebody wanted before they had to sign in."""


class RefusedError(Exception):
    """Why somebody is not let in: the name of a text, and what else is to be said in it."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail


def build_app(manager: Manager, passwords: FastAPI) -> FastAPI:
    """`passwords` is the simple manager's own app."""
    app = FastAPI(title="orgsync: sign in", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_build_router(manager), prefix=ROOM)
    app.add_exception_handler(RefusedError, _answer_refusal)

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        if SIGN_IN in request.url.path:
            for name, value in HEADERS.items():
                answer.headers.setdefault(name, value)
        return answer

    app.mount("/", passwords)
    return app


def _build_router(manager: Manager) -> APIRouter:
    router = APIRouter()

    @router.get("/login")
    def choose(request: Request, target: Next = "", stay: bool = False) -> Response:
        """Within a platform's client there is nothing to choose, where one organization of it is connected."""
        offered = list_offers(manager)
        inside = [tenant for tenant, sign_in in offered if is_inside(request, sign_in)]
        if len(inside) == 1 and not stay:
            return _start(request, manager, inside[0].id, target)
        by_password = _takes_passwords(manager)
        if by_password and not offered:
            return RedirectResponse(f"{_root()}/auth/login?{urlencode({'next': target})}" if target else f"{_root()}/auth/login", 303)
        return _show(request, "sign_in.html.jinja", offered=[tenant for tenant, _ in offered], next=target, passwords=by_password)

    @router.get("/start")
    def start(request: Request, tenant: Annotated[str, Query(max_length=64)], target: Next = "") -> Response:
        return _start(request, manager, tenant, target)

    @router.get("/callback")
    def come_back(
        request: Request,
        state: Annotated[str, Query(max_length=128)] = "",
        code: Annotated[str, Query(max_length=2048)] = "",
        auth_code: Annotated[str, Query(alias="authCode", max_length=2048)] = "",
        error: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        begun = _read_state(request, state)
        given = code or auth_code
        if error or not given:
            raise RefusedError("sign_in.declined")
        tenant, sign_in = _find_offer(manager, begun["tenant"])
        return _let_in(request, manager, tenant, _identify(sign_in.identify, given, find_callback()), begun["next"])

    @router.post("/in-client")
    def take_code(request: Request, state: Annotated[str, Form(max_length=128)], code: Annotated[str, Form(max_length=2048)]) -> Response:
        """The code that a script got from the platform's client; answers where to go on."""
        require_own_script(request)
        begun = _read_state(request, state)
        tenant, sign_in = _find_offer(manager, begun["tenant"])
        answer = _let_in(request, manager, tenant, _identify(sign_in.identify_in_client, code), begun["next"])
        answer.status_code = 200  # a script would follow a redirect, and the page would stay
        return answer

    return router


def list_offers(manager: Manager) -> list[tuple[Tenant, SignIn]]:
    """The organizations whose people may sign in, as far as their stanzas are right."""
    wanted = _try_to(list_tenants_of_rules, manager.settings)
    tenants = {tenant.id: tenant for tenant in _try_to(read_stanzas, manager.settings.tenants_file).tenants}
    found = [(tenants[each], _open_sign_in(tenants[each])) for each in wanted if each in tenants]
    return [(tenant, sign_in) for tenant, sign_in in found if sign_in]


def is_inside(request: Request, sign_in: SignIn) -> bool:
    """Whether the browser is the platform's own client."""
    agent = request.headers.get("user-agent", "")
    return any(mark.casefold() in agent.casefold() for mark in sign_in.client_marks)


def find_callback() -> str:
    """As it is registered with the platforms: from the configured address, for what a request says of its host is anybody's word."""
    if site := find_site():
        return site + CALLBACK
    raise RefusedError("sign_in.no_address")


def _open_sign_in(tenant: Tenant) -> SignIn | None:
    opener = load_platform(tenant.platform).sign_in
    return opener(tenant.conn_id, tenant.user_key) if opener else None


def _find_offer(manager: Manager, tenant_id: str) -> tuple[Tenant, SignIn]:
    for tenant, sign_in in list_offers(manager):
        if tenant.id == tenant_id:
            return tenant, sign_in
    raise RefusedError("sign_in.no_organization")


def _start(request: Request, manager: Manager, tenant_id: str, wanted: str) -> Response:
    tenant, sign_in = _find_offer(manager, tenant_id)
    inside, language, state = is_inside(request, sign_in), _language(request), secrets.token_hex(24)
    target = wanted if wanted and is_safe_url(wanted, request=request) else ""
    answer: Response
    script_app = _try_to(lambda: sign_in.script_app) if inside else None
    if script_app:
        answer = _show(request, "sign_in_client.html.jinja", app=script_app, state=state, tenant=tenant)
    else:
        answer = RedirectResponse(_try_to(sign_in.address, find_callback(), state, is_in_client=inside, language=language), 303)
    kept = _serializer().dumps({"state": state, "tenant": tenant.id, "next": target})
    answer.set_cookie(COOKIE, kept, max_age=STATE_SECONDS, path=_cookie_path(), httponly=True, samesite="lax", secure=_is_secure(request))
    return answer


def _read_state(request: Request, state: str) -> Mapping[str, str]:
    """What this very browser began, not long ago."""
    try:
        begun: Mapping[str, str] = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=STATE_SECONDS)
    except BadSignature:
        raise RefusedError("sign_in.not_begun") from None
    if not hmac.compare_digest(begun["state"].encode(), state.encode()):
        raise RefusedError("sign_in.not_begun")
    return begun


def _identify(identify: Any, *given: str) -> str:
    try:
        return str(identify(*given))
    except StrangerError as error:
        raise RefusedError("sign_in.stranger", str(error)) from error
    except SpentCodeError as error:
        raise RefusedError("sign_in.spent", str(error)) from error
    except OrgsyncError as error:
        raise RefusedError("sign_in.platform", str(error)) from error


def _let_in(request: Request, manager: Manager, tenant: Tenant, user_id: str, target: str) -> Response:
    try:
        found = manager.registry.find(tenant.id, user_id)
        if found.rights is None:
            manager.registry.note(
                tenant.id, user_id, "sign_in.refused", "no rule of the access file is about them" if found.name else "not there"
            )
            raise RefusedError("sign_in.no_right" if found.name else "sign_in.not_there", tenant.id)
        manager.registry.note(tenant.id, user_id, "signed.in", tenant.platform)
    except WarehouseUnavailableError as error:
        raise RefusedError("sign_in.no_warehouse") from error
    except OrgsyncError as error:
        log.warning("nobody of tenant %s can sign in: %s", tenant.id, error)
        raise RefusedError("sign_in.not_set_up", str(error)) from error
    token = manager.generate_jwt(Person(tenant.id, user_id))
    answer = RedirectResponse(target or find_site() or "/", 303)
    answer.set_cookie(COOKIE_NAME_JWT_TOKEN, token, path=get_cookie_path(), httponly=True, samesite="lax", secure=_is_secure(request))
    answer.delete_cookie(COOKIE, path=_cookie_path())
    return answer


def _takes_passwords(manager: Manager) -> bool:
    """Whether Airflow's own users may sign in; where the file is wrong, they may, to mend it."""
    try:
        return read_access(manager.settings.access_file).passwords
    except ConfigurationError:
        return True


def _try_to(do: Any, *values: Any, **named: Any) -> Any:
    try:
        return do(*values, **named)
    except OrgsyncError as error:
        raise RefusedError("sign_in.not_set_up", str(error)) from error


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(conf.get("api", "secret_key"), salt=SALT)


def _root() -> str:
    """Before each path, where Airflow is served below one."""
    return str(get_cookie_path()).rstrip("/")


def _cookie_path() -> str:
    return f"{_root()}/auth"


def _is_secure(request: Request) -> bool:
    return request.base_url.scheme == "https" or (find_site() or "").startswith("https:") or bool(conf.get("api", "ssl_cert", fallback=""))


def _language(request: Request) -> str:
    return choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


def _show(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    root = _root()
    places = {"base": root + PAGES, "cookie_path": get_cookie_path(), "room": root + SIGN_IN, "password_login": f"{root}/auth/login"}
    return HTMLResponse(render(template, _language(request), {**places, **values}), status_code=status)


def _answer_refusal(request: Request, error: Exception) -> HTMLResponse:
    refused = error if isinstance(error, RefusedError) else RefusedError("sign_in.not_set_up")
    return _show(request, "sign_in_refused.html.jinja", status=403, name=refused.name, detail=refused.detail)
