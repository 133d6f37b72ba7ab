"""Which models cut text into the same tokens, and how far the counts of two others may lie apart.

Only what a maker or its own library says is taken for the same: models of one family may have different tokenizers, as
Claude Opus 4.6 and 4.7 have. Of all others the counts of the one are a guess at those of the other, between
`RATIO_LOW` and `RATIO_HIGH` of them: "the Opus 4.7 tokenizer tokenizes the same content to roughly 1x-1.35x as many
tokens" as the one before it (anthropics/skills, skills/claude-api/shared/model-migration.md, 2026-07-01), the widest
step that a maker is known to state, taken here in both directions. Rare scripts may lie outside of it.
"""

from __future__ import annotations

from decimal import Decimal

from aiapp.catalog.models import Model

RATIO_LOW, RATIO_HIGH = Decimal("0.74"), Decimal("1.35")

_SHARED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # tiktoken 0.14.0, model.py; that of gpt-oss has other special tokens alone
    ("o200k", "OpenAI", ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o1", "o3", "o4", "gpt-oss")),
    ("cl100k", "OpenAI", ("gpt-4", "gpt-3.5", "text-embedding")),
    # meta-llama/llama-models: models/llama3/tokenizer.py is that of 3, 3.1, 3.2 and 3.3
    ("llama-3", "Meta", ("llama-3",)),
    # deepseek-ai/DeepSeek-R1, README.md: trained from DeepSeek-V3-Base; those distilled have slightly changed ones
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
