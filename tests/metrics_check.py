"""Syncs and sends on a local stack, and asks a real Prometheus every query of the dashboard. Not part of the tests: few have Prometheus.

`make metrics-check` runs this; it ends with an error where a query has no answer. Debian's package `prometheus` has the server;
ORGSYNC_PROMETHEUS may name another. With `--show` it prints what was answered, and what Airflow sent.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stack.airflow import call
from stack.demo import sync
from stack.launcher import Launcher, tenant_of
from stack.ports import any_free_port
from stack.runs import follow_runs, trigger, wait_for_dag
from stack.state import Stack
from tests.dashboard import list_queries
from tests.running import running_stack
from tests.statsd_exporter import running_exporter

PATIENCE_SECONDS = 60


def main() -> None:
    server = os.environ.get("ORGSYNC_PROMETHEUS") or shutil.which("prometheus")
    if server is None:
        sys.exit("there is no Prometheus: install it (Debian's package is called prometheus), or name it in ORGSYNC_PROMETHEUS")
    with tempfile.TemporaryDirectory() as place, running_exporter() as (statsd_port, scraped_port, exporter):
        Path(place).chmod(0o711)
        options = {
            "statsd_on": "True",
            "statsd_host": "127.0.0.1",
            "statsd_port": str(statsd_port),
            "statsd_influxdb_enabled": "True",
        }
        with (
            running_prometheus(server, Path(place) / "prometheus", scraped_port) as url,
            running_stack(Path(place) / "state", {"metrics": options}) as (launcher, stack),
        ):
            work(launcher, stack)
            if "--show" in sys.argv:
                print("".join(line for line in exporter.render().splitlines(keepends=True) if "orgsync" in line and "_bucket" not in line))
            missing = ask_all(url)
    if missing:
        sys.exit("no answer to:\n" + "\n".join(missing))
    print(f"each of {len(list_queries())} queries was answered")


def work(launcher: Launcher, stack: Stack) -> None:
    """Two syncs of each organization, with changes and a platform that throttles between them; a message to everybody; the gauges."""
    sync(launcher, stack)
    run_dag(launcher, stack, "org_watch")
    for platform in launcher.platforms(stack):
        call("POST", f"{stack.url('sandbox')}/_sandbox/{platform}/evolve", {"rate": 0.05})
    call("POST", f"{stack.url('sandbox')}/_sandbox/dingtalk/faults", {"interface": "topapi/v2/user/list", "kind": "throttle", "calls": [2]})
    deliver(launcher, stack)
    time.sleep(3)  # what was never counted cannot have risen: Prometheus has to have fetched it once
    sync(launcher, stack)
    deliver(launcher, stack)
    run_dag(launcher, stack, "org_watch")


def deliver(launcher: Launcher, stack: Stack) -> None:
    for platform in launcher.platforms(stack):
        done = launcher.run_command(stack, "notify", tenant_of(platform), "--everyone", "--body", f"Hello at {time.time()}", "--yes")
        assert done.returncode == 0, done.stderr
    run_dag(launcher, stack, "org_notify")


def run_dag(launcher: Launcher, stack: Stack, dag_id: str) -> None:
    api = launcher.api(stack)
    wait_for_dag(api, dag_id)
    follow_runs(api, launcher.console, trigger(api, launcher.console, [dag_id], {}))


@contextmanager
def running_prometheus(server: str, folder: Path, scraped_port: int) -> Iterator[str]:
    folder.mkdir()
    port = any_free_port()
    job = {"job_name": "orgsync", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{scraped_port}"]}]}
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [job]}), encoding="utf-8")
    options = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([server, *options], stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def ask_all(url: str) -> list[str]:
    """The queries that have no answer within some patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answers = [(title, query, ask(url, query)) for title, query in list_queries()]
        missing = [f"{title}: {query}" for title, query, answer in answers if not answer]
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(2)
    if "--show" in sys.argv:
        for title, query, answer in answers:
            print(f"{title}: {query}")
            for series in answer[:3]:
                print("   ", json.dumps(series["metric"]), series["value"][1])
    return missing


def ask(url: str, query: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=10) as answer:
        found = json.load(answer)
    assert found["status"] == "success", found
    return [series for series in found["data"]["result"] if series["value"][1] != "NaN"]


if __name__ == "__main__":
    main()
