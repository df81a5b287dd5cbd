from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tests.sandbox.wecom.app import WeComApp

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def submit(app: WeComApp, kind: str, **body: Any) -> str:
    return app.call(f"export/{kind}", body={"encoding_aeskey": KEY} | body)["jobid"]


def finished(app: WeComApp, job_id: str) -> list[dict[str, Any]]:
    app.settings(export_polls=0)
    answer = app.call("export/get_result", jobid=job_id)
    assert answer["status"] == 2
    return answer["data_list"]


def decrypt(cipher: bytes) -> dict[str, Any]:
    key = base64.b64decode(KEY + "=")
    decryptor = Cipher(AES256(key), CBC(key[:16])).decryptor()
    plain = decryptor.update(cipher) + decryptor.finalize()
    assert len(plain) % 32 == 0
    assert set(plain[-plain[-1] :]) == {plain[-1]}
    return json.loads(plain[: -plain[-1]])


def content(app: WeComApp, job_id: str) -> dict[str, Any]:
    (file,) = finished(app, job_id)
    return decrypt(requests.get(file["url"], timeout=10).content)


def test_files_can_be_damaged_and_are_told_as_they_are(app: WeComApp) -> None:
    app.fault("nul_in_name", interface="export/user", times=1)
    damaged = content(app, submit(app, "user"))["userlist"]
    assert "\x00" in damaged[0]["name"]
    assert damaged[1:] == content(app, submit(app, "user"))["userlist"][1:]


def test_job_is_queued_then_running_then_done(app: WeComApp) -> None:
    job = submit(app, "department")
    assert [app.call("export/get_result", jobid=job)["status"] for _ in range(3)] == [0, 1, 2]
    app.settings(export_seconds=60)
    assert app.call("export/get_result", jobid=submit(app, "department"))["status"] == 0
    app.settings(export_seconds=0, export_polls=0, export_fails=True)
    assert app.call("export/get_result", jobid=submit(app, "department")) == {"status": 3, "data_list": []}


def test_files_hold_what_the_lists_hold(app: WeComApp) -> None:
    assert content(app, submit(app, "department")) == app.call("department/list")
    users = {row["userid"]: row for row in content(app, submit(app, "user"))["userlist"]}
    assert users == {row["userid"]: row for row in app.everyone()}
    simple = content(app, submit(app, "simple_user"))["userlist"]
    assert {row["userid"] for row in simple} == users.keys()
    assert simple[0].keys() == {"userid", "name", "department"}


def test_export_keeps_to_range_and_field_permissions(app: WeComApp, truth: dict) -> None:
    user = truth["users"][0]
    app.settings(visible_departments=[], visible_users=[user["id"]], field_permissions=[])
    (row,) = content(app, submit(app, "user"))["userlist"]
    assert (row["userid"], row["department"], "mobile" in row) == (user["id"], [], False)
    assert content(app, submit(app, "department")) == {"department": []}


def test_blocks_are_files_of_their_own(app: WeComApp, truth: dict) -> None:
    app.settings(smallest_export_block=10)
    files = finished(app, submit(app, "user", block_size=100))
    blocks = [decrypt(requests.get(file["url"], timeout=10).content)["userlist"] for file in files]
    assert [len(block) for block in blocks] == [100, 100, 100]
    assert len({row["userid"] for block in blocks for row in block}) == len(truth["users"])


def test_size_digest_and_range_are_of_the_cipher(app: WeComApp) -> None:
    (file,) = finished(app, submit(app, "department"))
    whole = requests.get(file["url"], timeout=10).content
    assert (file["size"], file["md5"]) == (len(whole), hashlib.md5(whole).hexdigest())
    part = requests.get(file["url"], headers={"Range": "bytes=32-63"}, timeout=10)
    assert (part.status_code, part.content) == (206, whole[32:64])
    assert part.headers["Content-Range"] == f"bytes 32-63/{len(whole)}"
    assert requests.get(file["url"], headers={"Range": f"bytes={len(whole)}-"}, timeout=10).status_code == 416


def test_url_is_valid_for_a_while_and_needs_no_trusted_address(app: WeComApp) -> None:
    (file,) = finished(app, submit(app, "department"))
    app.settings(allowed_ips=["203.0.113.9"])
    assert requests.get(file["url"], timeout=10).status_code == 200
    app.settings(allowed_ips=[], export_url_seconds=0)
    (file,) = finished(app, submit(app, "department"))
    assert requests.get(file["url"], timeout=10).status_code == 403
    assert requests.get(f"{file['url']}x", timeout=10).status_code == 403


def test_result_is_only_for_whoever_submitted(app: WeComApp) -> None:
    app.settings(contact_secret_reads_details=True)
    job = submit(app, "user")
    assert app.code("export/get_result", jobid=job, token=app.contact_token) == 40088
    assert app.code("export/get_result", jobid="nothing") == 40088
    assert app.code("export/get_result") == 40063


def test_only_the_newest_results_are_kept(app: WeComApp) -> None:
    jobs = [submit(app, "department") for _ in range(6)]
    assert app.code("export/get_result", jobid=jobs[0]) == 40089
    assert app.code("export/get_result", jobid=jobs[1]) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 40063),
        ({"encoding_aeskey": "short"}, 40058),
        ({"encoding_aeskey": "a" * 42 + "-"}, 40058),
        ({"encoding_aeskey": KEY, "block_size": 9_999}, 40058),
        ({"encoding_aeskey": KEY, "block_size": 1_000_001}, 40058),
    ],
    ids=str,
)
def test_bad_export_is_refused(app: WeComApp, body: dict, code: int) -> None:
    assert app.code("export/user", body=body) == code


def test_keys_are_not_remembered(app: WeComApp) -> None:
    submit(app, "department")
    recent = app.control("GET", "calls?recent=1")["recent"]
    assert (recent[0]["interface"], recent[0]["parameters"]) == ("export/department", {})


def test_damage_leaves_files_alone(app: WeComApp) -> None:
    (file,) = finished(app, submit(app, "department"))
    app.fault("missing_key", interface="export/file")
    assert hashlib.md5(requests.get(file["url"], timeout=10).content).hexdigest() == file["md5"]
