"""Where things are: the checkout, its state folder, what both hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Layout:
    """`state` holds everything that the stack writes; deleting it forgets the stack."""

    checkout: Path
    state: Path

    @property
    def stack_file(self) -> Path:
        return self.state / "stack.json"

    @property
    def secrets_file(self) -> Path:
        return self.state / "secrets.json"

    @property
    def lock_file(self) -> Path:
        return self.state / "lock"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def airflow_home(self) -> Path:
        return self.state / "airflow"

    @property
    def postgres(self) -> Path:
        return self.state / "postgres"

    @property
    def sandbox(self) -> Path:
        return self.state / "sandbox"

    @property
    def python(self) -> Path:
        return Path(sys.executable)

    @property
    def programs(self) -> Path:
        """The folder of `airflow`, `orgsync` and the other commands of this environment."""
        return Path(sys.executable).parent

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make_state(self) -> None:
        """Private to its owner; root lets others pass, since its PostgreSQL runs as another user."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.logs, self.airflow_home, self.sandbox):
            folder.mkdir(exist_ok=True, mode=0o700)


def read_layout(environ: Mapping[str, str] = os.environ) -> Layout:
    return Layout(CHECKOUT, Path(environ.get("ORGSYNC_STATE") or CHECKOUT / ".orgsync").absolute())
