"""One visit of a page: who asks, of which tenant, as of when, in which language; and the answer in all of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from psycopg2.extensions import connection as Connection

from orgsync.access.file import read_access
from orgsync.errors import ConfigurationError
from orgsync.pages.moments import NOW, Moment, order_moments, read_moment
from orgsync.pages.reading import open_reader
from orgsync.pages.rendering import render
from orgsync.pages.rights import SignedIn, Viewer
from orgsync.pages.wording import choose_language
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, Tenant, read_stanzas
from orgsync.warehouse.statements import fetch_all

LANGUAGE_COOKIE = "orgsync_language"


@dataclass(frozen=True)
class Visit:
    """`at` is the later of the two moments of a comparison, `compare` the earlier; without one it is None."""

    request: Request
    viewer: Viewer
    settings: Settings
    tenant_id: str = ""
    timezone: str = Tenant.timezone
    at: Moment = NOW
    compare: Moment | None = None

    @property
    def language(self) -> str:
        return choose_language(self.request.cookies.get(LANGUAGE_COOKIE), self.request.headers.get("accept-language", ""))

    @property
    def base(self) -> str:
        return str(self.request.scope.get("root_path", ""))

    @cached_property
    def may_send(self) -> bool:
        return self.viewer.may_send(self.tenant_id)

    @cached_property
    def may_see_personal(self) -> bool:
        return self.viewer.may_see_personal(self.tenant_id)

    @property
    def scope(self) -> dict[str, Any]:
        """What each statement about the tenant takes."""
        return {"tenant_id": self.tenant_id, "at": self.at.sql, "compare": self.compare.sql if self.compare else None}

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        with open_reader(self.settings) as connection:
            yield connection

    def link(self, page: str, /, *, tenant_id: str = "", **query: Any) -> str:
        """The address of a page of the tenant, at the same moments unless said otherwise; None and "" are left out."""
        kept = {"at": self.at.text, "compare": self.compare.text if self.compare else ""}
        said = {name: value for name, value in (kept | query).items() if value not in (None, "", [])}
        path = f"{self.base}/{quote(tenant_id or self.tenant_id, safe='')}/{page}"
        return f"{path}?{urlencode(said, doseq=True)}" if said else path

    def render(self, template: str, /, **values: Any) -> HTMLResponse:
        return HTMLResponse(render(template, self.language, {"visit": self, **values}))

    def go(self, page: str, /, **query: Any) -> RedirectResponse:
        return RedirectResponse(self.link(page, **query), status_code=303)


def open_visit(request: Request, user: SignedIn) -> Visit:
    settings: Settings = request.app.state.settings
    return Visit(request, Viewer(user, read_access(settings.access_file)), settings)


def open_tenant_visit(
    visit: Annotated[Visit, Depends(open_visit)],
    tenant_id: str,
    at: Annotated[str, Query(max_length=40)] = "",
    compare: Annotated[str | None, Query(max_length=40)] = None,
) -> Visit:
    """Raises 404 where the viewer may not see the tenant, as where there is none: whether there is, is not told either."""
    if not tenant_id.isascii() or not visit.viewer.may_see(tenant_id):
        raise HTTPException(404)
    stanzas = list_stanzas(visit.settings)
    if tenant_id not in stanzas.owners and not _has_history(visit, tenant_id):
        raise HTTPException(404)
    timezone = find_timezone(stanzas, tenant_id)
    later, earlier = read_moment(at, timezone), None
    # An empty field of a form compares with nothing; `now` cannot be the earlier one.
    if compare:
        earlier, later = order_moments(read_moment(compare, timezone), later)
    return replace(visit, tenant_id=tenant_id, timezone=timezone, at=later, compare=earlier)


def _has_history(visit: Visit, tenant_id: str) -> bool:
    with visit.reader() as connection:
        return bool(fetch_all(connection, "pages/has_history", tenant_id=tenant_id)[0]["has_history"])


AnyVisit = Annotated[Visit, Depends(open_visit)]
TenantVisit = Annotated[Visit, Depends(open_tenant_visit)]


def require_own_script(request: Request) -> None:
    """For what changes something: a page of another site can send neither this header nor a request of the same origin."""
    is_ours = request.headers.get("x-orgsync") == "1" and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    if not is_ours:
        raise HTTPException(403)


OwnScript = Depends(require_own_script)


def list_stanzas(settings: Settings) -> Stanzas:
    """A tenants file that cannot be read names no tenant; who has history is shown all the same."""
    try:
        return read_stanzas(settings.tenants_file)
    except ConfigurationError:
        return Stanzas(())


def find_timezone(stanzas: Stanzas, tenant_id: str) -> str:
    zones = {tenant.id: tenant.timezone for tenant in stanzas.tenants}
    zones |= {stanza.tenant_id: stanza.timezone for stanza in stanzas.broken}
    return zones.get(tenant_id, Tenant.timezone)


def list_known(visit: Visit, connection: Connection) -> list[str]:
    """The tenants of the file, and those of which there is history; whether or not the viewer may see them."""
    known = list(list_stanzas(visit.settings).owners) + [row["tenant_id"] for row in fetch_all(connection, "pages/list_tenants")]
    return list(dict.fromkeys(known))
