"""Puts the pages together: a FastAPI app behind Airflow's sign-in, with nothing outside of that but style and script."""

from __future__ import annotations

import logging
from traceback import format_tb

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.gzip import GZipMiddleware

from orgsync.errors import ConfigurationError, OrgsyncError, WarehouseUnavailableError
from orgsync.pages import changes, differences, health, messages, plans, quarantine, runs, tree
from orgsync.pages.rendering import list_static, render
from orgsync.pages.visit import LANGUAGE_COOKIE, open_visit
from orgsync.pages.wording import choose_language
from orgsync.settings import Settings

log = logging.getLogger(__name__)

VIEWS = (health, tree, plans, quarantine, runs, messages, changes, differences)
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


def build_app(settings: Settings) -> FastAPI:
    app = FastAPI(title="orgsync", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    files = list_static()

    @app.middleware("http")
    async def guard(request: Request, call_next):  # type: ignore[no-untyped-def]
        try:
            answer = await call_next(request)
        except Exception as error:
            answer = answer_bug(request, error)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

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
    status = 503 if isinstance(error, WarehouseUnavailableError) else 400 if isinstance(error, ConfigurationError) else 500
    return _apologize(request, "refused.error", str(error), status)


def answer_bug(request: Request, error: Exception) -> HTMLResponse:
    """What nobody thought of: where it happened is logged, not what the error says, which may be about people."""
    log.error("a page of the organization failed with %s:\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
    return _apologize(request, "refused.other", "", 500)


def _apologize(request: Request, name: str, detail: str, status: int) -> HTMLResponse:
    language = choose_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    base = str(request.scope.get("root_path", ""))
    return HTMLResponse(render("refused.html.jinja", language, {"base": base, "name": name, "detail": detail}), status_code=status)
