"""DAG files parse to one DAG per tenant, quickly, and say what is wrong with the tenants file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orgsync.tenants.spreading import spread_full_schedule, spread_schedule
from tests.dags.conftest import DAGS, run_script

TENANTS = """
tenants:
  - id: acme
    platform: dingtalk
    conn_id: acme_dingtalk
    owner: it-operations
    schedule: "*/20 * * * *"
    full_schedule: 5 3 * * 6
    timezone: Asia/Singapore
  - id: beta
    platform: dingtalk
    conn_id: beta_dingtalk
"""


def describe(
    home: Path,
    tenants_file: Path,
    text: str,
    *,
    folder: Path = DAGS,
    task: tuple[str, ...] = (),
    is_fresh: bool = False,
    tenants: Path | None = None,
) -> dict[str, Any]:
    """As the processor sees it, or as the task (DAG, task) does; what is imported is seen where it `is_fresh`.

    `tenants` is the folder of the file, where that is what orgsync is given.
    """
    tenants_file.write_text(text, encoding="utf-8")
    given = str(tenants or tenants_file)
    found: dict[str, Any]
    found, _ = run_script(home, "describe_dags.py", str(folder), *task, is_fresh=is_fresh, ORGSYNC_TENANTS=given)
    return found


@pytest.fixture(scope="module")
def parsed(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return describe(airflow_home, tmp_path_factory.mktemp("tenants") / "tenants.yaml", TENANTS, is_fresh=True)


def test_every_tenant_has_its_dag(parsed: dict[str, Any]) -> None:
    assert parsed["import_errors"] == {}
    assert {name for name in parsed["dags"] if name.startswith("org_sync_")} == {"org_sync_acme", "org_sync_beta"}


def test_dags_speak_the_language_of_their_tenant(airflow_home: Path, tmp_path: Path) -> None:
    """A page for several tenants speaks the languages of all of them."""
    text = TENANTS.replace("    owner: it-operations", "    owner: it-operations\n    language: zh")
    found = describe(airflow_home, tmp_path / "tenants.yaml", text)
    assert found["import_errors"] == {}
    docs = {name: dag["docs"] for name, dag in found["dags"].items()}
    assert "全量读取" in docs["org_sync_acme"]
    assert "Frequent reads" not in docs["org_sync_acme"]
    assert "Frequent reads" in docs["org_sync_beta"]
    assert "发送消息" in docs["org_notify_send"]
    assert "Send a message" in docs["org_notify_send"]
    assert "清理" in docs["org_housekeeping"]
    assert "发件箱" in docs["org_notify"]


def test_other_dags_are_there_once(parsed: dict[str, Any]) -> None:
    assert {name for name in parsed["dags"] if not name.startswith("org_sync_")} == {
        "org_doctor",
        "org_housekeeping",
        "org_notify",
        "org_notify_send",
        "org_watch",
    }


def test_outbox_is_emptied_when_something_is_due_and_now_and_then_without_being_woken(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_notify"]
    assert (dag["crons"], dag["assets"], dag["catchup"]) == (["*/15 * * * *"], ["org_notify.outbox"], False)
    assert dag["max_active_runs"] > 1, "a run whose worker has died keeps no other tenant's messages waiting"
    assert "backfill" not in dag["allowed_run_types"]
    assert {name: (task["downstream"], task["retries"], task["has_retry_policy"]) for name, task in dag["tasks"].items()} == {
        "find_due": (["deliver"], 1, True),
        "deliver": ([], 1, True),
    }
    assert not {task["pool"] for task in dag["tasks"].values()} & {"dingtalk", "wecom", "feishu"}, "a long read would keep messages waiting"


def test_form_raises_the_asset_and_is_never_backfilled(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_notify_send"]
    assert (dag["crons"], dag["assets"]) == ([], [])
    assert dag["allowed_run_types"] == ["manual", "operator_triggered"]
    assert dag["tasks"]["enqueue"]["outlets"] == ["org_notify.outbox"]


def test_form_chooses_a_tenant_only_where_there_is_no_other(parsed: dict[str, Any], airflow_home: Path, tmp_path: Path) -> None:
    one = describe(airflow_home, tmp_path / "tenants.yaml", TENANTS[: TENANTS.index("  - id: beta")])
    assert one["dags"]["org_notify_send"]["params"]["tenant"] == "acme"
    assert parsed["dags"]["org_notify_send"]["params"]["tenant"] is None


def test_housekeeping_has_a_task_for_each_tenant_one_for_all_and_no_platforms_pool(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_housekeeping"]
    assert (dag["crons"], dag["timezone"], dag["catchup"], dag["max_active_runs"]) == (["17 3 * * *"], "Asia/Shanghai", False, 1)
    assert dag["params"] == {"dry_run": False}
    assert "backfill" not in dag["allowed_run_types"]
    assert {name: (task["owner"], task["pool"], task["downstream"]) for name, task in dag["tasks"].items()} == {
        "look_after": ("airflow", "default_pool", []),
        "clean_acme": ("it-operations", "default_pool", []),
        "clean_beta": ("orgsync", "default_pool", []),
    }


def test_doctor_has_a_task_for_each_tenant_in_its_platforms_pool_and_one_for_what_all_share(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_doctor"]
    assert (dag["crons"], dag["timezone"], dag["catchup"], dag["max_active_runs"]) == (["43 1 * * *"], "Asia/Shanghai", False, 1)
    assert "backfill" not in dag["allowed_run_types"]
    assert {name: (task["owner"], task["pool"], task["downstream"]) for name, task in dag["tasks"].items()} == {
        "examine_surroundings": ("airflow", "default_pool", []),
        "examine_acme": ("it-operations", "dingtalk", []),
        "examine_beta": ("orgsync", "dingtalk", []),
    }


def test_watch_looks_every_five_minutes_and_leaves_trying_again_to_its_next_run(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_watch"]
    assert (dag["crons"], dag["catchup"], dag["max_active_runs"], dag["params"]) == (["*/5 * * * *"], False, 1, {})
    assert "backfill" not in dag["allowed_run_types"]
    assert {name: (task["owner"], task["pool"], task["retries"]) for name, task in dag["tasks"].items()} == {
        "watch": ("orgsync", "default_pool", 0)
    }


def test_run_of_a_tenant_that_takes_too_long_is_noted(parsed: dict[str, Any]) -> None:
    callback = "orgsync.airflow_parts.slow_runs.note_slow_run"
    for tenant_id in ("acme", "beta"):
        assert parsed["dags"][f"org_sync_{tenant_id}"]["deadlines"] == [[10800.0, callback, {"tenant_id": tenant_id}]]
    assert {name for name, dag in parsed["dags"].items() if dag["deadlines"]} == {"org_sync_acme", "org_sync_beta"}


def test_dag_follows_the_stanza(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_sync_acme"]
    assert dag["crons"] == ["*/20 * * * *", "5 3 * * 6"]
    assert dag["timezone"] == "Asia/Singapore"
    assert dag["tags"] == ["dingtalk", "orgsync"]
    assert dag["params"] == {"mode": "auto", "dry_run": False, "new_company": None, "undecided": False}
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert "acme" in dag["docs"]


def test_dag_of_a_stanza_without_schedules_has_minutes_of_its_own_and_shows_them(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_sync_beta"]
    crons = [spread_schedule("beta"), spread_full_schedule("beta")]
    assert dag["crons"] == crons
    assert f"Frequent reads `{crons[0]}`, full reads `{crons[1]}`" in dag["docs"]


def test_form_is_the_dags_and_not_each_tasks(parsed: dict[str, Any]) -> None:
    """Airflow stores and loads it for each task that holds it."""
    assert [name for name, task in parsed["dags"]["org_sync_acme"]["tasks"].items() if task["params"]] == []


def test_tasks_lead_from_the_read_over_the_plan_to_the_merge(parsed: dict[str, Any]) -> None:
    tasks = parsed["dags"]["org_sync_acme"]["tasks"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        "extract": ["plan", "rebuild", "replay"],
        "replay": [],
        "rebuild": [],
        "plan": ["approve", "merge"],
        "approve": ["merge"],
        "merge": [],
    }
    assert {name for name, task in tasks.items() if task["outlets"] == ["org_warehouse.acme"]} == {"merge", "replay", "rebuild"}
    assert {(task["pool"], task["owner"]) for task in tasks.values()} == {("dingtalk", "it-operations")}


def test_tenants_that_are_due_at_once_are_finished_one_after_the_other(parsed: dict[str, Any]) -> None:
    """By the number of tasks before it a later task goes first, whichever tenant's it is."""
    tasks = parsed["dags"]["org_sync_acme"]["tasks"]
    assert {task["weight_rule"] for task in tasks.values()} == {"upstream"}


def test_what_may_pass_is_tried_again_but_nobody_is_asked_twice(parsed: dict[str, Any]) -> None:
    tasks = parsed["dags"]["org_sync_acme"]["tasks"]
    assert {name: (task["retries"], task["has_retry_policy"]) for name, task in tasks.items() if name != "approve"} == dict.fromkeys(
        tasks.keys() - {"approve"}, (3, True)
    )
    assert (tasks["approve"]["retries"], tasks["approve"]["has_retry_policy"]) == (0, False)


def test_task_builds_the_dag_it_runs_and_no_other(parsed: dict[str, Any], airflow_home: Path, tmp_path: Path) -> None:
    """Or each task of 1,000 tenants would build 1,000 DAGs first."""
    found = describe(airflow_home, tmp_path / "tenants.yaml", TENANTS, folder=DAGS / "org_sync.py", task=("org_sync_beta", "merge"))
    assert found["import_errors"] == {}
    assert found["dags"] == {"org_sync_beta": parsed["dags"]["org_sync_beta"]}


def test_task_of_housekeeping_builds_itself_and_no_other(parsed: dict[str, Any], airflow_home: Path, tmp_path: Path) -> None:
    folder = DAGS / "org_housekeeping.py"
    found = describe(airflow_home, tmp_path / "tenants.yaml", TENANTS, folder=folder, task=("org_housekeeping", "clean_beta"))
    whole = parsed["dags"]["org_housekeeping"]
    assert found["dags"] == {"org_housekeeping": whole | {"tasks": {"clean_beta": whole["tasks"]["clean_beta"]}}}


def test_parsing_imports_nothing_heavy(parsed: dict[str, Any]) -> None:
    assert parsed["heavy_modules"] == []


def test_a_heavy_import_would_be_noticed(airflow_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "heavy.py").write_text("from airflow.sdk import DAG\nimport pandas\n", encoding="utf-8")
    found = describe(airflow_home, tmp_path / "tenants.yaml", TENANTS, folder=folder, is_fresh=True)
    assert "pandas" in found["heavy_modules"]


def test_mistake_in_a_stanza_is_that_stanzas_alone(parsed: dict[str, Any], airflow_home: Path, tmp_path: Path) -> None:
    wrong = TENANTS.replace("conn_id: beta", "con_id: beta") + "    owner: people\n    schedule: 8 8 * * *\n    timezone: Asia/Peking\n"
    nameless = "  - {id: Gamma, platform: wecom, conn_id: gamma}\n"
    untold = "  - id: delta\n    platform: wecom\n    conn_id: d\n    change_messages: [{template: lost, everyone: true}]\n"
    found = describe(airflow_home, tmp_path / "tenants.yaml", wrong + nameless + untold)
    dags = found["dags"]
    assert dags.keys() == parsed["dags"].keys() | {"org_sync_delta"}, "the list of DAGs is complete, but for whom nobody can name"
    assert dags["org_sync_acme"] == parsed["dags"]["org_sync_acme"]
    assert dags["org_housekeeping"]["tasks"].keys() == {"look_after", "clean_acme", "clean_beta", "clean_delta"}
    assert dags["org_doctor"]["tasks"].keys() == {"examine_surroundings", "examine_acme", "examine_beta", "examine_delta"}
    assert dags["org_notify_send"]["params"]["tenant"] is None

    broken = dags["org_sync_beta"]
    assert broken["tags"] == ["broken stanza", "orgsync"]
    assert (broken["crons"], broken["timezone"], broken["catchup"]) == (["8 8 * * *", spread_full_schedule("beta")], "Asia/Shanghai", False)
    assert {name: (task["owner"], task["retries"]) for name, task in broken["tasks"].items()} == {"read_stanza": ("people", 0)}
    for words in (
        "line 12: a tenant has no key 'con_id' (is 'conn_id' meant?)",
        "line 10: a tenant needs `conn_id`",
        "line 15: there is no",
    ):
        assert words in broken["docs"]

    [(name, text)] = found["import_errors"].items()
    assert name == "org_tenants.py"
    for words in (
        "line 12: a tenant has no key 'con_id'",
        "line 16: the id 'Gamma' may hold only",
        "line 20: there is no message template",
    ):
        assert words in text


@pytest.mark.parametrize(("text", "words"), [("tenants: [", "not YAML"), ("tenant: []", "no key 'tenant'")], ids=["no YAML", "no tenants"])
def test_file_that_is_no_list_of_stanzas_is_an_import_error(airflow_home: Path, tmp_path: Path, text: str, words: str) -> None:
    found = describe(airflow_home, tmp_path / "tenants.yaml", text)
    assert set(found["dags"]) == {"org_notify", "org_watch"}, "they read the file when they run"
    assert found["import_errors"].keys() == {"org_sync.py", "org_doctor.py", "org_housekeeping.py", "org_notify_send.py", "org_tenants.py"}
    assert all(words in told for told in found["import_errors"].values())


def test_folder_is_taken_as_a_file_is_and_a_broken_file_breaks_its_own_tenants(airflow_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tenants"
    folder.mkdir()
    (folder / "defaults.yaml").write_text("defaults: {owner: it, platform: wecom}\n", encoding="utf-8")
    (folder / "a.yaml").write_text("tenants:\n  - {id: acme, conn_id: a}\n", encoding="utf-8")
    found = describe(airflow_home, folder / "b.yaml", "tenants:\n  - id: beta\n   conn_id: b\n", tenants=folder)
    assert {name: dag["tags"] for name, dag in found["dags"].items() if name.startswith("org_sync_")} == {
        "org_sync_acme": ["orgsync", "wecom"],
        "org_sync_beta": ["broken stanza", "orgsync"],
    }
    assert found["dags"]["org_sync_acme"]["tasks"]["merge"]["owner"] == "it"
    assert f"{folder / 'b.yaml'}, line 3: not YAML" in found["dags"]["org_sync_beta"]["docs"]
    assert found["import_errors"].keys() == {"org_tenants.py"}
