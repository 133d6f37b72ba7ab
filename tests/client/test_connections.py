"""What becomes of connections between calls."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Generator

import pytest

from aiapp.client.client import Client
from aiapp.sync.background import end

ANSWER = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
    }
).encode()


class Closing(socketserver.ThreadingTCPServer):
    """Answers one request a connection as if it were kept, then closes it, as a server does that restarts."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OneRequest)
        self.closed = threading.Semaphore(0)

    def shutdown_request(self, request: object) -> None:
        super().shutdown_request(request)  # type: ignore[arg-type]
        self.closed.release()


class OneRequest(socketserver.StreamRequestHandler):
    """Reads a request, answers it, and ends."""

    def handle(self) -> None:
        length = 0
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.rfile.read(length)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
        self.wfile.write(head.encode() + ANSWER)


@pytest.fixture
def server() -> Generator[Closing]:
    end()  # nobody runs the loop between the calls
    with Closing() as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


def test_one_that_the_server_closed_between_two_calls_is_not_used_again(server: Closing) -> None:
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    with Client("compatible:m", base_url=url, api_key="k") as client:
        for _ in range(5):
            response = client.complete("hi")
            assert response.text == "hello"
            assert len(response.receipt.attempts) == 1
            assert server.closed.acquire(timeout=10)
