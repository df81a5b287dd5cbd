"""DingTalk (钉钉). Importing this folder stays light: what it needs is imported when it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orgsync.platforms.dingtalk.form import FORM
from orgsync.platforms.platform import Answer, Answers, Company, Erased, Mode, Person, Platform, Reading, Record, Scope, Targets, Wanted

if TYPE_CHECKING:
    from orgsync.errors import PermissionDeniedError
    from orgsync.frames import TidySet
    from orgsync.platforms.dingtalk.client import DingTalkClient
    from orgsync.platforms.hearing.events import Callback
    from orgsync.platforms.hearing.streams import Stream
    from orgsync.platforms.sending.messages import Content, Messenger
    from orgsync.platforms.signing_in import SignIn


def _connect(conn_id: str) -> DingTalkClient:
    from orgsync.platforms.dingtalk.connecting import DingTalkConnector

    client: DingTalkClient = DingTalkConnector(conn_id).client
    return client


def _identify(conn_id: str) -> Company:
    return _connect(conn_id).company


def _locate(client: DingTalkClient, wanted: Wanted) -> Scope:
    from orgsync.platforms.dingtalk.naming import NamedTree
    from orgsync.platforms.reading.locating import locate

    return locate(client, NamedTree(client, wanted), wanted.scope)


def _extract(client: DingTalkClient, wanted: Wanted, record: Record) -> Reading:
    from orgsync.platforms.dingtalk.extract import extract

    return extract(client, wanted, record)


def _look(client: DingTalkClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    from orgsync.platforms.dingtalk.look import look

    return look(client, wanted, targets, record)


def _name_missing(client: DingTalkClient, error: PermissionDeniedError) -> PermissionDeniedError:
    from orgsync.platforms.dingtalk.probing import name_missing

    return name_missing(client, error)


def _tidy(answers: Answers, *, mode: Mode, mapping: Mapping[str, Mapping[str, str]]) -> TidySet:
    from orgsync.platforms.dingtalk.tidy import tidy

    return tidy(answers, mode=mode, mapping=mapping)


def _substance(answer: Answer) -> Iterable[bytes]:
    from orgsync.platforms.dingtalk.envelope import SHAPE

    return SHAPE.list_statements(answer)


def _erase(answer: Answer, person: Person) -> Erased:
    from orgsync.platforms.dingtalk.envelope import TRACES

    return TRACES.erase(answer, person)


def _list_people(answer: Answer) -> Iterable[frozenset[str]]:
    from orgsync.platforms.dingtalk.envelope import TRACES

    return TRACES.list_people(answer)


def _list_mentions() -> Collection[str]:
    from orgsync.platforms.dingtalk.envelope import TRACES

    return TRACES.mentions


def _messenger(conn_id: str) -> Messenger:
    from orgsync.platforms.dingtalk.connecting import DingTalkConnector

    messenger: Messenger = DingTalkConnector(conn_id).messenger
    return messenger


def _callback(conn_id: str) -> Callback:
    from orgsync.platforms.dingtalk.connecting import DingTalkConnector

    callback: Callback = DingTalkConnector(conn_id).callback
    return callback


def _stream(conn_id: str) -> Stream:
    from orgsync.platforms.dingtalk.connecting import DingTalkConnector

    stream: Stream = DingTalkConnector(conn_id).stream
    return stream


def _sign_in(conn_id: str, user_key: str) -> SignIn:  # noqa: ARG001
    from orgsync.platforms.dingtalk.login import DingTalkSignIn

    return DingTalkSignIn(conn_id)


def _escape_markdown(text: str) -> str:
    from orgsync.platforms.dingtalk.messages import escape

    return escape(text)


def _write_body(content: Content) -> Mapping[str, Any]:
    from orgsync.platforms.dingtalk.messages import write_notification, write_todo
    from orgsync.platforms.sending.deliveries import SAMPLE_KEY, sample_delivery

    if content.kind == "todo":
        return write_todo(content, source_id=SAMPLE_KEY, creator="<union_id>", executors=["<union_id>"])
    return write_notification(sample_delivery(content), agent_id=0)


PLATFORM = Platform(
    name="dingtalk",
    title="DingTalk (钉钉)",
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
)
