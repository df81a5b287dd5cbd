"""What SDKs seal, our callbacks open, and what ours answer the SDKs open; frames of Feishu's long connection, both ways."""

from __future__ import annotations

import json
import time

import pytest
from dingtalk.crypto import DingTalkCrypto
from wechatpy.work.crypto import WeChatCrypto

from orgsync.platforms.feishu.frames import PlainFrame, decode_frame
from orgsync.platforms.hearing.events import Call
from orgsync.platforms.hearing.markup import read_elements
from tests.unit.platforms.hearing import calls
from tests.unit.platforms.hearing.calls import DINGTALK, FEISHU, NOW, WECOM

LENGTHS = [0, 1, 11, 12, 13, 27, 28, 29, 44, 500]
"""Around the blocks of 16 and of 32: padding of every kind."""


@pytest.mark.parametrize("length", LENGTHS)
def test_wechatpy_seals_what_we_open(length: int) -> None:
    crypto = WeChatCrypto(WECOM.seal.token, WECOM.seal.aes_key, WECOM.app)
    message = calls.W3_MESSAGE.replace(b"zhangsan", b"z" * (length + 1)).decode()
    sealed = read_elements(crypto.encrypt_message(message, "nonce", str(NOW)).encode())
    query = {"msg_signature": sealed["MsgSignature"], "timestamp": sealed["TimeStamp"], "nonce": sealed["Nonce"]}
    event = WECOM.hear(Call("POST", query, {}, f"<xml><Encrypt>{sealed['Encrypt']}</Encrypt></xml>".encode()), now=NOW).event
    assert event is not None
    assert event.user_ids == (("z" * (length + 1),) if length < 200 else ())  # none that is too long to be one


@pytest.mark.parametrize("length", LENGTHS)
def test_wechatpy_opens_what_we_seal(length: int) -> None:
    sealed = WECOM.seal.close(b"x" * length, owner=WECOM.app, random=calls.RANDOM)
    signature = WECOM.seal.sign(str(NOW), "nonce", sealed)
    opened = WeChatCrypto(WECOM.seal.token, WECOM.seal.aes_key, WECOM.app).check_signature(signature, str(NOW), "nonce", sealed)
    assert opened == "x" * length


@pytest.mark.parametrize("length", LENGTHS)
def test_dingtalk_sdk_seals_what_we_open_and_opens_what_we_answer(length: int) -> None:
    crypto = DingTalkCrypto(DINGTALK.seal.token, DINGTALK.seal.aes_key, DINGTALK.app)
    message = json.dumps(calls.dingtalk_message(userId=["u" * (length + 1)] if length < 200 else ["u"]))
    sealed = crypto.encrypt_message(message)  # its time is in milliseconds
    query = {"signature": sealed["msg_signature"], "timestamp": sealed["timeStamp"], "nonce": sealed["nonce"]}
    heard = DINGTALK.hear(Call("POST", query, {}, json.dumps({"encrypt": sealed["encrypt"]}).encode()), now=time.time())
    assert heard.event is not None
    answer = json.loads(heard.reply.body)
    opened = crypto.decrypt_message(heard.reply.body, answer["msg_signature"], answer["timeStamp"], answer["nonce"])
    assert opened == "success"


def test_lark_oapi_opens_the_calls_that_our_tests_make() -> None:
    """So that what our callback opens is what Feishu would send, and not a mistake on both sides."""
    from lark_oapi.core.utils import AESCipher

    message = calls.feishu_message()
    sealed = json.loads(calls.call_feishu(message).body)["encrypt"]
    assert json.loads(AESCipher(FEISHU.encrypt_key).decrypt_str(sealed)) == message
    assert FEISHU.hear(calls.call_feishu(message), now=NOW).event is not None


def test_lark_oapi_writes_frames_that_we_read_and_reads_those_that_we_write() -> None:
    from lark_oapi.ws.pb.pbbp2_pb2 import Frame

    theirs = Frame()
    theirs.SeqID, theirs.LogID, theirs.service, theirs.method = 2**64 - 1, 300, 7, 1
    theirs.payload, theirs.payload_type, theirs.LogIDNew = b"\x00payload\xff", "json", "n"
    for key, value in (("type", "event"), ("message_id", "消息")):
        header = theirs.headers.add()
        header.key, header.value = key, value
    read = decode_frame(theirs.SerializeToString())
    assert read == PlainFrame(
        1, (("type", "event"), ("message_id", "消息")), b"\x00payload\xff", 7, 2**64 - 1, 300, payload_type=b"json", log_id_new=b"n"
    )
    again = Frame()
    again.ParseFromString(read.encode())
    assert again == theirs
