"""Optimising a prompt: the search on some of the cases, and what came of it on the others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiapp.client.budget import Budget
from aiapp.client.client import Client
from aiapp.client.reserving import Amounts
from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.evals.journal import Journal
from aiapp.evals.optimise.candidate import Candidate, Question, Recipe
from aiapp.evals.optimise.choices import example_of, usual_choices
from aiapp.evals.optimise.examiner import Examiner, Metric
from aiapp.evals.optimise.forecasting import OptimiseForecast
from aiapp.evals.optimise.result import Finalist, Optimised, on_front, shown_better
from aiapp.evals.optimise.search import Ended, Search
from aiapp.evals.optimise.setup import DEFAULT, Cases, Effort, Setup, forecast_setup, set_up
from aiapp.evals.statistics import interval, paired
from aiapp.prompts.fewshot.example import Example
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.prompt import Prompt
from aiapp.sync import sync
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.span import Span


async def aoptimise(
    prompt: Prompt,
    train: Cases,
    metric: Metric,
    budget: Budget | Decimal | str | float,
    *,
    client: Client,
    proposer: Client | None = None,
    instructions: Sequence[str] = (),
    pool: Cases | None = None,
    few_shots: Sequence[FewShot[Any, Any]] | None = None,
    fixed: bool = False,
    held_out: Cases | None = None,
    format: Format | None = None,
    effort: Effort = DEFAULT,
    journal: str | Path | None = None,
    history: Ledger | Iterable[Span] | None = None,
    on_answer: Callable[[int], None] | None = None,
) -> Optimised:
    """Look for better instructions and examples for a prompt, and say whether they are better.

    `train` are cases: the variables of the prompt (or the value of its only one) with what is expected, which `metric`
    compares an answer with. The search sees only a part of them; the rest, or `held_out`, is asked at the end, of the
    original and of the best. `budget` is US dollars or a `Budget`, which all calls inside share, the metric's too: no
    call is sent that could pass it, and where it does not suffice for the least search, nothing is.

    Tried are your `instructions`, examples (`few_shots` as they are; else the usual choices from `pool`, which by
    default are the cases of the search; what `bootstrap` makes of a teacher's answers is a pool, too), and, in rounds,
    instructions that `proposer` writes from wrong answers.
    With `fixed` no examples are tried that are chosen for each query, so that the prompt file is all there is to use.
    `format` is how answers are held to a form, as `Choice(labels)`. `journal` is a JSON Lines file of all answers: who
    goes on with it pays nothing for what stands there. `history` tells the forecast how long answers are and take.
    `on_answer(done)` is called after each answer.
    """
    limit = _budget(budget)
    setup = await asyncio.to_thread(
        set_up, prompt, train, metric,
        client=client, proposer=proposer, instructions=instructions, pool=pool, few_shots=few_shots, fixed=fixed,
        held_out=held_out, format=format, effort=effort,
    )  # fmt: skip
    forecast = await asyncio.to_thread(forecast_setup, setup, history)
    if (lacking := forecast.lacking(limit.left)) is not None:
        raise InvalidInput("budget", lacking, f"enough for the original and one candidate: {forecast.least}")
    kept = None if journal is None else Journal(Path(journal))
    examiner = Examiner(client, metric, format, kept, effort.concurrency, on_answer)
    before = limit.spent
    search = Search(
        prompt, setup.search, len(setup.held_out), examiner, limit, forecast, effort.batch, effort.finalists,
        random.Random(effort.seed), before.calls or 0,
    )  # fmt: skip
    async with limit:
        ended = await _searched(search, setup)
        examiner.over = None  # what was refused may have been dearer than what is asked now
        finalists = search.chosen()
        await examiner.examine([(one, question) for question in setup.held_out for one in finalists[:2]])
        await examiner.examine([(one, question) for question in setup.held_out for one in finalists[2:]])
    if examiner.over is not None:
        ended = Ended("budget", f"not every held-out case was asked: {examiner.over}")
    return await asyncio.to_thread(_outcome, search, setup.held_out, finalists, _less(limit.spent, before), ended)


optimise = sync(aoptimise)


def forecast_optimise(
    prompt: Prompt,
    train: Cases,
    metric: Metric,
    *,
    client: Client,
    proposer: Client | None = None,
    instructions: Sequence[str] = (),
    pool: Cases | None = None,
    few_shots: Sequence[FewShot[Any, Any]] | None = None,
    fixed: bool = False,
    held_out: Cases | None = None,
    format: Format | None = None,
    effort: Effort = DEFAULT,
    history: Ledger | Iterable[Span] | None = None,
) -> OptimiseForecast:
    """What `optimise` would take with the same arguments; nothing is sent."""
    setup = set_up(
        prompt, train, metric,
        client=client, proposer=proposer, instructions=instructions, pool=pool, few_shots=few_shots, fixed=fixed,
        held_out=held_out, format=format, effort=effort,
    )  # fmt: skip
    return forecast_setup(setup, history)


def _budget(given: Budget | Decimal | str | float) -> Budget:
    limit = given if isinstance(given, Budget) else Budget(given)
    if not isinstance(given, Budget) and not limit.limit.money:
        raise InvalidInput("budget", given, "US dollars above 0, or Budget(calls=...) for a model that costs nothing")
    return limit


async def _searched(search: Search, setup: Setup) -> Ended:
    """Search until there is a reason to stop."""
    try:
        base = await search.begin()
        for text in setup.instructions:
            await search.attempt(Recipe(text), "given", base, "it was given", set())
        for few_shot in await asyncio.to_thread(_choices, search, setup):
            await search.attempt(Recipe(None, few_shot), "examples", base, "examples of the task", set())
        await search.cross()
        if setup.proposer is None or not setup.effort.rounds:
            return Ended("no candidates", "everything that was given was tried")
        missed = 0
        for round_ in range(setup.effort.rounds):
            found = await search.propose(setup.proposer, round_)
            if found:
                await search.cross()
            missed = 0 if found else missed + 1
            if missed >= setup.effort.patience:
                return Ended("patience", f"{missed} proposals in a row were no better")
        return Ended("rounds", f"all {setup.effort.rounds} rounds were made")
    except Ended as ended:
        if not search.trials and search.examiner.over is not None and not search.examiner.marks:
            raise search.examiner.over from None  # nothing was sent: the caller is told what is lacking
        return ended


def _choices(search: Search, setup: Setup) -> Sequence[FewShot[Any, Any]]:
    """The examples that are tried; of the original's own right answers, where those expected are no answers."""
    if setup.choices is not None:
        return setup.choices
    base, right = search.kept[0], list[Example[Any, Any]]()
    for question in setup.search:
        mark = search.examiner.marks.get((base.number, question.id))
        if mark is not None and mark.score == 1:
            right.append(example_of(question, mark.outcome.answer))
    return usual_choices(right, setup.client, setup.effort.seed, setup.fixed)


def _outcome(
    search: Search, held_out: Sequence[Question], finalists: Sequence[Candidate], spent: Amounts, ended: Ended
) -> Optimised:
    found = [one for candidate in finalists if (one := _finalist(search, held_out, candidate)) is not None]
    if not found or found[0].candidate is not finalists[0]:
        raise InvalidInput("budget", ended.why, "enough to measure the original on the held-out cases")
    original, *others = [replace(one, front=on_front(one, found)) for one in found]
    best = next((one for one in others if one.candidate is finalists[1]), original)
    ranked = sorted([original, *others], key=lambda one: (-one.quality.mean, one.candidate.number))
    return Optimised(
        original, best, tuple(ranked), tuple(search.trials), search.forecast, spent, ended.stopped, ended.why
    )


def _finalist(search: Search, held_out: Sequence[Question], candidate: Candidate) -> Finalist | None:
    """A candidate on the held-out cases; None where none of them was answered."""
    examiner, base = search.examiner, search.kept[0]
    scores = [score for one in held_out if (score := examiner.score(candidate, one)) is not None]
    if not scores:
        return None
    own, others = examiner.pairs(candidate, base, held_out)
    gain = paired(own, others, seed=0) if candidate is not base and own else None
    marks = [examiner.marks.get((candidate.number, one.id)) for one in held_out]
    rate = examiner.rate(candidate, held_out)
    return Finalist(
        candidate,
        interval(scores),
        len(scores),
        sum(mark is not None and mark.outcome.answer is None for mark in marks),
        gain,
        gain is not None and shown_better(own, others, gain),
        rate.money,
        rate.tokens,
        rate.seconds,
    )


def _less(spent: Amounts, before: Amounts) -> Amounts:
    """What was spent since."""
    return Amounts(
        None if spent.money is None or before.money is None else spent.money - before.money,
        None if spent.tokens is None or before.tokens is None else spent.tokens - before.tokens,
        None if spent.calls is None or before.calls is None else spent.calls - before.calls,
        None if spent.seconds is None or before.seconds is None else spent.seconds - before.seconds,
    )
