"""Who takes metrics in tests: a StatsD server and an OpenTelemetry collector, on ports of their own, that only remember."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

END = b"end of test:1|c"
MOST_BYTES = 65536


@dataclass(frozen=True)
class Sample:
    """One value. `kind` is StatsD's letter, or OpenTelemetry's word."""

    name: str
    value: float
    kind: str
    tags: dict[str, str]


@dataclass
class StatsdSink:
    """`lines` is what came, as it came."""

    port: int
    lines: list[str] = field(default_factory=list)
    thread: threading.Thread | None = None

    def samples(self) -> list[Sample]:
        """All that was sent before; datagrams to one socket of this machine come in order."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(END, ("127.0.0.1", self.port))
        assert self.thread
        self.thread.join(timeout=10)
        return [read_line(line) for line in self.lines]


def read_line(line: str) -> Sample:
    """`name,tag=value:1|c`, as Airflow sends it with statsd_influxdb_enabled."""
    what, _, rest = line.rpartition(":")
    value, kind = rest.split("|")[:2]
    name, *tags = what.split(",")
    return Sample(name, float(value), kind, dict(tag.split("=", 1) for tag in tags))


@contextmanager
def collect_statsd() -> Iterator[StatsdSink]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        receiver.bind(("127.0.0.1", 0))
        sink = StatsdSink(receiver.getsockname()[1])

        def receive() -> None:
            while (datagram := receiver.recv(MOST_BYTES)) != END:
                sink.lines += datagram.decode().splitlines()

        sink.thread = threading.Thread(target=receive, daemon=True)
        sink.thread.start()
        yield sink
        if sink.thread.is_alive():
            sink.samples()


@dataclass
class OtlpSink:
    url: str
    requests: list[ExportMetricsServiceRequest] = field(default_factory=list)

    def samples(self) -> list[Sample]:
        return [
            sample
            for request in self.requests
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for sample in read_metric(metric)
        ]


def read_metric(metric: Any) -> Iterator[Sample]:
    kind = metric.WhichOneof("data")
    told = getattr(metric, kind)
    temporality = {1: ", delta", 2: ", cumulative"}.get(getattr(told, "aggregation_temporality", 0), "")
    for point in told.data_points:
        tags = {each.key: each.value.string_value for each in point.attributes}
        value = point.sum if "histogram" in kind else point.as_int or point.as_double
        yield Sample(metric.name, value, f"{kind}{temporality}", tags)


@contextmanager
def collect_otlp() -> Iterator[OtlpSink]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/v1/metrics") or self.path == "/":
                sink.requests.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink = OtlpSink(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
        thread.join(timeout=10)
