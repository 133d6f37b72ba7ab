"""What a template uses of its variables: the fields that follow from it, or whether declared fields hold all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from aiapp.core.errors import InvalidInput
from aiapp.prompts.picoschema import Field
from aiapp.prompts.tree import History, Node, Path, Section, Value


def history(nodes: Sequence[Node]) -> Iterator[History]:
    """The places where the earlier messages stand."""
    for node in nodes:
        if isinstance(node, History):
            yield node
        elif isinstance(node, Section):
            yield from history((*node.body, *node.otherwise))


@dataclass(slots=True)
class _Use:
    """How a template uses one value."""

    fields: dict[str, _Use] = field(default_factory=dict[str, "_Use"])
    items: _Use | None = None
    shown: bool = False
    asked: bool = False

    def reach(self, names: Sequence[str]) -> _Use:
        use = self
        for name in names:
            use = use.fields.setdefault(name, _Use())
        return use

    def field(self, name: str) -> Field:
        """What such a value must be; what `if` asks about may be missing."""
        if self.items is not None:
            return replace(self.items.field(name), array=True, optional=self.asked)
        if self.fields:
            fields = tuple(use.field(below) for below, use in self.fields.items())
            return Field(name, "object", optional=self.asked, fields=fields, open=True)
        return Field(name, "shown" if self.shown else "any", optional=self.asked)


def inferred(nodes: Sequence[Node]) -> tuple[Field, ...]:
    """The variables of a template without a schema."""
    variables = _Use()
    _note(nodes, (variables,))
    return variables.field("").fields


def _note(nodes: Sequence[Node], scopes: tuple[_Use, ...]) -> None:
    for node in nodes:
        if not isinstance(node, Value | Section):
            continue
        use = _Use() if node.path.local is not None else scopes[-1 - node.path.up].reach(node.path.names)
        if isinstance(node, Value):
            use.shown = True
            continue
        body = scopes
        if node.kind == "each":
            use.items = use.items or _Use()
            body = (*scopes, use.items)
        else:
            use.asked = True
        _note(node.body, body)
        _note(node.otherwise, scopes)


def check(nodes: Sequence[Node], fields: tuple[Field, ...]) -> None:
    """Raise at the first place where a template uses what its schema does not declare, or not so."""
    _check(nodes, (Field("", "object", fields=fields),))


_ANY = Field("", "any")


def _check(nodes: Sequence[Node], scopes: tuple[Field, ...]) -> None:
    for node in nodes:
        if not isinstance(node, Value | Section):
            continue
        declared = _declared(node.path, scopes)
        container = declared.array or declared.type == "object"
        if isinstance(node, Value):
            if container:
                raise InvalidInput(node.path.where, f"{{{{{node.path.text}}}}}", "a text, number or boolean variable")
            continue
        body = scopes
        if node.kind == "each":
            if not declared.array and declared.type != "any":
                raise InvalidInput(node.path.where, f"{{{{#each {node.path.text}}}}}", "a variable that is an array")
            body = (*scopes, replace(declared, array=False))
        _check(node.body, body)
        _check(node.otherwise, scopes)


def _declared(path: Path, scopes: Sequence[Field]) -> Field:
    if path.local is not None:
        return _ANY
    here = scopes[-1 - path.up]
    for name in path.names:
        if here.type == "any" and not here.array:
            return _ANY
        known: Mapping[str, Field] = {} if here.array else {below.name: below for below in here.fields}
        if name not in known:
            accepted = f"what input.schema declares here: {', '.join(known) or 'nothing'}"
            raise InvalidInput(path.where, f"{{{{{path.text}}}}}", accepted)
        here = known[name]
    return here
