"""Front matter: the YAML before a prompt's template, and the place of each entry in the file.

It is read as the other implementations of Dotprompt read it, by the rules of YAML 1.2: `no` and `on` are texts, and so
is a date. A key that stands twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import InvalidInput
from aiapp.prompts.position import Position
from aiapp.prompts.values import is_object

if TYPE_CHECKING:
    from yaml import MappingNode, Node, SafeLoader

_FENCED = re.compile(r"(?P<before>(?:(?:\#[^\n]*|[ \t]*)\n)*)---[ \t]*\n(?P<yaml>.*?\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
_DESCRIPTION = re.compile(r"^description: +(?P<text>[^\s\"'>|&*!%@`{\[#][^\n#]*?)[ \t]*$", re.MULTILINE)
_PLAIN = {
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": ("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
"""The texts that are no text in YAML 1.2, with the characters that they begin with."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The entries of one file, and the template that follows them, from `first_line` and `first_column` on."""

    file: str
    entries: Mapping[str, Any]
    template: str
    first_line: int = 1
    first_column: int = 1
    text: str = ""
    """The YAML, read again for the place of an entry only when there is an error to report."""
    yaml_line: int = 1
    """The line that the YAML begins on."""

    def where(self, *path: str) -> str:
        """The position of an entry, with its name; `[0]` is the first item of a list."""
        found: Node | None = _loader()(self.text).get_single_node() if self.text else None
        line, column = 0, 0
        for name in path:
            key, found = _below(found, name)
            if key is not None:
                line, column = key.start_mark.line, key.start_mark.column
        return f"{self.place(line, column)}: {'.'.join(path)}"

    def place(self, line: int, column: int) -> str:
        """A place in the YAML, counted from 0, as one in the file."""
        return str(Position(self.file, self.yaml_line + line, column + 1))

    def mapping(self, *path: str) -> Mapping[str, Any]:
        """The mapping of that name, empty where there is none."""
        found = self.entries
        for name in path:
            value = found.get(name, {})
            if value is not None and not is_object(value):
                raise InvalidInput(self.where(*path), value, "a mapping")
            found = value or {}
        return found

    def text_of(self, name: str) -> str | None:
        """The text of that name."""
        value = self.entries.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidInput(self.where(name), value, "a text")
        return value


def split(source: str, file: str) -> FrontMatter:
    """A prompt's source, its front matter read; a source without any is all template."""
    fenced = _FENCED.match(source)
    if fenced is None:
        return FrontMatter(file, {}, source)
    text, body = fenced["yaml"] or "", source[fenced.end() :]
    begin = fenced.end() + len(body) - len(body.lstrip())
    line, column = 1 + source.count("\n", 0, begin), begin - source.rfind("\n", 0, begin)
    matter = FrontMatter(file, {}, body.strip(), line, column, text, 2 + fenced["before"].count("\n"))
    return replace(matter, entries=_read(matter))


def description_of(source: str) -> str | None:
    """The description alone, without reading the rest where it is one plain line."""
    fenced = _FENCED.match(source)
    if fenced is None or not fenced["yaml"]:
        return None
    plain = _DESCRIPTION.search(fenced["yaml"])
    following = fenced["yaml"][plain.end() + 1 : plain.end() + 2] if plain else ""
    if plain and not following.isspace() and ": " not in plain["text"]:
        return plain["text"]
    return split(source, "prompt").text_of("description")


def _read(matter: FrontMatter) -> Mapping[str, Any]:
    import yaml

    try:
        loader = _loader()(matter.text)
        try:
            entries = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = matter.place(0, 0) if mark is None else matter.place(mark.line, mark.column)
        raise InvalidInput(place, error.problem, "YAML front matter") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInput(matter.place(0, 0), str(error), "YAML front matter") from None
    if entries is None:
        return {}
    if not is_object(entries) or any(type(key) is not str for key in entries):
        raise InvalidInput(matter.place(0, 0), entries, "front matter that is a mapping of names")
    return entries


def _below(node: Node | None, name: str) -> tuple[Node | None, Node | None]:
    """The node that begins an entry, and the one of its value."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == name), (None, None))
    if isinstance(node, yaml.SequenceNode) and name.startswith("["):
        items: list[Node] = node.value
        number = int(name[1:-1])
        return (items[number], items[number]) if number < len(items) else (None, None)
    return None, None


@cache
def _loader() -> type[SafeLoader]:
    """A loader by the rules of YAML 1.2, in C where PyYAML has it so."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {})
    others = {f"tag:yaml.org,2002:{name}" for name in (*_PLAIN, "timestamp")}
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in others]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    for name, (pattern, first) in _PLAIN.items():
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), list(first))
    loader.add_constructor("tag:yaml.org,2002:int", _integer)
    loader.add_constructor("tag:yaml.org,2002:map", _mapping)
    made: type[SafeLoader] = loader
    return made


def _integer(loader: Any, node: Any) -> int:
    text: str = node.value
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)


def _mapping(loader: Any, node: MappingNode) -> Iterator[dict[Any, Any]]:
    import yaml

    made: dict[Any, Any] = {}
    yield made
    loader.flatten_mapping(node)
    for key, value in node.value:
        name: Any = loader.construct_object(key, deep=True)
        if isinstance(name, dict | list) or name in made:
            raise yaml.constructor.ConstructorError(None, None, f"a second {name!r}", key.start_mark)
        made[name] = loader.construct_object(value, deep=True)
