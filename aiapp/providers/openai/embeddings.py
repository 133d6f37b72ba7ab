"""Texts as the embeddings endpoint takes them, and its vectors as ours. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiapp.core.embeddings import Vectors
from aiapp.core.errors import InvalidResponse
from aiapp.core.usage import Usage
from aiapp.providers.reading import as_count, as_label, fields
from aiapp.providers.vectors import as_vectors

MOST_TEXTS, MOST_TOKENS = 2048, 300_000
"""The limits of one request."""


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, in requests that are within the limits: a token has at least one byte."""
    start = size = 0
    for place, text in enumerate(texts):
        length = len(text.encode("utf-8", "surrogatepass"))
        if place > start and (place - start == MOST_TEXTS or size + length > MOST_TOKENS):
            yield texts[start:place]
            start, size = place, 0
        size += length
    if start < len(texts):
        yield texts[start:]


def encode_vectors(model: str, texts: Sequence[str], dimensions: int | None, form: str) -> dict[str, Any]:
    """The payload; `form` is `base64`, which takes a quarter of the bytes, where the server knows it."""
    payload: dict[str, Any] = {"model": model, "input": list(texts), "encoding_format": form}
    return payload if dimensions is None else {**payload, "dimensions": dimensions}


def decode_vectors(
    answer: Mapping[str, Any], count: int, provider: str, model: str, request_id: str | None = None
) -> Vectors:
    """The vectors in the order of the texts, whichever of the two forms the server chose."""
    data: list[Mapping[str, Any]] = list(answer.get("data") or ())
    if len(data) != count:
        reason = f"the answer has {len(data)} vectors for {count} texts"
        raise InvalidResponse(reason, provider=provider, model=model, request_id=request_id)
    ordered = [item["embedding"] for _, item in sorted(enumerate(data), key=lambda one: one[1].get("index", one[0]))]
    usage = fields(answer.get("usage"))
    counted = Usage(as_count(usage.get("prompt_tokens")), 0, raw=dict(usage))
    return Vectors(as_vectors(ordered), as_label(answer.get("model")) or model, counted, request_id)
