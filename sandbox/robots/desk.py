"""All robots: which one a call is for, and the part of the control API that sets them and shows what they received."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from sandbox.control_requests import ControlError, read_body
from sandbox.exchange import Answer, Request, json_answer
from sandbox.robots import dingtalk, feishu, sink, wecom
from sandbox.robots.robot import Robot, RobotSettings

RESOURCE = "robots"


@dataclass(frozen=True)
class Kind:
    """`find_token` is None where a call is for none of this kind. `path` is a robot's, with its token."""

    find_token: Callable[[Request], str | None]
    refuse_stranger: Callable[[Request], Answer]
    answer: Callable[[Robot, Request], Answer]
    path: str
    settings: RobotSettings


KINDS = {
    "dingtalk": Kind(
        dingtalk.find_token,
        dingtalk.refuse_stranger,
        dingtalk.answer,
        f"{dingtalk.PATH}?access_token=%s",
        RobotSettings(per_minute=dingtalk.DEFAULT_PER_MINUTE),
    ),
    "wecom": Kind(
        wecom.find_token, wecom.refuse_stranger, wecom.answer, f"{wecom.PATH}?key=%s", RobotSettings(per_minute=wecom.DEFAULT_PER_MINUTE)
    ),
    "feishu": Kind(
        feishu.find_token,
        feishu.refuse_stranger,
        feishu.answer,
        f"{feishu.PREFIX}%s",
        RobotSettings(per_second=feishu.DEFAULT_PER_SECOND, per_minute=feishu.DEFAULT_PER_MINUTE),
    ),
    "json": Kind(sink.find_token, sink.refuse_stranger, sink.answer, f"{sink.PREFIX}%s", RobotSettings()),
}


class Robots:
    """One of each kind is there from the beginning, `sandbox-robot` being what tells it; others are made by the control API."""

    FIRST = "sandbox-robot"

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], Robot] = {}
        for name in KINDS:
            self._make(name, self.FIRST)

    def answer(self, request: Request) -> Answer | None:
        """None where the call is for no robot."""
        for name, kind in KINDS.items():
            token = kind.find_token(request)
            if token is not None:
                return self._answer(name, kind, token, request)
        return None

    def of(self, platform: str) -> list[Robot]:
        return [robot for robot in self.all.values() if robot.platform == platform]

    def control(self, request: Request, rest: str) -> Answer:
        """`robots` (GET: all; DELETE: as in the beginning) and `robots/<platform>/<token>` (GET, PUT settings, DELETE)."""
        if not rest:
            return self._control_all(request)
        platform, _, token = rest.partition("/")
        if platform not in KINDS or not token:
            raise ControlError(404, f"robots are of {', '.join(KINDS)}: robots/<platform>/<token>")
        if request.method == "PUT":
            given = read_body(request, dict[str, Any])
            robot = self.all.get((platform, token)) or self._make(platform, token)
            robot.settings = msgspec.convert(msgspec.to_builtins(robot.settings) | given, RobotSettings)
        elif request.method == "DELETE":
            self.all.pop((platform, token), None)
            return json_answer({"removed": token})
        found = self.all.get((platform, token))
        if found is None:
            raise ControlError(404, f"{platform} has no robot {token!r}")
        return json_answer(_show(found, request))

    def _control_all(self, request: Request) -> Answer:
        if request.method == "DELETE":
            self.__init__()  # type: ignore[misc]
        return json_answer({"robots": [_show(robot, request) for robot in self.all.values()]})

    def _make(self, platform: str, token: str) -> Robot:
        robot = Robot(platform, token, msgspec.structs.replace(KINDS[platform].settings))
        self.all[platform, token] = robot
        return robot

    def _answer(self, name: str, kind: Kind, token: str, request: Request) -> Answer:
        robot = self.all.get((name, token))
        if request.method != "POST":
            return json_answer({"error": "POST only"}, status=405)
        if robot is None:
            return kind.refuse_stranger(request)
        robot.calls += 1
        settings = robot.settings
        if settings.status != 200:
            location = ((b"location", settings.location.encode()),) if settings.location else ()
            return Answer(settings.message.encode(), settings.status, b"text/plain", location, refusal=str(settings.status))
        answer = kind.answer(robot, request)
        if answer.refusal:
            robot.refusals[answer.refusal] = robot.refusals.get(answer.refusal, 0) + 1
        return answer


def _show(robot: Robot, request: Request) -> dict[str, Any]:
    """The newest message first."""
    return {
        "platform": robot.platform,
        "token": robot.token,
        "url": f"http://{request.headers['host']}{KINDS[robot.platform].path % robot.token}",
        "settings": msgspec.to_builtins(robot.settings),
        "calls": robot.calls,
        "refusals": robot.refusals,
        "received": [asdict(message) for message in reversed(robot.received)],
    }
