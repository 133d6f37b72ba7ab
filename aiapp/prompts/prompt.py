"""Prompts: a template with the variables that it takes, from a `.prompt` file or from text.

The engine is our own. `dotpromptz` 0.2 with `dotpromptz-handlebars` 0.2 was judged as its base: it renders to one text
and finds roles and media in it again, so that a variable that holds `<<<dotprompt:role:system>>>` opens a system turn;
it prints a mistake in the front matter and takes the file for a template; and it compiles anew for each rendering.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format, JsonSchema
from aiapp.core.messages import Message
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.schema import LONGEST_NAME
from aiapp.prompts.front_matter import split
from aiapp.prompts.parsing import Partial, no_partials
from aiapp.prompts.picoschema import Schemas, to_json_schema
from aiapp.prompts.scanning import Place
from aiapp.prompts.settings import settings_of
from aiapp.prompts.template import Template
from aiapp.prompts.tools import declared_tools
from aiapp.prompts.tree import History, Node
from aiapp.prompts.usage import Use, check, inferred, uses, walk
from aiapp.prompts.validation import Check, compile_schema, of_types, problems
from aiapp.prompts.values import is_array, is_messages, is_object

RESERVED = (
    "config", "description", "ext", "examples", "input", "metadata", "model", "models", "name", "output", "raw",
    "tests", "toolDefs", "tools", "variant", "version",
)  # fmt: skip
"""The entries that Dotprompt or aiapp reads; others with a dot in them belong to other programs."""
UNNAMED = "prompt"
"""The name of a prompt that was given none."""


class Prompt:
    """A template and its strict variables, compiled once.

    `hash` names its content: the same text, with the same partials, has the same hash anywhere. `model` is the one that
    the file names, for `Client(prompt.model)`; `input_schema` and `output_schema` are JSON schemas. `file` is where the
    source stands, for the positions in errors.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str = UNNAMED,
        variant: str | None = None,
        partials: Callable[[str], Partial | str] | Mapping[str, str] = no_partials,
        schemas: Schemas | None = None,
        tools: Iterable[Tool] = (),
        file: str | None = None,
    ) -> None:
        self.source = _canonical(source)
        matter = self._matter = split(self.source, file or (name if variant is None else f"{name}.{variant}"))
        find = _finder(partials) if not callable(partials) else partials
        self.partials: dict[str, str] = {}
        """The text of each partial that the template holds, by name."""

        def noted(wanted: str) -> Partial:
            found = find(wanted)
            text, beside = (found, f"_{wanted}") if isinstance(found, str) else (found.text, found.file)
            self.partials[wanted] = _canonical(text)
            return Partial(self.partials[wanted], beside)

        self._template = Template(matter.template, Place(matter.file, matter.first_line, matter.first_column), noted)
        self.name = name if name != UNNAMED else (matter.text_of("name") or name)
        self.variant = variant or matter.text_of("variant")
        self.description = matter.text_of("description") or ""
        self.model = matter.text_of("model")
        self.settings = settings_of(matter)
        self.tools, self._missing_tools = declared_tools(matter, tools, schemas or {})
        self._schemas: Schemas = schemas or {}
        self.use: Use = uses(self._template.nodes)
        declared = self._schema("input")
        if declared is not None and _is_object_schema(declared):
            check(self.use, declared)
            _check_history(self._template.nodes, declared)
        self.declares = declared is not None
        """Whether the file says what its variables are; else it follows from the template."""
        followed = {"type": "object", **_top(self.use)}
        self.input_schema: Mapping[str, Any] = followed if declared is None else declared
        self._named = self.input_schema if _is_object_schema(self.input_schema) else followed
        self.output_schema = self._schema("output")
        self.defaults = matter.mapping("input", "default")
        self._bound: Mapping[str, object] = {}
        self.hash = _hash(self.source, self.partials)

    @classmethod
    def from_text(cls, text: str, *, name: str = UNNAMED) -> Self:
        """The prompt that this text is, with front matter or without."""
        return cls(text, name=name)

    @staticmethod
    def load(name: str, folder: str | Path | None = None, *, variant: str | None = None) -> Prompt:
        """The prompt of that name: of the folder, else of those that `AIAPP_PROMPTS` names, else one that ships."""
        from aiapp.prompts.repository import PromptRepository

        return PromptRepository(*([] if folder is None else [folder])).load(name, variant=variant)

    def __repr__(self) -> str:
        return f"Prompt({self.name!r}, hash={self.hash!r})"

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of what it takes, without what is bound."""
        return tuple(name for name in self._named.get("properties", {}) if name not in self._bound)

    @property
    def raw(self) -> Mapping[str, Any]:
        """The front matter as it stands."""
        return self._matter.entries

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings as the file spells them."""
        return self._matter.mapping("config")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the file says to other programs."""
        return self._matter.mapping("metadata")

    @cached_property
    def ext(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries of other programs: `acme.sub.key: value` is `ext["acme.sub"]["key"]`."""
        spaces: dict[str, dict[str, Any]] = {}
        for key, value in self.raw.items():
            space, dot, name = key.rpartition(".")
            if dot and key not in RESERVED:
                spaces.setdefault(space, {})[name] = value
        return spaces

    @cached_property
    def examples(self) -> tuple[Mapping[str, Any], ...]:
        """The examples of the front matter, each with `input` and `output`; a template reaches them as `@examples`."""
        shown = self.raw.get("examples", [])
        if not is_array(shown):
            raise InvalidInput(self.where("examples"), shown, "a list of examples, each with input and output")
        for number, one in enumerate(shown):
            if not is_object(one) or set(one) != {"input", "output"} or not is_object(one["input"]):
                accepted = "an example with input, a mapping of variables, and output"
                raise InvalidInput(self.where("examples", f"[{number}]"), one, accepted)
        return tuple(shown)

    @property
    def format(self) -> JsonSchema | None:
        """The form of the answer; None for text."""
        schema = self.output_schema
        if schema is None or of_types(schema) == ("string",):
            return None
        name = re.sub(r"[^a-zA-Z0-9_-]", "_", self.name)
        return JsonSchema(schema, name[:LONGEST_NAME] or "output")

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The compiled template's tree."""
        return self._template.nodes

    def where(self, *path: str) -> str:
        """The position of an entry of the front matter, and its name."""
        return self._matter.where(*path)

    def bind(self, /, **variables: object) -> Prompt:
        """This prompt with some of its variables given, which `render` may still give otherwise."""
        loose = compile_schema({**self._named, "required": []}, self._named)
        self._raise(problems(loose, variables, ""), variables)
        bound = copy.copy(self)
        bound._bound = {**self._bound, **variables}
        return bound

    def with_source(self, source: str) -> Prompt:
        """The prompt of another text, with the name, partials, schemas, tools and bound variables of this one."""
        other = Prompt(
            source,
            name=self.name,
            variant=self.variant,
            partials=self.partials,
            schemas=self._schemas,
            tools=self.tools,
        )
        return other.bind(**self._bound) if self._bound else other

    def render(self, /, **variables: Any) -> Request:
        """A request for `Client`; all variables that are missing, unknown or of the wrong type are named at once.

        `history`, where it is no variable of the prompt, is the earlier messages of the conversation.
        """
        if "history" in variables and "history" not in self._named.get("properties", {}):
            history = variables.pop("history")
            if not is_messages(history):
                raise InvalidInput("history", history, "the earlier messages, each a Message")
            return self.request(variables, history=history)
        return self.request(variables)

    def request(
        self,
        variables: Mapping[str, object],
        *,
        history: Sequence[Message] = (),
        context: Mapping[str, Any] | None = None,
        format: Format | None = None,
        settings: Settings | None = None,
    ) -> Request:
        """As `render`; explicit settings lie over the prompt's own. `context` is what `@name` means in the template."""
        if self._missing_tools:
            raise InvalidInput(f"tools of prompt {self.name}", self._missing_tools, "tools given to the prompt")
        given = {**self.defaults, **self._bound, **variables}
        self._raise(problems(self._check, given, ""), variables)
        chosen = self.settings if settings is None else settings.over(self.settings)
        around: Mapping[str, Any] = {**self._context, **(context or {})}
        messages = self._template.render(given, history, around)
        name = None if self.name == UNNAMED else self.name
        return Request(messages, self.tools, format or self.format, chosen, self.hash, name)

    def __call__(self, value: Mapping[str, object] | str | Sequence[object], /) -> Request:
        """A prompt is a step: of a mapping it takes its own variables; a text or a list is the only variable it has."""
        if isinstance(value, Mapping):
            history = value.get("history") if "history" not in self.variables else None
            own = {name: value[name] for name in self.variables if name in value}
            return self.request(own, history=history if is_messages(history) else ())
        if len(self.variables) != 1:
            raise InvalidInput(f"variables of prompt {self.name}", value, f"a value for each of {self.variables}")
        return self.request({self.variables[0]: value})

    @cached_property
    def _check(self) -> Check:
        return compile_schema(self._named)

    @cached_property
    def _context(self) -> Mapping[str, Any]:
        return {"examples": self.examples} if self.examples else {}

    def _raise(self, wrong: list[str], variables: Mapping[str, object]) -> None:
        if wrong:
            # The problems stand in what is accepted, for the value of an error is cut where it is long.
            accepted = f"{', '.join(self.variables) or 'none'} ({'; '.join(wrong)})"
            raise InvalidInput(f"variables of prompt {self.name}", sorted(map(str, variables)), accepted)

    def _schema(self, side: str) -> dict[str, Any] | None:
        for key in self._matter.mapping(side):
            if key not in ("schema", "default", "format"):
                raise InvalidInput(self.where(side, key), key, "schema, default, format")
        declared = self._matter.mapping(side).get("schema")
        if declared is None:
            return None
        schema = to_json_schema(declared, lambda path: self.where(side, "schema", *path), self._schemas)
        if side == "input" and _is_object_schema(schema) and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        try:
            compile_schema(schema)
        except InvalidInput as error:
            raise InvalidInput(self.where(side, "schema"), error.value, f"{error.accepted} ({error.field})") from None
        return schema


def _canonical(source: str) -> str:
    return source.removeprefix("\ufeff").replace("\r\n", "\n")


def _finder(partials: Mapping[str, str]) -> Callable[[str], str]:
    def find(name: str) -> str:
        if name not in partials:
            raise InvalidInput("partial", name, ", ".join(partials) or "no partial, for none was given")
        return partials[name]

    return find


def _hash(source: str, partials: Mapping[str, str]) -> str:
    texts = [source, *(f"{{{{> {name}}}}}{text}" for name, text in sorted(partials.items()))]
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _check_history(nodes: Sequence[Node], schema: Mapping[str, Any]) -> None:
    place = next((node for node in walk(nodes) if isinstance(node, History)), None)
    if place is not None and "history" in schema.get("properties", {}):
        raise InvalidInput(place.where, "{{history}}", "a schema without `history`: it holds the earlier messages")


def _is_object_schema(schema: Mapping[str, Any]) -> bool:
    return "object" in of_types(schema) or "properties" in schema


def _top(use: Use) -> dict[str, Any]:
    """The schema of a template's variables: those that it uses and no others, unless it uses all there are."""
    if use.whole:
        return {}
    return {"properties": {}, **inferred(use), "additionalProperties": False}
