"""`aiapp inspect`: what the bundled model makes of a prompt, what it expects next, and where one of its heads looks."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from aiapp.transformer.inspection import Inspection

_BAR = 30
_SHADES = "·░▒▓█"
_STEPS = (0.05, 0.15, 0.3, 0.6)  # the shares of attention from which the next shade is drawn
_LONGEST_LABEL = 16


def inspect(
    prompt: Annotated[str, typer.Argument(help="The text to read, or - to read stdin.")],
    layer: Annotated[int, typer.Option("--layer", help="Whose attention to show; 0 is the first layer.")] = 0,
    head: Annotated[int, typer.Option("--head", help="Which head of the layer; 0 is the first.")] = 0,
    best: Annotated[int, typer.Option("--best", help="How many of the next tokens to show.")] = 10,
    html: Annotated[Path | None, typer.Option("--html", help="Write everything as one HTML page.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Write the attention map as a PNG picture.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the next-token distribution, the log-probability of each token, and the attention map of one head.

    The prompt is read as plain text after the beginning-of-text token, not as a chat.
    """
    from aiapp.cli.screen import given_text, screen_width, show
    from aiapp.transformer import inspection
    from aiapp.transformer.model import Transformer

    given = given_text("prompt", prompt)
    model = Transformer.load()
    ids = [model.tokenizer.bos, *model.tokenizer.encode(given)]
    found = inspection.inspect(model, ids, layer=layer, head=head, best=best)
    if png is not None:
        from aiapp.cli.inspection_picture import write_picture

        write_picture(found, png)
    if html is not None:
        from aiapp.cli.inspection_page import inspection_page

        html.write_text(inspection_page(found), encoding="utf-8")
    if as_json:
        print(json.dumps(found.to_dict(), ensure_ascii=False))
        return
    show(_expected(found))
    show(_read(found))
    show(_attention(found, screen_width()))
    show(f"wrote {path}" for path in (html, png) if path is not None)


def _expected(found: Inspection) -> Iterator[Text]:
    from rich.text import Text

    from aiapp.cli.screen import visible

    yield Text("What comes next", "bold")
    for one in found.expected:
        share = math.exp(one.logprob)
        line = Text(f"{share:6.1%}  ").append(("█" * round(share * _BAR)).ljust(_BAR), "cyan")
        yield line.append(f"  {visible(one.text)}", "bold").append(f"  {one.token}", "dim")


def _read(found: Inspection) -> Iterator[Text]:
    from rich.text import Text

    from aiapp.cli.screen import likelihood_colour

    labels = _labels(found)
    yield Text("\nHow probable each token was, given those before it", "bold")
    yield Text(f"{' ' * len(labels[0])}  logprob  probability", "dim")
    for label, read in zip(labels, found.tokens, strict=True):
        if read.logprob is None:
            yield Text(f"{label}        -            -")
        else:
            share = math.exp(read.logprob)
            shown = f"{share:.2%}" if share >= 0.0001 else "<0.01%"
            yield Text(f"{label}  {read.logprob:7.2f}  {shown:>11}", likelihood_colour(read.logprob))


def _attention(found: Inspection, width: int) -> Iterator[Text]:
    """The map, two columns a token; as many of the last tokens as fit."""
    from rich.cells import cell_len
    from rich.text import Text

    labels, count = _labels(found), len(found.tokens)
    first = max(0, count - max(1, (width - cell_len(labels[0]) - 2) // 2))
    yield Text(f"\nWhere each token looks: layer {found.layer}, head {found.head}", "bold")
    key = ", ".join(f"{shade} from {step:.0%}" for shade, step in zip(_SHADES[1:], _STEPS, strict=True))
    yield Text(f"from each row to the columns: {key}", "dim")
    if first:
        yield Text(f"only the last {count - first} of {count} tokens fit here; --html shows all", "dim")
    digits = len(str(count - 1))
    for digit in range(digits):
        marks = (f"{place:>{digits}}"[digit] for place in range(first, count))
        yield Text(f"{' ' * cell_len(labels[0])}  {' '.join(marks)}", "dim")
    for row in range(first, count):
        line = Text(f"{labels[row]}  ")
        for weight in found.attention[row, first : row + 1].tolist():
            level = bisect_right(_STEPS, weight)
            line.append(_SHADES[level] * 2, "cyan" if level else "dim")
        yield line


def _labels(found: Inspection) -> list[str]:
    """The number and the text of each token, all equally wide on the terminal."""
    from rich.cells import set_cell_size

    from aiapp.cli.screen import visible

    digits = len(str(len(found.tokens) - 1))
    shown = [visible(read.text) for read in found.tokens]
    width = min(_LONGEST_LABEL, max(map(len, shown)))
    return [f"{place:>{digits}} {set_cell_size(text, width)}" for place, text in enumerate(shown)]
