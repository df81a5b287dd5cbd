"""What can be known about helm/values.yaml without the chart; what else was checked says docs/several-machines.md."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec

import yaml

from stack.layout import CHECKOUT
from tests.stack.test_deployment import DOCKERFILE, SERVICES, locked

TEXT = (CHECKOUT / "helm/values.yaml").read_text()
VALUES = yaml.safe_load(TEXT)
CONFIG = VALUES["config"]
ENVIRONMENT = SERVICES["scheduler"]["environment"]


def test_it_is_of_the_locked_airflow() -> None:
    assert VALUES["airflowVersion"] == VALUES["defaultAirflowTag"] == locked("requirements-celery.lock")["apache-airflow"]


def test_pods_of_tasks_have_the_same_image() -> None:
    assert VALUES["images"]["airflow"] == VALUES["images"]["pod_template"]


def test_what_it_names_of_the_package_is_there() -> None:
    bundle = VALUES["dagProcessor"]["dagBundleConfigList"][0]["classpath"]
    for path in (CONFIG["core"]["auth_manager"], CONFIG["celery"]["celery_config_options"], bundle):
        assert find_spec(path.rpartition(".")[0]), path


def test_it_says_what_the_compose_file_says() -> None:
    for section, keys in {
        "core": ("dags_folder", "auth_manager"),
        "dag_processor": ("min_file_process_interval",),
    }.items():
        for key in keys:
            assert str(CONFIG[section][key]) == ENVIRONMENT[f"AIRFLOW__{section}__{key}".upper()], key
    assert VALUES["dagProcessor"]["dagBundleConfigList"] == json.loads(ENVIRONMENT["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert VALUES["migrateDatabaseJob"]["args"] == SERVICES["init"]["command"]
    assert VALUES["apiServer"]["args"] == SERVICES["api-server"]["command"]
    assert VALUES["uid"] == VALUES["gid"] == 50000
    assert "useradd --uid 50000" in DOCKERFILE


def test_no_secret_stands_in_it() -> None:
    assert not set(VALUES) & {"fernetKey", "apiSecretKey", "jwtSecret", "webserverSecretKey"}
    assert set(VALUES["data"]) == {"metadataSecretName"}
    assert {entry["name"] for entry in VALUES["env"] if "ORGSYNC" not in entry["name"]} == set()


def test_it_cleans_what_the_script_cleans() -> None:
    script = (CHECKOUT / "bin/clean-airflow").read_text()
    assert VALUES["databaseCleanup"]["tables"] == "".join(re.findall(r"^tables\+?=(\S+)", script, re.MULTILINE)).split(",")
    assert VALUES["databaseCleanup"]["retentionDays"] == int(re.search(r"AIRFLOW_KEEP_DAYS:-(\d+)", script)[1])


def test_probes_do_not_need_the_entrypoint_of_airflows_own_image() -> None:
    for name in ("scheduler", "triggerer", "dagProcessor"):
        assert VALUES[name]["livenessProbe"]["command"][0] == "sh"
    assert "/entrypoint" not in TEXT


def test_the_api_server_is_reached_by_tasks() -> None:
    """Without this the chart's policy lets nobody in: no task could say that it runs."""
    assert {"podSelector": {"matchLabels": {"tier": "airflow"}}} in VALUES["apiServer"]["networkPolicy"]["ingress"]["from"]
