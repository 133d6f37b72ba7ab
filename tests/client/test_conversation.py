"""Conversations: what is kept, what is not, and what survives being stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.conversation import Conversation
from aiapp.core.errors import AnswerInvalid, BadRequest, ConnectionFailed, InvalidInput
from aiapp.core.events import Event, Finish, PartEnd, Started, TextDelta, ThinkingDelta, ToolCallStart
from aiapp.core.messages import assistant, system, tool, user
from aiapp.core.parts import Image, Text, ToolResult
from aiapp.core.request import Settings, Tool
from aiapp.providers.protocol import Prepared
from aiapp.testing import ScriptedModel

CLOCK = Tool("clock", "The time.", {"type": "object", "properties": {}})


def test_every_turn_says_all_that_was_said() -> None:
    model = ScriptedModel(["Hello Ann", "You are Ann"])
    conversation = Conversation(
        Client(provider=model), [system("Be kind.")], tools=[CLOCK], settings=Settings(max_tokens=9)
    )
    assert conversation.say("I am Ann").text == "Hello Ann"
    assert conversation.say([Text("Who am I?"), Image("image/png", b"x")]).text == "You are Ann"
    assert [message.role for message in conversation.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert model.requests[1].messages == conversation.messages[:-1]
    assert [request.tools for request in model.requests] == [(CLOCK,)] * 2
    assert [request.settings for request in model.requests] == [Settings(max_tokens=9)] * 2


def test_a_turn_can_be_streamed() -> None:
    conversation = Conversation(Client(provider=ScriptedModel(["Hello you", "again"])))
    stream = conversation.stream("hi")
    assert not conversation.messages
    assert "".join(stream.text()) == "Hello you"
    assert conversation.messages == (user("hi"), assistant("Hello you"))

    async def more() -> str:
        return (await conversation.asay("more")).text

    assert asyncio.run(more()) == "again"


def test_a_turn_can_be_streamed_by_the_async_name() -> None:
    conversation = Conversation(Client(provider=ScriptedModel("Hello you")))

    async def said() -> list[str]:
        return [piece async for piece in conversation.astream("hi").atext()]

    assert "".join(asyncio.run(said())) == "Hello you"
    assert conversation.messages == (user("hi"), assistant("Hello you"))


class Cut(ScriptedModel):
    """Fails in the middle of its answer."""

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        yield Started("m")
        yield TextDelta("Hel")
        raise ConnectionFailed("cut", provider="s", model="m")


def test_a_turn_that_fails_leaves_the_conversation_as_it_was() -> None:
    before = (user("a"), assistant("b"))
    conversation = Conversation(Client(provider=ScriptedModel(BadRequest("no", provider="p", model="m"))), before)
    with pytest.raises(BadRequest):
        conversation.say("c")
    conversation.client = Client(provider=Cut("x"))
    with pytest.raises(ConnectionFailed):
        list(conversation.stream("c"))
    conversation.client = Client(provider=ScriptedModel("no number"))
    with pytest.raises(AnswerInvalid):
        conversation.say("c", output=int)
    with pytest.raises(AnswerInvalid):
        list(conversation.stream("c", output=int))
    conversation.client = Client(provider=ScriptedModel((Started("m"), TextDelta("half"))))
    assert conversation.say("c").finish is None
    conversation.client = Client(provider=ScriptedModel("a long answer"))

    async def leave() -> None:
        stream = conversation.stream("c")
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    assert conversation.messages == before


def test_tools_and_their_results_are_turns() -> None:
    asked: tuple[Event, ...] = (ToolCallStart(0, "c1", "clock"), PartEnd(index=0), Finish("tool_calls", "tool_use"))
    model = ScriptedModel([asked, "It is noon."])
    conversation = Conversation(Client(provider=model), tools=[CLOCK])
    response = conversation.say("What time is it?")
    results = [ToolResult(call.id, "12:00") for call in response.tool_calls]
    assert conversation.say(tool(*results)).text == "It is noon."
    assert [message.role for message in conversation.messages] == ["user", "assistant", "tool", "assistant"]
    conversation.add(user("Thanks."))
    assert conversation.messages[-1] == user("Thanks.")


def test_typed_turns() -> None:
    conversation = Conversation(Client(provider=ScriptedModel(['{"value": 4}', '{"value": 5}'])))
    assert conversation.say("2 + 2", output=int).output == 4
    asked_again = Conversation(Client(provider=ScriptedModel(["no", "no", "no", '{"value": 7}'])))
    assert asked_again.say("3 + 4", output=int, reasks=3).output == 7
    assert [message.text for message in asked_again.messages] == ["3 + 4", '{"value": 7}']
    stream = conversation.stream("2 + 3", output=int)
    assert list(stream.partials())[-1] == 5
    assert stream.response.output == 5
    assert len(conversation.messages) == 4


def test_opaque_metadata_survives_storage_and_is_sent_again() -> None:
    thought: tuple[Event, ...] = (
        Started("m"),
        ThinkingDelta("hm"),
        PartEnd({"anthropic": {"signature": "s=="}}),
        TextDelta("4"),
        PartEnd({"openai": {"phase": "final_answer"}}),
        Finish("stop", "stop"),
    )
    first = Conversation(Client(provider=ScriptedModel([thought])), tools=[CLOCK], settings=Settings(effort="low"))
    first.say("2 + 2?")
    model = ScriptedModel("5")
    again = Conversation.from_json(Client(provider=model), first.to_json())
    again.say("and 1?")
    sent = model.requests[0]
    assert [part.metadata for part in sent.messages[1].parts] == [
        {"anthropic": {"signature": "s=="}},
        {"openai": {"phase": "final_answer"}},
    ]
    assert (sent.tools, sent.settings) == ((CLOCK,), Settings(effort="low"))


@given(st.lists(st.text(), max_size=4), st.text())
def test_any_conversation_comes_back(turns: list[str], answer: str) -> None:
    client = Client(provider=ScriptedModel(answer))
    conversation = Conversation(client)
    for turn in turns:
        conversation.say(turn)
    again = Conversation.from_json(client, conversation.to_json())
    assert again.messages == conversation.messages
    assert again.to_json() == conversation.to_json()


def test_a_text_that_is_no_conversation_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"request\.messages\[0\]"):
        Conversation.from_json(Client(provider=ScriptedModel("x")), '{"kind": "request", "messages": [1]}')
