"""People are read in two ways, as documented and record by record; here both read the same answers."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from orgsync.frames import FRAMES, TidySet
from orgsync.platforms.platform import Answer

Tidy = Callable[..., TidySet]

ODD: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**70, 1.0, 2.5, "", "1", "true", "\ufffd", "a\x00", 'a"b', [], {}, [None], ["a", 1], [{}], {"a": [1.50]}])
)


def mixed(sound: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what is documented."""
    return st.one_of(sound, sound, sound, ODD)


def assert_ways_agree(tidy: Tidy, landed: Mapping[str, list[Answer]], **mapping: Mapping[str, str]) -> None:
    """The decoder of documented answers refuses a byte order mark, so that behind one everybody goes the general way."""
    as_documented = tidy(lambda part: landed.get(part, []), mode="full", mapping=mapping)
    in_general = tidy(lambda part: map(_behind_mark, landed.get(part, [])), mode="full", mapping=mapping)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(as_documented.frame(frame.name), in_general.frame(frame.name))
    for name in ("unobserved", "withheld", "not_read", "unread"):
        assert getattr(as_documented, name) == getattr(in_general, name)


def _behind_mark(answer: Answer) -> Answer:
    return replace(answer, body=BOM_UTF8 + answer.body)
