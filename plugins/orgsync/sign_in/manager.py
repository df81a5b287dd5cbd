"""Airflow's simple auth manager, and beside its users the people of connected organizations.

`[core] auth_manager = orgsync.sign_in.manager.OrganizationAuthManager`. Airflow's own users stay for whoever must get in when the warehouse
is lost (`passwords: false` of the access file shuts them out).
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from jwt import ExpiredSignatureError

from orgsync.access.file import read_access
from orgsync.access.grading import holds
from orgsync.connections.site import LOGIN
from orgsync.errors import OrgsyncError
from orgsync.settings import Settings, read_settings
from orgsync.sign_in.person import Person
from orgsync.sign_in.standing import Registry

log = logging.getLogger(__name__)

DAG_OF_A_TENANT = "org_sync_"


class OrganizationAuthManager(SimpleAuthManager):  # type: ignore[misc]
    """A token says who somebody is; what they may is looked up for each request, so that who left or moved is not who they were."""

    @cached_property
    def settings(self) -> Settings:
        return read_settings()

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.settings)

    def get_url_login(self, **kwargs: Any) -> str:  # noqa: ARG002
        return LOGIN

    def serialize_user(self, user: SimpleAuthManagerUser) -> dict[str, Any]:
        claims: dict[str, Any] = user.to_token() if isinstance(user, Person) else super().serialize_user(user)
        return claims

    def deserialize_user(self, token: dict[str, Any]) -> SimpleAuthManagerUser:
        return Person.from_token(token) or super().deserialize_user(token)

    async def get_user_from_token(self, token: str) -> BaseUser:
        """Raises ExpiredSignatureError, which Airflow answers by asking to sign in again, for whoever may nothing (any more)."""
        user = await super().get_user_from_token(token)
        return await run_in_threadpool(self.admit, user)

    def admit(self, user: SimpleAuthManagerUser) -> SimpleAuthManagerUser:
        """With what they may now."""
        try:
            if not isinstance(user, Person):
                if read_access(self.settings.access_file).passwords:
                    return user
                raise ExpiredSignatureError("Airflow's own users are shut out by the access file")
            found = self.registry.find(user.tenant_id, user.user_id)
        except OrgsyncError as error:
            if not isinstance(user, Person):  # the way in for whoever mends it
                return user
            log.warning("nobody of tenant %s is let in, for what they may cannot be looked up: %s", user.tenant_id, error)
            raise ExpiredSignatureError("what you may cannot be looked up now") from error
        if found.rights is None:
            raise ExpiredSignatureError("you are not, or no longer, among those who may use this")
        return Person(user.tenant_id, user.user_id, name=found.name, rights=found.rights)

    def is_authorized_dag(
        self,
        *,
        method: Any,
        user: SimpleAuthManagerUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """A tenant's DAG is for whom the tenant is; any other for whom a rule names it, or who operates Airflow."""
        by_role = bool(super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details))
        if not isinstance(user, Person) or user.rights is None:
            return by_role
        dag_id = details.id if details else None
        if not dag_id:  # a list of them, each of which is asked for by itself
            return by_role
        if not dag_id.startswith(DAG_OF_A_TENANT):
            return by_role and user.rights.covers_dag(dag_id)
        tenant_id = dag_id.removeprefix(DAG_OF_A_TENANT)
        if not holds(user.rights.sees, tenant_id):
            return False
        if method != "GET" and access_entity == DagAccessEntity.HITL_DETAIL:
            return holds(user.rights.approves, tenant_id)
        return by_role

    def get_fastapi_app(self) -> FastAPI:
        """Ours before the simple manager's own, whose last route takes every path."""
        from orgsync.sign_in.app import build_app

        return build_app(self, super().get_fastapi_app())
