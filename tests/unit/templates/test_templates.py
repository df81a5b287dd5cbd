"""Whatever is inserted stays what it was: text. Whatever is wrong with a template, the error names file, line and variable."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.dingtalk import messages as dingtalk
from orgsync.platforms.feishu import messages as feishu
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import KINDS, Content, Delivery, Kind, Person
from orgsync.platforms.wecom import messages as wecom
from orgsync.settings import HOME, read_settings
from orgsync.templates.expressions import Marked
from orgsync.templates.rendering import Template, list_templates, load_template, render
from orgsync.templates.values import clean, to_text

SHIPPED = read_settings({}).templates_folder
NASTY = 'He said "hi" \\ \\" C:\\new\n第二行 😀👩‍💻 </at> <at id=all></at> {"a": 1} {{ 7 * 7 }} </font> \u2028 \x00\x1b[31m'
EXAMPLES: dict[str, dict[str, Any]] = {
    "announcement": {"title": "放假", "text": "明天放假。\n后天上班。", "link": "https://example.com/a?b=1"},
    "todo": {"what": "填写周报", "link": "https://example.com/weekly", "due": "2026-03-01"},
    "joined": {"name": "张三", "department": "研发部", "joined_on": date(2026, 3, 1), "position": "工程师", "greeting": "欢迎"},
}


def bracket(text: str) -> str:
    """A fake of a platform's escaping that shows how often and on what it was called."""
    return f"⟦{text}⟧"


def load(folder: Path, text: str) -> Template:
    (folder / "hello.yaml").write_text(text, encoding="utf-8")
    return load_template(folder, "hello")


def fill(folder: Path, text: str, platform: str = "wecom", **variables: object) -> Content:
    return render(load(folder, text), variables, platform=platform, escape_markdown=bracket)


def refuse(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    start = f"{folder / 'hello.yaml'}"
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start).removeprefix(", ")


def fail(folder: Path, text: str, **variables: object) -> str:
    template = load(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        render(template, variables, platform="wecom", escape_markdown=bracket)
    assert "'hello'" in str(caught.value)
    return str(caught.value)


def of(body: str, *, kind: str = "text", names: str = "x") -> str:
    """A template of one field, which takes the variables named."""
    variables = "".join(f"  {name}: something\n" for name in names.split())
    return f"kind: {kind}\nvariables:\n{variables}body: |\n  {body}\n"


# --- what is rendered ---


def test_every_field_is_rendered(tmp_path: Path) -> None:
    content = fill(
        tmp_path,
        """\
kind: todo
title: "Approve {{ what }}"
body: "{% for name in names %}{{ name }}{{ ', ' if not loop.last else '' }}{% endfor %}"
url: "https://example.com/{{ id }}"
due_at: "{{ due }}"
variables: {what: what, names: who, id: of what, due: until when}
""",
        what="leave",
        names=["Ann", "Bob"],
        id=7,
        due=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )
    assert content == Content("todo", "Approve leave", "Ann, Bob", "https://example.com/7", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))


def test_platform_replaces_single_fields(tmp_path: Path) -> None:
    text = "kind: text\ntitle: T\nbody: B\nurl: https://a\nplatforms: {feishu: {body: F}, dingtalk: {url: ''}}\n"
    assert fill(tmp_path, text, "wecom") == Content("text", "T", "B", "https://a")
    assert fill(tmp_path, text, "feishu") == Content("text", "T", "F", "https://a")
    assert fill(tmp_path, text, "dingtalk") == Content("text", "T", "B", "")


def test_default_stands_in_for_a_variable_that_is_not_given(tmp_path: Path) -> None:
    text = """\
kind: text
body: '{{ a }}{{ b | join("+") }}'
variables: {a: {description: x, default: 1}, b: {description: y, default: [2, 3]}}
"""
    assert fill(tmp_path, text).body == "12+3"
    assert fill(tmp_path, text, a=9).body == "92+3"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (7, "7"),
        (1.5, "1.5"),
        (True, "True"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 9, 5, tzinfo=UTC), "2026-03-01 09:05"),
    ],
)
def test_plain_value_has_a_plain_text(tmp_path: Path, value: object, text: str) -> None:
    assert fill(tmp_path, of("<{{ x }}>"), x=value).body == f"<{text}>"


def test_item_of_a_dictionary_may_be_called_as_one_of_its_methods(tmp_path: Path) -> None:
    assert fill(tmp_path, of("{{ x.items }} {{ x['keys'] }}"), x={"items": 3, "keys": 4}).body == "3 4"


def test_dates_are_written_as_wanted_in_any_script(tmp_path: Path) -> None:
    body = of("{{ x | date('%Y年%-m月%-d日') }} {{ y | date }} {{ z | date }}", names="x y z")
    assert fill(tmp_path, body, x=date(2026, 3, 1), y="2026-03-02T18:00+08:00", z=None).body == "2026年3月1日 2026-03-02 "


def test_title_is_one_line(tmp_path: Path) -> None:
    assert fill(tmp_path, "kind: text\ntitle: '{{ x }} !'\nvariables: {x: x}\n", x="a\n\tb").title == "a b !"


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-03-01", "2026-03-01T23:59:00+08:00"),
        (date(2026, 3, 1), "2026-03-01T23:59:00+08:00"),
        ("2026-03-01T18:00", "2026-03-01T18:00:00+08:00"),
        ("2026-03-01 18:00Z", "2026-03-01T18:00:00+00:00"),
        (datetime(2026, 3, 1, 18, tzinfo=timezone(timedelta(hours=9))), "2026-03-01T18:00:00+09:00"),
        ("", None),
        (None, None),
    ],
)
def test_due_time_has_a_zone(tmp_path: Path, due: object, expected: str | None) -> None:
    found = fill(tmp_path, "kind: todo\ntitle: T\ndue_at: '{{ x }}'\nvariables: {x: x}\n", x=due).due_at
    assert (found and found.isoformat()) == expected


def test_due_time_that_is_none_is_named(tmp_path: Path) -> None:
    assert "due_at is no date or time" in fail(tmp_path, "kind: todo\ntitle: T\ndue_at: '{{ x }}'\nvariables: {x: x}\n", x="soon")


# --- escaping ---


@given(a=st.text(), items=st.lists(st.text(), max_size=3), key=st.text())
def test_every_value_is_escaped_exactly_once_in_markdown(
    tmp_path_factory: pytest.TempPathFactory, a: str, items: list[str], key: str
) -> None:
    body = (
        "*{{ a }}*{% for i in items %}-{{ i }}{% endfor %}"
        "{% set b = a ~ key %}={{ b }}={{ map[key] }}={{ items | join('#') }}={{ a | upper }}."
    )
    source = of(body, kind="markdown", names="a items key map")
    content = fill(tmp_path_factory.getbasetemp(), source, a=a, items=items, key=key, map={key: a})
    loop = "".join(f"-{bracket(clean(item))}" for item in items)
    values = [clean(a) + clean(key), clean(a), "#".join(map(clean, items)), clean(a.upper())]
    assert content.body == f"*{bracket(clean(a))}*{loop}=" + "=".join(map(bracket, values)) + "."


def test_value_marked_as_markdown_goes_in_as_it_is(tmp_path: Path) -> None:
    body = "{{ x | markdown }} {{ x }} {{ (x | markdown) ~ '' }} {{ x | markdown | upper }}"
    assert fill(tmp_path, of(body, kind="markdown"), x="**b**\x00").body == "**b** ⟦**b**⟧ ⟦**b**⟧ ⟦**B**⟧"


def test_text_that_claims_to_be_markdown_is_escaped(tmp_path: Path) -> None:
    assert fill(tmp_path, of("{{ x }}{{ y[0] }}", kind="markdown", names="x y"), x=Marked("*"), y=[Marked("*")]).body == "⟦*⟧⟦*⟧"


def test_literal_of_an_expression_is_a_value(tmp_path: Path) -> None:
    assert fill(tmp_path, of("*{{ '*' }}{{ x or '_' }}", kind="markdown"), x="").body == "*⟦*⟧⟦_⟧"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "markdown"])
def test_plain_kind_is_escaped_by_its_platform_alone(tmp_path: Path, kind: str) -> None:
    text = f"kind: {kind}\ntitle: '{{{{ x }}}}'\nbody: '{{{{ x }}}}'\nvariables: {{x: x}}\n"
    content = fill(tmp_path, text, x="*a* <b> &amp;")
    assert (content.title, content.body) == ("*a* <b> &amp;", "*a* <b> &amp;")


def test_title_of_markdown_is_plain(tmp_path: Path) -> None:
    assert fill(tmp_path, "kind: markdown\ntitle: '{{ x }}'\nbody: B\nvariables: {x: x}\n", x="*a*").title == "*a*"


@given(value=st.text())
def test_value_is_only_ever_a_part_of_a_url(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    source = "kind: text\nbody: B\nurl: https://example.com/{{ x }}?y={{ x }}#end\nvariables: {x: x}\n"
    url = fill(tmp_path_factory.getbasetemp(), source, x=value).url
    part = url.removeprefix("https://example.com/").split("?")[0]
    assert url == f"https://example.com/{part}?y={part}#end"
    assert not set(part) & set("/?#& <>\"'\\\n")
    assert unquote(part) == clean(value)


def test_whole_url_goes_in_as_it_is(tmp_path: Path) -> None:
    source = "kind: text\nbody: B\nurl: '{{ x | url }}'\nvariables: {x: x}\n"
    assert fill(tmp_path, source, x=" https://example.com/a?b=1&c=2#d ").url == "https://example.com/a?b=1&c=2#d"
    assert fill(tmp_path, source, x="").url == ""


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "data:text/html,x", "example.com", "https://a b", "https://bank.com@evil.com/", 31415926]
)
def test_filter_url_takes_nothing_but_urls(tmp_path: Path, value: object) -> None:
    error = fail(tmp_path, "kind: text\nbody: B\nurl: '{{ x | url }}'\nvariables: {x: x}\n", x=value)
    assert "is no URL" in error
    assert "(variables there: x)" in error
    assert str(value) not in error


def test_url_in_markdown_cannot_end_its_link(tmp_path: Path) -> None:
    body = of("[open]({{ x | url }})", kind="markdown")
    url = "https://a_b.example.com/x)_[*y*](https://evil.example.com"
    assert fill(tmp_path, body, x=url).body == "[open](https://a_b.example.com/x%29%5F%5B%2Ay%2A%5D%28https://evil.example.com)"


@given(value=st.text(alphabet=st.characters(max_codepoint=0x2100) | st.sampled_from("\ud800\udfff\u202e\u2066")))
def test_no_control_character_gets_into_a_message(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    body = fill(tmp_path_factory.getbasetemp(), of("<{{ x }}>"), x=value).body
    body.encode()
    assert all(sign in "\n\t" or sign.isprintable() or ord(sign) > 0x9F for sign in body)
    assert not set(body) & set("\r\x85\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_line_ends_become_one_kind() -> None:
    assert to_text("a\r\nb\rc\u2028d\te") == "a\nb\nc\nd\te"


# --- what the platforms make of it ---


def bodies(platform: str, content: Content) -> list[Any]:
    """Every body that the platform's module writes of it."""
    delivery = Delivery(content, key="k" * 20, people=(Person("ann", "union", "ou_1"),))
    if content.kind == "todo" and platform == "dingtalk":
        return [dingtalk.write_todo(content, source_id="s", creator="c", executors=["e"])]
    if content.kind == "todo" and platform == "feishu":
        return [feishu.write_task(delivery, user_id_type="open_id")]
    if platform == "dingtalk":
        return [dingtalk.write_notification(delivery, agent_id=1)]
    if platform == "wecom":
        return [wecom.write_send(delivery, agent_id=1)]
    return [feishu.write_single(delivery, delivery.people[0]), feishu.write_batch(delivery)]


def texts_of(value: Any) -> list[str]:
    """All texts in it, and in JSON that is a text in it."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    if isinstance(value, str) and value.startswith('{"'):
        return texts_of(json.loads(value))
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("platform", PLATFORM_NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_nasty_value_survives_the_way_to_the_platform(tmp_path: Path, platform: str, kind: Kind) -> None:
    text = f"kind: {kind}\ntitle: 'T {{{{ x }}}}'\nbody: 'B {{{{ x }}}}'\nurl: 'https://a/{{{{ x }}}}'\nvariables: {{x: x}}\n"
    content = render(load(tmp_path, text), {"x": NASTY}, platform=platform, escape_markdown=lambda text: text)
    for body in bodies(platform, content):
        read = json.loads(encode(body))
        assert read == body
        together = "\n".join(texts_of(read))
        assert "第二行 😀👩‍💻" in together
        assert not set(together) & set("\x00\x1b\u2028")
        if kind not in ("card", "markdown") and platform == "dingtalk":
            assert content.body in together


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("platform", PLATFORM_NAMES)
def test_shipped_template_can_be_sent(name: str, platform: str) -> None:
    module = {"dingtalk": dingtalk, "wecom": wecom, "feishu": feishu}[platform]
    content = render(load_template(SHIPPED, name), EXAMPLES[name], platform=platform, escape_markdown=lambda text: text)
    assert not module.find_problems(content)
    assert content.title
    assert content.body
    assert bodies(platform, content)


def test_these_templates_are_shipped() -> None:
    assert list_templates(SHIPPED) == tuple(sorted(EXAMPLES))


def test_example_of_the_documentation_works(tmp_path: Path) -> None:
    page = (HOME / "docs" / "templates.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    given: dict[str, object] = {"name": "Ann", "department": "R&D", "id": "7/8", "greeting": "Hello"}
    assert fill(tmp_path, example, "feishu", **given) == Content(
        "markdown", "Welcome, Ann", "**⟦Ann⟧** has joined ⟦R&D⟧.\n> ⟦Hello⟧", "https://hr.example.com/people/7%2F8"
    )
    assert "our company" in fill(tmp_path, example, "wecom", **given).body


# --- values ---


def test_missing_variable_is_named_with_what_it_is(tmp_path: Path) -> None:
    assert fail(tmp_path, "kind: text\nbody: '{{ who }}'\nvariables: {who: 姓名}\n") == "template 'hello' needs the variable 'who' (姓名)"


def test_unknown_variable_is_named(tmp_path: Path) -> None:
    assert fail(tmp_path, of("{{ x }}"), x=1, y=2) == "template 'hello' has no variable 'y'; it has: x"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "is or holds a object"),
        ([b"x"], "is or holds a bytes"),
        ({1: 2}, "has a key that is a int"),
        (["x"] * 20_000, "holds more than 10000 items"),
        (["x" * 200_000] * 2, "holds more than 262144 characters"),
        ([[[[[[[[[[1]]]]]]]]]], "is nested more than 8 deep"),
    ],
)
def test_value_that_is_not_plain_is_refused(tmp_path: Path, value: object, reason: str) -> None:
    assert f"template 'hello': variable 'x' {reason}" in fail(tmp_path, of("{{ x }}"), x=value)


def test_value_that_holds_itself_is_refused(tmp_path: Path) -> None:
    value: list[Any] = []
    value.append(value)
    assert "variable 'x' is nested more than 8 deep" in fail(tmp_path, of("{{ x }}"), x=value)


def test_list_without_a_loop_is_no_text(tmp_path: Path) -> None:
    assert "use a loop, or the filter join (variables there: x)" in fail(tmp_path, of("{{ x }}"), x=[1])


def test_runtime_error_names_line_and_variables(tmp_path: Path) -> None:
    text = "kind: text\nvariables: {person: who, x: x}\nbody: |\n  Hello\n  {{ x }}, {{ person.nmae }}\n"
    error = fail(tmp_path, text, x=1, person={"name": "Ann"})
    assert f"{tmp_path / 'hello.yaml'}, line 5, body: 'dict object' has no attribute 'nmae' (variables there: person, x)" in error


def test_runtime_error_does_not_show_values(tmp_path: Path) -> None:
    for body in ("{{ x[0].y }}", "{{ x | round }}", "{{ x | date }}", "{{ x + 1 }}", "{{ x | abs }}", "{% for a, b in [x] %}{% endfor %}"):
        assert "13800138000" not in fail(tmp_path, of(body), x="tel. 13800138000")


# --- the sandbox ---

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ x.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ range.__globals__ }}",
    "{{ loop }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ x.format }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ x.upper() }}",
    "{{ [].append(1) }}",
    "{{ x | attr('__class__') }}",
    "{{ [x] | map(attribute='__class__') | first }}",
    "{{ [x] | groupby('__class__') | first }}",
    "{{ config }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum() }}",
    "{{ namespace(a=1) }}",
    "{% set range = x %}{{ range() }}",
    "{% for i in [1] %}{{ loop.__init__ }}{% endfor %}",
    "{% for i in [1] %}{{ loop.cycle }}{% endfor %}",
    "{% for i in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% macro m() %}{% endmacro %}",
    "{% set y %}{{ x }}{% endset %}",
    "{% autoescape true %}{{ x }}{% endautoescape %}",
    "{% filter upper %}{{ x }}{% endfilter %}",
    "{% block b %}{% endblock %}",
    "{% for i in [] recursive %}{% endfor %}",
    "{{ x | safe }}",
    "{{ x | tojson }}",
    "{% do x %}",
]


@pytest.mark.parametrize("body", ESCAPES)
@pytest.mark.parametrize("kind", ["text", "markdown"])
def test_way_out_of_the_sandbox_is_refused(tmp_path: Path, body: str, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"hello\.yaml, line 5[:,]"):
        fill(tmp_path, "kind: " + kind + "\nvariables:\n  x: x\nbody: |\n  " + body + "\n", x="x")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ x.year }}{{ x['__class__'] }}", "access to attribute '__class__' of 'date' object is unsafe"),
    ],
)
def test_refusal_says_what_was_wanted(tmp_path: Path, body: str, reason: str) -> None:
    assert reason in fail(tmp_path, of(body), x=date(2026, 3, 1))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{% for i in range(999) %}{{ x }}{% endfor %}", "longer than 262144 bytes"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", "more than 10000 rounds"),
        ("{{ range(999999999) | list }}", "OverflowError"),
        ("{{ 'x' * 999999999 }}", "* is for numbers"),
        ("{{ [1] * 999999999 }}", "* is for numbers"),
        ("{{ 9 ** 999999999 }}", "** is not possible"),
        ("{{ '%999999999d' % 1 }}", "% is for numbers"),
        ("{{ [x] | join(x) ~ x ~ x ~ x ~ x ~ x ~ x }}", "longer than 262144"),
        ("{{ range(9999) | join(x) }}", "longer than 262144"),
        ("{% set a = x + x %}{% set b = a + a %}{% set c = b + b %}{{ c | length }}", "longer than 262144"),
        ("{% set a = 99999999999999 %}" + "{% set a = a * a %}" * 30 + "{{ a }}", "too large"),
    ],
)
def test_runaway_template_is_stopped(tmp_path: Path, body: str, reason: str) -> None:
    assert reason in fail(tmp_path, of(body), x="x" * 50_000)


# --- files ---

HEAD = "kind: text\ntitle: T\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", " is empty; write at least `kind` and `title` or `body`"),
        ("- a\n", "line 1: a template must be `key: value` lines"),
        (HEAD + "tilte: x\n", "line 3: a template has no key 'tilte'; known are body, due_at, kind, platforms, title, url, variables"),
        (HEAD + "title: x\n", "line 3: the key 'title' is there twice"),
        (HEAD + "body: [a]\n", "line 3: a text is expected here; put one that begins with { or [ between quotes, or below a |"),
        (HEAD + "body: {{ x }}\n", "line 3: "),
        (HEAD + "body: 'x\n", "line 4: not YAML: found unexpected end of stream"),
        (HEAD + "body: " + "[" * 5000, ": not YAML that anybody wrote: it is nested too deeply"),
        ("kind: letter\ntitle: T\n", "line 1: kind is one of text, markdown, card, announcement, todo"),
        ("kind: text\n", "line 1: a template needs `kind`, and `title` or `body`"),
        (HEAD + "due_at: 2026-03-01\n", "line 3: only a todo has `due_at`, and this is of kind text"),
        (HEAD + "body: |\n  ok\n  {{ x\n", "line 5: body is not a template: "),
        (HEAD + "body: '{{ x | nope }}'\n", "line 3: body is not a template: there is no filter 'nope' here; there are abs, "),
        (HEAD + "url: '{{ 1 | markdown }}'\n", "line 3: url is not a template: there is no filter 'markdown' here"),
        (
            HEAD + "body: |\n  a\n\n  {{ nmae }}\nvariables: {name: n}\n",
            "line 6: body uses 'nmae', which is not among `variables`; they are: name",
        ),
        (HEAD + "body: '{{ " + "(" * 900 + "1" + ")" * 900 + " }}'\n", "line 3: body is not a template: it is nested too deeply"),
        (
            HEAD + "body: '" + "{% for i in [1] %}" * 30 + "{% endfor %}" * 30 + "'\n",
            "line 3: body is not a template: it is nested too deeply",
        ),
        (HEAD + "variables:\n  x-y: x\n", "line 4: 'x-y' cannot be a variable"),
        (HEAD + "variables:\n  loop: x\n", "line 4: 'loop' cannot be a variable"),
        (HEAD + "variables:\n  x: {default: 1}\n", "line 4: variable 'x' needs a `description`"),
        (HEAD + "variables:\n  x: ''\n", "line 4: a description of one line is expected here"),
        (HEAD + "variables:\n  x: {description: x, defualt: 1}\n", "line 4: variable 'x' has no key 'defualt'"),
        (HEAD + "variables:\n  x: {description: x, default: !!python/name:os.system }\n", "line 4: the default could not determine"),
        (HEAD + "variables:\n  x: {description: x, default: !!binary eA== }\n", "line 4: the default is or holds a bytes"),
        (HEAD + "variables:\n  x: {description: x, default: &a [*a]}\n", "line 4: the default "),
        (HEAD + "platforms:\n  slack: {body: x}\n", "line 4: `platforms` has no key 'slack'; known are dingtalk, feishu, wecom"),
        (HEAD + "platforms:\n  wecom: {kind: text}\n", "line 4: `wecom` has no key 'kind'; known are body, title, url"),
        (
            HEAD + "platforms:\n  wecom:\n    body: |\n      {{ x }}\n",
            "line 6: body uses 'x', which is not among `variables`; they are: none",
        ),
    ],
)
def test_mistake_in_the_file_is_told_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    assert refuse(tmp_path, text).startswith(reason)


@pytest.mark.parametrize(
    "name", ["", "../hello", "/etc/passwd", "a/b", "a\\b", "Hello", "hello.yaml", ".hello", "hello\n", "a" * 65, "hello\x00"]
)
def test_name_is_no_path(tmp_path: Path, name: str) -> None:
    load(tmp_path, HEAD)
    with pytest.raises(ConfigurationError, match="is no name of a template"):
        load_template(tmp_path, name)


def test_missing_template_names_those_there_are(tmp_path: Path) -> None:
    load(tmp_path, HEAD)
    with pytest.raises(ConfigurationError, match=r"there is no message template .*/bye\.yaml; there are: hello"):
        load_template(tmp_path, "bye")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no folder .*/nowhere of message templates; make one, or set ORGSYNC_TEMPLATES"):
        list_templates(tmp_path / "nowhere")


def test_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    assert "is longer than the 65536 bytes" in refuse(tmp_path, HEAD + "#" * 70_000)


def test_only_files_that_can_be_named_are_listed(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "README.md", "No Name.yaml", "c.yml"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert list_templates(tmp_path) == ("a", "b")
