"""The part of Jinja that message templates are written in: expressions, `if`, `for` and `set`; nothing reaches out of a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from jinja2 import StrictUndefined, TemplateRuntimeError, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from orgsync.platforms.sending.deliveries import escape_url
from orgsync.platforms.sending.messages import Kind
from orgsync.templates.values import to_text

MOST_BYTES = 256 * 1024
"""So long may a field become; each text that is made on the way has as many characters at most."""
MOST_ROUNDS = 10_000
"""So many rounds may all loops of a field take together."""
MOST_BITS = 1024
"""So large may a product become."""

SCHEMES = ("http", "https", "dingtalk")
"""Those of all platforms; what the one that a message goes to does not open is refused before it is queued."""

# Those whose work grows only with what they are given.
_KEPT_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "title", "trim", "truncate",
    "unique", "upper",
)  # fmt: skip
# Jinja wraps an `autoescape` in a scope that has no line; what is in it is refused.
_STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.Scope)
_DATE_PARTS = {"year", "month", "day", "hour", "minute", "second", "days"}
_LOOP_PARTS = {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "previtem", "nextitem"}
_WHOLE_URL = re.compile(rf"((?:{'|'.join(SCHEMES)})://[\w.:-]*)([/?#]\S*)?", re.IGNORECASE)

Insert = Callable[[Any], str]


class Marked(str):
    """A value that a filter has made fit for its field; it goes in as it is. Joined with anything it is plain text again."""

    __slots__ = ()


class Expressions(ImmutableSandboxedEnvironment):
    """One field's Jinja. `insert` turns every value into what stands in the field; it is called once for each, and for nothing else."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, insert: Insert, filters: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(
            undefined=StrictUndefined,
            finalize=lambda value: value if isinstance(value, Marked) else insert(_defined(value)),
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            cache_size=0,
        )
        self.rounds = 0
        self.globals = {"range": self.globals["range"]}
        own = {"counted": self._counted, "join": _join, "round": _round, "date": _format_date}
        self.filters = {name: FILTERS[name] for name in _KEPT_FILTERS} | own | dict(filters)

    def read(self, source: str) -> nodes.Template:
        """The template's tree, with the statements and filters that there are; a TemplateSyntaxError says what there is not."""
        tree: nodes.Template = _Narrowing(self.filters).visit(self.parse(source))
        tree.set_environment(self)
        return tree

    def check(self, source: str) -> dict[str, int]:
        """Each name that it takes from outside, with the first line that does; a TemplateSyntaxError where it cannot be compiled."""
        tree = self.read(source)
        self.from_string(tree)
        unknown = meta.find_undeclared_variables(tree) - set(self.globals)
        lines = sorted(((name.lineno, name.name) for name in tree.find_all(nodes.Name) if name.name in unknown), reverse=True)
        return {name: line for line, name in lines}

    def find_names(self, source: str, *, line: int) -> list[str]:
        """The names on one line, for whoever looks for a mistake there."""
        return sorted({name.name for name in self.read(source).find_all(nodes.Name) if name.lineno == line})

    def fill(self, source: str, values: Mapping[str, Any]) -> str:
        """Raises whatever goes wrong; what is made is never much longer than it may be."""
        parts, size = [], 0
        self.rounds = 0
        for part in self.from_string(self.read(source)).generate(values):
            parts.append(part)
            size += len(part.encode())
            if size > MOST_BYTES:
                raise TemplateRuntimeError(f"it becomes longer than {MOST_BYTES} bytes")
        return "".join(parts)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """Nothing but parts of dates and of loops: all else is a filter, or an item of a dictionary."""
        if isinstance(obj, date | timedelta):
            return attr in _DATE_PARTS
        return isinstance(obj, LoopContext) and attr in _LOOP_PARTS

    def is_safe_callable(self, obj: Any) -> bool:
        return obj is self.globals["range"]

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Jinja's own refusal would show the value."""
        if not self.is_safe_callable(obj):
            raise TemplateRuntimeError("only range(…) can be called; use a filter")
        return super().call(context, obj, *args, **kwargs)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An item of a dictionary may be called `items`."""
        return self.getitem(obj, attribute) if isinstance(obj, dict) else super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator != "+" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise TemplateRuntimeError(f"{operator} is for numbers")
        if operator == "**":
            raise TemplateRuntimeError("** is not possible here")
        if operator == "*" and isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MOST_BITS:
            raise TemplateRuntimeError("a number becomes too large")
        return _limited(super().call_binop(context, operator, left, right))

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.rounds += 1
            if self.rounds > MOST_ROUNDS:
                raise TemplateRuntimeError(f"its loops take more than {MOST_ROUNDS} rounds")
            yield item


def expressions_for(name: str, kind: Kind, escape_markdown: Callable[[str], str]) -> Expressions:
    """Only the body of kind markdown is Markdown: a platform's module takes all other texts as plain."""
    if name == "url":
        return url_text()
    if name == "due_at":
        return time_text()
    return markdown_text(escape_markdown) if (name, kind) == ("body", "markdown") else plain_text()


def plain_text() -> Expressions:
    """For what the platform's module escapes itself: values go in as they are."""
    return Expressions(to_text, {})


def markdown_text(escape_markdown: Callable[[str], str]) -> Expressions:
    """For a platform's Markdown: values are escaped, but for Markdown and for URLs between the brackets of a link."""
    return Expressions(
        lambda value: escape_markdown(to_text(value)),
        {"markdown": lambda value: Marked(to_text(_defined(value))), "url": lambda value: Marked(_link(_defined(value)))},
    )


def url_text() -> Expressions:
    """For URLs: a value is a part, and nothing in it can end that part."""
    return Expressions(lambda value: quote(to_text(value), safe=""), {"url": lambda value: Marked(_whole_url(_defined(value)))})


def time_text() -> Expressions:
    """For an instant as ISO 8601."""
    return Expressions(lambda value: value.isoformat() if isinstance(value, date) else to_text(value), {})


class _Narrowing(NodeTransformer):
    """Refuses what a message needs not, and has loops and `~` counted."""

    def __init__(self, filters: Iterable[str]) -> None:
        self.filters = set(filters)

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """What captures output (macros, blocks) would have it escaped again where it is inserted."""
        if isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS):
            raise TemplateSyntaxError("a template has {{ … }}, if, for and set, and no other statement", node.lineno)
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        if node.recursive:
            raise TemplateSyntaxError("a loop cannot be recursive here", node.lineno)
        self.generic_visit(node)
        node.iter = _apply("counted", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _apply("join", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        if node.name not in self.filters:
            known = ", ".join(sorted(self.filters - {"counted"}))
            raise TemplateSyntaxError(f"there is no filter {node.name!r} here; there are {known}", node.lineno)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        if not isinstance(node.node, nodes.Name) or node.node.name != "range":
            raise TemplateSyntaxError("only range(…) can be called; use a filter", node.lineno)
        self.generic_visit(node)
        return node


def _apply(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _defined(value: Any) -> Any:
    """What is undefined says so when it is used."""
    if isinstance(value, Undefined):
        str(value)
    return value


def _limited(value: Any) -> Any:
    if isinstance(value, str | list) and len(value) > MOST_BYTES:
        raise TemplateRuntimeError(f"a value becomes longer than {MOST_BYTES}")
    return value


def _join(items: Iterable[Any], by: object = "") -> str:
    texts, between = [to_text(_defined(item)) for item in items], to_text(_defined(by))
    if sum(map(len, texts)) + len(between) * len(texts) > MOST_BYTES:
        raise TemplateRuntimeError(f"a value becomes longer than {MOST_BYTES}")
    return between.join(texts)


def _round(value: float, digits: int = 0) -> float:
    return round(value, digits) if digits else round(value)


def _format_date(value: object, form: str = "%Y-%m-%d") -> str:
    """Directive by directive: what stands between them may be in any script, whatever the locale. Takes ISO 8601 as well."""
    if value is None or value == "":
        return ""
    moment = value if isinstance(value, date) else _read_date(to_text(_defined(value)))
    return re.sub(r"%-?[A-Za-z%]", lambda found: f"{moment:{found[0]}}", form)


def _read_date(text: str) -> date:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise TemplateRuntimeError("a value for the filter date is no date; write it like 2026-03-01 or 2026-03-01T18:00") from None


def _whole_url(value: object) -> str:
    text = to_text(value).strip()
    if text and not _WHOLE_URL.fullmatch(text):
        raise TemplateRuntimeError(
            f"a value for the filter url is no URL; it begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        )
    return text


def _link(value: object) -> str:
    """Percent-encodes what has a meaning in Markdown, after the host, where that changes nothing."""
    text = escape_url(_whole_url(value))
    if not (found := _WHOLE_URL.fullmatch(text)):
        return text
    start, rest = found.groups(default="")
    return start + re.sub(r"[*_`~|!\[\]\"']", lambda mark: f"%{ord(mark[0]):02X}", rest)
