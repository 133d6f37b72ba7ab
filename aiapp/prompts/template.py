"""Templates: the Handlebars part of Dotprompt, compiled once to a tree that writes into messages.

`{{name}}`, `{{a.b}}`, `{{#each list}}..{{else}}..{{/each}}` with `{{this}}` and `{{@index}}`, `{{#if}}` and
`{{#unless}}` with `{{else}}`, `{{role "system"}}`, `{{! comment }}`, and `~` to trim white space. Nothing is escaped,
for nothing needs to be: what a value holds is text and is never read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message, Role
from aiapp.core.parts import Text
from aiapp.prompts.picoschema import is_array, is_object

_TAG = re.compile(r"\{\{!--.*?--\}\}|\{\{(?P<left>~)?\{?\s*(?P<body>![^}]*|[^{}]*?)\s*\}?(?P<right>~)?\}\}", re.DOTALL)
_PATH = re.compile(r"(?:@index|@first|@last|this|[A-Za-z_][\w-]*)(?:\.[A-Za-z_][\w-]*)*")
_ROLES: dict[str, Role] = {"system": "system", "user": "user", "model": "assistant", "assistant": "assistant"}


@dataclass(frozen=True, slots=True)
class Literally:
    """Text of the template."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A variable."""

    path: str


@dataclass(frozen=True, slots=True)
class SetRole:
    """What follows is said by this role."""

    role: Role


@dataclass(frozen=True, slots=True)
class Section:
    """`each`, `if` or `unless`, with what to write otherwise."""

    kind: Literal["each", "if", "unless"]
    path: str
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node: TypeAlias = Literally | Value | SetRole | Section


@dataclass(slots=True)
class _Open:
    """A section whose end has not been seen."""

    kind: Literal["each", "if", "unless"]
    path: str
    where: str
    body: list[Node] = field(default_factory=list["Node"])
    otherwise: list[Node] | None = None

    def target(self) -> list[Node]:
        return self.body if self.otherwise is None else self.otherwise


class Template:
    """A compiled template."""

    def __init__(self, source: str, name: str = "template", first_line: int = 1) -> None:
        self._nodes = _compile(source, name, first_line)
        self.variables = tuple(dict.fromkeys(_variables(self._nodes, frozenset())))

    def render(self, variables: Mapping[str, object]) -> tuple[Message, ...]:
        """The messages; text before any role is the user's. Parts of white space alone are left out."""
        writer = _Writer()
        writer.write(self._nodes, [variables])
        return writer.messages()


class _Writer:
    def __init__(self) -> None:
        self._turns: list[tuple[Role, list[str]]] = [("user", [])]

    def messages(self) -> tuple[Message, ...]:
        said: list[tuple[Role, str]] = [(role, "".join(pieces)) for role, pieces in self._turns]
        return tuple(Message(role, (Text(text),)) for role, text in said if text.strip())

    def write(self, nodes: Sequence[Node], scopes: list[Mapping[str, object]]) -> None:
        for node in nodes:
            match node:
                case Literally(text):
                    self._turns[-1][1].append(text)
                case Value(path):
                    self._turns[-1][1].append(_shown(_look_up(path, scopes)))
                case SetRole(role):
                    self._turns.append((role, []))
                case Section():
                    self._section(node, scopes)
                case _:
                    assert_never(node)

    def _section(self, node: Section, scopes: list[Mapping[str, object]]) -> None:
        value = _look_up(node.path, scopes)
        if node.kind != "each":
            self.write(node.body if bool(value) == (node.kind == "if") else node.otherwise, scopes)
            return
        items = list(value) if is_array(value) else []
        for index, item in enumerate(items):
            place: dict[str, object] = {
                "this": item,
                "@index": index,
                "@first": index == 0,
                "@last": index == len(items) - 1,
            }
            self.write(node.body, [*scopes, {**item, **place} if is_object(item) else place])
        if not items:
            self.write(node.otherwise, scopes)


def _look_up(path: str, scopes: Sequence[Mapping[str, object]]) -> object:
    first, *rest = path.split(".")
    value: object = next((scope[first] for scope in reversed(scopes) if first in scope), None)
    for name in rest:
        value = value.get(name) if is_object(value) else None
    return value


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _variables(nodes: Sequence[Node], inner: frozenset[str]) -> Iterator[str]:
    """The names that a template asks of its caller; inside `each`, a name may be an item's own field."""
    for node in nodes:
        path = node.path if isinstance(node, Value | Section) else None
        first = "" if path is None else path.split(".")[0]
        if first and not first.startswith("@") and first != "this" and not inner:
            yield first
        if isinstance(node, Section):
            within = inner | {node.path} if node.kind == "each" else inner
            yield from _variables(node.body, within)
            yield from _variables(node.otherwise, inner)


def _compile(source: str, name: str, first_line: int) -> tuple[Node, ...]:
    top: list[Node] = []
    stack: list[_Open] = []
    position = 0
    trim = False
    for match in _TAG.finditer(source):
        body = (match["body"] or "!").strip()
        start, end = _own_line(source, match) if body.startswith(("#", "/", "!", "else", "role ")) else match.span()
        text = source[position:start]
        text = text.lstrip() if trim else text
        text = text.rstrip("\n") if body.startswith("role ") else text
        nodes = stack[-1].target() if stack else top
        if text:
            nodes.append(Literally(text.rstrip() if match["left"] else text))
        trim, position = match["right"] is not None, end
        if not body.startswith("!"):
            _tag(body, _place(source, match.start(), name, first_line), nodes, stack, top)
    if stack:
        raise InvalidInput(stack[-1].where, f"{{{{#{stack[-1].kind}}}}}", f"a matching {{{{/{stack[-1].kind}}}}}")
    rest = source[position:].lstrip() if trim else source[position:]
    return (*top, Literally(rest)) if rest else tuple(top)


def _own_line(source: str, tag: re.Match[str]) -> tuple[int, int]:
    """The span of a tag, with its line where it stands alone on one: what only gives structure leaves no blank line."""
    begin = source.rfind("\n", 0, tag.start()) + 1
    stop = source.find("\n", tag.end())
    after = source[tag.end() :] if stop < 0 else source[tag.end() : stop]
    if source[begin : tag.start()].strip() or after.strip():
        return tag.span()
    return begin, len(source) if stop < 0 else stop + 1


def _tag(body: str, where: str, nodes: list[Node], stack: list[_Open], top: list[Node]) -> None:
    """Take one tag into the tree."""
    word, _, rest = body.partition(" ")
    rest = rest.strip()
    if word in ("#each", "#if", "#unless") and _PATH.fullmatch(rest):
        kind: Literal["each", "if", "unless"] = "each" if word == "#each" else "if" if word == "#if" else "unless"
        stack.append(_Open(kind, rest, where))
    elif body == "else" and stack and stack[-1].otherwise is None:
        stack[-1].otherwise = []
    elif body.startswith("/") and stack and body[1:] == stack[-1].kind:
        done = stack.pop()
        section = Section(done.kind, done.path, tuple(done.body), tuple(done.otherwise or ()))
        (stack[-1].target() if stack else top).append(section)
    elif word == "role" and rest.strip("\"'") in _ROLES:
        nodes.append(SetRole(_ROLES[rest.strip("\"'")]))
    elif _PATH.fullmatch(body) and body != "else":
        nodes.append(Value(body))
    else:
        accepted = '{{name}}, {{#each}}, {{#if}}, {{#unless}}, {{else}}, {{/...}}, {{role "system"}} or a comment'
        raise InvalidInput(where, f"{{{{{body}}}}}", accepted)


def _place(source: str, offset: int, name: str, first_line: int) -> str:
    line = source.count("\n", 0, offset)
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return f"{name}, line {first_line + line}, column {column}"
