"""A prompt beside a model: what the model would reject of it, drop from it, or has no room for. Nothing is sent.

error     retired         the model is not served any more
          context           a case, with the answer that it may have, is longer than the model's context
          rejected          a setting is out of every model's range
warning   retiring        the day is known from which the model is not served
          schema          the output schema is over a limit of the wire, or holds what it cannot enforce
          dropped         the model cannot honour a setting or something else that the prompt asks for
          unknown-model   no provider answers to the name
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from aiapp.catalog.abilities import abilities
from aiapp.catalog.catalogue import catalogue
from aiapp.core.errors import InvalidInput, UnknownModel
from aiapp.core.request import Request
from aiapp.prompts.cases import cases
from aiapp.prompts.lint import Finding, place
from aiapp.prompts.position import Position
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.usage import resolved
from aiapp.prompts.validation import of_types
from aiapp.prompts.values import is_array
from aiapp.providers.protocol import Counts, Provider
from aiapp.providers.registry import open_provider

_NO_KEY = "no key is needed to prepare a request"
_SPELT = {"max_tokens": "maxOutputTokens", "top_p": "topP", "top_k": "topK", "stop": "stopSequences"}


def named_models(prompt: Prompt) -> tuple[str, ...]:
    """The models that a prompt file names."""
    others: object = prompt.raw.get("models", [])
    listed = map(str, others) if is_array(others) else ()
    return tuple(dict.fromkeys([*([prompt.model] if prompt.model else []), *listed]))


def lint_for(prompt: Prompt, model: str, today: date | None = None) -> tuple[Finding, ...]:
    """What is wrong with a prompt for one model."""
    where = _model_place(prompt, model)
    try:
        provider = offline_provider(model)
    except UnknownModel as error:
        what = f"{model!r} is no model that can be asked; accepted: {error.accepted}"
        return (Finding("unknown-model", "warning", where, what, model),)
    found = [*_lifecycle(model, where, today or date.today()), *_ranges(prompt, model)]
    for name, request in requests_of(prompt).items():
        found.extend(_dropped(prompt, provider, request, model))
        found.extend(_room(provider, request, name, where, model))
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: finding.level))


def offline_provider(model: str) -> Provider:
    """The provider of a model, to prepare and count requests with; it has no key and could send none."""
    return open_provider(model, api_key=_NO_KEY, offline=True)


def requests_of(prompt: Prompt) -> Mapping[str, Request]:
    """The requests of a prompt's cases that render; where it has none, of its first example or of made-up variables."""
    rendered: dict[str, Request] = {}
    shown = [(case.name, case.input, case.history) for case in cases(prompt)]
    if not shown:
        made = prompt.examples[0]["input"] if prompt.examples else sample(prompt.input_schema, prompt.input_schema)
        shown = [("made-up variables", made, ())]
    for name, variables, history in shown:
        try:
            rendered[name] = prompt.request(variables, history=history)
        except InvalidInput:
            continue  # which lint tells of the case itself
    return rendered


def sample(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """A small value that fits a schema of an ordinary kind."""
    schema = resolved(schema, root)
    for keyword in ("default", "const"):
        if keyword in schema:
            return schema[keyword]
    if "enum" in schema:
        return schema["enum"][0]
    match next(iter(of_types(schema)), "string"):
        case "object":
            return {name: sample(below, root) for name, below in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items", {}), root)]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "null":
            return None
        case _:
            return "text"


def _lifecycle(model: str, where: Position, today: date) -> Iterator[Finding]:
    offer = catalogue().find(model)
    if offer is None or offer.retires is None:
        return
    instead = f"; its provider names {offer.successor} in its place" if offer.successor else ""
    if offer.retires <= today:
        yield Finding("retired", "error", where, f"{model} is not served since {offer.retires}{instead}", model)
    else:
        yield Finding("retiring", "warning", where, f"{model} is served until {offer.retires}{instead}", model)


def _ranges(prompt: Prompt, model: str) -> Iterator[Finding]:
    for key in ("temperature", "top_p", "top_k", "max_tokens"):
        if key in prompt.settings.extra:
            value, where = prompt.settings.extra[key], _setting_place(prompt, key)
            yield Finding("rejected", "error", where, f"{key} {value} is out of the range that models take", model)


def _dropped(prompt: Prompt, provider: Provider, request: Request, model: str) -> Iterator[Finding]:
    for change in provider.prepare(request).changes:
        if change.field.startswith("format"):
            yield Finding("schema", "warning", place(prompt, "output", "schema"), str(change), model)
        elif change.lost:
            yield Finding("dropped", "warning", _setting_place(prompt, change.field), str(change), model)


def _room(provider: Provider, request: Request, case: str, where: Position, model: str) -> Iterator[Finding]:
    offer = catalogue().find(model)
    context = offer.context if offer is not None else None
    context = context or abilities(provider.name, provider.model).context
    if context is None or not isinstance(provider, Counts):
        return
    count = provider.count_tokens(request)
    answer = request.settings.max_tokens or 0
    if count.tokens + answer > context:
        about = "" if count.exact else "about "
        what = f"{case}: {about}{count.tokens:,} tokens and {answer:,} for the answer; the model has {context:,}"
        yield Finding("context", "error", where, what, model)


def _model_place(prompt: Prompt, model: str) -> Position:
    """Where the file names a model; where it does not, its first entry."""
    others: object = prompt.raw.get("models", [])
    if prompt.model == model or not is_array(others) or model not in others:
        return place(prompt, "model")
    return place(prompt, "models", f"[{others.index(model)}]")


def _setting_place(prompt: Prompt, setting: str) -> Position:
    name = setting if setting in prompt.config else _SPELT.get(setting, setting)
    return place(prompt, "config", name)
