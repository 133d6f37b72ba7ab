"""What an error tells of the call that it ended: every attempt, and the money."""

from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest

from aiapp import track
from aiapp.client.budget import Budget
from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import (
    AiappError,
    AnswerInvalid,
    BadRequest,
    ConnectionFailed,
    InvalidInput,
    MissingDependency,
    MissingKey,
    NotHonoured,
    OverBudget,
    ProviderError,
    RateLimited,
    StepFailed,
    TimedOut,
    UnknownModel,
)
from aiapp.core.events import Event, Started, TextDelta, UsageReport
from aiapp.core.request import Request, Settings
from aiapp.core.response import Change, Receipt
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Prepared
from aiapp.testing import Said, ScriptedModel, WireServer, faults

QUICK = Retry(attempts=2, first_wait=0.001)


def failing(kind: type[ProviderError], status: int | None = None) -> ProviderError:
    return kind("no", provider="p", model="m", status=status, request_id="req_1")


def receipt_of(act: Callable[[], object], kind: type[AiappError]) -> Receipt | None:
    with pytest.raises(kind) as caught:
        act()
    return caught.value.receipt


@pytest.mark.parametrize("streaming", [False, True])
def test_an_error_has_the_receipt_of_its_call(streaming: bool) -> None:
    model = ScriptedModel([failing(TimedOut), failing(RateLimited, 429)], free=False)
    client = Client(provider=model, retry=QUICK)
    with track() as tracked:
        receipt = receipt_of(lambda: [*client.stream("hi")] if streaming else client.complete("hi"), RateLimited)
    assert receipt is not None
    assert [attempt.error for attempt in receipt.attempts] == ["TimedOut", "RateLimited"]
    assert receipt.payload == client.explain("hi").payload
    assert (receipt.request_id, receipt.cost, receipt.usage.known) == ("req_1", None, False)
    (call,) = tracked.calls
    assert (call.attempts, call.invoice, call.request_id) == (receipt.attempts, receipt.invoice, "req_1")


def test_what_the_provider_refused_cost_nothing() -> None:
    client = Client(provider=ScriptedModel(failing(BadRequest, 400), free=False))
    receipt = receipt_of(lambda: client.complete("hi"), BadRequest)
    assert receipt is not None
    assert receipt.cost == Decimal(0)


def test_a_fallback_that_fails_too_leaves_the_attempts_of_both() -> None:
    first, last = (ScriptedModel(failing(kind, 429), free=False) for kind in (RateLimited, RateLimited))
    receipt = receipt_of(lambda: Client(provider=first, fallback=[last], retry=QUICK).complete("hi"), RateLimited)
    assert receipt is not None
    assert len(receipt.attempts) == 4


def test_the_bill_of_a_failure_is_that_of_who_failed() -> None:
    """Also where a fallback was passed over after it, or is free, and failed in its turn."""
    request = Request(Request.of("hi").messages, settings=Settings(extra={"foo": 1}))
    paid = ScriptedModel(failing(TimedOut), free=False)
    passed_over = Client(provider=paid, fallback=["local"], strict=True, retry=Retry(attempts=1))
    receipt = receipt_of(lambda: passed_over.complete(request), TimedOut)
    assert receipt is not None
    assert (receipt.model, receipt.cost) == ("scripted", None)
    assert receipt.payload == Client(provider=paid).explain(request).payload
    free = ScriptedModel(failing(RateLimited, 429))
    failed = Client(provider=paid, fallback=[free], retry=Retry(attempts=1))
    receipt = receipt_of(lambda: failed.complete("hi"), RateLimited)
    assert receipt is not None
    assert receipt.cost is None


def test_a_stream_that_broke_off_has_what_is_known_of_its_usage() -> None:
    begun = (Started("m"), UsageReport(Usage(7, 1)), TextDelta("Hel"))

    class Broken(ScriptedModel):
        async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
            for event in begun:
                yield event
            raise failing(ConnectionFailed)

    receipt = receipt_of(lambda: [*Client(provider=Broken("x", free=False)).stream("hi")], ConnectionFailed)
    assert receipt is not None
    assert receipt.usage == Usage(7, 1)
    assert receipt.cost is None


def test_what_was_never_sent_has_no_receipt() -> None:
    client = Client(provider=ScriptedModel("x"), strict=True)
    assert receipt_of(lambda: client.complete(Request.of([]), output=int), AiappError) is None
    spent = Budget(calls=1)
    with spent:
        client.complete("hi")
        assert receipt_of(lambda: client.complete("hi"), OverBudget) is None


def test_a_failure_of_a_second_answer_has_the_first_on_its_bill() -> None:
    said = Said("no JSON", usage=Usage(10, 1, 0, 0, 0))
    model = ScriptedModel([said, failing(RateLimited, 429)], free=False)
    client = Client(provider=model, retry=Retry(attempts=1))
    receipt = receipt_of(lambda: client.complete("Who?", output=int), RateLimited)
    assert receipt is not None
    assert [attempt.error for attempt in receipt.attempts] == [None, "RateLimited"]
    assert sum(line.count or 0 for line in receipt.invoice.lines if "input" in line.item) == 10
    assert len(receipt.payload["calls"]) == 2


def test_a_budget_that_forbids_the_second_answer_has_the_first_on_its_bill() -> None:
    model = ScriptedModel(Said("no JSON", usage=Usage(10, 1, 0, 0, 0)))
    client = Client(provider=model, budget=Budget(calls=1), settings=Settings(max_tokens=5))
    receipt = receipt_of(lambda: client.complete("Who?", output=int), OverBudget)
    assert receipt is not None
    assert receipt.usage == Usage(10, 1, 0, 0, 0)
    assert len(receipt.attempts) == 1


def test_an_answer_that_does_not_fit_has_that_of_the_answer() -> None:
    with pytest.raises(AnswerInvalid) as caught:
        Client(provider=ScriptedModel("no")).complete("Who?", output=int)
    assert caught.value.receipt is caught.value.response.receipt
    with pytest.raises(AnswerInvalid) as caught:
        list(Client(provider=ScriptedModel("no")).stream("Who?", output=int))
    assert caught.value.receipt is caught.value.response.receipt


def test_a_step_of_a_chain_hands_it_on() -> None:
    from aiapp.chains import chain

    client = Client(provider=ScriptedModel(failing(BadRequest, 400)))
    with pytest.raises(StepFailed) as caught:
        chain(client).run("hi")
    assert caught.value.receipt is not None
    assert caught.value.receipt.attempts[0].status == 400


def pickled(error: AiappError) -> AiappError:
    copied: AiappError = pickle.loads(pickle.dumps(error))
    return copied


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize(
    "error",
    [
        failing(RateLimited, 429),
        InvalidInput("field", 1, "more"),
        MissingKey("p", "P_API_KEY"),
        UnknownModel("m", "others"),
        MissingDependency("p", "e"),
        NotHonoured("m", (Change("field", "reason"),)),
        OverBudget("m", "money", Decimal(1), Decimal(0)),
        StepFailed("step", ValueError("x"), 1, {"a": 2}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_another_process_gets_the_whole_of_it(error: AiappError, again: Callable[[AiappError], AiappError]) -> None:
    client = Client(provider=ScriptedModel("no"))
    error.receipt = client.complete("hi").receipt
    copied = again(error)
    assert (type(copied), str(copied), copied.args) == (type(error), str(error), error.args)
    assert vars(copied).keys() == vars(error).keys()
    assert copied.receipt == error.receipt


def test_no_secret_is_on_it() -> None:
    asked = Request(Request.of("hi").messages, settings=Settings(extra={"api_key": "sk-secret"}))
    with (
        WireServer([faults.Status(400)]) as server,
        Client("openai:any", api_key="sk-other", base_url=server.url) as client,
    ):
        receipt = receipt_of(lambda: client.complete(asked), BadRequest)
    assert receipt is not None
    assert "api_key" in receipt.payload
    assert "sk-" not in repr(dict(receipt.payload)) + repr(receipt)
