"""Who is told of a tenant's problems, and by which way: the part `alerts` of a stanza."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from orgsync.tenants.values import IDENTIFIER, STRICT, mistake

MAIL_CONN_ID = "smtp_default"
"""As Airflow's own mails use it."""


def _check_address(text: str) -> str:
    """One address alone, without a name: whoever could write more could write to others, or into the mail's head."""
    try:
        parsed = Address(addr_spec=text) if text.isascii() and text.isprintable() else None
    except (HeaderParseError, ValueError, IndexError):
        parsed = None
    if parsed is None or not parsed.username or not parsed.domain or parsed.addr_spec != text:
        raise mistake(f"{text!r} is no mail address; write one like it@example.com (a domain in other letters as xn--…)")
    return text


def _check_plain(text: str) -> str:
    if not text or text != text.strip() or not text.isprintable():
        raise mistake("a text without blanks around it is expected here")
    return text


MailAddress = Annotated[str, AfterValidator(_check_address)]
PlainText = Annotated[str, AfterValidator(_check_plain)]


@dataclass(frozen=True, config=STRICT)
class Alerts:
    """Each of them is told of every problem.

    A person of another tenant is written `tenant:user`: who is told by the very app that is broken hears nothing.
    """

    mail: Annotated[tuple[MailAddress, ...], Field(description="By mail: addresses, each gets a mail of its own")] = ()
    mail_conn_id: Annotated[PlainText, Field(description="The Airflow connection of type smtp by which mails go")] = MAIL_CONN_ID
    webhooks: Annotated[
        tuple[PlainText, ...], Field(description="Group robots and other webhooks: connections of type orgsync_webhook")
    ] = ()
    people: Annotated[
        tuple[PlainText, ...], Field(description="People, by messages of orgsync: user ids of the tenant, or tenant:user of another one")
    ] = ()

    def __bool__(self) -> bool:
        return bool(self.mail or self.webhooks or self.people)

    def people_of(self, tenant_id: str) -> tuple[tuple[str, str], ...]:
        """Each with the tenant it belongs to; who names none belongs to this one, and to nobody's (empty) if that is none."""
        return tuple(split_person(person, tenant_id) for person in self.people)


def split_person(text: str, tenant_id: str) -> tuple[str, str]:
    """Tenant and user id. What stands before a colon and can be no tenant's id belongs to the user's."""
    before, colon, after = text.partition(":")
    if colon and before and after and set(before) <= set(IDENTIFIER):
        return before, after
    return tenant_id, text
