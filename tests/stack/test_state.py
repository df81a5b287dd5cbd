from __future__ import annotations

import configparser
import json
from dataclasses import asdict

import pytest

from stack import airflow
from stack.errors import StackError
from stack.layout import CHECKOUT, Layout, read_layout
from stack.processes import ProcessRecord
from stack.state import Secrets, Stack, forget_stack, load_secrets, lock_state, read_stack, write_stack

PORTS = {"ui": 8081, "postgres": 5434, "sandbox": 8791}


@pytest.fixture
def layout(tmp_path) -> Layout:
    layout = Layout(tmp_path / "50% of a checkout", tmp_path / "50% of a checkout" / ".orgsync")
    layout.make_state()
    return layout


def write_airflow_configuration(layout: Layout) -> Secrets:
    secrets = load_secrets(layout)
    dsn = f"postgresql://orgsync:{secrets.postgres_password}@127.0.0.1:5434/airflow"
    airflow.write_configuration(layout, Stack(ports=PORTS), secrets, metadata_dsn=dsn)
    return secrets


def test_stack_is_remembered_until_it_is_forgotten(layout):
    stack = Stack(ports=PORTS, processes=[ProcessRecord("scheduler", 4711, 12.5)])
    assert read_stack(layout) is None
    write_stack(layout, stack)
    assert read_stack(layout) == stack
    forget_stack(layout)
    assert read_stack(layout) is None


def test_unreadable_stack_file_is_named(layout):
    layout.stack_file.write_text("{")
    with pytest.raises(StackError, match=r"stack\.json is not readable"):
        read_stack(layout)


def test_secrets_stay_the_same_and_differ_between_folders(layout, tmp_path):
    other = Layout(tmp_path, tmp_path / "other")
    other.make_state()
    assert load_secrets(layout) == load_secrets(layout)
    assert not set(asdict(load_secrets(layout)).values()) & set(asdict(load_secrets(other)).values())


def test_files_with_secrets_are_private(layout):
    write_airflow_configuration(layout)
    write_stack(layout, Stack())
    files = [layout.secrets_file, layout.stack_file, *layout.airflow_home.iterdir()]
    assert len(files) == 4
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_second_start_at_the_same_time_is_refused(layout):
    with lock_state(layout), pytest.raises(StackError, match="another start or stop"), lock_state(layout):
        pass


def test_state_folder_can_be_named(tmp_path):
    assert read_layout({}).state == CHECKOUT / ".orgsync"
    assert read_layout({"ORGSYNC_STATE": str(tmp_path)}).state == tmp_path


def test_airflow_reads_the_configuration_as_it_was_meant(layout):
    secrets = write_airflow_configuration(layout)
    parser = configparser.ConfigParser()
    parser.read(layout.airflow_home / "airflow.cfg")
    assert parser["core"]["dags_folder"] == str(layout.checkout / "dags")
    assert parser["database"]["sql_alchemy_conn"] == f"postgresql+psycopg2://orgsync:{secrets.postgres_password}@127.0.0.1:5434/airflow"
    assert json.loads((layout.airflow_home / "passwords.json").read_text()) == {"admin": secrets.admin_password}
    assert parser["core"]["simple_auth_manager_passwords_file"] == str(layout.airflow_home / "passwords.json")


def test_one_port_everywhere_and_only_loopback(layout):
    write_airflow_configuration(layout)
    parser = configparser.ConfigParser()
    parser.read(layout.airflow_home / "airflow.cfg")
    assert (parser["api"]["host"], parser["api"]["port"], parser["api"]["base_url"]) == ("127.0.0.1", "8081", "http://127.0.0.1:8081")
    assert parser["core"]["execution_api_server_url"] == "http://127.0.0.1:8081/execution/"
    assert all("--skip-serve-logs" in airflow.COMPONENTS[name] for name in ("scheduler", "triggerer"))


def test_callers_airflow_and_proxy_do_not_reach_the_stack(layout):
    environ = airflow.child_environ(
        layout,
        Stack(stack_id="abc"),
        {"PATH": "/bin", "AIRFLOW_HOME": "/elsewhere", "AIRFLOW__CORE__EXECUTOR": "X", "PGHOST": "db", "no_proxy": "intern", "LANG": "C"},
    )
    assert environ["AIRFLOW_HOME"] == str(layout.airflow_home)
    assert not {"AIRFLOW__CORE__EXECUTOR", "PGHOST"} & set(environ)
    assert environ["NO_PROXY"] == environ["no_proxy"] == "intern,127.0.0.1,localhost"
    assert environ["LANG"] == "C"
    assert environ["PATH"].endswith(":/bin")
