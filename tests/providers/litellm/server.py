"""A small OpenAI-compatible server on the loopback, and what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 5,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "it"}'}}
ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "served-model",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": "Hello there", "tool_calls": [CALL]},
        }
    ],
    "usage": USAGE,
}
VECTORS: dict[str, Any] = {
    "object": "list",
    "model": "served-model",
    "data": [
        {"object": "embedding", "index": 1, "embedding": [0.0, 1.0]},
        {"object": "embedding", "index": 0, "embedding": [1.0, 0.0]},
    ],
    "usage": {"prompt_tokens": 6, "total_tokens": 6},
}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}


def _piece(arguments: str) -> dict[str, Any]:
    return {"index": 0, "function": {"arguments": arguments}}


STREAM: list[dict[str, Any]] = [
    _chunk({"role": "assistant", "content": "Hello"}),
    _chunk({"content": " there"}),
    _chunk({"tool_calls": [{**CALL, "index": 0, "function": {"name": "look", "arguments": ""}}]}),
    _chunk({"tool_calls": [_piece('{"at":')]}),
    _chunk({"tool_calls": [_piece(' "it"}')]}),
    _chunk({}, "tool_calls"),
    {**_chunk({}), "choices": [], "usage": USAGE},
]


class Server:
    """Where it listens, what it answers, and the requests that came."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.answer: dict[str, Any] = ANSWER
        self.headers: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []
        self.fetched: list[str] = []


@contextmanager
def serving() -> Generator[Server]:
    """A server on a free port until the end of the block."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(asked)
            body, kind = json.dumps(VECTORS if self.path.endswith("/embeddings") else state.answer), "application/json"
            if asked.get("stream") and state.status == 200:
                body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in STREAM) + "data: [DONE]\n\n"
                kind = "text/event-stream"
            self.send_response(state.status)
            for name, value in {**state.headers, "content-type": kind, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_GET(self) -> None:
            state.fetched.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
