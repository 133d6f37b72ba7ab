"""Prompts: a template with the variables that it takes, from a `.prompt` file or from text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.core.messages import Message
from aiapp.core.request import Request, Settings
from aiapp.prompts.front_matter import FrontMatter, split
from aiapp.prompts.location import partial_name, read_prompt
from aiapp.prompts.parsing import Partials, no_partials
from aiapp.prompts.picoschema import Field, problems
from aiapp.prompts.template import Template
from aiapp.prompts.usage import check, history, inferred


class Prompt:
    """A template and its strict variables, compiled once.

    `hash` names its content: the same text, with the same partials, has the same hash anywhere.
    """

    def __init__(self, source: str, *, name: str = "prompt", partials: Partials = no_partials) -> None:
        source = _canonical(source)
        matter = split(source, name)
        texts: dict[str, str] = {}

        def noted(partial: str) -> str:
            texts[partial] = _canonical(partials(partial))
            return texts[partial]

        self.name = name
        self.description = matter.description
        self._template = Template(matter.template, name, matter.first_line, noted)
        self._fields = _fields(matter, self._template)
        self._defaults = matter.defaults
        self._settings = matter.settings
        self.hash = _hash(source, texts)

    @classmethod
    def from_text(cls, text: str, *, name: str = "prompt") -> Self:
        """The prompt that this text is, with front matter or without."""
        return cls(text, name=name)

    @classmethod
    def load(cls, name: str, folder: str | Path | None = None) -> Self:
        """The prompt of that name: from the folder where it has one, else from those that ship with aiapp."""
        place = None if folder is None else Path(folder)
        source = read_prompt(name, place)
        return cls(source, name=name, partials=lambda partial: read_prompt(partial_name(partial, name), place))

    def __repr__(self) -> str:
        return f"Prompt({self.name!r}, hash={self.hash!r})"

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of what it takes."""
        return tuple(field.name for field in self._fields)

    def render(self, /, **variables: object) -> tuple[Message, ...]:
        """The messages for these variables; all that are missing, unknown or of the wrong type are named at once."""
        return self._messages(variables)

    def request(
        self, variables: Mapping[str, object], *, format: Format | None = None, settings: Settings | None = None
    ) -> Request:
        """A request that carries this prompt's hash; explicit settings lie over the prompt's own."""
        chosen = self._settings if settings is None else settings.over(self._settings)
        return Request(self._messages(variables), format=format, settings=chosen, prompt=self.hash)

    def _messages(self, variables: Mapping[str, object]) -> tuple[Message, ...]:
        given = {**self._defaults, **variables}
        wrong = "; ".join(problems(self._fields, given))
        if wrong:
            # The problems stand in what is accepted, for the value of an error is cut where it is long.
            accepted = f"{', '.join(self.variables) or 'none'} ({wrong})"
            raise InvalidInput(f"variables of prompt {self.name}", sorted(map(str, variables)), accepted)
        return self._template.render(given)


def _canonical(source: str) -> str:
    return source.removeprefix("\ufeff").replace("\r\n", "\n")


def _hash(source: str, partials: Mapping[str, str]) -> str:
    texts = [source, *(f"{{{{> {name}}}}}{text}" for name, text in sorted(partials.items()))]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _fields(matter: FrontMatter, template: Template) -> tuple[Field, ...]:
    declared = matter.schema
    if declared is not None:
        check(template.nodes, declared)
    fields = inferred(template.nodes) if declared is None else declared
    place = next(history(template.nodes), None)
    if place is None:
        return fields
    if any(field.name == "history" for field in fields):
        raise InvalidInput(place.where, "{{history}}", "a schema without `history`: it holds the earlier messages")
    return (*fields, Field("history", "message", "the earlier messages", optional=True, array=True))
