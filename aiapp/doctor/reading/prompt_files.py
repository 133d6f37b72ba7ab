"""Prompt files: the models and settings of the front matter, the schema of the answer, and what the prompts' own lint
knows of text ahead of a cache breakpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from aiapp.core.errors import InvalidInput
from aiapp.doctor.findings import Place
from aiapp.doctor.reading.config import read_front_matter
from aiapp.doctor.sightings import ModelSeen, SchemaSeen, Sighting, VolatileSeen
from aiapp.prompts.lint import lint, place
from aiapp.prompts.position import Position
from aiapp.prompts.prompt import Prompt

_VOLATILE = "volatile"
_VALUE = re.compile(r"(?P<value>\S+) ")


def read_prompt(text: str, path: str) -> Iterator[Sighting]:
    """The sightings of a prompt file. What is wrong with it as a prompt is told by `aiapp prompts lint`."""
    prompt = _compiled(text, path)
    schemas = () if prompt is None else tuple(_schemas(prompt))
    for seen in read_front_matter(text, path):
        yield replace(seen, schemas=schemas) if isinstance(seen, ModelSeen) else seen
    for finding in () if prompt is None else lint(prompt):
        value = _VALUE.match(finding.message)
        if finding.rule == _VOLATILE and value is not None:
            yield VolatileSeen(f"{{{{{value['value']}}}}}", _place(finding.where), "section cache")


def _compiled(text: str, path: str) -> Prompt | None:
    try:
        return Prompt(text, name=path, partials=_left_out)
    except InvalidInput:
        return None


def _left_out(name: str) -> str:
    """A partial is a file of its own, and looked at there."""
    return ""


def _schemas(prompt: Prompt) -> Iterator[SchemaSeen]:
    if prompt.format is not None:
        yield SchemaSeen(prompt.format.schema, _place(place(prompt, "output", "schema")), "the output", False)


def _place(where: Position) -> Place:
    return Place(where.file, where.line, where.column)
