"""Prompts: a template with the variables that it takes, from a `.prompt` file or from text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.core.messages import Message
from aiapp.core.request import Request, Settings
from aiapp.prompts.location import find_prompt
from aiapp.prompts.picoschema import Field, is_object, parse, problems
from aiapp.prompts.template import Template

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_SETTINGS = {"temperature": "temperature", "topP": "top_p", "topK": "top_k", "maxOutputTokens": "max_tokens"}


class Prompt:
    """A template and its strict variables. `hash` names its content: the same text has the same hash anywhere."""

    def __init__(self, source: str, *, name: str = "prompt") -> None:
        front = _FRONT_MATTER.match(source)
        body = (source[front.end() :] if front else source).rstrip("\n")
        matter: Mapping[str, Any] = _yaml(front.group(1) or "", name) if front else {}
        self.name = name
        self.description = str(matter.get("description", ""))
        self.hash = hashlib.sha256(source.replace("\r\n", "\n").encode()).hexdigest()[:16]
        self._template = Template(body, name, 1 + source.count("\n", 0, front.end() if front else 0))
        self._fields = _fields(matter, self._template, name)
        self._settings = _settings(matter.get("config") or {}, name)

    @classmethod
    def load(cls, name: str, folder: str | Path | None = None) -> Self:
        """The prompt of that name: from the folder where it has one, else from those that ship with aiapp."""
        file = find_prompt(name, None if folder is None else Path(folder))
        return cls(file.read_text(encoding="utf-8"), name=name)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of what it takes."""
        return tuple(field.name for field in self._fields)

    def render(self, **variables: object) -> tuple[Message, ...]:
        """The messages for these variables; all that are missing, unknown or of the wrong type are named at once."""
        wrong = list(problems(self._fields, variables))
        if wrong:
            raise InvalidInput(
                f"prompt {self.name}", "; ".join(wrong), f"variables {', '.join(self.variables) or 'none'}"
            )
        return self._template.render(variables)

    def request(
        self, variables: Mapping[str, object], *, format: Format | None = None, settings: Settings | None = None
    ) -> Request:
        """A request that carries this prompt's hash; explicit settings lie over the prompt's own."""
        chosen = self._settings if settings is None else settings.over(self._settings)
        return Request(self.render(**variables), format=format, settings=chosen, prompt=self.hash)


def _yaml(text: str, name: str) -> Mapping[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = name if mark is None else f"{name}, line {mark.line + 2}, column {mark.column + 1}"
        raise InvalidInput(where, error.problem, "YAML front matter") from None
    if loaded is None:
        return {}
    if not is_object(loaded):
        raise InvalidInput(f"{name}, line 2, column 1", loaded, "front matter that is a mapping")
    return loaded


def _fields(matter: Mapping[str, Any], template: Template, name: str) -> tuple[Field, ...]:
    given: Mapping[str, Any] = matter.get("input") or {}
    declared = given.get("schema")
    if declared is None:
        return tuple(Field(variable, "any") for variable in template.variables)
    fields = parse(declared, f"{name}: input.schema")
    undeclared = [variable for variable in template.variables if variable not in {field.name for field in fields}]
    if undeclared:
        raise InvalidInput(f"{name}: variables", undeclared, "variables that input.schema declares")
    return fields


def _settings(config: Mapping[str, Any], name: str) -> Settings:
    unknown = sorted(config.keys() - _SETTINGS.keys() - {"stopSequences"})
    if unknown:
        raise InvalidInput(f"{name}: config", unknown, ", ".join([*_SETTINGS, "stopSequences"]))
    given: dict[str, Any] = {_SETTINGS[key]: value for key, value in config.items() if key in _SETTINGS}
    return Settings(**given, stop=tuple(config.get("stopSequences", ())))
