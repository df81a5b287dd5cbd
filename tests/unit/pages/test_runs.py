from orgsync.pages.runs import list_counts, list_steps, sum_calls, sum_seconds

SECONDS = {"write": 1.0, "merge": 1.5, "tidy": 0.5, "validate": 2.0, "extract": 3.0, "dance": 0.1, "import": 0.25}


def test_parts_count_once() -> None:
    assert sum_seconds(SECONDS) == 1.5 + 2.0 + 3.0 + 0.1
    assert sum_seconds({}) is None


def test_steps_come_in_their_order_with_their_parts() -> None:
    assert list_steps(SECONDS) == [
        ("extract", 3.0, []),
        ("validate", 2.0, [("import", 0.25), ("tidy", 0.5)]),
        ("merge", 1.5, [("write", 1.0)]),
        ("dance", 0.1, []),
    ]


def test_calls_are_summed_over_interfaces() -> None:
    calls = {"user/list": {"read": 10, "retried": 2, "throttled": 1}, "gettoken": {"read": 1}}
    assert sum_calls(calls, "read", "retried") == 13
    assert sum_calls(calls, "throttled") == 1
    assert sum_calls({}, "read") == 0


def test_what_was_left_out_is_counted_only_where_there_is_any() -> None:
    counts = {"departments": 0, "quarantined": 0, "unread_values": 2, "users": 5, "new": 1, "old": 0}
    assert list_counts(counts) == [("users", 5), ("departments", 0), ("unread_values", 2), ("new", 1)]
