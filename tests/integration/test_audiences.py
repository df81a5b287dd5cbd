"""Saved audiences: a person's statement that can read the views of the organization and nothing else, whoever delivers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orgsync.outbox import audiences
from tests.integration.office import Office

SOMEBODY = "select user_id from org.users where tenant_id = 'acme'"


def save(office: Office, statement: str, name: str = "saved") -> None:
    office.world.query("insert into notify.audience_query values ('acme', %s, %s)", name, statement)


def send_to(office: Office, statement: str) -> tuple[str, str]:
    """State and reason of a message to an audience, when a message to everybody beside it has gone."""
    save(office, statement)
    message, other = office.enqueue(audience={"query": "saved"}, body="查询"), office.enqueue(body="全员")
    office.push()
    assert office.state(other) == "sent"
    found = office.message(message)
    return found["state"], found["reason"] or ""


REFUSED = {
    "is no query": "drop table notify.message",
    "is no SQL": "who is here",
    "writes": "delete from org.users returning user_id",
    "is two statements": f"{SOMEBODY}; {SOMEBODY}",
    "breaks out of its brackets": f"{SOMEBODY}) as audience limit 1) select 1; delete from notify.message; select (1",
    "commits": f"{SOMEBODY}; commit",
    "resets the role": f"reset role; {SOMEBODY}",
    "sets the role": f"set role orgsync; {SOMEBODY}",
    "sets the role by function": "select set_config('role', 'none', false) as user_id",
    "sets the login by function": "select set_config('session_authorization', 'orgsync', false) as user_id",
    "lifts the ban on writing": "select set_config('transaction_read_only', 'off', true) as user_id",
    "reads files": "select pg_read_file('PG_VERSION') as user_id",
    "lists files": "select pg_ls_dir('.') as user_id",
    "writes a file": "select lo_export(lo_from_bytea(0, 'x'), '/tmp/x')::text as user_id",
    "runs a program": "copy (select 1) to program 'true'",
    "keeps a large object": "select lo_from_bytea(0, 'x')::text as user_id",
    "ends its server process": "select pg_terminate_backend(pg_backend_pid())::text as user_id",
    "reads a table": "select user_id from org.user_version",
    "reads personal data of others": "select body as user_id from notify.message",
    "reads by another way": "select query_to_xml('select * from notify.message', true, false, '')::text as user_id",
    "makes a temporary table by another way": "select query_to_xml('create temp table mine (id int)', true, false, '')::text as user_id",
    "reads passwords": "select rolpassword as user_id from pg_authid",
    "queues a message": "select notify.enqueue('acme', 'text', body => 'x', audience => '{\"everyone\": true}')::text as user_id",
    "asks itself": "select unnest(user_ids) as user_id from notify.ask_audience('acme', 'select 1 as user_id', 1)",
    "takes a number": "select nextval('notify.delivery_delivery_id_seq')::text as user_id",
    "lacks the column": "select name from org.users",
    "divides by zero": "select user_id from org.users where 1 / 0 > 1",
    "recurses for ever": "select public.call_itself(1)::text as user_id",
    "writes by a function": "select public.take_note()::text as user_id",
    "gives too much": "select n::text as user_id from generate_series(1, 2000000) as n",
}

FUNCTIONS = """
create table public.note (said text);
grant select on public.note to public;
create function public.take_note() returns int language plpgsql as $$ begin insert into public.note values ('x'); return 1; end $$;
create function public.call_itself(n int) returns int language plpgsql as $$ begin return public.call_itself(n + 1); end $$;
"""


def test_an_audience_that_does_what_it_may_not_costs_its_own_message(dingtalk_office: Office) -> None:
    """Delivered by a superuser, as badly as it can be, all in one pass."""
    office = dingtalk_office
    office.world.query(FUNCTIONS)
    people = office.world.query("select count(*) from org.user_version")
    for name, statement in REFUSED.items():
        save(office, statement, name)
    refused = {name: office.enqueue(audience={"query": name}, body=name) for name in REFUSED}
    sent = office.enqueue(body="全员")
    office.push()
    assert office.state(sent) == "sent"
    for name, message in refused.items():
        assert office.state(message) == "failed", name
        reason = office.message(message)["reason"]
        assert reason.startswith(f"its saved audience '{name}' cannot be asked ("), name
        assert reason.endswith("); mend it in notify.audience_query"), name
    assert office.world.query("select (select count(*) from public.note), (select count(*) from pg_largeobject_metadata)") == [(0, 0)]
    assert office.world.query("select count(*) from notify.message") == [(len(REFUSED) + 1,)]
    assert office.world.query("select count(*) from org.user_version") == people


def test_nothing_that_an_audience_does_to_its_session_stays(dingtalk_office: Office) -> None:
    office = dingtalk_office
    spoil = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in (("statement_timeout", "1"), ("search_path", "org")))
    state, _ = send_to(office, f"select user_id from org.users cross join (select {spoil}) as spoilt")
    assert state == "sent"
    later = office.enqueue(body="之后")
    office.push()
    assert office.state(later) == "sent"


def test_an_audience_sees_personal_columns_as_any_reader(dingtalk_office: Office) -> None:
    """Nor can it be asked whose number begins with 13."""
    office = dingtalk_office
    assert office.world.query("select count(*) > 0 from org.users where mobile ~ '[0-9]'") == [(True,)]
    assert send_to(office, "select user_id from org.users where mobile ~ '[0-9]'") == (
        "failed",
        "nobody of its audience is in the organization now",
    )


def test_what_is_nobodys_id_is_not_kept(dingtalk_office: Office) -> None:
    office = dingtalk_office
    one = office.people()[0]
    state, _ = send_to(office, f"select unnest(array['{one}', '{one}', null, '+86-13800000000', 'secret'])::text as user_id")
    assert state == "sent"
    assert office.world.query("select user_id from notify.recipient join notify.message using (message_id) where audience ? 'query'") == [
        (one,)
    ]


QUOTING = {
    "data": ("select user_id from org.users where name::int > 0", "22P02: InvalidTextRepresentation"),
    "its words": ("select public.complain(name) as user_id from org.users order by name", "P0001: RaiseException"),
    "its code": ("select public.pretend(name) as user_id from org.users order by name", "42704: UndefinedObject"),
}


def test_words_about_an_audience_quote_no_row(dingtalk_office: Office) -> None:
    """Neither the server's own nor those of somebody's function, whatever code it gives them."""
    office = dingtalk_office
    for name, code in (("complain", "P0001"), ("pretend", "42704")):
        raised = f"begin raise exception using errcode = '{code}', message = 'the value is ' || value; end"
        office.world.query(f"create function public.{name}(value text) returns text language plpgsql as $$ {raised} $$")
    for name, (statement, _) in QUOTING.items():
        save(office, statement, name)
    messages = {name: office.enqueue(audience={"query": name}, body=name) for name in QUOTING}
    office.push()
    assert {name: office.message(message)["reason"] for name, message in messages.items()} == {
        name: f"its saved audience '{name}' cannot be asked ({told}); mend it in notify.audience_query"
        for name, (_, told) in QUOTING.items()
    }


def test_a_slow_audience_is_asked_once_a_pass_and_again_later(dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = dingtalk_office
    monkeypatch.setattr(audiences, "MOST_SECONDS", 1.0)
    save(office, f"{SOMEBODY} and pg_sleep(1) is not null")
    slow = [office.enqueue(audience={"query": "saved"}, body=f"慢 {number}") for number in range(3)]
    fast = office.enqueue(body="快")
    office.push()
    assert office.state(fast) == "sent"
    assert {office.state(message) for message in slow} == {"pending"}
    assert {office.message(message)["reason"] for message in slow} == {
        "its saved audience 'saved' gave no answer within 1 seconds; make it faster; it is asked again"
    }
    office.world.query("update notify.audience_query set statement = %s", SOMEBODY)
    office.follow(minutes=11)
    assert {office.state(message) for message in slow} == {"sent"}


def test_an_audience_that_is_slow_for_a_day_has_failed(dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = dingtalk_office
    monkeypatch.setattr(audiences, "MOST_SECONDS", 1.0)
    save(office, f"{SOMEBODY} and pg_sleep(1) is not null")
    slow = office.enqueue(audience={"query": "saved"}, not_before=office.clock() - timedelta(days=2))
    office.push()
    assert office.state(slow) == "failed"
    assert "gave no answer within" in office.message(slow)["reason"]


def test_an_audience_that_is_gone_is_named_and_one_may_end_in_a_comment(dingtalk_office: Office) -> None:
    office = dingtalk_office
    for name in ("gone", "commented"):
        save(office, f"{SOMEBODY} -- all of them", name)
    gone, commented = (office.enqueue(audience={"query": name}, body=name) for name in ("gone", "commented"))
    office.world.query("delete from notify.audience_query where name = 'gone'")
    office.push()
    assert office.state(commented) == "sent"
    assert office.state(gone) == "failed"
    assert office.message(gone)["reason"] == "its saved audience 'gone' is gone from notify.audience_query"


def test_what_it_is_to_read_beside_can_be_granted(dingtalk_office: Office) -> None:
    office = dingtalk_office
    office.world.query(f"create table public.course as {SOMEBODY} limit 2")
    save(office, "select user_id from public.course")
    first = office.enqueue(audience={"query": "saved"}, body="课程")
    office.push()
    assert "permission denied for table course" in office.message(first)["reason"]
    office.world.query("grant select on public.course to orgsync_audience")
    second = office.enqueue(audience={"query": "saved"}, body="课程")
    office.push()
    assert office.state(second) == "sent"


def test_function_of_another_owner_is_not_run(dingtalk_office: Office) -> None:
    """As after a restore without owners: it would run with the rights of whoever restored."""
    office = dingtalk_office
    office.world.query("alter function notify.ask_audience(text, text, integer) owner to current_user")
    state, reason = send_to(office, SOMEBODY)
    assert state == "failed"
    assert "belongs to orgsync" in reason
