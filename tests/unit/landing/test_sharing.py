"""A folder is one machine's: where tasks run on several it is refused, unless somebody says that it is shared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.landing.sharing import check_shared, find_apart
from orgsync.settings import Settings
from orgsync.words import say

SETTINGS = Settings(Path("tenants.yaml"), "file:///var/landing", Path("/var/reports"))
KEY = "AIRFLOW__CORE__EXECUTOR"


@pytest.mark.parametrize(
    ("executor", "found"),
    [
        ("CeleryExecutor", "CeleryExecutor"),
        ("KubernetesExecutor", "KubernetesExecutor"),
        ("LocalExecutor, CeleryExecutor", "CeleryExecutor"),
        ("airflow.providers.celery.executors.celery_executor.CeleryExecutor", "CeleryExecutor"),
        ("far:airflow.providers.celery.executors.celery_executor.CeleryExecutor", "CeleryExecutor"),
        ("LocalExecutor;sales=CeleryExecutor", "CeleryExecutor"),
        ("LocalExecutor", None),
        ("airflow.executors.local_executor.LocalExecutor", None),
        ("LocalExecutor;sales=LocalExecutor", None),
        ("", None),
    ],
)
def test_folder_is_found_apart_where_tasks_run_elsewhere(tmp_path: Path, executor: str, found: str | None) -> None:
    environ = {KEY: executor, "AIRFLOW_HOME": str(tmp_path)}
    told = find_apart(SETTINGS, SETTINGS.landing_zone, environ)
    assert (None if told is None else told.partition("(")[2].partition(")")[0]) == found


def test_executor_may_stand_in_airflows_file(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[core]\nexecutor = CeleryExecutor\n")
    assert find_apart(SETTINGS, "/var/reports", {"AIRFLOW_HOME": str(tmp_path)})


def test_what_only_airflow_can_tell_is_no_reason_to_refuse(tmp_path: Path) -> None:
    assert find_apart(SETTINGS, "/var/landing", {f"{KEY}_CMD": "cat executor", "AIRFLOW_HOME": str(tmp_path)}) is None


def test_pod_of_the_kubernetes_executor_is_known_by_its_environment(tmp_path: Path) -> None:
    environ = {KEY: "LocalExecutor", "AIRFLOW_IS_K8S_EXECUTOR_POD": "True", "AIRFLOW_HOME": str(tmp_path)}
    assert "KubernetesExecutor" in str(find_apart(SETTINGS, "/var/landing", environ))


@pytest.mark.parametrize("settings", [replace(SETTINGS, landing_zone="s3://store@bucket/zone"), replace(SETTINGS, folders_are_shared=True)])
def test_object_store_and_shared_folder_do(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv(KEY, "CeleryExecutor")
    check_shared(settings)


def test_refusal_says_what_is_wrong_and_both_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "CeleryExecutor")
    with pytest.raises(ConfigurationError) as caught:
        check_shared(SETTINGS)
    for language in ("en", "zh"):
        told = say(caught.value.args[0], language)
        assert not [
            word for word in ("file:///var/landing", "CeleryExecutor", "s3://", "ORGSYNC_FOLDERS_ARE_SHARED=true") if word not in told
        ]
