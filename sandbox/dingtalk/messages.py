"""Work notifications: taken at once, dropped without a word where there were too many, and called back."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

from sandbox.dingtalk.message_content import read_message
from sandbox.dingtalk.parameters import Parameters, boolean, integer, required, text
from sandbox.dingtalk.refusals import RefusalError, bad_agent_id, bad_parameter, bad_task_id, busy, missing_parameter, task_too_old
from sandbox.dingtalk.tenant import DingTalk
from sandbox.dingtalk.visibility import sees_department, sees_person
from sandbox.exchange import encode
from sandbox.mailbox import Content, Sending
from sandbox.organization import ROOT
from sandbox.windows import DAY, HOUR, MINUTE, period

SEND = "topapi/message/corpconversation/asyncsend_v2"
MOST_USERS, MOST_DEPARTMENTS = 100, 20
RECEIVERS = "receivers"
SAME_CONTENT, TOO_MANY_A_DAY, TOO_MANY_A_MINUTE = "143106", "143105", "143103"
RESULT_LISTS = (
    "invalid_user_id_list", "forbidden_user_id_list", "failed_user_id_list", "read_user_id_list", "unread_user_id_list",
    "invalid_dept_id_list", "forbidden_list",
)  # fmt: skip


def send(tenant: DingTalk, parameters: Parameters) -> bytes:
    _check_agent(tenant, parameters)
    content = read_message(parameters)
    to_all = boolean(parameters, "to_all_user", default=False)
    people, invalid_users, invalid_departments = _everyone(tenant) if to_all else _receivers(tenant, parameters)
    if to_all:
        _count_send_to_all(tenant)
    elif 0 < tenant.settings.receivers_per_send < len(people):
        raise RefusalError(41029, "发送的用户数超过限制")
    dropped = _dropped(tenant, people, content, to_all=to_all)
    sending = Sending(
        id=str(secrets.randbelow(2**52) + 2**52),
        interface=SEND,
        content=content,
        sent_at=tenant.now(),
        recipients=tuple(user_id for user_id in people if user_id not in dropped),
        to_all=to_all,
        dropped=dropped,
        given={"invalid_user_id_list": invalid_users, "invalid_dept_id_list": invalid_departments},
    )
    tenant.mailbox.add(sending)
    return encode({"task_id": int(sending.id)})


def get_progress(tenant: DingTalk, parameters: Parameters) -> bytes:
    share = _share_done(tenant, _task(tenant, parameters, "task_id", hours=tenant.settings.result_hours))
    status = 2 if share >= 1 else 1 if share >= 0.1 else 0
    return encode({"progress": {"progress_in_percent": int(share * 100), "status": status}})


def get_result(tenant: DingTalk, parameters: Parameters) -> bytes:
    """Of what is still under way nothing is known. For more than a hundred receivers the real one does not come back in time."""
    sending = _task(tenant, parameters, "task_id", hours=tenant.settings.result_hours)
    if 0 < tenant.settings.most_results < len(sending.recipients) + len(sending.dropped):
        raise busy()
    result: dict[str, Any] = {name: [] for name in RESULT_LISTS}
    if _share_done(tenant, sending) >= 1:
        result |= sending.given
        result["forbidden_user_id_list"] = list(sending.dropped)
        result["read_user_id_list"] = list(sending.read_at)
        result["unread_user_id_list"] = [user_id for user_id in sending.recipients if user_id not in sending.read_at]
        result["forbidden_list"] = [{"code": code, "count": 1, "userid": user_id} for user_id, code in sending.dropped.items()]
    return encode({"send_result": result})


def recall(tenant: DingTalk, parameters: Parameters) -> bytes:
    """As often as one likes."""
    sending = _task(tenant, parameters, "msg_task_id", hours=tenant.settings.recall_hours)
    sending.recalled_at = sending.recalled_at or tenant.now()
    return b"{}"


def _check_agent(tenant: DingTalk, parameters: Parameters) -> None:
    if integer(required(parameters, "agent_id"), bad_agent_id) != tenant.settings.agent_id:
        raise bad_agent_id()


def _task(tenant: DingTalk, parameters: Parameters, name: str, *, hours: float) -> Sending:
    _check_agent(tenant, parameters)
    sending = tenant.mailbox.sendings.get(str(integer(required(parameters, name), bad_task_id)))
    if sending is None:
        raise bad_task_id()
    if tenant.now() > sending.sent_at + hours * HOUR:
        raise task_too_old()
    return sending


def _share_done(tenant: DingTalk, sending: Sending) -> float:
    seconds = tenant.settings.send_seconds
    return 1 if not seconds else max(0.0, min(1.0, (tenant.now() - sending.sent_at) / seconds))


Receivers = tuple[dict[str, None], list[str], list[int]]
"""Who it is for, each once; and the users and departments that do not exist or that the app does not see."""


def _everyone(tenant: DingTalk) -> Receivers:
    people, sees_all = tenant.organization.people, ROOT in tenant.settings.visible_departments
    seen = people if sees_all else [person.id for person in people.values() if sees_person(tenant, person)]
    return dict.fromkeys(seen), [], []


def _receivers(tenant: DingTalk, parameters: Parameters) -> Receivers:
    users = _listed(parameters, "userid_list", most=MOST_USERS)
    listed = _listed(parameters, "dept_id_list", most=MOST_DEPARTMENTS)
    departments = [integer(value, lambda: bad_parameter("dept_id_list")) for value in listed]
    if not users and not departments:
        raise missing_parameter("userid_list")
    seen_users = [user_id for user_id in users if _sees_user(tenant, user_id)]
    seen_departments = [department_id for department_id in departments if _sees_department(tenant, department_id)]
    people = dict.fromkeys(seen_users) | tenant.organization.people_below(seen_departments)
    invalid_users = [user_id for user_id in users if user_id not in people]
    return people, invalid_users, [department_id for department_id in departments if department_id not in seen_departments]


def _listed(parameters: Parameters, name: str, *, most: int) -> list[str]:
    """Joined by commas; JSON may carry a single number as such."""
    value = parameters.get(name)
    if value is None or value == "":
        return []
    listed = [str(value)] if type(value) is int else text(parameters, name).split(",")
    if len(listed) > most:
        raise bad_parameter(name)
    return list(dict.fromkeys(listed))


def _sees_user(tenant: DingTalk, user_id: str) -> bool:
    person = tenant.organization.people.get(user_id)
    return person is not None and sees_person(tenant, person)


def _sees_department(tenant: DingTalk, department_id: int) -> bool:
    return department_id > 0 and department_id in tenant.organization.departments and sees_department(tenant, department_id)


def _count_send_to_all(tenant: DingTalk) -> None:
    sent: Counter[str] = tenant.mailbox.windows.at("sends to all", period(tenant.counts_now(), DAY), Counter)
    if 0 < tenant.settings.send_to_all_per_day <= sent.total():
        raise RefusalError(41045, "全员消息每天的发送次数超过限制")
    sent[SEND] += 1


def _dropped(tenant: DingTalk, people: dict[str, None], content: Content, *, to_all: bool) -> dict[str, str]:
    """Whom the flow control keeps it from, with its code: the same content or too much in a day, or too many receivers in a minute."""
    settings, windows, now = tenant.settings, tenant.mailbox.windows, tenant.counts_now()
    had: set[str] = windows.at("contents", period(now, DAY), dict).setdefault(content.digest, set())
    counts: Counter[str] = windows.at("messages", period(now, DAY), Counter)
    dropped = dict.fromkeys([user_id for user_id in people if user_id in had], SAME_CONTENT)
    if most := settings.messages_per_user_per_day:
        full = [user_id for user_id in people if user_id not in dropped and counts.get(user_id, 0) >= most]
        dropped |= dict.fromkeys(full, TOO_MANY_A_DAY)
    served = [user_id for user_id in people if user_id not in dropped]
    if settings.receivers_per_minute and not to_all:
        room = max(0, settings.receivers_per_minute - tenant.used(RECEIVERS, MINUTE))
        dropped |= dict.fromkeys(served[room:], TOO_MANY_A_MINUTE)
        served = served[:room]
        tenant.count(RECEIVERS, len(served))
    had.update(served)
    counts.update(served)
    return dropped
