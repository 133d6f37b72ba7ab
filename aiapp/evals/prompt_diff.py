"""Two versions of a prompt, side by side: what each case renders to, and what that takes and costs with a model."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aiapp.catalog.catalogue import catalogue
from aiapp.core.accepted import instance, several
from aiapp.core.errors import InvalidInput
from aiapp.core.request import Request
from aiapp.core.serialisation import to_plain
from aiapp.evals.prompt_models import offline_provider, requests_of
from aiapp.prompts.cases import cases
from aiapp.prompts.prompt import Prompt
from aiapp.providers.protocol import Counts

_PROMPT = instance("a Prompt", Prompt)
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class CaseDiff:
    """What changed in the request of one case, as the lines of a unified diff; none where nothing did."""

    case: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """The mean input of a call over the cases that both versions render; `cost` is US dollars, None where unknown."""

    tokens: float
    exact: bool
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """What a call takes with one model before and after; None where the model cannot count."""

    model: str
    before: Size | None
    after: Size | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PromptDiff:
    """Everything that changed."""

    before: str
    after: str
    cases: tuple[CaseDiff, ...]
    models: tuple[ModelDiff, ...]


def diff(before: Prompt, after: Prompt, models: Sequence[str], today: date | None = None) -> PromptDiff:
    """What the cases of either version render to in both, and the size of their requests with each model."""
    for name, prompt in (("before", before), ("after", after)):
        _PROMPT.check(name, prompt)
    models = several("models", models, "several models; for one, a list of one")
    old, new = _requests(before, after), _requests(after, before)
    rendered = tuple(_case(name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new]))
    both = [name for name in old if name in new]
    sizes = tuple(_sizes(model, [old[name] for name in both], [new[name] for name in both], today) for model in models)
    return PromptDiff(before.hash, after.hash, rendered, sizes)


def request_text(request: Request) -> str:
    """A request as text to read and compare: who says what, then the settings, the tools and the form of the answer."""
    said = [f"<{message.role}>\n{message.text}" for message in request.messages]
    others = {
        name: value
        for name, value in to_plain(request).items()
        if name not in ("kind", "messages", "prompt", "prompt_name")
    }
    shown = [json.dumps(others, indent=2, ensure_ascii=False)] if others else []
    return "\n".join([*said, *shown])


def _requests(prompt: Prompt, other: Prompt) -> Mapping[str, Request]:
    """The requests of a version for its own cases, and for those of the other that it can render."""
    return {**_borrowed(prompt, other), **requests_of(prompt)}


def _borrowed(prompt: Prompt, other: Prompt) -> Mapping[str, Request]:
    found: dict[str, Request] = {}
    for case in cases(other):
        try:
            found[case.name] = prompt.request(case.input, history=case.history)
        except InvalidInput:
            continue
    return found


def _case(name: str, before: Request | None, after: Request | None) -> CaseDiff:
    old, new = ("" if one is None else request_text(one) for one in (before, after))
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "before", "after", lineterm="")
    return CaseDiff(name, tuple(lines))


def _sizes(model: str, before: Sequence[Request], after: Sequence[Request], today: date | None) -> ModelDiff:
    provider = offline_provider(model)
    if not isinstance(provider, Counts):
        return ModelDiff(model, None, None, "the provider cannot count tokens")
    if not before:
        return ModelDiff(model, None, None, "no case renders in both versions")
    rate, note = _rate(model, provider.free, today or date.today())
    old, new = (_size(provider, requests, rate) for requests in (before, after))
    return ModelDiff(model, old, new, note)


def _size(provider: Counts, requests: Sequence[Request], rate: Decimal | None) -> Size:
    counts = [provider.count_tokens(request) for request in requests]
    tokens = sum(count.tokens for count in counts) / len(counts)
    cost = None if rate is None else Decimal(tokens) * rate / _MILLION
    return Size(tokens, all(count.exact for count in counts), cost)


def _rate(model: str, free: bool, today: date) -> tuple[Decimal | None, str]:
    """US dollars for a million input tokens, and why it is not known where it is not."""
    if free:
        return Decimal(0), ""
    offer = catalogue().find(model)
    prices = None if offer is None else offer.price(today)
    rates = None if prices is None else prices.rates()
    if rates is None or rates.input is None:
        return None, f"no price is known for {model}"
    return rates.input, ""
