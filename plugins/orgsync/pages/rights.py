"""Who asks, and what they may: the only module that knows Airflow's security. Its names are no promise of Airflow's; a test holds them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from orgsync.access.file import Access
from orgsync.access.grading import Rights, holds


@dataclass(frozen=True)
class Viewer:
    """Somebody signed in to Airflow. Each right is asked of Airflow's auth manager, by the tenant's DAG."""

    user: Any
    access: Access

    @property
    def id(self) -> str:
        return str(self.user.get_id())

    @property
    def name(self) -> str:
        return str(self.user.get_name())

    @property
    def roles(self) -> tuple[str, ...]:
        """Of the simple manager's user the one it has, of FAB's the names of all."""
        one = getattr(self.user, "role", None)
        several = getattr(self.user, "roles", None) or ()
        return tuple(str(getattr(role, "name", role)) for role in ([one] if one else several))

    def may_see(self, tenant_id: str) -> bool:
        return self._may("GET", tenant_id)

    def may_send(self, tenant_id: str) -> bool:
        """Take messages back, and try them again."""
        return self._may("PUT", tenant_id) if self._own is None else holds(self._own.sends, tenant_id)

    def may_answer(self, tenant_id: str, approvers: Collection[str]) -> bool:
        """Decide about a plan that waits; `approvers` are named, or all who may edit. The API of Airflow asks the same."""
        if not self._may("PUT", tenant_id, DagAccessEntity.HITL_DETAIL):
            return False
        return not approvers or bool(get_auth_manager().is_authorized_hitl_task(assigned_users=set(approvers), user=self.user))

    def may_see_personal(self, tenant_id: str) -> bool:
        if self._own is not None:
            return holds(self._own.personal, tenant_id)
        return self.may_see(tenant_id) and self.access.shows_personal(self.id, self.roles, tenant_id)

    @property
    def _own(self) -> Rights | None:
        """Of whoever signed in by their organization: Airflow has no word for all of it."""
        return getattr(self.user, "rights", None)

    def _may(self, method: Any, tenant_id: str, entity: DagAccessEntity = DagAccessEntity.RUN) -> bool:
        details = DagDetails(id=f"org_sync_{tenant_id}")
        return bool(get_auth_manager().is_authorized_dag(method=method, access_entity=entity, details=details, user=self.user))


async def find_user(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]) -> Any:
    """The user of Airflow who asks; else 401, also for a token that another key signed, which to Airflow is 403 and a matter of rights."""
    try:
        return await get_user(request, None, bearer)
    except HTTPException:
        raise HTTPException(401) from None


SignedIn = Annotated[Any, Depends(find_user)]
