"""Faults on order: which calls they strike and what they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sandbox.broken_values import EVERY_FORM
from sandbox.exchange import Request

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


class FaultSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}):
    """`calls`, `from`/`to` and `every` count the calls of this interface (and match) since the fault was set, the first being 1."""

    kind: Kind
    interface: str = EVERY_INTERFACE
    method: str | None = None
    """Where one path is several interfaces."""
    calls: list[int] | None = None
    from_: int | None = None
    to: int | None = None
    every: Annotated[int, Meta(ge=1)] | None = None
    match: dict[str, Any] = {}
    times: int | None = None
    """Strike so often at most."""
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
        if not self._is_due() or (self.spec.times is not None and self.struck >= self.spec.times):
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

    def _is_due(self) -> bool:
        spec = self.spec
        if spec.calls is not None and self.seen not in spec.calls:
            return False
        if spec.every is not None and self.seen % spec.every:
            return False
        return (spec.from_ or 1) <= self.seen <= (spec.to or self.seen)


@dataclass
class Faults:
    all: list[Fault] = field(default_factory=list)
    last_id: int = 0

    def add(self, spec: FaultSpec) -> Fault:
        self.last_id += 1
        fault = Fault(self.last_id, spec)
        self.all.append(fault)
        return fault

    def remove(self, fault_id: int | None) -> int:
        """One of them, or all."""
        kept = [] if fault_id is None else [fault for fault in self.all if fault.id != fault_id]
        removed = len(self.all) - len(kept)
        self.all = kept
        return removed

    def striking(self, request: Request) -> list[FaultSpec]:
        return [fault.spec for fault in self.all if fault.strikes(request)]
