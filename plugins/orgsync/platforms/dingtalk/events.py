"""What DingTalk pushes by HTTP, sealed, and what its events say by either way."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orgsync.platforms.hearing.documents import digest_content, read_object, read_word, shorten_key
from orgsync.platforms.hearing.events import Call, Event, Heard, Kind, Reply, read_ids, read_instant
from orgsync.platforms.hearing.seal import RANDOM_BYTES, Seal

KINDS: Mapping[str, Kind] = {
    "user_add_org": "user.added",
    "user_active_org": "user.changed",
    "user_modify_org": "user.changed",
    "user_dept_change": "user.changed",
    "user_role_change": "user.changed",
    "user_leave_org": "user.removed",
    "org_admin_add": "user.changed",
    "org_admin_remove": "user.changed",
    "org_dept_create": "department.added",
    "org_dept_modify": "department.changed",
    "org_dept_remove": "department.removed",
}
CHECK_URL = "check_url"
SUCCESS = b"success"
JSON = "application/json"


@dataclass(frozen=True)
class DingTalkCallback:
    seal: Seal
    company: str = ""
    random: Callable[[int], bytes] = secrets.token_bytes

    @property
    def app(self) -> str:
        return self.seal.owners[0]

    def hear(self, call: Call, *, now: float) -> Heard:
        """Whatever it is, the answer is the word success, sealed for the same owner and signed with the same time and nonce."""
        query = call.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        message, owner = self.seal.open(
            read_word(read_object(call.body).get("encrypt")),
            signature=query.get("signature") or query.get("msg_signature") or "",
            timestamp=timestamp,
            nonce=nonce,
            now=now,
        )
        reply = self._succeed(owner, timestamp, nonce)
        said = {name.lower(): value for name, value in read_object(message).items()}
        name = read_word(said.get("eventtype"))
        if name == CHECK_URL:
            return Heard(reply)
        key = read_word(said.get("eventid")) or read_word(said.get("bizid")) or digest_content(message)
        happened = said.get("eventtime") or said.get("timestamp")
        return Heard(reply, read_event(name, said, key=key, happened=happened, company=read_word(said.get("corpid"))))

    def _succeed(self, owner: str, timestamp: str, nonce: str) -> Reply:
        sealed = self.seal.close(SUCCESS, owner=owner, random=self.random(RANDOM_BYTES))
        signature = self.seal.sign(timestamp, nonce, sealed)
        answer = {"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": sealed}
        return Reply(json.dumps(answer).encode(), JSON)


def read_event(name: str, said: Mapping[str, Any], *, key: str, happened: Any, company: str) -> Event:
    """`said` is what it says about its object, with names in lower case: captures of several years spell them differently."""
    return Event(
        platform="dingtalk",
        key=shorten_key(key),
        type=name,
        kind=KINDS.get(name, "other"),
        user_ids=read_ids(said.get("userid")) or read_ids(said.get("useridlist")),
        department_ids=read_ids(said.get("deptid")),
        happened_at=read_instant(happened),
        company=company,
    )
