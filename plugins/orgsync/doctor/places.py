"""Whether the places that orgsync writes to can be written: the landing zone and the folder of reports."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator
from pathlib import Path

from orgsync.check import Check, ok
from orgsync.landing.places import Place, open_place
from orgsync.settings import Settings
from orgsync.words import Words

LANDING, REPORTS = "landing zone", "reports"

_WRITABLE = Words("can be written, read and cleared", "可写、可读、可删除")
_REFUSED = Words("{place} cannot be written: {why}", "{place} 无法写入：{why}")
_SET_ZONE = Words(
    "Let ORGSYNC_LANDING_ZONE name a place that this process may write, with room left; of an object store, check Airflow's connection",
    "让 ORGSYNC_LANDING_ZONE 指向本进程可写且有剩余空间的位置；若为对象存储，请检查 Airflow 中它的连接",
)
_SET_REPORTS = Words("Let ORGSYNC_REPORTS name a folder that this process may write", "让 ORGSYNC_REPORTS 指向本进程可写的文件夹")
_NO_READ = Words("nothing can be read", "无法读取")
_NO_PAGE = Words("what validation found has no page", "校验结果没有页面")


def examine_places(settings: Settings) -> Iterator[Check]:
    """A file is written to each, and removed."""
    yield _try(LANDING, open_place(settings.landing_zone), settings.landing_zone, _SET_ZONE, _NO_READ)
    folder = settings.report_folder
    yield _try(REPORTS, Path(folder), str(folder), _SET_REPORTS, _NO_PAGE)


def _try(name: str, place: Place, shown: str, fix: Words, lost: Words) -> Check:
    trial = place / f".doctor-{uuid.uuid4().hex}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"orgsync")
        if trial.read_bytes() != b"orgsync":
            raise OSError(errno.EIO, "what was written is not what is read")
        trial.unlink()
    except Exception as error:  # an object store's library raises what it likes
        why = getattr(error, "strerror", None) or type(error).__name__
        return Check(name, "broken", _REFUSED.fill(place=shown, why=why), fix, lost)
    return ok(name, _WRITABLE)
