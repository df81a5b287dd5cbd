"""What Feishu pushes by HTTP, encrypted and signed, and what its events say by either way."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgsync.platforms.hearing.cipher import AES_BLOCK_BYTES, decrypt
from orgsync.platforms.hearing.documents import digest_content, read_object, read_word, shorten_key
from orgsync.platforms.hearing.events import Call, Event, Heard, Kind, RefusedCallError, Reply, read_ids, read_instant
from orgsync.platforms.hearing.seal import check_fresh

KINDS: Mapping[str, Kind] = {
    "contact.user.created_v3": "user.added",
    "contact.user.updated_v3": "user.changed",
    "contact.user.deleted_v3": "user.removed",
    "contact.department.created_v3": "department.added",
    "contact.department.updated_v3": "department.changed",
    "contact.department.deleted_v3": "department.removed",
    "contact.scope.updated_v3": "range.changed",
}
URL_CHECK = "url_verification"
JSON = "application/json"


@dataclass(frozen=True)
class FeishuCallback:
    """`encrypt_key` and `token` are of the app's event subscription: what is not encrypted is not signed either, and is refused."""

    app_id: str
    token: str = field(repr=False)
    encrypt_key: str = field(repr=False)
    company: str = ""

    @property
    def app(self) -> str:
        return self.app_id

    def hear(self, call: Call, *, now: float) -> Heard:
        """Only the check of an address comes without a signature. Whoever can encrypt it has the key; it is answered, and nothing else."""
        signature = call.headers.get("x-lark-signature", "")
        if signature:
            self._check_signature(call, signature, now)
        message = self._decrypt(read_object(call.body))
        said = read_object(message)
        header = said.get("header")
        self._check_token(header.get("token") if isinstance(header, dict) else said.get("token"))
        if said.get("type") == URL_CHECK:
            return Heard(Reply(json.dumps({"challenge": read_word(said.get("challenge"))}).encode(), JSON))
        if not signature:
            raise RefusedCallError("forged")
        return Heard(Reply(b"{}", JSON), read_event(said, digest=digest_content(message), app_id=self.app_id))

    def _check_signature(self, call: Call, signature: str, now: float) -> None:
        """SHA-256 over the body as it came, before anything of it is read; no HMAC: it is the platform's choice."""
        timestamp, nonce = call.headers.get("x-lark-request-timestamp", ""), call.headers.get("x-lark-request-nonce", "")
        signed = (timestamp + nonce + self.encrypt_key).encode(errors="replace") + call.body
        if not hmac.compare_digest(hashlib.sha256(signed).hexdigest().encode(), signature.lower().encode(errors="replace")):
            raise RefusedCallError("forged")
        check_fresh(timestamp, now)

    def _decrypt(self, body: Mapping[str, Any]) -> bytes:
        if "encrypt" not in body:
            raise RefusedCallError("unsealed")
        try:
            content = base64.b64decode(read_word(body["encrypt"]).encode(), validate=True)
            key = hashlib.sha256(self.encrypt_key.encode()).digest()
            return decrypt(content[AES_BLOCK_BYTES:], key=key, iv=content[:AES_BLOCK_BYTES], pad_to=AES_BLOCK_BYTES)
        except (ValueError, binascii.Error):
            raise RefusedCallError("malformed") from None

    def _check_token(self, token: Any) -> None:
        if not hmac.compare_digest(read_word(token).encode(errors="replace"), self.token.encode()):
            raise RefusedCallError("forged")


def read_event(said: Mapping[str, Any], *, digest: str, app_id: str) -> Event:
    """Of the second form of envelope (`schema` 2.0), or of the first."""
    header, body = _table(said.get("header")), _table(said.get("event"))
    if header.get("app_id") not in (None, "", app_id):
        raise RefusedCallError("other_company")
    if header:
        name, key, happened = header.get("event_type"), header.get("event_id"), header.get("create_time")
    else:
        name, key, happened = body.get("type"), said.get("uuid"), read_word(said.get("ts")).partition(".")[0]
    name = read_word(name)
    tables = list(_list_tables(name, body))
    is_about_department = name.startswith("contact.department.")
    return Event(
        platform="feishu",
        key=shorten_key(read_word(key) or digest),
        type=name,
        kind=KINDS.get(name, "other"),
        user_ids=() if is_about_department else read_ids([table.get("user_id") for table in tables]),
        open_ids=() if is_about_department else read_ids([table.get("open_id") for table in tables]),
        department_ids=read_ids([each for table in tables for each in _list_departments(table)]),
        happened_at=read_instant(happened),
        company=read_word(header.get("tenant_key") or body.get("tenant_key")),
    )


def _list_tables(name: str, body: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The objects that an event names: what it is about, as it was before, and of a changed range all that it lists."""
    yield from (_table(body.get(part)) for part in ("object", "old_object"))
    if name == "contact.scope.updated_v3":
        for part in ("added", "removed"):
            for listed in ("users", "departments"):
                found = _table(body.get(part)).get(listed)
                yield from map(_table, found if isinstance(found, list) else ())


def _list_departments(table: Mapping[str, Any]) -> Iterable[Any]:
    """People's are ids of the same kind: they are fixed to open_department_id."""
    yield table.get("open_department_id")
    listed = table.get("department_ids")
    yield from listed if isinstance(listed, list) else ()


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
