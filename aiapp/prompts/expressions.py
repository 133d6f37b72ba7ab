"""Expressions: what stands between the braces of a tag, read to values, paths and calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiapp.core.errors import InvalidInput
from aiapp.prompts.tree import Call, Constant, Expression, Path

_WORD = r"""\[[^\]]*\]|[^\s"'()\[\]{}|=~!#%&*+,;<>@^`]"""
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<string>"[^"]*"|'[^']*')
    | (?P<number>-?\d+(?:\.\d+)?)(?=[\s)]|$)
    | (?P<names>as\s+\|[^|]*\|)
    | (?P<key>[\w-]+)=
    | (?P<open>\() | (?P<close>\))
    | (?P<path>@?(?:{_WORD})+)
    )""",
    re.VERBOSE,
)
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "undefined": None}
_STEP = re.compile(r"\[(?P<quoted>[^\]]*)\]|(?P<name>[\w-]+)")
_STEPS = re.compile(r"(?:\[[^\]]*\]|[\w-]+)(?:[./](?:\[[^\]]*\]|[\w-]+))*")


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a tag: the first, what it is given in order and by name, and the names it gives to its block."""

    name: str | None
    """The first word, where it is one name alone."""
    first: Expression | None
    arguments: tuple[Expression, ...]
    named: Mapping[str, Expression]
    gives: tuple[str, ...]


def read(text: str, where: str, bound: Sequence[str] = ()) -> Reading:
    """What stands in a tag; `bound` are the names that blocks around it gave."""
    return _Reader(text, where, bound).reading()


class _Reader:
    def __init__(self, text: str, where: str, bound: Sequence[str]) -> None:
        self._text, self._where, self._bound = text, where, bound
        self._position = 0
        self._end = len(text.rstrip())

    def reading(self) -> Reading:
        name = self._peek_name()
        first = self._expression() if self._position < self._end else None
        arguments, named, gives = self._given(None)
        return Reading(name, first, arguments, named, gives)

    def _given(self, until: str | None) -> tuple[tuple[Expression, ...], dict[str, Expression], tuple[str, ...]]:
        arguments, named, gives = list[Expression](), dict[str, Expression](), tuple[str, ...]()
        while self._position < self._end:
            token = self._next()
            if token["close"] and until is not None:
                return tuple(arguments), named, gives
            if token["names"]:
                gives = tuple(token["names"].partition("|")[2].rstrip("|").split())
            elif token["key"]:
                named[token["key"]] = self._expression()
            else:
                arguments.append(self._of(token))
        if until is not None:
            raise self._wrong("a closing parenthesis")
        return tuple(arguments), named, gives

    def _expression(self) -> Expression:
        return self._of(self._next())

    def _of(self, token: re.Match[str]) -> Expression:
        if token["string"] is not None:
            return Constant(token["string"][1:-1])
        if token["number"] is not None:
            return Constant(float(token["number"]) if "." in token["number"] else int(token["number"]))
        if token["open"]:
            return self._call()
        if token["path"] is None:
            raise self._wrong("a name, a text in quotes or a number there")
        if token["path"] in _CONSTANTS:
            return Constant(_CONSTANTS[token["path"]])
        return self._path(token["path"])

    def _call(self) -> Call:
        name = self._peek_name()
        self._next()
        arguments, named, _ = self._given(")")
        return call(name, arguments, named, self._where)

    def _path(self, text: str) -> Path:
        at, rest = text.startswith("@"), text.removeprefix("@")
        up = 0
        while rest == ".." or rest.startswith("../"):
            up, rest = up + 1, rest[3:]
        rest = rest.removeprefix("./")
        if rest in ("", ".", "this"):
            if at or not (rest or up):
                raise self._wrong("a name there")
            return Path(text, self._where, (), up)
        rest = rest[5:] if rest.startswith(("this.", "this/")) else rest
        if _STEPS.fullmatch(rest) is None:
            raise self._wrong("names such as topic, author.name, ../topic or @index")
        names = tuple(step["name"] or step["quoted"] for step in _STEP.finditer(rest))
        bound = not (at or up) and names[0] in self._bound and not text.startswith(("this", "."))
        return Path(text, self._where, names, up, at, bound)

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self._text, self._position, self._end)
        if token is None:
            raise self._wrong('names, texts in quotes, numbers, name=value, (calls) and "as |name|"')
        self._position = token.end()
        return token

    def _peek_name(self) -> str | None:
        token = _TOKEN.match(self._text, self._position, self._end)
        return token["path"] if token is not None else None

    def _wrong(self, accepted: str) -> InvalidInput:
        return InvalidInput(self._where, f"{{{{{self._text.strip()}}}}}", accepted)


def call(name: str | None, arguments: tuple[Expression, ...], named: Mapping[str, Expression], where: str) -> Call:
    """A call of one of the functions that give a value."""
    known = dict(named)
    if name == "json" and len(arguments) == 1 and known.keys() <= {"indent"}:
        return Call("json", arguments, where, known.get("indent"))
    if name == "lookup" and len(arguments) == 2 and not known:
        return Call("lookup", arguments, where)
    raise InvalidInput(where, name, "json VALUE, json VALUE indent=2, or lookup VALUE NAME")
