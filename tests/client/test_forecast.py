"""What requests will take, before they are sent: what each number rests on, and that the high one is a bound."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import Client, Ledger, MemoryCache, Request, Response, Retry, Settings, track, user
from aiapp.client.forecast import Estimate
from aiapp.core.errors import InvalidInput
from aiapp.core.usage import Usage
from aiapp.testing import Said, WireServer

MODEL = "gpt-6-sol"  # $2 in, $0.20 cached, $10 out
REQUESTS = [Request((user(f"Question {n}: " + "word " * 40),), settings=Settings(max_tokens=100)) for n in range(8)]
HOSTED = Client(f"openai:{MODEL}", api_key="k", retry=Retry(attempts=2))


def test_low_expected_and_high_by_hand() -> None:
    found = HOSTED.forecast(REQUESTS, answer_tokens=50)
    tokens = sum(HOSTED.explain(one).usage.input_tokens or 0 for one in REQUESTS)
    assert found.low.money == tokens * Decimal("0.2") / 10**6
    assert found.expected.money == (tokens * 2 + 8 * 50 * 10) / Decimal(10**6)
    assert found.high.money == 2 * sum(HOSTED.explain(one).most.total or 0 for one in REQUESTS)
    assert found.rests_on == ("answers of 50 tokens, as was said", "input by estimate: characters / 4")
    assert (found.low.seconds, found.expected.seconds, found.high.seconds) == (None, None, None)
    assert found.unknown == ("no call of this model was measured: give a ledger as `history`",)


def test_without_a_history_the_default_is_stated_and_no_longer_than_it_may_be() -> None:
    found = HOSTED.forecast(REQUESTS)
    assert found.rests_on[0] == "answers of 500 tokens, for want of a history"
    assert found.expected == HOSTED.forecast(REQUESTS, answer_tokens=100).expected


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 100)), min_size=8, max_size=8))
def test_what_it_then_costs_is_not_above_high(counts: list[tuple[int, int]]) -> None:
    answers = [Said("fine", usage=Usage(heard, spoken, 0, heard, 0), model=MODEL) for heard, spoken in counts]
    with WireServer(answers) as server, Client(f"openai:{MODEL}", api_key="k", base_url=server.url) as client:
        high = client.forecast(REQUESTS).high.money
        costs = [one.receipt.cost for one in client.batch(REQUESTS) if isinstance(one, Response)]
    assert high is not None
    assert len(costs) == 8
    assert sum(cost or 0 for cost in costs) <= high


def test_history_of_the_same_prompt_tells_answers_and_times(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "calls.db")
    answers = [Said("fine", usage=Usage(10, count, 0, 0, 0), model=MODEL) for count in (20, 30, 70, 5)]
    prompts = ("p", "p", "p", "q")
    with WireServer(answers, delay=0.002) as server, track(ledger=ledger) as seen:
        client = Client(f"openai:{MODEL}", api_key="k", base_url=server.url)
        for prompt in prompts:
            client.complete(Request((user("hi"),), prompt=prompt))
        client.close()
    same = [Request((user("hi"),), settings=Settings(max_tokens=100), prompt="p")] * 6
    found = HOSTED.forecast(same, history=ledger, concurrency=2)
    times = sorted(span.seconds for span in seen.calls if span.prompt == "p")
    assert found.rests_on[0] == f"answers of 30 tokens, the median of 3 calls of openai:{MODEL} with the same prompt"
    assert found.rests_on[-1] == "2 calls at once"
    assert found.expected.seconds == pytest.approx(3 * times[1])
    assert found.low.seconds == pytest.approx(3 * times[0])
    assert found.high.seconds == pytest.approx(3 * times[2])
    assert found.unknown == ()
    assert HOSTED.forecast(same, history=seen.spans, concurrency=2) == found
    other = HOSTED.forecast([Request((user("hi"),), prompt="r")], history=ledger)
    assert other.rests_on[0] == f"answers of 25 tokens, the median of 4 calls of openai:{MODEL} with any prompt"


def test_asking_again_and_other_models_are_in_the_high_figure() -> None:
    plain = HOSTED.forecast(REQUESTS[:1]).high.money
    typed = HOSTED.forecast(REQUESTS[:1], output=int).high.money
    both = Client(f"openai:{MODEL}", api_key="k", retry=Retry(attempts=2), fallback=["local"])
    assert plain is not None
    assert typed is not None
    assert typed > 2 * plain
    assert both.forecast(REQUESTS[:1]).high.money == plain


def test_what_is_in_the_cache_takes_nothing() -> None:
    client = Client("local", cache=MemoryCache())
    client.complete("hi")
    found = client.forecast(["hi", "hi"])
    assert (found.requests, found.cached) == (2, 2)
    assert found.high == Estimate(Decimal(0), 0.0)


def test_what_is_not_known_has_a_reason() -> None:
    found = Client("openai:nobody-knows-it", api_key="k").forecast(["hi"])
    assert (found.low.money, found.expected.money, found.high.money) == (None, None, None)
    assert "no price is known for openai:nobody-knows-it" in found.unknown
    assert "unknown" in str(found)
    assert "not known: no price is known for openai:nobody-knows-it" in str(found)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: HOSTED.forecast(["hi"], answer_tokens=-1), "answer_tokens"),
        (lambda: HOSTED.forecast(["hi"], concurrency=0), "concurrency"),
    ],
)
def test_wrong_input_is_refused_in_one_line(make: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{field}: .* accepted: [^\n]+$"):
        make()
