"""What the verbs that look inside share: text that was given, pieces made visible, colours on a terminal only."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

_SHOWN = {" ": "·", "\n": "↵", "\t": "→", "\r": "␍"}


def given_text(field: str, argument: str) -> str:
    """The argument as it stands, or all of stdin where it is `-`."""
    text = _stdin() if argument == "-" else argument
    if not text:
        raise InvalidInput(field, text, "at least one character, or - to read stdin")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput(field, text, "text in UTF-8") from error
    return text


def _stdin() -> str:
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("stdin", data[:40], "text in UTF-8") from error


def visible(piece: str) -> str:
    """A piece of text with its white space drawn and every other character that has no picture spelt out."""
    return "".join(_SHOWN.get(c, c if c.isprintable() else ascii(c)[1:-1]) for c in piece)


def one_line(text: str) -> str:
    """A text in one line: white space as single spaces, and every other character that has no picture spelt out."""
    return " ".join(map(visible, text.split()))


def show(lines: Iterable[Text | str]) -> None:
    """Print lines as they are, never wrapped; their colours only where stdout is a terminal."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for line in lines:
            console.print(line, soft_wrap=True)
    print(captured.get(), end="", flush=True)


def screen_width() -> int:
    """The columns of the terminal; 80 where there is none."""
    return shutil.get_terminal_size().columns


def likelihood_colour(logprob: float) -> str:
    """`#rrggbb` from red, where a token was a surprise (e**-8, or 1 in 3,000), to green, where it was certain."""
    certainty = max(0.0, 1 + logprob / 8)
    red, green = (1.0, 2 * certainty) if certainty < 0.5 else (2 - 2 * certainty, 1.0)
    return f"#{90 + round(150 * red):02x}{60 + round(150 * green):02x}50"
