"""The vendors' own SDKs against a wire server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator

import pytest
from anthropic import Anthropic, AsyncAnthropic
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionChunk

from aiapp.core.parts import ToolCall
from aiapp.core.usage import Usage
from aiapp.testing import Said, Vectors, WireServer, faults
from aiapp.testing.replies import Answer

LOOK, TOUCH = ToolCall("call_1", "look", '{"at": "it"}'), ToolCall("call_2", "touch", '{"the": 2}')
SAID = Said(
    "Grüße, 你好 🙂",
    thinking="Hm",
    tool_calls=(LOOK, TOUCH),
    usage=Usage(100, 20, 30, 10, 7, long_cache_write_tokens=0),
)
CALLS = [("call_1", "look", {"at": "it"}), ("call_2", "touch", {"the": 2})]
SAME_ANSWERS: dict[str, Answer] = {
    "as it is": SAID,
    "interleaved": faults.Interleaved(SAID),
    "noisy": faults.Noisy(SAID),
    "CR LF": faults.Crlf(SAID),
    "noisy CR LF in single bytes": faults.Drip(faults.Crlf(faults.Noisy(SAID)), size=1),
    "stalled": faults.Stall(SAID, seconds=0.02, at=100),
    "dripping": faults.Drip(SAID, size=700, seconds=0.005),
}
EACH_WAY = pytest.mark.parametrize("answer", SAME_ANSWERS.values(), ids=SAME_ANSWERS.keys())


@pytest.fixture
def server(answer: Answer) -> Generator[WireServer]:
    with WireServer(answer) as server:
        yield server
        server.assert_closed()


@EACH_WAY
def test_responses(server: WireServer) -> None:
    with OpenAI(api_key="k", base_url=f"{server.url}/v1", max_retries=0) as client:
        whole = client.responses.create(model="m", input="hi")
        with client.responses.stream(model="m", input="hi") as stream:
            texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
            streamed = stream.get_final_response()
    for response in (whole, streamed):
        assert (response.output_text, response.model, response.status) == (SAID.text, "m", "completed")
        called = [item for item in response.output if item.type == "function_call"]
        assert [(call.call_id, call.name, json.loads(call.arguments)) for call in called] == CALLS
        assert response.usage is not None
        assert (response.usage.input_tokens, response.usage.total_tokens) == (100, 120)
        assert response.usage.input_tokens_details.cached_tokens == 30
        assert response.usage.output_tokens_details.reasoning_tokens == 7
    assert "".join(texts) == SAID.text
    assert len(texts) > 1


@EACH_WAY
def test_chat_completions(server: WireServer) -> None:
    with OpenAI(api_key="k", base_url=f"{server.url}/v1", max_retries=0) as client:
        completion = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
        stream = client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    message = completion.choices[0].message
    called = [call for call in message.tool_calls or () if call.type == "function"]
    assert message.content == SAID.text
    assert [(call.id, call.function.name, json.loads(call.function.arguments)) for call in called] == CALLS
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID.text
    assert chat_calls(chunks) == CALLS
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "tool_calls"
    for usage in (completion.usage, chunks[-1].usage):
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (100, 20, 120)
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


def chat_calls(chunks: list[ChatCompletionChunk]) -> list[tuple[str, str, object]]:
    """By index, as the API's documentation has it."""
    found: dict[int, tuple[str, str, list[str]]] = {}
    for chunk in chunks:
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or ():
                assert call.function is not None
                if call.id is not None:
                    found[call.index] = (call.id, call.function.name or "", [])
                found[call.index][2].append(call.function.arguments or "")
    return [(call_id, name, json.loads("".join(pieces))) for call_id, name, pieces in found.values()]


@EACH_WAY
def test_messages(server: WireServer) -> None:
    with Anthropic(api_key="k", base_url=server.url, max_retries=0) as client:
        whole = client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
        with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]) as stream:
            texts = list(stream.text_stream)
            streamed = stream.get_final_message()
    for message in (whole, streamed):
        assert [block.text for block in message.content if block.type == "text"] == [SAID.text]
        called = [block for block in message.content if block.type == "tool_use"]
        assert [(call.id, call.name, call.input) for call in called] == CALLS
        assert (message.stop_reason, message.model) == ("tool_use", "m")
        usage = message.usage
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (60, 30, 10)
        assert usage.output_tokens == 20
    assert "".join(texts) == SAID.text


@pytest.mark.parametrize("encoding", ["float", "base64", None])
@pytest.mark.parametrize("answer", [Vectors(((0.5, 1.0), (0.25, 0.0)))])
def test_embeddings(server: WireServer, encoding: str | None) -> None:
    """The SDK asks for base64 of its own accord, and unpacks it."""
    with OpenAI(api_key="k", base_url=server.url, max_retries=0) as client:
        if encoding is None:
            answer = client.embeddings.create(model="m", input=["a", "b", "c"])
        else:
            answer = client.embeddings.create(
                model="m", input=["a", "b", "c"], encoding_format="float" if encoding == "float" else "base64"
            )
    asked = server.requests[0].body["encoding_format"]
    assert asked == ("base64" if encoding is None else encoding)
    if encoding != "base64":
        assert [list(item.embedding) for item in answer.data] == [[0.5, 1.0], [0.25, 0.0], [0.5, 1.0]]
    assert answer.model == "m"


@pytest.mark.parametrize("answer", [Said("x")])
def test_chat_counts_come_only_where_they_are_asked_for(server: WireServer) -> None:
    with OpenAI(api_key="k", base_url=server.url, max_retries=0) as client:
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True)
        chunks = list(stream)
    assert all(chunk.choices and "usage" not in chunk.model_fields_set for chunk in chunks)


@pytest.mark.parametrize("answer", [faults.IndexReused(SAID)])
def test_a_reused_index_is_told_apart_by_its_ids_alone(server: WireServer) -> None:
    with OpenAI(api_key="k", base_url=server.url, max_retries=0) as client:
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True)
        calls = [call for chunk in stream if chunk.choices for call in chunk.choices[0].delta.tool_calls or ()]
    assert {call.index for call in calls} == {0}
    assert [call.id for call in calls if call.id is not None] == ["call_1", "call_2"]


@pytest.mark.parametrize("answer", [Said("one for many")])
def test_many_at_once(server: WireServer) -> None:
    async def ask() -> set[str]:
        async with (
            AsyncOpenAI(api_key="k", base_url=server.url, max_retries=0) as openai,
            AsyncAnthropic(api_key="k", base_url=server.url, max_retries=0) as anthropic,
        ):
            responses = await asyncio.gather(*(openai.responses.create(model="m", input="hi") for _ in range(40)))
            messages = await asyncio.gather(
                *(
                    anthropic.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
                    for _ in range(40)
                )
            )
        texts = {block.text for message in messages for block in message.content if block.type == "text"}
        return texts | {response.output_text for response in responses}

    assert asyncio.run(ask()) == {"one for many"}
    assert len(server.requests) == 80
