from __future__ import annotations

import pytest

from orgsync.errors import ConfigurationError
from orgsync.platforms.sending.deliveries import (
    bad_url,
    breaks_limits,
    check_delivery,
    count_receivers,
    escape_url,
    fit_key,
    hold_blanks,
    too_long,
    too_many_bytes,
)
from orgsync.platforms.sending.messages import Content, Delivery, Limits, Person, TextLimits

LIMITS = Limits(people_per_call=2, departments_per_call=1, people_per_todo=1, has_send_to_all=True)
TEXT = Content("text", "t")
TODO = Content("todo", "t")


def people(count: int) -> tuple[Person, ...]:
    return tuple(Person(f"u{number}") for number in range(count))


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        (Delivery(TEXT, "k"), "is to nobody"),
        (Delivery(TEXT, "k", people=people(3)), "is to 3 people; a call takes 2"),
        (Delivery(TEXT, "k", department_ids=("1", "2")), "is to 2 departments; a call takes 1"),
        (Delivery(TODO, "k", people=people(2)), "is to 2 people; a call takes 1"),
        (Delivery(TODO, "k", department_ids=("1",)), "a todo goes to people"),
        (Delivery(TODO, "k", to_all=True), "a todo goes to people"),
    ],
)
def test_delivery_beyond_the_limits_stops_before_it_is_sent(delivery: Delivery, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_delivery(delivery, LIMITS, platform="x")


@pytest.mark.parametrize("delivery", [Delivery(TEXT, "k", people=people(2), department_ids=("1",)), Delivery(TEXT, "k", to_all=True)])
def test_delivery_within_the_limits_passes(delivery: Delivery) -> None:
    check_delivery(delivery, LIMITS, platform="x")


def test_everybody_is_refused_where_there_is_no_such_call() -> None:
    with pytest.raises(ConfigurationError, match="is to everybody"):
        check_delivery(Delivery(TEXT, "k", to_all=True), Limits(people_per_call=1), platform="x")


def test_todo_that_is_a_message_has_the_limits_of_one() -> None:
    check_delivery(Delivery(TODO, "k", department_ids=("1",)), Limits(people_per_call=2, departments_per_call=1), platform="x")


def test_bytes_are_counted_not_characters() -> None:
    assert too_many_bytes("it", "通知", 6) == []
    assert too_many_bytes("it", "通知", 5) == ["it is 1 bytes too long: 6 of at most 5"]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("example.com/a", "its URL does not begin with http:// or https://"),
        ("://x", "its URL does not begin with http:// or https://"),
        ("javascript://x", "its URL does not begin with http:// or https://"),
        ("https://", "its URL names no host"),
        ("https://a/\u202eb", "its URL holds a blank, a quote, a bracket or a character that is not seen; write that percent-encoded"),
    ],
)
def test_url_that_is_not_opened_or_looks_like_another_is_a_problem(url: str, problem: str) -> None:
    assert bad_url(Content("card", "t", url=url)) == [problem]


def test_url_in_a_link_cannot_end_it() -> None:
    assert escape_url("https://a/b(c) d\u3000<e>") == "https://a/b%28c%29%20d%E3%80%80%3Ce%3E"


def test_key_that_does_not_fit_is_hashed() -> None:
    assert fit_key("0123456789", shortest=10, longest=50) == "0123456789"
    long, other = (fit_key(letter * 80, shortest=10, longest=50) for letter in "ab")
    assert (len(long), len(other), long != other) == (50, 50, True)
    assert len(fit_key("short", shortest=10, longest=100)) == 64


def test_what_is_shown_of_a_delivery_is_numbers() -> None:
    assert count_receivers(Delivery(TEXT, "k", people=people(2))) == {"kind": "text", "people": 2}


def test_broken_limits_are_told_one_by_one() -> None:
    limits = TextLimits(title_characters=2, body_characters=1, url_bytes=3, needs_title=True, needs_body=True, needs_url=True)
    assert breaks_limits(Content("card", " "), limits) == ["a card needs a title", "a card needs a body", "a card needs a URL"]
    assert len(breaks_limits(Content("card", "abc", "通b", "通a"), limits)) == 3
    assert breaks_limits(Content("card", "通b", "c", "通"), limits) == []
    assert breaks_limits(Content("card", ""), TextLimits()) == []


def test_what_is_not_sent_counts_as_well() -> None:
    content, limits = Content("text", " " * 9, "b"), TextLimits(total_bytes=9)
    assert too_long(content, limits, what="it", sent=b"b" * 10) == ["it is 1 bytes too long: 10 of at most 9"]
    assert too_long(content, limits, what="it", sent="b") == ["its title, text and URL together is 1 bytes too long: 10 of at most 9"]
    assert too_long(Content("text", "", "b" * 9), limits, what="it", sent="b" * 9) == []


@pytest.mark.parametrize(("line", "held"), [("   a", "   a"), ("    a  b", "\u00a0" * 4 + "a  b"), ("\ta", "\u00a0" * 4 + "a"), ("", "")])
def test_blanks_that_would_make_code_are_held(line: str, held: str) -> None:
    assert hold_blanks(line) == held
