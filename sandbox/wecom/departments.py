"""The department interfaces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.exchange import encode
from sandbox.organization import Department
from sandbox.wecom.calls import Call
from sandbox.wecom.numbering import department_order
from sandbox.wecom.parameters import number, optional_number, required
from sandbox.wecom.visibility import Scope, subtree


def list_full(call: Call) -> bytes:
    return encode({"department": rows(_asked(call), call.scope)})


def list_simple(call: Call) -> bytes:
    """An array of objects, whatever its name says."""
    return encode({"department_id": [_place(department) for department in _asked(call)]})


def get(call: Call) -> bytes:
    """One object, not an array."""
    department = call.scope.department(number(required(call.parameters, "id")))
    return encode({"department": detail_fields(department, call.scope)})


def _asked(call: Call) -> Iterable[Department]:
    """The department named and all below it; without a name everything that is seen."""
    asked = optional_number(call.parameters, "id")
    if asked is None:
        return call.scope.departments()
    return subtree(call.tenant.organization, [call.scope.department(asked).id])


def rows(departments: Iterable[Department], scope: Scope) -> list[dict[str, Any]]:
    return [detail_fields(department, scope) for department in departments]


def detail_fields(department: Department, scope: Scope) -> dict[str, Any]:
    leaders = [user_id for user_id in scope.organization.leaders(department.id) if user_id in scope.user_ids]
    fields: dict[str, Any] = {"id": department.id, "name": department.name}
    if department.name_en:
        fields["name_en"] = department.name_en
    return fields | {"department_leader": leaders} | _place(department)


def _place(department: Department) -> dict[str, int]:
    return {"id": department.id, "parentid": department.parent_id or 0, "order": department_order(department)}
