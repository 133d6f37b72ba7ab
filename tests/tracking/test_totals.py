"""Sums of calls: nothing unknown becomes 0, and nothing counts twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.core.usage import Usage
from aiapp.tracking.entry import entry_of
from aiapp.tracking.span import Span
from aiapp.tracking.table import table_of
from aiapp.tracking.totals import BYS, Totals, grouped, totals
from aiapp.tracking.tree import described, forest, walk
from aiapp.tracking.wording import costing, count, money, seconds
from tests.tracking.spans import START, call, spans


def added(*calls: Span) -> Totals:
    return totals(map(entry_of, calls))


def test_nothing_adds_up_to_nothing() -> None:
    found = added()
    assert (found.calls, found.cost, found.usage, found.seconds.p50, found.tokens_per_second) == (
        0,
        Decimal(0),
        Usage(0, 0),
        None,
        None,
    )


def test_one_unknown_makes_the_total_unknown_and_leaves_a_lower_bound() -> None:
    found = added(call("0.5"), call(None, usage=Usage(5, None)), call("0.25"))
    assert found.cost is None
    assert found.at_least == Decimal("0.75")
    assert found.unknown == ("no price is known",)
    assert (found.usage.input_tokens, found.usage.output_tokens) == (25, None)
    assert found.usage_at_least.output_tokens == 40


def test_an_answer_from_the_cache_took_nothing_now() -> None:
    found = added(call("0.5"), call("0", cached=True, seconds=0.001))
    assert (found.calls, found.cached, found.cost) == (2, 1, Decimal("0.5"))
    assert found.usage.input_tokens == 10
    assert found.seconds.p50 == 1.0


def test_percentiles_are_interpolated_and_leave_failures_out() -> None:
    found = added(*(call(seconds=float(number)) for number in range(1, 6)), call(seconds=99.0, error="TimedOut"))
    assert found.seconds.p50 == 3.0
    assert found.seconds.p95 == pytest.approx(4.8)
    assert found.failed == 1


def test_tokens_a_second_are_counted_from_the_first_token() -> None:
    streamed = call(seconds=3.0, first_token=1.0)  # 20 tokens in 2 s
    waited_for = call(seconds=2.0)  # 20 tokens in 2 s
    unknown = call(seconds=50.0, usage=Usage(1, None))
    embedding = call(kind="embedding", seconds=50.0)
    assert added(streamed, waited_for, unknown, embedding).tokens_per_second == 10.0
    assert added(streamed, waited_for).first_token.p50 == 1.0


def test_groups() -> None:
    calls = [
        call(model="a", tags=("x", "y"), step=("plan", "look up"), prompt="p1"),
        call(model="b", tags=("x",), after=24 * 3600),
        call(model="b"),
    ]
    by = {group: {name: found.calls for name, found in grouped(map(entry_of, calls), group).items()} for group in BYS}
    assert by == {
        "model": {"a": 1, "b": 2},
        "prompt": {"(none)": 2, "p1": 1},
        "tag": {"(none)": 1, "x": 2, "y": 1},
        "step": {"(none)": 2, "plan / look up": 1},
        "day": {"2026-11-20": 2, "2026-11-21": 1},
    }
    with pytest.raises(InvalidInput, match="model, prompt, tag, step, day"):
        grouped([], "colour")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@given(st.lists(spans, max_size=8), st.sampled_from([by for by in BYS if by != "tag"]))
def test_groups_add_up_to_the_whole(given_spans: list[Span], by: str) -> None:
    calls = [entry_of(span) for span in given_spans if span.asks_a_model]
    whole, groups = totals(calls), grouped(calls, by).values()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert sum(found.calls for found in groups) == whole.calls
    assert sum((found.at_least for found in groups), Decimal(0)) == whole.at_least
    if all(found.cost is not None for found in groups):
        assert whole.cost == sum((found.cost or Decimal(0) for found in groups), Decimal(0))
    else:
        assert whole.cost is None


def test_a_table_prints_well() -> None:
    calls = [call("0.0012", model="openai:any"), call(None, model="模型", error="TimedOut")]
    entries = list(map(entry_of, calls))
    lines = [*table_of("model", grouped(entries, "model"), totals(entries)).lines()]
    assert lines == [
        "model       calls  failed  input  output        cost     p50     p95  tokens/s",
        "----------  -----  ------  -----  ------  ----------  ------  ------  --------",
        "openai:any      1       0     10      20     $0.0012  1.00 s  1.00 s        20",
        "模型            1       1     10      20     unknown       -       -         -",
        "total           2       1     20      40  >= $0.0012  1.00 s  1.00 s        20",
    ]


def test_a_tree_adds_up_what_stands_in_a_span() -> None:
    run = call(kind="run", id="r", name="run", invoice=None, usage=None, model=None)
    step = call(kind="step", id="s", parent="r", name="step", after=1, invoice=None, usage=None, model=None)
    one, two = call("0.5", parent="s", after=2), call(None, parent="r", after=3)
    orphan = call("0.1", parent="gone", after=4)
    nodes = forest([two, orphan, one, step, run])
    assert [(branch, node.span.name, node.calls, node.cost) for branch, node in walk(nodes)] == [
        ("", "run", 2, None),
        ("├─ ", "step", 1, Decimal("0.5")),
        ("│  └─ ", "openai:any", 1, Decimal("0.5")),
        ("└─ ", "openai:any", 1, None),
        ("", "openai:any", 1, Decimal("0.1")),
    ]
    assert described(nodes[0]) == "1.00 s · 2 calls · >= $0.5"


def test_a_tree_may_be_deeper_than_the_stack() -> None:
    deep = [call("0.001", id=str(depth), parent=str(depth - 1), after=depth) for depth in range(3000)]
    nodes = forest(deep)
    assert nodes[0].calls == 3000
    assert nodes[0].cost == Decimal(3)
    assert sum(1 for _ in walk(nodes)) == 3000


def test_words() -> None:
    amounts = ("0", "0.0000123456", "0.5", "12.345", "1234.5", "0.0000000000001")
    assert [money(Decimal(amount)) for amount in amounts] == [
        "$0",
        "$0.00001235",
        "$0.5",
        "$12.34",
        "$1,234.50",
        "< $0.000000001",
    ]
    assert (money(None), money(None, Decimal("0.5"))) == ("unknown", ">= $0.5")
    assert (costing(None, Decimal(0)), costing(Decimal(2), Decimal(2))) == ("cost unknown", "$2.00")
    assert (count(None), count(None, 5), count(1234)) == ("unknown", ">= 5", "1,234")
    assert [seconds(time) for time in (None, 0, 0.0042, 0.25, 2.5, 125)] == [
        "-",
        "0 ms",
        "4.2 ms",
        "250 ms",
        "2.50 s",
        "2 min 05 s",
    ]
    assert START.utcoffset() == timedelta(0)
