"""A server that plays S3, and the connection by which Airflow speaks to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from stack.layout import CHECKOUT
from stack.ports import any_free_port

BUCKET = "company"
CONN_ID = "store"


@dataclass(frozen=True)
class Store:
    url: str

    @property
    def connection(self) -> dict[str, Any]:
        extra = {"endpoint_url": self.url, "region_name": "us-east-1"}
        return {"conn_type": "aws", "login": "who", "password": "secret", "extra": extra}

    @property
    def zone(self) -> str:
        return f"s3://{CONN_ID}@{BUCKET}/landing"

    @property
    def client(self) -> Any:
        keys = {"aws_access_key_id": "who", "aws_secret_access_key": "secret"}
        return boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **keys)

    def requests(self) -> list[str]:
        """Since this was last asked."""
        with urllib.request.urlopen(f"{self.url}/_requests") as answer:
            found: list[str] = json.load(answer)
        return found

    def names(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]


@contextmanager
def start_store(log: Path) -> Iterator[Store]:
    """A process of its own, with an empty bucket."""
    port = any_free_port()
    environ = {key: value for key, value in os.environ.items() if key != "MOTO_PORT"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.machines.s3_server", str(port)], cwd=CHECKOUT, env=environ, stdout=output, stderr=output
        )
    try:
        store = Store(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 60
        while True:
            try:
                store.requests()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        store.client.create_bucket(Bucket=BUCKET)
        yield store
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with start_store(tmp_path_factory.mktemp("s3") / "log") as server:
        yield server


@pytest.fixture
def store(store_server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Empty, and known to Airflow as the connection `store`."""
    for name in store_server.names():
        store_server.client.delete_object(Bucket=BUCKET, Key=name)
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(store_server.connection))
    store_server.requests()
    return store_server
