"""What belongs to the company as a whole: its name, its own user fields, its kinds of employment."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import encode
from sandbox.feishu.fields import TENANT_FIELDS, permitted
from sandbox.feishu.numbering import tenant_key
from sandbox.feishu.paging import page_of
from sandbox.feishu.parameters import Parameters, page
from sandbox.feishu.tenant import Feishu
from sandbox.organization import ROOT, Person

PAGE, MOST = 20, 100
REGULAR, INTERN, OUTSOURCED, EXPERT = 1, 2, 3, 6

EMPLOYEE_TYPES = (
    (REGULAR, "正式", "Regular", 1, 1),
    (INTERN, "实习", "Intern", 1, 1),
    (OUTSOURCED, "外包", "Outsourcing", 1, 1),
    (4, "劳务", "Contractor", 1, 1),
    (5, "顾问", "Consultant", 1, 2),
    (EXPERT, "专家", "Expert", 2, 1),
)
"""Number, name, English name, 1 built-in or 2 the company's own, 1 active or 2 inactive."""

HOBBY, HOMEPAGE, SHIRT, MENTOR = (f"C-696545742900174850{digit}" for digit in range(7, 11))
SHIRT_SIZES = {"opt-s": "S", "opt-m": "M", "opt-l": "L"}


def query_tenant(tenant: Feishu, _: Parameters) -> bytes:
    """https://open.feishu.cn/document/server-docs/tenant-v2/query"""
    root = tenant.organization.departments[ROOT]
    fields = {
        "name": root.name,
        "display_id": f"F{tenant.organization.seed:09d}",
        "tenant_tag": 0,
        "tenant_key": tenant_key(tenant.organization.company),
        "avatar": {f"avatar_{size}": "https://s1-imfile.feishucdn.com/sandbox/company.jpg" for size in ("origin", "72", "240", "640")},
        "domain": "sandbox.feishu.cn",
    }
    return encode({"tenant": permitted(fields, TENANT_FIELDS, tenant.granted)})


def list_custom_fields(_: Feishu, parameters: Parameters) -> bytes:
    position, size = page(parameters, default=PAGE, most=MOST)
    options = [{"id": option, "value": value} for option, value in SHIRT_SIZES.items()]
    choice = {"default_option_id": "", "option_type": "TEXT", "options": options}
    definitions = [
        {"id": HOBBY, "type": "TEXT", "i18n_name": _translated("爱好", "Hobby")},
        {"id": HOMEPAGE, "type": "HREF", "i18n_name": _translated("主页", "Homepage")},
        {"id": SHIRT, "type": "ENUMERATION", "options": choice, "i18n_name": _translated("衣服尺码", "Shirt size")},
        {"id": MENTOR, "type": "GENERIC_USER", "i18n_name": _translated("导师", "Mentor")},
    ]
    return page_of([encode(definition) for definition in definitions], position, size)


def list_employee_types(_: Feishu, parameters: Parameters) -> bytes:
    position, size = page(parameters, default=PAGE, most=MOST)
    rows = [
        {
            "enum_id": f"exGeIjow7zIqWMy+ONkF{number}A==",
            "enum_value": str(number),
            "content": name,
            "enum_type": kind,
            "enum_status": activity,
            "i18n_content": _translated(name, english),
        }
        for number, name, english, kind, activity in EMPLOYEE_TYPES
    ]
    return page_of([encode(row) for row in rows], position, size)


def employee_type(person: Person) -> int:
    return {3: INTERN, 7: OUTSOURCED, 11: EXPERT}.get(person.number % 20, REGULAR)


def custom_values(person: Person, mentor: str) -> list[dict[str, Any]]:
    """The company's own fields, which few people have filled in."""
    size = list(SHIRT_SIZES)[person.number % len(SHIRT_SIZES)]
    filled = {
        (HOBBY, "TEXT"): {"text": "旅游"} if person.number % 5 == 0 else None,
        (HOMEPAGE, "HREF"): _link(person.number) if person.number % 7 == 0 else None,
        (SHIRT, "ENUMERATION"): {"option_id": size, "option_value": SHIRT_SIZES[size]} if person.number % 6 == 0 else None,
        (MENTOR, "GENERIC_USER"): {"generic_user": {"id": mentor, "type": 1}} if mentor and person.number % 9 == 0 else None,
    }
    return [{"type": kind, "id": field_id, "value": value} for (field_id, kind), value in filled.items() if value]


def _link(number: int) -> dict[str, str]:
    address = f"https://example.com/people/{number}"
    return {"text": "主页", "url": address, "pc_url": address}


def _translated(chinese: str, english: str) -> list[dict[str, str]]:
    return [{"locale": "zh_cn", "value": chinese}, {"locale": "en_us", "value": english}]
