"""What a field takes: one rule for a value, with the words that `InvalidInput` has for it.

What cannot be used is refused where it is handed in, so that nothing is sent, kept or paid for by then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from aiapp.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Accepted:
    """`words` say what is accepted, and `holds` whether a value is."""

    words: str
    holds: Callable[[Any], bool]

    def check(self, field: str, value: object) -> None:
        """Refuse a value that is not accepted, by the name of its field."""
        if not self.holds(value):
            raise InvalidInput(field, value, self.words)

    def check_each(self, field: str, values: Sequence[object]) -> None:
        """Refuse the first of several that is not accepted, by its place."""
        for value in values:
            if not self.holds(value):
                place = next(place for place, one in enumerate(values) if one is value)
                raise InvalidInput(f"{field}[{place}]", value, self.words)


def whole(least: int | None = None) -> Accepted:
    """Whole numbers, from `least` on; `True` is none."""
    if least is None:
        return Accepted("a whole number", _is_whole)
    return Accepted(f"a whole number of at least {least}", lambda value: _is_whole(value) and value >= least)


def number(words: str, fits: Callable[[float], bool]) -> Accepted:
    """Numbers that fit; `True` is none, nor is a number in a text."""
    return Accepted(words, lambda value: _is_number(value) and fits(value))


def instance(words: str, *kinds: type[Any]) -> Accepted:
    """Values of these types."""
    return Accepted(words, lambda value: isinstance(value, kinds))


def word(*words: str) -> Accepted:
    """One of these words."""
    return Accepted(", ".join(words), lambda value: isinstance(value, str) and value in words)


def plain(value: Any) -> Any:
    """A number of another library, such as NumPy, as Python's own, which JSON has; any other value as it is."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | Integral) and not isinstance(value, bool)  # `int` first: it is found fastest


def is_several(value: object) -> bool:
    """Whether a value is iterable, and no text, bytes or mapping, whose items nobody meant."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def is_function(value: object) -> bool:
    """Whether a value can be called, and is no type, which nobody meant to be called."""
    return callable(value) and not isinstance(value, type)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Real) and not isinstance(value, bool)


def several(field: str, values: Any, words: str) -> tuple[Any, ...]:
    """The values of what `is_several`, as a tuple."""
    if not is_several(values):
        raise InvalidInput(field, values, words)
    return tuple(values)


FLAG = instance("True or False", bool)
NAME = Accepted("a text that is not empty", lambda value: isinstance(value, str) and bool(value.strip()))
SECONDS = number("a number of seconds above 0", lambda seconds: 0 < seconds < math.inf)
TEXT = instance("a text", str)
WHOLE = whole()
AT_LEAST_ONE = whole(1)
AT_LEAST_ZERO = whole(0)
