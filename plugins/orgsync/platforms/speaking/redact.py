"""Takes secrets and personal data out of any text that may reach a log or an error."""

from __future__ import annotations

import logging
import re

_RULES = (
    # A query string can hold a token or a secret under any name; nothing in it is worth reading.
    (re.compile(r"\?[^\s\"'<>)\]]*[=][^\s\"'<>)\]]*"), "?…"),
    (
        re.compile(
            r"(?i)([\"']?[\w-]{0,40}(?:token|secret|password|passwd|signature|ticket|authorization|auth_code)[\"']?\s*[:=]\s*)[^\s,&;}\])]+"
        ),
        r"\1…",
    ),
    (re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "…@…"),
    (re.compile(r"(?<![\w.-])(?:\+\d{1,4}[- ]?\d{5,14}|1[3-9]\d{9})(?![\w.-])"), "<phone>"),
)

_READ = 20_000
_LONGEST = 500


def redact(text: str, *, secrets: tuple[str, ...] = ()) -> str:
    """The same text without query strings, tokens, secrets, mail addresses and phone numbers, and never long."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = text[:_READ]
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


_HIDDEN: set[str] = set()
SHORTEST_HIDDEN = 8


def keep_out(path: str) -> None:
    """From here on this path of a URL is in no line of the HTTP library's log: with some webhooks it is the secret."""
    if len(path) >= SHORTEST_HIDDEN:
        _HIDDEN.add(path)


class RedactingFilter(logging.Filter):
    """urllib3 writes each request's whole URL at level DEBUG, the token in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage(), secrets=tuple(_HIDDEN)), ()
        return True


def redact_library_logs() -> None:
    """Safe to call again: a logger holds a filter once."""
    logging.getLogger("urllib3.connectionpool").addFilter(_FILTER)


_FILTER = RedactingFilter()
