"""Lint: what is wrong with a prompt file, or will be, told from the file alone. Nothing is sent.

What depends on a model is told by `aiapp.evals.prompt_models`.

error     unreadable          the file cannot be read as a prompt
          example             an example does not fit the schema of the input or the output
          test                a case cannot be run, or does not fit the schema of the input
          default             a default does not fit the schema of the input
warning   unused              a variable is declared and never used
          undeclared          the file does not declare its variables
          untrusted           a text of the user's stands in a system turn
          volatile            a value stands before the end of what is to be cached
          unknown-entry       an entry of the front matter that nothing reads
          unknown-setting     a setting that is sent as it stands
          no-description      the file does not say what the prompt is for
          no-test             the file has no test
          output-form         the output is no JSON object, which is all that providers enforce
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.prompts.cases import cases
from aiapp.prompts.position import Position
from aiapp.prompts.prompt import RESERVED, Prompt
from aiapp.prompts.usage import Use, resolved
from aiapp.prompts.validation import Check, compile_schema, of_types, problems
from aiapp.prompts.values import is_array, is_object

Level: TypeAlias = Literal["error", "warning"]
TRUSTED = "aiapp.trusted"
"""The entry that lists variables which the program itself fills, so that they may stand in a system turn."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the rule, where, what it is, and the model that it is true of."""

    rule: str
    level: Level
    where: Position
    message: str
    model: str | None = None

    def __str__(self) -> str:
        about = "" if self.model is None else f", {self.model}"
        return f"{self.where}: {self.rule}: {self.message} ({self.level}{about})"


def lint_file(load: Callable[[], Prompt]) -> tuple[Finding, ...]:
    """The findings of a prompt that is still to be loaded; what in its file stops it from loading is one."""
    try:
        return lint(load())
    except InvalidInput as error:
        found = Position.of_field(error.field)
        if found is None:
            raise
        where, entry = found
        message = str(InvalidInput(entry, error.value, error.accepted)).removeprefix(": ")
        return (Finding("unreadable", "error", where, message),)


def lint(prompt: Prompt) -> tuple[Finding, ...]:
    """The findings of a prompt, errors first."""
    found = [
        *_entries(prompt),
        *_examples(prompt),
        *_cases(prompt),
        *_unused(prompt),
        *_placed(prompt),
        *_output(prompt),
    ]
    return tuple(sorted(found, key=lambda finding: finding.level))


def place(prompt: Prompt, *path: str) -> Position:
    """Where an entry of the front matter stands, or what of it there is."""
    found = Position.of_field(prompt.where(*path))
    assert found is not None
    return found[0]


def _inside(prompt: Prompt, wrong: str, *path: str) -> Position:
    """Where a problem stands that begins with its path, such as `input.a[0]: missing`."""
    steps = re.findall(r"\[\d+\]|[^.\[\]]+", wrong.partition(":")[0])
    return place(prompt, *path, *steps)


def _declared(prompt: Prompt, names: Sequence[str]) -> Position:
    """Where a variable, or a field of one, is declared, in Picoschema or JSON Schema."""
    path, at = ["input", "schema"], prompt.raw["input"]["schema"]
    for name in names:
        for inner in ("items", "properties"):
            if is_object(at) and inner in at:
                at = at[inner]
                path.append(inner)
        path.append(_spelt(at, name))
        at = at.get(path[-1]) if is_object(at) else None
    return place(prompt, *path)


def _spelt(fields: object, name: str) -> str:
    """The name of a field with the signs that Picoschema writes behind it."""
    entries: Mapping[str, object] = fields if is_object(fields) else {}
    return next((key for key in entries if re.split(r"[?(]", key)[0] == name), name)


def _entries(prompt: Prompt) -> Iterator[Finding]:
    if not prompt.description:
        yield Finding("no-description", "warning", place(prompt), "the file does not say what the prompt is for")
    for key in prompt.raw:
        if key not in RESERVED and "." not in key:
            yield Finding("unknown-entry", "warning", place(prompt, key), f"nothing reads the entry {key!r}")
    for key in prompt.settings.extra:
        what = f"{key!r} is sent to the provider as it stands"
        yield Finding("unknown-setting", "warning", place(prompt, "config", key), what)
    if not prompt.declares and prompt.variables:
        what = f"the types of {', '.join(prompt.variables)} are not declared in input.schema"
        yield Finding("undeclared", "warning", place(prompt), what)
    defaults = prompt.defaults
    for wrong in problems(_optional(prompt), defaults, "") if defaults else ():
        yield Finding("default", "error", _inside(prompt, wrong, "input", "default"), wrong)


def _optional(prompt: Prompt) -> Check:
    schema = prompt.input_schema
    return compile_schema({**schema, "required": []}, schema)


def _examples(prompt: Prompt) -> Iterator[Finding]:
    takes = _optional(prompt)
    gives = None if prompt.output_schema is None else compile_schema(prompt.output_schema)
    for number, example in enumerate(prompt.examples):
        where = ("examples", f"[{number}]")
        for wrong in problems(takes, example["input"], "input"):
            yield Finding("example", "error", _inside(prompt, wrong, *where), wrong)
        for wrong in () if gives is None else problems(gives, example["output"], "output"):
            yield Finding("example", "error", _inside(prompt, wrong, *where), wrong)


def _cases(prompt: Prompt) -> Iterator[Finding]:
    found = cases(prompt)
    if not found:
        yield Finding("no-test", "warning", place(prompt), "the file has no test")
    for number, case in enumerate(found):
        try:
            prompt.request(case.input)
        except InvalidInput as error:
            yield Finding("test", "error", place(prompt, "tests", f"[{number}]"), f"{case.name}: {error.accepted}")


def _unused(prompt: Prompt) -> Iterator[Finding]:
    if prompt.use.whole:
        return
    if prompt.declares:
        yield from _unused_below(prompt, prompt.use, prompt.input_schema, ())


def _unused_below(prompt: Prompt, use: Use, schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Finding]:
    schema = resolved(schema, prompt.input_schema)
    items = schema.get("items")
    if use.items is not None and is_object(items):
        yield from _unused_below(prompt, use.items, items, path)
        return
    if path and not use.fields:
        return
    for name, below in schema.get("properties", {}).items():
        if name not in use.fields:
            names = (*path, name)
            what = f"{'.'.join(names)} is declared and never used"
            yield Finding("unused", "warning", _declared(prompt, names), what)
        elif is_object(below) and not use.fields[name].whole:
            yield from _unused_below(prompt, use.fields[name], below, (*path, name))


def _placed(prompt: Prompt) -> Iterator[Finding]:
    """Values in a system turn, and before the end of what is cached."""
    trusted = prompt.raw.get(TRUSTED, [])
    names: tuple[str, ...] = tuple(map(str, trusted)) if is_array(trusted) else ()
    marked = prompt.settings.cache in ("short", "long")
    schema: Mapping[str, Any] = prompt.input_schema if prompt.declares else {}
    for name, path, use, below in _leaves(prompt.use, schema, prompt.input_schema):
        if "system" in use.roles and name not in names and _is_free_text(below):
            what = f"{path} is free text in a system turn, where it could give orders; move it, or list it in {TRUSTED}"
            yield Finding("untrusted", "warning", _said(use), what)
        if use.cached or (marked and "system" in use.roles):
            what = f"{path} changes what stands before the end of the cache"
            yield Finding("volatile", "warning", _said(use), what)


def _said(use: Use) -> Position:
    """Where a template first says a value, which may be in a partial."""
    found = Position.of_field(use.where)
    assert found is not None
    return found[0]


def _leaves(
    use: Use, schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "", name: str = ""
) -> Iterator[tuple[str, str, Use, Mapping[str, Any]]]:
    """Each value that is said: its variable, its path, its use and its schema."""
    schema = resolved(schema, root)
    if use.roles:
        yield name, path, use, schema
    if use.items is not None:
        items = schema.get("items")
        yield from _leaves(use.items, items if is_object(items) else {}, root, f"{path}[]", name)
    for field, below in use.fields.items():
        known = schema.get("properties", {}).get(field)
        yield from _leaves(
            below, known if is_object(known) else {}, root, f"{path}.{field}" if path else field, name or field
        )


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    """Whether a value of this schema can say anything."""
    if "enum" in schema or "const" in schema:
        return False
    return not (types := of_types(schema)) or bool({"string", "array", "object"} & set(types))


def _output(prompt: Prompt) -> Iterator[Finding]:
    if prompt.format is not None and "object" not in of_types(prompt.format.schema):
        what = "the output is no JSON object: put it in a field of one, for providers enforce nothing else"
        yield Finding("output-form", "warning", place(prompt, "output", "schema"), what)
