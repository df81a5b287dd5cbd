"""When a tenant is read whose stanza names no schedule: at minutes of its own, so that a thousand tenants are not due at once.

They follow from its id alone: whoever else comes or goes moves nobody. The full and the half hour are left out: everybody's jobs call the
platforms then, which ask to be called at other times.
"""

from __future__ import annotations

import hashlib

MINUTES = tuple(minute for minute in range(60) if minute % 30)
FULL_HOUR = 2
"""Of the night, in the tenant's timezone: after `org_doctor`, before `org_housekeeping`."""


def spread_schedule(tenant_id: str) -> str:
    """Every hour."""
    return f"{find_minute(tenant_id)} * * * *"


def spread_full_schedule(tenant_id: str) -> str:
    """Every night, half an hour away from the frequent reads."""
    return f"{(find_minute(tenant_id) + 30) % 60} {FULL_HOUR} * * *"


def find_minute(tenant_id: str) -> int:
    """By a hash that is the same in every process and version of Python."""
    digest = hashlib.sha256(tenant_id.encode()).digest()
    return MINUTES[int.from_bytes(digest[:8]) % len(MINUTES)]
