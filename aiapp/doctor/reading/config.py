"""Files of settings (TOML, YAML, JSON, .env) and the front matter of prompt files: models by the keys that hold them.

The values are those that the format's own parser gives; their places are found in the text again, in the same order.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiapp.doctor.findings import Place
from aiapp.doctor.naming import bare, known, prefixed
from aiapp.doctor.reading.python import MODEL_NAME
from aiapp.doctor.sightings import ModelSeen, Setting, Sighting, Unread

_WORTH_READING = re.compile(r"(?i)model|llm|engine|fallback|providers")
_NAMES = {
    "temperature": "temperature", "top_p": "top_p", "topp": "top_p", "top_k": "top_k", "topk": "top_k",
    "max_tokens": "max_tokens", "maxtokens": "max_tokens", "max_output_tokens": "max_tokens",
    "maxoutputtokens": "max_tokens", "max_completion_tokens": "max_tokens", "effort": "effort",
    "reasoning_effort": "effort",
}  # fmt: skip
_BESIDE = (
    "config", "settings", "params", "parameters", "options", "generation_config", "model_params", "model_kwargs",
    "completion_params",
)  # fmt: skip
"""Where settings stand that belong to the model beside them."""
_OF_RECORDS = {
    "choices", "usage", "object", "stop_reason", "finish_reason", "created", "price", "cost", "input_cost",
    "input_cost_per_token", "litellm_params", "deployment", "azure_deployment", "context_window", "deprecated",
    "deprecation_date", "retired", "retires", "context", "context_length", "max_input_tokens", "prices", "pricing",
    "as_of", "capabilities", "results", "score", "accuracy", "pass_rate", "total_cost", "latency", "duration",
    "timestamp", "git_commit",
}  # fmt: skip
"""Keys beside a model that make it a record of one, or its name the user's own."""
_ROLES = ("models", "llms")
_MOST_SETTINGS = 12
_FENCE = re.compile(r"\A(?P<before>(?:\#[^\n]*\n|\s*\n)*)---[ \t]*\n(?P<yaml>.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*(?P<value>[^\s#]+)", re.MULTILINE)
_LISTED = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>\S+)")


def read_config(text: str, path: str, kind: str) -> Iterator[Sighting]:
    """The sightings of a file of settings; `kind` is toml, yaml, json or env."""
    if _WORTH_READING.search(text) is None:
        return
    if kind == "env":
        yield from _variables(text, path)
        return
    try:
        roots = _LOADERS[kind](text)
    except (ValueError, TypeError, RecursionError) as error:
        yield Unread(Place(path), f"not {kind.upper()}: {error}".splitlines()[0])
        return
    found = _Config(text, path, 0)
    for root in roots:
        yield from found.walk(root, "")


def read_front_matter(text: str, path: str) -> Iterator[Sighting]:
    """The models and settings of a `.prompt` file."""
    fenced = _FENCE.match(text)
    if fenced is None:
        return
    try:
        (root,) = _yaml(fenced["yaml"])
    except ValueError as error:
        yield Unread(Place(path), f"not a prompt file: {error}".splitlines()[0])
        return
    yield from _Config(fenced["yaml"], path, fenced["before"].count("\n") + 1).walk(root, "")


def variable_names(text: str) -> Iterator[str]:
    """The names that a .env file gives a value."""
    return (match["name"] for match in _VARIABLE.finditer(text) if match["value"].strip("\"'"))


def _variables(text: str, path: str) -> Iterator[Sighting]:
    for match in _VARIABLE.finditer(text):
        name, written = match["name"], match["value"].strip("\"'")
        line = text.count("\n", 0, match.start("value")) + 1
        column = match.start("value") - text.rfind("\n", 0, match.start("value"))
        offer = prefixed(written) or bare(written)
        if MODEL_NAME.fullmatch(name) and offer is not None and known(offer):
            yield ModelSeen(written, offer, Place(path, line, column))


@dataclass(slots=True)
class _Config:
    """One file's text, and how far each pair of key and value was found in it."""

    text: str
    path: str
    lines_before: int
    reached: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def walk(self, node: Any, key: str) -> Iterator[Sighting]:
        if isinstance(node, Mapping):
            mapping: Mapping[Any, Any] = node  # pyright: ignore[reportUnknownVariableType]
            yield from self._mapping(mapping)
            for name, below in mapping.items():
                yield from self.walk(below, str(name))
        elif isinstance(node, list) and not _is_table(node):  # pyright: ignore[reportUnknownArgumentType]
            for below in node:  # pyright: ignore[reportUnknownVariableType]
                if isinstance(below, str) and (listed := _LISTED.fullmatch(below)) and _is_named(listed["name"]):
                    yield from self._model(listed["name"], listed["value"], ())
                yield from self.walk(below, key)

    def _mapping(self, mapping: Mapping[Any, Any]) -> Iterator[Sighting]:
        if {str(name) for name in mapping} & _OF_RECORDS:
            return
        for name, value in mapping.items():
            if not _is_named(str(name)):
                continue
            values: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
            if isinstance(value, Mapping) and name in _ROLES:
                yield from self._roles(value)  # pyright: ignore[reportUnknownArgumentType]
            for written in values:
                if isinstance(written, str):
                    yield from self._model(str(name), written, tuple(self._settings(mapping)))

    def _roles(self, mapping: Mapping[Any, Any]) -> Iterator[Sighting]:
        """The models of a mapping from roles; with models for keys it tells something of them."""
        if not any(prefixed(str(key)) or bare(str(key)) for key in mapping):
            for key, value in mapping.items():
                if isinstance(value, str):
                    yield from self._model(str(key), value, ())

    def _model(self, name: str, written: str, settings: tuple[Setting, ...]) -> Iterator[ModelSeen]:
        offer = prefixed(written)
        sure = offer is not None and ":" in written
        offer = offer or bare(written)
        if offer is not None and (sure or known(offer)):
            yield ModelSeen(written, offer, self._place(name, written), sure=sure, settings=settings)

    def _settings(self, mapping: Mapping[Any, Any]) -> Iterator[Setting]:
        for name, value in mapping.items():
            spelt = str(name)
            setting = _NAMES.get(spelt.lower().replace("-", "_"))
            if setting is not None and isinstance(value, int | float | str):
                yield Setting(setting, value, self._place(spelt, str(value)), spelt)
            elif spelt.lower() in _BESIDE and isinstance(value, Mapping):
                yield from self._settings(value)  # pyright: ignore[reportUnknownArgumentType]

    def _place(self, key: str, value: str) -> Place:
        """The next place where the key has the value; where it cannot be found, the last that was."""
        pattern = re.compile(
            rf"""(?m)^(?!\s*(?:\#|//)).*?["']?{re.escape(key)}["']?\s*[:=][\s\[-]*["']?(?P<v>{re.escape(value)})"""
        )
        match = pattern.search(self.text, self.reached.get((key, value), 0))
        if match is None:
            match = re.compile(re.escape(value)).search(self.text)
        if match is None:
            return Place(self.path, 1 + self.lines_before)
        begin = match.start("v") if "v" in match.re.groupindex else match.start()
        self.reached[key, value] = match.end()
        line = self.text.count("\n", 0, begin) + 1 + self.lines_before
        return Place(self.path, line, begin - self.text.rfind("\n", 0, begin))


def _is_table(rows: list[Any]) -> bool:
    """Whether a list holds a record a row, such as results or facts by model, rather than settings."""
    return sum(isinstance(row, Mapping) for row in rows) > _MOST_SETTINGS


def _is_named(key: str) -> bool:
    name = key.replace("-", "_")
    return MODEL_NAME.fullmatch(name) is not None or name.lower() in (
        "fallback",
        "fallbacks",
        "fallback_models",
        "providers",
    )


def _yaml(text: str) -> list[Any]:
    import yaml

    try:
        return list(yaml.load_all(text, Loader=_loader()))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _toml(text: str) -> list[Any]:
    return [tomllib.loads(text)]


def _json(text: str) -> list[Any]:
    return [json.loads(text)]


@cache
def _loader() -> Any:
    """A loader that passes over tags that are other programs'."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {})
    for prefix in ("!", "tag:yaml.org,2002:python/"):
        loader.add_multi_constructor(prefix, lambda loader, suffix, node: None)  # pyright: ignore[reportUnknownLambdaType]
    return loader


_LOADERS = {"yaml": _yaml, "toml": _toml, "json": _json}
