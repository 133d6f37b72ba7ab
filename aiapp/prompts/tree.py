"""The tree of a template: what the parser makes of its text and the writer turns into messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiapp.core.messages import Role

Kind: TypeAlias = Literal["each", "if", "unless"]
Local: TypeAlias = Literal["@index", "@first", "@last"]


@dataclass(frozen=True, slots=True)
class Path:
    """Which value is meant: `names` of the item `up` loops above this one, or something that the loop itself knows."""

    text: str
    where: str
    up: int = 0
    names: tuple[str, ...] = ()
    local: Local | None = None


@dataclass(frozen=True, slots=True)
class Literally:
    """Text of the template."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """The text of a variable."""

    path: Path


@dataclass(frozen=True, slots=True)
class SetRole:
    """What follows is said by this role."""

    role: Role


@dataclass(frozen=True, slots=True)
class History:
    """The earlier messages of the conversation stand here."""

    where: str


@dataclass(frozen=True, slots=True)
class Section:
    """`each`, `if` or `unless`, with what to write otherwise."""

    kind: Kind
    path: Path
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node: TypeAlias = Literally | Value | SetRole | History | Section
