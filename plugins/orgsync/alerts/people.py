"""Tells a person through the outbox: a message of the app of the tenant they belong to, queued once for each notice and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from orgsync.alerts.composing import compose_letter
from orgsync.alerts.notices import Notice
from orgsync.alerts.speech import Speech
from orgsync.carriers.letters import CAPS, Letter, write_plain
from orgsync.errors import ConfigurationError
from orgsync.outbox.queueing import Audience, Message
from orgsync.outbox.quota import MOST_URGENT
from orgsync.outbox.sending import enqueue, open_messenger
from orgsync.platforms.sending.messages import Content, Messenger
from orgsync.settings import Settings
from orgsync.tenants import Tenant

MOST_APART = 3
"""So many notices are a message each, which crash and repetition leave alone; of more, nobody wants to read each."""
STALE_AFTER = timedelta(days=1)
"""Not sent any more after that: it is told again, or over."""


def tell_person(settings: Settings, tenant: Tenant, user_id: str, notices: Sequence[Notice], speech: Speech) -> list[int]:
    """Returns the ids of the messages: those of before where the same was queued before on that day.

    Raises ConfigurationError where the tenant's app cannot send, and what the warehouse raises.
    """
    messenger = open_messenger(tenant)
    parts = [[notice] for notice in notices] if len(notices) <= MOST_APART else [notices]
    return [enqueue(settings, tenant, _write(messenger, user_id, part, speech)) for part in parts]


def _write(messenger: Messenger, user_id: str, notices: Sequence[Notice], speech: Speech) -> Message:
    letter = compose_letter(notices, speech, of=user_id)
    return Message(
        content=fit_content(messenger, letter),
        audience=Audience(users=(user_id,)),
        priority=MOST_URGENT,
        expires_at=max(notice.at for notice in notices) + STALE_AFTER,
        dedupe_key=f"alert:{letter.key}",
        source="alerts",
    )


def fit_content(messenger: Messenger, letter: Letter) -> Content:
    """The letter as an announcement, as much of it as the platform takes; with its link, if it is of one thing alone."""
    found: Sequence[str] = ()
    for characters in CAPS:
        for entries in range(len(letter.entries), 0, -1):
            content = _as_content(letter.shorten(entries=entries, characters=characters))
            found = messenger.find_problems(content)
            if not found:
                return content
    raise ConfigurationError(f"an alert cannot be sent as a message: {'; '.join(found)}")


def _as_content(letter: Letter) -> Content:
    """A link on a button need not stand in the text too."""
    link = letter.entries[0].web_link if len(letter.entries) == 1 and not letter.left_out else ""
    shown = letter if not link else letter.without_links()
    return Content(kind="announcement", title=letter.subject, body=write_plain(shown), url=link)
