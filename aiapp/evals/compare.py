"""The same cases through several models, with results that a stopped run leaves behind for the next one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiapp.client.batch import at_once
from aiapp.client.budget import Budget
from aiapp.client.client import Client
from aiapp.core.errors import AiappError, InvalidInput, OverBudget
from aiapp.core.request import Settings
from aiapp.evals.comparison import Comparison, Outcome, compared
from aiapp.evals.dataset import Item
from aiapp.evals.journal import Journal
from aiapp.evals.metrics import METRICS, Metric, checked
from aiapp.sync import sync
from aiapp.tracking.tracker import track

if TYPE_CHECKING:
    from aiapp.client.forecast import Forecast

CONCURRENCY = 4


async def acompare(
    items: Sequence[Item],
    clients: Mapping[str, Client],
    metric: Metric,
    *,
    results: str | Path | None = None,
    concurrency: int = CONCURRENCY,
    seed: int = 0,
    budget: Budget | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Ask every client every case, and compare what they answered.

    One model is asked after the other, `concurrency` cases at a time, each streamed so that the first token is timed.
    Within a `budget`, one case is put to all models before the next one: where it is spent, nothing more is asked, and
    the comparison is of the cases that all models have answered till then; `OverBudget` where there is none. `results`
    is a JSON Lines file to which each answer is added: what stands there is not asked again, save what failed or was
    asked otherwise. Scores are not kept, so that another metric needs no new answers.
    """
    if not items or not clients:
        raise InvalidInput("items" if clients else "clients", [], "at least one")
    if metric in METRICS.values():  # what it cannot take is known before anything is paid for
        for item in items:
            metric("", item.expected)
    journal = None if results is None else Journal(Path(results))
    asking = _Asking(clients, metric, journal, len(items) * len(clients), on_progress)
    made = dict[tuple[str, str], Outcome | None]()
    with nullcontext() if budget is None else budget:
        for name in clients:
            turns = [(name, item) for item in items]
            if budget is not None:
                turns = [(each, item) for item in items for each in clients]
            outcomes = await at_once(asking.answer, turns, concurrency)
            made |= {(each, item.id): outcome for (each, item), outcome in zip(turns, outcomes, strict=True)}
            if budget is not None:
                break
    common = [item for item in items if all(made[name, item.id] is not None for name in clients)]
    if asking.over is not None and not common:
        raise asking.over
    tables = {name: [outcome for item in common if (outcome := made[name, item.id])] for name in clients}
    found = await asyncio.to_thread(compared, tables, seed)
    return replace(found, left_out=len(items) - len(common), stopped=None if asking.over is None else str(asking.over))


@dataclass
class _Asking:
    """What one comparison asks; once a budget has refused a call, only what the journal holds is answered."""

    clients: Mapping[str, Client]
    metric: Metric
    journal: Journal | None
    total: int
    on_progress: Callable[[int, int], None] | None
    done: int = 0
    over: OverBudget | None = None

    async def answer(self, asked: tuple[str, Item]) -> Outcome | None:
        """What a model makes of a case; None where the budget does not allow it."""
        name, item = asked
        answered = None if self.journal is None else self.journal.kept(name, item.id, item.fingerprint)
        if answered is None:
            if self.over is not None:
                return None
            try:
                answered = await _asked(self.clients[name], item)
            except OverBudget as refusal:
                self.over = self.over or refusal
                return None
            if self.journal is not None:
                self.journal.add(name, item.fingerprint, answered)
        self.done += 1
        if self.on_progress is not None:
            self.on_progress(self.done, self.total)
        return _scored(item, answered, self.metric)


def forecasts(
    items: Sequence[Item],
    clients: Mapping[str, Client],
    *,
    results: str | Path | None = None,
    concurrency: int = CONCURRENCY,
) -> dict[str, Forecast]:
    """What `compare` will take of each model in money and time, of what does not stand in `results`; nothing is sent.

    Times rest on the answers that stand there.
    """
    journal = None if results is None else Journal(Path(results))
    found: dict[str, Forecast] = {}
    for name, client in clients.items():
        kept = {item.id: None if journal is None else journal.kept(name, item.id, item.fingerprint) for item in items}
        history = [span for outcome in kept.values() if outcome is not None for span in outcome.spans]
        asked = [item.request for item in items if kept[item.id] is None]
        found[name] = client.forecast(asked, history=history, concurrency=concurrency)
    return found


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
    return Settings(**given)


async def _asked(client: Client, item: Item) -> Outcome:
    """The answer to one case, without a score."""
    answer = error = None
    async with track(item.id) as tracked:
        try:
            stream = client.stream(item.request)
            async for _ in stream:
                pass
            answer = stream.response.text
        except OverBudget:
            raise
        except AiappError as failure:
            error = f"{type(failure).__name__}: {failure}"
    return Outcome(item.id, 0.0, answer, error, tracked.calls)


def _scored(item: Item, outcome: Outcome, metric: Metric) -> Outcome:
    score = 0.0 if outcome.answer is None else checked(metric(outcome.answer, item.expected), item.id)
    return Outcome(outcome.case, score, outcome.answer, outcome.error, outcome.spans)
