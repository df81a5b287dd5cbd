"""Puts the pages together: a FastAPI app behind Airflow's sign-in, with nothing outside of that but style and script."""

from __future__ import annotations

import logging
from traceback import format_tb

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orgsync.errors import ConfigurationError, OrgsyncError, StorageUnavailableError, WarehouseUnavailableError
from orgsync.pages import changes, departments, differences, health, messages, people, plans, quarantine, runs, search, tree
from orgsync.pages.rendering import list_static, render
from orgsync.pages.visit import LANGUAGE_COOKIE, open_visit
from orgsync.pages.wording import choose_language
from orgsync.settings import Settings

log = logging.getLogger(__name__)

VIEWS = (health, tree, search, people, departments, plans, quarantine, runs, messages, changes, differences)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Guard:
    """Puts our headers on every answer, and answers where something failed of which nobody thought."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_guarded)
        except Exception as error:
            if has_begun:
                raise
            await answer_bug(Request(scope), error)(scope, receive, send_guarded)


def build_app(settings: Settings) -> FastAPI:
    app = FastAPI(title="orgsync", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.add_middleware(Guard)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    files = list_static()

    @app.get("/static/{name}")
    def send_static(name: str) -> Response:
        """Style and script, the same for everybody; whoever reads them learns what is in the repository."""
        if name not in files:
            raise HTTPException(404)
        year = {"Cache-Control": "public, max-age=31536000, immutable"}
        return FileResponse(files[name], media_type=KINDS[files[name].suffix], headers=year)

    for view in VIEWS:
        app.include_router(view.router, dependencies=[Depends(open_visit)])
    app.add_exception_handler(AnyHTTPException, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_nonsense)
    app.add_exception_handler(OrgsyncError, answer_error)
    return app


def answer_refusal(request: Request, error: Exception) -> HTMLResponse:
    """In words: a page in Airflow's frame has nothing else to show."""
    status = getattr(error, "status_code", 500)
    name = {401: "refused.session", 403: "refused.right", 404: "refused.nothing"}.get(status, "refused.other")
    return _apologize(request, name, "", status)


def answer_nonsense(request: Request, _: Exception) -> HTMLResponse:
    return _apologize(request, "refused.address", "", 422)


def answer_error(request: Request, error: Exception) -> HTMLResponse:
    """An error of ours says what happened, and what to do; its text holds neither secrets nor people."""
    log.warning("a page of the organization failed: %s", error)
    is_away = isinstance(error, WarehouseUnavailableError | StorageUnavailableError)
    status = 503 if is_away else 400 if isinstance(error, ConfigurationError) else 500
    return _apologize(request, "refused.error", str(error), status)


def answer_bug(request: Request, error: Exception) -> HTMLResponse:
    """What nobody thought of: where it happened is logged, not what the error says, which may be about people."""
    log.error("a page of the organization failed with %s:\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
    return _apologize(request, "refused.other", "", 500)


def _apologize(request: Request, name: str, detail: str, status: int) -> HTMLResponse:
    language = choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    base = str(request.scope.get("root_path", ""))
    return HTMLResponse(render("refused.html.jinja", language, {"base": base, "name": name, "detail": detail}), status_code=status)
