"""The model card's tables: each stands between two marks, and is rewritten whole by the command that measures it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from aiapp.core.errors import InvalidInput


def table(first: str, second: str, scores: Mapping[str, float]) -> str:
    """A Markdown table of two columns."""
    rows = [f"| {name} | {score:.2f} |" for name, score in scores.items()]
    return "\n".join([f"| {first} | {second} |", "|---|---|", *rows])


def rewrite(card: Path, name: str, content: str) -> None:
    """Put a table where `<!-- name -->` and `<!-- /name -->` stand in the card; nothing else is changed."""
    text = card.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise InvalidInput("card", str(card), f"a file with the marks <!-- {name} --> and <!-- /{name} -->, once")
    card.write_text(pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text), encoding="utf-8")
