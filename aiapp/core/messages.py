"""Messages: a role and its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from aiapp.core.accepted import FLAG, instance, several, word
from aiapp.core.parts import Part, Text, ToolResult

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]

_ROLE = word(*get_args(Role))
_PART = instance('a part, such as Text("...") or image("a.png")', *get_args(Part))
_RESULT = instance("a ToolResult", ToolResult)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. Tool results travel in a message of role `tool`.

    `cache` marks the end of what stays the same from call to call: a provider that wants such a mark gets one there.
    """

    role: Role
    parts: tuple[Part, ...]
    cache: bool = False

    if TYPE_CHECKING:  # parts are kept as a tuple, and may be given as a list

        def __init__(self, role: Role, parts: Iterable[Part], cache: bool = False) -> None: ...

    def __post_init__(self) -> None:
        _ROLE.check("role", self.role)
        FLAG.check("cache", self.cache)
        if type(self.parts) is not tuple:
            object.__setattr__(self, "parts", several("parts", self.parts, "a tuple of parts"))
        _PART.check_each("parts", self.parts)

    @property
    def text(self) -> str:
        """The text parts, joined; other parts are left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def _parts(content: str | Part | Iterable[Part]) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (Text(content),)
    return several("content", (content,) if _PART.holds(content) else content, "a text, a part, or several parts")


def system(content: str | Part | Iterable[Part], *, cache: bool = False) -> Message:
    """Instructions that stand above the conversation."""
    return Message("system", _parts(content), cache)


def user(content: str | Part | Iterable[Part], *, cache: bool = False) -> Message:
    """What the person says."""
    return Message("user", _parts(content), cache)


def assistant(content: str | Part | Iterable[Part]) -> Message:
    """What the model said."""
    return Message("assistant", _parts(content))


def tool(*results: ToolResult) -> Message:
    """What tools returned: all results of one turn travel together."""
    _RESULT.check_each("results", results)
    return Message("tool", results)
