"""What WeCom pushes: sealed XML by HTTP. Contracts: page 90930 (delivery), 90970 ff. (contact changes)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orgsync.platforms.hearing.documents import shorten_key
from orgsync.platforms.hearing.events import Call, Event, Heard, Kind, RefusedCallError, Reply, read_ids, read_instant
from orgsync.platforms.hearing.markup import read_elements
from orgsync.platforms.hearing.seal import Seal

KINDS: Mapping[str, Kind] = {
    "create_user": "user.added",
    "update_user": "user.changed",
    "delete_user": "user.removed",
    "create_party": "department.added",
    "update_party": "department.changed",
    "delete_party": "department.removed",
}
OBJECTS = ("UserID", "Id", "TagId", "BatchJob/JobId", "MsgId")
"""What tells two events of one second apart, the first that is there."""


@dataclass(frozen=True)
class WeComCallback:
    seal: Seal

    @property
    def app(self) -> str:
        """Its corp id: contact changes are the company's, by whichever of its apps they come."""
        return self.seal.owners[0]

    @property
    def company(self) -> str:
        return self.seal.owners[0]

    def hear(self, call: Call, *, now: float) -> Heard:
        """The check of an address is answered with what it holds; an event with nothing, and the status 200 (page 90930)."""
        if call.method == "GET":
            # `+` is a blank to whoever decodes a query, and WeCom does not always escape it.
            message, _ = self._open(call.query.get("echostr", "").replace(" ", "+"), call, now)
            return Heard(Reply(message))
        message, _ = self._open(read_elements(call.body).get("Encrypt", ""), call, now)
        return Heard(Reply(), read_event(read_elements(message), corp_id=self.seal.owners[0]))

    def _open(self, encrypted: str, call: Call, now: float) -> tuple[bytes, str]:
        query = call.query
        return self.seal.open(
            encrypted,
            signature=query.get("msg_signature", ""),
            timestamp=query.get("timestamp", ""),
            nonce=query.get("nonce", ""),
            now=now,
        )


def read_event(said: Mapping[str, str], *, corp_id: str) -> Event:
    """Its key has ChangeType in it: who is created is created and updated in the same second (WxJava issue 1288)."""
    company = said.get("ToUserName", "")
    if company != corp_id:
        raise RefusedCallError("other_company")
    name = said.get("Event") or said.get("MsgType") or said.get("InfoType") or ""
    change = said.get("ChangeType", "")
    key = (company, said.get("FromUserName", ""), said.get("CreateTime", ""), name, change)
    return Event(
        platform="wecom",
        key=shorten_key(":".join((*key, next((said[each] for each in OBJECTS if said.get(each)), "")))),
        type=f"{name}.{change}" if change else name,
        kind=KINDS.get(change, "other") if name == "change_contact" else "other",
        user_ids=_list_ids(said, "UserID", "NewUserID", "AddUserItems", "DelUserItems"),
        department_ids=_list_ids(said, *(("Id",) if change.endswith("_party") else ()), "Department", "AddPartyItems", "DelPartyItems"),
        happened_at=read_instant(said.get("CreateTime")),
        company=company,
    )


def _list_ids(said: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """Lists are texts with commas."""
    return read_ids([each.strip() for name in names for each in said.get(name, "").split(",")])
