"""A proxy in front of a server, as a load balancer stands there: it cuts connections that are idle, and can be shut and opened again."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg2


@dataclass
class Proxy:
    """Forwards to `target`; a connection over which nothing goes for `idle_seconds` is reset."""

    target: tuple[str, int]
    idle_seconds: float = 3600
    is_open: bool = True
    cut: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    lines: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def dsn(self, dsn: str) -> str:
        parts = psycopg2.extensions.parse_dsn(dsn)
        return f"postgresql://{parts['user']}:{parts['password']}@127.0.0.1:{self.port}/{parts['dbname']}"

    def shut(self) -> None:
        """Refuse what comes, and cut what is there."""
        self.is_open = False
        for line in self.lines:
            reset(line)

    def serve(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                reset(near)
                continue
            far = socket.create_connection(self.target)
            self.lines += [near, far]
            threading.Thread(target=self.forward, args=(near, far), daemon=True).start()

    def forward(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        with suppress(OSError, ValueError), near, far:
            while True:
                ready, _, _ = select.select([near, far], [], [], self.idle_seconds)
                if not ready:
                    self.cut += 1
                    reset(near)
                    return
                for line in ready:
                    data = line.recv(1 << 16)
                    if not data:
                        return
                    other[line].sendall(data)


def reset(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


@contextmanager
def open_proxy(dsn: str, *, idle_seconds: float = 3600) -> Iterator[Proxy]:
    parts = psycopg2.extensions.parse_dsn(dsn)
    proxy = Proxy((parts["host"], int(parts["port"])), idle_seconds)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    yield proxy
    proxy.shut()
    proxy.listener.shutdown(socket.SHUT_RDWR)
    proxy.listener.close()
    thread.join()
