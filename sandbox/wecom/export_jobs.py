"""Jobs of exports, which are done after a while, and their files."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sandbox.wecom.refusals import PURGED_JOB, UNKNOWN_JOB, RefusalError
from sandbox.wecom.tokens import Holder

FILES = "/wwexport/"
KEPT_JOBS = 5


@dataclass
class File:
    cipher: bytes
    name: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    valid_until: float = 0


@dataclass
class Job:
    """Holds what was true when it was submitted."""

    holder: Holder
    submitted_at: float
    files: list[File]
    polls: int = 0


@dataclass
class Exports:
    """The newest jobs; of older ones only that they were there."""

    jobs: dict[str, Job] = field(default_factory=dict)
    purged: set[str] = field(default_factory=set)

    def add(self, job: Job) -> str:
        job_id = secrets.token_urlsafe(32)
        self.jobs[job_id] = job
        while len(self.jobs) > KEPT_JOBS:
            oldest = next(iter(self.jobs))
            del self.jobs[oldest]
            self.purged.add(oldest)
        return job_id

    def job(self, job_id: str, holder: Holder) -> Job:
        """Only for whoever submitted it."""
        if job_id in self.purged:
            raise RefusalError(PURGED_JOB)
        job = self.jobs.get(job_id)
        if job is None or job.holder is not holder:
            raise RefusalError(UNKNOWN_JOB)
        return job

    def file(self, name: str, *, now: float) -> File | None:
        files = (file for job in self.jobs.values() for file in job.files)
        return next((file for file in files if file.name == name and now < file.valid_until), None)
