"""WeCom's interfaces as methods: tokens, visible range, departments, users, exports, messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal

from orgsync.platforms.platform import Company
from orgsync.platforms.reading.records import read_count
from orgsync.platforms.speaking.credentials import Token, TokenCache
from orgsync.platforms.speaking.paging import walk_pages
from orgsync.platforms.speaking.transport import Reply, Request, Transport
from orgsync.platforms.wecom.codes import NOBODY_REACHED, PLATFORM, STALE_TOKEN_CODES, Identity
from orgsync.platforms.wecom.envelope import (
    Check,
    judge_by,
    judge_file,
    lacks_department,
    lacks_department_ids,
    lacks_departments,
    lacks_job,
    lacks_job_result,
    lacks_range,
    lacks_tag_members,
    lacks_token,
    lacks_user,
    lacks_user_ids,
    lacks_users,
    nothing_needed,
)
from orgsync.platforms.wecom.form import DETAILS_PER_READ, PARALLEL_CALLS
from orgsync.platforms.wecom.interfaces import (
    EXPORT_FILE,
    GET_AGENT,
    GET_DEPARTMENT,
    GET_EXPORT,
    GET_TAG,
    GET_TOKEN,
    GET_USER,
    GET_USER_BY_CODE,
    LIST_DEPARTMENT_IDS,
    LIST_DEPARTMENTS,
    LIST_USER_IDS,
    LIST_USERS,
    RECALL_MESSAGE,
    SEND_MESSAGE,
)

ROOT_ID = "1"
ID_PAGE_SIZE = 10_000
# Ten million rows of a user and a department.
MOST_PAGES = 1000
EXPORT_BLOCK_SIZE = 10_000

Method = Literal["GET", "POST"]
NOTHING: frozenset[str] = frozenset()


class WeComClient:
    """Safe for many threads. Every method gives a good answer or raises; a 200 with an error code is an error.

    Two secrets, two tokens: the app's sees details within its 可见范围, the one of 通讯录同步 sees ids of the whole company.
    `tolerated` are codes after which the caller goes on in another way: not yet a failed call.
    """

    def __init__(
        self,
        corp_id: str,
        *,
        app_secret: str = "",
        contact_secret: str = "",
        agent_id: str = "",
        read_by: str = "auto",
        details_per_read: int = DETAILS_PER_READ,
        transport: Transport,
        parallel: int = PARALLEL_CALLS,
    ) -> None:
        self.transport = transport
        self.parallel = parallel
        self.agent_id = agent_id
        self.read_by = read_by
        self.details_per_read = details_per_read
        self._corp_id = corp_id
        self._secrets: Mapping[Identity, str] = {"app": app_secret, "contact": contact_secret}
        self._tokens = {identity: TokenCache(partial(self._fetch_token, identity), clock=transport.clock) for identity in self._secrets}

    def __repr__(self) -> str:
        return f"WeComClient(connection {self.transport.conn_id!r})"

    def log_in(self, identity: Identity) -> None:
        """Ask for a token, unless there is one; raises CredentialError where the pair is not accepted."""
        self._tokens[identity].token()

    @property
    def company(self) -> Company:
        """A token is refused unless the secret is of this very company (40001), so whatever was read is its own."""
        return Company(id=self._corp_id, app_key=self._corp_id, host=self.transport.host)

    @property
    def has_app(self) -> bool:
        return bool(self._secrets["app"])

    @property
    def has_contact(self) -> bool:
        return bool(self._secrets["contact"])

    def read_agent(self) -> Reply:
        """The app's visible range: `allow_partys.partyid`, `allow_userinfos.user[].userid`, `allow_tags.tagid`."""
        return self._get("app", GET_AGENT, {"agentid": self.agent_id}, lacks_range)

    def get_tag(self, tag_id: str) -> Reply:
        """`userlist[]` of `{userid, name}`, only members in the app's visible range, and `partylist[]` (page 90213)."""
        return self._get("app", GET_TAG, {"tagid": tag_id}, lacks_tag_members)

    def get_user_by_code(self, code: str) -> Reply:
        """Who signed in with this code (§12): `userid` of a member, else `openid`. A code is good once, for five minutes."""
        return self._call("app", "GET", GET_USER_BY_CODE, {"code": code}, nothing_needed, shown={})

    def list_departments(self) -> Reply:
        """Everything the app may see, in one answer; it may lack the root and hold several tops."""
        return self._get("app", LIST_DEPARTMENTS, {}, lacks_departments)

    def get_department(self, department_id: str, *, tolerated: frozenset[str] = NOTHING) -> Reply:
        return self._get("app", GET_DEPARTMENT, {"id": department_id}, lacks_department, tolerated=tolerated)

    def list_department_ids(self, identity: Identity, *, tolerated: frozenset[str] = NOTHING) -> Reply:
        """Ids, parents and orders: of the whole company for `contact`, of the visible range for `app`."""
        return self._get(identity, LIST_DEPARTMENT_IDS, {}, lacks_department_ids, tolerated=tolerated)

    def list_users(self, department_id: str, *, with_descendants: bool, tolerated: frozenset[str] = NOTHING) -> Reply:
        """Direct members. `fetch_child` is gone from today's page and still sent by integrators: whoever asks for it must not trust it.

        What is below a department can be asked for in parts.
        """
        params = {"department_id": department_id, "fetch_child": int(with_descendants)}
        return self._call("app", "GET", LIST_USERS, params, lacks_users, tolerated=tolerated, is_divisible=with_descendants)

    def get_user(self, user_id: str, *, tolerated: frozenset[str] = NOTHING) -> Reply:
        return self._get("app", GET_USER, {"userid": user_id}, lacks_user, tolerated=tolerated)

    def list_user_ids(
        self, *, limit: int = ID_PAGE_SIZE, identity: Identity = "contact", tolerated: frozenset[str] = NOTHING
    ) -> Iterator[Reply]:
        """Page by page, one row for each user and department, so that a user repeats; 通讯录同步 only."""

        def fetch(cursor: str) -> Reply:
            params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            return self._call(identity, "POST", LIST_USER_IDS, params, lacks_user_ids, tolerated=tolerated)

        return walk_pages(fetch, next_cursor, first="", platform=PLATFORM, interface=LIST_USER_IDS, most_pages=MOST_PAGES)

    def start_export(self, interface: str, *, key: str) -> Reply:
        """The key encrypts the files; it is sent, and shown nowhere."""
        params = {"encoding_aeskey": key, "block_size": EXPORT_BLOCK_SIZE}
        return self._call("app", "POST", interface, params, lacks_job, shown={"block_size": EXPORT_BLOCK_SIZE})

    def get_export(self, job_id: str) -> Reply:
        """`status` 0 queued, 1 running, 2 done, 3 failed; when done `data_list[]` of `{url, size, md5}`."""
        return self._get("app", GET_EXPORT, {"jobid": job_id}, lacks_job_result)

    def download(self, file: Mapping[str, Any]) -> Reply:
        """One encrypted file. Its URL lives two hours and needs no token."""
        request = Request(EXPORT_FILE, "GET", str(file["url"]), is_file=True)
        return self.transport.call(request, judge_file(size=file["size"], md5=file["md5"]))

    def send_message(self, body: Mapping[str, Any], *, shown: Mapping[str, Any]) -> Reply:
        """`msgid`, and who was not reached, which may be all (81013). May be repeated: the body asks for identical ones to be dropped (§8).

        `shown` is what may be known of the body by whoever reads an error.
        """
        return self._call(
            "app", "POST", SEND_MESSAGE, body, nothing_needed, shown=shown, telling=frozenset({NOBODY_REACHED}), reaches_people=True
        )

    def recall_message(self, message_id: str) -> Reply:
        """Within 24 hours (42052), by the app that sent it (40058)."""
        return self._call("app", "POST", RECALL_MESSAGE, {"msgid": message_id}, nothing_needed)

    def _get(
        self, identity: Identity, interface: str, params: Mapping[str, Any], check: Check, *, tolerated: frozenset[str] = NOTHING
    ) -> Reply:
        return self._call(identity, "GET", interface, params, check, tolerated=tolerated)

    def _call(
        self,
        identity: Identity,
        method: Method,
        interface: str,
        params: Mapping[str, Any],
        check: Check,
        *,
        shown: Mapping[str, Any] | None = None,
        tolerated: frozenset[str] = NOTHING,
        telling: frozenset[str] = NOTHING,
        reaches_people: bool = False,
        is_divisible: bool = False,
    ) -> Reply:
        def call(token: Token, caller_retries: frozenset[str]) -> Reply:
            in_query = {name: str(value) for name, value in params.items()} if method == "GET" else {}
            query = {"access_token": token.value, **in_query}
            body = params if method == "POST" else None
            request = Request(
                interface, method, _path(interface), query=query, body=body, reaches_people=reaches_people, is_divisible=is_divisible
            )
            landed = params if shown is None else shown
            return self.transport.call(request, judge, params=landed, caller_retries=caller_retries | tolerated)

        judge = judge_by(check, identity, telling=telling)
        return self._tokens[identity].call(call, stale_codes=STALE_TOKEN_CODES)

    def _fetch_token(self, identity: Identity) -> Token:
        pair = {"corpid": self._corp_id, "corpsecret": self._secrets[identity]}
        request = Request(GET_TOKEN, "GET", _path(GET_TOKEN), query=pair, is_preparing=True)
        content = self.transport.call(request, judge_by(lacks_token, identity)).content
        return Token(content["access_token"], float(read_count(content.get("expires_in")) or 7200))


def next_cursor(page: Reply) -> str | None:
    """Missing, null and empty all mean the end."""
    return page.content.get("next_cursor") or None


def _path(interface: str) -> str:
    return f"cgi-bin/{interface}"
