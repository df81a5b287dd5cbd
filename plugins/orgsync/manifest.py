"""What a snapshot says about itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

FORMAT_VERSION = 1
REWRITTEN_FORMAT = 2
"""Of a snapshot that was rewritten: its files have other names, so that an orgsync of before does not take the old ones for it."""

Mode = Literal["full", "frequent", "targeted"]
State = Literal["landed", "loaded", "rejected", "foreign", "retracted"]


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """Whose organization was read: `id` where the platform confirms one, else it is known by the app that read it.

    An app of a company's own acts for that company alone, so the same `app_key` at the same `host` is the same company.
    """

    id: str = ""
    app_key: str = ""
    host: str = ""

    @property
    def name(self) -> str:
        """By which a person names it."""
        return self.id or self.app_key


class Rewriting(msgspec.Struct, frozen=True, kw_only=True):
    """That people were taken out of a snapshot after it was read: how often, when last, and how many records and mentions of them in all.

    `before` is the SHA-256 of the manifest that this one took the place of.
    """

    number: int
    rewritten_at: datetime
    records: int
    mentions: int
    before: str


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of the people and of the departments that a targeted read says something about."""

    users: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Written last, so that a snapshot without one is none.

    `method` is the way it was read by, in words, where a platform has several. `sees_whole` says that the visible range is the whole
    organization. `calls` is the page ledger: per interface expected, read, failed, retried, throttled. `files` maps each part to its
    SHA-256, bytes and number of answers. `problems` says why a read is not complete. `company`: older manifests have none.
    `substance` is one hash over what all answers say, whatever their order and pages; older manifests have none. `rewriting` tells of the
    people who were taken out since; then `name` among a part's facts is its file.
    `asked` is None for a read of everything; of a targeted read, what it says something about.
    """

    format_version: int = FORMAT_VERSION
    snapshot_id: str
    tenant_id: str
    platform: str
    company: Company | None = None
    mode: Mode
    method: str = ""
    taken_at: datetime
    finished_at: datetime
    is_complete: bool
    sees_whole: bool = False
    problems: tuple[str, ...]
    calls: dict[str, dict[str, int]]
    visible_range: dict[str, tuple[str, ...]]
    platform_counts: dict[str, int]
    files: dict[str, dict[str, Any]]
    substance: str = ""
    rewriting: Rewriting | None = None
    asked: Targets | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a snapshot since it landed: whether it counts.

    The warehouse is the truth while it lives; this stands beside the manifest for when it does not. `decided_at` is the warehouse's
    time, by which the later of two decisions is known. `decided_by` is who approved or rejected it, where somebody was asked.
    `is_complete` and `problems` are the manifest's own, or what was found out after it. `company_accepted_by` said that history goes on
    with its company; `approved_budgets` are those that its plan exceeded when it was approved.
    """

    snapshot_id: str
    state: State
    decided_at: datetime
    decided_by: str | None = None
    is_complete: bool = True
    problems: tuple[str, ...] = ()
    company_accepted_at: datetime | None = None
    company_accepted_by: str | None = None
    approved_budgets: tuple[str, ...] = ()
