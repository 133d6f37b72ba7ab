"""Which words of a text say what it is about."""

from __future__ import annotations

from functools import lru_cache

from aiapp.core.words import words

STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be been but by can could did do does for from get gets had has have how
    i if in into is it its just like may me more much must my need no not of on one or our out per should so
    some than that the their them there they this to up us was we what when where which who whom whose why will
    with would you your many long often please tell give want someone anyone something i'm i've don't doesn't
    it's what's there's
    """.split()  # noqa: SIM905 (a list of two hundred quoted words is no easier to read)
)


@lru_cache(maxsize=4096)
def content_words(text: str) -> tuple[str, ...]:
    """The distinct words of a text that are no stop words, in order; all of them where it has nothing else."""
    found = tuple(dict.fromkeys(words(text)))
    return tuple(word for word in found if word not in STOP_WORDS) or found
