"""Which apps are listened to, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from orgsync.errors import ConfigurationError
from orgsync.events.streams.apps import connect, find_apps
from orgsync.platforms.hearing.streams import Session, Stream
from orgsync.tenants import Stanzas, Tenant
from orgsync.tenants.events import Events


@dataclass
class FakeStream:
    app: str
    company: str = ""

    def open(self) -> Session:
        raise NotImplementedError


def tenant(tenant_id: str, conn_id: str, receive: str = "stream") -> Tenant:
    return Tenant(id=tenant_id, platform="feishu", conn_id=conn_id, events=Events(receive=receive))


def fake(each: Tenant) -> Stream:
    if each.conn_id == "missing":
        raise ConfigurationError("nothing there")
    return FakeStream(each.conn_id.removesuffix("_too"), company=each.id if each.conn_id.endswith("_too") else "")


ALL = Stanzas((tenant("a", "one"), tenant("b", "one_too"), tenant("c", "two"), tenant("d", "one", "http"), tenant("e", "missing")))


def test_an_app_is_listened_to_once_for_all_that_have_it() -> None:
    assert [(app.key, [(each.tenant_id, each.company) for each in app.recipients]) for app in find_apps(ALL, fake).listened] == [
        ("events:feishu:one", [("a", ""), ("b", "b")]),
        ("events:feishu:two", [("c", "")]),
    ]


def test_who_has_no_connection_is_named_and_keeps_nobody_else_from_it() -> None:
    assert find_apps(ALL, fake).closed == {"e": "nothing there"}


def test_app_of_a_tenant_that_is_named_is_listened_to_for_all_that_have_it() -> None:
    """Whoever else wants to listen to it stands by, and would not for the others."""
    [app] = find_apps(ALL, fake, only={"b"}).listened
    assert [each.tenant_id for each in app.recipients] == ["a", "b"]


def test_some_may_be_named() -> None:
    assert [app.key for app in find_apps(ALL, fake, only={"c"}).listened] == ["events:feishu:two"]


def test_same_tenants_are_the_same_app() -> None:
    """A listener goes on while nothing changed; whatever its connection says then counts from its next connection on."""
    assert find_apps(ALL, fake) == find_apps(ALL, fake)
    assert find_apps(ALL, fake) != find_apps(Stanzas(ALL.tenants[1:]), fake)


def test_connection_is_read_anew_for_each_opening() -> None:
    read: list[str] = []

    def counting(each: Tenant) -> Stream:
        read.append(each.id)
        return fake(each)

    [app, _] = find_apps(ALL, counting).listened
    before = len(read)
    app.open_stream()
    app.open_stream()
    assert read[before:] == ["a", "a"]


def test_platform_without_a_stream_says_so() -> None:
    with pytest.raises(ConfigurationError, match="wecom has no stream"):
        connect(Tenant(id="a", platform="wecom", conn_id="c"))
