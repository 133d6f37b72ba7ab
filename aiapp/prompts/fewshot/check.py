"""Hygiene: duplicates, leaks, imbalance, sensitivity to order, and what it all costs."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.messages import Message
from aiapp.prompts.fewshot.duplicates import Pair, duplicates, overlap
from aiapp.prompts.fewshot.example import Example, labels_of
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.fewshot.measuring import Metric, Trial, measured
from aiapp.prompts.fewshot.order import shuffled
from aiapp.prompts.fewshot.selection import Selection

UNEVEN = 3.0
"""A label that has more than so many times the examples of another makes a model lean to it (Zhao et al. 2021)."""
SENSITIVE = 0.05
"""A mean score that moves by more than this with the order of the examples is a problem."""
REPEATED = 0.75
"""Outputs of which more than this share is different are free text, unless there are labels."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class OrderSensitivity:
    """The mean score in each order, its own first, over the queries that every order was asked about.

    `changed` of `queries` were scored otherwise in one order than in another. Nothing here says how other queries
    would fare.
    """

    scores: tuple[float, ...]
    changed: int
    queries: int
    failures: tuple[AiappError, ...] = ()

    @property
    def spread(self) -> float:
        """From the worst order to the best."""
        return max(self.scores) - min(self.scores) if self.scores else 0.0

    def __str__(self) -> str:
        if not self.scores:
            return f"unknown: every call failed, such as: {self.failures[0]}"
        means = ", ".join(f"{score:.3f}" for score in self.scores)
        return f"mean score {means} in {len(self.scores)} orders; {self.changed} of {self.queries} queries changed"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. Places count from 0: of the examples, and of the evaluation set where `leaks` names the other.

    An example that is left out of the prompt of its own query is no leak. `labels` counts what every prompt shows where
    that is the same for all queries, else what there is to choose from. `tokens` are the fewest, the mean and the most
    that the examples of a prompt take, None where the builder compares and no evaluation set was given. `order` is None
    where no metric was given.
    """

    examples: int
    duplicates: tuple[Pair, ...]
    contradictions: tuple[Pair, ...]
    leaks: tuple[Pair, ...]
    labels: Mapping[str, int]
    unseen: tuple[str, ...]
    tokens: tuple[int, float, int] | None
    too_long: tuple[int, ...]
    order: OrderSensitivity | None
    problems: tuple[str, ...]

    def __str__(self) -> str:
        exact = sum(pair.exact for pair in self.duplicates)
        lines = [
            f"examples       {self.examples}",
            f"duplicates     {exact} exact, {len(self.duplicates) - exact} near",
            f"leaks          {len(self.leaks)} into the evaluation set",
            f"labels         {_shares(self.labels)}",
            f"tokens         {_taken(self.tokens)}",
            f"order          {self.order or 'not measured: give a metric'}",
        ]
        found = [f"- {problem}" for problem in self.problems]
        return "\n".join([*lines, f"problems       {len(found) or 'none'}", *found])


async def check(
    few_shot: FewShot[Any, Any],
    eval_set: Sequence[Example[Any, Any]],
    metric: Metric | None,
    orders: int,
    concurrency: int,
) -> Check:
    """Look at the examples, at the prompts of the evaluation set, and, with a metric, at orders of them."""
    if metric is not None and (not eval_set or orders < 2):
        raise InvalidInput("metric", metric, "an evaluation set to ask about, in at least 2 orders, beside a metric")
    inputs = [example.input_text for example in few_shot.examples]
    outputs = [example.output_text for example in few_shot.examples]
    compares = few_shot.builder.compares
    selections = [await few_shot.aselect(example.input) for example in eval_set] if compares else [few_shot.select()]
    tokens = [selection.tokens for selection in selections]
    labels = _labels(few_shot, eval_set)
    shown = Counter(example.group for example in (few_shot.examples if compares else selections[0].examples))
    pairs = await asyncio.to_thread(duplicates, inputs)
    leaks = await asyncio.to_thread(overlap, inputs, [example.input_text for example in eval_set])
    found = Check(
        examples=len(inputs),
        duplicates=tuple(pairs),
        contradictions=tuple(pair for pair in pairs if pair.exact and outputs[pair.one] != outputs[pair.other]),
        leaks=tuple(pair for pair in leaks if not (pair.exact and few_shot.leave_out_query)),
        labels={label: shown[label] for label in labels} if few_shot.k else {},
        unseen=tuple(label for label in labels_of(eval_set) if labels and label not in labels),
        tokens=(min(tokens), statistics.fmean(tokens), max(tokens)) if tokens else None,
        too_long=tuple(sorted({place for selection in selections for place in selection.too_long})),
        order=None if metric is None else await _order(few_shot, eval_set, metric, orders, concurrency),
        problems=(),
    )
    return replace(found, problems=tuple(_problems(few_shot, found)))


async def _order(
    few_shot: FewShot[Any, Any], eval_set: Sequence[Example[Any, Any]], metric: Metric, orders: int, concurrency: int
) -> OrderSensitivity:
    selections = [await few_shot.aselect(example.input) for example in eval_set]
    trials = [
        Trial(_reordered(selection, order), example)
        for order in range(orders)
        for selection, example in zip(selections, eval_set, strict=True)
    ]
    scores = await measured(trials, metric, concurrency)
    rows = [scores[place :: len(eval_set)] for place in range(len(eval_set))]
    whole = [row for row in map(_whole, rows) if row is not None]
    means = tuple(statistics.fmean(column) for column in zip(*whole, strict=True))
    failures = tuple(score for score in scores if isinstance(score, AiappError))
    return OrderSensitivity(means, sum(len(set(row)) > 1 for row in whole), len(whole), failures)


def _whole(row: Sequence[float | AiappError]) -> list[float] | None:
    scores = [score for score in row if isinstance(score, float)]
    return scores if len(scores) == len(row) else None


def _reordered(selection: Selection[Any, Any], order: int) -> tuple[Message, ...]:
    """The turns in their own order, or in the one of this number: examples trade places, whatever they are."""
    if order == 0:
        return selection.turns
    return replace(selection, shots=tuple(shuffled(selection.shots, order)), common=0).turns


def _labels(few_shot: FewShot[Any, Any], eval_set: Sequence[Example[Any, Any]]) -> tuple[str, ...]:
    """The labels of the examples; none where outputs are seldom the same, as in free text."""
    together = [*few_shot.examples, *eval_set]
    named = any(example.label is not None for example in together)
    return few_shot.labels if named or len(labels_of(together)) <= REPEATED * len(together) else ()


def _problems(few_shot: FewShot[Any, Any], found: Check) -> Iterator[str]:
    if found.examples < few_shot.k:
        yield f"k is {few_shot.k}, and there are only {found.examples} examples"
    if found.contradictions:
        yield f"the same input has different outputs: {_places(found.contradictions)}"
    exact = [pair for pair in found.duplicates if pair.exact and pair not in found.contradictions]
    if exact:
        yield f"examples given twice: {_places(exact)}"
    near = [pair for pair in found.duplicates if not pair.exact]
    if near:
        yield f"examples that are nearly the same: {_places(near)}"
    if found.leaks:
        yield f"examples that are in the evaluation set, or nearly: {_places(found.leaks, 'its')}"
    yield from _label_problems(found)
    if found.too_long:
        yield f"examples that were wanted and did not fit {few_shot.budget} tokens: {_few(found.too_long)}"
    if found.order is not None and found.order.spread > SENSITIVE:
        low, high = min(found.order.scores), max(found.order.scores)
        yield f"the order alone moves the mean score from {low:.3f} to {high:.3f}"
    if found.order is not None and found.order.failures:
        yield f"calls of the metric that failed: {len(found.order.failures)}, such as: {found.order.failures[0]}"


def _label_problems(found: Check) -> Iterator[str]:
    missing = [label for label, count in found.labels.items() if count == 0]
    if missing:
        yield f"no prompt shows an example of {_few(missing)}"
    counts = [count for count in found.labels.values() if count]
    if counts and max(counts) > UNEVEN * min(counts):
        most, least = (
            chosen(found.labels, key=lambda label: found.labels[label] or max(counts)) for chosen in (max, min)
        )
        yield f"{most!r} has {max(counts)} examples, {least!r} has {min(counts)}"
    if found.unseen:
        yield f"the evaluation set has labels without an example: {_few(found.unseen)}"


def _places(pairs: Sequence[Pair], owner: str = "") -> str:
    shown = ", ".join(f"{pair.one} and {owner}{' ' if owner else ''}{pair.other}" for pair in pairs[:SHOWN])
    return shown if len(pairs) <= SHOWN else f"{shown} and {len(pairs) - SHOWN} more pairs"


def _taken(tokens: tuple[int, float, int] | None) -> str:
    if tokens is None:
        return "unknown: the builder compares, so give an evaluation set"
    return f"{tokens[1]:,.0f} a prompt on average, from {tokens[0]:,} to {tokens[2]:,}"


def _few(named: Sequence[object]) -> str:
    shown = ", ".join(map(repr, named[:SHOWN]))
    return shown if len(named) <= SHOWN else f"{shown} and {len(named) - SHOWN} more"


def _shares(labels: Mapping[str, int]) -> str:
    if not labels:
        return "none: the outputs are free text"
    most = sorted(labels.items(), key=lambda entry: -entry[1])
    shown = ", ".join(f"{label} {count}" for label, count in most[:SHOWN])
    return shown if len(most) <= SHOWN else f"{shown} and {len(most) - SHOWN} more"
