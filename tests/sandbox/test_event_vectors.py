"""What is posted, byte for byte: against samples of the vendors' pages and ones computed with another implementation."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sandbox.dingtalk import callback as dingtalk
from sandbox.dingtalk.settings import DingTalkSettings
from sandbox.dingtalk.tenant import DingTalk
from sandbox.events import Event
from sandbox.exchange import encode
from sandbox.feishu import callback as feishu
from sandbox.feishu.settings import FeishuSettings
from sandbox.feishu.tenant import Feishu
from sandbox.generator import Recipe
from sandbox.sealing import is_signed, seal, sign, unseal
from sandbox.subscription import Sealing, Subscription
from sandbox.wecom import callback as wecom
from sandbox.wecom.settings import WeComSettings
from sandbox.wecom.tenant import WeCom

SALT, NONCE, AT = b"0123456789abcdef", "nonce123", 1_700_000_000
SEALING = Sealing(AT, NONCE, SALT)
FEW = Recipe(people=10, seed=1)

WECOM_KEY, WECOM_CORP = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "ww0000000000000001"
WECOM_OF_VENDOR = ("hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt", "ww1436e0e65a779aee")
DINGTALK = Subscription(mode="http", token="123456", key="1234567890123456789012345678901234567890123")
DINGTALK_OWNER = "dingsnotzck6pm5veliw"


def salt_of(encrypted: str, key: str) -> bytes:
    raw = base64.b64decode(key + "=")
    decryptor = Cipher(AES256(raw), CBC(raw[:16])).decryptor()
    return (decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize())[:16]


def test_wecom_check_of_the_vendors_sample() -> None:
    token, key, corp_id = WECOM_OF_VENDOR
    echo = "fsi1xnbH4yQh0+PJxcOdhhK6TDXkjMyhEPA7xB2TGz6b+g7xyAbEkRxN/3cNXW9qdqjnoVzEtpbhnFyq6SVHyA=="
    assert sign(token, "1476416373", "47744683", echo) == "012bc692d0a58dd4b10f8dfe5c4ac00ae211ebeb"
    assert unseal(echo, key=key, owner=corp_id) == b"1288432023552776189"
    assert seal(b"1288432023552776189", key=key, owner=corp_id, salt=salt_of(echo, key)) == echo


def test_wecom_message_of_the_vendors_sample() -> None:
    token, key, corp_id = WECOM_OF_VENDOR
    encrypted = (
        "Kl7kjoSf6DMD1zh7rtrHjFaDapSCkaOnwu3bqLc5tAybhhMl9pFeK8NslNPVdMwmBQTNoW4mY7AIjeLvEl3NyeTkAgGzBhzTtRLNshw2AEew+kkYcD+Fq72Kt00fT0WnN87h"
        "GrW8SqGc+NcT3mu87Ha3dz1pSDi6GaUA6A0sqfde0VJPQbZ9U+3JWcoD4Z5jaU0y9GSh010wsHF8KZD24YhmZH4ch4Ka7ilEbjbfvhKkNL65HHL0J6EYJIZUC2pFrdkJ7MhmEb"
        "U2qARR4iQHE7wy24qy0cRX3Mfp6iELcDNfSsPGjUQVDGxQDCWjayJOpcwocugux082f49HKYg84EpHSGXAyh+/oxwaWbvL6aSDPOYuPDGOCI8jmnKiypE+"
    )
    assert sign(token, "1476422779", "1597212914", encrypted) == "0c3914025cb4b4d68103f6bfc8db550f79dcf48e"
    message = unseal(encrypted, key=key, owner=corp_id)
    assert "你好" in message.decode()
    assert seal(message, key=key, owner=corp_id, salt=salt_of(encrypted, key)) == encrypted


def test_wecom_frame() -> None:
    encrypted = seal(b"1234567890", key=WECOM_KEY, owner=WECOM_CORP, salt=SALT)
    assert encrypted == "4j/AuRx71kQlxVlzbpsMWCc0j3i77se7U0hKwibkPeo1/W9osY+PFI+pE7tQJl6WR+mIO7FhYpCQJstgz++0bA=="
    assert sign("TestToken123", str(AT), NONCE, encrypted) == "4751a114fbec8d6413398643ae2595a6be6097ed"


def test_wecom_change_of_a_contact() -> None:
    tenant = WeCom(FEW, WeComSettings(client_id=WECOM_CORP))
    subscription = Subscription(mode="http", token="TestToken123", key=WECOM_KEY)
    event = Event("", "update_user", ("zhangsan",), AT * 1000, {"UserID": "zhangsan", "Department": "1,2"})
    message = wecom.make_message(event, WECOM_CORP)
    assert len(message.encode()) == 335
    assert message == (
        "<xml><ToUserName><![CDATA[ww0000000000000001]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        "<CreateTime>1700000000</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_contact]]></Event>"
        "<ChangeType>update_user</ChangeType><UserID><![CDATA[zhangsan]]></UserID><Department><![CDATA[1,2]]></Department></xml>"
    )
    push = wecom.WeComCallbacks().make_push(tenant, subscription, event, SEALING)
    assert push.query == {"msg_signature": "6a3124891b5cd6d119005633a4c38084fe01862a", "timestamp": str(AT), "nonce": NONCE}
    assert (
        b"4j/AuRx71kQlxVlzbpsMWFiiJsWya0QMYBgpJPzbIMaSKYB2ddd/4L6MZFwYg72i8mKThy2St6uE9zEbaaREFsvDGNF+0nCf0C0b11cbrx6GKSu6wPpCTPX4cOwGFFFE"
        b"QrY5RbN1PVOPrvNA2Yzd5MIgVV0uHRJafPqaUxzn26MYeZWfuQN8/L4UAGnMZQalJ5QEX8b9X6R1IgNyteSU8z3MuxwC26HzmnS/EDSLIw+7LGz+HhkHZpiC+keaKahWIW"
        b"ZjeFSqqaSANiuj6T7Z1LQ0wolJcewSYeyhW5TZlg3+fI5AX5CWl5865nXhvdl8IqFfmQq8szKT6Ni/Y0OvmI4UFRXd1TXDQhyqdgY6eNzPlrLDlalnBJOj6wS1v8m0lP8e"
        b"rUuYaLiZdYUYEfSdO/oS9UJDtmgkhW3N3w7e3IQL/OzkCnNwokDgm6JXx10YxLr7ge7e3PKU8AkOQnr+VLO12RicxBENQx7QYJQ4XZli5BqxqY84buGquEg96t4R"
    ) in push.body


def test_dingtalk_check() -> None:
    push = dingtalk.make_push(encode(dingtalk.CHECK), DINGTALK, SEALING, owner=DINGTALK_OWNER)
    assert push.query == {"signature": "a700384891a44e06ebed774958d5136d9aa19609", "timestamp": str(AT), "nonce": NONCE}
    assert json.loads(push.body) == {
        "encrypt": "GCr69"
        "99U/V4/3veZ85Bxl6NnPyKFaUXh1O/ukUCSfqZrefLAjZXTHh0iSEG3YpNrCEtG++x7+XGLQ382FBkFF4GETWvwFAt8qbjs7i3sJ8zfFVZ4xYneXuQi8pg"
        "OG5/F"
    }


def test_dingtalk_change_of_a_person() -> None:
    tenant = DingTalk(FEW, DingTalkSettings(client_id=DINGTALK_OWNER, corp_id="ding000000000000000001"))
    content = {"timeStamp": "1608017258073", "userId": ["user123456"]}
    event = Event("c7c7120f2c0741900000ebdba0318c80", "user_modify_org", ("user123456",), 1_663_143_335_567, content)
    push = dingtalk.DingTalkCallbacks().make_push(tenant, DINGTALK, event, SEALING)
    assert push.query["signature"] == "a3984682434b4301d1db383cb6a86fc69e56cf4b"
    assert json.loads(push.body) == {
        "encrypt": "GCr69"
        "99U/V4/3veZ85BxlyxGlq9e9kU/5RtjM7n10I+QWxh2F36lrOAllwOny775QV7sVHEwvfT8L72V+WNWurbghRvg+qTTTlG6EHEjl3oWBU7EBG8mv39KOY3"
        "QMoNQ0p3n4so/U4V78aO6jCwApx6acooSwpQ9sTEACHn6BZQMVWTXl3IYDb5QXoNRNjki/MYiIf9HXSwvhpQDHqBIfHN4/VWj+CTyeYymrkn33w40MNXKxMZYGzvALcGfxr"
        "7N+24S7vUwBo/e3MwjiHye+jIhCHmOZV1OiwX5B4FIhgJ5XqMH+8zBXorrHYJllpJMNA3PmolZgh5kw8C01n56Ww=="
    }


def test_dingtalk_answer_of_the_pages() -> None:
    encrypted = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
    assert is_signed("9a95a004dd16f5c307e849b994173f76aa26e5eb", DINGTALK.token, "1614767836", "A7Co0cJLMzIDtMMI", encrypted)
    assert unseal(encrypted, key=DINGTALK.key, owner=DINGTALK_OWNER) == b"success"


def test_feishu_cipher() -> None:
    known = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
    salt = base64.b64decode(known)[:16]
    assert json.loads(feishu.seal_body(b"hello world", "test key", salt)) == {"encrypt": known}


def test_feishu_change_of_a_person() -> None:
    tenant = Feishu(FEW, FeishuSettings(client_id="cli_1"))
    content = {"object": {"open_id": "ou_1", "user_id": "u1"}}
    event = Event("e1", "contact.user.deleted_v3", ("u1",), AT * 1000, content)
    told = feishu.body_of(event, tenant, token="vt")
    told["header"]["tenant_key"] = "tk1"
    body = feishu.seal_body(encode(told), "test key", SALT)
    assert body == (
        b'{"encrypt":"MDEyMzQ1Njc4OWFiY2RlZt5KG6/fwRFLC/AfPW8KzppBgpiMU3PFhY6KhT1yvZmphyvHk/KjPU7vW4G6MhA59PJguhL8LscMmoExWgWZC+m9JPnSnxFDp+RmKo'
        b"ZCktkUc/t/wRZKmJSNBDy/bBpMQkQWvQ/86oz18zFCq4B4NtcrwPnRwfUCMf2Uy8CaJ8Mue9+qxtMdV23BIVijbYZVTJsy1e2uPCU8GxUJ0bQIp4KwFJmSBtraqzBQ0jeLZ4ieZ8"
        b'MP2RZIUo9rIX6djm9KaK16Ke5l0SO/oMRlPLQO/xId5ldmwAtkwL+B2IPI/9os"}'
    )
    assert feishu.signed_headers(body, "test key", SEALING) == {
        "X-Lark-Request-Timestamp": str(AT),
        "X-Lark-Request-Nonce": NONCE,
        "X-Lark-Signature": "2a98644747be1a59c0950b22cdaa57179ed9466c7a6aea1ad7d4455f0d64ed47",
    }
