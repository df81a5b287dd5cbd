"""A mail holds what the letter says and nothing that anybody wrote into a name."""

from __future__ import annotations

import smtplib
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.carriers.letters import Entry, Letter
from orgsync.carriers.mail import _explain, write_html, write_mail
from orgsync.errors import ConfigurationError, CredentialError, OrgsyncError, RefusedError, ThrottledError, UnreachableError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS)
def test_whatever_a_text_holds_the_head_has_the_same_lines(subject: str, text: str) -> None:
    letter = Letter("key", f"[orgsync] {subject}", (Entry(text, (text,)),))
    mail = message_from_bytes(write_mail(letter, sender="orgsync@example.com", address="it@example.com").as_bytes(), policy=default)
    assert sorted(mail.keys()) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To", "X-Auto-Response-Suppress"
    ]  # fmt: skip
    assert (mail["To"], len(list(mail.iter_parts()))) == ("it@example.com", 2)
    assert str(mail["Subject"]).startswith("[orgsync]")


def test_long_subject_in_both_languages_arrives_as_it_was_written() -> None:
    subject = "[orgsync] 故障 · acme: 最近一次运行失败：gettoken answered 40096: the key pair is not accepted. Copy Client ID (AppKey) o…"
    mail = write_mail(Letter("key", subject, (Entry("x"),)), sender="运维 <orgsync@example.com>", address="it@example.com")
    read = message_from_bytes(mail.as_bytes(), policy=default)
    assert (str(read["Subject"]), str(read["From"])) == (subject, "运维 <orgsync@example.com>")
    assert max(map(len, mail.as_bytes().splitlines())) <= 78


def test_html_holds_texts_only() -> None:
    page = write_html(Letter("k", "s", (Entry('<img src="http://evil.example">', ("a & b",), 'https://a.example/"><script>'),)))
    assert "<img" not in page
    assert "<script" not in page
    assert "a &amp; b" in page


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (smtplib.SMTPAuthenticationError(535, b"no"), CredentialError),
        (smtplib.SMTPRecipientsRefused({"it@example.com": (550, b"unknown it@example.com")}), RefusedError),
        (smtplib.SMTPRecipientsRefused({"it@example.com": (450, b"later")}), ThrottledError),
        (smtplib.SMTPSenderRefused(553, b"not yours", "x@example.com"), RefusedError),
        (smtplib.SMTPDataError(452, b"full"), ThrottledError),
        (smtplib.SMTPServerDisconnected("gone"), UnreachableError),
        (smtplib.SMTPConnectError(421, b"busy"), UnreachableError),
        (TimeoutError("timed out"), UnreachableError),
        (RuntimeError("ssl_context must be"), ConfigurationError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_went_wrong_says_whether_to_try_again(error: Exception, kind: type[OrgsyncError]) -> None:
    told = _explain("smtp_default", error)
    assert type(told) is kind
    assert "it@example.com" not in str(told)
