"""What may be queued: the rules of SQL and of Python are one, and whatever waits says why."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from orgsync.platforms.sending.deliveries import bad_url
from orgsync.platforms.sending.messages import Content
from orgsync.templates.values import clean

AUDIENCE = '{"everyone": true}'
SCHEMES = ("http", "https", "dingtalk")
HOSTILE = "\x00\x01\x07\x0b\x0c\x1b\x7f\x85\xa0\xad\u061c\u1680\u180e\u200b\u200e\u2028\u202a\u202e\u2060\u2066\u2069\u3000\ufeff\uffff"
URLS = [
    "https://example.com/a?b=1&c=2#d",
    "https://例え.cn/路径",
    "http://10.0.0.1:8080",
    "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fexample.com",
    "javascript://example.com/%0aalert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "HTTPS://example.com",
    "https://",
    "https:///a",
    "https://?a",
    "www.example.com",
    "ftp://example.com",
    "https://example.com/a b",
    'https://example.com/"onclick="x',
    "https://example.com/<a>",
    "https://good.example\\@evil.example/",
    "https://example.com/\u202egpj.exe",
    "https://example.com/\u0007",
    " https://example.com/",
    "https://example.com/\n",
]


def ask(connection: Connection, statement: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()[0][0]


def urls() -> st.SearchStrategy[str]:
    # SQL has no NUL and no halves of characters; Python cleans or refuses them before.
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(HOSTILE[1:])
    return st.builds("{}{}".format, st.sampled_from(["https://", "http://a", "dingtalk://d", "x://", ""]), st.text(characters, max_size=6))


@pytest.mark.parametrize("url", URLS)
def test_url_is_judged_alike_in_sql_and_in_python(warehouse: Connection, url: str) -> None:
    found = bad_url(Content("text", "t", url=url), SCHEMES)
    assert ask(warehouse, "select notify.find_url_problem(%s, %s)", url, Json(list(SCHEMES))) == (found[0] if found else None)
    assert bool(found) == (URLS.index(url) >= 4)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(url=urls())
def test_any_url_is_judged_alike(warehouse: Connection, url: str) -> None:
    found = bad_url(Content("text", "t", url=url), SCHEMES)
    assert ask(warehouse, "select notify.find_url_problem(%s, %s)", url, Json(list(SCHEMES))) == (found[0] if found else None)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(HOSTILE[1:] + "\r\n\t")))
def test_any_text_is_cleaned_alike(warehouse: Connection, text: str) -> None:
    assert ask(warehouse, "select notify.clean(%s)", text) == clean(text)


@pytest.fixture
def acme(warehouse: Connection) -> Connection:
    with warehouse.cursor() as cursor:
        cursor.execute("insert into notify.channel (tenant_id, platform, is_whole, limits) values ('acme', 'wecom', true, '{}')")
    return warehouse


@pytest.mark.parametrize("character", ["\x07", "\x1b", "\x0b", "\u202e"])
def test_characters_that_nobody_sees_are_taken_out_of_every_text(acme: Connection, character: str) -> None:
    dirty, expected = f"a{character}b", "a\nb" if character == "\x0b" else "ab"
    url = "https://example.com/"
    todo = ask(
        acme,
        "select notify.enqueue('acme', 'todo', title => %s, body => %s, url => %s, audience => %s)",
        dirty,
        dirty,
        url,
        AUDIENCE,
    )
    change = ask(acme, "select notify.change_todo(%s, 'update', title => %s, body => %s)", todo, dirty, dirty)
    with acme.cursor() as cursor:
        cursor.execute("select title, body from notify.message where message_id = any (%s)", ([todo, change],))
        assert cursor.fetchall() == [(expected, expected)] * 2
    with pytest.raises(psycopg2.Error, match="character that is not seen") as refused:
        ask(acme, "select notify.enqueue('acme', 'text', body => 'b', url => %s, audience => %s)", url + character, AUDIENCE)
    assert refused.value.pgcode == "NT001"


@pytest.mark.parametrize("instant", ["infinity", "-infinity", "20000-01-01", "0044-03-15 BC"])
@pytest.mark.parametrize("name", ["due_at", "not_before", "expires_at"])
def test_times_that_no_calendar_has_are_refused(acme: Connection, name: str, instant: str) -> None:
    """Python has none of them, and one would keep all messages of the tenant from being planned."""
    statement = f"select notify.enqueue('acme', 'todo', title => 't', url => 'https://x.cn/', audience => %s, {name} => %s)"
    with pytest.raises(psycopg2.Error, match=f"{name} is no time that a calendar has"):
        ask(acme, statement, AUDIENCE, instant)


def test_message_that_waits_without_a_reason_cannot_be_written(acme: Connection) -> None:
    message = ask(acme, "select notify.enqueue('acme', 'text', body => 'b', audience => %s)", AUDIENCE)
    for state in ("pending", "claimed"):
        with pytest.raises(psycopg2.errors.CheckViolation), acme.cursor() as cursor:
            cursor.execute("savepoint before; update notify.message set state = %s, reason = null where message_id = %s", (state, message))
        with acme.cursor() as cursor:
            cursor.execute("rollback to before")
