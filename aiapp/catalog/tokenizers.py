"""Which models cut text into the same tokens, and how far the counts of two others may lie apart.

Only what a maker or its own library says is taken for the same: models of one family may have different tokenizers, as
Claude Opus 4.6 and 4.7 have. Of all others the counts of the one are a guess at those of the other, between
`RATIO_LOW` and `RATIO_HIGH` of them. Anthropic is quoted with up to 1.35 times as many tokens for one text with the
tokenizer of Opus 4.7 as with the one before it (an article of nxcode.io; Anthropic's own guide was not read): the
widest step that a maker is known to state, taken here in both directions. Rare scripts may lie outside of it. The
groups below are recalled from the sources named beside them, which were not opened for this.
"""

from __future__ import annotations

from decimal import Decimal

from aiapp.catalog.models import Model

RATIO_LOW, RATIO_HIGH = Decimal("0.74"), Decimal("1.35")

_SHARED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # openai/tiktoken, model.py, 2026-11
    ("o200k", "OpenAI", ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o1", "o3", "o4", "gpt-oss")),
    ("cl100k", "OpenAI", ("gpt-4", "gpt-3.5", "text-embedding")),
    # meta-llama/llama-models, model cards: one vocabulary of 128,256 from Llama 3 to 3.3
    ("llama-3", "Meta", ("llama-3",)),
    # arXiv 2412.19437 and 2501.12948: DeepSeek-R1 is trained from DeepSeek-V3-Base
    ("deepseek-v3", "DeepSeek", ("deepseek-v3", "deepseek-r1")),
)


def same_tokenizer(one: Model | None, other: Model | None) -> bool:
    """Whether two models are known to count alike; a model that the catalogue does not know counts as no other."""
    if one is None or other is None:
        return False
    return one.id == other.id or (_tokenizer(one) is not None and _tokenizer(one) == _tokenizer(other))


def _tokenizer(model: Model) -> str | None:
    """The name of what the family shares; `gpt-5.2` belongs to `gpt-5`, and `gpt-4o` not to `gpt-4`."""
    if "distill" in model.id:  # which keep the tokenizer of the model that was taught
        return None
    for name, maker, families in _SHARED:
        if model.maker == maker and any(_belongs(model.family, family) for family in families):
            return name
    return None


def _belongs(family: str, to: str) -> bool:
    rest = family.removeprefix(to)
    return family.startswith(to) and (not rest or rest[0] in ".-")
