"""The environment of what orgsync is measured beside, apart from its own: made from its lock file when it is first wanted."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / ".venv-bench"
LOCK = Path(__file__).with_name("requirements.lock")


def find_peers(folder: Path = FOLDER, lock: Path = LOCK) -> Path | None:
    """The environment's python; None where its packages cannot be had, which is said aloud."""
    python, stamp = folder / "bin" / "python", folder / ".lock-sha256"
    wanted = hashlib.sha256(lock.read_bytes() + str(folder).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    uv = [sys.executable, "-m", "uv"]
    steps = (
        [*uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(lock)],
    )
    for step in steps:
        done = subprocess.run(step, check=False, capture_output=True, text=True)
        if done.returncode:
            print(
                f"!! NOTHING IS MEASURED BESIDE dlt, NO PICTURE DRAWN: {lock} cannot be installed:\n{done.stderr.strip()}", file=sys.stderr
            )
            return None
    stamp.write_text(wanted)
    return python
