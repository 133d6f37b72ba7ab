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
    text = checked(card, name)
    written = _marks(name).sub(lambda match: f"{match[1]}{table(scores)}\n{match[2]}", text)
    card.write_text(written, encoding="utf-8")


def checked(card: Path, name: str) -> str:
    """The text of a card with the marks of a table; an error where they are not in it once."""
    text = card.read_text(encoding="utf-8")
    if len(_marks(name).findall(text)) != 1:
        raise InvalidInput("card", str(card), f"a file with the marks <!-- {name} --> and <!-- /{name} -->, once")
    return text


def _marks(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
