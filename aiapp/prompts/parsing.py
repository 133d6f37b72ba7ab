"""Parsing: the Handlebars of Dotprompt, from text to tree.

Values: `{{name}}` or `{{{name}}}`, `{{a.b}}`, `{{a.0}}`, `{{a.[b c]}}`, `{{this}}`, `{{../name}}`, `{{@index}}`,
`{{@key}}`, `{{@first}}`, `{{@last}}`, `{{@root.name}}`, `{{json name indent=2}}`, `{{lookup a name}}`. Blocks, each
with `{{else}}` or `{{else if other}}`: `#if`, `#unless`, `#each`, `#with`, `#ifEquals`, `#unlessEquals`, `{{#name}}`,
`{{^name}}`; `#each` and `#with` may name what they give: `{{#each rows as |row index|}}`. Of Dotprompt:
`{{role "system"}}`, `{{history}}`, `{{media url=name contentType=name}}`, `{{section "name"}}`, and partials:
`{{> name}}`, `{{> name context key=value}}`.

As in Handlebars a name is looked up in the nearest item alone. Other than there, a role is always spelt out, so that no
value can choose who speaks, a list or object is shown by `json` or `#each` alone, and a partial is known when the
prompt is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Role
from aiapp.prompts import tree
from aiapp.prompts.expressions import Reading, call, read
from aiapp.prompts.scanning import Place, Tag, scan


@dataclass(frozen=True, slots=True)
class Partial:
    """The text of a partial, and the file that it stands in."""

    text: str
    file: str


Partials: TypeAlias = Callable[[str], Partial]
"""A partial by its name; raises InvalidInput where there is none."""

_ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "model": "assistant", "assistant": "assistant"}
_OF_ITEMS = ("index", "key", "first", "last")
_BLOCKS = ("if", "unless", "each", "with")
_PAIRS = ("ifEquals", "unlessEquals")
_HELPERS = (
    'json, lookup, role "system" | "user" | "model", history, media url=NAME, section "NAME", and the blocks #if, '
    "#unless, #each, #with, #ifEquals and #unlessEquals"
)


def no_partials(name: str) -> Partial:
    """The partials of a template that is not in a folder: none."""
    raise InvalidInput(
        "partial", name, "a partial of `Prompt(..., partials=...)` or of a folder that prompts are loaded from"
    )


def parse(source: str, place: Place, partials: Partials = no_partials) -> tuple[tree.Node, ...]:
    """The tree of a template; errors give the file, the line and the column."""
    return _Parser(source, place, partials).parse()


@dataclass(slots=True)
class _Open:
    """A block whose end has not been seen; `chained` where `{{else if}}` began it, and so no end of its own comes."""

    name: str
    reading: Reading
    where: str
    inverse: bool = False
    chained: bool = False
    body: list[tree.Node] = field(default_factory=list["tree.Node"])
    otherwise: list[tree.Node] | None = None

    def target(self) -> list[tree.Node]:
        return self.body if self.otherwise is None else self.otherwise


@dataclass(slots=True)
class _Parser:
    source: str
    place: Place
    partials: Partials
    depth: int = 0
    """How many blocks with an item of their own this text already stands in, where it is a partial."""
    items: int = 0
    """How many of these are loops."""
    within: tuple[str, ...] = ()
    """The partials that this text stands in."""
    top: list[tree.Node] = field(default_factory=list["tree.Node"])
    stack: list[_Open] = field(default_factory=list[_Open])

    def parse(self) -> tuple[tree.Node, ...]:
        for piece in scan(self.source, self.place):
            if isinstance(piece, str):
                self._nodes().append(tree.Literally(piece))
            else:
                self._take(piece)
        if self.stack:
            last = next(block for block in reversed(self.stack) if not block.chained)
            raise InvalidInput(last.where, f"{{{{#{last.name}}}}}", f"a matching {{{{/{last.name}}}}}")
        return tuple(self.top)

    def _nodes(self) -> list[tree.Node]:
        return self.stack[-1].target() if self.stack else self.top

    def _take(self, tag: Tag) -> None:
        match tag.kind:
            case "value":
                self._nodes().append(self._value(tag))
            case "open" | "inverse":
                self._open(tag, inverse=tag.kind == "inverse")
            case "else":
                self._otherwise(tag)
            case "close":
                self._close(tag)
            case "partial":
                self._nodes().append(self._include(tag))

    def _read(self, tag: Tag) -> Reading:
        bound = [name for block in self.stack if block.otherwise is None for name in block.reading.gives]
        reading = read(tag.body, tag.where, bound)
        for expression in (reading.first, *reading.arguments, *reading.named.values()):
            self._check(expression)
        return reading

    def _value(self, tag: Tag) -> tree.Node:
        reading = self._read(tag)
        given = (*reading.arguments, *reading.named)
        if reading.first is None:
            raise InvalidInput(tag.where, "{{}}", "a name between the braces")
        match reading.name:
            case "history" if not given:
                return tree.History(tag.where)
            case "role" if given:
                return tree.SetRole(_ROLES[_word(tag, reading, tuple(_ROLES))], tag.where)
            case "section" if given:
                return tree.StartSection(_word(tag, reading, ()), tag.where)
            case "media" if given:
                return _media(tag, reading)
            case "json" | "lookup" if given:
                return tree.Value(call(reading.name, reading.arguments, reading.named, tag.where), tag.where)
            case _ if given:
                raise InvalidInput(tag.where, f"{{{{{tag.body}}}}}", f"one name, or one of {_HELPERS}")
            case _:
                if isinstance(reading.first, tree.Path) and self._is_all(reading.first):
                    raise InvalidInput(tag.where, f"{{{{{tag.body}}}}}", "{{json this}} for all variables at once")
                return tree.Value(reading.first, tag.where)

    def _open(self, tag: Tag, *, inverse: bool = False, chained: bool = False) -> None:
        if tag.body.startswith((">", "*")):
            raise InvalidInput(tag.where, f"{{{{#{tag.body}}}}}", f"no partials that are written in place; {_HELPERS}")
        reading = self._read(tag)
        name = reading.name or ""
        wanted = 2 if name in _PAIRS else 1 if name in _BLOCKS else 0
        zero = set(reading.named) == {"includeZero"} and name in ("if", "unless")
        if len(reading.arguments) != wanted or (reading.named and not zero) or reading.first is None:
            raise InvalidInput(tag.where, f"{{{{#{tag.body}}}}}", f"a block with what it needs: {_HELPERS}")
        self.stack.append(_Open(name, reading, tag.where, inverse, chained))

    def _otherwise(self, tag: Tag) -> None:
        if not self.stack or self.stack[-1].otherwise is not None:
            raise InvalidInput(tag.where, "{{else}}", "an {{else}} inside a block that has none yet")
        self.stack[-1].otherwise = []
        if tag.body:
            self._open(tag, chained=True)

    def _close(self, tag: Tag) -> None:
        while self.stack and self.stack[-1].chained:
            self._end()
        if not self.stack or tag.body != self.stack[-1].name:
            accepted = f"{{{{/{self.stack[-1].name}}}}}" if self.stack else "no end, for no block is open"
            raise InvalidInput(tag.where, f"{{{{/{tag.body}}}}}", accepted)
        self._end()

    def _end(self) -> None:
        block = self.stack.pop()
        self._nodes().append(_block(block))

    def _include(self, tag: Tag) -> tree.Include:
        reading = self._read(tag)
        name = reading.first.value if isinstance(reading.first, tree.Constant) else reading.name
        if not isinstance(name, str) or len(reading.arguments) > 1 or reading.gives:
            accepted = "the name of a partial, with at most one context, and key=value"
            raise InvalidInput(tag.where, f"{{{{> {tag.body}}}}}", accepted)
        if name in self.within:
            raise InvalidInput(tag.where, f"{{{{> {name}}}}}", "a partial that does not hold itself")
        try:
            partial = self.partials(name)
        except InvalidInput as error:
            raise InvalidInput(f"{tag.where}: partial", error.value, error.accepted) from None
        text = partial.text
        moved = "".join(f"{tag.indent}{line}" for line in text.splitlines(keepends=True)) if tag.indent else text
        place = Place(partial.file, moved=len(tag.indent))
        inner = _Parser(moved, place, self.partials, self._depth(), self._loops(), (*self.within, name))
        context = reading.arguments[0] if reading.arguments else None
        return tree.Include(name, inner.parse(), tag.where, context, reading.named)

    def _depth(self) -> int:
        return self.depth + sum(_has_item(block) for block in self.stack)

    def _loops(self) -> int:
        return self.items + sum(_is_loop(block) for block in self.stack)

    def _is_all(self, path: tree.Path) -> bool:
        return not (path.names or path.at) and path.up == self._depth()

    def _check(self, expression: tree.Expression | None) -> None:
        """Raise where a path leads out of the template."""
        match expression:
            case tree.Call(_, arguments):
                for argument in arguments:
                    self._check(argument)
            case tree.Path(text, where, names, up, at):
                loops = self._loops()
                if at and names[0] in _OF_ITEMS and up >= loops:
                    raise InvalidInput(
                        where, f"{{{{{text}}}}}", "@index, @key, @first and @last inside {{#each}} alone"
                    )
                if not at and up > self._depth():
                    raise InvalidInput(where, f"{{{{{text}}}}}", "as many ../ as there are blocks with items around it")
            case _:
                pass


def _has_item(block: _Open) -> bool:
    return (block.name in ("each", "with") or _is_plain(block)) and block.otherwise is None


def _is_loop(block: _Open) -> bool:
    return (block.name == "each" or _is_plain(block)) and block.otherwise is None


def _is_plain(block: _Open) -> bool:
    return block.name not in (*_BLOCKS, *_PAIRS)


def _word(tag: Tag, reading: Reading, accepted: tuple[str, ...]) -> str:
    """The one text in quotes that a role or a section is given."""
    one = reading.arguments[0] if len(reading.arguments) == 1 and not reading.named else None
    if not isinstance(one, tree.Constant) or not isinstance(one.value, str) or (accepted and one.value not in accepted):
        choice = " | ".join(f'"{word}"' for word in accepted) or "one name in quotes"
        raise InvalidInput(tag.where, f"{{{{{tag.body}}}}}", f"{reading.name} {choice}")
    return one.value


def _media(tag: Tag, reading: Reading) -> tree.Media:
    if reading.arguments or "url" not in reading.named or not reading.named.keys() <= {"url", "contentType"}:
        raise InvalidInput(tag.where, f"{{{{{tag.body}}}}}", "media url=NAME, or media url=NAME contentType=NAME")
    return tree.Media(reading.named["url"], reading.named.get("contentType"), tag.where)


def _block(block: _Open) -> tree.Node:
    reading, body, otherwise = block.reading, tuple(block.body), tuple(block.otherwise or ())
    first = reading.arguments[0] if reading.arguments else reading.first
    assert first is not None
    if block.inverse:
        body, otherwise = otherwise, body
    zero = "includeZero" in reading.named
    match block.name:
        case "if":
            return tree.If(first, body, otherwise, zero)
        case "unless":
            return tree.If(first, otherwise, body, zero)
        case "ifEquals":
            return tree.If(tree.Call("equals", reading.arguments, block.where), body, otherwise)
        case "unlessEquals":
            return tree.If(tree.Call("equals", reading.arguments, block.where), otherwise, body)
        case "each":
            return tree.Each(first, reading.gives, body, otherwise, block.where)
        case "with":
            return tree.With(first, reading.gives, body, otherwise)
        case _:
            return tree.Block(first, body, otherwise, block.where)
