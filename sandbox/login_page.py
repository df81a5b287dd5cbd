"""The page on which a platform asks who signs in, and the way back to the app: what is the same on all platforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from sandbox.exchange import HTML_TYPE, Answer, Request
from sandbox.organization import Person
from sandbox.signers import STRANGER, VISITOR, Standing, find_signer
from sandbox.templates import PLATFORM_TITLES, environment
from sandbox.tenant import Tenant

REFUSE = "refuse"
USER, SEARCH = "sandbox_user", "sandbox_q"
"""The sandbox's own parameters, beside the platform's."""
MOST_PEOPLE = 50
URL_CHARACTERS = "%/?:@!$&'()*+,;=~-._[]"
# No form-action: browsers apply it to where a form leads in the end, too, and that is the app.
HEADERS = (
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'"),
    (b"cache-control", b"no-store"),
)
DEFAULT_PORTS = {"http": 80, "https": 443}

Known = TypeVar("Known", bound=Tenant[Any])


class PageRefusalError(Exception):
    """Told to the person on a page: the app learns nothing of it."""

    def __init__(self, code: int | str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


def serve(page: Callable[[Known, Request], Answer], tenant: Known, request: Request) -> Answer:
    """The platforms do not say which HTTP status their refusals have; here it is 400."""
    if request.method not in ("GET", "HEAD"):
        return Answer(b"405 method not allowed", 405, b"text/plain", refusal="405")
    try:
        return page(tenant, request)
    except PageRefusalError as refusal:
        content = PAGES.get_template("login_refusal.html.j2").render(
            title=PLATFORM_TITLES[tenant.name], code=refusal.code, text=refusal.text
        )
        return Answer(content.encode(errors="replace"), 400, HTML_TYPE, HEADERS, refusal=str(refusal.code))


def who_signs_in(tenant: Tenant[Any], request: Request, *, silently: bool = False) -> str | None:
    """Whom the address names or, where the platform's client asks nobody, who is signed in to that; None: ask.

    An id of the truth, `stranger`, `visitor` or `refuse`.
    """
    user = request.query.get(USER) or (tenant.settings.client_user if silently else "")
    if not user:
        return None
    if user != REFUSE and find_signer(tenant.organization, user) is None:
        raise PageRefusalError("sandbox", f"nobody has the id {user}; ids are those of the truth")
    return user


def ask(tenant: Tenant[Any], request: Request, *, redirect_uri: str, scopes: str) -> Answer:
    """Who signs in? Whichever button is pressed comes back to the same address with `sandbox_user`."""
    query = request.query.get(SEARCH, "").strip()
    asked = [(name, value) for name, value in parse_qsl(request.raw_query, keep_blank_values=True) if name not in (USER, SEARCH)]
    people = [_shown(tenant, person) for person in islice(_found(tenant, query), MOST_PEOPLE)]
    content = PAGES.get_template("login.html.j2").render(
        title=PLATFORM_TITLES[tenant.name],
        app=tenant.settings.client_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        asked=asked,
        path=request.path,
        query=query,
        people=people,
        outsiders=((STRANGER, "A stranger of another company"), (VISITOR, "A visitor, no member"), (REFUSE, "Refuse")),
        user=USER,
        search=SEARCH,
    )
    return Answer(content.encode(errors="replace"), 200, HTML_TYPE, HEADERS)


def send_back(redirect_uri: str, **parameters: str | None) -> Answer:
    """To the app; what is None is left out, the address keeps its own query, and its fragment comes last."""
    parts = urlsplit(redirect_uri)
    added = urlencode({name: value for name, value in parameters.items() if value is not None})
    query = "&".join(filter(None, [parts.query, added]))
    address = quote(urlunsplit(parts._replace(query=query, fragment="")), safe=URL_CHARACTERS)
    fragment = "#" + quote(parts.fragment, safe=URL_CHARACTERS) if parts.fragment else ""
    return Answer(b"", 302, HTML_TYPE, ((b"location", (address + fragment).encode()), (b"cache-control", b"no-store")))


def host_and_port(address: str) -> str | None:
    """As a browser would take it; without the port that goes without saying. None: nowhere that a browser would go."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.hostname if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{parts.hostname}:{port}"


def is_in_client(request: Request, *names: str) -> bool:
    """By the user agent."""
    agent = request.headers.get("user-agent", "").casefold()
    return any(name.casefold() in agent for name in names)


def _found(tenant: Tenant[Any], query: str) -> Iterator[Person]:
    """By id or name; who has left is found by the whole id alone."""
    wanted = query.casefold()
    yield from (one for one in tenant.organization.people.values() if wanted in one.id.casefold() or wanted in one.name.casefold())
    if query in tenant.organization.former:
        yield tenant.organization.former[query]


def _shown(tenant: Tenant[Any], person: Person) -> dict[str, Any]:
    signer = find_signer(tenant.organization, person.id)
    department = tenant.organization.departments.get(person.main_department_id)
    return {
        "id": person.id,
        "name": person.name,
        "place": " · ".join(filter(None, [department.name if department else "", person.title])),
        "has_left": signer is not None and signer.standing is Standing.FORMER,
    }


PAGES = environment()
