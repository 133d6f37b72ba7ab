"""Budgets: what is spent and reserved together never passes a limit, and all that was reserved is settled."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiapp import Budget, Client, MemoryCache, Request, Retry, Settings, user
from aiapp.client.spending import LEAST_ANSWER
from aiapp.core.errors import (
    AiappError,
    BadRequest,
    ConnectionFailed,
    InvalidInput,
    OverBudget,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
    Unavailable,
)
from aiapp.core.events import Event, Started, TextDelta
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Prepared
from aiapp.testing import Said, ScriptedModel, Vectors, WireServer, faults
from tests.client.using import use

MODEL = "gpt-6-sol"  # $2 in, $2.50 written to the cache, $10 out, and 1.1 times that in a region
ONCE = Retry(attempts=1)
NOTHING = Decimal(0)


class Priced(ScriptedModel):
    """Stands in for a hosted model with a price; takes a moment, and knows what its budget says when it is asked."""

    name, model = "openai", MODEL

    def __init__(self, script: Any, *, watched: Budget | None = None, pause: float = 0.0) -> None:
        super().__init__(script, free=False)
        self.watched, self.pause = watched, pause
        self.over: list[str] = []

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        self._look()
        await asyncio.sleep(self.pause)
        return await super().acomplete(prepared)

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        self._look()
        async for event in super().astream(prepared):
            await asyncio.sleep(0)
            yield event

    def _look(self) -> None:
        if self.watched is not None:
            spent, reserved, limit = self.watched.spent, self.watched.reserved, self.watched.limit
            for name in ("money", "tokens", "calls"):
                most, one, other = getattr(limit, name), getattr(spent, name), getattr(reserved, name)
                if most is not None and one + other > most:
                    self.over.append(f"{name}: {one} + {other} > {most}")


def asked(text: str = "hi", most: int | None = 100) -> Request:
    return Request((user(text),), settings=Settings(max_tokens=most))


def most_of(client: Client, request: Request) -> Decimal:
    most = client.explain(request).most.total
    assert most is not None
    return most


def said(received: int = 10, given: int = 5) -> Said:
    return Said("fine", usage=Usage(received, given, 0, 0, 0), model=MODEL)


def fine(_: object) -> Said:
    return said()


def settled(budget: Budget) -> bool:
    reserved = budget.reserved
    return (reserved.money, reserved.tokens, reserved.calls) == (NOTHING, 0, 0)


FAILURES = (
    BadRequest("no", provider="openai", model=MODEL, status=400),
    Unavailable("no", provider="openai", model=MODEL, status=500),
    Overloaded("no", provider="openai", model=MODEL, status=529),
    TimedOut("no", provider="openai", model=MODEL),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**16), st.integers(1, 150), st.sampled_from(["money", "tokens", "calls", "all"]))
def test_200_in_flight_cannot_together_overshoot(seed: int, room: int, kind: str) -> None:
    """`room` is how many calls fit at their bound; two clients, three loops, calls of all kinds and failures."""
    chance, probe = random.Random(seed), Client(provider=Priced("x"))
    most, lock = probe.explain(asked()).bound, threading.Lock()
    assert most.money is not None
    assert most.tokens is not None

    def answer(_: Request) -> Any:
        with lock:
            if chance.random() < 0.2:
                return chance.choice(FAILURES)
            return said(chance.randint(0, most.input_tokens or 0), chance.randint(0, 100))

    limits: dict[str, Any] = {"money": most.money * room, "tokens": most.tokens * room, "calls": room}
    budget = Budget(**(limits if kind == "all" else {kind: limits[kind]}))
    model = Priced(answer, watched=budget, pause=0.001)
    clients = [Client(provider=model, budget=budget, retry=Retry(2, 0.0, 0.0)) for _ in range(2)]
    kinds = [(chance.choice(["whole", "whole", "stream", "leave", "cancel"]), random.Random(n)) for n in range(200)]

    def loop(number: int) -> None:
        async def many() -> None:
            await asyncio.gather(*(use(clients[n % 2], asked(), *one) for n, one in enumerate(kinds[number::4])))

        asyncio.run(many())

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(loop, range(4), timeout=60)] == [None] * 4
    assert model.over == []
    assert settled(budget)
    spent = budget.spent
    assert spent.money is not None
    for name, limit in limits.items():
        if kind in (name, "all"):
            assert getattr(spent, name) <= limit


def test_what_fits_is_all_asked_and_what_was_not_taken_is_free_for_others() -> None:
    """One at a time fits at the bound; they wait for one another, in turn, and all are answered."""
    model = Priced(fine, pause=0.001)
    budget = Budget(most_of(Client(provider=model), asked("00")) + Decimal("0.05"))
    client = Client(provider=model, budget=budget)

    async def many() -> list[Any]:
        return await asyncio.gather(*(client.acomplete(asked(f"{n:02}")) for n in range(60)))

    responses = asyncio.run(many())
    assert [request.messages[0].text for request in model.requests] == [f"{n:02}" for n in range(60)]
    assert budget.spent.money == sum(response.receipt.cost for response in responses)
    assert settled(budget)


def test_waiting_is_time_in_the_queue() -> None:
    model = Priced(fine, pause=0.01)
    client = Client(provider=model, budget=Budget(most_of(Client(provider=model), asked()) + Decimal("0.0001")))

    async def two() -> list[dict[str, float]]:
        responses = await asyncio.gather(client.acomplete(asked()), client.acomplete(asked()))
        return [dict(response.receipt.timing.stages) for response in responses]

    first, second = asyncio.run(two())
    assert "queue" not in first
    assert second["queue"] > 0


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer(fine) as running:
        yield running


@pytest.mark.parametrize("limit", [{"money": "0.0001"}, {"tokens": 50}, {"calls": 0}])
def test_over_budget_raises_before_a_byte_leaves(server: WireServer, limit: dict[str, Any]) -> None:
    budget = Budget(**limit)
    with Client(f"openai:{MODEL}", api_key="k", base_url=server.url, budget=budget) as client:
        with pytest.raises(OverBudget):
            list(client.stream(asked()))
        with pytest.raises(OverBudget) as caught:
            client.complete(asked())
        error = caught.value
        (name,) = limit
        assert (error.dimension, error.spent, error.model) == (name, 0, f"openai:{MODEL}")
        assert str(error.limit) == str(limit[name])
        assert error.may_take is not None
        assert error.may_take > error.limit
        assert "\n" not in str(error)
    assert (server.requests, server.open_connections) == ([], 0)
    assert settled(budget)


def test_it_is_spent_call_by_call_until_the_next_does_not_fit(server: WireServer) -> None:
    budget = Budget("0.002")
    with Client(f"openai:{MODEL}", api_key="k", base_url=server.url, budget=budget) as client:
        cost, count, refused = NOTHING, 0, ""
        while not refused:
            try:
                cost += client.complete(asked()).receipt.cost or NOTHING
                count += 1
            except OverBudget as error:
                refused = str(error)
    assert re.match(r"openai:gpt-6-sol may take \$0\.\d+; of a budget of \$0\.002, \$0\.\d+ is spent$", refused)
    assert len(server.requests) == count == budget.spent.calls
    assert count > 3
    assert budget.spent.money == cost <= Decimal("0.002")
    assert budget.spent.tokens == 15 * count
    assert budget.left.money == Decimal("0.002") - cost
    assert (budget.left.tokens, budget.left.calls, budget.left.seconds) == (None, None, None)


def test_every_budget_around_must_allow_it() -> None:
    client = Client(provider=Priced(fine))
    with Budget(calls=3) as outer:
        with Budget(calls=1) as inner:
            client.complete(asked())
            with pytest.raises(OverBudget) as caught:
                client.complete(asked())
            assert caught.value.limit == 1
        client.complete(asked())
        client.complete(asked())
        with pytest.raises(OverBudget, match="of a budget of 3 calls"):
            client.complete(asked())
    client.complete(asked())
    assert (inner.spent.calls, outer.spent.calls) == (1, 3)


def test_a_scope_is_carried_by_tasks_threads_and_streams_and_not_beyond() -> None:
    client = Client(provider=Priced(fine))

    async def inside() -> None:
        await asyncio.create_task(client.acomplete(asked()))
        await asyncio.to_thread(client.complete, asked())

    async def scoped() -> tuple[Budget, Any]:
        async with Budget(calls=10) as budget:
            await inside()
            later = client.stream(asked())
        await client.acomplete(asked())
        return budget, later

    budget, later = asyncio.run(scoped())
    assert budget.spent.calls == 2
    list(later)
    assert budget.spent.calls == 3


def test_one_budget_twice_counts_once() -> None:
    budget = Budget(calls=5)
    client = Client(provider=Priced(fine), budget=budget)
    with budget, budget:
        client.complete(asked())
    assert budget.spent.calls == 1


def failing(status: int | None, error: type[ProviderError]) -> ProviderError:
    return error("no", provider="openai", model=MODEL, status=status)


@pytest.mark.parametrize(
    ("failure", "charged"),
    [
        (failing(400, BadRequest), False),
        (failing(429, RateLimited), False),
        (failing(529, Overloaded), False),
        (failing(500, Unavailable), True),
        (failing(None, TimedOut), True),
    ],
)
def test_a_failure_that_may_have_been_charged_stays_spent_at_its_bound(failure: ProviderError, charged: bool) -> None:
    budget, model = Budget("1", calls=9), Priced(failure)
    client = Client(provider=model, budget=budget, retry=ONCE)
    most = client.explain(asked()).bound
    with pytest.raises(type(failure)):
        client.complete(asked())
    expected = (most.money, most.tokens) if charged else (NOTHING, 0)
    assert (budget.spent.money, budget.spent.tokens, budget.spent.calls) == (*expected, 1)
    assert settled(budget)


@pytest.mark.parametrize("model", [f"openai:{MODEL}", "anthropic:claude-opus-5-5"])
def test_where_no_connection_was_made_nothing_is_spent_and_where_one_broke_all_may_be(model: str) -> None:
    for script, charged in ((None, False), (faults.Dropped(), True)):
        budget = Budget("1")
        with WireServer([script or said()]) as server:
            url = server.url
            client = Client(model, api_key="k", base_url=url, budget=budget, retry=ONCE)
            if charged:
                with pytest.raises(ConnectionFailed):
                    client.complete(asked())
        if not charged:  # nobody listens there any more
            with pytest.raises(ConnectionFailed):
                client.complete(asked())
        client.close()
        assert (budget.spent.money == most_of(client, asked())) == charged
        assert (budget.spent.money == 0) == (not charged)
        assert settled(budget)


def test_retries_and_fallbacks_are_reserved_each() -> None:
    busy = failing(500, Unavailable)
    budget, model = Budget(calls=4), Priced(busy)
    client = Client(provider=model, fallback=[Priced([busy, said()])], budget=budget, retry=Retry(2, 0.0, 0.0))
    client.complete(asked())
    assert budget.spent.calls == 4
    with pytest.raises(OverBudget, match="calls"):
        client.complete(asked())


def test_an_answer_whose_usage_is_unknown_stays_spent_at_its_bound() -> None:
    budget = Budget("1", tokens=100_000)
    client = Client(provider=Priced(Said("fine", usage=None, model=MODEL)), budget=budget)
    most = client.explain(asked()).bound
    assert client.complete(asked()).receipt.cost is None
    assert (budget.spent.money, budget.spent.tokens) == (most.money, most.tokens)


def test_a_stream_holds_what_it_may_take_until_it_is_read_or_closed() -> None:
    budget = Budget("1")
    client = Client(provider=Priced(fine), budget=budget)
    most = most_of(client, asked())

    async def read(kind: str) -> Any:
        stream = client.stream(asked())
        assert settled(budget)
        events = aiter(stream)
        await anext(events)
        assert budget.reserved.money == most
        if kind == "close":
            await stream.aclose()
            return most
        async for _ in events:
            pass
        return stream.response.receipt.cost

    for kind in ("read", "close"):
        before = budget.spent.money or NOTHING
        cost = asyncio.run(read(kind))
        assert budget.spent.money == before + cost
        assert settled(budget)


def test_a_stream_that_breaks_stays_spent_at_its_bound() -> None:
    budget, whole = Budget("1"), Said("word " * 100, usage=Usage(10, 100, 0, 0, 0), model=MODEL)
    with WireServer([faults.Truncated(whole, 1500)]) as server:
        client = Client(f"openai:{MODEL}", api_key="k", base_url=server.url, budget=budget, retry=ONCE)
        most = most_of(client, asked())
        with contextlib.suppress(AiappError):
            list(client.stream(asked()))
        assert budget.spent.money == most
        assert settled(budget)
        client.close()


def test_an_answer_from_the_cache_spends_nothing() -> None:
    budget = Budget(calls=1)
    client = Client(provider=Priced(said()), budget=budget, cache=MemoryCache())
    client.complete(asked())
    before = budget.spent
    assert client.complete(asked()).receipt.cached
    assert (budget.spent.money, budget.spent.calls) == (before.money, 1)


def test_asking_again_for_a_fitting_answer_is_spent_too() -> None:
    wrong, right = (Said(text, usage=Usage(10, 5, 0, 0, 0), model=MODEL) for text in ("no", '{"value": 7}'))
    budget = Budget("1")
    response = Client(provider=Priced([wrong, right]), budget=budget).complete(asked(), output=int)
    assert (budget.spent.money, budget.spent.calls) == (response.receipt.cost, 2)


def test_embeddings_are_spent_and_refused() -> None:
    with WireServer(Vectors(((1.0, 0.0),), input_tokens=1500)) as server:
        budget = Budget("0.0001")
        with Client("openai:text-embedding-3-small", api_key="k", base_url=server.url, budget=budget) as client:
            receipt = client.embed(["word " * 900]).receipt
            assert budget.spent.money == receipt.cost == Decimal("0.00003")
            assert budget.spent.tokens == 1500
            with pytest.raises(OverBudget):
                client.embed(["word " * 900])
        assert len(server.requests) == 1
        assert settled(budget)


def test_an_open_answer_is_cut_to_what_the_budget_affords(server: WireServer) -> None:
    with Client(f"openai:{MODEL}", api_key="k", base_url=server.url, budget=Budget("0.50")) as client:
        response = client.complete(asked(most=None))
        sent = server.requests[0].body["max_output_tokens"]
        assert 30_000 < sent < 50_000
        (change,) = response.warnings
        assert change.field == "max_tokens"
        assert f"{sent:,} tokens" in change.reason
        assert most_of(client, asked(most=sent)) <= Decimal("0.50") < most_of(client, asked(most=sent + 100))


def test_what_is_left_may_be_too_little_for_an_answer() -> None:
    model = Priced(said())
    client = Client(provider=model)
    for most, fits in ((LEAST_ANSWER + 100, True), (LEAST_ANSWER - 3, False)):
        with Budget(most_of(client, asked(most=most))):
            if fits:
                client.complete(asked(most=None))
            else:
                with pytest.raises(OverBudget):
                    client.complete(asked(most=None))
    assert len(model.requests) == 1


def test_a_strict_client_is_refused_what_would_be_cut() -> None:
    client = Client(f"openai:{MODEL}", api_key="k", strict=True, budget=Budget("0.50"))
    with pytest.raises(OverBudget):
        client.complete(asked(most=None))


def test_a_model_without_a_price_is_refused_and_told_how_to_give_one() -> None:
    client = Client("openai:nobody-knows-it", api_key="k", budget=Budget("0.50"))
    with pytest.raises(OverBudget, match=r'\[offers."openai:nobody-knows-it"\] with price = ') as caught:
        client.complete(asked())
    assert caught.value.may_take is None


def test_an_answer_of_unknown_length_is_cut_and_a_strict_client_told_why(server: WireServer) -> None:
    model, budget = "openai:nobody-knows-it", Budget(tokens=5000)
    with Client(model, api_key="k", base_url=server.url, budget=budget) as client:
        assert client.complete(asked(most=None)).warnings[0].field == "max_tokens"
        assert 4000 < server.requests[0].body["max_output_tokens"] < 5000
    with pytest.raises(OverBudget, match="max_tokens is not set"):
        Client(model, api_key="k", strict=True, budget=budget).complete(asked(most=None))


def test_what_is_free_needs_no_price() -> None:
    with Budget("0", tokens=5000) as budget:
        Client("local").complete(asked())
        Client(provider=ScriptedModel("free")).complete(asked())
    assert budget.spent.money == 0
    assert 0 < (budget.spent.tokens or 0) < 5000


def test_where_money_is_not_limited_an_unknown_cost_is_unknown() -> None:
    with Budget(calls=2) as budget:
        Client(provider=ScriptedModel("x", free=False)).complete(asked())
    assert budget.spent.money is None
    assert budget.spent.tokens == 2


def test_no_send_after_its_seconds_and_no_try_longer() -> None:
    slow = Priced(said(), pause=30)
    with Budget(seconds=0.1), pytest.raises(OverBudget, match="is not asked any more") as caught:
        Client(provider=slow).complete(asked())
    assert caught.value.dimension == "seconds"
    budget, quick = Budget(seconds=0.001), Priced(said())
    with budget:
        while budget.left.seconds:
            pass
        with pytest.raises(OverBudget):
            Client(provider=quick).complete(asked())
    assert quick.requests == []
    assert settled(budget)


def test_whoever_waits_does_not_wait_longer_than_the_seconds() -> None:
    model = Priced(said(), pause=0.2)
    most = most_of(Client(provider=model), asked())

    async def two() -> list[Any]:
        with Budget(most * 1, seconds=0.05):
            client = Client(provider=model)
            return [*await asyncio.gather(*(client.acomplete(asked()) for _ in range(2)), return_exceptions=True)]

    assert [type(result) for result in asyncio.run(two())] == [OverBudget, OverBudget]


def test_whoever_waits_can_be_cancelled_and_the_next_goes_on() -> None:
    model = Priced(fine, pause=0.02)
    budget = Budget(most_of(Client(provider=model), asked()) + Decimal("0.0005"))
    client = Client(provider=model, budget=budget)

    async def wait() -> list[bool]:
        tasks = [asyncio.create_task(client.acomplete(asked())) for _ in range(4)]
        await asyncio.sleep(0.005)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [task.cancelled() for task in tasks]

    assert asyncio.run(wait()) == [False, True, False, False]
    assert len(model.requests) == 3
    assert settled(budget)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Budget("-0.50"), "money"),
        (lambda: Budget(-1), "money"),
        (lambda: Budget("half a dollar"), "money"),
        (lambda: Budget("NaN"), "money"),
        (lambda: Budget(True), "money"),
        (lambda: Budget(), "money"),
        (lambda: Budget(tokens=-1), "tokens"),
        (lambda: Budget(calls=-1), "calls"),
        (lambda: Budget(seconds=0), "seconds"),
        (lambda: Budget(seconds=float("inf")), "seconds"),
        (lambda: Client("local", budget="0.50"), "budget"),  # type: ignore[arg-type]
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_in_one_line(make: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{field}: .* accepted: [^\n]+$"):
        make()


class Trickle(ScriptedModel):
    """Never silent for long, and never done."""

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        yield Started("m")
        while True:
            await asyncio.sleep(0.01)
            yield TextDelta("x")


def test_seconds_end_a_stream_that_trickles_and_what_it_said_is_kept() -> None:
    budget, read = Budget(seconds=0.2), list[Event]()
    with pytest.raises(
        OverBudget, match=r"scripted is not listened to any more: of a budget of 0\.2 seconds"
    ) as failed:
        read.extend(Client(provider=Trickle("x"), budget=budget).stream("hi"))
    said = failed.value.said
    assert said is not None
    assert said.text.startswith("xx")
    assert failed.value.dimension == "seconds"
    assert settled(budget)


def test_seconds_that_end_while_a_reader_is_busy_are_heard_of_at_the_next_event() -> None:
    budget = Budget(seconds=0.1)
    events = iter(Client(provider=Trickle("x"), budget=budget).stream("hi"))
    next(events)
    time.sleep(0.2)
    with pytest.raises(OverBudget):
        for _ in events:
            pass
    assert settled(budget)


@pytest.mark.parametrize("model", [f"openai:{MODEL}", "anthropic:claude-opus-5-5"])
def test_seconds_end_an_answer_that_drips_over_the_wire(model: str) -> None:
    budget, text = Budget("1", seconds=0.4), "word " * 200
    with WireServer(faults.Drip(Said(text), 400, 0.03)) as server:
        client = Client(model, api_key="k", base_url=server.url, retry=ONCE)
        with budget, pytest.raises(OverBudget) as failed:
            list(client.stream(asked()))
        client.close()
    said = failed.value.said
    assert said is not None
    assert text.startswith(said.text)
    assert 0 < len(said.text) < len(text)
    assert budget.spent.money == most_of(client, asked())  # nobody knows what it took
    assert settled(budget)


def test_a_stream_in_time_is_not_touched() -> None:
    with WireServer(Said("Hello there.")) as server, Budget(seconds=30):
        client = Client(f"openai:{MODEL}", api_key="k", base_url=server.url)
        assert "".join(client.stream("hi").text()) == "Hello there."
        client.close()
