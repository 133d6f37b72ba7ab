"""Values that a program's text tells: constants, what is put together from them, and names that are assigned once."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aiapp.doctor.findings import Place

UNKNOWN: Final = object()
"""The value of an expression that the text does not tell."""
_DEEPEST = 8
_BASE, _POWER = 1_024, 64
_NAMING = {ast.Assign, ast.AnnAssign, ast.withitem, ast.Name, ast.arg, ast.Attribute}
"""What gives a name its value."""
_DEFAULTED = ("Field", "field", "Option", "Argument", "option", "argument", "add_argument", "Input")


class Source:
    """The tree of a program, with the names that stand for one expression throughout."""

    def __init__(self, tree: ast.Module, text: str, place: Callable[[int, int], Place]) -> None:
        self._text, self._place = text, place
        self.nodes = tuple(_nodes(tree))
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self.names: Mapping[str, ast.expr] = _assigned_once(self.nodes)
        self._mentioned = dict[str, bool]()

    def mentions(self, *words: str) -> bool:
        """Whether one of some words stands anywhere in the text."""
        for word in words:
            if word not in self._mentioned:
                self._mentioned[word] = word in self._text
        return any(self._mentioned[word] for word in words)

    def place(self, node: ast.expr | ast.stmt | ast.keyword) -> Place:
        """Where a node begins."""
        return self._place(node.lineno, node.col_offset + 1)

    def resolved(self, node: ast.expr) -> ast.expr:
        """The expression that a name stands for, or the node itself."""
        for _ in range(_DEEPEST):
            name = dotted(node).removeprefix("self.") if isinstance(node, ast.Name | ast.Attribute) else ""
            found = self.names.get(name) if name else None
            if found is None:
                return node
            node = found
        return node

    def value(self, node: ast.expr | None, depth: int = 0) -> Any:
        """The value of an expression; `UNKNOWN` where it, or a part of it, is not told."""
        if node is None or depth > 4 * _DEEPEST:
            return UNKNOWN
        node = self.resolved(node)
        match node:
            case ast.Constant(value=value):
                return value
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return _all(self.value(part, depth + 1) for part in parts)
            case ast.Dict(keys=keys, values=values):
                return self._mapping(keys, values, depth + 1)
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                return self._mapping([_key(word) for word in keywords], [word.value for word in keywords], depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.value(operand, depth + 1)
                return -value if isinstance(value, int | float) else UNKNOWN
            case ast.JoinedStr(values=parts):
                return self._joined(parts, depth + 1)
            case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Pow() as op, right=right):
                return _computed(op, self.value(left, depth + 1), self.value(right, depth + 1))
            case _:
                return UNKNOWN

    def entries(self, node: ast.expr | None) -> dict[str, ast.expr]:
        """The entries of a mapping by their keys, as far as the keys are told."""
        node = None if node is None else self.resolved(node)
        match node:
            case ast.Dict(keys=keys, values=values):
                return {
                    key.value: value
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
            case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
                return {word.arg: word.value for word in keywords if word.arg}
            case _:
                return {}

    def items(self, node: ast.expr | None) -> list[ast.expr]:
        """The items of a list."""
        node = None if node is None else self.resolved(node)
        return node.elts if isinstance(node, ast.List | ast.Tuple) else []

    def texts(self, node: ast.expr, depth: int = 0) -> Iterator[ast.Constant]:
        """The text constants that an expression may be: itself, its defaults, its branches, its items."""
        if depth > _DEEPEST:
            return
        match self.resolved(node):
            case ast.Constant(value=str()) as constant:
                yield constant
            case ast.JoinedStr() as joined:
                told = self.value(joined)
                if isinstance(told, str):
                    yield ast.copy_location(ast.Constant(told), joined)
            case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                for part in parts:
                    yield from self.texts(part, depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                yield from self.texts(body, depth + 1)
                yield from self.texts(orelse, depth + 1)
            case ast.Call() as call:
                for part in default_of(call):
                    yield from self.texts(part, depth + 1)
            case _:
                pass

    def _joined(self, parts: list[ast.expr], depth: int) -> Any:
        plain = [
            part.value
            if isinstance(part, ast.FormattedValue) and part.conversion < 0 and not part.format_spec
            else part
            for part in parts
        ]
        told = [self.value(part, depth) for part in plain]
        return "".join(told) if all(isinstance(one, str) for one in told) else UNKNOWN

    def _mapping(self, keys: list[ast.expr | None], values: list[ast.expr], depth: int) -> Any:
        made = dict[Any, Any]()
        for key, value in zip(keys, values, strict=True):
            name = UNKNOWN if key is None else self.value(key, depth)
            told = self.value(value, depth)
            if name is UNKNOWN or told is UNKNOWN or isinstance(name, list | dict):
                return UNKNOWN
            made[name] = told
        return made


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a tree but the operators and contexts, which are most of them and tell nothing."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield node
        for value in node.__dict__.values():
            if isinstance(value, list):
                stack.extend(part for part in value if isinstance(part, ast.AST))  # pyright: ignore[reportUnknownVariableType]
            elif isinstance(value, ast.AST) and value._fields:
                stack.append(value)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of names and attributes; what a call gives is left out: `A().b` is `b`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def default_of(call: ast.Call) -> list[ast.expr]:
    """What a call gives where nothing else was set: the default of `getenv`, `get`, `getattr`, `Field` and the like."""
    name = dotted(call.func).rpartition(".")[2]
    if name in ("getenv", "get", "pop", "getattr"):
        return call.args[2:3] if name == "getattr" else call.args[1:2]
    if name in _DEFAULTED:
        named = [word.value for word in call.keywords if word.arg == "default"]
        return named or (call.args[:1] if name in ("Field", "Option", "Argument") else [])
    return []


def _all(values: Iterator[Any]) -> Any:
    made = list(values)
    return UNKNOWN if any(value is UNKNOWN for value in made) else made


def _computed(op: ast.Add | ast.Mult | ast.Pow, left: Any, right: Any) -> Any:
    if isinstance(left, int | float) and isinstance(right, int | float):
        if isinstance(op, ast.Pow):
            return left**right if 0 < left <= _BASE and 0 <= right <= _POWER else UNKNOWN
        return left + right if isinstance(op, ast.Add) else left * right
    if isinstance(left, str) and isinstance(right, str) and isinstance(op, ast.Add):
        return left + right
    return UNKNOWN


def _key(word: ast.keyword) -> ast.expr | None:
    return None if word.arg is None else ast.Constant(word.arg)


def _assigned_once(nodes: tuple[ast.AST, ...]) -> dict[str, ast.expr]:
    """The names, and the attributes of `self`, that one statement alone gives a value."""
    values, counts = dict[str, ast.expr](), Counter[str]()
    for node in nodes:
        if type(node) not in _NAMING:
            continue
        match node:
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value):
                values[dotted(target).removeprefix("self.")] = value
            case ast.AnnAssign(target=ast.Name() | ast.Attribute() as target, value=ast.expr() as value):
                values[dotted(target).removeprefix("self.")] = value
            case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
                values[name] = value
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                counts[name] += 1
            case ast.Attribute(ctx=ast.Store()):
                counts[dotted(node).removeprefix("self.")] += 1
            case _:
                pass
    return {name: value for name, value in values.items() if name and counts[name] == 1}
