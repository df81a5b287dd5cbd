"""For whom a call is, and what of it is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orgsync.errors import ConfigurationError
from orgsync.events.doors import find_doors
from orgsync.events.receiving import receive
from orgsync.platforms.hearing.events import Callback, Event, RefusedCallError
from orgsync.tenants import Stanzas, Tenant
from orgsync.tenants.events import Events
from orgsync.tenants.file import BrokenStanza
from tests.unit.platforms.hearing import calls
from tests.unit.platforms.hearing.calls import DINGTALK, FEISHU, NOW, WECOM

HTTP = Events(receive="http")
CALLBACKS: dict[str, Callback] = {"ding": DINGTALK, "wecom": WECOM, "feishu": FEISHU, "ding_other": replace(DINGTALK, company="ding9")}


def tenant(tenant_id: str, platform: str, conn_id: str, *, events: Events = HTTP, user_key: str = "") -> Tenant:
    return Tenant(id=tenant_id, platform=platform, conn_id=conn_id, events=events, user_key=user_key)


def connect(each: Tenant) -> Callback:
    if each.conn_id not in CALLBACKS:
        raise ConfigurationError("nothing there")
    return CALLBACKS[each.conn_id]


def test_event_is_stored_for_each_tenant_of_the_app_that_receives() -> None:
    off = tenant("silent", "dingtalk", "ding", events=Events())
    doors = find_doors(
        Stanzas((tenant("east", "dingtalk", "ding"), tenant("west", "dingtalk", "ding"), off, tenant("f", "feishu", "feishu"))), connect
    )
    received = receive(doors.open["east"], calls.call_dingtalk(calls.dingtalk_message(userId=["u1"])), now=NOW)
    assert [(row["tenant_id"], row["event_key"], row["user_ids"]) for row in received.rows] == [
        ("east", "k1", ["u1"]),
        ("west", "k1", ["u1"]),
    ]
    assert set(doors.open) == {"east", "west", "f"}


def test_event_goes_to_the_company_that_it_names() -> None:
    """An app that several companies have is one subscription."""
    doors = find_doors(Stanzas((tenant("ours", "dingtalk", "ding"), tenant("theirs", "dingtalk", "ding_other"))), connect)
    to = {
        company: [
            row["tenant_id"]
            for row in receive(doors.open["ours"], calls.call_dingtalk(calls.dingtalk_message(CorpId=company)), now=NOW).rows
        ]
        for company in ("ding000000000000000001", "ding9")
    }
    assert to == {"ding000000000000000001": ["ours"], "ding9": ["theirs"]}
    with pytest.raises(RefusedCallError):
        receive(doors.open["ours"], calls.call_dingtalk(calls.dingtalk_message(CorpId="ding_of_nobody")), now=NOW)


def test_people_are_named_by_what_the_tenant_keys_them() -> None:
    doors = find_doors(Stanzas((tenant("a", "feishu", "feishu"), tenant("b", "feishu", "feishu", user_key="open_id"))), connect)
    rows = receive(doors.open["a"], calls.F2, now=NOW).rows
    assert [(row["user_ids"], row["open_ids"]) for row in rows] == [(["u1"], ["ou_1"]), (["ou_1"], ["ou_1"])]


def test_check_of_an_address_stores_nothing() -> None:
    doors = find_doors(Stanzas((tenant("a", "dingtalk", "ding"),)), connect)
    assert receive(doors.open["a"], calls.call_dingtalk({"EventType": "check_url"}), now=NOW).rows == ()


def test_tenant_whose_stanza_or_connection_is_wrong_is_known_and_closed() -> None:
    doors = find_doors(Stanzas((tenant("lost", "dingtalk", "nowhere"),), (BrokenStanza((), "broken"), BrokenStanza((), ""))), connect)
    assert (dict(doors.open), set(doors.closed)) == ({}, {"lost", "broken"})


@pytest.mark.parametrize(
    ("body", "object_ids", "kind"),
    [
        (
            "<ChangeType>create_user</ChangeType><UserID>u1</UserID><Department>1,2</Department><Mobile>13800000000</Mobile>",
            (("u1",), ("1", "2")),
            "user.added",
        ),
        ("<ChangeType>update_user</ChangeType><UserID>u1</UserID><NewUserID>u2</NewUserID>", (("u1", "u2"), ()), "user.changed"),
        ("<ChangeType>delete_user</ChangeType><UserID>u1</UserID>", (("u1",), ()), "user.removed"),
        ("<ChangeType>create_party</ChangeType><Id>7</Id><ParentId>1</ParentId><Name>n</Name>", ((), ("7",)), "department.added"),
        ("<ChangeType>update_party</ChangeType><Id>7</Id>", ((), ("7",)), "department.changed"),
        ("<ChangeType>delete_party</ChangeType><Id>7</Id>", ((), ("7",)), "department.removed"),
        ("<ChangeType>update_tag</ChangeType><TagId>3</TagId><AddUserItems>a,b</AddUserItems>", (("a", "b"), ()), "other"),
        ("<ChangeType>of_tomorrow</ChangeType><UserID>u1</UserID>", (("u1",), ()), "other"),
    ],
)
def test_wecom_events(body: str, object_ids: tuple[tuple[str, ...], tuple[str, ...]], kind: str) -> None:
    event = _hear_wecom(body)
    assert ((event.user_ids, event.department_ids), event.kind) == (object_ids, kind)
    assert "13800000000" not in repr(event)


def _hear_wecom(body: str) -> Event:
    head = f"<ToUserName>{WECOM.app}</ToUserName><FromUserName>sys</FromUserName><CreateTime>{NOW}</CreateTime>"
    said = f"<xml>{head}<Event>change_contact</Event>{body}</xml>"
    event = WECOM.hear(calls.call_wecom(said.encode()), now=NOW).event
    assert event is not None
    return event


def test_who_is_created_and_updated_in_one_second_has_two_events() -> None:
    keys = {_hear_wecom(f"<ChangeType>{change}</ChangeType><UserID>u1</UserID>").key for change in ("create_user", "update_user")}
    assert len(keys) == 2


def test_wecom_job_is_told_apart_by_its_id() -> None:
    jobs = {_hear_wecom(f"<BatchJob><JobId>{job}</JobId><JobType>sync_user</JobType></BatchJob>").key for job in ("a", "b")}
    assert len(jobs) == 2


@pytest.mark.parametrize(
    ("said", "kind", "user_ids", "department_ids"),
    [
        ({"EventType": "user_add_org", "userId": ["u1", "u2"]}, "user.added", ("u1", "u2"), ()),
        ({"EventType": "user_leave_org", "UserId": ["u1"], "OptStaffId": "boss"}, "user.removed", ("u1",), ()),
        ({"EventType": "org_dept_remove", "deptId": [5, 6]}, "department.removed", (), ("5", "6")),
        ({"EventType": "org_admin_add", "userId": ["u1"]}, "user.changed", ("u1",), ()),
        ({"EventType": "label_user_change", "userIdList": ["u1"]}, "other", ("u1",), ()),
        ({"EventType": "of_tomorrow"}, "other", (), ()),
    ],
)
def test_dingtalk_events(said: dict[str, object], kind: str, user_ids: tuple[str, ...], department_ids: tuple[str, ...]) -> None:
    event = DINGTALK.hear(calls.call_dingtalk(calls.dingtalk_message() | said), now=NOW).event
    assert event is not None
    assert (event.kind, event.user_ids, event.department_ids) == (kind, user_ids, department_ids)


def test_dingtalk_event_of_old_has_the_same_key_twice() -> None:
    old = {"EventType": "user_leave_org", "CorpId": "ding000000000000000001", "TimeStamp": str(NOW * 1000), "UserId": ["u1"]}
    first, second = (DINGTALK.hear(calls.call_dingtalk(old), now=NOW).event for _ in range(2))
    other = DINGTALK.hear(calls.call_dingtalk(old | {"UserId": ["u2"]}), now=NOW).event
    assert first == second
    assert first is not None
    assert other is not None
    assert first.key != other.key


@pytest.mark.parametrize(
    ("name", "body", "kind", "ids"),
    [
        (
            "contact.user.updated_v3",
            {
                "object": {"user_id": "u1", "open_id": "ou_1", "name": "n", "department_ids": ["od-1"]},
                "old_object": {"department_ids": ["od-2"]},
            },
            "user.changed",
            (("u1",), ("ou_1",), ("od-1", "od-2")),
        ),
        (
            "contact.department.updated_v3",
            {"object": {"open_department_id": "od-1", "department_id": "D1", "leader_user_id": "ou_9"}},
            "department.changed",
            ((), (), ("od-1",)),
        ),
        (
            "contact.scope.updated_v3",
            {
                "added": {"users": [{"user_id": "u1", "open_id": "ou_1"}], "departments": [{"open_department_id": "od-1"}]},
                "removed": {"users": None},
            },
            "range.changed",
            (("u1",), ("ou_1",), ("od-1",)),
        ),
        ("contact.of_tomorrow_v9", {"object": []}, "other", ((), (), ())),
    ],
)
def test_feishu_events(name: str, body: object, kind: str, ids: tuple[tuple[str, ...], ...]) -> None:
    event = FEISHU.hear(calls.call_feishu(calls.feishu_message(name, body)), now=NOW).event
    assert event is not None
    assert (event.kind, (event.user_ids, event.open_ids, event.department_ids)) == (kind, ids)


def test_feishu_event_of_the_first_form() -> None:
    old = {"uuid": "x1", "token": "vt", "ts": "1700000000.5", "type": "event_callback", "event": {"type": "user_add", "tenant_key": "tk"}}
    event = FEISHU.hear(calls.call_feishu(old), now=NOW).event
    assert event is not None
    assert (event.key, event.type, event.kind, event.company) == ("x1", "user_add", "other", "tk")
