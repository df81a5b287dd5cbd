"""A DingTalk group's custom robot, as open.dingtalk.com/document/development/custom-robots-send-group-messages has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

from sandbox.exchange import Answer, Request, decode, json_answer
from sandbox.robots.robot import Received, Robot

PATH = "/robot/send"
DEFAULT_PER_MINUTE = 20
SILENT_SECONDS = 600
MOST_BYTES = 20_000
HOUR_MILLISECONDS = 3_600_000
SOLUTIONS = "solution:请参考文档;link:https://open.dingtalk.com/document/"


def find_token(request: Request) -> str | None:
    return request.query.get("access_token", "") if request.path == PATH else None


def refuse_stranger(_: Request) -> Answer:
    return _refuse(400101, "access_token不存在")


def answer(robot: Robot, request: Request) -> Answer:
    """State, rate, security settings, then the message."""
    if robot.settings.code is not None:
        return _refuse(robot.settings.code, robot.settings.message)
    states = {"off": (400102, "机器人已停用"), "removed": (400106, "机器人不存在"), "dissolved": (400013, "群已被解散")}
    if robot.settings.state in states:
        return _refuse(*states[robot.settings.state])
    if robot.now() < robot.silent_until or robot.is_full():
        robot.silent_until = max(robot.silent_until, robot.now() + SILENT_SECONDS if robot.is_full() else 0)
        return _refuse(410100, "发送速度太快而限流")
    if len(request.body) > MOST_BYTES:
        return _refuse(460101, f"message too long, exceed {MOST_BYTES} bytes")
    if not request.headers.get("content-type", "").startswith("application/json"):
        return _refuse(43004, "无效的HTTP HEADER Content-Type")
    try:
        message = decode(request.body)
    except ValueError:
        return _refuse(40035, "缺少参数 json")
    return _check_security(robot, request) or _take(robot, message)


def _check_security(robot: Robot, request: Request) -> Answer | None:
    if robot.is_foreign(request.client_ip):
        return _refuse(310000, f"ip {request.client_ip} not in whitelist, {SOLUTIONS}")
    if not robot.settings.secret:
        return None
    written, sign = request.query.get("timestamp", ""), request.query.get("sign", "")
    if not sign:
        return _refuse(310000, f"description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在调用的网址中;{SOLUTIONS}")
    if not written.isdecimal() or abs(int(written) - robot.now() * 1000) > HOUR_MILLISECONDS:
        return _refuse(310000, f"invalid timestamp, {SOLUTIONS}")
    key = robot.settings.secret.encode("utf-8")
    wanted = hmac.new(key, (written + "\n" + robot.settings.secret).encode("utf-8"), hashlib.sha256).digest()
    try:
        given = base64.b64decode(sign, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    return None if hmac.compare_digest(wanted, given) else _refuse(310000, f"sign not match, {SOLUTIONS}")


def _take(robot: Robot, message: Any) -> Answer:
    kind = message.get("msgtype") if isinstance(message, dict) else None
    part = message.get(kind) if isinstance(kind, str) else None
    if kind not in ("text", "markdown") or not isinstance(part, dict):
        return _refuse(400105, "不支持的消息类型")
    title, text = str(part.get("title", "")), str(part.get("text" if kind == "markdown" else "content", ""))
    if not text:
        return _refuse(40035, "缺少参数 json")
    if robot.lacks_keyword(title, text):
        return _refuse(310000, f"keywords not in content, {SOLUTIONS}")
    robot.take(Received(robot.now(), kind, title, text, message), key=str(message.get("msgUuid") or ""))
    return json_answer({"errcode": 0, "errmsg": "ok"})


def _refuse(code: int, words: str) -> Answer:
    return json_answer({"errcode": code, "errmsg": words}, refusal=str(code))
