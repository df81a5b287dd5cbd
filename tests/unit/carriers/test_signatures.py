"""Signatures as the platforms' own pages compute them: their Python samples, word for word but for names."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

from orgsync.carriers import dingtalk_robot, feishu_robot, plain_json
from orgsync.carriers.letters import Entry, Letter

LETTER = Letter("key", "[orgsync] x", (Entry("y"),), data={"notices": []})


def test_dingtalk_is_signed_as_its_page_says() -> None:
    """open.dingtalk.com/document/dingstart/customize-robot-security-settings"""
    timestamp, secret = "1700000000123", "this is secret"
    secret_enc = secret.encode("utf-8")
    string_to_sign = f"{timestamp}\n{secret}"
    hmac_code = hmac.new(secret_enc, string_to_sign.encode("utf-8"), digestmod=hashlib.sha256).digest()
    query = dingtalk_robot.write(LETTER, secret, 1700000000.1234).query
    assert query == {"timestamp": timestamp, "sign": base64.b64encode(hmac_code).decode()}
    assert dingtalk_robot.write(LETTER, "", 1.0).query == {}


def test_feishu_is_signed_as_its_page_says() -> None:
    """open.feishu.cn/document/client-docs/bot-v3/add-custom-bot"""
    timestamp, secret = 1599360473, "demo"
    string_to_sign = f"{timestamp}\n{secret}"
    hmac_code = hmac.new(string_to_sign.encode("utf-8"), digestmod=hashlib.sha256).digest()
    body = feishu_robot.write(LETTER, secret, 1599360473.9).body
    assert (body["timestamp"], body["sign"]) == ("1599360473", base64.b64encode(hmac_code).decode("utf-8"))
    assert "sign" not in feishu_robot.write(LETTER, "", 1.0).body


def test_json_is_signed_over_time_and_the_bytes_that_are_sent() -> None:
    posting = plain_json.write(LETTER, "own", 1700000000.9)
    body = msgspec.json.encode(posting.body)
    wanted = hmac.new(b"own", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert posting.headers == {
        "X-Orgsync-Delivery": "key",
        "X-Orgsync-Timestamp": "1700000000",
        "X-Orgsync-Signature": f"sha256={wanted}",
    }
    assert plain_json.write(LETTER, "", 1.0).headers == {"X-Orgsync-Delivery": "key"}


def test_nothing_that_signs_is_shown() -> None:
    assert repr(plain_json.write(LETTER, "own", 1.0)) == "Posting()"
