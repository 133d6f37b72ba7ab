"""Both providers' wires, faked at the SDK's own transport: recorded-looking payloads and the same as streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx2

from aiapp.providers.anthropic.provider import AnthropicProvider
from aiapp.providers.openai.provider import OpenAIProvider

KEY = "sk-very-secret"
Handler = Callable[[httpx2.Request], httpx2.Response]

REASONING: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "opaque"}
SAID: dict[str, Any] = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "phase": "final_answer",
    "content": [{"type": "output_text", "text": "Hello there"}],
}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": '{"at": "it"}'}
OPENAI: dict[str, Any] = {
    "id": "resp_1",
    "model": "gpt-test",
    "status": "completed",
    "output": [REASONING, SAID, CALL],
    "usage": {
        "input_tokens": 50,
        "output_tokens": 20,
        "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 5},
        "output_tokens_details": {"reasoning_tokens": 7},
    },
}
OPENAI_STREAM: list[dict[str, Any]] = [
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-test"}},
    {"type": "response.output_item.done", "output_index": 0, "item": REASONING},
    {"type": "response.output_text.delta", "output_index": 1, "delta": "Hello"},
    {"type": "response.output_text.delta", "output_index": 1, "delta": " there"},
    {"type": "response.output_item.done", "output_index": 1, "item": SAID},
    {"type": "response.output_item.added", "output_index": 2, "item": CALL | {"arguments": ""}},
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"at":'},
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": ' "it"}'},
    {"type": "response.output_item.done", "output_index": 2, "item": CALL},
    {"type": "response.some_future_event"},
    {"type": "response.completed", "response": OPENAI},
]
ANTHROPIC: dict[str, Any] = {
    "id": "msg_1",
    "model": "claude-test",
    "content": [
        {"type": "thinking", "thinking": "Well", "signature": "sig"},
        {"type": "text", "text": "Hello there"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "it"}},
    ],
    "stop_reason": "tool_use",
    "usage": {
        "input_tokens": 35,
        "cache_read_input_tokens": 10,
        "cache_creation_input_tokens": 5,
        "output_tokens": 20,
    },
}
ANTHROPIC_STREAM: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {"id": "msg_1", "model": "claude-test", "usage": ANTHROPIC["usage"] | {"output_tokens": 1}},
    },
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Well"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "sig"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "there"}},
    {"type": "content_block_stop", "index": 1},
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
    },
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ""}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"at": '}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '"it"}'}},
    {"type": "content_block_stop", "index": 2},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}},
    {"type": "message_stop"},
]


def openai(handler: Handler) -> OpenAIProvider:
    """OpenAI's provider with its real SDK over a fake transport."""
    return OpenAIProvider("gpt-test", api_key=KEY, http_client=_client(handler))


def anthropic(handler: Handler) -> AnthropicProvider:
    """Anthropic's provider with its real SDK over a fake transport."""
    return AnthropicProvider("claude-test", api_key=KEY, http_client=_client(handler))


def _client(handler: Handler) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.MockTransport(handler))


def answering(whole: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Handler:
    """A server that gives the same answer whole or streamed, as it is asked."""
    stream = list(events)

    def handle(request: httpx2.Request) -> httpx2.Response:
        if not json.loads(request.content).get("stream"):
            return httpx2.Response(200, json=dict(whole))
        body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in stream)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    return handle
