"""Every error orgsync raises on purpose, grouped by what the caller does next.

OrgsyncError
├── RetryableError                 the same call may succeed later
│   ├── UnreachableError           no answer: connection refused, reset, timed out
│   │   ├── NoConnectionError      not even a connection: nothing can have been done
│   │   └── SlowAnswerError        a connection, and no whole answer within the request timeout
│   ├── ThrottledError             the platform asked us to slow down
│   ├── PlatformBusyError          the platform failed on its side (busy, 5xx)
│   ├── TakenOverError             not asked at all: another worker may have the call by now
│   ├── UnexpectedAnswerError      an answer that is not what the contract says (HTML, cut JSON)
│   ├── WarehouseUnavailableError  the warehouse refused the connection or dropped it
│   ├── StorageUnavailableError    a file of the landing zone or a report could not be read or written just now
│   ├── BusyTenantError            another run is reading the same tenant
│   └── BusyAppError               other tenants are reading by the same app, for longer than one may wait
└── FatalError                     a person must act
    ├── ConfigurationError         the tenants file, a connection or an argument is wrong
    │   └── MissingConnectionError there is no Airflow connection of that name
    ├── CredentialError            the platform does not accept the key pair
    ├── PermissionDeniedError      a permission point, visible range or IP list is missing
    ├── RefusedError               the platform refuses this request for good
    ├── BrokenPagingError          a cursor came twice, or a page list does not end
    ├── OversizedAnswerError       an answer larger than any may be; it was not taken in
    ├── StrangerError              who signed in is no member of the organization
    ├── SpentCodeError             the code of a sign-in was used before, or is too old
    ├── IncompleteSnapshotError    a snapshot that is missing or not proven complete
    ├── StatementError             the warehouse refused a statement: a mistake of ours
    ├── SchemaError                the warehouse is not at the schema this version needs
    └── GateError                  the data is stopped before the merge; nothing was changed
        └── OvertakenError         a newer run took the place of this one's plan
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orgsync.words import Language, say


class OrgsyncError(Exception):
    """An error whose text says what happened, to what, and what to do."""

    exit_code = 1

    def tell(self, language: Language) -> str:
        """In this language, as far as it is said in it."""
        return say(self.args[0], language) if self.args else str(self)


class RetryableError(OrgsyncError):
    """The same call may succeed later."""


class FatalError(OrgsyncError):
    """A person must act before the same call can succeed."""


@dataclass(frozen=True)
class Refusal:
    """What a platform said when it did not do what it was asked; never holds secrets or personal data."""

    platform: str
    interface: str
    code: str
    request_id: str | None = None
    reason: str = ""
    fix: str = ""

    def __str__(self) -> str:
        request = f", request id {self.request_id}" if self.request_id else ""
        text = f"{self.platform} {self.interface} answered {self.code}{request}"
        if self.reason:
            text += f": {self.reason}"
        return f"{text}. {self.fix}" if self.fix else text

    def tell(self, language: Language) -> str:
        if language == "en":
            return str(self)
        request = f"（请求号 {self.request_id}）" if self.request_id else ""
        reason = f"：{say(self.reason, language)}" if self.reason else ""
        fix = f"{say(self.fix, language)}。" if self.fix else ""
        return f"{self.platform} {self.interface} 返回 {self.code}{request}{reason}。{fix}"


class PlatformError(OrgsyncError):
    """Mixed into the errors that come from a platform's answer; `refusal` says which call and which code."""

    def __init__(self, refusal: Refusal, *, wait_seconds: float | None = None) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.wait_seconds = wait_seconds
        self.params: Mapping[str, Any] = {}
        """What was asked, without token or secret; set where the call was made."""
        self.leaves_doubt = False
        """Whether the platform may have done it all the same, so that asking again, now or later, could do it twice; set by the call."""

    @property
    def needs_person(self) -> bool:
        return isinstance(self, FatalError)

    def tell(self, language: Language) -> str:
        return self.refusal.tell(language)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.refusal, self.wait_seconds)


def _rebuild(kind: type[PlatformError], refusal: Refusal, wait_seconds: float | None) -> PlatformError:
    return kind(refusal, wait_seconds=wait_seconds)


class UnreachableError(PlatformError, RetryableError):
    """No answer came: connection refused, reset or timed out."""


class NoConnectionError(UnreachableError):
    """No connection came about: whatever was asked has not been done."""


class SlowAnswerError(UnreachableError):
    """A connection came about, and no whole answer within the request timeout: what was asked for may be too much at once."""


class ThrottledError(PlatformError, RetryableError):
    """The platform asked us to slow down; `wait_seconds` is its own word for how long, if it gave one."""


class PlatformBusyError(PlatformError, RetryableError):
    """The platform failed on its side."""


class TakenOverError(PlatformError, RetryableError):
    """The platform was not asked: whoever wanted to ask may not have the call any more."""


class UnexpectedAnswerError(PlatformError, RetryableError):
    """An answer that is not what the contract says: HTML, truncated JSON, a missing field."""


class WarehouseUnavailableError(RetryableError):
    """The warehouse refused the connection or dropped it."""


class StorageUnavailableError(RetryableError):
    """A file of the landing zone, or a report, could not be read or written just now."""


class BusyTenantError(RetryableError):
    """Another run is reading the same tenant."""


class BusyAppError(RetryableError):
    """Other tenants read by the same app, one after the other, for longer than a run may wait."""


class ConfigurationError(FatalError):
    """The tenants file, a connection or an argument is wrong."""

    exit_code = 2


class MissingConnectionError(ConfigurationError):
    """There is no Airflow connection of that name where connections are looked for."""


class CredentialError(PlatformError, FatalError):
    """The platform does not accept the key pair."""


class PermissionDeniedError(PlatformError, FatalError):
    """A permission point, the visible range or the IP list is missing."""


class RefusedError(PlatformError, FatalError):
    """The platform refuses this request for good."""


class BrokenPagingError(PlatformError, FatalError):
    """A cursor came twice, or a list of pages does not end."""


class OversizedAnswerError(PlatformError, FatalError):
    """An answer larger than any may be: asked again, it would be as large, and it was not taken in."""


class StrangerError(FatalError):
    """Somebody signed in whom the platform knows, and who is no member of the organization."""


class SpentCodeError(FatalError):
    """The code of a sign-in was used before, is too old, or was never given: signing in again brings a new one."""


class IncompleteSnapshotError(FatalError):
    """A snapshot that is missing or not proven complete."""


class StatementError(FatalError):
    """The warehouse refused a statement; a mistake of ours, told without the row it stumbled over."""


class SchemaError(FatalError):
    """The warehouse is not at the schema this version needs."""


class GateError(FatalError):
    """The data is stopped before the merge; nothing was changed."""

    exit_code = 3


class OvertakenError(GateError):
    """A newer run took the place of this one's plan."""


_FOR_A_PERSON = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
}


def explain_files(error: OSError) -> OrgsyncError:
    """What a file system refused, to what, and which settings say where files go; some of it passes by itself."""
    said = f"{error.filename or 'a file'} cannot be read or written: {error.strerror or type(error).__name__}"
    if error.errno in _FOR_A_PERSON or error.errno is None:
        where = "The landing zone (ORGSYNC_LANDING_ZONE) and the reports (ORGSYNC_REPORTS) must be places"
        return ConfigurationError(f"{said}. {where} that this process may write, with room left")
    return StorageUnavailableError(f"{said}. The step can be run again; if it stays so, look at the disk or the network share")
