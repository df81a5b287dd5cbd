"""A Feishu group's custom bot, as open.feishu.cn/document/client-docs/bot-v3/add-custom-bot has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from sandbox.exchange import Answer, Request, decode, json_answer
from sandbox.robots.robot import Received, Robot

PREFIX = "/open-apis/bot/v2/hook/"
DEFAULT_PER_SECOND, DEFAULT_PER_MINUTE = 5, 100
MOST_BYTES = 20 * 1024
HOUR = 3600
BAD_REQUEST = (9499, "Bad Request")


def find_token(request: Request) -> str | None:
    return request.path.removeprefix(PREFIX) if request.path.startswith(PREFIX) else None


def refuse_stranger(_: Request) -> Answer:
    return _refuse(19001, "param invalid: incoming webhook access token invalid")


def answer(robot: Robot, request: Request) -> Answer:
    settings = robot.settings
    if settings.code is not None:
        return _refuse(settings.code, settings.message)
    if settings.state != "on":
        return refuse_stranger(request)
    if robot.is_full():
        return _refuse(11232, "frequency limited")
    try:
        message: Any = decode(request.body)
    except ValueError:
        return _refuse(*BAD_REQUEST)
    if len(request.body) > MOST_BYTES or not isinstance(message, dict):
        return _refuse(*BAD_REQUEST)
    if robot.is_foreign(request.client_ip):
        return _refuse(19022, "Ip Not Allowed")
    if settings.secret and not _is_signed(robot, message):
        return _refuse(19021, "sign match fail or timestamp is not within one hour from current time")
    return _take(robot, message)


def _is_signed(robot: Robot, message: dict[str, Any]) -> bool:
    written = str(message.get("timestamp", ""))
    if not written.isdecimal() or abs(int(written) - robot.now()) > HOUR:
        return False
    digest = hmac.new((written + "\n" + robot.settings.secret).encode("utf-8"), digestmod=hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode("ascii"), str(message.get("sign", "")))


def _take(robot: Robot, message: dict[str, Any]) -> Answer:
    kind, content = message.get("msg_type"), message.get("content")
    if kind == "text" and isinstance(content, dict) and isinstance(content.get("text"), str) and content["text"]:
        title, text = "", content["text"]
        told = text
    elif kind == "interactive" and isinstance(message.get("card"), dict):
        title, text = _read_card(message["card"])
        told = text
    elif kind == "post" and (post := _find_post(content)) is not None:
        title, text, told = post
    else:
        return _refuse(*BAD_REQUEST)
    if robot.lacks_keyword(title, told):
        return _refuse(19024, "Key Words Not Found")
    robot.take(Received(robot.now(), str(kind), title, text, message))
    return json_answer({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})


def _read_card(card: dict[str, Any]) -> tuple[str, str]:
    """Its title, and all texts in it, whatever they are part of."""
    header = card.get("header")
    title = header.get("title") if isinstance(header, dict) else None
    return str(title.get("content", "")) if isinstance(title, dict) else "", "\n".join(_texts_in(card))


def _texts_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (str(part[key]) for key in ("content", "text") if isinstance(part.get(key), str))
    values = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for value in values:
        yield from _texts_in(value)


def _find_post(content: Any) -> tuple[str, str, str] | None:
    """Title, what is shown, and what keywords are looked for in: texts, not where links lead."""
    posts = content.get("post") if isinstance(content, dict) else None
    post = next(iter(posts.values()), None) if isinstance(posts, dict) else None
    paragraphs = post.get("content") if isinstance(post, dict) else None
    if not isinstance(post, dict) or not isinstance(paragraphs, list) or not paragraphs:
        return None
    shown, told = [], []
    for paragraph in paragraphs:
        if not isinstance(paragraph, list) or not all(
            isinstance(node, dict) and node.get("tag") in ("text", "a", "at", "img") for node in paragraph
        ):
            return None
        texts = [str(node.get("text", "")) for node in paragraph]
        links = [str(node["href"]) for node in paragraph if node.get("tag") == "a"]
        told.extend(texts)
        shown.append(" ".join([*texts, *links]))
    return str(post.get("title", "")), "\n".join(shown), "\n".join(told)


def _refuse(code: int, words: str) -> Answer:
    return json_answer({"code": code, "msg": words, "data": {}}, refusal=str(code))
