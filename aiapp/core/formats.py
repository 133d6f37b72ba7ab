"""Formats: constraints on what the model may answer. A closed union."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from aiapp.core.accepted import TEXT, Accepted, instance, several

_SCHEMA = instance('a JSON schema, such as {"type": "string"}; a type is given as `output`', Mapping)
_NAME = Accepted(
    "1 to 64 letters A-Z and a-z, digits, _ and -",
    lambda value: isinstance(value, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", value) is not None,
)


def _texts(field: str, given: Any) -> tuple[str, ...]:
    texts = several(field, given, "several texts; for one, a list of one")
    TEXT.check_each(field, texts)
    return texts


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """The answer is one JSON value that fits the schema.

    `fits` is what whoever made the schema of a type checks a text by: validators ask for more than a schema can say.
    It is no part of the value, and is neither compared nor written.
    """

    schema: Mapping[str, Any]
    name: str = "output"
    fits: Callable[[str], bool] | None = field(default=None, compare=False, repr=False, metadata={"written": False})

    def __post_init__(self) -> None:
        _SCHEMA.check("schema", self.schema)
        _NAME.check("name", self.name)


@dataclass(frozen=True, slots=True)
class Regex:
    """The answer matches the regular expression."""

    pattern: str

    def __post_init__(self) -> None:
        TEXT.check("pattern", self.pattern)


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer is one of the options, verbatim.

    A model that can rank returns every option with its log-probability in `Response.alternatives`.
    """

    options: tuple[str, ...]

    if TYPE_CHECKING:  # kept as a tuple, and taken as any sequence

        def __init__(self, options: Iterable[str]) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", _texts("options", self.options))


@dataclass(frozen=True, slots=True)
class Grammar:
    """The answer is a text of a context-free grammar in Lark's notation, from its rule `start`."""

    lark: str

    def __post_init__(self) -> None:
        TEXT.check("lark", self.lark)


@dataclass(frozen=True, slots=True)
class Quotation:
    """The answer is a span of whole words out of one of the texts, verbatim."""

    texts: tuple[str, ...]

    if TYPE_CHECKING:  # kept as a tuple, and taken as any sequence

        def __init__(self, texts: Iterable[str]) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", _texts("texts", self.texts))


Format: TypeAlias = JsonSchema | Regex | Choice | Grammar | Quotation
