"""The same cases through several models, with results that a stopped run leaves behind for the next one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from aiapp.client.batch import at_once
from aiapp.client.client import Client
from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.request import Settings
from aiapp.evals.comparison import Comparison, Outcome, compared
from aiapp.evals.dataset import Item
from aiapp.evals.journal import Journal
from aiapp.evals.metrics import METRICS, Metric, checked
from aiapp.sync import sync
from aiapp.tracking.tracker import track

CONCURRENCY = 4


async def acompare(
    items: Sequence[Item],
    clients: Mapping[str, Client],
    metric: Metric,
    *,
    results: str | Path | None = None,
    concurrency: int = CONCURRENCY,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Ask every client every case, and compare what they answered.

    One model is asked after the other, `concurrency` cases at a time, each streamed so that the first token is timed.
    `results` is a JSON Lines file to which each answer is added: what stands there is not asked again, save what failed
    or was asked otherwise. Scores are not kept, so that another metric needs no new answers.
    """
    if not items or not clients:
        raise InvalidInput("items" if clients else "clients", [], "at least one")
    if metric in METRICS.values():  # what it cannot take is known before anything is paid for
        for item in items:
            metric("", item.expected)
    journal = None if results is None else Journal(Path(results))
    total, done = len(items) * len(clients), 0

    async def one(name: str, item: Item) -> Outcome:
        nonlocal done
        kept = None if journal is None else journal.kept(name, item.id, item.fingerprint)
        answered = kept or await _asked(clients[name], item)
        if journal is not None and kept is None:
            journal.add(name, item.fingerprint, answered)
        done += 1
        if on_progress is not None:
            on_progress(done, total)
        return _scored(item, answered, metric)

    outcomes = dict[str, list[Outcome]]()
    for name in clients:
        outcomes[name] = await at_once(partial(one, name), items, concurrency)
    return await asyncio.to_thread(compared, outcomes, seed)


compare = sync(acompare)


def variants(names: Iterable[str], opened: Callable[..., Client] = Client) -> dict[str, Client]:
    """A client for each name, which may hold settings: `local?temperature=0.8&max_tokens=40`."""
    found = dict[str, Client]()
    for name in names:
        if name in found:
            raise InvalidInput("models", name, "each model once; variants differ in settings: NAME?temperature=0.8")
        model, _, settings = name.partition("?")
        found[name] = opened(model, settings=_settings(name, settings))
    if not found:
        raise InvalidInput("models", "", "at least one model")
    return found


def _settings(name: str, text: str) -> Settings:
    accepted = [field.name for field in fields(Settings) if field.name not in ("extra", "tool_choice", "stop")]
    given = dict[str, Any]()
    for one in text.split("&") if text else ():
        key, equals, value = one.partition("=")
        if key not in accepted or not equals:
            raise InvalidInput(f"models {name}", one, f"NAME?setting=value, the setting one of {', '.join(accepted)}")
        try:
            given[key] = json.loads(value)
        except ValueError:
            given[key] = value
    try:
        return Settings(**given)
    except TypeError as error:
        raise InvalidInput(f"models {name}", text, f"values of the right kind ({error})") from None


async def _asked(client: Client, item: Item) -> Outcome:
    """The answer to one case, without a score."""
    answer = error = None
    async with track(item.id) as tracked:
        try:
            stream = client.stream(item.request)
            async for _ in stream:
                pass
            answer = stream.response.text
        except AiappError as failure:
            error = f"{type(failure).__name__}: {failure}"
    return Outcome(item.id, 0.0, answer, error, tracked.calls)


def _scored(item: Item, outcome: Outcome, metric: Metric) -> Outcome:
    score = 0.0 if outcome.answer is None else checked(metric(outcome.answer, item.expected), item.id)
    return Outcome(outcome.case, score, outcome.answer, outcome.error, outcome.spans)
