"""Stands in for Prometheus' statsd_exporter, which Debian 12 has no package of: applies monitoring/statsd-mapping.yaml as its README says.

Of that file's language it knows globs, `match_metric_type`, `name` with ${n}, and histograms; a `ttl` it leaves aside. Tags are InfluxDB's.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.dags.sinks import Sample, read_line

MAPPING = Path(__file__).parents[1] / "monitoring" / "statsd-mapping.yaml"
TYPES = {"c": "counter", "g": "gauge", "ms": "observer"}
UNNAMEABLE = re.compile(r"[^A-Za-z0-9_]")

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rule:
    match: re.Pattern[str]
    kind: str
    name: str
    buckets: Sequence[float]


def read_mapping(file: Path = MAPPING) -> list[Rule]:
    rules = []
    for each in yaml.safe_load(file.read_text(encoding="utf-8"))["mappings"]:
        pattern = re.escape(each["match"]).replace(r"\*", "([^.]*)")
        buckets = each.get("histogram_options", {}).get("buckets", [])
        rules.append(Rule(re.compile(pattern), each["match_metric_type"], each["name"], buckets))
    return rules


def find_name(rules: Sequence[Rule], name: str, kind: str) -> tuple[str, Rule | None]:
    """The first rule that matches wins; what none matches keeps its name, with underscores."""
    for rule in rules:
        if rule.kind == kind and (found := rule.match.fullmatch(name)):
            return re.sub(r"\$\{(\d)\}", lambda number: found[int(number[1])], rule.name), rule
    return UNNAMEABLE.sub("_", name), None


@dataclass
class Exporter:
    """Each series by its labels; of a histogram its sum, its count and its buckets."""

    rules: Sequence[Rule] = field(default_factory=read_mapping)
    series: dict[str, dict[Labels, float]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, sample: Sample) -> None:
        kind = TYPES[sample.kind]
        name, rule = find_name(self.rules, sample.name, kind)
        with self.lock:
            if rule and rule.buckets:
                self.kinds[name] = "histogram"
                seconds = sample.value / 1000
                self._add(f"{name}_sum", sample.tags, seconds)
                self._add(f"{name}_count", sample.tags, 1)
                for most in [*rule.buckets, float("inf")]:
                    le = "+Inf" if most == float("inf") else f"{most:g}"
                    self._add(f"{name}_bucket", sample.tags | {"le": le}, 1 if seconds <= most else 0)
            elif kind == "gauge":
                self.kinds[name] = kind
                self.series.setdefault(name, {})[tuple(sorted(sample.tags.items()))] = sample.value
            else:
                self.kinds[name] = "counter"
                self._add(name, sample.tags, sample.value)

    def _add(self, name: str, tags: Mapping[str, str], value: float) -> None:
        key = tuple(sorted(tags.items()))
        known = self.series.setdefault(name, {})
        known[key] = known.get(key, 0) + value

    def render(self) -> str:
        """Prometheus' text format, without the lines that only explain."""
        with self.lock:
            return "".join(
                f"{name}{{{','.join(map(write_label, labels))}}} {number}\n"
                for name, known in sorted(self.series.items())
                for labels, number in known.items()
            )


def write_label(label: tuple[str, str]) -> str:
    return f'{label[0]}="{label[1]}"'


@contextmanager
def running_exporter() -> Iterator[tuple[int, int, Exporter]]:
    """Its ports: of StatsD by UDP, and of what Prometheus fetches."""
    exporter = Exporter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.render().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        receiver.bind(("127.0.0.1", 0))

        def receive() -> None:
            while datagram := receiver.recv(65536):
                for line in datagram.decode().splitlines():
                    exporter.take(read_line(line))

        threads = [threading.Thread(target=each, daemon=True) for each in (receive, server.serve_forever)]
        for thread in threads:
            thread.start()
        yield receiver.getsockname()[1], server.server_port, exporter
        server.shutdown()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", receiver.getsockname())
        for thread in threads:
            thread.join(timeout=10)
