"""What can be known about the server deployment without an engine to run it."""

from __future__ import annotations

import base64
import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from stack.layout import CHECKOUT

COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text())
COMPOSE_TEXT = (CHECKOUT / "docker-compose.yaml").read_text()
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
SERVICES = COMPOSE["services"]
AIRFLOW_SERVICES = ("init", "api-server", "scheduler", "dag-processor", "triggerer", "cleaner")
DATABASES = ("metadata", "warehouse")
SECRETS = {
    "admin_password",
    "airflow_fernet_key",
    "airflow_jwt_secret",
    "airflow_secret_key",
    "loader_password",
    "metadata_password",
    "pages_password",
    "warehouse_password",
}

TOP_KEYS = {"name", "services", "networks", "volumes", "secrets"}
SERVICE_KEYS = {
    "image": str,
    "build": dict,
    "user": str,
    "command": list,
    "environment": dict,
    "volumes": list,
    "secrets": list,
    "networks": list,
    "ports": list,
    "depends_on": dict,
    "healthcheck": dict,
    "restart": str,
    "init": bool,
    "read_only": bool,
    "tmpfs": list,
    "cap_drop": list,
    "security_opt": list,
    "stop_grace_period": str,
    "shm_size": str,
    "logging": dict,
}
DURATION = re.compile(r"\d+(ms|s|m|h)")


def example_variables() -> dict[str, str]:
    lines = (CHECKOUT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def instructions() -> list[list[str]]:
    """The Dockerfile's instructions as words, continued lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [line.split(None, 1) for line in joined.splitlines() if line.strip()]


def locked(name: str) -> dict[str, str]:
    """Package → version; a package may be locked to several, one for each of some markers, and then each is kept."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (CHECKOUT / name).read_text(), flags=re.MULTILINE))


def required(name: str) -> dict[str, str | None]:
    lines = [line.split("#")[0].strip() for line in (CHECKOUT / name).read_text().splitlines()]
    pairs = [re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?(?:==(\S+))?", line) for line in lines if line and not line.startswith("-")]
    assert all(pairs), f"{name} has a line that is neither a name nor a name==version"
    return {pair[1].lower().replace("_", "-"): pair[2] for pair in pairs}


def is_sent_to_builder(path: str) -> bool:
    """The rules of .dockerignore, in order; the last that matches the path or a folder above it decides."""
    sent = True
    parts = Path(path).parts
    candidates = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for rule in (CHECKOUT / ".dockerignore").read_text().splitlines():
        if rule and not rule.startswith("#"):
            pattern = rule.removeprefix("!").removeprefix("**/")
            names = candidates if "**/" not in rule else list(parts)
            if any(fnmatch.fnmatchcase(name, pattern) for name in names):
                sent = rule.startswith("!")
    return sent


# --- docker-compose.yaml ---


def test_only_known_top_level_keys():
    assert {key for key in COMPOSE if not key.startswith("x-")} == TOP_KEYS


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_only_known_keys_of_the_right_type(name):
    for key, value in SERVICES[name].items():
        assert isinstance(value, SERVICE_KEYS[key]), f"{name}.{key}"


@pytest.mark.parametrize("name", SERVICES)
def test_environment_values_are_text(name):
    """A bare `true` or number would be written differently by different clients."""
    assert all(isinstance(value, str) for value in SERVICES[name]["environment"].values())


@pytest.mark.parametrize("name", SERVICES)
def test_healthcheck_is_well_formed(name):
    check = SERVICES[name].get("healthcheck")
    assert (check is None) == (name == "init"), "every service that goes on running has a health check"
    if check:
        assert set(check) == {"test", "interval", "timeout", "retries", "start_period"}
        assert check["test"][0] == "CMD"
        assert all(isinstance(word, str) for word in check["test"])
        assert all(DURATION.fullmatch(check[key]) for key in ("interval", "timeout", "start_period"))


@pytest.mark.parametrize("name", SERVICES)
def test_dependencies_exist_and_can_be_met(name):
    for target, wish in SERVICES[name].get("depends_on", {}).items():
        assert set(wish) == {"condition"}
        if wish["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[target]
        else:
            assert wish["condition"] == "service_completed_successfully"
            assert SERVICES[target]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_service_comes_back_after_a_crash(name):
    assert SERVICES[name]["restart"] == ("no" if name == "init" else "unless-stopped")


def test_every_airflow_component_is_there():
    assert set(SERVICES) == {*AIRFLOW_SERVICES, "metadata", "warehouse"}
    assert {name: SERVICES[name]["command"][-2:] for name in ("scheduler", "triggerer")} == {
        "scheduler": ["scheduler", "--skip-serve-logs"],
        "triggerer": ["triggerer", "--skip-serve-logs"],
    }


def test_volumes_and_networks_are_declared_and_used():
    named = {mount.split(":")[0] for service in SERVICES.values() for mount in service["volumes"] if not mount.startswith(("$", ".", "/"))}
    assert named == set(COMPOSE["volumes"])
    assert {network for service in SERVICES.values() for network in service["networks"]} == set(COMPOSE["networks"])


def test_mounted_files_exist_here():
    for source in re.findall(r"^ *- \$\{[A-Z_]+:-(\.[^}]+)\}:", COMPOSE_TEXT, flags=re.MULTILINE):
        assert (CHECKOUT / source).exists(), source


def test_only_the_web_ui_is_published_and_only_on_loopback_unless_told():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api-server": ["${ORGSYNC_LISTEN_ADDRESS:-127.0.0.1}:${ORGSYNC_LISTEN_PORT:-8080}:8080"]}
    assert COMPOSE["networks"]["databases"] == {"internal": True}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_runs_without_privileges(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]
    # A database without rights cannot change owners, nor become another user: it starts as its own. Airflow's image names one itself.
    assert service.get("user") == ("postgres" if name in DATABASES else None)


@pytest.mark.parametrize("name", DATABASES)
def test_database_is_asked_at_its_address_whether_it_is_ready(name):
    """While the image sets up the cluster, a server for that alone answers at the socket, and is ended soon after."""
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[:4] == ["CMD", "pg_isready", "--host", "127.0.0.1"]


def test_programs_of_the_compose_file_are_in_the_image():
    own = {
        word
        for service in SERVICES.values()
        for word in shlex.split(" ".join([*service.get("command", []), *service.get("healthcheck", {}).get("test", [])]))
        if word.startswith("bin/")
    }
    assert own == {"bin/clean-airflow", "bin/component-health", "bin/write-password"}
    for program in own:
        assert os.access(CHECKOUT / program, os.X_OK)
        assert re.search(rf"^COPY [^\n]*{program}", DOCKERFILE, flags=re.MULTILINE)


def test_the_warehouse_compresses_whole_pages_in_its_log():
    assert SERVICES["warehouse"]["command"] == ["postgres", "-c", "wal_compression=on"]


def test_only_what_migrates_knows_the_owner_of_the_warehouse():
    """A superuser there: whoever delivers would lend its rights to saved audiences and to mistakes."""
    owner = SERVICES["warehouse"]["environment"]["POSTGRES_USER"]
    assert {name for name in SERVICES if "warehouse_password" in SERVICES[name]["secrets"]} == {"init", "warehouse"}
    for name in AIRFLOW_SERVICES:
        connection = SERVICES[name]["environment"]["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"]
        assert connection == "postgresql://orgsync_sync@warehouse:5432/warehouse?password_file=/run/secrets/loader_password"
        assert f"//{owner}@" not in connection


# --- variables and secrets ---


def test_example_and_compose_file_name_the_same_variables():
    assert set(re.findall(r"\$\{([A-Z_]+)", COMPOSE_TEXT)) == set(example_variables())


def test_every_variable_has_the_default_of_the_example():
    examples = example_variables()
    for name, text in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE_TEXT):
        assert text == examples[name], name


def test_every_reference_says_what_holds_when_it_is_unset():
    assert "$" not in re.sub(r"\$\{[A-Z_]+:-[^}]*\}", "", COMPOSE_TEXT)


def test_nothing_that_looks_like_a_secret_stands_in_the_files():
    """Not even from a variable: whoever may ask the engine about a container would read it there."""
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|FERNET|_KEY", key) and not key.endswith(("_CMD", "_FILE", "PASSWORDS_FILE")):
                assert key == "nothing", key
            assert not re.search(r"://[^:/@?]+:[^@&]+@", value), key


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_just_the_secrets_that_it_reads(name):
    service = SERVICES[name]
    read = set(re.findall(r"/run/secrets/(\w+)", str(service["environment"])))
    assert set(service["secrets"]) == read
    assert len(service["secrets"]) == len(read)


def test_secrets_are_files_that_the_compose_file_does_not_hold():
    assert COMPOSE["secrets"] == {name: {"file": f"${{ORGSYNC_SECRETS:-./secrets}}/{name}"} for name in SECRETS}
    assert "/secrets/" in (CHECKOUT / ".gitignore").read_text().splitlines()
    assert not is_sent_to_builder("secrets/admin_password")


@pytest.fixture
def deployment(tmp_path):
    """A folder with what makes the secrets, and nothing else of the checkout."""
    (tmp_path / "bin").mkdir()
    shutil.copy(CHECKOUT / "bin/make-secrets", tmp_path / "bin")
    return tmp_path


def make_secrets(deployment, *arguments):
    subprocess.run([deployment / "bin/make-secrets", *arguments], check=True, capture_output=True)
    folder = Path(arguments[0]) if arguments else deployment / "secrets"
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_secrets_are_made_with_one_command_and_only_once(deployment):
    made = make_secrets(deployment)
    assert set(made) == {*SECRETS, "broker_password", "receiver_connections", "receiver_password"}
    assert made["receiver_connections"] == "{}"
    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch(r"[0-9a-f]{48}", made[name]) for name in SECRETS if name.endswith("_password"))
    assert len(base64.urlsafe_b64decode(made["airflow_fernet_key"])) == 32
    (deployment / "secrets/pages_password").unlink()
    again = make_secrets(deployment)
    assert {name for name in SECRETS if again[name] != made[name]} == {"pages_password"}


def test_secrets_are_for_their_owner_and_for_the_containers_that_are_given_them(deployment):
    make_secrets(deployment)
    assert (deployment / "secrets").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (deployment / "secrets").iterdir()} == {0o444}


def test_secrets_of_an_earlier_version_are_taken_over(deployment):
    key = "a-key_of=before"
    (deployment / ".env").write_text(
        f"ADMIN_PASSWORD=open sesame\nMETADATA_PASSWORD='quoted'\nAIRFLOW_FERNET_KEY={key}\nLOADER_PASSWORD=\n"
    )
    made = make_secrets(deployment, str(deployment / "elsewhere"))
    assert (made["admin_password"], made["metadata_password"], made["airflow_fernet_key"]) == ("open sesame", "quoted", key)
    assert len(made["loader_password"]) == 48


def test_commands_that_read_secrets_print_them_as_airflow_wants_them(tmp_path):
    """Whether or not their files end with a line break."""
    for text in ("0123abcd", "0123abcd\n"):
        (tmp_path / "secret").write_text(text)
        printed = set()
        for key, command in SERVICES["scheduler"]["environment"].items():
            if key.endswith("_CMD"):
                here = re.sub(r"/run/secrets/\w+", str(tmp_path / "secret"), command)
                printed.add(subprocess.run(shlex.split(here), check=True, capture_output=True, text=True).stdout)
        assert printed == {"0123abcd", "postgresql+psycopg2://airflow:0123abcd@metadata:5432/airflow"}


def test_each_variable_of_the_example_is_explained():
    lines = (CHECKOUT / ".env.example").read_text().splitlines()
    explained = False
    for line in lines:
        explained = line.startswith("#") or (explained and bool(line))
        assert explained or not line, line


def test_every_setting_of_the_package_reaches_the_containers():
    read = set(re.findall(r'"(ORGSYNC_[A-Z_]+)"', (CHECKOUT / "plugins/orgsync/settings.py").read_text()))
    given = set(SERVICES["scheduler"]["environment"]) | set(re.findall(r"^ +(ORGSYNC_[A-Z]+)=", DOCKERFILE, flags=re.MULTILINE))
    assert read <= given


# --- Dockerfile ---


def test_programs_of_the_base_image_stay_within_reach():
    """`groupadd`, which the image is built with, is in /usr/sbin: a search path of one's own is soon one too short."""
    assert re.findall(r"\bPATH=(\S+)", DOCKERFILE) == ["/opt/venv/bin:$PATH"]


def test_copied_files_exist_and_are_sent_to_the_builder():
    for instruction, rest in instructions():
        words = rest.split()
        if instruction != "COPY" or words[0].startswith("--from"):
            continue
        for source in words[:-1]:
            assert (CHECKOUT / source).exists(), source
            assert is_sent_to_builder(source), source


def test_files_that_the_build_of_the_package_reads_are_copied():
    """Its own settings, what they name, and their hooks."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    named = {
        project["project"]["readme"],
        *(hook["path"] for hook in project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"].values()),
    }
    build = DOCKERFILE[: DOCKERFILE.rindex("FROM ")]
    [copied] = [rest.split()[:-1] for instruction, rest in instructions() if instruction == "COPY" and "pyproject.toml" in rest]
    assert named <= set(copied)
    assert build.index("COPY plugins") < build.index("hatchling.build"), "its version stands there"


@pytest.mark.parametrize(
    "path", [".env", ".git/config", ".orgsync/secrets.json", ".venv/bin/python", "tests/conftest.py", "stack/state.py"]
)
def test_the_rest_is_not_sent_to_the_builder(path):
    assert not is_sent_to_builder(path)


def test_image_installs_the_lock_with_hashes_and_nothing_else():
    installs = [
        part
        for instruction, rest in instructions()
        if instruction == "RUN"
        for part in rest.split("&&")
        if " install " in f" {part} " and "pip" in part
    ]
    into_image = [part for part in installs if "/opt/venv/" in part]
    assert len(into_image) == 2
    assert "--require-hashes" in into_image[0]
    assert into_image[0].split()[-2:] == ["-r", "$LOCK"]
    assert [rest for instruction, rest in instructions() if instruction == "ARG"] == ["LOCK=requirements.lock"]
    assert {"--no-index", "--no-deps"} <= set(into_image[1].split())


def test_tools_of_the_build_are_the_locked_ones():
    development = locked("requirements-dev.lock")
    for name, version in re.findall(r"\b(hatchling|editables)==([\d.]+)", DOCKERFILE):
        assert development[name] == version
    assert re.findall(r"\buv==([\d.]+)", DOCKERFILE) == re.findall(
        r"^uv_version=([\d.]+)", (CHECKOUT / "bin/setup").read_text(), re.MULTILINE
    )


def test_image_runs_as_an_unprivileged_user():
    users = [rest.strip() for instruction, rest in instructions() if instruction == "USER"]
    assert users == ["orgsync"]
    last_stage = DOCKERFILE[DOCKERFILE.rindex("FROM ") :]
    assert "useradd --uid 50000" in last_stage
    assert last_stage.index("USER orgsync") > last_stage.rindex("RUN ")


def test_home_of_airflow_can_be_written_where_memory_is_mounted_over_it():
    """Such a mount is root's, and some engines give it the mode of the folder below."""
    assert "/opt/airflow" in SERVICES["scheduler"]["tmpfs"]
    assert re.search(r"install -d -m 1777 /opt/airflow\b", DOCKERFILE)


def test_own_code_is_compiled_in_the_image():
    """Where nothing can be written, each start of a process would compile some hundred modules anew."""
    last_stage = DOCKERFILE[DOCKERFILE.rindex("FROM ") :]
    assert last_stage.index("compileall -q dags plugins") > last_stage.index("COPY dags") > last_stage.index("COPY plugins")


def test_both_stages_have_one_base_of_a_supported_python():
    bases = {rest.split()[0] for instruction, rest in instructions() if instruction == "FROM"}
    assert bases == {"python:3.12-slim-bookworm"}


# --- locks ---


@pytest.mark.parametrize(
    ("requirements", "lock"),
    [(f"requirements{kind}.txt", f"requirements{kind}.lock") for kind in ("", "-dev", "-celery")],
)
def test_lock_holds_what_is_required(requirements, lock):
    versions = locked(lock)
    for name, version in required(requirements).items():
        assert name in versions
        assert version in (None, versions[name]), name


def test_both_locks_agree():
    development = locked("requirements-dev.lock")
    assert {name: version for name, version in locked("requirements.lock").items() if development.get(name) != version} == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-celery.lock"])
def test_each_locked_package_has_hashes(lock):
    for block in re.split(r"\n(?=\S)", (CHECKOUT / lock).read_text().strip()):
        if not block.startswith("#"):
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]
