"""What a task of `org_doctor` does: examines, keeps what was found, and fails where something is broken, in the tenant's language."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from orgsync.check import TITLES, Check, worst_of
from orgsync.doctor.examining import examine_surroundings, examine_tenant
from orgsync.doctor.recording import record_checks
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings
from orgsync.tenants import read_tenant
from orgsync.words import LANGUAGES, Language, Words, say

log = logging.getLogger(__name__)

_BROKEN = Words("{count} things are broken", "{count} 项故障")
_ONE = Words("{name}: {reason}. {fix}", "{name}：{reason}。{fix}")


def examine_and_keep(settings: Settings, tenant_id: str) -> dict[str, Any]:
    """Of a tenant, or of what all share where none is named. Raises ConfigurationError with everything that is broken, and its fixes."""
    languages: Sequence[Language] = LANGUAGES
    if tenant_id:
        language = read_tenant(settings.tenants_file, tenant_id).language
        languages = [each for each in LANGUAGES if language in (each, "both")]
        checks = examine_tenant(settings, tenant_id)
    else:
        checks = examine_surroundings(settings)
    record_checks(settings, tenant_id, checks)
    for check in checks:
        log.info("%s %s %s: %s", check.outcome, check.name, check.subject, check.reason)
    for check in checks:
        if check.outcome == "degraded":
            log.warning("%s", "\n".join(_tell(check, each) for each in languages))
    if broken := [check for check in checks if check.outcome == "broken"]:
        raise ConfigurationError("\n".join(_tell_all(broken, each) for each in languages))
    return {"outcome": worst_of(checks), "counts": dict(Counter(check.outcome for check in checks))}


def _tell_all(broken: Sequence[Check], language: Language) -> str:
    return "\n".join([say(_BROKEN.fill(count=len(broken)), language), *(_tell(check, language) for check in broken)])


def _tell(check: Check, language: Language) -> str:
    name = f"{say(TITLES.get(check.name, check.name), language)} {check.subject}".strip()
    return say(_ONE.fill(name=name, reason=check.reason, fix=check.fix), language).strip()
