"""Airflow's own database and log files do not grow for ever; what is still needed stays, however old it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from orgsync.settings import HOME
from tests.dags.conftest import airflow_environment, run_script

DAY = 86400


def clean(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = airflow_environment(home, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **environment)
    return subprocess.run([HOME / "bin" / "clean-airflow", "--once"], env=environ, capture_output=True, text=True, check=False, timeout=120)


def test_what_is_older_than_wanted_goes_and_the_last_run_and_the_watcher_stay(airflow_home: Path) -> None:
    before, _ = run_script(airflow_home, "age_airflow.py", "write", "[50, 40]", "[50, 0]")
    assert before == {"runs": ["50d", "40d"], "log": ["50d", "0d"], "watchers": before["watchers"]}
    assert len(before["watchers"]) == 1
    old, new = (airflow_home / "logs" / f"dag_id={name}" / "run" / "attempt=1.log" for name in ("old", "new"))
    for file in (old, new):
        file.parent.mkdir(parents=True)
        file.write_text("…", encoding="utf-8")
    for path in (old, old.parent, old.parent.parent):
        os.utime(path, (time.time() - 40 * DAY,) * 2)

    done = clean(airflow_home, AIRFLOW_KEEP_DAYS="30")
    assert done.returncode == 0, done.stderr
    after, _ = run_script(airflow_home, "age_airflow.py", "read")
    assert after == {"runs": ["40d"], "log": ["0d"], "watchers": before["watchers"]}
    assert not old.exists()
    assert new.exists()


def test_a_number_of_days_that_is_none_is_refused_in_words(airflow_home: Path) -> None:
    done = clean(airflow_home, AIRFLOW_KEEP_DAYS="a month")
    assert (done.returncode, done.stderr) == (2, "clean-airflow: AIRFLOW_KEEP_DAYS is 'a month'; set it to a number of days\n")
