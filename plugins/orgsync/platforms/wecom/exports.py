"""Reads an organization by WeCom's asynchronous export: two jobs, their encrypted files, whatever the company's size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from orgsync.errors import PlatformBusyError, Refusal, UnexpectedAnswerError
from orgsync.platforms.platform import Answer, Reading
from orgsync.platforms.reading.records import Record, read_count, records_of
from orgsync.platforms.speaking.decoding import decode_or_none
from orgsync.platforms.wecom.codes import PLATFORM
from orgsync.platforms.wecom.crypto import decrypt, make_key
from orgsync.platforms.wecom.envelope import EXPORT_DONE, EXPORT_FAILED, lacks_departments, lacks_users
from orgsync.platforms.wecom.headcount import HeadCount
from orgsync.platforms.wecom.interfaces import EXPORT_DEPARTMENTS, EXPORT_FILE, EXPORT_USERS, GET_EXPORT
from orgsync.platforms.wecom.records import fold
from orgsync.platforms.wecom.tree import Tree
from orgsync.platforms.wecom.walk import WeComWalk, user_ids_of

LONGEST_JOB_SECONDS = 1800.0
LONGEST_PAUSE_SECONDS = 30.0


def read_export(walk: WeComWalk) -> Reading:
    """One job after the other: how many may run at once is not documented."""
    departments: list[Record] = []
    for answer in _export(walk, EXPORT_DEPARTMENTS, "department"):
        walk.record_departments(answer)
        departments += _records(answer, "department")
    tree = Tree.of(departments)
    wanted = walk.select(tree)
    head_count = HeadCount(walk, tree)
    seen: set[str] = set()
    for answer in _export(walk, EXPORT_USERS, "userlist"):
        walk.record("users", answer)
        seen.update(fold(user_id) for user_id in user_ids_of(_records(answer, "userlist")))
    return walk.finish(
        method="export",
        tops=tree.tops(wanted),
        visible_departments=tree.tops(tree.parents),
        platform_counts=head_count.compare(seen),
    )


def _export(walk: WeComWalk, interface: str, field: str) -> Iterator[Answer]:
    """One job's files, decrypted. Each job has a key of its own, which is never kept."""
    key = make_key()
    walk.plan(interface)
    job_id = str(walk.api.start_export(interface, key=key).content["jobid"])
    for block, file in enumerate(_wait_for_files(walk, interface, job_id)):
        walk.plan(EXPORT_FILE)
        yield Answer(interface, {"block": block}, _open_file(walk.api.download(file).content, key, interface, field))


def _wait_for_files(walk: WeComWalk, interface: str, job_id: str) -> list[Record]:
    transport = walk.api.transport
    give_up_at = transport.clock() + LONGEST_JOB_SECONDS
    for pause_seconds in _pauses():
        walk.plan(GET_EXPORT)
        content: dict[str, Any] = walk.api.get_export(job_id).content
        status = read_count(content["status"])
        if status == EXPORT_DONE:
            return records_of(content["data_list"])
        if status == EXPORT_FAILED:
            raise PlatformBusyError(Refusal(PLATFORM, interface, "status 3", reason="the export failed on its side", fix="Read again"))
        if transport.clock() >= give_up_at:
            break
        transport.pause(pause_seconds)
    reason = f"the export is not done after {LONGEST_JOB_SECONDS / 60:.0f} minutes"
    raise PlatformBusyError(Refusal(PLATFORM, interface, f"status {content['status']}", reason=reason, fix="Read again at another hour"))


def _pauses() -> Iterator[float]:
    """1, 2, 4 … seconds."""
    return (min(2.0**count, LONGEST_PAUSE_SECONDS) for count in itertools.count())


def _open_file(cipher: bytes, key: str, interface: str, field: str) -> bytes:
    """The plain JSON itself, without the frame that callbacks have around theirs. Neither key nor content reach an error."""
    try:
        plain = decrypt(cipher, key)
    except ValueError:
        plain = b""
    content = decode_or_none(plain)
    problem = _LACKS[field](content) if isinstance(content, dict) else "it is no JSON object"
    if problem:
        reason = f"a file of the export is not what it should be, once decrypted: {problem}"
        raise UnexpectedAnswerError(
            Refusal(PLATFORM, interface, "a file that cannot be read", reason=reason, fix="Set read_by to lists or ids")
        )
    return plain


_LACKS = {"department": lacks_departments, "userlist": lacks_users}


def _records(answer: Answer, field: str) -> list[Record]:
    content = decode_or_none(answer.body)
    return records_of(content[field])
