"""A WeCom group's robot, as developer.work.weixin.qq.com/document/path/91770 has it; codes are those of path 90313."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Answer, Request, decode, json_answer
from sandbox.robots.robot import Received, Robot

PATH = "/cgi-bin/webhook/send"
DEFAULT_PER_MINUTE = 20
MOST_BYTES = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}


def find_token(request: Request) -> str | None:
    return request.query.get("key", "") if request.path == PATH else None


def refuse_stranger(request: Request) -> Answer:
    return _refuse(request, 93000, "invalid webhook url")


def answer(robot: Robot, request: Request) -> Answer:
    if robot.settings.code is not None:
        return _refuse(request, robot.settings.code, robot.settings.message)
    states = {"off": (93004, "robot is disabled"), "removed": (93000, "invalid webhook url"), "dissolved": (93008, "not in group")}
    if robot.settings.state in states:
        return _refuse(request, *states[robot.settings.state])
    if robot.is_full():
        return _refuse(request, 45009, "api freq out of limit")
    try:
        message: Any = decode(request.body)
    except ValueError:
        return _refuse(request, 44004, "empty content")
    kind = message.get("msgtype") if isinstance(message, dict) else None
    if kind not in MOST_BYTES:
        return _refuse(request, 40008, "invalid message type")
    part = message.get(kind)
    content = part.get("content") if isinstance(part, dict) else None
    if not isinstance(content, str) or not content:
        return _refuse(request, 44004, "empty content")
    if len(content.encode("utf-8")) > MOST_BYTES[kind]:
        return _refuse(request, 40058, f"{kind}.content exceed max length {MOST_BYTES[kind]}. invalid Request Parameter")
    robot.take(Received(robot.now(), kind, "", content, message))
    return json_answer({"errcode": 0, "errmsg": "ok"})


def _refuse(request: Request, code: int, words: str) -> Answer:
    told = f"{words}, hint: [1764529200123456789012345], from ip: {request.client_ip}, more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    return json_answer({"errcode": code, "errmsg": told}, refusal=str(code))
