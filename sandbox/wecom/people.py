"""What WeCom shows of a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.organization import Person
from sandbox.wecom.settings import WeComSettings
from sandbox.wecom.visibility import Scope

GENDERS = {"male": "1", "female": "2", None: "0"}
WITHHELD_GENDER = "0"
GOVERNED_BY = {"thumb_avatar": "avatar"}
ACTIVE, NOT_ACTIVATED = 1, 4
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
CHINA = timedelta(hours=8)


def list_fields(person: Person, scope: Scope, settings: WeComSettings) -> dict[str, Any]:
    return detail_fields(person, scope, settings) | {"english_name": person.name_en or ""}


def simple_fields(person: Person, scope: Scope) -> dict[str, Any]:
    return {"userid": person.id, "name": person.name, "department": [held.department_id for held in scope.memberships(person)]}


def detail_fields(person: Person, scope: Scope, settings: WeComSettings) -> dict[str, Any]:
    held = scope.memberships(person)
    fields = simple_fields(person, scope) | {
        "order": [one.order for one in held],
        "is_leader_in_dept": [int(one.is_leader) for one in held],
        "direct_leader": [person.manager_id] if person.manager_id in scope.user_ids else [],
        "position": person.title,
        "telephone": person.telephone or "",
        "alias": "",
        "status": ACTIVE if person.active else NOT_ACTIVATED,
        "enable": 1,
        "extattr": {"attrs": _attributes(person)},
    }
    if person.main_department_id in scope.department_ids:
        fields["main_department"] = person.main_department_id
    return fields | _external_fields(person) | _private_fields(person, scope, settings.withheld_style)


def _attributes(person: Person) -> list[dict[str, Any]]:
    """What the console of this corp defines beside WeCom's own fields; the first still has its value in the old place too."""
    attributes: list[dict[str, Any]] = []
    if person.job_number:
        attributes.append({"type": 0, "name": "工号", "value": person.job_number, "text": {"value": person.job_number}})
    if person.hired_at_ms is not None:
        hired_on = FIRST_DAY + timedelta(milliseconds=person.hired_at_ms) + CHINA
        attributes.append({"type": 0, "name": "入职日期", "text": {"value": hired_on.date().isoformat()}})
    if person.number % 10 == 0:
        attributes.append({"type": 1, "name": "主页", "web": {"url": f"https://corp.example.com/{person.number}", "title": "个人主页"}})
    return attributes


def _external_fields(person: Person) -> dict[str, Any]:
    if person.number % 20:
        return {}
    profile = {"external_corp_name": "云杉科技", "external_attr": [{"type": 0, "name": "服务语言", "text": {"value": "中文"}}]}
    return {"external_position": person.title[:12], "external_profile": profile}


def _private_fields(person: Person, scope: Scope, withheld_style: str) -> dict[str, Any]:
    """What the app may not read is gone, empty or null; gender alone is known to stay, as "0"."""
    fields = _all_private_fields(person)
    allowed = {name: value for name, value in fields.items() if GOVERNED_BY.get(name, name) in scope.private_fields}
    if withheld_style == "absent":
        withheld: dict[str, Any] = {}
    else:
        withheld = dict.fromkeys(fields, "" if withheld_style == "empty" else None)
    return withheld | {"gender": WITHHELD_GENDER} | allowed


def _all_private_fields(person: Person) -> dict[str, str]:
    picture = f"https://wework.qpic.cn/wwpic/sandbox_{person.number}" if person.number % 4 != 2 else ""
    return {
        "avatar": picture and f"{picture}/0",
        "thumb_avatar": picture and f"{picture}/100",
        "gender": GENDERS[person.gender],
        "mobile": person.mobile or "",
        "email": person.email or "",
        "biz_mail": person.work_email or "",
        "qr_code": f"https://open.work.weixin.qq.com/wwopen/userQRCode?vcode=vc{person.number:08x}",
        "address": person.work_place or "",
    }
