"""How many tokens a text takes, by family of models: exact where this machine can tell, else an estimate."""

from __future__ import annotations

from dataclasses import dataclass

from aiapp.core.tokens import CHARACTERS_PER_TOKEN, estimated_tokens


@dataclass(frozen=True, slots=True)
class Count:
    """The tokens of a text for one family, without what a chat adds; `source` says how they were counted."""

    family: str
    tokens: int
    exact: bool
    source: str


def count_by_family(text: str) -> tuple[Count, ...]:
    """A count for the bundled model and for each family of hosted models; no connection is made."""
    from aiapp.providers.openai.tokens import ENCODINGS, count_tokens
    from aiapp.transformer.model import Transformer

    counts = [Count("bundled", Transformer.load().count_tokens(text), True, "its own tokenizer")]
    for encoding in ENCODINGS:
        family, tokens = f"OpenAI {encoding.models}", count_tokens(encoding, text)
        if tokens is None:
            counts.append(_estimate(family, text, f"exact with tiktoken and its cached {encoding.name}"))
        else:
            counts.append(Count(family, tokens, True, f"tiktoken, {encoding.name}"))
    counts.append(_estimate("Anthropic Claude", text, "its tokenizer is not public"))
    return tuple(counts)


def _estimate(family: str, text: str, reason: str) -> Count:
    return Count(family, estimated_tokens(text), False, f"estimate: characters / {CHARACTERS_PER_TOKEN}; {reason}")
