"""Front matter: the YAML before a prompt's template, and the place of each entry in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import InvalidInput
from aiapp.core.request import Settings
from aiapp.prompts.picoschema import Field, is_array, is_object, parse

if TYPE_CHECKING:
    from yaml import Node

_FENCED = re.compile(r"---[ \t]*\n(?P<yaml>.*?\n)??---[ \t]*(?:\n+|\Z)", re.DOTALL)
_SETTINGS: dict[str, tuple[str, tuple[type, ...], str]] = {
    "temperature": ("temperature", (int, float), "a number"),
    "topP": ("top_p", (int, float), "a number"),
    "topK": ("top_k", (int,), "a whole number"),
    "maxOutputTokens": ("max_tokens", (int,), "a whole number"),
}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The entries of one file, and the template that follows them from `first_line` on."""

    name: str
    entries: Mapping[str, Any]
    template: str
    first_line: int
    text: str = ""
    """The YAML, read again for the place of an entry only when there is an error to report."""

    @property
    def description(self) -> str:
        """What the prompt is for."""
        value = self.entries.get("description", "")
        if not isinstance(value, str):
            raise InvalidInput(self.where("description"), value, "a text")
        return value

    @property
    def defaults(self) -> Mapping[str, Any]:
        """What variables are that are not given."""
        return self._mapping(self._input(), "input", "default")

    @property
    def schema(self) -> tuple[Field, ...] | None:
        """The declared variables; None where the file declares none."""
        declared = self._input().get("schema")
        if declared is None:
            return None
        return parse(declared, lambda path: self.where("input", "schema", *path))

    @property
    def settings(self) -> Settings:
        """How to sample, as far as the file says."""
        config = self._mapping(self.entries, "config")
        given: dict[str, Any] = {}
        for key, value in config.items():
            if key == "stopSequences":
                if not is_array(value) or not all(isinstance(stop, str) for stop in value):
                    raise InvalidInput(self.where("config", key), value, "a list of texts")
                given["stop"] = tuple(value)
            elif key in _SETTINGS:
                setting, classes, accepted = _SETTINGS[key]
                if not isinstance(value, classes) or isinstance(value, bool):
                    raise InvalidInput(self.where("config", key), value, accepted)
                given[setting] = value
            else:
                raise InvalidInput(self.where("config", str(key)), key, ", ".join([*_SETTINGS, "stopSequences"]))
        try:
            return Settings(**given)
        except InvalidInput as error:
            key = next(key for key, (setting, _, _) in _SETTINGS.items() if setting == error.field)
            raise InvalidInput(self.where("config", key), error.value, error.accepted) from None

    def where(self, *path: str) -> str:
        """The file, line and column of an entry, with its name."""
        import yaml

        found: Node | None = yaml.SafeLoader(self.text).get_single_node()
        line, column = 0, 0
        for name in path:
            entries: list[tuple[Node, Node]] = found.value if isinstance(found, yaml.MappingNode) else []
            key, found = next(((key, value) for key, value in entries if key.value == name), (None, None))
            if key is not None:
                line, column = key.start_mark.line, key.start_mark.column
        return f"{_place(self.name, line, column)}: {'.'.join(path)}"

    def _input(self) -> Mapping[str, Any]:
        given = self._mapping(self.entries, "input")
        for key in given:
            if key not in ("schema", "default"):
                raise InvalidInput(self.where("input", str(key)), key, "schema, default")
        return given

    def _mapping(self, entries: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
        value = entries.get(path[-1])
        if value is not None and not is_object(value):
            raise InvalidInput(self.where(*path), value, "a mapping")
        return {} if value is None else value


def split(source: str, name: str) -> FrontMatter:
    """A prompt's source, its front matter read; a source that starts with no `---` is all template."""
    fenced = _FENCED.match(source)
    if fenced is None:
        return FrontMatter(name, {}, source.rstrip("\n"), 1)
    text = fenced["yaml"] or ""
    template, line = source[fenced.end() :].rstrip("\n"), 1 + source.count("\n", 0, fenced.end())
    return FrontMatter(name, _read(text, name), template, line, text)


def _read(text: str, name: str) -> Mapping[str, Any]:
    import yaml

    try:
        entries = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}, front matter" if mark is None else _place(name, mark.line, mark.column)
        raise InvalidInput(place, error.problem, "YAML front matter") from None
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-13-45 is a ValueError
        raise InvalidInput(f"{name}, front matter", str(error), "YAML front matter") from None
    if entries is None:
        return {}
    if not is_object(entries):
        raise InvalidInput(_place(name, 0, 0), entries, "front matter that is a mapping")
    return entries


def _place(name: str, line: int, column: int) -> str:
    """A place in the file; the YAML counts from 0 and starts below the fence."""
    return f"{name}, line {line + 2}, column {column + 1}"
