"""DingTalk (钉钉). Importing this folder stays light: what it needs is imported when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from orgsync.platforms.platform import Answer, Mode, Platform, Reading, Record, Scope

if TYPE_CHECKING:
    from orgsync.frames import TidySet
    from orgsync.platforms.dingtalk.client import DingTalkClient


def _connect(conn_id: str) -> DingTalkClient:
    from orgsync.platforms.dingtalk.hook import DingTalkHook

    return DingTalkHook(conn_id).client


def _extract(client: DingTalkClient, *, mode: Mode, scope: Scope, record: Record) -> Reading:
    from orgsync.platforms.dingtalk.extract import extract

    return extract(client, mode=mode, scope=scope, record=record)


def _tidy(answers: Callable[[str], Iterable[Answer]], *, mode: Mode, mapping: Mapping[str, Mapping[str, str]]) -> TidySet:
    from orgsync.platforms.dingtalk.tidy import tidy

    return tidy(answers, mode=mode, mapping=mapping)


PLATFORM = Platform(name="dingtalk", title="DingTalk (钉钉)", connect=_connect, extract=_extract, tidy=_tidy)
