"""What every provider must pass, whatever stands behind it. One that speaks to a server passes `WireConformance` too.

class TestMine(ProviderConformance):
    @contextmanager
    def open(self, said):
        yield MyProvider(what_answers=said)

Each test is a method without fixtures, so that any runner will do: `unittest` takes it beside a `TestCase`, as in
`class TestMine(ProviderConformance, TestCase)`. What a provider does not support is skipped with `unittest.SkipTest`.
Under pytest, `pytest.register_assert_rewrite("aiapp.testing.conformance")` shows more.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar, get_args
from unittest import SkipTest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.events import Completion, fold
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import Part, ToolCall, ToolResult
from aiapp.core.request import Asked, Caching, Request, Settings, Tool
from aiapp.core.response import Response
from aiapp.core.usage import Usage
from aiapp.providers.protocol import Provider
from aiapp.testing.wires import Said

KEY = "sk-conformance-not-a-real-key"
"""The key to open a provider with: the suite looks for it where no key may be."""
SCRIPT = 'Grüße: 你好 🙂 e\u0301 \u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f680\n\t"quoted" \\ </end>'
LOOK = Tool("look", "Looks at a thing.", {"type": "object", "properties": {"at": {"type": "string"}}})
TOUCH = Tool("touch", "Touches a thing.", {"type": "object", "properties": {"the": {"type": "string"}}})
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
HELLO = user("hi")
SAMPLING: dict[str, Any] = {
    "temperature": 0.123,
    "top_p": 0.877,
    "top_k": 37,
    "max_tokens": 4321,
    "stop": ("CONFORMANCE-STOP",),
    "seed": 424242,
    "effort": "xhigh",
}
SERVING: dict[str, Any] = {
    "tool_choice": "required",
    "parallel_tools": False,
    "service_tier": "conformance-tier",
}


class ProviderConformance(ABC):
    """Subclass it as `Test...`, and say how a provider is opened that answers as it is told.

    `exact` is whether it says what it is told to: where it does not, as a model that runs on this machine, what it says
    is free, and only the form counts.
    """

    exact: ClassVar[bool] = True
    supports_system: ClassVar[bool] = True
    supports_tools: ClassVar[bool] = True
    supports_parallel_tools: ClassVar[bool] = True
    supports_json_schema: ClassVar[bool] = True
    supports_refusals: ClassVar[bool] = True
    caches_unasked: ClassVar[bool] = True
    """Whether prompts may be cached that nobody asked to cache. Where not, `off` needs no word: it changes nothing."""
    concurrent: ClassVar[int] = 50
    within: ClassVar[float] = 60.0
    """Seconds in which any one test must be done."""

    @abstractmethod
    def open(self, said: Said) -> AbstractContextManager[Provider]:
        """A provider that answers every request with `said`; where it takes a key, `KEY`."""

    # What the tests are made of.

    def needs(self, ability: str) -> None:
        """Skip where the provider has no such ability."""
        if not getattr(self, f"supports_{ability}"):
            raise SkipTest(f"{type(self).__name__} does not support {ability.replace('_', ' ')}")

    def complete(self, said: Said, request: Request) -> Completion:
        """The answer to a request, which must be the same whether it is waited for or streamed."""
        with self.open(said) as provider:
            whole: Completion = self.awaited(completed(provider, request))
            streamed: Completion = self.awaited(folded(provider, request))
        assert shape(streamed) == shape(whole), f"the stream adds up to {streamed}; the whole answer is {whole}"
        return whole

    def awaited(self, work: Any) -> Any:
        """What a coroutine returns, run on an event loop of its own, in bounded time."""
        return asyncio.run(asyncio.wait_for(work, self.within))

    def says(self, completion: Completion, text: str) -> None:
        """Check the text, where it is not free."""
        assert not self.exact or completion.text == text, f"said {completion.text!r}, not {text!r}"

    # Answers.

    def test_a_text(self) -> None:
        """Text comes back as it was said, with a reason for its end."""
        completion = self.complete(Said("Paris is the capital."), Request.of("What is the capital of France?"))
        self.says(completion, "Paris is the capital.")
        assert completion.model, "the answer does not say which model gave it"
        finish = reason(completion)
        assert finish == "stop" if self.exact else finish in ("stop", "length"), f"it ended with {finish}"

    def test_any_script(self) -> None:
        """No character is lost or changed, whichever bytes a stream cuts it at."""
        with self.open(Said("x")) as provider:
            shown = provider.prepare(Request.of(SCRIPT)).payload
        assert SCRIPT in texts_of(shown), "the request lost characters"
        for piece in (1, 5):
            self.says(self.complete(Said(SCRIPT, piece=piece), Request.of("Say it again.")), SCRIPT)

    def test_a_system_turn(self) -> None:
        """Instructions are sent, and answered."""
        self.needs("system")
        request = Request((system("CONFORMANCE-RULE"), user("Hello")))
        with self.open(Said("x")) as provider:
            assert any("CONFORMANCE-RULE" in text for text in texts_of(provider.prepare(request).payload))
        self.says(self.complete(Said("Hello"), request), "Hello")

    def test_several_turns(self) -> None:
        """All turns are sent, in order."""
        turns = ("first turn", "second turn", "third turn")
        request = Request((user(turns[0]), assistant(turns[1]), user(turns[2])))
        with self.open(Said("x")) as provider:
            sent = texts_of(provider.prepare(request).payload)
        places = [next((place for place, text in enumerate(sent) if turn in text), -1) for turn in turns]
        assert -1 not in places, f"of {turns} only some are in {sent}"
        assert places == sorted(places), f"the turns are out of order in {sent}"
        self.says(self.complete(Said("fourth"), request), "fourth")

    def test_the_limit_of_tokens(self) -> None:
        """An answer that was cut at the limit says so."""
        request = Request((user("Tell me a story."),), settings=Settings(max_tokens=1))
        completion = self.complete(Said("On", finish="length"), request)
        assert reason(completion) == "length", f"the limit is 1 token, and it ended with {reason(completion)}"

    def test_a_refusal(self) -> None:
        """A refusal is no answer like others."""
        self.needs("refusals")
        completion = self.complete(Said(refusal="I cannot help with that."), Request.of("hi"))
        assert reason(completion) == "refusal", f"it ended with {reason(completion)}"

    def test_a_json_answer(self) -> None:
        """A schema is enforced, or what is sent of it is said; and the answer is JSON."""
        self.needs("json_schema")
        request = Request((user("Where is the tower?"),), format=JsonSchema(CITY, "city"))
        with self.open(Said("x")) as provider:
            prepared = provider.prepare(request)
        told = any(change.field.startswith("format") for change in prepared.changes)
        assert told or "city" in json.dumps(prepared.payload), "the schema is lost without a word"
        value = json.loads(self.complete(Said('{"city": "Paris"}'), request).text)
        assert isinstance(value["city"], str)
        assert not self.exact or value == {"city": "Paris"}

    # Tools.

    def test_a_tool_call(self) -> None:
        """A call has an id, the tool's name, and arguments that are the JSON that the model wrote."""
        self.needs("tools")
        arguments = '{"at": "the \\"tower\\" 🙂", "deep": {"list": [1, 2.5, null, true]}}'
        request = Request((user("Look at the tower."),), tools=(LOOK,))
        completion = self.complete(Said(tool_calls=(ToolCall("call_1", "look", arguments),)), request)
        for call in completion.tool_calls:
            assert call.id, "the call has no id"
            assert call.name == "look"
            assert isinstance(json.loads(call.arguments), dict)
        if self.exact:
            assert reason(completion) == "tool_calls"
            assert [json.loads(call.arguments) for call in completion.tool_calls] == [json.loads(arguments)]

    def test_parallel_tool_calls(self) -> None:
        """Several calls keep their order, their ids and their arguments, beside the text that introduces them."""
        self.needs("parallel_tools")
        calls = (ToolCall("c1", "look", '{"at": "it"}'), ToolCall("c2", "touch", "{}"), ToolCall("c3", "look", "{}"))
        request = Request((user("Look, touch, look."),), tools=(LOOK, TOUCH))
        completion = self.complete(Said("Let me.", tool_calls=calls), request)
        if self.exact:
            found = [(call.name, json.loads(call.arguments)) for call in completion.tool_calls]
            assert found == [("look", {"at": "it"}), ("touch", {}), ("look", {})]
            assert len({call.id for call in completion.tool_calls}) == 3, "two calls share an id"
            assert completion.text == "Let me."

    def test_a_tools_result(self) -> None:
        """What a tool returned goes back beside the call that asked for it, with all that the provider wants back."""
        self.needs("tools")
        request = Request((user("Look at the tower."),), tools=(LOOK,))
        said = Said("Let me see.", thinking="Hm.", tool_calls=(ToolCall("call_1", "look", '{"at": "tower"}'),))
        first = self.complete(said, request)
        calls = first.tool_calls or (ToolCall("call_1", "look", "{}"),)
        results = [ToolResult(call.id, "CONFORMANCE-RESULT", is_error=place > 0) for place, call in enumerate(calls)]
        message = first.message if first.tool_calls else assistant(calls)
        again = replace(request, messages=(*request.messages, message, tool(*results)))
        with self.open(Said("x")) as provider:
            prepared = provider.prepare(again)
        sent = texts_of(prepared.payload)
        assert any("CONFORMANCE-RESULT" in text for text in sent), "the result is not sent"
        lost = [change for change in prepared.changes if change.lost and change.field.startswith("messages")]
        assert not lost, f"of the turns something is lost: {lost}"
        assert not self.exact or sum(calls[0].id in text for text in sent) >= 2, "call and result are not joined"
        self.says(self.complete(Said("It is tall."), again), "It is tall.")

    # Counts.

    def test_known_usage(self) -> None:
        """Counts are inclusive, and the same however the answer came."""
        usage = Usage(100, 20, 30, 10, 7, long_cache_write_tokens=0)
        completion = self.complete(Said("Paris", usage=usage), Request.of("hi"))
        if self.exact:
            found = completion.usage
            if found.long_cache_write_tokens is None:  # not every wire tells
                found = replace(found, long_cache_write_tokens=0)
            assert found == usage, f"{found} is not {usage}"
        else:
            found = completion.usage
            known = found.known and 0 not in (found.input_tokens, found.output_tokens)
            assert known or found == Usage(), f"{found} is neither counted nor unknown"

    def test_unknown_usage(self) -> None:
        """A count that nobody gave is None, never 0."""
        if not self.exact:
            raise SkipTest("it counts for itself")
        completion = self.complete(Said("Paris", usage=None), Request.of("hi"))
        assert completion.usage == Usage(), f"{completion.usage} was made up"

    # Preparing.

    def test_prepare_is_pure(self) -> None:
        """The payload is plain JSON, the same each time, and holds no key."""
        request = Request((system("Be brief."), user("hi")), (LOOK,), JsonSchema(CITY), Settings(max_tokens=9))
        with self.open(Said("x")) as provider:
            first, second = provider.prepare(request), provider.prepare(request)
            self.awaited(completed(provider, request))
            third = provider.prepare(request)
        shown = json.dumps(first.payload)
        assert shown == json.dumps(second.payload) == json.dumps(third.payload)
        assert first.changes == second.changes == third.changes
        assert KEY not in shown + repr(first), "the payload holds the key"

    def test_no_sampling_setting_is_lost_without_a_word(self) -> None:
        """Each is in the payload or among the changes."""
        self.nothing_is_lost(SAMPLING)

    def test_no_setting_of_service_is_lost_without_a_word(self) -> None:
        """Each is in the payload or among the changes."""
        self.nothing_is_lost(SERVING)

    def test_no_word_on_the_cache_is_lost(self) -> None:
        """Each is in the payload or among the changes: `off` too, which takes out the marks of messages."""
        for word in get_args(Caching):
            if word != "off" or self.caches_unasked:
                self.nothing_is_lost({"cache": word}, user("hi", cache=word == "off"))

    def nothing_is_lost(self, settings: dict[str, Any], message: Message = HELLO) -> None:
        """Each setting changes the payload, or is said to have been changed or dropped."""
        with self.open(Said("x")) as provider:
            without = provider.prepare(Request((message,), (LOOK,)))
            silent: list[str] = []
            for name, value in settings.items():
                prepared = provider.prepare(Request((message,), (LOOK,), settings=Settings(**{name: value})))
                new = [change for change in prepared.changes if change not in without.changes]
                told = any(name in change.field for change in new)
                if not told and prepared.payload == without.payload:
                    silent.append(f"{name}={value!r}")
        assert not silent, f"neither sent nor reported: {', '.join(silent)}"

    def test_a_setting_that_no_one_knows(self) -> None:
        """`extra` is passed on as it is, or reported; it is never a failure, and no secret in it is shown."""
        extra = {"conformance_setting": {"deep": [1]}, "conformance_token": KEY}
        with self.open(Said("fine")) as provider:
            client = Client(provider=provider, retry=Retry(attempts=1))
            asked = Request((user("hi"),), settings=Settings(extra=extra, max_tokens=9))
            response: Response = self.awaited(client.acomplete(asked))
        told = any("conformance_setting" in change.field for change in response.receipt.changes)
        assert told or "conformance_setting" in json.dumps(response.receipt.payload), "it is lost without a word"
        assert KEY not in json.dumps(response.receipt.payload), "the receipt shows what stands under a secret's name"

    # Running.

    def test_two_event_loops_in_turn(self) -> None:
        """A provider outlives the loop that it was used on first."""
        with self.open(Said("Paris")) as provider:
            for _ in range(2):
                self.says(self.awaited(completed(provider, SHORT)), "Paris")
                self.says(self.awaited(folded(provider, SHORT)), "Paris")

    def test_many_at_once(self) -> None:
        """Answers that are under way together do not mix."""

        async def work(provider: Provider) -> list[Completion]:
            ways = (completed, folded)
            return await asyncio.gather(*(ways[number % 2](provider, SHORT) for number in range(self.concurrent)))

        with self.open(Said("Paris is the capital.")) as provider:
            for completion in self.awaited(work(provider)):
                self.says(completion, "Paris is the capital.")

    def test_closing_twice(self) -> None:
        """Closing is safe before use, after it, and again; and a closed provider opens again."""

        async def work(provider: Provider) -> None:
            await provider.aclose()
            self.says(await completed(provider, SHORT), "Paris")
            await provider.aclose()
            await provider.aclose()
            self.says(await completed(provider, SHORT), "Paris")
            await provider.aclose()

        with self.open(Said("Paris")) as provider:
            self.awaited(work(provider))


SHORT = Request((user("hi"),), settings=Settings(max_tokens=5))


async def completed(provider: Provider, asked: Asked) -> Completion:
    """The answer, waited for."""
    return fold(await provider.acomplete(provider.prepare(Request.of(asked))))


async def folded(provider: Provider, asked: Asked) -> Completion:
    """The answer, streamed."""
    return fold([event async for event in provider.astream(provider.prepare(Request.of(asked)))])


def reason(completion: Completion) -> str | None:
    """Why an answer ended; None where it broke off."""
    return None if completion.finish is None else completion.finish.reason


def shape(completion: Completion) -> Any:
    """What of an answer is the same however it comes: not the ids of calls, nor the white space of their JSON."""
    parts: list[Part | tuple[str, Any]] = []
    for part in completion.parts:
        parts.append((part.name, json.loads(part.arguments)) if isinstance(part, ToolCall) else part)
    return completion.model, parts, completion.finish, completion.usage


def texts_of(value: Any) -> list[str]:
    """Every text in a payload, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        values: Sequence[Any] = list(value.values())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    else:
        values = value if isinstance(value, Sequence) else ()  # pyright: ignore[reportUnknownVariableType]
    return [text for one in values for text in texts_of(one)]
