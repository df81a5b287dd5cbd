"""Signs somebody in through Airflow's FAB provider, against the sandbox. Not part of the tests: the provider brings sixty packages.

`make fab-check` makes an environment with it and runs this; it ends with an error where somebody is let in who should not be, or not
let in who should.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import requests

from orgsync.warehouse.migrations import migrate
from sandbox.testing import start_sandbox
from stack.ports import any_free_port
from stack.postgres import embedded_postgres
from tests.sign_in.office import PLATFORMS, Office, prepare_office

CONFIGURATION = """
from flask_appbuilder.const import AUTH_OAUTH
from orgsync.sign_in.fab import OrganizationSecurityManager, list_providers

AUTH_TYPE = AUTH_OAUTH
AUTH_USER_REGISTRATION = True
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_MAPPING = {"viewer": ["Viewer"], "user": ["User"], "op": ["Op"], "admin": ["Admin"]}
AUTH_ROLES_SYNC_AT_LOGIN = True
OAUTH_PROVIDERS = list_providers()
SECURITY_MANAGER_CLASS = OrganizationSecurityManager
WTF_CSRF_ENABLED = True
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as place, embedded_postgres(Path(place) / "postgres") as server:
        server.create_database("warehouse")
        connection = psycopg2.connect(server.dsn("warehouse"))
        migrate(connection)
        connection.close()
        folder = Path(place) / "office"
        folder.mkdir()
        with (
            start_sandbox(people=60, calls_per_second=0, calls_per_minute=0) as sandbox,
            prepare_office(server.dsn("warehouse"), folder, sandbox) as (office, environment),
        ):
            (folder / "access.yaml").write_text("people: [{tenant: acme}, {tenant: cedar, role: user}]\n", encoding="utf-8")
            check(office, environment, folder)


def check(office: Office, environment: dict[str, str], folder: Path) -> None:
    port = any_free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "webserver_config.py").write_text(CONFIGURATION, encoding="utf-8")
    own = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_") or name.startswith("AIRFLOW_CONN_")},
        **environment,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__FAB__CONFIG_FILE": str(folder / "webserver_config.py"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API_AUTH__JWT_SECRET": "of-a-trial-and-long-enough-for-anybody-who-asks-it-of-us-today",
    }
    airflow = str(Path(sys.executable).with_name("airflow"))
    subprocess.run([airflow, "db", "migrate"], env=own, check=True, stdout=subprocess.DEVNULL)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [airflow, "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"], env=own, stdout=log, stderr=log
        )
    try:
        wait_for(url)
        for tenant_id in ("acme", "cedar"):
            back = f"{url}/auth/oauth-authorized/{tenant_id}"
            office.sandbox.control("PUT", f"{PLATFORMS[tenant_id]}/settings", {"redirect_uris": [back]})
            user = office.query("select user_id from org.users where tenant_id = %s and status = 'active' order by 1 limit 1", tenant_id)[
                0
            ][0]
            member, stranger = sign_in(url, tenant_id, user), sign_in(url, tenant_id, "stranger")
            print(f"{tenant_id}: a member is answered {member}, a stranger {stranger}", flush=True)
            if (member, stranger) != (200, 401):
                sys.exit((folder / "server.log").read_text()[-6000:])
    finally:
        server.terminate()
        server.wait(30)


def sign_in(url: str, tenant_id: str, user: str) -> int:
    """The status of the API for whoever comes out of it."""
    browser = requests.Session()
    start = browser.get(f"{url}/auth/login/{tenant_id}", params={"next": url}, allow_redirects=False, timeout=60)
    address = start.headers.get("location", "")
    if not re.search(r"/oauth2/auth|/authen/v1/authorize", address):
        sys.exit(f"{tenant_id}: FAB does not lead to the platform's page but to {address or start.text[:500]}")
    browser.get(f"{address}&sandbox_user={user}", timeout=60)
    return browser.get(f"{url}/api/v2/dags", timeout=60).status_code


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/api/v2/monitor/health", timeout=10).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    sys.exit("Airflow's API server did not start")


if __name__ == "__main__":
    main()
