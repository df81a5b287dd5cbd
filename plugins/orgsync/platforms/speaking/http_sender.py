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
from orgsync.words import Words

CONNECT_TIMEOUT_SECONDS = 5.0
REQUEST_TIMEOUT_SECONDS = 30.0

_CHECK_NETWORK = Words("Check the host of connection {conn_id!r}, the network and any proxy", "检查连接 {conn_id!r} 的 host、网络和代理")
_AT = Words("{what} ({where})", "{what}（{where}）")
_TOO_LARGE = Words(
    "no answer is larger than {bytes:,} bytes, uncompressed; the rest was not taken in",
    "解压后的应答不得超过 {bytes:,} 字节，其余部分没有接收",
)
_FAILED = Words("connection failed: {why}", "连接失败：{why}")
_SYSTEM_WORDS = {
    "Connection refused": Words("refused", "被拒绝"),
    "Name or service not known": Words("host name unknown", "主机名无法解析"),
    "Temporary failure in name resolution": Words("host name unknown", "主机名无法解析"),
    "NameResolutionError": Words("host name unknown", "主机名无法解析"),
    "No route to host": Words("no route", "没有路由"),
    "Network is unreachable": Words("network unreachable", "网络不可达"),
    "reset by peer": Words("reset by the other side", "被对方重置"),
    "Remote end closed": Words("closed without an answer", "未应答即关闭"),
    "got more than": Words("headers without end", "应答头没有结尾"),
}


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
        fix = _CHECK_NETWORK.fill(conn_id=self._conn_id)
        where = _host(request.path if "://" in request.path else self._base_url)
        code, what = "nothing", _what(error)
        if isinstance(error, TooLargeError):
            code, what = "too much", _TOO_LARGE.fill(bytes=self._most_bytes)
        return _kind(error)(Refusal(self._platform, request.interface, code, reason=_AT.fill(what=what, where=where), fix=fix))

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
        return Words("the proxy refused or did not answer", "代理拒绝或没有应答")
    if isinstance(error, requests.exceptions.SSLError):
        return Words(
            "no TLS connection: the certificate was not accepted, or there is no TLS", "无法建立 TLS 连接：证书不被接受，或对方没有 TLS"
        )
    if isinstance(error, requests.ConnectTimeout):
        return Words("no connection within the connect timeout", "在连接超时之内未能建立连接")
    if isinstance(error, requests.Timeout | urllib3.exceptions.ReadTimeoutError):
        return Words("no answer within the request timeout", "在请求超时之内没有得到应答")
    if isinstance(error, requests.ConnectionError):
        return _FAILED.fill(why=_system_words(error))
    return Words("the answer was cut off", "应答被截断")


def _system_words(error: BaseException) -> str:
    text = str(error)
    return next((ours for theirs, ours in _SYSTEM_WORDS.items() if theirs in text), Words("no further word", "没有更多说明"))


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
