"""Run by itself: delivers messages in forks of its process.

A step is a statement, a connection, a commit, a call to the platform before it is made, or its answer before anybody knows of it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orgsync.outbox import sending
from orgsync.outbox.delivery import Worker
from orgsync.platforms.sending.messages import Messenger
from orgsync.platforms.speaking.http_sender import HttpSender
from orgsync.platforms.speaking.transport import Request, Response, Transport
from orgsync.settings import Settings
from orgsync.tenants import Tenant
from tests.integration.forks import Job, Steps, serve
from tests.integration.world import TENANT


class Clock:
    """Goes by itself, and leaps where a worker would wait."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def __call__(self, _: object = None) -> datetime:
        return datetime.now(UTC) + self.ahead

    def leap(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


def run(job: Job) -> None:
    tenant = replace(TENANT, platform=job["platform"], conn_id=f"acme_{job['platform']}")
    clock = Clock(timedelta(seconds=job["ahead_seconds"]))
    pause = clock.leap if job["leaps"] else time.sleep
    worker = Worker(clock=clock, pause=pause, parallel=job["parallel"], lease=timedelta(seconds=job["lease_seconds"]))
    sending.open_messenger = lambda tenant: _open_small(tenant, job)
    sending.push(Settings(Path("nowhere.yaml"), "", Path()), tenant, run_for=timedelta(minutes=5), worker=worker)


def _open_small(tenant: Tenant, job: Job) -> Messenger:
    """A small company does not fill the platform's calls: with smaller ones, it takes as many as a large company."""
    messenger = _open_messenger(tenant)
    messenger.limits = replace(messenger.limits, **job["limits"])
    transport: Transport = messenger._client.transport  # type: ignore[attr-defined]
    transport.patience = replace(transport.patience, attempts=job["tries"])
    return messenger


_open_messenger = sending.open_messenger


class SenderSteps(Steps):
    def watch(self) -> None:
        super().watch()
        steps, call = self, HttpSender.__call__

        def watched(sender: HttpSender, request: Request) -> Response:
            steps.step(f"call {request.interface}")
            response = call(sender, request)
            steps.step(f"answer of {request.interface}")
            return response

        HttpSender.__call__ = watched  # type: ignore[method-assign]


if __name__ == "__main__":
    serve(run, SenderSteps)
