"""What a search takes: told before anything is sent, never more than the budget; and what was found then stays."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiapp import Budget, Client, Request, Retry, Settings, track
from aiapp.core.errors import InvalidInput, OverBudget, RateLimited, Unavailable
from aiapp.core.events import Finish, Started, TextDelta, UsageReport
from aiapp.core.usage import Usage
from aiapp.evals.metrics import exact
from aiapp.evals.optimise import Effort, forecast_optimise, optimise
from aiapp.prompts.fewshot import BM25, FewShot
from aiapp.testing import ScriptedModel
from tests.evals.optimise.tasks import GOOD, PROMPT, RATE_IN, RATE_OUT, Priced, cases, client, obedient, said, writing

MILLION = 10**6
SHORT = Settings(max_tokens=50)


def priced(script: Any, attempts: int = 1) -> tuple[Client, Priced]:
    model = Priced(script, free=False)
    return Client(provider=model, retry=Retry(attempts=attempts, first_wait=0), settings=SHORT), model


def test_a_forecast_sends_nothing_and_says_what_it_rests_on() -> None:
    (asked, model), (proposer, writer) = priced(obedient), priced(writing(GOOD))
    found = forecast_optimise(PROMPT, cases(40), exact, client=asked, proposer=proposer, effort=Effort(rounds=2))
    assert model.requests == []
    assert writer.requests == []
    assert found.low.calls < found.expected.calls < found.high.calls
    money = [one.money for one in (found.low, found.expected, found.high)]
    assert all(one is not None and one > 0 for one in money)
    assert found.low.seconds is None
    assert "proposed instructions are 150 words longer than the original's" in found.rests_on
    assert found.unknown[0].startswith("no call of this model was measured")
    assert [line.split()[0] for line in str(found).splitlines()[:4]] == ["at", "low", "expected", "high"]


def test_the_calls_of_a_forecast_by_hand() -> None:
    asked, _ = priced(obedient)
    effort = Effort(batch=5, finalists=2)
    found = forecast_optimise(
        PROMPT, cases(20), exact, client=asked, instructions=[GOOD, "Say it."], few_shots=(), effort=effort,
        held_out=cases(10, 100),
    )  # fmt: skip
    assert found.least.calls == (20 + 10) + (5 + 10)
    assert found.low.calls == (20 + 10) + 2 * 5
    assert found.expected.calls == (20 + 10) + 2 * (5 + 15 // 3) + 10
    assert found.high.calls == (20 + 10) + 2 * 20 + 2 * 10


@pytest.mark.parametrize("good", [True, False])
def test_what_is_then_made_lies_between_low_and_high(good: bool) -> None:
    (asked, model), (proposer, writer) = client(obedient if good else "no"), client(writing("Say.", "Speak.", GOOD))
    found = optimise(
        PROMPT, cases(40), exact, Budget(calls=10_000), client=asked, proposer=proposer, instructions=["Well?"],
        few_shots=[FewShot(cases(40, 100), 2, BM25())], effort=Effort(rounds=3),
    )  # fmt: skip
    made = len(model.requests) + len(writer.requests)
    assert found.forecast.low.calls <= made <= found.forecast.high.calls
    assert found.spent.calls == made


def test_a_history_tells_how_long_it_takes() -> None:
    asked, _ = client(obedient)
    with track() as seen:
        asked.complete("hello")
    found = forecast_optimise(PROMPT, cases(40), exact, client=asked, few_shots=(), history=seen.spans)
    assert found.expected.seconds is not None
    assert found.expected.seconds > 0


def test_a_budget_below_the_least_search_is_refused_and_told_how_much_it_takes() -> None:
    asked, model = priced(obedient)
    with pytest.raises(InvalidInput, match=r"budget: '\$0\.0001; about \$0\.00\d+ is the least'") as caught:
        optimise(PROMPT, cases(40), exact, "0.0001", client=asked)
    assert "enough for the original and one candidate: 72 calls" in str(caught.value)
    with pytest.raises(InvalidInput, match="100 tokens; about"):
        optimise(PROMPT, cases(40), exact, Budget(tokens=100), client=asked)
    assert model.requests == []


def test_a_budget_of_money_for_a_model_without_a_price_sends_nothing() -> None:
    model = ScriptedModel(obedient, free=False)
    with pytest.raises(OverBudget, match="is unknown"):
        optimise(PROMPT, cases(40), exact, "1", client=Client(provider=model))
    assert model.requests == []


@settings(max_examples=40)
@given(
    money=st.integers(1, 120),
    tries=st.integers(1, 2),
    faults=st.lists(st.booleans(), min_size=3, max_size=3),
    usage=st.tuples(st.integers(1, 12), st.integers(0, 50)),
    concurrency=st.integers(1, 5),
)
@example(money=30, tries=1, faults=[False, False, False], usage=(12, 50), concurrency=5)
def test_no_budget_is_overshot(
    money: int, tries: int, faults: list[bool], usage: tuple[int, int], concurrency: int
) -> None:
    charged = Decimal(0)
    turns = itertools.count()

    def answer(asked: Request) -> Any:
        nonlocal charged
        if faults[turn := next(turns) % len(faults)] and turn % 2:
            return Unavailable("down", provider="openai", model="gpt-6-sol", status=503)
        if faults[turn]:
            return RateLimited("slow down", provider="openai", model="gpt-6-sol", status=429)
        charged += Decimal(usage[0] * RATE_IN + usage[1] * RATE_OUT) / MILLION
        return said(obedient(asked), *usage)

    def propose(asked: Request) -> Any:
        nonlocal charged
        charged += Decimal(40 * RATE_IN + 30 * RATE_OUT) / MILLION
        return said(writing(GOOD)(asked), 40, 30)

    (asked, _), (proposer, _) = priced(answer, tries), priced(propose)
    effort = Effort(batch=3, rounds=2, concurrency=concurrency)
    try:
        found = optimise(
            PROMPT, cases(16), exact, Decimal(money) / 1_000, client=asked, proposer=proposer, few_shots=(),
            effort=effort,
        )  # fmt: skip
    except (InvalidInput, OverBudget):
        pass  # too little for the least search, or no answer to be had
    else:
        assert found.original.cases > 0
        assert found.spent.money is not None
        assert charged <= found.spent.money <= Decimal(money) / 1_000
    assert charged <= Decimal(money) / 1_000


def test_what_was_found_until_the_budget_ended_is_kept() -> None:
    asked, model = client(obedient)
    told = ["Say it.", GOOD, *(f"Variant {number}." for number in range(50))]
    found = optimise(
        PROMPT, cases(40), exact, Budget(calls=200), client=asked, instructions=told, few_shots=(),
        effort=Effort(batch=4, rounds=0),
    )  # fmt: skip
    assert found.stopped == "budget"
    assert found.why == "the calls that are left are needed for the held-out cases"
    assert (found.better, found.best.cases, found.best.candidate.recipe.instructions) == (True, 20, GOOD)
    assert 160 <= len(model.requests) <= 200
    assert found.trials[-1].fate == "not measured"


def test_the_bound_of_a_call_is_kept_for_the_held_out_cases() -> None:
    """Calls that may take a hundred times what they take: the search ends while one more of them still fits."""
    model = Priced(lambda asked: said(obedient(asked), 5, 5), free=False)
    asked = Client(provider=model, retry=Retry(attempts=1), settings=Settings(max_tokens=1_000))
    told = [f"Variant {number}." for number in range(200)]
    found = optimise(
        PROMPT, cases(24), exact, "0.05", client=asked, instructions=[GOOD, *told], few_shots=(),
        effort=Effort(batch=4, rounds=0),
    )  # fmt: skip
    assert found.stopped == "budget"
    assert (found.better, found.best.cases, found.original.cases) == (True, 12, 12)
    assert found.spent.money is not None
    assert found.spent.money > Decimal("0.02")


def test_a_budget_around_it_counts_too_and_what_a_metric_asks_is_paid_from_the_same() -> None:
    (asked, model), (judge, judging) = client(obedient), client("yes")

    async def judged(answer: str, expected: Any) -> float:
        await judge.acomplete("Is it right?")
        return float(answer == expected)

    with Budget(calls=150) as around:
        found = optimise(
            PROMPT, cases(20), judged, Budget(calls=1_000), client=asked, instructions=[GOOD], few_shots=(),
            effort=Effort(batch=4, rounds=0),
        )  # fmt: skip
    assert found.spent.calls == len(model.requests) + len(judging.requests) == around.spent.calls
    with Budget(calls=70):
        found = optimise(
            PROMPT, cases(20), judged, Budget(calls=1_000), client=asked, instructions=[GOOD], few_shots=(),
            effort=Effort(batch=4, rounds=0),
        )  # fmt: skip
    assert found.stopped in ("budget", "no candidates")
    assert found.spent.calls is not None
    assert found.spent.calls <= 70


def test_an_answer_that_the_budget_cut_short_says_nothing_of_the_prompt() -> None:
    def long(asked: Request) -> Any:
        cut = asked.settings.max_tokens is not None
        end = Finish("length", "length") if cut else Finish("stop", "stop")
        return (Started("gpt-6-sol"), TextDelta("WO"), UsageReport(Usage(5, 5, 0, 0, 0)), end)

    model = Priced(long, free=False)
    with pytest.raises(InvalidInput, match="the answer was cut to what the budget afforded"):
        optimise(PROMPT, cases(16), exact, "0.5", client=Client(provider=model), instructions=["x"], few_shots=())
