"""In which languages, and in which time zone, each tenant is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from orgsync.tenants import Stanzas
from orgsync.words import LANGUAGES, Language, say

Languages = tuple[Language, ...]


@dataclass(frozen=True)
class Speech:
    """Of each tenant its languages and its zone; what concerns all, or a tenant that is not in the file, is told in all of them."""

    languages: Mapping[str, Languages]
    zones: Mapping[str, str]

    def languages_of(self, tenant_ids: Iterable[str]) -> Languages:
        found = {language for tenant_id in tenant_ids for language in self._of(tenant_id)}
        return tuple(language for language in LANGUAGES if language in found) or LANGUAGES

    def _of(self, tenant_id: str) -> Languages:
        own = self.languages.get(tenant_id)
        return own or tuple({language for each in self.languages.values() for language in each})

    def write_time(self, instant: datetime, tenant_id: str) -> str:
        """In the tenant's zone; that of all where all are in one, else UTC."""
        names = {self.zones[tenant_id]} if tenant_id in self.zones else set(self.zones.values())
        name = names.pop() if len(names) == 1 else "UTC"
        return f"{instant.astimezone(ZoneInfo(name)):%Y-%m-%d %H:%M} ({name})"


def read_speech(stanzas: Stanzas) -> Speech:
    """Also of tenants whose stanza is wrong, as far as that can be read."""
    known = [(tenant.id, tenant.language, tenant.timezone) for tenant in stanzas.tenants]
    known += [(stanza.tenant_id, stanza.language, stanza.timezone) for stanza in stanzas.broken if stanza.tenant_id]
    spoken: dict[str, Languages] = {"en": ("en",), "zh": ("zh",), "both": LANGUAGES}
    return Speech(
        {tenant_id: spoken.get(language, LANGUAGES) for tenant_id, language, _ in known},
        {tenant_id: zone for tenant_id, _, zone in known if _is_zone(zone)},
    )


def _is_zone(name: str) -> bool:
    """Of a stanza that is wrong, that may be what is wrong."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def speak(words: str, languages: Languages) -> str:
    """In each of these languages, one after the other, once where they come to the same."""
    return " / ".join(dict.fromkeys(say(words, language) for language in languages))
