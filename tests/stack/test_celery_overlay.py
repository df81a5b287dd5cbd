"""What can be known about docker-compose.celery.yaml without an engine to run it: it fits the file that it is laid over."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
import yaml

from stack.layout import CHECKOUT
from tests.stack.test_deployment import AIRFLOW_SERVICES, COMPOSE, COMPOSE_TEXT, DURATION, SERVICE_KEYS, SERVICES, locked

OVERLAY_TEXT = (CHECKOUT / "docker-compose.celery.yaml").read_text()
OVERLAY = yaml.safe_load(OVERLAY_TEXT)
LAID_OVER = OVERLAY["services"]
KEYS = SERVICE_KEYS | {"extends": dict, "read_only": bool, "user": str, "secrets": list, "tmpfs": list}
REQUIRED = ("ORGSYNC_LANDING_ZONE", "ORGSYNC_REMOTE_LOGS")
REFERENCE = re.compile(r"\$\{([A-Z_]+)(:-|:\?)([^}]*)\}")


def example(name: str) -> dict[str, str]:
    lines = (CHECKOUT / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def merged(name: str) -> dict[str, str]:
    base = LAID_OVER[name].get("extends", {}).get("service", name)
    return SERVICES[base]["environment"] | LAID_OVER[name]["environment"]


@pytest.mark.parametrize("name", LAID_OVER)
def test_service_has_only_known_keys_of_the_right_type(name: str) -> None:
    for key, value in LAID_OVER[name].items():
        assert isinstance(value, KEYS[key]), f"{name}.{key}"
    assert all(isinstance(value, str) for value in LAID_OVER[name].get("environment", {}).values())


def test_it_is_laid_over_all_of_airflow_and_adds_a_broker_and_workers() -> None:
    assert OVERLAY["name"] == COMPOSE["name"]
    assert set(LAID_OVER) == {*AIRFLOW_SERVICES, "broker", "worker"}
    assert LAID_OVER["worker"]["extends"] == {"file": "docker-compose.yaml", "service": "triggerer"}
    assert not set(LAID_OVER["worker"]) & {"container_name", "ports", "hostname"}, "so that it scales"
    assert set(LAID_OVER["broker"]["networks"]) <= set(COMPOSE["networks"])


@pytest.mark.parametrize("name", ["broker", "worker"])
def test_new_service_is_watched_and_waited_for(name: str) -> None:
    check = LAID_OVER[name]["healthcheck"]
    assert set(check) == {"test", "interval", "timeout", "retries", "start_period"}
    assert all(DURATION.fullmatch(check[key]) for key in ("interval", "timeout", "start_period"))
    if name == "broker":
        assert LAID_OVER[name]["restart"] == "unless-stopped"
        assert LAID_OVER[name]["cap_drop"] == ["ALL"]
    else:
        assert LAID_OVER[name]["depends_on"] == {"broker": {"condition": "service_healthy"}}


def test_all_of_airflow_has_one_image_and_the_same_settings() -> None:
    """Who plans, who runs and who shows must speak to the same broker, store and landing zone."""
    airflow = [LAID_OVER[name] for name in LAID_OVER if name != "broker"]
    assert {service["image"] for service in airflow} == {"orgsync:${ORGSYNC_IMAGE_TAG:-local}-celery"}
    assert all(service["build"]["args"] == {"LOCK": "requirements-celery.lock"} for service in airflow)
    settings = [
        {key: value for key, value in merged(name).items() if key.startswith(("AIRFLOW__", "ORGSYNC_"))}
        for name in LAID_OVER
        if name != "broker"
    ]
    assert all(each == settings[0] for each in settings)
    assert settings[0]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_the_brokers_password_stands_in_a_file_alone() -> None:
    assert OVERLAY["secrets"] == {"broker_password": {"file": "${ORGSYNC_SECRETS:-./secrets}/broker_password"}}
    for service in LAID_OVER.values():
        assert service["secrets"] == ["broker_password"]
    [command] = {LAID_OVER[name]["environment"]["AIRFLOW__CELERY__BROKER_URL_CMD"] for name in LAID_OVER if name != "broker"}
    for text in ("0123abcd", "0123abcd\n"):
        printed = subprocess.run(
            shlex.split(command.replace("/run/secrets/broker_password", "-")), input=text, check=True, capture_output=True, text=True
        )
        assert printed.stdout == "redis://:0123abcd@broker:6379/0"


def test_every_variable_is_in_the_examples_and_says_what_holds_when_it_is_unset() -> None:
    own, base = example(".env.celery.example"), example(".env.example")
    assert set(own) <= {name for name, _, _ in REFERENCE.findall(OVERLAY_TEXT)}
    for name, operator, text in REFERENCE.findall(OVERLAY_TEXT):
        assert name in own or name in base
        if name in REQUIRED:
            assert (operator, own[name]) == (":?", "")
        elif name in own:
            assert (operator, text) == (":-", own[name]), name
    assert "$" not in REFERENCE.sub("", OVERLAY_TEXT).replace("$$", "")
    assert set(REFERENCE.findall(COMPOSE_TEXT)) & set(REFERENCE.findall(OVERLAY_TEXT))


def test_celerys_lock_is_the_usual_one_but_for_what_clashes() -> None:
    usual, celery = locked("requirements.lock"), locked("requirements-celery.lock")
    assert {name for name, version in usual.items() if celery.get(name) != version} == {"python-dateutil"}
    assert celery["python-dateutil"] < "3"
    assert celery["celery"] < "5.7"
