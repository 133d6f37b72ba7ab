"""What kind of answer a question expects, and whether a text holds one."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Expected: TypeAlias = Literal["money", "duration", "time", "number", "person", "contact", "place"]

_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred"
    r"|half|once|twice|unlimited|none|no limit)"
)
_UNIT_OF_TIME = r"(?:second|minute|hour|day|night|week|weekend|month|quarter|year)s?"
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"

# Asked in this order: the first pattern that a question matches decides.
_QUESTIONS: tuple[tuple[Expected, str], ...] = (
    ("contact", r"\b(?:phone|telephone|call|dial|ring|e-?mail|contact|reach|write to)\b"),
    ("money", r"\b(?:cost|costs|price|pay|paid|charge|charged|fee|budget|allowance|limit for|spend|claim back)\b.*"),
    (
        "duration",
        r"\bhow (?:long|soon|fast|quick|quickly|often|frequently|late|early|far (?:ahead|in advance))\b|\bnotice\b",
    ),
    (
        "duration",
        r"\bhow (?:many|much) (?:\w+ ){0,3}?(?:days?|weeks?|months?|hours?|minutes?|years?|time|leave|notice)\b",
    ),
    ("number", r"\bhow (?:many|much|big|large|high|old|tall|heavy)\b|\bwhat (?:percentage|number|share|proportion)\b"),
    ("time", r"\b(?:when|what time|by when|deadline|what date|which date|which day|what day|until)\b"),
    ("person", r"\b(?:who|whom|whose)\b"),
    ("place", r"\bwhere\b|\bwhich (?:room|floor|building|office)\b"),
)
_ANSWERS: dict[Expected, str] = {
    "money": r"[$€£¥]\s?\d|\d\s?(?:%|percent|p\b|pence|pounds?|euros?|dollars?|EUR|USD|GBP)|\bfree\b"
    r"|no (?:extra )?charge",
    "duration": rf"\b(?:\d[\d,.]*|{_NUMBER_WORD}|an?|every|each|same)[- ]+(?:\w+ )?{_UNIT_OF_TIME}\b"
    rf"|\b(?:daily|weekly|monthly|quarterly|yearly|annually|immediately|at once)\b|\bno limit\b",
    "time": rf"\d{{1,2}}[:.]\d\d|\b{_MONTH}\b|\b{_WEEKDAY}s?\b|\b\d+ {_UNIT_OF_TIME}|\b{_NUMBER_WORD} {_UNIT_OF_TIME}"
    rf"|\b\d{{4}}\b|\b\d{{1,2}} ?(?:am|pm)\b|\b(?:before|after|until|end of|noon|midnight|immediately)\b",
    "number": rf"\d|\b{_NUMBER_WORD}\b",
    "person": r"\b[A-Z][\w'-]+ [A-Z][\w'-]+|@|\b(?:manager|lead|director|officer|team|desk|head|owner|engineer"
    r"|council|lawyer|people|partner|supervisor|commander|administrator|doctor|office|buddy|finance|legal|host|guard)s?\b",
    "contact": r"@|\+?\d[\d ()-]{5,}\d|#\w|\bhttps?:|\b\w+\.(?:com|org|example|net|io)\b|\bextension\b|\bchannel\b",
    "place": r"\b(?:at|in|on|under|behind|beside|next to|near|from|to|into) |[A-Z][\w'-]+ \d|\bfloor\b|\broom\b",
}
_COMPILED: tuple[tuple[Expected, re.Pattern[str]], ...] = tuple(
    (expected, re.compile(pattern, re.IGNORECASE)) for expected, pattern in _QUESTIONS
)
_FOUND: dict[Expected, re.Pattern[str]] = {expected: re.compile(pattern) for expected, pattern in _ANSWERS.items()}


def expected_answer(question: str) -> Expected | None:
    """The kind of answer that the words of a question ask for; None where they do not tell."""
    for expected, pattern in _COMPILED:
        if pattern.search(question):
            return expected
    return None


def holds(text: str, expected: Expected) -> bool:
    """Whether a text holds something of the kind."""
    return _FOUND[expected].search(text) is not None
