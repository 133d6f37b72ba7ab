"""OpenAI's embeddings."""

from __future__ import annotations

import base64
import struct

from aiapp.core.errors import InvalidInput
from aiapp.testing.wires.failures import openai_failure
from aiapp.testing.wires.said import Said, Vectors
from aiapp.testing.wires.wire import Json, Wire


def listed(answer: Vectors, texts: int, *, in_base64: bool = False) -> Json:
    """The embeddings of so many texts; in base64 they are 32-bit floats, least significant byte first."""
    vectors = [answer.vectors[index % len(answer.vectors)] for index in range(texts)]
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if in_base64 else list(vector)}
            for index, vector in enumerate(vectors)
        ],
        "model": "scripted" if answer.model is None else answer.model,
        "usage": {"prompt_tokens": answer.input_tokens, "total_tokens": answer.input_tokens},
    }


def _packed(vector: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _no_answer(said: Said) -> Json:
    raise InvalidInput("answer", said, "Vectors for embeddings")


def _no_events(said: Said, *, interleaved: bool = False) -> list[Json]:
    raise InvalidInput("answer", said, "Vectors for embeddings, which are not streamed")


def _failure_event(body: Json, number: int) -> Json:
    return body


WIRE = Wire(
    name="embeddings",
    path="/embeddings",
    request_id_header="x-request-id",
    whole=_no_answer,
    events=_no_events,
    failure=openai_failure,
    failure_event=_failure_event,
)
