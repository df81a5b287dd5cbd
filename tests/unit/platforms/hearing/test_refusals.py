"""Whatever is not a platform's own, fresh and whole is refused, and nothing makes a callback fail in another way."""

from __future__ import annotations

import base64
import json
import os
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.platforms.hearing.events import Call, Callback, RefusedCallError
from orgsync.platforms.hearing.markup import read_elements
from orgsync.platforms.hearing.seal import FRESH_SECONDS
from tests.unit.platforms.hearing import calls
from tests.unit.platforms.hearing.calls import DINGTALK, FEISHU, NOW, WECOM, WECOM_SAMPLE

GENUINE = calls.genuine_calls()
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<xml><Encrypt>&c;</Encrypt></xml>"
)
ELSEWHERE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>'


def reason_of(callback: Callback, call: Call, now: float = NOW) -> str:
    with pytest.raises(RefusedCallError) as refused:
        callback.hear(call, now=now)
    return refused.value.reason


@pytest.mark.parametrize(("callback", "call"), GENUINE)
def test_each_is_taken_within_the_window_and_refused_beyond_it(callback: Callback, call: Call) -> None:
    for edge in (-FRESH_SECONDS, FRESH_SECONDS):
        assert callback.hear(call, now=NOW + edge).reply is not None
        assert reason_of(callback, call, NOW + edge * 1.01) == "stale"


def test_freshness_is_the_transports_not_the_events() -> None:
    """Feishu tries again for six hours; the event is as old as it is."""
    late = calls.feishu_message(create_time=str((NOW - 6 * 3600) * 1000))
    assert FEISHU.hear(calls.call_feishu(late), now=NOW).event is not None


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "9" * 40, "１７００００００００"])
def test_time_that_is_none_is_refused(timestamp: str) -> None:
    assert reason_of(DINGTALK, calls.call_dingtalk(calls.dingtalk_message(), timestamp=timestamp)) in ("malformed", "forged")


def test_milliseconds_are_a_time_too() -> None:
    assert DINGTALK.hear(calls.call_dingtalk(calls.dingtalk_message(), timestamp=str(NOW * 1000)), now=NOW).event


@pytest.mark.parametrize(
    ("callback", "call"),
    [
        (WECOM, calls.call_wecom(calls.W3_MESSAGE, owner="ww0000000000000002")),
        (WECOM, calls.call_wecom(calls.W3_MESSAGE, owner="WW0000000000000001")),
        (WECOM, calls.call_wecom(calls.W3_MESSAGE.replace(b"ww0000000000000001", b"ww0000000000000002"))),
        (DINGTALK, calls.call_dingtalk(calls.dingtalk_message(), owner="dingsnotzck6pm5veliW")),
        (FEISHU, calls.call_feishu(calls.feishu_message(app_id="cli_2"))),
    ],
)
def test_what_is_for_another_is_refused(callback: Callback, call: Call) -> None:
    assert reason_of(callback, call) == "other_company"


def test_dingtalk_takes_a_message_that_ends_with_the_companys_id() -> None:
    """As one does whose subscription was made by API; the answer is sealed for the same."""
    heard = DINGTALK.hear(calls.call_dingtalk(calls.dingtalk_message(), owner="ding000000000000000001"), now=NOW)
    answer = json.loads(heard.reply.body)
    given = {"signature": answer["msg_signature"], "timestamp": answer["timeStamp"], "nonce": answer["nonce"]}
    assert DINGTALK.seal.open(answer["encrypt"], **given, now=NOW)[1] == "ding000000000000000001"


def _seal_raw(frame: bytes, pad: bytes | None) -> Call:
    key = base64.b64decode(f"{DINGTALK.seal.aes_key}=")
    encrypted = calls.encrypt_frame(frame, key=key, pad=pad)
    query = {"signature": calls.sign(DINGTALK.seal.token, str(NOW), "n", encrypted), "timestamp": str(NOW), "nonce": "n"}
    return Call("POST", query, {}, json.dumps({"encrypt": encrypted}).encode())


@pytest.mark.parametrize(
    ("frame", "pad"),
    [
        (b"x" * 32, b"\x00" * 32),
        (b"x" * 31, b"\x21"),
        (b"x" * 30, b"\x01\x02"),
        (b"x" * 29, b"\x02\x03\x03"),
        (b"x" * 12, None),
        (b"x" * 16 + b"\xff\xff\xff\xff" + b"{}" + b"dingsnotzck6pm5veliw", None),
        (b"x" * 16 + b"\x00\x00\x00\x17" + b"{}" + b"dingsnotzck6pm5veliw", None),
        (b"x" * 16 + b"\x00\x00\x00\x02" + b"[]" + b"dingsnotzck6pm5veliw", None),
        (b"x" * 16 + b"\x00\x00\x00\x02" + b"\xff\xfe" + b"dingsnotzck6pm5veliw", None),
    ],
    ids=[
        "pad of 0",
        "pad of 33",
        "pads differ",
        "pad claims less",
        "no length",
        "length beyond",
        "length into the owner",
        "no object",
        "no text",
    ],
)
def test_frame_that_is_sealed_and_wrong_is_refused(frame: bytes, pad: bytes | None) -> None:
    assert reason_of(DINGTALK, _seal_raw(frame, pad)) == "malformed"


@pytest.mark.parametrize(
    "body", [BOMB, ELSEWHERE, b"<xml>", b"", b"\xff", b"<xml><Encrypt>", b"<?evil?><xml/>", b"<a>" * 10_000 + b"</a>" * 10_000]
)
def test_markup_that_declares_or_is_cut_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedCallError):
        read_elements(body)
    assert reason_of(WECOM, replace(calls.call_wecom(calls.W3_MESSAGE), body=body)) == "malformed"
    assert reason_of(WECOM, calls.call_wecom(body)) in ("malformed", "other_company")


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"encrypt":' * 50_000, b"1" * 10_000, b'{"encrypt": 1e999}', b'{"encrypt": {}}', b"null"]
)
def test_json_that_is_none_is_refused(body: bytes) -> None:
    for callback, call in ((DINGTALK, calls.call_dingtalk({})), (FEISHU, calls.call_feishu({}, is_signed=False))):
        reason_of(callback, replace(call, body=body))
    reason_of(DINGTALK, calls.call_dingtalk(body))
    reason_of(FEISHU, calls.call_feishu(body))


def test_feishu_takes_nothing_in_clear_and_nothing_unsigned() -> None:
    message = calls.feishu_message()
    assert reason_of(FEISHU, Call("POST", {}, {}, json.dumps(message).encode())) == "unsealed"
    assert reason_of(FEISHU, calls.call_feishu(message, is_signed=False)) == "forged"
    assert reason_of(FEISHU, calls.call_feishu(calls.feishu_message(token="other"))) == "forged"
    assert reason_of(FEISHU, calls.call_feishu({"type": "url_verification", "challenge": "c", "token": "no"}, is_signed=False)) == "forged"


@pytest.mark.parametrize("name", ["user\0", "\ud800", "x" * 400])
def test_what_the_warehouse_could_not_store_is_refused(name: str) -> None:
    assert reason_of(DINGTALK, calls.call_dingtalk(calls.dingtalk_message(key=name[:250] + "\0", userId=[name]))) == "malformed"


@pytest.mark.parametrize(
    "said", [{"userId": None}, {"userId": {"a": 1}}, {"deptId": [[1]]}, {"EventTime": 1e300}, {"EventTime": "x"}, {"CorpId": 7}]
)
def test_odd_values_cost_themselves_alone(said: dict[str, Any]) -> None:
    event = DINGTALK.hear(calls.call_dingtalk(calls.dingtalk_message(**said)), now=NOW).event
    assert event is not None
    assert event.user_ids == event.department_ids == ()


def flip(text: str | bytes, at: int, bit: int) -> Any:
    content = bytearray(text.encode("latin-1") if isinstance(text, str) else text)
    content[at % len(content)] ^= 1 << bit
    return content.decode("latin-1") if isinstance(text, str) else bytes(content)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Callback, Call, Call]:
    """A genuine call with one thing changed, somewhere: a bit, the end, a value, what belongs to another call."""
    callback, call = draw(st.sampled_from(GENUINE))
    parts = [("body", None)] * 3 * bool(call.body) + [("query", name) for name in call.query] + [("headers", name) for name in call.headers]
    part, name = draw(st.sampled_from(parts))
    before: Any = call.body if name is None else getattr(call, part)[name]
    how = draw(st.sampled_from(("flip", "cut", "longer", "other", "swap")))
    after: Any = before
    if how == "flip":
        after = flip(before, draw(st.integers(0, 5000)), draw(st.integers(0, 7)))
    elif how == "cut":
        after = before[: draw(st.integers(0, len(before) - 1))]
    elif how == "longer":
        after = before + (draw(st.binary(min_size=1, max_size=40)) if isinstance(before, bytes) else draw(st.text(min_size=1, max_size=40)))
    elif how == "other":
        after = draw(st.binary(max_size=300)) if isinstance(before, bytes) else draw(st.text(max_size=80))
    else:
        others = [other for _, other in GENUINE if other is not call]
        given_ = [other.body if name is None else getattr(other, part).get(name, "") for other in others]
        after = draw(st.sampled_from([value for value in given_ if value or isinstance(value, str)] or [before[:-1]]))
    changed = replace(call, body=after) if name is None else replace(call, **{part: {**getattr(call, part), name: after}})
    return callback, call, changed


def check_mutated(case: tuple[Callback, Call, Call]) -> None:
    """Refused in our own words; or heard as what it was: a letter's case, a blank in XML, what nobody looks at."""
    callback, call, changed = case
    try:
        heard = callback.hear(changed, now=NOW)
    except RefusedCallError:
        return
    assert heard.event == callback.hear(call, now=NOW).event
    assert changed.query.get("timestamp", "") in ("", call.query.get("timestamp", ""))


@given(mutated())
@settings(max_examples=3000)
def test_no_mutation_is_taken_for_anything_else(case: tuple[Callback, Call, Call]) -> None:
    check_mutated(case)


@given(st.sampled_from([WECOM, WECOM_SAMPLE, DINGTALK, FEISHU]), st.sampled_from(["GET", "POST"]), st.binary(max_size=2000))
@settings(max_examples=1000)
def test_noise_is_refused(callback: Callback, method: str, body: bytes) -> None:
    reason_of(callback, Call(method, {}, {}, body))


@given(st.binary(max_size=400))
@settings(max_examples=500)
def test_noise_that_is_sealed_is_refused_or_an_event(message: bytes) -> None:
    """As of a platform whose words nobody knows yet: nothing but a refusal may come of it."""
    for callback, call in (
        (WECOM, calls.call_wecom(message)),
        (DINGTALK, calls.call_dingtalk(message)),
        (FEISHU, calls.call_feishu(message)),
    ):
        try:
            callback.hear(call, now=NOW)
        except RefusedCallError:
            continue


def test_memory_stays_flat() -> None:
    callback, call = GENUINE[1]
    worse = [replace(call, body=flip(call.body, at, 3)) for at in range(0, 500, 7)]

    def hear_all(times: int) -> int:
        for _ in range(times):
            for each in worse:
                with suppress(RefusedCallError):
                    callback.hear(each, now=NOW)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = hear_all(2)
        assert hear_all(10) - before < 100_000
    finally:
        tracemalloc.stop()


def mutate(random: Random) -> tuple[Callback, Call, Call]:
    """As `mutated` does, and a hundred times as fast: many, where that finds the odd ones."""
    callback, call = random.choice(GENUINE)
    parts = [("body", "")] * 3 * bool(call.body) + [("query", name) for name in call.query] + [("headers", name) for name in call.headers]
    part, name = random.choice(parts)
    before: Any = getattr(call, part)[name] if name else call.body
    how = random.randrange(4)
    if how == 0:
        after = flip(before, random.randrange(5000), random.randrange(8))
    elif how == 1:
        after = before[: random.randrange(len(before))]
    elif how == 2:
        at = random.randrange(len(before))
        after = before[:at] + before[at : at + random.randrange(1, 40)] + before[at:]
    else:
        other = random.choice(GENUINE)[1]
        after = (getattr(other, part).get(name) or before[::-1]) if name else other.body or before[::-1]
    changed = replace(call, **{part: {**getattr(call, part), name: after}}) if name else replace(call, body=after)
    return callback, call, changed


@pytest.mark.exhaustive
def test_a_hundred_thousand_mutations() -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    random = Random(seed)
    for number in range(100_000):
        case = mutate(random)
        try:
            check_mutated(case)
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {case[2]!r}") from error
