"""Templates: a compiled tree that writes messages.

Nothing is escaped, for nothing needs to be: what a value holds is text and is never read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message, Role
from aiapp.core.parts import Text
from aiapp.prompts.parsing import Partials, no_partials, parse
from aiapp.prompts.picoschema import is_array, is_messages, is_object
from aiapp.prompts.tree import History, Literally, Node, Path, Section, SetRole, Value


class Template:
    """A compiled template."""

    def __init__(
        self, source: str, name: str = "template", first_line: int = 1, partials: Partials = no_partials
    ) -> None:
        self.nodes = parse(source, name, first_line, partials)

    def render(self, variables: Mapping[str, object]) -> tuple[Message, ...]:
        """The messages; text before any role is the user's, text after the history the assistant's.

        A message without any value, in which the template writes white space alone, is left out.
        """
        writer = _Writer(variables)
        writer.write(self.nodes, (_Scope(variables),))
        return writer.messages()


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names are looked up in: the variables, or one item of a loop."""

    value: object
    index: int = 0
    count: int = 1


class _Writer:
    def __init__(self, variables: Mapping[str, object]) -> None:
        self._history = variables.get("history")
        self._messages: list[Message] = []
        self._role: Role = "user"
        self._pieces: list[str] = []
        self._says = False

    def messages(self) -> tuple[Message, ...]:
        self._begin("user")
        return tuple(self._messages)

    def write(self, nodes: Sequence[Node], scopes: tuple[_Scope, ...]) -> None:
        for node in nodes:
            match node:
                case Literally(text):
                    self._pieces.append(text)
                    self._says = self._says or not text.isspace()
                case Value(path):
                    self._pieces.append(_shown(_look_up(path, scopes), path))
                    self._says = True
                case SetRole(role):
                    self._begin(role)
                case History():
                    self._begin("assistant")
                    if is_messages(self._history):
                        self._messages.extend(self._history)
                case Section():
                    self._section(node, scopes)
                case _:
                    assert_never(node)

    def _begin(self, role: Role) -> None:
        """End the message so far, and start one of this role."""
        if self._says:
            self._messages.append(Message(self._role, (Text("".join(self._pieces)),)))
        self._role, self._pieces, self._says = role, [], False

    def _section(self, node: Section, scopes: tuple[_Scope, ...]) -> None:
        value = _look_up(node.path, scopes)
        if node.kind != "each":
            self.write(node.body if bool(value) == (node.kind == "if") else node.otherwise, scopes)
            return
        if value is not None and not is_array(value):
            raise InvalidInput(f"{node.path.where}: {node.path.text}", value, "an array, to go through with {{#each}}")
        for index, item in enumerate(value or ()):
            self.write(node.body, (*scopes, _Scope(item, index, len(value or ()))))
        if not value:
            self.write(node.otherwise, scopes)


def _look_up(path: Path, scopes: Sequence[_Scope]) -> object:
    scope = scopes[-1 - path.up]
    match path.local:
        case "@index":
            return scope.index
        case "@first":
            return scope.index == 0
        case "@last":
            return scope.index == scope.count - 1
        case None:
            value = scope.value
    for name in path.names:
        value = value.get(name) if is_object(value) else None
    return value


def _shown(value: object, path: Path) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            raise InvalidInput(f"{path.where}: {path.text}", value, "a text, number or boolean; {{#each}} shows a list")
