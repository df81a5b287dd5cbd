"""A webhook of no platform: takes any JSON, and refuses what is not signed as its secret says."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sandbox.exchange import Answer, Request, decode, json_answer
from sandbox.robots.robot import Received, Robot

PREFIX = "/webhook/"


def find_token(request: Request) -> str | None:
    return request.path.removeprefix(PREFIX) if request.path.startswith(PREFIX) else None


def refuse_stranger(_: Request) -> Answer:
    return Answer(b"<h1>404</h1>", 404, b"text/html", refusal="404")


def answer(robot: Robot, request: Request) -> Answer:
    if robot.settings.state != "on":
        return Answer(b"gone", 410, b"text/plain", refusal="410")
    if robot.settings.secret and not _is_signed(robot, request):
        return json_answer({"error": "signature"}, status=401, refusal="401")
    try:
        message: Any = decode(request.body)
    except ValueError:
        return json_answer({"error": "no JSON"}, status=400, refusal="400")
    headers = {name: value for name, value in request.headers.items() if name.startswith("x-")}
    robot.take(Received(robot.now(), "json", str(message.get("title", "")), str(message.get("text", "")), message, headers))
    return Answer(b"", 204)


def _is_signed(robot: Robot, request: Request) -> bool:
    signed = request.headers.get("x-orgsync-timestamp", "").encode() + b"." + request.body
    wanted = "sha256=" + hmac.new(robot.settings.secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, request.headers.get("x-orgsync-signature", ""))
