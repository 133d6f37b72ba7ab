"""`aiapp fill`: the words that the bundled model finds most probable in a gap."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text


def fill(
    text: Annotated[str, typer.Argument(help="A text with one [MASK], or - to read stdin.")],
    count: Annotated[int, typer.Option("--count", help="How many words to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Rank words for the gap by how probable the bundled model finds the whole text with each.

    The percentages are shares among the words that the model expects after what stands left of the gap.
    """
    from aiapp.cli.screen import given_text, show
    from aiapp.transformer import scoring
    from aiapp.transformer.model import Transformer

    given = given_text("text", text)
    model = Transformer.load()
    words = scoring.fill(model, given, count)
    if as_json:
        fillings = [{"text": word, "logprob": share, "probability": math.exp(share)} for word, share in words]
        print(json.dumps({"model": model.name, "text": given, "fillings": fillings}, indent=2, ensure_ascii=False))
        return
    show(_lines(given, words) if words else ["The model expects no word there."])


def _lines(text: str, words: list[tuple[str, float]]) -> Iterator[Text]:
    from rich.text import Text

    from aiapp.transformer.scoring import MASK

    left, right = ("".join(c if c.isprintable() else " " for c in part) for part in text.split(MASK))
    for word, share in words:
        yield Text(f"{math.exp(share):6.1%}  ").append(left, "dim").append(word, "bold green").append(right, "dim")
