"""Both wires of OpenAI over a fake transport, with answers whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx2

from aiapp.core.events import Completion, fold
from aiapp.core.messages import user
from aiapp.core.request import Request
from aiapp.providers.openai.chat.provider import ChatProvider
from aiapp.providers.openai.provider import OpenAIProvider
from aiapp.providers.openai.sdk import OpenAISdkProvider
from aiapp.providers.openai.vendors import vendors

KEY = "sk-very-secret"
ASK = Request((user("hi"),))
Handler = Callable[[httpx2.Request], httpx2.Response]


def responses(handler: Handler, model: str = "gpt-test") -> OpenAIProvider:
    return OpenAIProvider(model, api_key=KEY, http_client=client(handler))


def chat(handler: Handler, vendor: str = "openai-chat", model: str = "m", **given: Any) -> ChatProvider:
    options: dict[str, Any] = {"api_key": KEY, **given}
    return ChatProvider(vendors()[vendor], model, http_client=client(handler), **options)


def client(handler: Handler) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.MockTransport(handler))


def answering(whole: Mapping[str, Any], stream: Sequence[Mapping[str, Any]] = ()) -> Handler:
    """A server that gives the same answer whole or streamed, as it is asked."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        if not json.loads(request.content).get("stream"):
            return httpx2.Response(200, json=dict(whole))
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in stream) + "data: [DONE]\n\n"
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    return handle


def recording(answer: Mapping[str, Any], seen: list[httpx2.Request]) -> Handler:
    """A server that remembers what it was sent."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=dict(answer))

    return handle


async def complete(provider: OpenAISdkProvider, request: Request = ASK) -> Completion:
    return fold(await provider.acomplete(provider.prepare(request)))


async def streamed(provider: OpenAISdkProvider, request: Request = ASK) -> Completion:
    return fold([event async for event in provider.astream(provider.prepare(request))])


async def both(provider: OpenAISdkProvider, request: Request = ASK) -> tuple[Completion, Completion]:
    return await complete(provider, request), await streamed(provider, request)


def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice], "usage": None, **more}


def total(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m-1", "choices": [], "usage": dict(usage)}


def whole(message: Mapping[str, Any], finish: str, usage: Mapping[str, Any] | None = None) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    answer: dict[str, Any] = {"id": "c1", "object": "chat.completion", "model": "m-1", "choices": [choice]}
    return answer if usage is None else {**answer, "usage": dict(usage)}


def call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def stream_of(items: Iterable[Mapping[str, Any]], end: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A stream of the Responses API for output items, with text and arguments in two pieces each."""
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {"id": end["id"], "model": end["model"]}}]
    for index, item in enumerate(items):
        begun = {name: value for name, value in item.items() if name not in ("encrypted_content", "content")}
        begun |= {"arguments": ""} if "arguments" in item else {}
        events.append({"type": "response.output_item.added", "output_index": index, "item": begun})
        events += _deltas(index, item)
        events.append({"type": "response.output_item.done", "output_index": index, "item": dict(item)})
    events.append({"type": "response.a_future_event", "x": 1})
    kind = {"incomplete": "response.incomplete", "failed": "response.failed"}.get(end["status"], "response.completed")
    return [*events, {"type": kind, "response": dict(end)}]


def _deltas(index: int, item: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for place, one in enumerate(item.get("summary") or ()):
        for piece in halves(one["text"]):
            yield {
                "type": "response.reasoning_summary_text.delta",
                "output_index": index,
                "summary_index": place,
                "delta": piece,
            }
    contents: list[dict[str, Any]] = item.get("content") or []
    for place, one in enumerate(contents):
        kind = "refusal" if one["type"] == "refusal" else "output_text"
        for piece in halves(one.get("text") or one.get("refusal") or ""):
            yield {
                "type": f"response.{kind}.delta",
                "output_index": index,
                "content_index": place,
                "delta": piece,
                "obfuscation": "xyz",
            }
        for source in one.get("annotations") or ():
            yield {"type": "response.output_text.annotation.added", "output_index": index, "annotation": source}
    for piece in halves(item.get("arguments", "")):
        yield {"type": "response.function_call_arguments.delta", "output_index": index, "delta": piece}


def halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]
