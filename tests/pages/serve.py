"""Airflow's API server with the plugin in it, for a test: as few processes as there can be, users of every role, and a token for each.

Run with AIRFLOW_HOME set, and a port. It prints one line of JSON, the tokens by user, and ends when its standard input closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading

USERS = {"eva": "admin", "olaf": "op", "uma": "user", "vic": "viewer", "noa": None}
"""By role of the simple auth manager; noa has signed in and may nothing."""


def main() -> None:
    port = int(sys.argv[1])
    with contextlib.redirect_stdout(sys.stderr):
        import uvicorn
        from airflow.api_fastapi.app import create_app, get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
        from airflow.utils.db import initdb

        initdb()
        app = create_app(apps="core")
        manager = get_auth_manager()
        tokens = {name: manager.generate_jwt(SimpleAuthManagerUser(username=name, role=role)) for name, role in USERS.items()}
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="info", log_config=None))
    threading.Thread(target=watch, args=(server,), daemon=True).start()
    print(json.dumps(tokens), flush=True)
    with contextlib.redirect_stdout(sys.stderr):
        server.run()
    os._exit(0)


def watch(server: object) -> None:
    sys.stdin.read()
    server.should_exit = True  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
