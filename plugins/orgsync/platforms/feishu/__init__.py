"""Feishu (飞书) and Lark. Importing this folder stays light: what it needs is imported when it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orgsync.platforms.feishu.form import FORM
from orgsync.platforms.feishu.interfaces import USER_KEYS
from orgsync.platforms.platform import Answer, Answers, Company, Erased, Mode, Person, Platform, Reading, Record, Scope, Targets, Wanted

if TYPE_CHECKING:
    from orgsync.errors import PermissionDeniedError
    from orgsync.frames import TidySet
    from orgsync.platforms.feishu.client import FeishuClient
    from orgsync.platforms.hearing.events import Callback
    from orgsync.platforms.hearing.streams import Stream
    from orgsync.platforms.sending.messages import Content, Messenger
    from orgsync.platforms.signing_in import SignIn


def _connect(conn_id: str) -> FeishuClient:
    from orgsync.platforms.feishu.connecting import FeishuConnector

    client: FeishuClient = FeishuConnector(conn_id).client
    return client


def _identify(conn_id: str) -> Company:
    return _connect(conn_id).company


def _locate(client: FeishuClient, wanted: Wanted) -> Scope:
    from orgsync.platforms.feishu.naming import NamedTree
    from orgsync.platforms.reading.locating import locate

    return locate(client, NamedTree(client, wanted), wanted.scope)


def _extract(client: FeishuClient, wanted: Wanted, record: Record) -> Reading:
    from orgsync.platforms.feishu.extract import extract

    return extract(client, wanted, record)


def _look(client: FeishuClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    from orgsync.platforms.feishu.look import look

    return look(client, wanted, targets, record)


def _name_missing(client: FeishuClient, error: PermissionDeniedError) -> PermissionDeniedError:
    from orgsync.platforms.feishu.probing import name_missing

    return name_missing(client, error)


def _tidy(answers: Answers, *, mode: Mode, mapping: Mapping[str, Mapping[str, str]]) -> TidySet:
    from orgsync.platforms.feishu.tidy import tidy

    return tidy(answers, mode=mode, mapping=mapping)


def _substance(answer: Answer) -> Iterable[bytes]:
    from orgsync.platforms.feishu.envelope import SHAPE

    return SHAPE.list_statements(answer)


def _erase(answer: Answer, person: Person) -> Erased:
    from orgsync.platforms.feishu.envelope import TRACES

    return TRACES.erase(answer, person)


def _list_people(answer: Answer) -> Iterable[frozenset[str]]:
    from orgsync.platforms.feishu.envelope import TRACES

    return TRACES.list_people(answer)


def _list_mentions() -> Collection[str]:
    from orgsync.platforms.feishu.envelope import TRACES

    return TRACES.mentions


def _messenger(conn_id: str) -> Messenger:
    from orgsync.platforms.feishu.connecting import FeishuConnector

    messenger: Messenger = FeishuConnector(conn_id).messenger
    return messenger


def _callback(conn_id: str) -> Callback:
    from orgsync.platforms.feishu.connecting import FeishuConnector

    callback: Callback = FeishuConnector(conn_id).callback
    return callback


def _stream(conn_id: str) -> Stream:
    from orgsync.platforms.feishu.connecting import FeishuConnector

    stream: Stream = FeishuConnector(conn_id).stream
    return stream


def _sign_in(conn_id: str, user_key: str) -> SignIn:
    from orgsync.platforms.feishu.login import FeishuSignIn

    return FeishuSignIn(conn_id, user_key)


def _escape_markdown(text: str) -> str:
    from orgsync.platforms.feishu.messages import escape_markdown

    return escape_markdown(text)


def _write_body(content: Content) -> Mapping[str, Any]:
    from orgsync.platforms.feishu.messages import write_batch, write_task
    from orgsync.platforms.sending.deliveries import sample_delivery

    delivery = sample_delivery(content)
    # To one person alone a message goes by another interface, its content as a text of JSON.
    return write_task(delivery, user_id_type="open_id") if content.kind == "todo" else write_batch(delivery)


PLATFORM = Platform(
    name="feishu",
    title="Feishu (飞书)",
    form=FORM,
    connect=_connect,
    identify=_identify,
    name_missing=_name_missing,
    locate=_locate,
    extract=_extract,
    tidy=_tidy,
    look=_look,
    substance=_substance,
    erase=_erase,
    list_people=_list_people,
    mentions=_list_mentions,
    messenger=_messenger,
    callback=_callback,
    stream=_stream,
    sign_in=_sign_in,
    escape_markdown=_escape_markdown,
    write_body=_write_body,
    user_keys=USER_KEYS,
)
