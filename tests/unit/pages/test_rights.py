"""What somebody may do on the pages, as Airflow's auth manager says; and what of Airflow that rests on."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import get_user

from orgsync.access.file import Access, Grant
from orgsync.pages import rights
from orgsync.pages.rights import Viewer


@dataclass
class Manager:
    """Gives rights by DAG, as FAB does: `allowed` are pairs of method and DAG. Remembers what it was asked about."""

    allowed: set[tuple[str, str]]
    asked: list[tuple[str, Any, str]] = field(default_factory=list)

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: DagDetails, user: Any) -> bool:
        self.asked.append((method, access_entity, str(user.get_id())))
        return (method, details.id) in self.allowed


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    manager = Manager({("GET", "org_sync_acme"), ("PUT", "org_sync_acme"), ("GET", "org_sync_birch")})
    monkeypatch.setattr(rights, "get_auth_manager", lambda: manager)
    return manager


UMA = SimpleAuthManagerUser(username="uma", role="user")
SHOWS_ALL = Access(personal_data=(Grant(users=("uma",)),))


def test_rights_are_of_each_tenant_by_its_dag(manager: Manager) -> None:
    uma = Viewer(UMA, Access())
    seen = {tenant: (uma.may_see(tenant), uma.may_send(tenant)) for tenant in ("acme", "birch", "cedar")}
    assert seen == {"acme": (True, True), "birch": (True, False), "cedar": (False, False)}
    assert set(manager.asked) == {(method, DagAccessEntity.RUN, "uma") for method in ("GET", "PUT")}


def test_personal_data_is_shown_only_of_a_tenant_that_one_may_see(manager: Manager) -> None:
    uma = Viewer(UMA, SHOWS_ALL)
    assert [uma.may_see_personal(tenant) for tenant in ("acme", "birch", "cedar")] == [True, True, False]
    assert not Viewer(UMA, Access()).may_see_personal("acme")


@dataclass(frozen=True)
class FabRole:
    name: str


@dataclass(frozen=True)
class FabUser:
    """As FAB's own: roles that are objects."""

    roles: tuple[FabRole, ...]

    def get_id(self) -> int:
        return 7

    def get_name(self) -> str:
        return "uma"


@pytest.mark.parametrize(
    ("user", "roles"),
    [
        pytest.param(UMA, ("user",), id="simple"),
        pytest.param(SimpleAuthManagerUser(username="noa", role=None), (), id="simple, without a role"),
        pytest.param(FabUser((FabRole("Admin"), FabRole("Viewer"))), ("Admin", "Viewer"), id="fab"),
        pytest.param(FabUser(()), (), id="fab, without a role"),
    ],
)
def test_roles_are_found_in_users_of_each_manager(user: Any, roles: tuple[str, ...]) -> None:
    viewer = Viewer(user, Access())
    assert viewer.roles == roles
    assert isinstance(viewer.id, str)
    assert isinstance(viewer.name, str)


def test_airflow_has_what_rights_ask_of_it() -> None:
    """These names are no promise of Airflow's: where an upgrade changes one, this says so before anybody is let in or kept out."""
    assert inspect.iscoroutinefunction(get_user)
    request, _, bearer = inspect.signature(get_user).parameters.values()
    assert (request.name, bearer.name) == ("request", "bearer_credentials")
    assert {"method", "access_entity", "details", "user"} <= inspect.signature(BaseAuthManager.is_authorized_dag).parameters.keys()
    assert DagAccessEntity.RUN
    assert DagDetails(id="org_sync_acme").id == "org_sync_acme"


@pytest.mark.parametrize(
    ("role", "may_see", "may_send"),
    [("admin", True, True), ("op", True, True), ("user", True, True), ("viewer", True, False), (None, False, False)],
)
def test_simple_manager_answers_by_role(role: str | None, may_see: bool, may_send: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "get_auth_manager", SimpleAuthManager)
    viewer = Viewer(SimpleAuthManagerUser(username="somebody", role=role), SHOWS_ALL)
    assert (viewer.may_see("acme"), viewer.may_send("acme")) == (may_see, may_send)
