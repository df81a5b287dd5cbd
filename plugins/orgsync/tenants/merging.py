"""Fills a stanza up with defaults, as nodes: so each value keeps the file and the line that it came from."""

from __future__ import annotations

import yaml

LEVELS = 3
"""A stanza's keys, the parts of `budget`, their counts: nothing is nested deeper. What holds itself ends here too."""


def fill_up(node: yaml.Node, defaults: yaml.Node | None, *, levels: int = LEVELS) -> yaml.Node:
    """What the node says itself wins. Where both have a mapping, it is filled up key by key; a list takes the other's place as a whole."""
    if not (levels and isinstance(node, yaml.MappingNode) and isinstance(defaults, yaml.MappingNode)):
        return node
    own = {name for key, _ in node.value if (name := _name(key))}
    known = {name: value for key, value in defaults.value if (name := _name(key))}
    pairs = [(key, fill_up(value, known.get(_name(key)), levels=levels - 1)) for key, value in node.value]
    pairs += [(key, value) for key, value in defaults.value if _name(key) not in own]
    return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark, node.flow_style)


def _name(key: yaml.Node) -> str:
    """Empty for what is no name at all."""
    return str(key.value) if isinstance(key, yaml.ScalarNode) else ""
