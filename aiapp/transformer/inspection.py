"""Looking inside: what the model made of each token, what it expects next, and where one of its heads looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiapp.core.errors import InvalidInput
from aiapp.transformer.generation import Alternative
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.sampling import log_softmax
from aiapp.transformer.scoring import known_ids
from aiapp.transformer.tokenizer import Tokenizer
from aiapp.transformer.weights import Floats


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A token that was read, and its log-probability given those before it; the first one has none."""

    token: int
    text: str
    logprob: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """One forward pass over T tokens.

    `expected` is what may come next, best first, over the whole vocabulary. `attention` (T, T) is one head's: row t
    sums to 1 and says how token t shares out its look among the tokens 0 to t; what comes later has 0.
    """

    model: str
    tokens: tuple[ReadToken, ...]
    expected: tuple[Alternative, ...]
    layer: int
    head: int
    attention: Floats

    def to_dict(self) -> dict[str, Any]:
        """JSON values; attention to 4 decimals."""
        return {
            "model": self.model,
            "tokens": [{"id": read.token, "text": read.text, "logprob": read.logprob} for read in self.tokens],
            "next": [
                {"id": one.token, "text": one.text, "logprob": one.logprob, "probability": math.exp(one.logprob)}
                for one in self.expected
            ],
            "layer": self.layer,
            "head": self.head,
            "attention": [[round(weight, 4) for weight in row] for row in self.attention.tolist()],
        }


def inspect(model: Transformer, ids: Sequence[int], *, layer: int = 0, head: int = 0, best: int = 10) -> Inspection:
    """Read `ids` once and look: at the `best` next tokens, and at a head of a layer, both counted from 0."""
    config, tokenizer = model.config, model.tokenizer
    for field, value, size in (
        ("layer", layer, config.num_hidden_layers),
        ("head", head, config.num_attention_heads),
    ):
        if not 0 <= value < size:
            raise InvalidInput(field, value, f"a whole number from 0 to {size - 1}")
    if best < 1:
        raise InvalidInput("best", best, "a whole number of at least 1")
    known_ids(model, ids)
    watched: list[Floats] = []
    hidden = model.network.hidden(ids, Cache(config, len(ids)), watched=watched)
    rows = log_softmax(model.network.logits(hidden))  # (T, vocab)
    read: list[float] = rows[np.arange(len(ids) - 1), list(ids[1:])].tolist()
    order: list[int] = np.argsort(-rows[-1], kind="stable")[:best].tolist()
    return Inspection(
        model.name,
        tuple(
            ReadToken(token, piece(tokenizer, token), logprob)
            for token, logprob in zip(ids, [None, *read], strict=True)
        ),
        tuple(Alternative(token, piece(tokenizer, token), float(rows[-1, token])) for token in order),
        layer,
        head,
        watched[layer][head].copy(),
    )


def piece(tokenizer: Tokenizer, token: int) -> str:
    """What a token writes, alone: U+FFFD for a part of a character; the name of a token that is no text."""
    if token not in tokenizer.special_ids:
        return tokenizer.decode([token])
    roles = {ids[0]: role for role, ids in tokenizer.openings.items() if len(ids) == 1}
    names = {tokenizer.bos: "bos", tokenizer.end: "end", tokenizer.call: "call", **roles}
    return f"<|{names.get(token, token)}|>"
