"""Somebody who signed in by their organization, as Airflow's simple auth manager takes a user."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

from orgsync.access.grading import Rights

SEPARATOR = ":"


class Person(SimpleAuthManagerUser):  # type: ignore[misc]
    """Known to Airflow as `tenant:user_id`. Without rights, which are found anew for each request, nothing is allowed."""

    def __init__(self, tenant_id: str, user_id: str, *, name: str = "", rights: Rights | None = None) -> None:
        super().__init__(username=f"{tenant_id}{SEPARATOR}{user_id}", role=rights.role.upper() if rights else None)
        self.tenant_id = tenant_id
        self.user_id = user_id
        self.name = name
        self.rights = rights

    def get_name(self) -> str:
        return self.name or self.username

    def to_token(self) -> dict[str, Any]:
        """No rights: a token that lives for a day must not keep what somebody had in the morning."""
        return {"sub": self.username, "tenant": self.tenant_id, "person": self.user_id}

    @classmethod
    def from_token(cls, token: dict[str, Any]) -> Person | None:
        """None where the token is not of one."""
        if "tenant" not in token or "person" not in token:
            return None
        return cls(str(token["tenant"]), str(token["person"]))
