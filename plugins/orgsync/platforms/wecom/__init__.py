"""WeCom (企业微信). Importing this folder stays light: what it needs is imported when it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orgsync.platforms.platform import Answer, Answers, Company, Erased, Mode, Person, Platform, Reading, Record, Scope, Targets, Wanted
from orgsync.platforms.wecom.form import FORM

if TYPE_CHECKING:
    from orgsync.frames import TidySet
    from orgsync.platforms.hearing.events import Callback
    from orgsync.platforms.sending.messages import Content, Messenger
    from orgsync.platforms.signing_in import SignIn
    from orgsync.platforms.wecom.client import WeComClient


def _connect(conn_id: str) -> WeComClient:
    from orgsync.platforms.wecom.connecting import WeComConnector

    client: WeComClient = WeComConnector(conn_id).client
    return client


def _identify(conn_id: str) -> Company:
    return _connect(conn_id).company


def _locate(client: WeComClient, wanted: Wanted) -> Scope:
    from orgsync.platforms.reading.locating import locate
    from orgsync.platforms.wecom.naming import NamedTree

    return locate(client, NamedTree(client, wanted), wanted.scope)


def _extract(client: WeComClient, wanted: Wanted, record: Record) -> Reading:
    from orgsync.platforms.wecom.extract import extract

    return extract(client, wanted, record)


def _look(client: WeComClient, wanted: Wanted, targets: Targets, record: Record) -> Reading:
    from orgsync.platforms.wecom.look import look

    return look(client, wanted, targets, record)


def _tidy(answers: Answers, *, mode: Mode, mapping: Mapping[str, Mapping[str, str]]) -> TidySet:
    from orgsync.platforms.wecom.tidy import tidy

    return tidy(answers, mode=mode, mapping=mapping)


def _substance(answer: Answer) -> Iterable[bytes]:
    from orgsync.platforms.wecom.envelope import list_statements

    return list_statements(answer)


def _erase(answer: Answer, person: Person) -> Erased:
    from orgsync.platforms.wecom.envelope import TRACES

    return TRACES.erase(answer, person)


def _list_people(answer: Answer) -> Iterable[frozenset[str]]:
    from orgsync.platforms.wecom.envelope import TRACES

    return TRACES.list_people(answer)


def _list_mentions() -> Collection[str]:
    from orgsync.platforms.wecom.envelope import TRACES

    return TRACES.mentions


def _messenger(conn_id: str) -> Messenger:
    from orgsync.platforms.wecom.connecting import WeComConnector

    messenger: Messenger = WeComConnector(conn_id).messenger
    return messenger


def _callback(conn_id: str) -> Callback:
    from orgsync.platforms.wecom.connecting import WeComConnector

    callback: Callback = WeComConnector(conn_id).callback
    return callback


def _sign_in(conn_id: str, user_key: str) -> SignIn:  # noqa: ARG001
    from orgsync.platforms.wecom.login import WeComSignIn

    return WeComSignIn(conn_id)


def _escape_markdown(text: str) -> str:
    from orgsync.platforms.wecom.messages import escape_markdown

    return escape_markdown(text)


def _write_body(content: Content) -> Mapping[str, Any]:
    from orgsync.platforms.sending.deliveries import sample_delivery
    from orgsync.platforms.wecom.messages import write_send

    return write_send(sample_delivery(content), agent_id=0)


PLATFORM = Platform(
    name="wecom",
    title="WeCom (企业微信)",
    form=FORM,
    connect=_connect,
    identify=_identify,
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
    sign_in=_sign_in,
    escape_markdown=_escape_markdown,
    write_body=_write_body,
)
