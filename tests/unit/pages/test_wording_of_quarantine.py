import re
from pathlib import Path

from orgsync.pages.wording import TEXTS

DATA_MODEL = Path(__file__).parents[3] / "docs" / "data-model.md"


def test_each_rule_is_said_in_words_with_what_to_do() -> None:
    table = DATA_MODEL.read_text(encoding="utf-8").partition("| rule | entity | what it says |")[2].partition("\n\n")[0]
    rules = {rule for line in table.splitlines() for rule in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")}
    assert {"orphan", "not_read", "quarantined_department"} <= rules
    for kind in ("rule", "fix"):
        assert {name.removeprefix(f"{kind}.") for name in TEXTS if name.startswith(f"{kind}.")} == rules
