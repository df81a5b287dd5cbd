from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest

from orgsync.errors import PermissionDeniedError, PlatformBusyError, UnexpectedAnswerError
from orgsync.platforms.platform import Reading, Scope, Wanted
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom.extract import extract
from tests.unit.platforms.clock import FakeClock
from tests.unit.platforms.wecom.fake import FILES, FakeWeCom, Landing, client_of, department, envelope, refusal, user


def platform_of(**more: Any) -> FakeWeCom:
    return FakeWeCom(departments=[department(1, 0), department(2, 1)], users=[user("a", 1), user("b", 2)], **more)


def read(platform: FakeWeCom, *, clock: FakeClock | None = None, **options: Any) -> tuple[Reading, Landing]:
    landing = Landing()
    client = client_of(platform, read_by="export", clock=clock, **options)
    return extract(client, Wanted(mode="full"), landing.record), landing


def test_two_jobs_read_the_company_and_land_it_decrypted() -> None:
    platform = platform_of()
    reading, landing = read(platform)
    assert (reading.method, reading.problems, reading.tops) == ("export", (), ("1",))
    assert platform.calls() == {"export/department": 1, "export/user": 1, "export/get_result": 6, "export/file": 2}
    (answer,) = landing.parts["users"]
    assert (answer.interface, dict(answer.params)) == ("export/user", {"block": 0})
    assert [person["userid"] for person in json.loads(answer.body)["userlist"]] == ["a", "b"]
    assert [answer.interface for answer in landing.parts["departments"]] == ["export/department"]


def test_file_is_fetched_by_its_own_url_without_a_token() -> None:
    platform = platform_of()
    read(platform)
    request = next(request for request in platform.requests if request.interface == "export/file")
    assert (request.path.startswith(FILES), dict(request.query), request.is_file) == (True, {}, True)


def test_each_job_has_a_key_of_its_own_that_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    platform = platform_of()
    with caplog.at_level(logging.DEBUG):
        reading, landing = read(platform)
    keys = {str((request.body or {}).get("encoding_aeskey")) for request in platform.requests if request.body}
    assert len(keys) == 2
    shown = repr(reading) + repr(landing.parts) + caplog.text + repr(platform.requests)
    assert not [key for key in keys if key in shown]


def test_scope_lands_beside_the_departments() -> None:
    landing = Landing()
    extract(client_of(platform_of(), read_by="export"), Wanted(mode="full", scope=Scope(exclude=("2",))), landing.record)
    assert landing.parts["departments"][0].params == {"block": 0, "include": [], "exclude": ["2"]}


def test_contact_secret_checks_an_export_too() -> None:
    assert read(platform_of(), contact=True)[0].platform_counts == {"users": 2}


def test_job_that_does_not_end_is_given_up() -> None:
    clock = FakeClock()
    with pytest.raises(PlatformBusyError, match="not done after 30 minutes"):
        read(platform_of(polls_until_done=10**6), clock=clock)
    assert 1800 <= clock.now - 1000 < 1900


def test_job_that_fails_is_worth_another_try() -> None:
    platform = platform_of(answer_instead=lambda request: envelope(status=3) if request.interface == "export/get_result" else None)
    with pytest.raises(PlatformBusyError, match="export/department answered status 3"):
        read(platform)


@pytest.mark.parametrize(
    "response",
    [Response(200, "application/octet-stream", b"another file"), Response(403, "application/json", b'{"message": "expired"}')],
    ids=["damaged", "expired"],
)
def test_file_that_is_not_the_one_announced_is_refused(response: Response) -> None:
    platform = platform_of(answer_instead=lambda request: response if request.interface == "export/file" else None)
    with pytest.raises(UnexpectedAnswerError, match="export/file"):
        read(platform)


def test_file_that_is_not_what_it_should_be_shows_neither_content_nor_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A departments' file in place of the users': decrypted well, and still not people."""
    platform = platform_of()
    secret_name = "张三13900000000"
    platform.departments[1]["name"] = secret_name

    def swap(request: Request) -> Response | None:
        for job, (interface, key, polls) in list(platform._jobs.items()):
            if interface == "export/user":
                platform._jobs[job] = ("export/department", key, polls)
        return None

    platform.answer_instead = swap
    with pytest.raises(UnexpectedAnswerError, match="userlist") as raised:
        read(platform)
    keys = [str((request.body or {}).get("encoding_aeskey")) for request in platform.requests if request.body]
    shown = "".join(traceback.format_exception(raised.value))
    assert not [text for text in [secret_name, *keys] if text in shown]


def test_contact_secret_in_the_apps_place_is_an_error() -> None:
    platform = platform_of(answer_instead=lambda request: refusal(48009) if request.interface == "export/department" else None)
    with pytest.raises(PermissionDeniedError, match="self-built app"):
        read(platform)
