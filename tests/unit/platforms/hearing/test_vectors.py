"""Every vector of the contracts: what the platforms publish, and what was worked out with another implementation."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from orgsync.platforms.hearing.cipher import decrypt
from orgsync.platforms.hearing.events import Call, Event, RefusedCallError
from orgsync.platforms.hearing.seal import Seal
from tests.unit.platforms.hearing import calls
from tests.unit.platforms.hearing.calls import DINGTALK, FEISHU, NOW, RANDOM, WECOM, WECOM_SAMPLE


def test_wecom_checks_an_address_by_the_vendors_sample() -> None:
    heard = WECOM_SAMPLE.hear(calls.W1, now=calls.W1_TIME)
    assert (heard.reply.body, heard.event) == (calls.W1_ANSWER, None)


def test_a_plus_that_became_a_blank_on_its_way_is_read_as_a_plus() -> None:
    written = "&".join(f"{name}={value}" for name, value in calls.W1.query.items())
    assert WECOM_SAMPLE.hear(calls.as_query(calls.W1, written), now=calls.W1_TIME).reply.body == calls.W1_ANSWER


def test_wecom_message_of_the_vendors_sample_is_stored_without_what_it_says() -> None:
    event = WECOM_SAMPLE.hear(calls.W2, now=calls.W2_TIME).event
    assert event is not None
    assert (event.type, event.kind, event.user_ids) == ("text", "other", ())
    assert event.key.endswith(":1456453720")
    assert "你好" not in repr(event)


def test_wecom_check_of_the_second_vector() -> None:
    seal = WECOM.seal
    sealed = "4j/AuRx71kQlxVlzbpsMWCc0j3i77se7U0hKwibkPeo1/W9osY+PFI+pE7tQJl6WR+mIO7FhYpCQJstgz++0bA=="
    assert seal.sign("1700000000", "nonce123", sealed) == "4751a114fbec8d6413398643ae2595a6be6097ed"
    assert seal.close(b"1234567890", owner=WECOM.app, random=RANDOM) == sealed


def test_wecom_contact_event() -> None:
    query = {"msg_signature": calls.W3_SIGNATURE, "timestamp": "1700000000", "nonce": "nonce123"}
    heard = WECOM.hear(Call("POST", query, {}, f"<xml><Encrypt>{calls.W3_ENCRYPT}</Encrypt></xml>".encode()), now=NOW)
    assert heard.reply.body == b""
    assert heard.event == Event(
        platform="wecom",
        key="ww0000000000000001:sys:1700000000:change_contact:update_user:zhangsan",
        type="change_contact.update_user",
        kind="user.changed",
        user_ids=("zhangsan",),
        department_ids=("1", "2"),
        happened_at=datetime.fromtimestamp(NOW, UTC),
        company="ww0000000000000001",
    )


def test_dingtalk_checks_an_address() -> None:
    query = {"signature": calls.D1_SIGNATURE, "timestamp": "1700000000", "nonce": "nonce123"}
    heard = DINGTALK.hear(Call("POST", query, {}, json.dumps({"encrypt": calls.D1_ENCRYPT}).encode()), now=NOW)
    assert heard.event is None
    answer = json.loads(heard.reply.body)
    assert DINGTALK.seal.open(
        answer["encrypt"], signature=answer["msg_signature"], timestamp=answer["timeStamp"], nonce=answer["nonce"], now=NOW
    ) == (b"success", "dingsnotzck6pm5veliw")


def test_dingtalk_contact_event() -> None:
    query = {"signature": calls.D2_SIGNATURE, "timestamp": "1700000000", "nonce": "nonce123"}
    event = DINGTALK.hear(Call("POST", query, {}, json.dumps({"encrypt": calls.D2_ENCRYPT}).encode()), now=NOW).event
    assert event == Event(
        platform="dingtalk",
        key="c7c7120f2c0741900000ebdba0318c80",
        type="user_modify_org",
        kind="user.changed",
        user_ids=("user123456",),
        happened_at=datetime.fromtimestamp(1_663_143_335.567, UTC),
        company="ding000000000000000001",
    )


def test_dingtalk_success_of_the_documents() -> None:
    sealed = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
    given = {"signature": "9a95a004dd16f5c307e849b994173f76aa26e5eb", "timestamp": "1614767836", "nonce": "A7Co0cJLMzIDtMMI"}
    assert DINGTALK.seal.open(sealed, **given, now=1_614_767_836) == (b"success", "dingsnotzck6pm5veliw")


def test_feishu_cipher_of_the_documents() -> None:
    import base64
    import hashlib

    content = base64.b64decode("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=")
    assert decrypt(content[16:], key=hashlib.sha256(b"test key").digest(), iv=content[:16], pad_to=16) == b"hello world"


def test_feishu_contact_event() -> None:
    heard = FEISHU.hear(calls.F2, now=NOW)
    assert heard.event == Event(
        platform="feishu",
        key="e1",
        type="contact.user.deleted_v3",
        kind="user.removed",
        user_ids=("u1",),
        open_ids=("ou_1",),
        happened_at=datetime.fromtimestamp(NOW, UTC),
        company="tk1",
    )


def test_feishu_checks_an_address_without_a_signature() -> None:
    check = calls.call_feishu({"challenge": "c1", "token": "vt", "type": "url_verification"}, is_signed=False)
    heard = FEISHU.hear(check, now=NOW)
    assert (json.loads(heard.reply.body), heard.event) == ({"challenge": "c1"}, None)


def test_key_whose_last_letter_holds_spare_bits_is_taken() -> None:
    assert len(Seal("t", "1234567890123456789012345678901234567890123", ("o",))._key) == 32


def test_keys_are_not_shown() -> None:
    shown = repr(WECOM) + repr(DINGTALK) + repr(FEISHU)
    assert not any(secret in shown for secret in ("TestToken123", "AAECAwQF", "123456789012345678901", "'vt'", "test key"))


def test_nothing_is_decrypted_that_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise AssertionError("decrypted")

    monkeypatch.setattr("orgsync.platforms.hearing.seal.decrypt", fail)
    monkeypatch.setattr("orgsync.platforms.feishu.events.decrypt", fail)
    forged = [
        (WECOM, calls.call_wecom(b"<xml/>", callback=WECOM_SAMPLE)),
        (DINGTALK, Call("POST", {"signature": "0" * 40, "timestamp": str(NOW), "nonce": "n"}, {}, b'{"encrypt": "AAAA"}')),
        (FEISHU, Call("POST", {}, {**calls.F2.headers, "x-lark-signature": "0" * 64}, calls.F2.body)),
    ]
    for callback, call in forged:
        with pytest.raises(RefusedCallError) as refused:
            callback.hear(call, now=NOW)
        assert refused.value.reason == "forged"
