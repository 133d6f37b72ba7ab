"""Examples: an input with the output that is wanted for it."""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from aiapp.core.errors import InvalidInput

Input = TypeVar("Input")
Output = TypeVar("Output")
Made = TypeVar("Made")
Examples = tuple["Example[Any, Any]", ...]


@dataclass(frozen=True, slots=True)
class Example(Generic[Input, Output]):
    """An input, and the output that a model should give for it; `label` names its class where the output does not.

    Both are texts, or what has a JSON form: plain values, dataclasses, pydantic models. A model that answers with a
    list or a number as `output=` of a client writes `{"value": ...}`: so should the examples that it is shown.
    """

    input: Input
    output: Output
    label: str | None = None

    @property
    def input_text(self) -> str:
        """The input as a model reads it: a text as it is, anything else as JSON."""
        return text_of(self.input)

    @property
    def output_text(self) -> str:
        """The output as a model should write it."""
        return text_of(self.output)

    @property
    def group(self) -> str:
        """What balance is counted over: the label, or the text of the output where there is none."""
        return self.output_text if self.label is None else self.label


def text_of(value: object) -> str:
    """A text as it is, anything else as JSON in one line."""
    if isinstance(value, Enum):
        return text_of(value.value)
    if isinstance(value, str):
        return value
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return json.dumps(to_jsonable_python(value), ensure_ascii=False, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError):
        accepted = "a text, or what has a JSON form: plain values, dataclasses, pydantic models"
        raise InvalidInput("example", value, accepted) from None


def normalised(text: str) -> str:
    """The text without what makes no difference to a reader: case, kinds of white space, forms of a character."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def labels_of(examples: Sequence[Example[Any, Any]]) -> tuple[str, ...]:
    """The groups that occur, in order of their first examples."""
    return tuple(dict.fromkeys(example.group for example in examples))


class Kept(Generic[Made]):
    """What was made of some examples, once, kept as long as the same ones are asked about; no copy takes it along."""

    def __init__(self, make: Callable[[Examples], Made]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._held: tuple[Examples, Made] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Kept, (self._make,)

    def of(self, examples: Examples) -> Made:
        """The same examples are the same tuple, for to compare two that are equal may take longer than to make it."""
        with self._lock:  # whoever comes while it is made waits: an embedder may be paid for
            held = self._held
            if held is None or held[0] is not examples:
                held = self._held = (examples, self._make(examples))
            return held[1]
