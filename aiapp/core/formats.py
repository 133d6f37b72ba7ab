"""Formats: constraints on what the model may answer. A closed union."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """The answer is one JSON value that fits the schema.

    `fits` is what whoever made the schema of a type checks a text by: validators ask for more than a schema can say.
    It is no part of the value, and is neither compared nor written.
    """

    schema: Mapping[str, Any]
    name: str = "output"
    fits: Callable[[str], bool] | None = field(default=None, compare=False, repr=False, metadata={"written": False})


@dataclass(frozen=True, slots=True)
class Regex:
    """The answer matches the regular expression."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer is one of the options, verbatim.

    A model that can rank returns every option with its log-probability in `Response.alternatives`.
    """

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The answer is a text of a context-free grammar in Lark's notation, from its rule `start`."""

    lark: str


@dataclass(frozen=True, slots=True)
class Quotation:
    """The answer is a span of whole words out of one of the texts, verbatim."""

    texts: tuple[str, ...]


Format: TypeAlias = JsonSchema | Regex | Choice | Grammar | Quotation
