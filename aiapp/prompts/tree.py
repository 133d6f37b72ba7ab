"""The tree of a template: what the parser makes of its text, and what is compiled to write messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from aiapp.core.messages import Role

Function: TypeAlias = Literal["json", "lookup", "equals"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the template."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """Which value is meant: `names` from the item `up` blocks above on.

    `at` is true of `@index` and its like, and of what the caller says of a call, such as `@user.name`; `bound` of a
    name that a block gave with `as |name|`.
    """

    text: str
    where: str
    names: tuple[str, ...] = ()
    up: int = 0
    at: bool = False
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values."""

    function: Function
    arguments: tuple[Expression, ...]
    where: str
    indent: Expression | None = None


Expression: TypeAlias = Constant | Path | Call


@dataclass(frozen=True, slots=True)
class Literally:
    """Text of the template."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """The text of a value."""

    expression: Expression
    where: str


@dataclass(frozen=True, slots=True)
class SetRole:
    """What follows is said by this role."""

    role: Role
    where: str


@dataclass(frozen=True, slots=True)
class History:
    """The earlier messages of the conversation stand here."""

    where: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image or file, by its URL or as a part."""

    url: Expression
    content_type: Expression | None
    where: str


@dataclass(frozen=True, slots=True)
class StartSection:
    """A new part begins here, which bears this name."""

    name: str
    where: str


@dataclass(frozen=True, slots=True)
class If:
    """What to write where a value is as good as true, and otherwise; `zero` counts as true where it says so."""

    test: Expression
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    zero: bool = False


@dataclass(frozen=True, slots=True)
class Each:
    """What to write for each item of an array or object; `names` are the item's and its index's or key's."""

    items: Expression
    names: tuple[str, ...]
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    where: str


@dataclass(frozen=True, slots=True)
class With:
    """What to write with a value as the one that names are looked up in."""

    value: Expression
    names: tuple[str, ...]
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`{{#name}}`: for each item of an array, with an object, or where true; what it is shows when it is written."""

    value: Expression
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Include:
    """A partial, in another context or with values of its own where it is given them."""

    name: str
    body: tuple[Node, ...]
    where: str
    context: Expression | None = None
    values: Mapping[str, Expression] = field(default_factory=dict[str, Expression])


Node: TypeAlias = Literally | Value | SetRole | History | Media | StartSection | If | Each | With | Block | Include
