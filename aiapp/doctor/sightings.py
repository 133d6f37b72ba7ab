"""What is seen in files, as values: the reading makes them and the checks hold them against what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from aiapp.doctor.findings import Place

Wire: TypeAlias = Literal["responses", "chat", "messages", "litellm", "aiapp", "none"]
"""The way on which a call is sent: an SDK's, litellm's or ours; `none` where that is not told, as in settings."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting beside a model. `name` is as in `aiapp.Settings`, or `thinking`, `prefill`, `budget`; `spelt` as it
    stands there. `value` is a number or a word; of `tool_choice` and `prefill` true where one is forced."""

    name: str
    value: Any
    place: Place
    spelt: str


@dataclass(frozen=True, slots=True)
class SchemaSeen:
    """A schema beside a model. `literal` where it is sent as it stands, so that no helper makes it strict first."""

    schema: Mapping[str, Any]
    place: Place
    title: str
    literal: bool


@dataclass(frozen=True, slots=True)
class ModelSeen:
    """A name where a model stands.

    `offer` is the name with its provider, as `Client` takes it: None where it is known to be something else, such as
    the name of a deployment. `sure` where the provider is told by the call or the name, so that a slip can be told.
    """

    written: str
    offer: str | None
    place: Place
    wire: Wire = "none"
    sure: bool = False
    settings: tuple[Setting, ...] = ()
    schemas: tuple[SchemaSeen, ...] = ()
    streamed: bool | None = None
    """Whether a call reads a stream; None where that, or its timeout, is not told by the file."""


@dataclass(frozen=True, slots=True)
class VolatileSeen:
    """What changes with every call, in text ahead of a cache breakpoint."""

    what: str
    place: Place
    breakpoint: str


@dataclass(frozen=True, slots=True)
class KeyNeeded:
    """A provider is used, and no key is given to it in the code."""

    provider: str
    variable: str
    place: Place


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """A key that stands in a file; never its value."""

    provider: str
    place: Place


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that is asked for; `versions` as in PEP 440, empty for any. `locked` where it is one release."""

    name: str
    versions: str
    place: Place
    extras: tuple[str, ...] = ()
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be read as what it is."""

    place: Place
    reason: str


Sighting: TypeAlias = ModelSeen | VolatileSeen | KeyNeeded | SecretSeen | Requirement | Unread


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else a check has to know: the versions that are installed, the names of variables that are set, and the
    packages that the project asks for."""

    installed: Mapping[str, str] = field(default_factory=dict[str, str])
    variables: frozenset[str] = frozenset()
    requirements: tuple[Requirement, ...] = ()
