"""moto's S3 as a process of its own, on 127.0.0.1, that counts what it is asked: `python -m tests.machines.s3_server PORT`.

GET /_requests answers with the requests since it was last asked.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

COUNTED = "/_requests"


class Counting:
    """Each request as its method and path, and whether it lists."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.seen: list[str] = []
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if path == COUNTED:
            with self.lock:
                told, self.seen = self.seen, []
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(told).encode()]
        with self.lock:
            self.seen.append(f"{environ['REQUEST_METHOD']} {path}{' list' if 'list-type' in query else ''}")
        return self.app(environ, start_response)


def main() -> None:
    app = Counting(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)


if __name__ == "__main__":
    main()
