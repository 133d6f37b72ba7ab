"""How good an answer is: a score from 0 to 1 of an answer beside what was expected.

exact       the same text, white space at the ends apart
contains    every expected text is in the answer (one text, or a list of them)
regex       the expected regular expression is found in the answer
f1          words in common, as in the SQuAD evaluation: the best of the expected texts
json        the answer is a JSON object; the share of the expected fields that are equal in it
choice      the same label, whatever its case, quotes and final stop; models that can are held to the labels of the file
MODULE:NAME a function of yours, of the answer and what was expected
"""

from __future__ import annotations

import json
import math
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias, cast

from aiapp.core.errors import InvalidInput
from aiapp.prompts.values import is_array, is_object

Metric: TypeAlias = Callable[[str, Any], float]
CHOICE = "choice"
_ARTICLES = frozenset(("a", "an", "the"))
_AROUND = string.whitespace + "\"'`.*"


def exact(answer: str, expected: Any) -> float:
    """Whether they are the same."""
    return float(answer.strip() == str(expected).strip())


def contains(answer: str, expected: Any) -> float:
    """Whether everything expected is in the answer."""
    return float(all(text in answer for text in _texts(expected)))


def matches(answer: str, expected: Any) -> float:
    """Whether a regular expression is found."""
    try:
        return float(re.search(str(expected), answer) is not None)
    except re.error as error:
        raise InvalidInput("expected", expected, f"a regular expression ({error})") from None


def token_f1(answer: str, expected: Any) -> float:
    """The harmonic mean of precision and recall of words; the best where several texts are expected."""
    return max((_f1(words(answer), words(text)) for text in _texts(expected)), default=0.0)


def json_fields(answer: str, expected: Any) -> float:
    """The share of the expected fields that the answer has; 0 where it is no JSON object."""
    if not is_object(expected) or not expected:
        raise InvalidInput("expected", expected, "an object with at least one field, for the metric json")
    try:
        found: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return 0.0
    if not is_object(found):
        return 0.0
    return sum(name in found and bool(found[name] == value) for name, value in expected.items()) / len(expected)


def choice(answer: str, expected: Any) -> float:
    """Whether it is the same label."""
    return float(answer.strip(_AROUND).casefold() == str(expected).strip(_AROUND).casefold())


def words(text: str) -> list[str]:
    """Lower-case words without punctuation or articles."""
    plain = "".join(character for character in text.lower() if character not in string.punctuation)
    return [word for word in plain.split() if word not in _ARTICLES]


METRICS: Mapping[str, Metric] = {
    "exact": exact,
    "contains": contains,
    "regex": matches,
    "f1": token_f1,
    "json": json_fields,
    CHOICE: choice,
}


def metric(name: str) -> Metric:
    """The metric of that name, or the function that `MODULE:NAME` means."""
    if name in METRICS:
        return METRICS[name]
    module, _, attribute = name.partition(":")
    accepted = f"{', '.join(METRICS)} or MODULE:NAME of a function (answer, expected) -> number"
    try:
        found: Any = getattr(import_module(module), attribute) if module and attribute else None
    except (ImportError, AttributeError) as error:
        raise InvalidInput("metric", name, f"{accepted} ({error})") from None
    if not callable(found):
        raise InvalidInput("metric", name, accepted)
    return cast("Metric", found)


def checked(score: object, case: str) -> float:
    """A score that a metric gave, which must be a number from 0 to 1."""
    if not isinstance(score, int | float) or math.isnan(score) or not 0 <= score <= 1:
        raise InvalidInput(f"score of {case}", score, "a number from 0 to 1")
    return float(score)


def _texts(expected: Any) -> list[str]:
    return [str(one) for one in expected] if is_array(expected) else [str(expected)]


def _f1(found: list[str], wanted: list[str]) -> float:
    shared = (Counter(found) & Counter(wanted)).total()
    return 2 * shared / (len(found) + len(wanted)) if shared else 0.0
