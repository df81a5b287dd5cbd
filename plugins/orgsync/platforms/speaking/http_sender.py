"""Sends a request with `requests`: pooled, within a deadline, and never letting a URL into an error."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3

from orgsync.errors import (
    ConfigurationError,
    NoConnectionError,
    OversizedAnswerError,
    PlatformError,
    Refusal,
    SlowAnswerError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms.speaking.bounds import MOST_ANSWER_BYTES
from orgsync.platforms.speaking.receiving import Received, TooLargeError, open_session, receive
from orgsync.platforms.speaking.redact import redact_library_logs
from orgsync.platforms.speaking.transport import Request, Response

CONNECT_TIMEOUT_SECONDS = 5.0
REQUEST_TIMEOUT_SECONDS = 30.0


class HttpSender:
    """One session for all threads, its pool as large as their number. No cookies, no netrc, no redirects."""

    def __init__(
        self,
        base_url: str,
        *,
        platform: str,
        conn_id: str,
        parallel: int,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        request_timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
        most_bytes: int = MOST_ANSWER_BYTES,
    ) -> None:
        """`request_timeout_seconds` are for a call as a whole: connecting, sending, and the answer to its last byte."""
        redact_library_logs()
        self._base_url = base_url.rstrip("/")
        self._platform = platform
        self._conn_id = conn_id
        self._connect_seconds = connect_timeout_seconds
        self._seconds = request_timeout_seconds
        self._most_bytes = most_bytes
        # A TLS handshake that is under way at the deadline ends by its own; nothing is asked after it.
        self.longest_call_seconds = connect_timeout_seconds + request_timeout_seconds
        self._session = open_session(parallel)
        # Proxy and certificate settings of the environment, looked up once instead of for each call.
        try:
            urlsplit(self._base_url).port  # noqa: B018 - looked up for its refusal
            self._environment = self._session.merge_environment_settings(self._base_url, {}, True, None, None)
            requests.Request("GET", self._base_url).prepare()
        except ValueError:  # also those of requests, which are some
            problem = self._unusable_host()
        else:
            return
        raise problem  # outside the handler: the library's error holds the URL

    def __call__(self, request: Request) -> Response:
        try:
            return self._exchange(request)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            problem = self._describe(request, error)
        except OSError as error:
            problem = self._unusable_certificates(error)
        except ValueError:
            problem = self._unusable_proxy() if self._environment["proxies"] else self._unusable_host()
        # Outside the handler: the library's error holds the URL and must not even be this one's context.
        raise problem

    def _exchange(self, request: Request) -> Response:
        prepared = self._prepare(request)
        answer = receive(
            self._session,
            prepared,
            connect_seconds=self._connect_seconds,
            seconds=self._seconds,
            environment=self._environment,
            most_bytes=self._most_bytes,
        )
        request_id = answer.headers.get("X-Tt-Logid")
        return Response(answer.status, _content_type(answer), answer.body, _retry_after(answer), request_id, _read_ahead(answer))

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        headers = {"Accept": "application/json", "User-Agent": "orgsync", **request.headers}
        body = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            body = msgspec.json.encode(request.body)
        url = request.path if "://" in request.path else f"{self._base_url}/{request.path.lstrip('/')}"
        return requests.Request(request.method, url, params=dict(request.query), headers=headers, data=body).prepare()

    def _describe(self, request: Request, error: Exception) -> PlatformError | ConfigurationError:
        if (isinstance(error, requests.exceptions.InvalidURL) and self._environment["proxies"]) or "SOCKS" in str(error):
            return self._unusable_proxy()
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema):
            return self._unusable_host()
        fix = f"Check the host of connection {self._conn_id!r}, the network and any proxy"
        where = _host(request.path if "://" in request.path else self._base_url)
        code, what = "nothing", _what(error)
        if isinstance(error, TooLargeError):
            code, what = "too much", f"no answer is larger than {self._most_bytes:,} bytes, uncompressed; the rest was not taken in"
        return _kind(error)(Refusal(self._platform, request.interface, code, reason=f"{what} ({where})", fix=fix))

    def _unusable_host(self) -> ConfigurationError:
        return ConfigurationError(f"connection {self._conn_id!r} has no usable host; set it to a base URL such as https://…")

    def _unusable_proxy(self) -> ConfigurationError:
        """Its address may hold a password: it is not told."""
        return ConfigurationError(
            f"connection {self._conn_id!r} cannot be used: the proxy of this process's environment is none (HTTPS_PROXY, HTTP_PROXY, "
            "ALL_PROXY); set it to http://host:port, or exempt the platform's host with NO_PROXY"
        )

    def _unusable_certificates(self, error: OSError) -> ConfigurationError:
        """requests says so only when it looks for them."""
        return ConfigurationError(
            f"connection {self._conn_id!r} cannot be used: there are no certificates at {self._environment['verify']} "
            f"({error.strerror or 'not found'}); let REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) name a file that is there, or unset it"
        )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _kind(error: Exception) -> type[PlatformError]:
    if isinstance(error, TooLargeError):
        return OversizedAnswerError
    if isinstance(error, requests.ConnectTimeout) or isinstance(_cause(error), urllib3.exceptions.NewConnectionError):
        return NoConnectionError
    if isinstance(error, requests.Timeout | urllib3.exceptions.ReadTimeoutError):
        return SlowAnswerError
    return UnreachableError if isinstance(error, requests.ConnectionError) else UnexpectedAnswerError


def _cause(error: Exception) -> object:
    """urllib3's own error inside that of requests."""
    return getattr(error.args[0], "reason", None) if error.args else None


def _what(error: Exception) -> str:
    """The kind of failure in our words; the library's own words hold the URL."""
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refused or did not answer"
    if isinstance(error, requests.exceptions.SSLError):
        return "no TLS connection: the certificate was not accepted, or there is no TLS"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection within the connect timeout"
    if isinstance(error, requests.Timeout | urllib3.exceptions.ReadTimeoutError):
        return "no answer within the request timeout"
    if isinstance(error, requests.ConnectionError):
        return f"connection failed: {_system_words(error)}"
    return "the answer was cut off"


def _system_words(error: BaseException) -> str:
    text = str(error)
    known = {
        "Connection refused": "refused",
        "Name or service not known": "host name unknown",
        "Temporary failure in name resolution": "host name unknown",
        "NameResolutionError": "host name unknown",
        "No route to host": "no route",
        "Network is unreachable": "network unreachable",
        "reset by peer": "reset by the other side",
        "Remote end closed": "closed without an answer",
        "got more than": "headers without end",
    }
    return next((ours for theirs, ours in known.items() if theirs in text), "no further word")


def _content_type(answer: Received) -> str:
    return answer.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _read_ahead(answer: Received) -> float | None:
    """By how many seconds the other side's clock is ahead of the time here; nothing where a cache answers. It tells whole seconds only."""
    if "Age" in answer.headers:
        return None
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp() + 0.5 - answer.at
    except (ValueError, OverflowError):
        return None


def _retry_after(answer: Received) -> float | None:
    """Seconds only; the date form is not worth the clock questions it brings. Feishu has a header of its own."""
    text = answer.headers.get("Retry-After") or answer.headers.get("x-ogw-ratelimit-reset") or ""
    return float(text) if text.isdigit() else None
