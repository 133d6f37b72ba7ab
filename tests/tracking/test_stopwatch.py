"""The stopwatch."""

from __future__ import annotations

from aiapp.tracking.stopwatch import Stopwatch


def test_stages_add_up_and_the_first_token_is_marked_once() -> None:
    stopwatch = Stopwatch()
    for _ in range(2):
        with stopwatch.stage("search"):
            pass
    stopwatch.first_token()
    first = stopwatch.timing().first_token
    stopwatch.first_token()
    timing = stopwatch.timing()
    assert timing.first_token == first
    assert [name for name, _ in timing.stages] == ["search"]
    assert 0 <= timing.stages[0][1] <= timing.total
