"""What the overlay that receives events adds to the Compose file: something open to the internet, which may and knows little."""

from __future__ import annotations

import re

import yaml

from stack.layout import CHECKOUT

OVERLAY = yaml.safe_load((CHECKOUT / "docker-compose.events.yaml").read_text())
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text())
RECEIVER = OVERLAY["services"]["receiver"]


def test_only_the_receiver_comes_and_init_makes_its_login():
    assert set(OVERLAY["services"]) == {"init", "receiver"}
    assert OVERLAY["services"]["init"]["environment"] == {
        "AIRFLOW_CONN_ORGSYNC_RECEIVER": RECEIVER["environment"]["AIRFLOW_CONN_ORGSYNC_RECEIVER"]
    }


def test_receiver_knows_nothing_of_airflow():
    assert set(RECEIVER["environment"]) == {"AIRFLOW_CONN_ORGSYNC_RECEIVER", "ORGSYNC_TENANTS"}
    assert RECEIVER["secrets"] == ["receiver_connections", "receiver_password"]
    assert "airflow" not in RECEIVER["networks"]
    assert [mount for mount in RECEIVER["volumes"] if not mount.endswith(":ro")] == []


def test_receiver_runs_without_privileges():
    assert (RECEIVER["cap_drop"], RECEIVER["read_only"]) == (["ALL"], True)
    assert RECEIVER["security_opt"] == ["no-new-privileges:true"]
    assert RECEIVER["ports"] == ["${ORGSYNC_LISTEN_ADDRESS:-127.0.0.1}:8092:8092"]


def test_what_it_names_is_declared():
    assert set(RECEIVER["networks"]) <= {*OVERLAY["networks"], *COMPOSE["networks"]}
    read = set(re.findall(r"/run/secrets/(\w+)", f"{RECEIVER['environment']}{RECEIVER['command']}"))
    assert read == set(RECEIVER["secrets"]) == set(OVERLAY["secrets"])
