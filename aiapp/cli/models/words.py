"""What is written on the command line and on the screen: amounts, sizes, days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from aiapp.core.errors import InvalidInput

_SIZES = {"k": 1_000, "m": 1_000_000}


def day_of(field: str, given: str) -> date:
    """A day from `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise InvalidInput(field, given, "a day such as 2026-11-21") from error


def amount(field: str, given: str) -> Decimal:
    """Dollars that are not negative."""
    try:
        found = Decimal(given.removeprefix("$"))
    except ArithmeticError:
        found = Decimal("nan")
    if not found.is_finite() or found < 0:
        raise InvalidInput(field, given, "an amount of dollars that is not below 0, such as 2.50")
    return found


def tokens_of(field: str, given: str) -> int:
    """A number of tokens, such as `128000`, `128k` or `1M`."""
    text = given.lower().replace("_", "").replace(",", "")
    factor = _SIZES.get(text[-1:], 1)
    digits = text[:-1] if factor > 1 else text
    if not digits.isdecimal() or int(digits) < 1:
        raise InvalidInput(field, given, "a number of tokens above 0, such as 128000, 128k or 1M")
    return int(digits) * factor


def size(tokens: int | None) -> str:
    """A number of tokens in few letters: `128k`, `1.05M`."""
    if tokens is None:
        return "?"
    if tokens >= 1_000_000:
        return f"{tokens / 1_000_000:.2f}".rstrip("0").rstrip(".") + "M"
    return f"{tokens / 1_000:.0f}k" if tokens >= 1_000 else str(tokens)
