"""What a template uses of its variables: the schema that follows from it, or whether a declared one holds all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Role
from aiapp.prompts import tree
from aiapp.prompts.validation import Schema, of_types
from aiapp.prompts.values import is_object
from aiapp.prompts.writer import CACHE

_SHOWN = ("string", "number", "boolean", "null")


@dataclass(slots=True)
class Use:
    """How a template uses one value, and where first."""

    text: str = ""
    where: str = ""
    fields: dict[str, Use] = field(default_factory=dict[str, "Use"])
    items: Use | None = None
    shown: bool = False
    asked: bool = False
    """Whether it is asked for by `if` and its like, and so may be missing."""
    whole: bool = False
    """Whether all of it is used, whatever it is."""
    roles: set[Role] = field(default_factory=set["Role"])
    """Who says it."""
    cached: bool = False
    """Whether it stands before the end of what a provider is asked to cache."""

    def below(self, name: str, path: tree.Path) -> Use:
        return self.fields.setdefault(name, Use(path.text, path.where))


@dataclass(frozen=True, slots=True)
class _Scope:
    value: Use
    names: Mapping[str, Use]
    parent: _Scope | None = None


def uses(nodes: Sequence[tree.Node]) -> Use:
    """How a template uses its variables."""
    root = Use()
    marks = sum(isinstance(node, tree.StartSection) and node.name == CACHE for node in walk(nodes))
    _Notes(marks).nodes(nodes, _Scope(root, {}))
    return root


def walk(nodes: Iterable[tree.Node]) -> Iterator[tree.Node]:
    """Every node, in the order of the text."""
    for node in nodes:
        yield node
        match node:
            case tree.If() | tree.Each() | tree.With() | tree.Block():
                yield from walk((*node.body, *node.otherwise))
            case tree.Include():
                yield from walk(node.body)
            case _:
                pass


def inferred(use: Use) -> dict[str, Any]:
    """The schema of the variables of a template that declares none."""
    if use.whole or not (use.items or use.fields):
        shown = {"type": list(_SHOWN[:-1])} if use.shown and not use.whole else {}
        return {"type": [*_SHOWN]} if shown and use.asked else shown
    if use.items is not None:
        types = ["array", "object", *(["null"] if use.asked else [])]
        return {"type": types, "items": inferred(use.items)}
    needed = [name for name, below in use.fields.items() if not below.asked]
    return {
        "type": ["object", "null"] if use.asked else "object",
        "properties": {name: inferred(below) for name, below in use.fields.items()},
        **({"required": needed} if needed else {}),
    }


def check(use: Use, schema: Schema) -> None:
    """Raise at the first place where a template uses what its schema does not declare, or not so."""
    _check(use, schema, schema, is_top=True)


def resolved(schema: Schema, root: Schema) -> Schema:
    """A schema, or the one that it refers to."""
    reference = schema.get("$ref")
    target: Any = root
    for step in str(reference).split("/")[1:] if reference else ():
        target = target.get(step) if is_object(target) else None
    return target if reference and is_object(target) else schema


def _check(use: Use, schema: Schema, root: Schema, *, is_top: bool = False) -> None:
    schema = resolved(schema, root)
    types = set(of_types(schema)) - {"null"}
    if any(keyword in schema for keyword in ("anyOf", "oneOf", "allOf", "if")) or "$ref" in schema:
        return
    if use.shown and types and types <= {"array", "object"}:
        raise InvalidInput(use.where, f"{{{{{use.text}}}}}", "a text, number or boolean variable")
    if use.items is not None and types:
        if not types & {"array", "object"}:
            raise InvalidInput(use.where, f"{{{{#each {use.text}}}}}", "a variable that is an array")
        if "array" in types and is_object(schema.get("items")):
            _check(use.items, schema["items"], root)
    known: Mapping[str, Any] = schema.get("properties", {})
    for name, below in use.fields.items():
        if types == {"array"} and (name == "length" or name.isdecimal()):
            continue
        if name in known:
            if is_object(known[name]):
                _check(below, known[name], root)
        elif (types or is_top) and schema.get("additionalProperties", not is_top and "object" in types) is False:
            accepted = f"what input.schema declares here: {', '.join(known) or 'nothing'}"
            raise InvalidInput(below.where, f"{{{{{below.text}}}}}", accepted)


class _Notes:
    """Goes through a template in the order of its text, and knows who speaks there."""

    def __init__(self, marks: int) -> None:
        self._role: Role = "user"
        self._marks = marks
        """How many ends of what is cached are still to come."""

    def nodes(self, nodes: Iterable[tree.Node], scope: _Scope) -> None:
        for node in nodes:
            self._node(node, scope)

    def _node(self, node: tree.Node, scope: _Scope) -> None:
        match node:
            case tree.Literally():
                pass
            case tree.History():
                self._role = "assistant"
            case tree.SetRole(role):
                self._role = role
            case tree.StartSection(name):
                self._marks -= name == CACHE
            case tree.Value(expression):
                self._says(expression, scope).shown = True
            case tree.Media(url, kind):
                self._says(url, scope).whole = True
                self._says(kind or tree.Constant(None), scope)
            case tree.If(test, body, otherwise):
                _used(test, scope).asked = True
                self.nodes((*body, *otherwise), scope)
            case tree.Each(items, names, body, otherwise):
                used = _used(items, scope)
                used.items = used.items or Use(used.text, used.where)
                self.nodes(body, _inside(used.items, names, scope))
                self.nodes(otherwise, scope)
            case tree.With(value, names, body, otherwise):
                used = _used(value, scope)
                used.asked = True
                self.nodes(body, _inside(used, names, scope))
                self.nodes(otherwise, scope)
            case tree.Block(value, body, otherwise):
                used = self._says(value, scope)
                used.asked = used.whole = True
                self.nodes(body, _inside(Use(whole=True), (), scope))
                self.nodes(otherwise, scope)
            case tree.Include():
                self._partial(node, scope)
            case _:
                assert_never(node)

    def _partial(self, node: tree.Include, scope: _Scope) -> None:
        given = {name: _used(value, scope) for name, value in node.values.items()}
        value = scope.value if node.context is None else _used(node.context, scope)
        if given:
            # What the partial is given by name stands before what the context has.
            value = Use(value.text, value.where, _Over(given, value.fields), value.items)
        self.nodes(node.body, _Scope(value, {}, scope.parent))

    def _says(self, expression: tree.Expression, scope: _Scope) -> Use:
        """The use of a value that becomes a part of what is said here."""
        for path in _paths(expression):
            used = _used(path, scope)
            used.roles.add(self._role)
            used.cached = used.cached or self._marks > 0
        return _used(expression, scope)


def _paths(expression: tree.Expression) -> Iterator[tree.Path]:
    match expression:
        case tree.Path():
            yield expression
        case tree.Call(_, arguments):
            for argument in arguments:
                yield from _paths(argument)
        case tree.Constant():
            pass


def _inside(value: Use, names: tuple[str, ...], scope: _Scope) -> _Scope:
    return _Scope(value, {**scope.names, **dict(zip(names, (value, Use()), strict=False))}, scope)


class _Over(dict[str, Use]):
    """The uses of a partial's context, with what it was given by name above them."""

    def __init__(self, given: Mapping[str, Use], below: dict[str, Use]) -> None:
        super().__init__(given)
        self._below = below

    def setdefault(self, name: str, default: Any = None, /) -> Use:
        return self[name] if name in self else self._below.setdefault(name, default)


def _used(expression: tree.Expression, scope: _Scope) -> Use:
    """The use of the value that an expression means; one of no variable's where it is made."""
    match expression:
        case tree.Constant():
            return Use()
        case tree.Call(function, arguments):
            for argument in arguments:
                used = _used(argument, scope)
                used.whole = used.whole or function != "equals"
                used.asked = used.asked or function == "equals"
            return Use()
        case tree.Path(at=True, names=names):
            root = scope
            while root.parent is not None:
                root = root.parent
            return _reached(root.value, names[1:], expression) if names[0] == "root" else Use()
        case tree.Path(bound=True, names=names):
            return _reached(scope.names[names[0]], names[1:], expression)
        case tree.Path(names=names, up=up):
            here = scope
            for _ in range(up):
                here = here.parent or here
            return _reached(here.value, names, expression)


def _reached(use: Use, names: Iterable[str], path: tree.Path) -> Use:
    for name in names:
        use = use.below(name, path)
    return use
