"""Calls as the platforms make them: the vectors of the contract, and any other, sealed by code of the tests' own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from orgsync.platforms.dingtalk.events import DingTalkCallback
from orgsync.platforms.feishu.events import FeishuCallback
from orgsync.platforms.hearing.events import Call, Callback
from orgsync.platforms.hearing.seal import Seal
from orgsync.platforms.wecom.events import WeComCallback

NOW = 1_700_000_000
RANDOM = b"0123456789abcdef"

# events.md §2, W1 and W2: the vendor's sample.
WECOM_SAMPLE = WeComCallback(
    Seal("hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt", ("ww1436e0e65a779aee",))
)
W1_TIME, W1_ANSWER = 1_476_416_373, b"1288432023552776189"
W1 = Call(
    "GET",
    {
        "msg_signature": "012bc692d0a58dd4b10f8dfe5c4ac00ae211ebeb",
        "timestamp": "1476416373",
        "nonce": "47744683",
        "echostr": "fsi1xnbH4yQh0+PJxcOdhhK6TDXkjMyhEPA7xB2TGz6b+g7xyAbEkRxN/3cNXW9qdqjnoVzEtpbhnFyq6SVHyA==",
    },
    {},
    b"",
)
W2_TIME = 1_476_422_779
W2 = Call(
    "POST",
    {"msg_signature": "0c3914025cb4b4d68103f6bfc8db550f79dcf48e", "timestamp": "1476422779", "nonce": "1597212914"},
    {},
    b"<xml><ToUserName>ww1436e0e65a779aee</ToUserName><AgentID>1000002</AgentID><Encrypt>"
    b"Kl7kjoSf6DMD1zh7rtrHjFaDapSCkaOnwu3bqLc5tAybhhMl9pFeK8NslNPVdMwmBQTNoW4mY7AIjeLvEl3NyeTkAgGzBhzTtRLNshw2AEew+kkYcD+Fq72Kt00fT0WnN87h"
    b"GrW8SqGc+NcT3mu87Ha3dz1pSDi6GaUA6A0sqfde0VJPQbZ9U+3JWcoD4Z5jaU0y9GSh010wsHF8KZD24YhmZH4ch4Ka7ilEbjbfvhKkNL65HHL0J6EYJIZUC2pFrdkJ7MhmEbU2"
    b"qARR4iQHE7wy24qy0cRX3Mfp6iELcDNfSsPGjUQVDGxQDCWjayJOpcwocugux082f49HKYg84EpHSGXAyh+/oxwaWbvL6aSDPOYuPDGOCI8jmnKiypE+"
    b"</Encrypt></xml>",
)

WECOM = WeComCallback(Seal("TestToken123", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", ("ww0000000000000001",)))
W3_MESSAGE = (
    b"<xml><ToUserName><![CDATA[ww0000000000000001]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    b"<CreateTime>1700000000</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_contact]]></Event>"
    b"<ChangeType>update_user</ChangeType><UserID><![CDATA[zhangsan]]></UserID><Department><![CDATA[1,2]]></Department></xml>"
)
W3_ENCRYPT = (
    "4j/AuRx71kQlxVlzbpsMWFiiJsWya0QMYBgpJPzbIMaSKYB2ddd/4L6MZFwYg72i8mKThy2St6uE9zEbaaREFsvDGNF+0nCf0C0b11cbrx6GKSu6wPpCTPX4cOwGFFFEQrY5RbN1"
    "PVOPrvNA2Yzd5MIgVV0uHRJafPqaUxzn26MYeZWfuQN8/L4UAGnMZQalJ5QEX8b9X6R1IgNyteSU8z3MuxwC26HzmnS/EDSLIw+7LGz+HhkHZpiC+keaKahWIWZjeFSqqaSANiuj6T7Z"
    "1LQ0wolJcewSYeyhW5TZlg3+fI5AX5CWl5865nXhvdl8IqFfmQq8szKT6Ni/Y0OvmI4UFRXd1TXDQhyqdgY6eNzPlrLDlalnBJOj6wS1v8m0lP8erUuYaLiZdYUYEfSdO/oS9UJDtmgk"
    "hW3N3w7e3IQL/OzkCnNwokDgm6JXx10YxLr7ge7e3PKU8AkOQnr+VLO12RicxBENQx7QYJQ4XZli5BqxqY84buGquEg96t4R"
)
W3_SIGNATURE = "6a3124891b5cd6d119005633a4c38084fe01862a"

DINGTALK = DingTalkCallback(
    Seal("123456", "1234567890123456789012345678901234567890123", ("dingsnotzck6pm5veliw", "ding000000000000000001")),
    company="ding000000000000000001",
    random=lambda _: RANDOM,
)
D1_ENCRYPT = (
    "GCr6999U/V4/3veZ85Bxl6NnPyKFaUXh1O/ukUCSfqZrefLAjZXTHh0iSEG3YpNrCEtG++x7+XGLQ382FBkFF4GETWvwFAt8qbjs7i3sJ8zfFVZ4xYneXuQi8pgOG5/F"
)
D1_SIGNATURE = "a700384891a44e06ebed774958d5136d9aa19609"
D2_ENCRYPT = (
    "GCr6999U/V4/3veZ85BxlyxGlq9e9kU/5RtjM7n10I+QWxh2F36lrOAllwOny775QV7sVHEwvfT8L72V+WNWurbghRvg+qTTTlG6EHEjl3oWBU7EBG8mv39KOY3QMoNQ0p3n4so/U4V7"
    "8aO6jCwApx6acooSwpQ9sTEACHn6BZQMVWTXl3IYDb5QXoNRNjki/MYiIf9HXSwvhpQDHqBIfHN4/VWj+CTyeYymrkn33w40MNXKxMZYGzvALcGfxr7N+24S7vUwBo/e3MwjiHye+jIh"
    "CHmOZV1OiwX5B4FIhgJ5XqMH+8zBXorrHYJllpJMNA3PmolZgh5kw8C01n56Ww=="
)
D2_SIGNATURE = "a3984682434b4301d1db383cb6a86fc69e56cf4b"

FEISHU = FeishuCallback("cli_1", "vt", "test key")
F2 = Call(
    "POST",
    {},
    {
        "x-lark-request-timestamp": "1700000000",
        "x-lark-request-nonce": "nonce123",
        "x-lark-signature": "2a98644747be1a59c0950b22cdaa57179ed9466c7a6aea1ad7d4455f0d64ed47",
    },
    b'{"encrypt":"MDEyMzQ1Njc4OWFiY2RlZt5KG6/fwRFLC/AfPW8KzppBgpiMU3PFhY6KhT1yvZmphyvHk/KjPU7vW4G6MhA59PJguhL8LscMmoExWgWZC+m9JPnSnxFDp+RmKoZCktk'
    b"Uc/t/wRZKmJSNBDy/bBpMQkQWvQ/86oz18zFCq4B4NtcrwPnRwfUCMf2Uy8CaJ8Mue9+qxtMdV23BIVijbYZVTJsy1e2uPCU8GxUJ0bQIp4KwFJmSBtraqzBQ0jeLZ4ieZ8MP2RZIUo9rI"
    b'X6djm9KaK16Ke5l0SO/oMRlPLQO/xId5ldmwAtkwL+B2IPI/9os"}',
)


def seal_frame(seal: Seal, message: bytes, *, owner: str, nonce: str = "nonce123", timestamp: str = str(NOW)) -> tuple[str, str]:
    """Encrypted and signed as WeCom and DingTalk do, with no code of ours."""
    key = base64.b64decode(f"{seal.aes_key}=")
    frame = RANDOM + len(message).to_bytes(4, "big") + message + owner.encode()
    encrypted = encrypt_frame(frame, key=key)
    return encrypted, sign(seal.token, timestamp, nonce, encrypted)


def encrypt_frame(frame: bytes, *, key: bytes, pad: bytes | None = None) -> str:
    count = 32 - len(frame) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(frame + (bytes([count]) * count if pad is None else pad)) + encryptor.finalize()).decode()


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def call_wecom(message: bytes, *, callback: WeComCallback = WECOM, owner: str = "", timestamp: str = str(NOW)) -> Call:
    encrypted, signature = seal_frame(callback.seal, message, owner=owner or callback.app, timestamp=timestamp)
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": "nonce123"}
    body = f"<xml><ToUserName><![CDATA[{callback.app}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return Call("POST", query, {}, body.encode())


def call_dingtalk(message: object, *, callback: DingTalkCallback = DINGTALK, owner: str = "", timestamp: str = str(NOW)) -> Call:
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    encrypted, signature = seal_frame(callback.seal, content, owner=owner or callback.app, timestamp=timestamp)
    query = {"signature": signature, "timestamp": timestamp, "nonce": "nonce123"}
    return Call("POST", query, {}, json.dumps({"encrypt": encrypted}).encode())


def call_feishu(message: object, *, callback: FeishuCallback = FEISHU, timestamp: str = str(NOW), is_signed: bool = True) -> Call:
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    count = 16 - len(content) % 16
    key = hashlib.sha256(callback.encrypt_key.encode()).digest()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(RANDOM)).encryptor()
    cipher = encryptor.update(content + bytes([count]) * count) + encryptor.finalize()
    body = json.dumps({"encrypt": base64.b64encode(RANDOM + cipher).decode()}).encode()
    signature = hashlib.sha256(timestamp.encode() + b"nonce123" + callback.encrypt_key.encode() + body).hexdigest()
    headers = {"x-lark-request-timestamp": timestamp, "x-lark-request-nonce": "nonce123", "x-lark-signature": signature}
    return Call("POST", {}, headers if is_signed else {}, body)


def feishu_message(name: str = "contact.user.deleted_v3", event: object = None, *, key: str = "e1", **header: object) -> dict[str, object]:
    known = {"event_id": key, "event_type": name, "create_time": "1700000000000", "token": "vt", "app_id": "cli_1", "tenant_key": "tk1"}
    return {
        "schema": "2.0",
        "header": known | header,
        "event": {"object": {"open_id": "ou_1", "user_id": "u1"}} if event is None else event,
    }


def dingtalk_message(name: str = "user_modify_org", *, key: str = "k1", **said: object) -> dict[str, object]:
    return {"EventType": name, "EventTime": NOW * 1000, "CorpId": "ding000000000000000001", "BizId": "b1", "eventId": key} | said


def genuine_calls() -> list[tuple[Callback, Call]]:
    """One of each kind, all of them fresh at NOW."""
    echo, signature = seal_frame(WECOM.seal, b"1234567890", owner=WECOM.app)
    check = Call("GET", {"msg_signature": signature, "timestamp": str(NOW), "nonce": "nonce123", "echostr": echo}, {}, b"")
    return [
        (WECOM, check),
        (WECOM, call_wecom(W3_MESSAGE)),
        (DINGTALK, call_dingtalk({"EventType": "check_url"})),
        (DINGTALK, call_dingtalk(dingtalk_message(userId=["user123456"]))),
        (FEISHU, F2),
        (FEISHU, call_feishu(feishu_message())),
    ]


def as_query(call: Call, text: str) -> Call:
    """The same call with its query written out, as it comes over the wire."""
    return replace(call, query=dict(parse_qsl(text, keep_blank_values=True)))


Change = Callable[[Call], Call]
