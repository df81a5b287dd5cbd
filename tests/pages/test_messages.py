"""Messages on a page: where each stands, who did not get it; taking back, trying again, and what one says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from psycopg2.extras import Json

from orgsync.pages.messages import MESSAGES_ON_A_PAGE, MISSED_ON_A_PAGE
from orgsync.pages.wording import say
from tests.pages.browser import CHINESE, ENGLISH, Look, open_window
from tests.pages.company import Company, enqueue
from tests.pages.markup import Element, read_markup
from tests.pages.site import Site

LISTED = "select message_id, state from notify.message where tenant_id = 'acme' order by message_id desc"
EVERYBODY = Json({"everyone": True})


def look(site: Site, path: str, user: str = "vic", **options: Any) -> Element:
    answer = site.get(path, user, **options)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def act(site: Site, message: int, what: str, user: str = "uma") -> Element:
    answer = site.post(f"acme/messages/{message}/{what}", user)
    assert answer.ok, answer.text
    return read_markup(answer.text)


def message_of(site: Site, name: str) -> Element:
    return look(site, f"acme/messages/{site.company.messages[name]}")


def section(page: Element, heading: str) -> Element:
    [found] = [each for each in page.find_all("section") if [title.text for title in each.find_all("h2")] == [heading]]
    return found


def facts(page: Element) -> dict[str, str]:
    [listed] = page.find_all("section", id="standing")[0].find_all("dl") if page.find_all("section") else page.find_all("dl")
    names, values = [each.text for each in listed.find_all("dt")], [each.text for each in listed.find_all("dd")]
    return dict(zip(names, values, strict=True))


def audit(company: Company, message: int) -> list[tuple[Any, ...]]:
    asked = {"subject": str(message)}
    return company.query("select actor, action, tenant_id, detail from ops.audit where subject = %(subject)s order by audit_id", asked)


def state_of(company: Company, message: int) -> str:
    [(state,)] = company.query("select state from notify.message where message_id = %(id)s", {"id": message})
    return str(state)


@pytest.fixture
def waiting(company: Company) -> Iterator[int]:
    """A message that nobody has sent yet; it is not there any more when the test ends."""
    made = enqueue(company, kind="text", audience=EVERYBODY, title="等一下")
    yield made
    company.query("delete from notify.message where message_id = %(id)s", {"id": made})


class TestListing:
    def test_newest_first_each_with_state_and_recipients(self, site: Site) -> None:
        rows = look(site, "acme/messages").rows
        known = site.company.query(LISTED)
        assert [row[0] for row in rows] == [f"Message {message}" for message, _ in known]
        for row, (message, state) in zip(rows, known, strict=True):
            assert row[2].startswith(say("en", f"message_state.{state}"))
            of = {"id": message}
            counts = site.company.query("select state, count(*) from notify.recipient where message_id = %(id)s group by 1", of)
            shown = {say("en", f"recipient.{state}"): count for state, count in counts}
            assert {part.rpartition(" ")[0]: int(part.rpartition(" ")[2]) for part in row[3].split(" , ") if part} == shown

    def test_reason_source_and_who_queued_it(self, site: Site) -> None:
        rows = {row[0]: row for row in look(site, "acme/messages").rows}
        dead = rows[f"Message {site.company.messages['dead']}"]
        assert "given up after 12 attempts" in dead[2]
        assert dead[4] == "tests orgsync"
        assert rows[f"Message {site.company.messages['completed']}"][1] == f"completes todo {site.company.messages['todo']}"

    def test_of_one_state_with_counts(self, site: Site) -> None:
        page = look(site, "acme/messages?state=dead")
        dead = sorted((site.company.messages[name] for name in ("doubted", "dead", "dead_too")), reverse=True)
        expected = [message for message, state in site.company.query(LISTED) if state == "dead"]
        assert [row[0] for row in page.rows] == [f"Message {message}" for message in expected]
        assert set(expected) <= set(dead)
        counts = Counter(state for _, state in site.company.query(LISTED))
        [states] = page.find_all("nav", aria_label="Messages by state")
        shown = [each.text for each in states.find_all("a")]
        assert sorted(shown[1:]) == sorted(f"{say('en', f'message_state.{state}')} {count}" for state, count in counts.items())
        assert [each.text for each in states.find_all("a", aria_current="true")] == [f"given up {counts['dead']}"]

    def test_what_waits_and_why(self, site: Site) -> None:
        text = section(look(site, "acme/messages"), "What waits, and why").text
        for reason, count in site.company.query(
            "select reason, count(*) from notify.message where tenant_id = 'acme' and state in ('pending', 'claimed') group by 1"
        ):
            assert f"{count} × {reason}" in text

    def test_page_by_page(self, site: Site, company: Company) -> None:
        made = [enqueue(company, kind="text", audience=EVERYBODY, title=f"很多 {number}") for number in range(MESSAGES_ON_A_PAGE)]
        try:
            first = look(site, "acme/messages?state=pending")
            assert [row[0] for row in first.rows] == [f"Message {message}" for message in reversed(made)]
            second = look(site, first.link("After →").removeprefix("/organization/"))
            expected = company.query(LISTED.replace("where", "where state = 'pending' and message_id < %(last)s and"), {"last": made[0]})
            assert [row[0] for row in second.rows] == [f"Message {message}" for message, _ in expected]
            assert second.link("⇤ To the first page").endswith("/messages?state=pending")
        finally:
            company.query("delete from notify.message where message_id = any(%(ids)s)", {"ids": made})

    def test_large_message_is_not_counted_to_its_end(self, site: Site, company: Company, waiting: int) -> None:
        company.query(
            "insert into notify.recipient (message_id, user_id) select %(id)s, 'u' || n from generate_series(1, 1100) as n", {"id": waiting}
        )
        try:
            rows = {row[0]: row for row in look(site, "acme/messages?state=pending").rows}
            assert rows[f"Message {waiting}"][3] == "more than 1,000 recipients"
            assert facts(look(site, f"acme/messages/{waiting}"))["Recipients"] == "waiting 1,100"
        finally:
            company.query("delete from notify.recipient where message_id = %(id)s", {"id": waiting})

    def test_channel_that_cannot_send_says_why(self, site: Site, company: Company) -> None:
        company.query("update notify.channel set problem = 'there is no secret <b>' where tenant_id = 'acme'")
        try:
            for path in ("acme/messages", "acme/quotas"):
                assert "Nothing can be sent now; what is queued waits: there is no secret <b>" in look(site, path).text
        finally:
            company.query("update notify.channel set problem = null where tenant_id = 'acme'")

    def test_quotas_are_those_of_the_command(self, site: Site, company: Company) -> None:
        rows = look(site, "acme/quotas").rows
        [(calls,)] = company.query(
            "select coalesce(sum(calls), 0) from notify.attempt where tenant_id = 'acme' "
            "and finished_at >= date_trunc('month', now() at time zone 'Asia/Shanghai') at time zone 'Asia/Shanghai'"
        )
        assert rows[0][:3] == ["billable calls this month", str(calls), "5,000"]
        assert [row[0] for row in rows] == ["billable calls this month", "messages to everybody today", "recipients this minute"]

    @pytest.mark.parametrize("query", ["state=lost", "before=0", "before=x", f"before={2**63}", "state=%00"])
    def test_nonsense_is_refused(self, site: Site, query: str) -> None:
        assert site.get(f"acme/messages?{query}").status_code == 422


class TestOne:
    def test_where_it_stands_and_who_did_not_get_it(self, site: Site) -> None:
        page = message_of(site, "dead")
        assert facts(page)["Recipients"] == "failed 3"
        assert facts(page)["Calls"] == "given up: 1 to 3 people"
        missed = site.company.query(
            "select name, user_id, recipient.reason from notify.recipient join org.users using (user_id) "
            "where message_id = %(id)s and tenant_id = 'acme' order by user_id",
            {"id": site.company.messages["dead"]},
        )
        shown = section(page, "Who did not get it")
        assert [(row[0], row[1], row[2]) for row in shown.rows] == [
            (f"{name} {user_id}", "failed", reason) for name, user_id, reason in missed
        ]
        assert shown.link(missed[0][0]).endswith(f"/acme/person?id={missed[0][1]}")

    def test_calls_and_attempts(self, site: Site) -> None:
        page = message_of(site, "doubted")
        [call] = section(page, "Calls").rows
        assert call[1].startswith("given up given up after 12 attempts")
        assert call[2:4] == ["3 people", "12"]
        attempts = section(page, "Attempts").rows
        assert len(attempts) == 12
        assert attempts[-1][3].startswith("nobody knows whether it went out")
        assert "some may have it twice" in attempts[0][3]

    def test_nobody_missed_what_all_were_sent(self, site: Site) -> None:
        assert "Nobody who is known to have missed it." in section(message_of(site, "sent"), "Who did not get it").text

    def test_who_is_not_in_the_organization(self, site: Site) -> None:
        [row] = section(message_of(site, "partly"), "Who did not get it").rows
        assert row[:3] == ["nobody nobody", "failed", "not in the organization: gone, or never there"]

    def test_todo_and_its_changes_lead_to_each_other(self, site: Site) -> None:
        todo, change = site.company.messages["todo"], site.company.messages["completed"]
        assert facts(message_of(site, "todo"))["Changes of this todo"] == f"Message {change} completes it, delivered"
        assert message_of(site, "completed").link(f"Message {todo}").endswith(f"/acme/messages/{todo}")

    def test_missed_page_by_page(self, site: Site, company: Company, waiting: int) -> None:
        company.query(
            "insert into notify.recipient (message_id, user_id, state) "
            "select %(id)s, to_char(n, 'FM0000'), case when n %% 2 = 0 then 'failed' else 'sent' end from generate_series(1, 240) as n",
            {"id": waiting},
        )
        try:
            names, path = [], f"acme/messages/{waiting}"
            for _ in range(3):
                shown = section(look(site, path), "Who did not get it")
                names += [row[0].split()[0] for row in shown.rows]
                if not shown.find_all("a", rel="next"):
                    break
                path = shown.find_all("a", rel="next")[0].attributes["href"].removeprefix("/organization/")
            assert len(section(look(site, f"acme/messages/{waiting}"), "Who did not get it").rows) == MISSED_ON_A_PAGE
            assert names == [f"{number:04}" for number in range(2, 241, 2)]
        finally:
            company.query("delete from notify.recipient where message_id = %(id)s", {"id": waiting})

    @pytest.mark.parametrize("user", ["vic", "eva"])
    def test_message_of_another_organization_is_not_there(self, site: Site, user: str) -> None:
        foreign = site.company.messages["foreign"]
        assert site.get(f"birch/messages/{foreign}", user).ok
        assert site.get(f"acme/messages/{foreign}", user).status_code == 404
        for what in ("recall", "retry", "reveal"):
            assert site.post(f"acme/messages/{foreign}/{what}", "eva").status_code == 404
        assert audit(site.company, foreign) == []

    @pytest.mark.parametrize(("message", "status"), [("999999", 404), ("0", 422), ("x", 422), (str(2**63), 422)])
    def test_message_that_is_not_there(self, site: Site, message: str, status: int) -> None:
        assert site.get(f"acme/messages/{message}").status_code == status

    def test_strange_place_to_go_on_from(self, site: Site) -> None:
        path = f"acme/messages/{site.company.messages['dead']}"
        assert site.get(f"{path}?after=%00").status_code == 400
        assert site.get(f"{path}?after=%ED%A0%80").ok
        assert site.get(f"{path}?after={'x' * 201}").status_code == 422


class TestActing:
    def test_what_was_not_sent_is_taken_back(self, site: Site, company: Company, waiting: int) -> None:
        said = act(site, waiting, "recall")
        assert say("en", "recall_answer.not sent yet") in said.text
        assert said.find_all("span", class_="badge")[0].text == "taken back"
        assert state_of(company, waiting) == "recalled"
        assert audit(company, waiting) == [("uma", "message.recalled", "acme", "not sent yet")]

    def test_what_was_sent_is_going_to_be(self, site: Site, company: Company) -> None:
        announced = company.messages["announced"]
        assert say("en", "recall_answer.asked") in act(site, announced, "recall").text
        assert company.query("select recall_wanted_at is not null from notify.message where message_id = %(id)s", {"id": announced}) == [
            (True,)
        ]
        assert audit(company, announced) == [("uma", "message.recalled", "acme", "asked")]

    def test_what_was_given_up_gets_another_round(self, site: Site, company: Company) -> None:
        dead = company.messages["dead_too"]
        said = act(site, dead, "retry")
        assert say("en", "retry_answer.again") in said.text
        assert facts(said)["Recipients"] == "waiting 3"
        assert state_of(company, dead) == "claimed"
        assert say("en", "retry_answer.under way") in act(site, dead, "retry").text
        assert audit(company, dead) == [("uma", "message.retried", "acme", "again"), ("uma", "message.retried", "acme", "under way")]

    def test_what_may_have_gone_out_or_was_refused_stays(self, site: Site, company: Company) -> None:
        for name, answer in (("doubted", "in doubt"), ("failed", "refused")):
            before = state_of(company, company.messages[name])
            assert say("en", f"retry_answer.{answer}") in act(site, company.messages[name], "retry").text
            assert state_of(company, company.messages[name]) == before

    def test_change_of_a_todo_is_not_taken_back(self, site: Site, company: Company) -> None:
        answer = site.post(f"acme/messages/{company.messages['completed']}/recall", "uma")
        assert answer.status_code == 400
        assert f"changes todo {company.messages['todo']}; take that one back" in read_markup(answer.text).text

    @pytest.mark.parametrize("what", ["recall", "retry", "reveal"])
    @pytest.mark.parametrize(
        ("user", "headers", "status"),
        [
            pytest.param("vic", {}, 403, id="a viewer"),
            pytest.param("noa", {}, 404, id="nobody's"),
            pytest.param("uma", {"X-Orgsync": ""}, 403, id="without our header"),
            pytest.param("uma", {"Sec-Fetch-Site": "cross-site"}, 403, id="from another site"),
        ],
    )
    def test_who_may_not_changes_nothing(
        self, site: Site, company: Company, waiting: int, what: str, user: str, headers: dict[str, str], status: int
    ) -> None:
        answer = site.post(f"acme/messages/{waiting}/{what}", user, headers=headers)
        assert answer.status_code == status
        assert "等一下" not in answer.text
        assert state_of(company, waiting) == "pending"
        assert audit(company, waiting) == []

    def test_buttons_are_for_who_may(self, site: Site, waiting: int) -> None:
        def buttons(user: str) -> list[str]:
            return [each.text for each in look(site, f"acme/messages/{waiting}", user).find_all("button", type="button")]

        assert buttons("uma") == ["Try again", "Take back"]
        assert buttons("vic") == []


class TestSaying:
    def test_what_it_says_is_for_who_may_see_personal_values_and_written_down(self, site: Site, company: Company) -> None:
        todo = company.messages["todo"]
        page = look(site, f"acme/messages/{todo}", "uma")
        assert "填表" not in page.text
        said = act(site, todo, "reveal")
        assert {each.text for each in said.find_all("dd", class_="said")} == {
            "填表 <b>",
            '"周五"前 交 🙂',
            "https://example.com/form?a=1&b=2",
        }
        assert said.find_all("a", href="https://example.com/form?a=1&b=2") == []
        people = company.query(
            "select name from notify.recipient join org.users using (user_id) where message_id = %(id)s and tenant_id = 'acme'",
            {"id": todo},
        )
        assert all(name in said.text for (name,) in people)
        assert audit(company, todo) == [("uma", "message.shown", "acme", "")]

    def test_who_may_change_need_not_be_who_may_read(self, site: Site, company: Company) -> None:
        assert site.post(f"acme/messages/{company.messages['partly']}/reveal", "olaf").status_code == 403
        assert look(site, f"acme/messages/{company.messages['partly']}", "olaf").find_all("form", data_send="said") == []
        assert audit(company, company.messages["partly"]) == []


@pytest.mark.parametrize("seen", [ENGLISH, CHINESE], ids=str)
def test_dialog_asks_back_and_the_answer_takes_its_place(site: Site, browser: Browser, waiting: int, seen: Look) -> None:
    language = "zh" if seen is CHINESE else "en"
    with open_window(browser, site, user="uma", look=seen) as window:
        page = window.open(f"acme/messages/{waiting}")
        page.get_by_role("button", name=say(language, "act.recall"), exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_have_text(say(language, "act.recall.title", message=waiting))
        assert window.list_faults() == []
        dialog.get_by_role("button", name=say(language, "act.cancel")).click()
        expect(dialog).to_be_hidden()
        assert state_of(site.company, waiting) == "pending"
        page.get_by_role("button", name=say(language, "act.recall"), exact=True).click()
        dialog.get_by_role("button", name=say(language, "act.recall"), exact=True).click()
        expect(page.locator("#standing .notice")).to_have_text(say(language, "recall_answer.not sent yet"))
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.locator("#said button").click()
        expect(page.locator("#said dd").first).to_have_text("等一下")
        assert window.list_faults() == []
        assert window.complaints == []
    assert state_of(site.company, waiting) == "recalled"
    assert [action for _, action, _, _ in audit(site.company, waiting)] == ["message.recalled", "message.shown"]
