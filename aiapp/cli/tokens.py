"""`aiapp tokens`: how a text falls into tokens, and how many they are for each family of models."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from aiapp.providers.counting import Count

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue")
_PART = "\ufffd"


def tokens(
    text: Annotated[str, typer.Argument(help="The text, or - to read stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the tokens of a text with their ids, and count them for each family of models.

    The pieces and ids are those of the bundled model. A count with ~ is an estimate, and says how it was made.
    """
    from aiapp.cli.screen import given_text, show
    from aiapp.providers.counting import count_by_family
    from aiapp.transformer.model import Transformer

    given = given_text("text", text)
    tokenizer = Transformer.load().tokenizer
    pieces = [(token, tokenizer.decode([token])) for token in tokenizer.encode(given)]
    counts = count_by_family(given)
    if as_json:
        found = {
            "text": given,
            "tokens": [{"id": token, "text": piece} for token, piece in pieces],
            "counts": [asdict(count) for count in counts],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    show(_rows(pieces))
    if any(_PART in piece for _, piece in pieces):
        show([f"{_PART} is a part of a character", ""])
    show(_count_lines(counts))


def _rows(pieces: Sequence[tuple[int, str]]) -> Iterator[Text]:
    """Each piece above its id, as many a row as fit."""
    from rich.cells import cell_len
    from rich.text import Text

    from aiapp.cli.screen import screen_width, visible

    limit = screen_width()
    above, below = Text(), Text()
    for place, (token, piece) in enumerate(pieces):
        shown, number = visible(piece), str(token)
        width = max(cell_len(shown), len(number)) + 1
        if above.cell_len + width > limit and above:
            yield from (above, below, Text())
            above, below = Text(), Text()
        above.append(shown, f"black on {_COLOURS[place % len(_COLOURS)]}").append(" " * (width - cell_len(shown)))
        below.append(number.ljust(width), "dim")
    yield from (above, below, Text())


def _count_lines(counts: Sequence[Count]) -> Iterator[Text]:
    from rich.text import Text

    name = max(len(count.family) for count in counts)
    number = max(len(f"{count.tokens:,}") for count in counts) + 1
    for count in counts:
        shown = f"{'' if count.exact else '~'}{count.tokens:,}"
        line = Text(f"{count.family:<{name}}  ").append(f"{shown:>{number}}", "bold" if count.exact else "")
        yield line.append(f"  {count.source}", "dim")
