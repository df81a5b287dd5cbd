"""Faults on order: which calls they strike and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sandbox.broken_values import EVERY_FORM
from sandbox.exchange import Request
from sandbox.orders import Occasions, Orders

Kind = Literal[
    # the connection or the HTTP answer
    "reset", "lost_answer", "stall", "slow", "http_500", "http_502", "http_503", "html", "ip_ban", "truncated_json",
    # a refusal in the platform's own words
    "throttle", "busy", "error_code", "expired_token", "forbidden_department",
    # a damaged answer
    "repeated_cursor", "endless_has_more", "lost_rows", "empty", "nul_in_name", "cycle", "orphan", "duplicate_id",
    "string_for_integer", "null_for_list", "missing_key", "broken_value", "same_value",
]  # fmt: skip
EVERY_INTERFACE = "*"


class FaultSpec(Occasions, kw_only=True):
    """`calls`, `from`/`to` and `every` count the calls of this interface (and match) since the fault was set, the first being 1."""

    kind: Kind
    interface: str = EVERY_INTERFACE
    method: str | None = None
    """Where one path is several interfaces."""
    calls: list[int] | None = None
    match: dict[str, Any] = msgspec.field(default_factory=dict)
    code: int | None = None
    sub_code: Annotated[str, Meta(pattern=r"^-?\d+$")] | None = None
    message: str | None = None
    rows: int = 1
    seconds: float | None = None
    key: str | None = None
    constant: Any = None
    """What every row says."""
    status: int | None = None
    form: Literal["html", "json"] = "html"
    value: str = EVERY_FORM[0]
    """How a broken value is broken."""

    def __post_init__(self) -> None:
        if self.value not in EVERY_FORM:
            raise ValueError(f"value is none of {', '.join(EVERY_FORM)}")


@dataclass
class Fault:
    id: int
    spec: FaultSpec
    seen: int = 0
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        if not self._concerns(request):
            return False
        self.seen += 1
        if not self.spec.are_now(self.seen, chosen=self.spec.calls) or self.spec.are_over(self.struck):
            return False
        self.struck += 1
        return True

    def _concerns(self, request: Request) -> bool:
        if self.spec.interface not in (EVERY_INTERFACE, request.interface):
            return False
        if self.spec.method not in (None, request.method):
            return False
        # A form carries text only, so values are compared as text.
        return all(str(request.parameters.get(name)) == str(value) for name, value in self.spec.match.items())


class Faults(Orders[Fault, FaultSpec]):
    def __init__(self) -> None:
        super().__init__(Fault)

    def striking(self, request: Request) -> list[FaultSpec]:
        return [fault.spec for fault in self.all if fault.strikes(request)]
