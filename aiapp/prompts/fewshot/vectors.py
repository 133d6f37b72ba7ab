"""Texts as directions, whatever embedder makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput

Floats: TypeAlias = npt.NDArray[np.float32]


class Embeds(Protocol):
    """A client, an encoder, or whatever else turns texts into vectors."""

    def embed(self, texts: Sequence[str], /) -> Any:
        """One vector for each text, in order: a matrix, rows of numbers, or a value that has them as `vectors`."""
        ...


Embed: TypeAlias = Embeds | Callable[[Sequence[str]], Any]


def directions(embed: Embed, texts: Sequence[str]) -> Floats:
    """(len(texts), dimensions), each row of length 1, or 0 where the embedder gave zeros."""
    make: Any = getattr(embed, "embed", embed)  # a client can be called, too, but then it answers
    found: Any = make(texts)
    try:
        rows = np.asarray(getattr(found, "vectors", found), np.float32)
    except (TypeError, ValueError):
        rows = np.empty(0, np.float32)
    if rows.ndim != 2 or len(rows) != len(texts) or not np.isfinite(rows).all():
        accepted = (
            f"an embedder that gives {len(texts)} vectors of one length, of finite numbers, for {len(texts)} texts"
        )
        raise InvalidInput("embed", found, accepted)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: Floats = (rows / lengths).astype(np.float32, copy=False)
    return unit


def nearness(rows: Floats, query: Floats) -> Floats:
    """The cosine of each row with the query: (n,)."""
    if rows.shape[1] != len(query):
        raise InvalidInput("embed", len(query), f"vectors of the length that the examples have: {rows.shape[1]}")
    near: Floats = rows @ query
    return near
