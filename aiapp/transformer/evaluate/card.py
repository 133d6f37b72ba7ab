"""The model card's tables: each stands between two marks, and is rewritten whole by the command that measures it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from aiapp.core.errors import InvalidInput
from aiapp.transformer.evaluate.scores import Score


def table(scores: Sequence[Score]) -> str:
    """A Markdown table."""
    rows = [f"| {score.name} | {score.value:.3f} | {score.count:,} |" for score in scores]
    return "\n".join(["| measured | score | examples |", "|---|---|---|", *rows])


def rewrite(card: Path, name: str, scores: Sequence[Score]) -> None:
    """Put a table where `<!-- name -->` and `<!-- /name -->` stand in the card; nothing else is changed."""
    text = card.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise InvalidInput("card", str(card), f"a file with the marks <!-- {name} --> and <!-- /{name} -->, once")
    card.write_text(pattern.sub(lambda match: f"{match[1]}{table(scores)}\n{match[2]}", text), encoding="utf-8")
