"""Reads include/access.yaml."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from orgsync.errors import ConfigurationError
from orgsync.yaml_files import compose_yaml, refuse_file

EVERY_TENANT = "*"
Role = Literal["viewer", "user", "op", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "user", "op", "admin")
"""Of Airflow's simple auth manager, each with all that the ones before it have."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Model):
    """To whom: users of Airflow by name, or roles of it, whatever their case. Whose: tenants; all of them where none is named."""

    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tenants: tuple[str, ...] = Field(default=(EVERY_TENANT,), min_length=1)

    def covers(self, user_id: str, roles: Collection[str], tenant_id: str) -> bool:
        is_meant = user_id in self.users or not {role.casefold() for role in self.roles}.isdisjoint(role.casefold() for role in roles)
        return is_meant and (EVERY_TENANT in self.tenants or tenant_id in self.tenants)


class PeopleRule(_Model):
    """Of whom it is: people of a tenant to whom all apply that are given of `departments` (with those below), `titles`, `leaders`, `users`;
    of each list one has to. What they may: a role of Airflow, and of which tenants; their own where none is named. `dags` are patterns of
    the names of other DAGs that they see too.
    """

    tenant: str
    departments: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    leaders: StrictBool = False
    users: tuple[str, ...] = ()
    role: Role = "viewer"
    sees: tuple[str, ...] = ()
    dags: tuple[str, ...] = ()
    approves: StrictBool = False
    sends: StrictBool = False
    personal_data: StrictBool = False

    @property
    def tenants(self) -> tuple[str, ...]:
        return self.sees or (self.tenant,)


class Access(_Model):
    """What the file says. `passwords` says whether Airflow's own users sign in too. Nobody may what no rule gives."""

    passwords: StrictBool = True
    people: tuple[PeopleRule, ...] = ()
    personal_data: tuple[Grant, ...] = ()

    def shows_personal(self, user_id: str, roles: Collection[str], tenant_id: str) -> bool:
        """Of Airflow's own users; what people may who signed in by their organization, is theirs."""
        return any(grant.covers(user_id, roles, tenant_id) for grant in self.personal_data)


@dataclass(frozen=True)
class _Version:
    path: Path
    changed_at: int
    size: int


def read_access(path: Path) -> Access:
    """As the file is now. Raises ConfigurationError with what is wrong with it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return Access()
    except OSError as error:
        raise refuse_file("access file", path, error) from error
    return _read(_Version(path, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=2)
def _read(version: _Version) -> Access:
    path = version.path
    compose_yaml(path, what="access file", missing="write one, or unset ORGSYNC_ACCESS")
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as error:  # a tag, a day that there is not
        raise ConfigurationError(f"{path}: not YAML that can be read: {error}") from error
    try:
        return Access.model_validate({} if said is None else said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ConfigurationError(f"{path}: {where}: {first['msg']}; docs/explorer.md says what may stand there") from None
