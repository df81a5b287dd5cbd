"""What only the warehouse can tell: schema and roles, whom rules and audiences name, whose a tenant's history is, which quotas are left."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg2.extensions import connection as Connection

from orgsync.check import Check, ok
from orgsync.companies.ownership import compare_owners
from orgsync.doctor.alerting import check_people
from orgsync.doctor.telling import broken
from orgsync.errors import OrgsyncError
from orgsync.outbox import sending, store
from orgsync.outbox.audiences import ask_audience
from orgsync.outbox.queueing import Audience
from orgsync.settings import Settings
from orgsync.tenants import Stanzas, Tenant
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.hook import find_pages_login, find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import fetch_all, fetch_one
from orgsync.words import Words

WAREHOUSE, ROLES, PAGES, COMPANY, QUOTA, AUDIENCE = "warehouse", "roles", "pages", "company", "quota", "audience"

_NOTHING = Words("nothing can be loaded or sent", "无法加载，也无法发送")
_MIGRATE = Words("Run `orgsync migrate`", "运行 `orgsync migrate`")
_NO_LOADER = Words("the login {user} is no member of orgsync_loader", "登录名 {user} 不是 orgsync_loader 的成员")
_GRANT_LOADER = Words(
    "As the owner of the database: grant orgsync_loader to {user}", "以数据库所有者的身份执行：grant orgsync_loader to {user}"
)
_OPEN_READER = Words(
    "orgsync_reader can read mobile numbers, which are for orgsync_pii alone",
    "orgsync_reader 可以读到只应由 orgsync_pii 读取的手机号",
)
_REVOKE = Words(
    "As the owner of the database: revoke select on org.user_version from orgsync_reader, public",
    "以数据库所有者的身份执行：revoke select on org.user_version from orgsync_reader, public",
)
_NO_PRIVACY = Words("personal data is open to every reader", "个人信息对所有读者开放")
_NO_PAGES = Words("the pages of the organization show nothing", "组织架构页面无法显示任何内容")
_MASKED = Words("their login reads what a reader does, personal values masked", "其登录名的读取权限与只读角色相同，个人信息已屏蔽")
_NO_READER = Words("the login {user} is no member of orgsync_pages", "登录名 {user} 不是 orgsync_pages 的成员")
_GRANT_PAGES = Words(
    "Run `orgsync migrate` as the owner of the database, or: grant orgsync_pages to {user}",
    "以数据库所有者的身份运行 `orgsync migrate`，或执行：grant orgsync_pages to {user}",
)
_SEES_ALL = Words("the login {user} sees personal values in clear", "登录名 {user} 可以看到未屏蔽的个人信息")
_OTHER_LOGIN = Words(
    "Give the connection {conn_id} a login that is a member of orgsync_pages and of no other role",
    "请为连接 {conn_id} 配置一个仅属于 orgsync_pages 角色的登录名",
)
_NO_HISTORY = Words("nothing is loaded yet", "尚未加载任何数据")
_SAME = Words("the connection is of {owner}, as the tenant's history is", "连接属于 {owner}，与租户的历史一致")
_OTHER = Words(
    "the tenant's history is of {before}, and the connection is of {now}: {difference}",
    "租户的历史属于 {before}，而连接属于 {now}：{difference}",
)
_MEND_OR_SAY = Words(
    "Mend the connection. If the tenant is meant to go on with the other company: `orgsync sync {tenant} --new-company {name}`",
    "请更正连接。如果确实要让租户沿用另一家企业：`orgsync sync {tenant} --new-company {name}`",
)
_STOPPED = Words("a sync of another company stops, and nothing is sent", "读到另一家企业时同步会停止，也不会发送")
_COMPARED = Words(
    "nothing is sent until the next sync has found out by people's union ids whether both are one",
    "下一次同步按人员的 union id 判断是否为同一家企业，在此之前不会发送",
)
_LEFT = Words("{left:,} of {most:,} are left", "还剩 {left:,}，共 {most:,}")
_LARGER = Words("Wait until {until:%Y-%m-%d}, or get a larger edition of the platform", "等到 {until:%Y-%m-%d}，或升级平台的版本")
_HELD = Words("messages wait", "消息会等待")
_LASTING = ("billable calls this month", "recipients today")
"""Of the quotas, those that are not new within a minute."""


def check_warehouse(settings: Settings, stanzas: Stanzas, *, tenant_id: str | None) -> Iterator[Check]:
    """Its schema, whom rules and alerts name, every saved audience of these tenants, or of all there are; and the login of the pages."""
    try:
        with open_warehouse(find_warehouse(settings)) as connection:
            yield _check_schema(connection, settings)
            for tenant in stanzas.tenants:
                yield from _check_rules(connection, tenant)
            yield from check_people(connection, stanzas)
            yield from _check_audiences(connection, tenant_id)
            connection.rollback()
    except OrgsyncError as error:
        yield broken(WAREHOUSE, error, subject=settings.warehouse_conn_id, lost=_NOTHING)
    else:
        yield from _check_pages(settings)


def examine_warehouse(settings: Settings) -> Iterator[Check]:
    """Whether it answers, is migrated, and its roles and the login of the pages are right."""
    try:
        address = find_warehouse(settings)
        with open_warehouse(address) as connection:
            yield _check_schema(connection, settings)
            yield from _check_roles(connection, address.user)
            connection.rollback()
    except OrgsyncError as error:
        yield broken(WAREHOUSE, error, subject=settings.warehouse_conn_id, lost=_NOTHING)
    else:
        yield from _check_pages(settings)


def examine_standing(settings: Settings, tenant: Tenant) -> Iterator[Check]:
    """Whose the tenant's history is beside its connection, and what is left of its quotas; nothing where the warehouse is what is wrong."""
    try:
        with open_warehouse(find_warehouse(settings)) as connection:
            check_schema(connection)
            yield _check_company(connection, tenant)
            connection.rollback()
        yield from _check_quota(settings, tenant)
    except OrgsyncError:
        return


def _check_schema(connection: Connection, settings: Settings) -> Check:
    check_schema(connection)
    reason = Words("it answers, and has the schema of this version", "可以连接，表结构与本版本一致")
    return ok(WAREHOUSE, reason, subject=settings.warehouse_conn_id)


def _check_roles(connection: Connection, user: str) -> Iterator[Check]:
    found = fetch_one(connection, "ops/check_roles") or {}
    if not found.get("may_load"):
        yield Check(ROLES, "broken", _NO_LOADER.fill(user=user), _GRANT_LOADER.fill(user=user), _NOTHING, subject="orgsync_loader")
    elif found["reader_sees_mobile"]:
        yield Check(ROLES, "broken", _OPEN_READER, _REVOKE, _NO_PRIVACY, subject="orgsync_reader")
    else:
        yield ok(ROLES, Words("as this version made them", "与本版本创建的一致"))


def _check_pages(settings: Settings) -> Iterator[Check]:
    """The login of the pages, where there is one; where the warehouse itself is what is wrong, it has been told already."""
    try:
        if address := find_pages_login(settings):
            with open_warehouse(address) as connection:
                yield _check_login(connection, address)
                connection.rollback()
    except OrgsyncError as error:
        yield broken(PAGES, error, subject=settings.pages_conn_id, lost=_NO_PAGES)


def _check_login(connection: Connection, address: Address) -> Check:
    found = fetch_one(connection, "ops/check_pages_login") or {}
    if not found.get("may_ask"):
        told = _NO_READER.fill(user=address.user), _GRANT_PAGES.fill(user=address.user)
    elif found["sees_all"]:
        told = _SEES_ALL.fill(user=address.user), _OTHER_LOGIN.fill(conn_id=address.conn_id)
    else:
        check_schema(connection)
        return ok(PAGES, _MASKED, subject=address.conn_id)
    return Check(PAGES, "broken", *told, _NO_PAGES, subject=address.conn_id)


def _check_company(connection: Connection, tenant: Tenant) -> Check:
    compared = compare_owners(connection, tenant)
    if compared is None:
        return ok(COMPANY, _NO_HISTORY, tenant_id=tenant.id)
    if not compared.difference:
        return ok(COMPANY, _SAME.fill(owner=compared.now), tenant_id=tenant.id)
    fix = _MEND_OR_SAY.fill(tenant=tenant.id, name=compared.now.name)
    reason = _OTHER.fill(before=compared.before, now=compared.now, difference=compared.difference)
    if compared.is_certain:
        return Check(COMPANY, "broken", reason, fix, _STOPPED, tenant_id=tenant.id)
    return Check(COMPANY, "degraded", reason, fix, _COMPARED, tenant_id=tenant.id)


def _check_quota(settings: Settings, tenant: Tenant) -> Iterator[Check]:
    gauges = [gauge for channel in sending.read_quota(settings, tenant.id) for gauge in channel["gauges"] if gauge["name"] in _LASTING]
    for gauge in gauges:
        left = _LEFT.fill(left=max(0, gauge["most"] - gauge["used"]), most=gauge["most"])
        if gauge["warning"]:
            fix = _LARGER.fill(until=gauge["renewed_at"])
            yield Check(QUOTA, "degraded", left, fix, _HELD, subject=gauge["name"], tenant_id=tenant.id)
        else:
            yield ok(QUOTA, left, subject=gauge["name"], tenant_id=tenant.id)


def _check_rules(connection: Connection, tenant: Tenant) -> Iterator[Check]:
    for rule in tenant.change_messages:
        audience = Audience(rule.everyone, rule.users, rule.departments, rule.query)
        if problem := store.find_audience_problem(connection, tenant.id, audience.as_json()):
            text, subject = f"rule of template {rule.template!r}: {problem}", rule.query or rule.template
            yield broken(AUDIENCE, text, subject=subject, tenant_id=tenant.id)


def _check_audiences(connection: Connection, tenant_id: str | None) -> Iterator[Check]:
    for row in fetch_all(connection, "outbox/list_audiences", tenant_id=tenant_id):
        try:
            found = ask_audience(connection, row["tenant_id"], row["name"])
        except OrgsyncError as error:
            yield broken(AUDIENCE, error, subject=row["name"], tenant_id=row["tenant_id"])
        else:
            strangers = f"; {found.strangers:,} of its ids are nobody's" if found.strangers else ""
            yield ok(AUDIENCE, f"{len(found.user_ids):,} people{strangers}", subject=row["name"], tenant_id=row["tenant_id"])
