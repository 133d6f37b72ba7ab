"""What is recorded of a call: each request that was sent, with what it cost as far as that is known."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aiapp import Client, Ledger, MemoryCache, Prompt, Request, Retry, span, track
from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.stream import Stream
from aiapp.core.errors import (
    AnswerInvalid,
    BadRequest,
    ConnectionFailed,
    ProviderError,
    RateLimited,
    TimedOut,
    Unavailable,
)
from aiapp.core.events import Event, Started, TextDelta, UsageReport
from aiapp.core.usage import Usage
from aiapp.retrieval.index import Index
from aiapp.testing import Said, ScriptedModel, WireServer, faults
from aiapp.tracking.span import Span
from tests.client.test_measure import Embedder

QUICK = Retry(attempts=2, first_wait=0.001)


def failing(kind: type[ProviderError], status: int | None = None) -> ProviderError:
    return kind("no", provider="scripted", model="scripted", status=status)


def tracked(work: Callable[[], object]) -> tuple[Span, ...]:
    """The calls of some work, which may fail."""
    with track(content=True) as t, suppress(ProviderError, AnswerInvalid):
        work()
    return t.calls


def test_a_call_is_recorded_with_its_receipt() -> None:
    client = Client(provider=ScriptedModel("Hello you"))
    with track() as t:
        receipt = client.complete(Request.of("Say hello")).receipt
    (call,) = t.calls
    assert (call.model, call.served, call.usage, call.invoice) == ("scripted", "scripted", Usage(2, 2), receipt.invoice)
    assert (call.seconds, call.first_token, call.attempts) == (receipt.timing.total, None, receipt.attempts)
    assert (call.finish, call.error, call.name) == ("stop", None, "scripted")
    assert t.cost == Decimal(0)


def test_a_call_whose_price_is_not_known_makes_the_total_unknown() -> None:
    with track() as t:
        Client(provider=ScriptedModel("Hello", free=False)).complete("hi")
        Client(provider=ScriptedModel("Hello")).complete("hi")
    assert t.cost is None
    assert t.invoice.total is None
    assert t.totals.unknown == ("no price is known for scripted",)


def test_the_prompt_and_settings_are_recorded() -> None:
    request = Request(Request.of("hi").messages, prompt="9f8a")
    (call,) = tracked(lambda: Client(provider=ScriptedModel("x")).complete(request))
    assert (call.prompt, call.settings) == ("9f8a", {})


def test_retries_are_one_call_with_all_attempts() -> None:
    model = ScriptedModel([failing(RateLimited, 429), "at last"])
    (call,) = tracked(lambda: Client(provider=model, retry=QUICK).complete("hi"))
    assert [one.error for one in call.attempts] == ["RateLimited", None]


def test_a_call_has_the_name_of_the_model_that_answered() -> None:
    class Second(ScriptedModel):
        model = "second"

    client = Client(provider=ScriptedModel(failing(Unavailable, 503)), fallback=[Second("hi")], retry=QUICK)
    (call,) = tracked(lambda: client.complete("hi"))
    assert (call.name, call.model) == ("scripted:second", "scripted:second")
    assert [one.model for one in call.attempts] == ["scripted", "scripted", "scripted:second"]


def test_each_reask_is_a_call() -> None:
    model = ScriptedModel(["no number", '{"value": 7}'])
    with track() as t:
        response = Client(provider=model).complete("how many?", output=int)
    assert response.output == 7
    assert len(t.calls) == 2
    assert t.usage == response.usage


def test_a_batch_is_as_many_calls_as_were_sent() -> None:
    model = ScriptedModel(lambda request: failing(BadRequest, 400) if "2" in request.messages[0].text else "ok")
    with track() as t:
        Client(provider=model).batch([str(number) for number in range(5)])
    assert sorted(str(call.error) for call in t.calls) == ["BadRequest", "None", "None", "None", "None"]


def test_embeddings_are_recorded() -> None:
    with track() as t, span("index"):
        Client(provider=Embedder(busy=1), retry=QUICK).embed(["a b", "c"])
        Client(provider=Embedder()).embed([])
    (call,) = t.calls
    assert (call.kind, call.usage, call.request_id, call.step) == ("embedding", Usage(3, 0), "req_1", ("index",))
    assert len(call.attempts) == 2
    (failed,) = tracked(lambda: Client(provider=Embedder(busy=9), retry=QUICK).embed(["a"]))
    assert (failed.kind, failed.error) == ("embedding", "RateLimited")


def test_an_answer_from_the_cache_is_told_apart() -> None:
    client = Client(provider=ScriptedModel("x", free=False), cache=MemoryCache())
    with track() as t:
        client.complete("hi")
        client.complete("hi")
    assert [call.cached for call in t.calls] == [False, True]
    assert t.calls[1].cost == 0
    assert t.totals.cached == 1


@pytest.mark.parametrize(
    ("error", "cost"),
    [
        (failing(RateLimited, 429), Decimal(0)),
        (failing(BadRequest, 400), Decimal(0)),
        (failing(Unavailable, 529), Decimal(0)),
        (failing(Unavailable, 503), None),
        (failing(TimedOut), None),
        (failing(ConnectionFailed), None),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
def test_a_failed_call_cost_nothing_only_where_no_model_ran(
    error: ProviderError, cost: Decimal | None, streaming: bool
) -> None:
    client = Client(provider=ScriptedModel(error, free=False), retry=Retry(attempts=1))
    (call,) = tracked(lambda: [*client.stream("hi")] if streaming else client.complete("hi"))
    assert (call.error, call.cost) == (type(error).__name__, cost)
    assert call.message == str(error)
    assert call.invoice is not None
    assert bool(call.invoice.unknown) == (cost is None)


def test_one_attempt_that_may_have_been_charged_for_makes_the_cost_unknown() -> None:
    model = ScriptedModel([failing(TimedOut), failing(RateLimited, 429)], free=False)
    (call,) = tracked(lambda: Client(provider=model, retry=QUICK).complete("hi"))
    assert (call.error, call.cost) == ("RateLimited", None)


def test_what_was_never_sent_is_no_call() -> None:
    async def refuse(call: Call, proceed: Proceed) -> Opened:
        raise failing(RateLimited)

    client = Client(provider=ScriptedModel("x"), gates=[refuse], retry=Retry(attempts=1))
    assert tracked(lambda: client.complete("hi")) == ()
    assert tracked(lambda: [*client.stream("hi")]) == ()


BEGUN: tuple[Event, ...] = (Started("m"), UsageReport(Usage(7, 1)), TextDelta("Hel"), TextDelta("lo"), TextDelta("!"))


def closed_early(stream: Stream[Any]) -> None:
    async def read() -> None:
        async for event in stream:
            if isinstance(event, TextDelta):
                break
        await stream.aclose()

    asyncio.run(read())


def left_lying(stream: Stream[Any]) -> None:
    async def read() -> None:
        async for event in stream:
            if isinstance(event, TextDelta):
                break

    asyncio.run(read())


@pytest.mark.parametrize("leave", [closed_early, left_lying])
def test_a_stream_that_is_not_read_to_its_end_cost_what_is_known(leave: Callable[[Stream[Any]], None]) -> None:
    with track(content=True) as t:
        stream = Client(provider=ScriptedModel(BEGUN, free=False)).stream("hi")
        leave(stream)
        del stream
        gc.collect()
    (call,) = t.calls
    assert (call.finish, call.error, call.usage) == ("closed", None, Usage(7, 1))
    assert call.output == [{"kind": "text", "text": "Hel"}]
    assert call.cost is None
    assert "closed before its usage was told" in call.invoice.unknown[-1]  # type: ignore[union-attr]  # pyright: ignore
    assert call.first_token is not None


def test_a_stream_cut_on_the_wire_is_recorded() -> None:
    said = Said("word " * 20)
    with WireServer([faults.Cut(said, at=400), said]) as server:
        client = Client("openai:any", api_key="k", base_url=server.url, retry=Retry(attempts=1))
        with client, track() as t:
            with pytest.raises(ConnectionFailed):
                list(client.stream("hi"))
            list(client.stream("hi"))
    cut, whole = t.calls
    assert (cut.error, cut.cost, cut.finish) == ("ConnectionFailed", None, None)
    assert (whole.finish, whole.usage, whole.error) == ("stop", Usage(20, 5, 0, 0, 0), None)
    assert whole.first_token is not None
    assert 0 < whole.first_token <= whole.seconds


def test_a_stream_belongs_to_where_it_was_made() -> None:
    client = Client(provider=ScriptedModel("Hello"))
    with track() as t:
        with span("made"):
            stream = client.stream("hi")
        with span("read"):
            list(stream)
    late = client.stream("hi")
    list(late)
    (call,) = t.calls
    assert call.step == ("made",)


def test_a_stream_whose_answer_does_not_fit_is_an_answer_all_the_same() -> None:
    (call,) = tracked(lambda: [*Client(provider=ScriptedModel("no number")).stream("hi", output=int)])
    assert (call.finish, call.error) == ("stop", None)


def test_a_cancelled_call_is_recorded() -> None:
    async def work() -> tuple[Span, ...]:
        with track() as t:
            task = asyncio.create_task(Client(provider=Slow("x", free=False)).acomplete("hi"))
            await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return t.calls

    (call,) = asyncio.run(work())
    assert (call.error, call.cost) == ("CancelledError", None)


class Slow(ScriptedModel):
    """Answers when it is too late."""

    async def acomplete(self, prepared: Any) -> list[Event]:
        await asyncio.sleep(30)
        return await super().acomplete(prepared)


def test_what_other_rooms_ask_is_recorded_too(tmp_path: Any) -> None:
    (tmp_path / "hall.md").write_text("The hall seats 40 people.")
    index = Index.open(tmp_path / "hall.idx")
    index.add(tmp_path / "hall.md")
    model = ScriptedModel('QUOTE [1]: "The hall seats 40 people."\nANSWER: Forty.')
    with index, track() as t, span("answer"):
        index.ask("How many people does the hall seat?", Client(provider=model))
    assert [call.step for call in t.calls] == [("answer",)]


def test_a_prompt_is_told_by_its_name_and_version(tmp_path: Path) -> None:
    first, second = Prompt("Say {{word}}", name="say"), Prompt("Please say {{word}}", name="say")
    ledger = Ledger(tmp_path / "usage.db")
    with track(ledger=ledger) as t:
        for prompt in (first, second, Prompt("Say {{word}}")):
            Client(provider=ScriptedModel("yes")).complete(prompt.render(word="yes"))
    expected = {f"say {first.hash[:8]}", f"say {second.hash[:8]}", Prompt("Say {{word}}").hash}
    assert set(t.by("prompt")) == {entry.prompt for entry in ledger.entries()} == expected
