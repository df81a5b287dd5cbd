"""Collects what OpenLineage's provider tells of syncs on a local stack. Not part of the tests: orgsync does without the provider.

`make lineage-check` makes an environment with it and runs this; it ends with an error where a platform is not told as the source of the
tables, a column is missing, or somebody's data is told. With `--show` it prints the events of one merge.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orgsync.frames import FRAMES
from stack.airflow import call
from stack.demo import sync
from stack.launcher import Launcher, tenant_of
from stack.state import Stack
from tests.running import running_stack


def main() -> None:
    with tempfile.TemporaryDirectory() as place, collect_events() as (url, events):
        transport = json.dumps({"type": "http", "url": url, "endpoint": "api/v1/lineage"})
        Path(place).chmod(0o711)
        with running_stack(Path(place) / "state", {"openlineage": {"transport": transport, "namespace": "orgsync"}}) as (launcher, stack):
            sync(launcher, stack)
            for platform in launcher.platforms(stack):
                check_platform(launcher, stack, platform, events)
            check_nobody_is_told(launcher, stack, events)
    if "--show" in sys.argv:
        print(json.dumps([event for event in events if event["job"]["name"].endswith(("_dingtalk.merge", "_dingtalk.extract"))], indent=1))
    print(f"{len(events)} events of {len({event['job']['name'] for event in events})} jobs")


@contextmanager
def collect_events() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that remembers, as Marquez and others take events."""
    events: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", events
        server.shutdown()


def check_platform(launcher: Launcher, stack: Stack, platform: str, events: list[dict[str, Any]]) -> None:
    tenant = tenant_of(platform)
    source = (f"{platform}://{urlsplit(stack.url('sandbox')).netloc}", tenant)
    read = find_event(events, f"org_sync_{tenant}.extract")
    assert source in names(read["inputs"]), (source, names(read["inputs"]))
    merged = find_event(events, f"org_sync_{tenant}.merge")
    assert source in names(merged["inputs"]), (source, names(merged["inputs"]))
    server = f"postgres://127.0.0.1:{stack.ports['postgres']}"
    columns = {
        (each["namespace"], each["name"]): [field["name"] for field in each["facets"].get("schema", {}).get("fields", [])]
        for each in merged["outputs"]
    }
    for frame in FRAMES:
        assert columns[server, f"warehouse.org.{frame.name}s"] == ["tenant_id", *frame.columns, "valid_from"]
    assert (server, "warehouse.org.change") in columns
    assert ("orgsync://warehouse", tenant) in columns
    print(f"{platform}: {source[0]} {source[1]} -> {', '.join(sorted(name for _, name in columns))}")


def find_event(events: list[dict[str, Any]], job: str) -> dict[str, Any]:
    (found,) = [event for event in events if event["job"]["name"] == job and event["eventType"] == "COMPLETE"]
    return found


def names(sets: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(each["namespace"], each["name"]) for each in sets}


def check_nobody_is_told(launcher: Launcher, stack: Stack, events: list[dict[str, Any]]) -> None:
    told = json.dumps(events, ensure_ascii=False)
    for platform in launcher.platforms(stack):
        truth = call("GET", f"{stack.url('sandbox')}/_sandbox/{platform}/organization")
        personal = {user[name] for user in truth["users"] for name in ("name", "mobile", "email") if user.get(name)}
        assert personal
        assert [value for value in personal if value in told] == []


if __name__ == "__main__":
    main()
