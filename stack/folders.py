"""Deletes folders, and says what is in the way."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from stack.errors import StackError

TRIES = 20
# Somebody else removes, or writes, in the same folder at the same time.
RACES = (errno.ENOENT, errno.ENOTEMPTY)


def remove_folder(folder: Path) -> None:
    """Delete it with all that is in it; what is gone already is as it should be."""
    for _ in range(TRIES):
        if not folder.exists():
            return
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if error.errno not in RACES:
                raise StackError(
                    f"{error.filename or folder} cannot be deleted: {error.strerror}. Delete {folder} as the user whose it is"
                ) from error
    if folder.exists():
        raise StackError(f"{folder} cannot be deleted: something writes there. End it, then delete the folder by hand")
