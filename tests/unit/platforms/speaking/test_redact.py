from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.platforms.speaking.redact import RedactingFilter, redact, redact_library_logs

CASES = {
    "query": ("GET https://oapi.dingtalk.com/gettoken?appkey=ding1&appsecret=s3cr3tvalue failed", "s3cr3tvalue"),
    "path-query": ('"GET /topapi/v2/user/list?access_token=abcdef HTTP/1.1" 200', "abcdef"),
    "json-token": ('{"access_token": "abcdef", "expires_in": 7200}', "abcdef"),
    "assignment": ("client_secret=abcdef is wrong", "abcdef"),
    "header": ("x-acs-dingtalk-access-token: abcdef", "abcdef"),
    "mobile": ("user 13912345678 exists", "13912345678"),
    "foreign": ("user +852-61234567 exists", "61234567"),
    "mail": ("mail li.lei@example.com taken", "li.lei@example.com"),
}


@pytest.mark.parametrize(("text", "secret"), CASES.values(), ids=CASES.keys())
def test_secrets_and_people_are_taken_out(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize("text", ["department 1234567890123456 has no parent", "request id 16m1abc", "request ip 10.1.2.3", "code 60011"])
def test_what_an_administrator_needs_stays(text: str) -> None:
    assert redact(text) == text


@given(st.text(), st.text(min_size=4, alphabet="abcdefghij0123456789"), st.text())
def test_known_secret_never_passes(before: str, secret: str, after: str) -> None:
    assert secret not in redact(f"{before} {secret} {after}".replace(secret, "\0"), secrets=(secret,))
    assert redact(f"<{secret}>", secrets=(secret,)) == "<…>"


@pytest.mark.parametrize(("length", "shown"), [(499, "x" * 499), (500, "x" * 500), (501, "x" * 500 + "…"), (10_000, "x" * 500 + "…")])
def test_text_is_never_long(length: int, shown: str) -> None:
    assert redact("x" * length) == shown


def test_what_stands_far_behind_is_not_read() -> None:
    assert redact(" " * 20_000 + "secret=abcdef") == " " * 500 + "…"


def test_library_log_line_loses_its_query() -> None:
    record = logging.LogRecord("urllib3", logging.DEBUG, "", 0, '%s "%s %s"', ("https://h:443", "GET", "/gettoken?appsecret=abcdef"), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == 'https://h:443 "GET /gettoken?…"'


def test_urllib3_is_redacted_once_however_often_that_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    before = list(logger.filters)
    logger.filters.clear()
    try:
        redact_library_logs()
        redact_library_logs()
        assert [type(each) for each in logger.filters] == [RedactingFilter]
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            logger.debug("GET %s", "/gettoken?appsecret=abcdef")
        assert caplog.messages == ["GET /gettoken?…"]
    finally:
        logger.filters[:] = before
