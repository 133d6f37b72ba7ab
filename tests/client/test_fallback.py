"""Models that are asked in turn, clients that refuse, and the order of all that stands around a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from aiapp.client.cache import MemoryCache
from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.client import Client
from aiapp.client.conversation import Conversation
from aiapp.client.retry import Retry
from aiapp.core import errors
from aiapp.core.events import Event, Started, TextDelta
from aiapp.core.messages import assistant, user
from aiapp.core.parts import Image, Text, Thinking
from aiapp.core.request import Request, Settings
from aiapp.providers.protocol import Prepared, Provider
from aiapp.providers.registry import open_provider
from aiapp.testing import Said, ScriptedModel, WireServer, faults

QUICK = Retry(attempts=2, first_wait=0.001, longest_wait=0.002)
FAILURES = [
    errors.AuthenticationFailed,
    errors.PermissionDenied,
    errors.NotFound,
    errors.ContextOverflow,
    errors.ContentFiltered,
    errors.RateLimited,
    errors.Overloaded,
    errors.Unavailable,
    errors.TimedOut,
    errors.ConnectionFailed,
    errors.InvalidResponse,
]


def failing(kind: type[errors.ProviderError]) -> ScriptedModel:
    return ScriptedModel(kind("no", provider="scripted", model="scripted"))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", FAILURES)
def test_the_next_model_is_asked_where_one_cannot_answer(kind: type[errors.ProviderError], stream: bool) -> None:
    first = failing(kind)
    client = Client(provider=first, fallback=[ScriptedModel("the second", free=False)], retry=QUICK)
    if stream:
        streaming = client.stream("hi")
        assert "".join(streaming.text()) == "the second"
        response: Any = streaming.response
    else:
        response = client.complete("hi")
    assert response.text == "the second"
    tried = QUICK.attempts if kind.retryable else 1
    assert [attempt.error for attempt in response.receipt.attempts] == [kind.__name__] * tried + [None]
    assert len(first.requests) == tried
    assert response.receipt.cost is None, "the bill is that of the model that answered"


def test_a_request_that_is_wrong_is_wrong_everywhere() -> None:
    second = ScriptedModel("x")
    with pytest.raises(errors.BadRequest):
        Client(provider=failing(errors.BadRequest), fallback=[second]).complete("hi")
    assert second.requests == []


def test_where_none_answers_the_last_failure_is_raised() -> None:
    models = [failing(errors.NotFound), failing(errors.ContextOverflow), failing(errors.PermissionDenied)]
    with pytest.raises(errors.PermissionDenied):
        Client(provider=models[0], fallback=models[1:]).complete("hi")
    assert [len(model.requests) for model in models] == [1, 1, 1]


BEGUN = Request((user("Name a city"), assistant("The city is")))
"""Some models go on with an answer that was begun for them, and some refuse to."""


def refusing() -> Provider:
    return open_provider("anthropic:claude-opus-5-5", api_key="k", base_url="http://127.0.0.1:9")


def test_a_fallback_that_cannot_take_the_request_is_passed_over() -> None:
    busy, last = failing(errors.Overloaded), ScriptedModel("Paris")
    client = Client(provider=busy, fallback=[refusing(), last], retry=Retry(attempts=1))
    response = client.complete(BEGUN)
    assert response.text == "Paris"
    assert [attempt.error for attempt in response.receipt.attempts] == ["Overloaded", "BadRequest", None]
    assert response.receipt.cost_at_most == 0
    with pytest.raises(errors.Overloaded) as caught:
        Client(provider=busy, fallback=[refusing()], retry=Retry(attempts=1)).complete(BEGUN)
    assert caught.value.receipt is not None
    assert [attempt.error for attempt in caught.value.receipt.attempts] == ["Overloaded", "BadRequest"]
    with pytest.raises(errors.BadRequest):
        Client(provider=refusing(), fallback=[last]).complete(BEGUN)


def test_a_fallback_that_cannot_take_the_request_is_explained() -> None:
    client = Client(provider=ScriptedModel("Paris"), fallback=[refusing(), "local"])
    passed, local = client.explain(BEGUN).otherwise
    assert isinstance(passed.passed_over, errors.BadRequest)
    assert (passed.model, passed.most.total, passed.tries) == ("anthropic:claude-opus-5-5", Decimal(0), 0)
    assert local.passed_over is None
    client.forecast([BEGUN])
    with pytest.raises(errors.BadRequest):
        Client(provider=refusing(), fallback=["local"]).explain(BEGUN)


def test_a_strict_client_asks_no_fallback_that_would_lose_something() -> None:
    request = Request((user("hi"),), settings=Settings(effort="high"))
    busy, last = failing(errors.Overloaded), ScriptedModel("x")
    client = Client(provider=busy, fallback=["local", last], retry=Retry(attempts=1), strict=True)
    response = client.complete(request)
    assert [attempt.error for attempt in response.receipt.attempts] == ["Overloaded", "NotHonoured", None]


def test_a_model_that_began_to_speak_is_not_replaced() -> None:
    class Breaks(ScriptedModel):
        async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
            yield Started("m")
            yield TextDelta("Hel")
            raise errors.ConnectionFailed("cut", provider="s", model="m")

    second, shown = ScriptedModel("never"), list[str]()
    pieces = Client(provider=Breaks("x"), fallback=[second], retry=QUICK).stream("hi").text()
    shown.append(next(pieces))
    with pytest.raises(errors.ConnectionFailed):
        list(pieces)
    assert (shown, second.requests) == (["Hel"], [])


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [("openai", "anthropic", "encrypted_content"), ("anthropic", "openai", "signature")],
)
def test_what_cannot_travel_to_another_vendor_is_listed_and_goes_back_to_its_own(
    first: str, second: str, field: str
) -> None:
    """A's answer, then asked of A, which is down, so of B; then of A again."""
    said = Said("Let me think. 7.", thinking="Hm, hm")
    with WireServer([said, faults.Status(503), "Still 7.", "7 again."]) as server:
        other = open_provider(f"{second}:m", api_key="k", base_url=server.url)
        with Client(
            f"{first}:m", api_key="k", base_url=server.url, fallback=[other], retry=Retry(attempts=1)
        ) as client:
            turns = [user("3 + 4?")]
            turns += [(one := client.complete(turns)).message, user("Sure?")]
            two = client.complete(turns)
            three = client.complete([*turns, two.message, user("Really?")])
        sent = [json.dumps(received.body) for received in server.requests]
    assert [attempt.model for attempt in two.receipt.attempts] == [f"{first}:m", f"{second}:m"]
    assert [change.field for change in two.warnings] == ["messages.thinking"]
    [opaque] = [part.metadata[first][field] for part in one.parts if isinstance(part, Thinking)]
    assert [f'"{opaque}"' in body for body in sent] == [False, True, False, True]
    assert three.receipt.model == f"{first}:m"


def test_a_strict_client_refuses_what_another_warns_of() -> None:
    request = Request((user([Text("Look"), Image("image/png", data=b"x")]),), settings=Settings(effort="high"))
    response = Client("local", settings=Settings(max_tokens=2)).complete(request)
    assert {change.field for change in response.warnings} == {"effort", "messages.image"}
    with pytest.raises(errors.NotHonoured) as caught:
        Client("local", strict=True).complete(request)
    assert {change.field for change in caught.value.changes} == {"effort", "messages.image"}
    with pytest.raises(errors.NotHonoured):
        list(Client("local", strict=True).stream(request))


def test_what_is_sent_otherwise_but_loses_nothing_is_no_reason_to_refuse() -> None:
    said = assistant([Text("x")])
    request = Request((user("hi"), said, user("go on")), settings=Settings(cache="short"))
    explained = Client("local", strict=True).explain(request)
    assert explained.changes
    assert not explained.refused
    assert Client("local", strict=True, settings=Settings(max_tokens=2)).complete(request).warnings == ()


def test_everything_around_a_call_stands_in_its_order() -> None:
    """Middleware, first outermost; the cache; the fallback; the retries; the gates before each try."""
    order: list[str] = []

    def named(name: str) -> Any:
        async def policy(call: Call, proceed: Proceed) -> Opened:
            order.append(name)
            opened = await proceed(call)
            order.append(f"/{name}")
            return opened

        return policy

    client = Client(
        provider=failing(errors.Overloaded),
        fallback=[ScriptedModel("x")],
        retry=QUICK,
        cache=MemoryCache(),
        middleware=[named("outer"), named("inner")],
        gates=[named("gate")],
    )
    client.complete("hi")
    assert order == ["outer", "inner", "gate", "gate", "gate", "/gate", "/inner", "/outer"]


def test_middleware_may_change_what_is_asked_and_answer_by_itself() -> None:
    model = ScriptedModel(lambda request: f"asked: {request.messages[-1].text}")

    async def politely(call: Call, proceed: Proceed) -> Opened:
        call.request = Request.of(f"{call.request.messages[-1].text}, please")
        return await proceed(call)

    async def offline(call: Call, proceed: Proceed) -> Opened:
        return Opened((Started("nobody"), TextDelta("No.")))

    assert Client(provider=model, middleware=[politely]).complete("Sing").text == "asked: Sing, please"
    refused = Client(provider=model, middleware=[offline]).complete("Sing")
    assert (refused.text, refused.receipt.attempts, len(model.requests)) == ("No.", (), 1)


def test_a_call_that_is_cancelled_asks_nobody_else() -> None:
    class Hangs(ScriptedModel):
        async def acomplete(self, prepared: Prepared) -> list[Event]:
            await asyncio.sleep(60)
            return []

    second = ScriptedModel("x")

    async def work() -> None:
        task = asyncio.create_task(Client(provider=Hangs("x"), fallback=[second]).acomplete("hi"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert second.requests == []
    assert Client(provider=Hangs("x"), fallback=[second], timeout=0.01, retry=QUICK).complete("hi").text == "x"
    assert Client(provider=second).complete("hi").receipt.cost == Decimal(0)


@pytest.mark.parametrize("streaming", [False, True])
def test_signed_reasoning_does_not_go_to_a_fallback_that_did_not_sign_it(streaming: bool) -> None:
    """The API answers 400 to a signature that another model made."""
    with WireServer([Said("Hello", thinking="Well"), faults.overloaded(), "From haiku"]) as server:
        client = Client(
            "anthropic:claude-opus-5",
            api_key="k",
            base_url=server.url,
            retry=Retry(attempts=1),
            fallback=[open_provider("anthropic:claude-haiku-4-5", api_key="k", base_url=server.url)],
        )
        with client:
            chat = Conversation(client)
            if streaming:
                list(chat.stream("Hi"))
            else:
                chat.say("Hi")
            response = chat.say("And now?")
    asked, again = server.requests[1].body, server.requests[2].body
    assert asked["messages"][1]["content"][0]["type"] == "thinking"
    assert "signed_by" not in str(asked)
    assert (again["model"], again["messages"][1]["content"]) == (
        "claude-haiku-4-5",
        [{"type": "text", "text": "Hello"}],
    )
    assert [str(change) for change in response.warnings] == [
        "messages.thinking: reasoning that claude-opus-5 signed is refused here; left out"
    ]


@pytest.mark.parametrize("place", ["middleware", "gates"])
@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
def test_a_policy_that_gives_no_answer_is_named(place: str, streaming: bool) -> None:
    async def forgetful(call: Call, proceed: Proceed) -> Any:
        await proceed(call)

    client = Client(provider=ScriptedModel("x"), **{place: [forgetful]})  # type: ignore[arg-type]
    with pytest.raises(
        errors.InvalidInput, match=r"what forgetful returned: None cannot be used; .*await proceed\(call\)"
    ):
        list(client.stream("hi")) if streaming else client.complete("hi")
