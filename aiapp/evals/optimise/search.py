"""The search: a candidate is tried on a few questions, and on all of the search where it does better than its parent.

A parent is drawn from those that are the best on some question, the more often the more such questions it has (the
per-example Pareto front of GEPA: Agrawal et al. 2025). The questions that a proposal was made from are not those it is
first measured on, as far as there are others: its parent was chosen to fail on the former.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import fmean, stdev

from aiapp.client.budget import Budget
from aiapp.client.client import Client
from aiapp.client.reserving import Amounts
from aiapp.core.errors import InvalidInput, OverBudget
from aiapp.evals.optimise.candidate import Candidate, Origin, Question, Recipe, made
from aiapp.evals.optimise.examiner import Examiner
from aiapp.evals.optimise.forecasting import OptimiseForecast
from aiapp.evals.optimise.proposing import Seen, proposal_request, proposed
from aiapp.evals.optimise.result import Stopped, Trial
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.rewriting import instructions_of

SHOWN = 6
"""Wrong answers that a proposer reads."""
REMEMBERED = 6
"""Instructions of before that it reads."""
SAVING = 0.9
"""Fewer tokens are clearly fewer where they are less than this share."""
LAST = 4
"""At most this part of a budget is kept back so that the bound of one more call fits into it."""
SPARE = Decimal("1.2")
"""What is kept for the end is so many times what it is expected to take."""


class Ended(Exception):
    """The search is over; `stopped` and `why` say for what reason."""

    def __init__(self, stopped: Stopped, why: str) -> None:
        self.stopped: Stopped = stopped
        self.why = why
        super().__init__(why)


@dataclass
class Search:
    """One search while it runs: its candidates, what became of them, and what the end will take."""

    original: Prompt
    questions: Sequence[Question]
    held_out: int
    examiner: Examiner
    budget: Budget
    forecast: OptimiseForecast
    batch: int
    finalists: int
    dice: random.Random
    spent_before: int
    """Tries that the budget had seen when the search began."""
    kept: list[Candidate] = field(default_factory=list[Candidate])
    trials: list[Trial] = field(default_factory=list[Trial])
    _tried: set[Recipe] = field(default_factory=set[Recipe])

    async def begin(self) -> Candidate:
        """The original, on all questions of the search."""
        base = made(self.original, 0, Recipe(), "original", None, "where the search begins")
        self.kept.append(base)
        self._tried.add(base.recipe)
        await self._examine(base, self.questions)
        if not self.answered(base):
            mark = next((mark for mark in self.examiner.marks.values() if mark.outcome.error), None)
            reason = "nothing was answered" if mark is None else mark.outcome.error
            raise InvalidInput("client", self.examiner.client.model, f"a model that answers the prompt ({reason})")
        mean = self.examiner.mean(base, self.questions)
        self.trials.append(Trial(0, None, "original", base.reason, None, "", "kept", search=mean))
        return base

    async def attempt(self, recipe: Recipe, origin: Origin, parent: Candidate, reason: str, unlike: set[str]) -> bool:
        """Measure a candidate, first on questions that are not among `unlike`; whether it is better than its parent."""
        number = len(self.trials)
        why = "it was tried before"
        if recipe not in self._tried:
            self._tried.add(recipe)
            try:
                candidate = made(self.original, number, recipe, origin, parent.number, reason)
            except InvalidInput as error:
                why = str(error)
            else:
                return await self._measured(candidate, parent, unlike)
        examples = recipe.examples
        self.trials.append(
            Trial(number, parent.number, origin, reason, recipe.instructions, examples, "cannot be used", why=why)
        )
        return False

    async def propose(self, proposer: Client, round_: int) -> bool:
        """Let a model write instructions for a parent, and measure them; whether they were kept."""
        parent = self.parent()
        marks = [(question, self.examiner.marks.get((parent.number, question.id))) for question in self.questions]
        wrong = [
            Seen(question, mark)
            for question, mark in marks
            if mark is not None and mark.score is not None and mark.score < 1 and question.text not in parent.shown
        ]
        if not wrong:
            raise Ended("perfect", f"{parent.name} answers every question of the search rightly")
        self.dice.shuffle(wrong)
        seen = sorted(wrong, key=lambda one: one.mark.score or 0.0)[:SHOWN]
        self._afford(min(self.batch, len(self.questions)), more=self.forecast.proposal.money)
        request = proposal_request(parent, seen, self._remembered())
        try:
            outcome, _ = await self.examiner.answer(proposer, f"proposal-{round_}", lambda: request)
        except OverBudget as error:
            raise Ended("budget", str(error)) from None
        number = len(self.trials)
        try:
            if outcome.answer is None:
                raise InvalidInput("proposal", outcome.error, "an answer")
            reason, text = proposed(outcome.answer)
        except InvalidInput as error:
            reason, lost = f"round {round_}", str(error)
            self.trials.append(Trial(number, parent.number, "proposed", reason, None, "", "cannot be used", why=lost))
            return False
        recipe = Recipe(text, parent.recipe.few_shot)
        return await self.attempt(recipe, "proposed", parent, reason, {one.question.id for one in seen})

    async def cross(self) -> bool:
        """The best instructions with the best examples, if that was not tried; whether it was kept."""
        ranked = self.ranked()
        told = next((one for one in ranked if one.recipe.instructions is not None), None)
        shown = next((one for one in ranked if one.recipe.few_shot is not None), None)
        if told is None or shown is None:
            return False
        recipe = Recipe(told.recipe.instructions, shown.recipe.few_shot)
        if recipe in self._tried:
            return False
        reason = f"the instructions of candidate {told.number} with the examples of {shown.number}"
        return await self.attempt(recipe, "crossed", self._better(told, shown), reason, set())

    def parent(self) -> Candidate:
        """One of those that are the best on some question, drawn by how many such questions it has."""
        places = list[Candidate]()
        for question in self.questions:
            scores = [(score, one) for one in self.kept if (score := self.examiner.score(one, question)) is not None]
            top = max((score for score, _ in scores), default=0.0)
            places += [one for score, one in scores if score == top]
        return self.dice.choice(places) if places else self.kept[0]

    def ranked(self) -> list[Candidate]:
        """Those that were kept, the best first: by what they gained over the original on the same questions.

        Of those that are as good, the one that takes fewer tokens stands first, and then the earlier one.
        """
        return sorted(self.kept, key=lambda one: (-self._gain(one), self._tokens(one), one.number))

    def chosen(self) -> list[Candidate]:
        """Who is measured on the held-out cases: the original, the best, then those that are good for less.

        The best is the one with the highest gain, or one that takes clearly fewer tokens and is within a standard
        error of it (Breiman et al. 1984): among many, the highest owes some of its gain to luck.
        """
        base, *_ = self.kept
        better = [one for one in self.ranked() if one is not base and self._gain(one) > 0]
        if not better:
            return [base]
        top = better[0]
        good = [one for one in better if self._as_good(one, top) and self._tokens(one) < SAVING * self._tokens(top)]
        best = min(good, key=lambda one: (self._tokens(one), one.number), default=top)
        others = [one for one in better if one is not best]
        return [base, best, *others[: self.finalists - 1]]

    def answered(self, candidate: Candidate) -> int:
        """How many questions of the search it answered."""
        ids = {question.id for question in self.questions}
        marks = self.examiner.marks.items()
        return sum(
            number == candidate.number and id_ in ids and mark.outcome.answer is not None
            for (number, id_), mark in marks
        )

    async def _measured(self, candidate: Candidate, parent: Candidate, unlike: set[str]) -> bool:
        first = self._first(candidate, parent, unlike)
        trial = Trial(
            candidate.number,
            candidate.parent,
            candidate.origin,
            candidate.reason,
            candidate.recipe.instructions,
            candidate.recipe.examples,
            "not measured",
        )
        self.trials.append(trial)
        self._afford(len(first))
        await self._examine(candidate, first)
        own, against = self.examiner.pairs(candidate, parent, first)
        if not own:
            return False
        better = fmean(own) > fmean(against)
        self.trials[-1] = trial = replace(
            trial, fate="kept" if better else "not better", batch=fmean(own), against=fmean(against)
        )
        if not better:
            return False
        self.kept.append(candidate)
        try:
            self._afford(len(self.questions) - len(first))
            await self._examine(candidate, self.questions)
        finally:
            search = self.examiner.mean(candidate, self.questions)
            self.trials[-1] = replace(trial, search=search)
        return True

    def _first(self, candidate: Candidate, parent: Candidate, unlike: set[str]) -> list[Question]:
        """The questions that it is first measured on; what its proposal was made from comes last."""
        open_ = [one for one in self.questions if one.text not in candidate.shown and one.text not in parent.shown]
        order = self.dice.sample(open_, len(open_))
        return sorted(order, key=lambda one: one.id in unlike)[: self.batch]

    async def _examine(self, candidate: Candidate, questions: Sequence[Question]) -> None:
        await self.examiner.examine([(candidate, one) for one in questions if one.text not in candidate.shown])
        if self.examiner.over is not None:
            raise Ended("budget", str(self.examiner.over))

    def _afford(self, calls: int, more: Decimal | None = None) -> None:
        """End the search where so many calls would leave too little for the held-out cases."""
        final = self.held_out * (1 + min(self.finalists, max(1, len(self.kept) - 1)))
        need, left, limit, most = self._need(calls + final), self.budget.left, self.budget.limit, self.forecast.most
        short = list[str]()
        if left.calls is not None and need.calls is not None and left.calls < need.calls:
            short.append("calls")
        if left.seconds is not None and need.seconds is not None and left.seconds < need.seconds:
            short.append("seconds")
        if left.money is not None and limit.money is not None and need.money is not None:
            last = min(most.money or 0, limit.money / LAST)  # a call is only sent where its bound is left
            short += ["dollars"] if left.money < need.money + (more or 0) + last else []
        if left.tokens is not None and limit.tokens is not None and need.tokens is not None:
            longest = min(most.tokens or 0, limit.tokens // LAST)
            short += ["tokens"] if left.tokens < need.tokens + longest else []
        if short:
            raise Ended("budget", f"the {short[0]} that are left are needed for the held-out cases")

    def _need(self, calls: int) -> Amounts:
        """What so many calls will take, going by the dearest candidate so far."""
        rates = [self.examiner.rate(one) for one in self.kept]
        money = [rate.money for rate in rates if rate.money is not None]
        tokens = [rate.tokens for rate in rates if rate.tokens is not None]
        waits = [rate.seconds for rate in rates if rate.seconds is not None]
        spare = float(SPARE)
        return Amounts(
            max(money) * calls * SPARE if money else None,
            round(max(tokens) * calls * spare) if tokens else None,
            math.ceil(self._tries * calls),
            max(waits) * calls * spare / self.examiner.concurrency if waits else None,
        )

    @property
    def _tries(self) -> float:
        """Tries at sending for each question that was asked: more than one where some were tried again."""
        spent = (self.budget.spent.calls or 0) - self.spent_before
        return max(1.0, spent / self.examiner.asked) if self.examiner.asked else 1.0

    def _gain(self, candidate: Candidate) -> float:
        own, others = self.examiner.pairs(candidate, self.kept[0], self.questions)
        return fmean(own) - fmean(others) if own else 0.0

    def _as_good(self, candidate: Candidate, top: Candidate) -> bool:
        """Whether it is behind by no more than the standard error of the difference."""
        own, others = self.examiner.pairs(candidate, top, self.questions)
        behind = [other - score for score, other in zip(own, others, strict=True)]
        return candidate is top or (len(behind) > 1 and fmean(behind) <= stdev(behind) / math.sqrt(len(behind)))

    def _tokens(self, candidate: Candidate) -> float:
        return self.examiner.rate(candidate).tokens or 0.0

    def _better(self, one: Candidate, other: Candidate) -> Candidate:
        return one if self._gain(one) >= self._gain(other) else other

    def _remembered(self) -> list[tuple[str, float]]:
        """Instructions that were measured, with their scores, the best first."""
        original = self.examiner.mean(self.kept[0], self.questions)
        old = instructions_of(self.original)
        found = [] if old is None or original is None else [(old, original)]
        for trial in self.trials:
            score = trial.batch if trial.search is None else trial.search
            if trial.instructions is not None and score is not None:
                found.append((trial.instructions, score))
        return sorted(found, key=lambda one: -one[1])[:REMEMBERED]
