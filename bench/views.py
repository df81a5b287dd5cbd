"""What is asked of the pages: each view with addresses drawn from what the warehouse knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from markupsafe import escape

from bench.asking import Question
from bench.known import Known, Person
from bench.world import TENANT
from orgsync.pages.cursors import write_cursor
from orgsync.warehouse.spelling import spell

CUT = '<p class="notice">'
"""What tells that nobody looked further, for time was up."""
CHANGES = ("joined", "left", "returned", "moved", "renamed", "updated", "created", "removed")
DIFFERENCES = (
    "user.came",
    "user.went",
    "user.moved",
    "user.renamed",
    "user.titled",
    "department.came",
    "department.went",
    "department.moved",
    "department.renamed",
)

Draw = Callable[[Known, Random], Question]


@dataclass(frozen=True)
class View:
    """`is_painted`: looked at in a browser too."""

    name: str
    draw: Draw
    is_painted: bool = False


def _ask(page: str, expects: str = "<h1", *, cut: str = "", **query: Any) -> Question:
    path = f"{TENANT}/{page}"
    return Question(f"{path}?{urlencode(query, doseq=True)}" if query else path, expects, cut=cut)


def _draw_health(_: Known, __: Random) -> Question:
    return Question("", TENANT)


def _draw_tree(_: Known, __: Random) -> Question:
    return _ask("tree")


def _draw_deep_tree(known: Known, random: Random) -> Question:
    department = random.choice(known.deep)
    return _ask("tree", str(escape(department.name)), open=department.above)


def _draw_compared_tree(known: Known, random: Random) -> Question:
    earlier, later = sorted(random.sample(known.days, 2))
    return _ask("tree", open=random.choice(known.deep).above, at=later, compare=earlier)


def _draw_wide_tree(known: Known, random: Random) -> Question:
    return _ask("tree", open=known.widest, at=random.choice(known.days))


def _draw_members(known: Known, random: Random) -> Question:
    department = random.choice(known.departments)
    return _ask("tree", str(escape(department.name)), open=department.above, department=department.department_id)


def _draw_crowd(known: Known, random: Random) -> Question:
    return _ask("tree", open=known.widest[:1], department=known.largest, turn=random.randrange(20))


def _search(words: Callable[[Known, Random], str], found: str = "person?id=") -> Draw:
    return lambda known, random: Question(f"{TENANT}/search", found, {"q": words(known, random)})


def _draw_name(known: Known, random: Random) -> str:
    return random.choice(known.people).name


def _draw_pinyin(known: Known, random: Random) -> str:
    return max(_spell(random.choice(known.people)), key=len)


def _draw_initials(known: Known, random: Random) -> str:
    person = random.choice([each for each in known.people if len(each.name) == 3 and not each.name.isascii()])
    return min(key for key in _spell(person) if len(key) == len(person.name))


def _spell(person: Person) -> list[str]:
    return sorted(key for key in spell("name", person.name) if key.isascii()) or [person.job_number]


def _draw_job_number(known: Known, random: Random) -> str:
    return random.choice(known.people).job_number


def _draw_title(known: Known, random: Random) -> str:
    return random.choice(known.people).title


def _draw_two_words(known: Known, random: Random) -> str:
    person = random.choice(known.people)
    return f"{person.name[0]} {person.title}"


def _draw_department_name(known: Known, random: Random) -> str:
    return random.choice(known.departments).name


def _draw_person(known: Known, random: Random) -> Question:
    person = random.choice(known.people)
    return _ask("person", str(escape(person.name)), id=person.user_id)


def _draw_person_then(known: Known, random: Random) -> Question:
    return _ask("person", id=random.choice(known.people).user_id, at=random.choice(known.days))


def _draw_department(known: Known, random: Random) -> Question:
    department = random.choice(known.departments)
    return _ask("department", str(escape(department.name)), id=department.department_id)


def _draw_large_department(known: Known, random: Random) -> Question:
    return _ask("department", id=random.choice([known.widest[0], *known.tops]))


def _draw_changes(known: Known, random: Random) -> Question:
    return _ask("changes", "<tbody", cut=CUT, until=random.choice(known.days[1:]))


def _draw_changes_of_a_kind(known: Known, random: Random) -> Question:
    return _ask("changes", cut=CUT, kind=random.choice(CHANGES), until=random.choice(known.days[1:]))


def _draw_changes_of_a_department(known: Known, random: Random) -> Question:
    return _ask("changes", cut=CUT, department=random.choice(known.department_ids))


def _draw_first_changes(known: Known, random: Random) -> Question:
    after = write_cursor(known.first.isoformat(), "user", random.choice(known.people).user_id)
    return _ask("changes", "<tbody", cut=CUT, until=known.days[0], after=after)


def _draw_differences_of_a_day(known: Known, random: Random) -> Question:
    place = random.randrange(1, len(known.days))
    return _ask("differences", cut=CUT, at=known.days[place], compare=known.days[place - 1])


def _draw_differences_of_a_year(known: Known, random: Random) -> Question:
    return _ask("differences", cut=CUT, kind=random.choice(DIFFERENCES), at=known.days[-1], compare=known.days[0])


def _draw_differences_of_a_department(known: Known, random: Random) -> Question:
    return _ask("differences", cut=CUT, department=random.choice(known.department_ids), at=known.days[-1], compare=known.days[0])


def _draw_differences_to_nothing(known: Known, random: Random) -> Question:
    """From before the first load: everybody came."""
    return _ask("differences", cut=CUT, at=random.choice(known.days), compare=known.days[0] - timedelta(days=1))


def _draw_plans(known: Known, random: Random) -> Question:
    return _ask("plans", before=random.randint(known.plans[0] + 1, known.plans[1] + 1))


def _draw_waiting_plan(known: Known, random: Random) -> Question:
    after = random.choice(known.people).user_id
    return _ask(f"plans/{known.plans[1]}", "<tbody", entity="user", kind=random.choice(("left", "updated")), after=after)


def _draw_first_plan(known: Known, random: Random) -> Question:
    return _ask(f"plans/{known.plans[0]}", "<tbody", entity="user", kind="joined", after=random.choice(known.people).user_id)


def _draw_quarantine(known: Known, random: Random) -> Question:
    return _ask("quarantine", **random.choice(({}, {"after": random.choice(known.quarantined)})))


def _draw_runs(known: Known, random: Random) -> Question:
    return _ask("runs", before=random.choice(known.runs))


def _draw_run(known: Known, random: Random) -> Question:
    return _ask("run", id=random.choice(known.runs))


def _draw_messages(known: Known, random: Random) -> Question:
    state = random.choice(({}, {"state": random.choice(("failed", "pending", "partly", "delivered"))}))
    return _ask("messages", before=random.randint(1, known.last_message + 1), **state)


def _draw_message(known: Known, random: Random) -> Question:
    return _ask(f"messages/{random.randint(1, known.last_message)}")


def _draw_message_to_all(known: Known, _: Random) -> Question:
    return _ask(f"messages/{known.message_to_all}")


def _draw_quotas(_: Known, __: Random) -> Question:
    return _ask("quotas")


VIEWS = (
    View("health", _draw_health, is_painted=True),
    View("tree", _draw_tree, is_painted=True),
    View("tree, seven levels", _draw_deep_tree),
    View("tree, seven levels, two days compared", _draw_compared_tree),
    View("tree, a level of thousands", _draw_wide_tree),
    View("members", _draw_members),
    View("members of the largest department", _draw_crowd),
    View("search, a name", _search(_draw_name), is_painted=True),
    View("search, pinyin", _search(_draw_pinyin)),
    View("search, initials", _search(_draw_initials)),
    View("search, a job number", _search(_draw_job_number)),
    View("search, a title", _search(_draw_title)),
    View("search, a surname and a title", _search(_draw_two_words, "<h1")),
    View("search, a department", _search(_draw_department_name, "department?id=")),
    View("person", _draw_person),
    View("person, on a day", _draw_person_then),
    View("department", _draw_department),
    View("department, a twentieth of all or more", _draw_large_department),
    View("changes", _draw_changes),
    View("changes of a kind", _draw_changes_of_a_kind),
    View("changes of a department", _draw_changes_of_a_department),
    View("changes of the first load", _draw_first_changes),
    View("differences of a day", _draw_differences_of_a_day),
    View("differences of a year", _draw_differences_of_a_year),
    View("differences of a year, a department", _draw_differences_of_a_department),
    View("differences to before the first load", _draw_differences_to_nothing),
    View("plans", _draw_plans),
    View("plan that waits", _draw_waiting_plan),
    View("plan of the first load", _draw_first_plan),
    View("quarantine", _draw_quarantine),
    View("runs", _draw_runs),
    View("run", _draw_run),
    View("messages", _draw_messages),
    View("message", _draw_message),
    View("message to everybody", _draw_message_to_all),
    View("quotas", _draw_quotas),
)
