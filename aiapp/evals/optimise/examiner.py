"""Examining: what candidates answer to questions, scored; each is asked once, and a stopped run keeps what it has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import fmean
from typing import Any, TypeAlias

from aiapp.client.batch import at_once
from aiapp.client.client import Client
from aiapp.core.errors import (
    AiappError,
    AuthenticationFailed,
    InvalidInput,
    MissingDependency,
    MissingKey,
    NotFound,
    OverBudget,
    PermissionDenied,
    ProviderError,
    UnknownModel,
)
from aiapp.core.formats import Format
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.core.serialisation import to_plain
from aiapp.evals.comparison import Outcome
from aiapp.evals.journal import Journal
from aiapp.evals.metrics import METRICS, checked
from aiapp.evals.optimise.candidate import Candidate, Question
from aiapp.prompts.fewshot.measuring import called
from aiapp.tracking.entry import entry_of
from aiapp.tracking.totals import Totals, totals
from aiapp.tracking.tracker import track

_HOPELESS = (
    AuthenticationFailed,
    InvalidInput,
    MissingDependency,
    MissingKey,
    NotFound,
    OverBudget,
    PermissionDenied,
    UnknownModel,
)
"""Failures that every other question would meet, too."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A score from 0 to 1 with what is to be said of the answer, which whoever proposes instructions reads."""

    score: float
    feedback: str = ""


Metric: TypeAlias = Callable[[str, Any], float | Graded | Awaitable[float | Graded]]
"""How good an answer is beside what was expected. One that is async or asks a model spends of the same budget."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What came of a question. `score` is None where nobody answered, for a reason that is not the prompt's."""

    score: float | None
    outcome: Outcome
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one call takes: means of US dollars and tokens, the median of seconds; None where not known."""

    money: Decimal | None
    tokens: float | None
    seconds: float | None


@dataclass
class Examiner:
    """Asks a client, marks its answers, and remembers them; `over` is why nothing more can be asked."""

    client: Client
    metric: Metric
    format: Format | None
    journal: Journal | None
    concurrency: int
    on_answer: Callable[[int], None] | None = None
    marks: dict[tuple[int, str], Mark] = field(default_factory=dict[tuple[int, str], Mark])
    asked: int = 0
    over: OverBudget | None = None

    async def examine(self, work: Sequence[tuple[Candidate, Question]]) -> None:
        """Ask what was not asked yet, in this order; nothing is begun any more once a budget has no room."""
        new = [(one, question) for one, question in work if (one.number, question.id) not in self.marks]

        async def ask(pair: tuple[Candidate, Question]) -> None:
            if self.over is not None:
                return
            candidate, question = pair
            try:
                outcome, by_chance = await self.answer(
                    self.client, question.id, lambda: candidate.request(question.variables, self.format)
                )
                mark = await self._marked(question, outcome, by_chance)
            except OverBudget as error:
                self.over = error
                return
            self.marks[candidate.number, question.id] = mark
            if self.on_answer is not None:
                self.on_answer(len(self.marks))

        await at_once(ask, new, self.concurrency)

    async def answer(self, client: Client, case: str, make: Callable[[], Request]) -> tuple[Outcome, bool]:
        """The answer to one request, from the journal where it stands there, without a score.

        And whether it failed by chance: the same request may be answered another time.
        """
        request: Request = await called(make)  # in a thread: an embedder may be asked for the examples
        fingerprint = "" if self.journal is None else _fingerprint(client, request)
        kept = None if self.journal is None else self.journal.kept(client.model, case, fingerprint)
        if kept is not None:
            return kept, False
        self.asked += 1
        answer, error, by_chance = None, None, False
        async with track(case) as tracked:
            try:
                response = await client.acomplete(request)
                answer = response.text
                if _cut(response):
                    answer, error, by_chance = None, "the answer was cut to what the budget afforded", True
            except _HOPELESS:
                raise
            except AiappError as failure:
                error = f"{type(failure).__name__}: {failure}"
                by_chance = isinstance(failure, ProviderError) and failure.retryable
        outcome = Outcome(case, 0.0, answer, error, tracked.calls)
        if self.journal is not None:
            self.journal.add(client.model, fingerprint, outcome)
        return outcome, by_chance

    def score(self, candidate: Candidate, question: Question) -> float | None:
        """The score of an answer; None where there is none to be compared."""
        mark = self.marks.get((candidate.number, question.id))
        return None if mark is None else mark.score

    def pairs(self, one: Candidate, other: Candidate, questions: Sequence[Question]) -> tuple[list[float], list[float]]:
        """The scores of two candidates on the questions that both of them answered."""
        scores = [(self.score(one, question), self.score(other, question)) for question in questions]
        both = [(first, second) for first, second in scores if first is not None and second is not None]
        return [first for first, _ in both], [second for _, second in both]

    def mean(self, candidate: Candidate, questions: Sequence[Question]) -> float | None:
        """The mean score over what it answered of these."""
        found = [score for question in questions if (score := self.score(candidate, question)) is not None]
        return fmean(found) if found else None

    def totals(self, candidate: Candidate, questions: Sequence[Question] | None = None) -> Totals:
        """What its calls took."""
        ids = None if questions is None else {question.id for question in questions}
        marks = [(id_, mark) for (number, id_), mark in self.marks.items() if number == candidate.number]
        own = [mark for id_, mark in marks if ids is None or id_ in ids]
        return totals(entry_of(span) for mark in own for span in mark.outcome.spans)

    def rate(self, candidate: Candidate, questions: Sequence[Question] | None = None) -> Rate:
        """What one of its calls takes."""
        found = self.totals(candidate, questions)
        calls, usage = found.calls - found.cached, found.usage
        if not calls:
            return Rate(None, None, None)
        heard, said = usage.input_tokens, usage.output_tokens
        tokens = None if heard is None or said is None else (heard + said) / calls
        return Rate(None if found.cost is None else found.cost / calls, tokens, found.seconds.p50)

    async def _marked(self, question: Question, outcome: Outcome, by_chance: bool) -> Mark:
        if outcome.answer is None:
            return Mark(None if by_chance else 0.0, outcome, outcome.error or "")
        try:
            plain = self.metric in METRICS.values()
            given: Any = (
                self.metric(outcome.answer, question.expected)
                if plain
                else await called(self.metric, outcome.answer, question.expected)
            )
        except AiappError:
            raise
        except Exception as error:
            accepted = f"one that scores ({outcome.answer[:40]!r}, {question.expected!r}); it raised {error!r}"
            raise InvalidInput("metric", self.metric, accepted) from error
        score, feedback = (given.score, given.feedback) if isinstance(given, Graded) else (given, "")
        return Mark(checked(score, question.id), outcome, feedback)


def _fingerprint(client: Client, request: Request) -> str:
    """Of the request and all that is sent, the client's own settings included."""
    sent = [client.explain(request).payload, to_plain(request)]
    return hashlib.sha256(json.dumps(sent, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _cut(response: Response[Any]) -> bool:
    """Whether an answer ends where it does because a limit was put on it that nobody asked for."""
    ended = response.finish is not None and response.finish.reason == "length"
    return ended and any(change.field == "max_tokens" for change in response.warnings)
