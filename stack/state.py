"""What the launcher remembers between calls: the running stack, and the secrets that outlive it."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from stack.errors import StackError
from stack.layout import Layout
from stack.ports import LOOPBACK
from stack.processes import ProcessRecord

LOOK_AGAIN_SECONDS = 0.1


@dataclass
class Stack:
    """A started stack. `stack_id` marks the environment of each of its processes."""

    stack_id: str = field(default_factory=lambda: secrets.token_hex(12))
    ports: dict[str, int] = field(default_factory=dict)
    processes: list[ProcessRecord] = field(default_factory=list)
    is_ready: bool = False
    """Set once every process answered; a stack without it is the remains of a start that was cut off."""

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def find_dead(self) -> list[ProcessRecord]:
        return [record for record in self.processes if not record.is_alive()]


def read_stack(layout: Layout) -> Stack | None:
    try:
        stored = json.loads(layout.stack_file.read_text())
        processes = [ProcessRecord(**record) for record in stored.pop("processes")]
        return Stack(**stored, processes=processes)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(f"{layout.stack_file} is not readable ({error}); stop the stack's processes by hand and delete it") from error


def write_stack(layout: Layout, stack: Stack) -> None:
    write_private(layout.stack_file, json.dumps(asdict(stack), indent=2) + "\n")


def forget_stack(layout: Layout) -> None:
    layout.stack_file.unlink(missing_ok=True)


@dataclass(frozen=True)
class Secrets:
    """Random, made once per state folder; none of them is shown except the login of the UI."""

    postgres_password: str
    admin_password: str
    fernet_key: str
    api_secret_key: str
    jwt_secret: str
    sandbox_key: str

    @property
    def loader_password(self) -> str:
        """Of the login that syncs and delivers."""
        return self._derive("loader")

    @property
    def pages_password(self) -> str:
        """Of the login by which the pages read the warehouse."""
        return self._derive("pages")

    @property
    def receiver_password(self) -> str:
        """Of the login by which what receives events writes them."""
        return self._derive("receiver")

    def _derive(self, name: str) -> str:
        return hmac.new(self.postgres_password.encode(), name.encode(), hashlib.sha256).hexdigest()

    def sandbox_secret(self, platform: str, name: str) -> str:
        """What the sandbox's organization on a platform takes for one of its secrets."""
        return hmac.new(self.sandbox_key.encode(), f"{platform}/{name}".encode(), hashlib.sha256).hexdigest()


def make_secrets() -> Secrets:
    return Secrets(
        postgres_password=secrets.token_hex(16),
        admin_password=secrets.token_urlsafe(9),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        api_secret_key=secrets.token_hex(32),
        jwt_secret=secrets.token_hex(32),
        sandbox_key=secrets.token_hex(32),
    )


def load_secrets(layout: Layout) -> Secrets:
    try:
        return Secrets(**json.loads(layout.secrets_file.read_text()))
    except FileNotFoundError:
        made = make_secrets()
        write_private(layout.secrets_file, json.dumps(asdict(made), indent=2) + "\n")
        return made
    except (ValueError, TypeError) as error:
        raise StackError(f"{layout.secrets_file} is not readable ({error}); `make clean` starts over") from error


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner can read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


@contextmanager
def lock_state(layout: Layout, *, patience_seconds: float = 0) -> Iterator[Any]:
    """One start or stop at a time; the system drops the lock when its holder dies."""
    deadline = time.monotonic() + patience_seconds
    with layout.lock_file.open("a") as file:
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                raise StackError(f"another start or stop is going on in {layout.state}; try again when it is done")
            time.sleep(LOOK_AGAIN_SECONDS)
        yield


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
