"""Keeps an organization across restarts as what it follows from: its recipe and the evolutions since; and whither changes are told."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sandbox.generator import Recipe
from sandbox.subscription import Subscription
from sandbox.tenant import Tenant


class Remembered(msgspec.Struct):
    recipe: Recipe
    evolutions: list[dict[str, int]]
    subscription: Subscription = Subscription()


def save(folder: Path, tenants: Iterable[Tenant]) -> None:
    """Written beside and renamed, so that a crash leaves the old file or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    remembered = {tenant.name: Remembered(tenant.recipe, tenant.evolutions, tenant.subscription) for tenant in tenants}
    target = folder / "sandbox.json"
    draft = folder / f".sandbox.json.{os.getpid()}"
    draft.write_bytes(msgspec.json.encode(remembered))
    draft.replace(target)


def restore(folder: Path, tenants: Iterable[Tenant]) -> None:
    target = folder / "sandbox.json"
    if not target.exists():
        return
    remembered = msgspec.json.decode(target.read_bytes(), type=dict[str, Remembered])
    for tenant in tenants:
        if tenant.name in remembered:
            tenant.found(remembered[tenant.name].recipe)
            tenant.subscription = remembered[tenant.name].subscription
            for amounts in remembered[tenant.name].evolutions:
                tenant.evolve(amounts)
