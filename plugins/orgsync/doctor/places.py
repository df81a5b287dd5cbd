"""Whether the places that orgsync writes to can be written, and are where all machines see them: the landing zone and the reports."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator

from orgsync.check import Check, ok
from orgsync.landing.places import open_place
from orgsync.landing.sharing import SHARE_REPORTS, SHARE_ZONE, find_apart
from orgsync.settings import Settings
from orgsync.words import Words

LANDING, REPORTS = "landing zone", "reports"

_WRITABLE = Words("can be written, read and cleared", "可写、可读、可删除")
_REFUSED = Words("{place} cannot be written: {why}", "{place} 无法写入：{why}")
_SET_ZONE = Words(
    "Let ORGSYNC_LANDING_ZONE name a place that this process may write, with room left; of an object store, check Airflow's connection, "
    "and that its provider and library are installed",
    "让 ORGSYNC_LANDING_ZONE 指向本进程可写且有剩余空间的位置；若为对象存储，请检查 Airflow 中它的连接，以及其 provider 与库是否已安装",
)
_SET_REPORTS = Words("Let ORGSYNC_REPORTS name a place that this process may write", "让 ORGSYNC_REPORTS 指向本进程可写的位置")
_NO_READ = Words("nothing can be read", "无法读取")
_NO_PAGE = Words("what validation found has no page", "校验结果没有页面")


def examine_places(settings: Settings) -> Iterator[Check]:
    """A file is written to each, and removed."""
    zone, reports = settings.landing_zone, str(settings.report_folder)
    if wrong := find_apart(settings, zone):
        yield Check(LANDING, "broken", wrong, SHARE_ZONE, _NO_READ)
    else:
        yield _try(LANDING, zone, _SET_ZONE, _NO_READ)
    if wrong := find_apart(settings, reports):
        yield Check(REPORTS, "degraded", wrong, SHARE_REPORTS, _NO_PAGE)
    else:
        yield _try(REPORTS, reports, _SET_REPORTS, _NO_PAGE)


def _try(name: str, uri: str, fix: Words, lost: Words) -> Check:
    place = open_place(uri)
    trial = place / f".doctor-{uuid.uuid4().hex}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"orgsync")
        if trial.read_bytes() != b"orgsync":
            raise OSError(errno.EIO, "what was written is not what is read")
        trial.unlink()
    except Exception as error:  # an object store's library raises what it likes
        why = getattr(error, "strerror", None) or type(error).__name__
        return Check(name, "broken", _REFUSED.fill(place=uri, why=why), fix, lost)
    return ok(name, _WRITABLE)
