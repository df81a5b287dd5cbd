"""Whether all that run tasks see the same landing zone and reports: a folder is one machine's, unless somebody says that it is shared."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from orgsync.connections.airflow_options import AirflowOptions, UnclearError
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings, is_folder
from orgsync.words import Words, join

ON_THIS_MACHINE = frozenset({"LocalExecutor", "SequentialExecutor", "DebugExecutor"})
POD = "AIRFLOW_IS_K8S_EXECUTOR_POD"
"""Set in the pods of the KubernetesExecutor, whose configuration names another executor."""

APART = Words(
    "{zone} is a folder of one machine, but Airflow runs tasks on several ({executor}): what one has read no other finds",
    "{zone} 是单台机器上的文件夹，而 Airflow 在多台机器上运行任务（{executor}）：一台机器读取的内容，其他机器找不到",
)
SHARE_ZONE = Words(
    "Let ORGSYNC_LANDING_ZONE name an object store (s3://, gs://, oss://); or set ORGSYNC_FOLDERS_ARE_SHARED=true if all machines see the "
    "same folder there",
    "让 ORGSYNC_LANDING_ZONE 指向对象存储（s3://、gs://、oss://）；若所有机器在该处看到同一文件夹，则设置 ORGSYNC_FOLDERS_ARE_SHARED=true",
)
SHARE_REPORTS = Words(
    "Leave ORGSYNC_REPORTS unset, so that reports are below the landing zone, or let it name an object store; or set "
    "ORGSYNC_FOLDERS_ARE_SHARED=true if all machines see the same folder there",
    "不设置 ORGSYNC_REPORTS，报告即存放在落地区之下；或指向对象存储；若所有机器看到同一文件夹，则设置 ORGSYNC_FOLDERS_ARE_SHARED=true",
)


def check_shared(settings: Settings) -> None:
    """Raise ConfigurationError where what lands on one machine would be looked for on another."""
    if wrong := find_apart(settings, settings.landing_zone):
        raise ConfigurationError(join((wrong, SHARE_ZONE), en=". ", zh="。"))


def find_apart(settings: Settings, place: str, environ: Mapping[str, str] = os.environ) -> Words | None:
    """What is wrong with a place where each machine would see its own."""
    if settings.folders_are_shared or not is_folder(place):
        return None
    executor = _find_remote_executor(environ)
    return APART.fill(zone=place, executor=executor) if executor else None


def _find_remote_executor(environ: Mapping[str, str]) -> str | None:
    """The first that runs tasks elsewhere; None also where only Airflow itself could tell."""
    if environ.get(POD):
        return "KubernetesExecutor"
    try:
        configured = AirflowOptions(environ).read("core", "executor")
    except UnclearError:
        return None
    names = (re.split(r"[.:=]", each.strip())[-1] for each in re.split("[,;]", configured))  # `team=alias:path.to.Class`
    return next((name for name in names if name and name not in ON_THIS_MACHINE), None)
