"""The export interfaces: what they submit, what they tell of it, and their encrypted files."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sandbox.exchange import HTML_TYPE, Answer, Request, encode
from sandbox.wecom.calls import Call
from sandbox.wecom.departments import detail_fields
from sandbox.wecom.export_jobs import FILES, Exports, File, Job
from sandbox.wecom.listings import enlist
from sandbox.wecom.parameters import optional_number, text
from sandbox.wecom.refusals import BAD_PARAMETER, RefusalError

EXPORTS = ("export/department", "export/user", "export/simple_user")
FILE_TYPE = b"application/octet-stream"
KEY_FORM = re.compile(r"[A-Za-z0-9]{43}")
PADDED_TO = 32
LARGEST_BLOCK = 1_000_000
QUEUED, RUNNING, DONE, FAILED = range(4)
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def export_department(call: Call) -> bytes:
    return _submit(call, "department", [encode(detail_fields(department, call.scope)) for department in call.scope.departments()])


def export_user(call: Call) -> bytes:
    return _submit(call, "userlist", call.listings.rows(call.scope.people()))


def export_simple_user(call: Call) -> bytes:
    return _submit(call, "userlist", call.listings.simple_rows(call.scope.people()))


def _submit(call: Call, name: str, rows: list[bytes]) -> bytes:
    key_text, size = text(call.parameters, "encoding_aeskey"), _block_size(call)
    if not KEY_FORM.fullmatch(key_text):
        raise RefusalError(BAD_PARAMETER)
    key = base64.b64decode(key_text + "=")
    blocks = [rows[start : start + size] for start in range(0, max(1, len(rows)), size)]
    files = [File(_encrypt(enlist(name, block), key)) for block in blocks]
    return encode({"jobid": call.tenant.exports.add(Job(call.holder, time.time(), files))})


def _block_size(call: Call) -> int:
    size = optional_number(call.parameters, "block_size")
    if size is None:
        return LARGEST_BLOCK
    if not call.tenant.settings.smallest_export_block <= size <= LARGEST_BLOCK:
        raise RefusalError(BAD_PARAMETER)
    return size


def _encrypt(plain: bytes, key: bytes) -> bytes:
    """AES-256-CBC with the key's head as its start, padded to 32 bytes and not to the cipher's 16."""
    missing = PADDED_TO - len(plain) % PADDED_TO
    encryptor = Cipher(AES256(key), CBC(key[:16])).encryptor()
    return encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()


def _decrypt(cipher: bytes, key: bytes) -> bytes:
    decryptor = Cipher(AES256(key), CBC(key[:16])).decryptor()
    padded = decryptor.update(cipher) + decryptor.finalize()
    return padded[: -padded[-1]]


def damage_newest(exports: Exports, request: Request, damage: Callable[[Answer], Answer]) -> None:
    """The first file of the job that was just submitted, before its size and digest are told."""
    key = base64.b64decode(str(request.parameters["encoding_aeskey"]) + "=")
    first = list(exports.jobs.values())[-1].files[0]
    damaged = damage(Answer(_decrypt(first.cipher, key))).body
    if isinstance(damaged, bytes):
        first.cipher = _encrypt(damaged, key)


def get_result(call: Call) -> bytes:
    job = call.tenant.exports.job(text(call.parameters, "jobid"), call.holder)
    status = _status(call, job)
    return encode({"status": status, "data_list": [_offer(call, file) for file in job.files] if status == DONE else []})


def _status(call: Call, job: Job) -> int:
    settings = call.tenant.settings
    job.polls += 1
    if job.polls <= settings.export_polls or time.time() < job.submitted_at + settings.export_seconds:
        return QUEUED if job.polls == 1 else RUNNING
    return FAILED if settings.export_fails else DONE


def _offer(call: Call, file: File) -> dict[str, Any]:
    """A fresh lease for the file; size and digest are those of the encrypted bytes."""
    file.valid_until = time.time() + call.tenant.settings.export_url_seconds
    digest = hashlib.md5(file.cipher, usedforsecurity=False).hexdigest()
    return {"url": f"http://{call.host}{FILES}{file.name}", "size": len(file.cipher), "md5": digest}


def download(exports: Exports, request: Request) -> Answer:
    """Whoever has the url needs no token."""
    file = exports.file(request.path.removeprefix(FILES), now=time.time())
    if file is None:
        return Answer(b"<html><body><h1>403 Forbidden</h1></body></html>", 403, HTML_TYPE, refusal="403")
    wanted = RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None:
        return Answer(file.cipher, 200, FILE_TYPE, headers=((b"accept-ranges", b"bytes"),))
    return _part(file.cipher, int(wanted[1]), int(wanted[2] or len(file.cipher) - 1))


def _part(cipher: bytes, first: int, last: int) -> Answer:
    if not first <= last or first >= len(cipher):
        return Answer(b"", 416, FILE_TYPE, headers=((b"content-range", b"bytes */%d" % len(cipher)),), refusal="416")
    part = cipher[first : last + 1]
    place = b"bytes %d-%d/%d" % (first, first + len(part) - 1, len(cipher))
    return Answer(part, 206, FILE_TYPE, headers=((b"content-range", place),))
