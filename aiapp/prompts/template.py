"""Templates: a tree compiled to functions that write messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, assert_never

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message
from aiapp.prompts import tree
from aiapp.prompts.media import media_part
from aiapp.prompts.parsing import Partials, no_partials, parse
from aiapp.prompts.scanning import Place
from aiapp.prompts.values import is_array, is_object
from aiapp.prompts.writer import Writer

_NOTHING: Mapping[str, object] = {}


class Frame:
    """What names are looked up in: all variables, or one item, with what the block around it says of it."""

    __slots__ = ("at", "names", "parent", "value")

    def __init__(
        self, value: Any, parent: Frame | None, at: Mapping[str, Any], names: Mapping[str, Any] = _NOTHING
    ) -> None:
        self.value, self.parent, self.at, self.names = value, parent, at, names


Step: TypeAlias = Callable[[Frame, Writer], None]
Look: TypeAlias = Callable[[Frame], Any]


class Template:
    """A compiled template."""

    def __init__(self, source: str, place: Place, partials: Partials = no_partials) -> None:
        self.nodes = parse(source, place, partials)
        self._write = _steps(self.nodes)

    def render(
        self,
        variables: Mapping[str, Any],
        history: Sequence[Message] = (),
        context: Mapping[str, Any] = _NOTHING,
    ) -> tuple[Message, ...]:
        """The messages; text before any role is the user's, text after the history the assistant's."""
        writer = Writer(history)
        self._write(Frame(variables, None, {**context, "root": variables}), writer)
        return writer.messages()


def _steps(nodes: Iterable[tree.Node]) -> Step:
    steps = tuple(map(_step, nodes))
    if len(steps) == 1:
        return steps[0]

    def run(frame: Frame, writer: Writer) -> None:
        for step in steps:
            step(frame, writer)

    return run


def _step(node: tree.Node) -> Step:
    match node:
        case tree.Literally(text):
            says = not text.isspace()
            return lambda _, writer: writer.text(text, says)
        case tree.Value(expression, where):
            return _shows(expression, where)
        case tree.SetRole(role):
            return lambda _, writer: writer.role(role)
        case tree.History():
            return lambda _, writer: writer.past()
        case tree.StartSection(name):
            return lambda _, writer: writer.section(name)
        case tree.Media(url, kind, where):
            find, find_kind = _look(url), _look(kind or tree.Constant(None))
            return lambda frame, writer: writer.media(media_part(find(frame), find_kind(frame), where))
        case tree.If():
            return _if(node)
        case tree.Each():
            return _each(node)
        case tree.With(value, names, body, otherwise):
            return _with(_look(value), names, _steps(body), _steps(otherwise))
        case tree.Block():
            return _block(node)
        case tree.Include():
            return _include(node)
        case _:
            assert_never(node)


def _shows(expression: tree.Expression, where: str) -> Step:
    find = _look(expression)
    text = expression.text if isinstance(expression, tree.Path) else "value"

    def run(frame: Frame, writer: Writer) -> None:
        value = find(frame)
        if value.__class__ is str:
            writer.value(value)
        elif value is not None:
            writer.value(_shown(value, where, text))

    return run


def _shown(value: object, where: str, text: str) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            accepted = f"a text, number or boolean; {{{{json {text}}}}} shows anything, {{{{#each}}}} a list"
            raise InvalidInput(f"{where}: {text}", value, accepted)


def _true(value: Any, zero: bool = False) -> bool:
    """Whether a value counts as true: an object does, an empty list does not."""
    return bool(value) or is_object(value) or (zero and value is not False and value == 0)


def _if(node: tree.If) -> Step:
    find, body, otherwise, zero = _look(node.test), _steps(node.body), _steps(node.otherwise), node.zero

    def run(frame: Frame, writer: Writer) -> None:
        (body if _true(find(frame), zero) else otherwise)(frame, writer)

    return run


def _each(node: tree.Each) -> Step:
    find, body, otherwise = _look(node.items), _steps(node.body), _steps(node.otherwise)
    text = node.items.text if isinstance(node.items, tree.Path) else "value"
    names, where = node.names, node.where

    def run(frame: Frame, writer: Writer) -> None:
        items = find(frame)
        if not items:
            otherwise(frame, writer)
            return
        keys: Sequence[Any] = range(len(items))
        values: Sequence[Any] = ()
        if is_object(items):
            keys, values = tuple(items), tuple(items.values())
        elif is_array(items):
            values = items
        else:
            raise InvalidInput(f"{where}: {text}", items, "an array or object, to go through with {{#each}}")
        last = len(values) - 1
        for index, value in enumerate(values):
            key = keys[index]
            at = {"index": index, "key": key, "first": index == 0, "last": index == last, "root": frame.at["root"]}
            body(Frame(value, frame, at, dict(zip(names, (value, key), strict=False)) if names else _NOTHING), writer)

    return run


def _with(find: Look, names: tuple[str, ...], body: Step, otherwise: Step) -> Step:
    def run(frame: Frame, writer: Writer) -> None:
        value = find(frame)
        if _true(value):
            at = {"root": frame.at["root"]}
            body(Frame(value, frame, at, dict(zip(names, (value,), strict=False))), writer)
        else:
            otherwise(frame, writer)

    return run


def _block(node: tree.Block) -> Step:
    each = _each(tree.Each(node.value, (), node.body, node.otherwise, node.where))
    inside = _with(_look(node.value), (), _steps(node.body), _steps(node.otherwise))
    find, body = _look(node.value), _steps(node.body)

    def run(frame: Frame, writer: Writer) -> None:
        value = find(frame)
        if value is True:
            body(Frame(frame.value, frame, frame.at), writer)
        else:
            (each if is_array(value) else inside)(frame, writer)

    return run


def _include(node: tree.Include) -> Step:
    body = _steps(node.body)
    if node.context is None and not node.values:
        return body
    find = None if node.context is None else _look(node.context)
    values = tuple((name, _look(value)) for name, value in node.values.items())

    def run(frame: Frame, writer: Writer) -> None:
        value = frame.value if find is None else find(frame)
        if values:
            given = {name: look(frame) for name, look in values}
            value = {**value, **given} if is_object(value) else given
        body(Frame(value, frame.parent, frame.at), writer)

    return run


def _look(expression: tree.Expression) -> Look:
    match expression:
        case tree.Constant(value):
            return lambda _: value
        case tree.Call():
            return _called(expression)
        case tree.Path(at=True):
            return _of_block(expression)
        case tree.Path(bound=True, names=names):
            return lambda frame: _down(_bound(frame, names[0]), names[1:])
        case tree.Path(names=(name,), up=0):
            return lambda frame: _one(frame.value, name)
        case tree.Path(names=names, up=up):
            return lambda frame: _down(_above(frame, up).value, names)


def _of_block(path: tree.Path) -> Look:
    """A value that a block knows of its item, or that the caller said of the whole call."""
    name, below, up = path.names[0], path.names[1:], path.up

    def find(frame: Frame) -> Any:
        here: Frame | None = frame
        found = 0
        while here is not None:
            if name in here.at:
                if found == up:
                    return _down(here.at[name], below)
                found += 1
            here = here.parent
        return None

    return find


def _bound(frame: Frame, name: str) -> Any:
    here: Frame | None = frame
    while here is not None and name not in here.names:
        here = here.parent
    return None if here is None else here.names[name]


def _above(frame: Frame, up: int) -> Frame:
    for _ in range(up):
        assert frame.parent is not None  # the parser counts the blocks
        frame = frame.parent
    return frame


def _down(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        value = _one(value, name)
    return value


def _one(value: Any, name: str) -> Any:
    """What an object or array has under a name; None where it has nothing there."""
    if is_object(value):
        return value.get(name)
    if is_array(value):
        if name == "length":
            return len(value)
        if name.isdecimal():
            return value[int(name)] if int(name) < len(value) else None
    return None


def _called(call: tree.Call) -> Look:
    looks = tuple(map(_look, call.arguments))
    match call.function:
        case "equals":
            return lambda frame: same(looks[0](frame), looks[1](frame))
        case "lookup":
            return lambda frame: _one(looks[0](frame), str(looks[1](frame)))
        case "json":
            indent = None if call.indent is None else _look(call.indent)
            return lambda frame: _json(looks[0](frame), None if indent is None else indent(frame), call.where)
        case _:
            assert_never(call.function)


def same(left: object, right: object) -> bool:
    """Whether two values are equal and of one type; all numbers are of one."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _json(value: object, indent: Any, where: str) -> str:
    try:
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{where}: json", value, f"values that JSON has ({error})") from None
