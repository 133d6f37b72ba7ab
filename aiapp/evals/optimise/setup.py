"""What a search is given, checked: the questions on both sides, the candidates that are known, how hard to search."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.core.request import Request
from aiapp.evals.comparison import Outcome
from aiapp.evals.metrics import METRICS
from aiapp.evals.optimise.candidate import Candidate, Question, Recipe, made, questions_of
from aiapp.evals.optimise.choices import example_of, pool_of, usual_choices
from aiapp.evals.optimise.examiner import Mark, Metric
from aiapp.evals.optimise.forecasting import SAMPLE, WORDS, OptimiseForecast, Sample, Sizes, forecast_of, stand_in
from aiapp.evals.optimise.proposing import Seen, proposal_request
from aiapp.evals.optimise.search import SHOWN
from aiapp.evals.statistics import fewest_differences
from aiapp.prompts.fewshot.example import Example
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.rewriting import instructions_of
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.span import Span

Cases = Sequence[Example[Any, Any]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to search.

    `batch` questions are asked of a candidate before all others, `rounds` proposals are made of a model, and `patience`
    of them in a row may fail. At most `finalists` candidates are measured on the held-out cases, which are `share` of
    the cases where none are given apart. The same `seed` makes the same search of a model that answers the same.
    """

    batch: int = 12
    rounds: int = 6
    patience: int = 3
    finalists: int = 3
    share: float = 0.5
    concurrency: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("batch", "rounds", "patience", "finalists", "concurrency"):
            least, value = 0 if name == "rounds" else 1, getattr(self, name)
            if type(value) is not int or value < least:
                raise InvalidInput(name, value, f"a whole number of at least {least}")
        if not 0 < self.share < 1:
            raise InvalidInput("share", self.share, "a number between 0 and 1")


DEFAULT = Effort()


@dataclass(frozen=True, slots=True)
class Setup:
    """What was given, checked."""

    prompt: Prompt
    client: Client
    proposer: Client | None
    search: tuple[Question, ...]
    held_out: tuple[Question, ...]
    instructions: tuple[str, ...]
    fixed: bool
    choices: tuple[FewShot[Any, Any], ...] | None
    """None where they are made of the model's own answers, which are not there yet."""
    format: Format | None
    effort: Effort


def set_up(
    prompt: Prompt,
    train: Cases,
    metric: Metric,
    *,
    client: Client,
    proposer: Client | None,
    instructions: Sequence[str],
    pool: Cases | None,
    few_shots: Sequence[FewShot[Any, Any]] | None,
    fixed: bool,
    held_out: Cases | None,
    format: Format | None,
    effort: Effort,
) -> Setup:
    """The arguments of a search, checked; nothing is asked."""
    if isinstance(instructions, str):
        raise InvalidInput("instructions", instructions, "a list of texts")
    search, held = _parted(prompt, train, held_out, effort)
    if metric in METRICS.values():  # what it cannot take is known before anything is paid for
        for question in (*search, *held):
            metric("", question.expected)
    chosen = None if few_shots is None else tuple(few_shots)
    if fixed and chosen is not None and (going := [one for one in chosen if one.builder.compares]):
        raise InvalidInput("few_shots", going[0], "examples that are the same for every query, as `fixed` wants them")
    if pool is not None:
        questions_of(prompt, pool, "pool")
    if chosen is None:
        given = pool_of(search, metric) if pool is None else tuple(pool)
        chosen = usual_choices(given, client, effort.seed, fixed) if given or pool is not None else None
    _no_leak(prompt, held, chosen or ())
    return Setup(prompt, client, proposer, search, held, tuple(instructions), fixed, chosen, format, effort)


def _parted(
    prompt: Prompt, train: Cases, held_out: Cases | None, effort: Effort
) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """The questions of the search and those held out; what is the same question stays on one side."""
    least = fewest_differences()
    asked = questions_of(prompt, train, "train")
    if not asked:
        raise InvalidInput("train", [], "at least one case")
    if held_out is not None:
        held = questions_of(prompt, held_out, "held_out")
        known = {question.text for question in asked}
        if len(held) < least:
            raise InvalidInput("held_out", len(held), f"at least {least} cases: fewer can show no difference")
        if both := [question.id for question in held if question.text in known]:
            raise InvalidInput("held_out", both[0], "cases that do not stand in train")
        return asked, held
    texts = list(dict.fromkeys(question.text for question in asked))
    random.Random(effort.seed).shuffle(texts)
    wanted = max(least, round(effort.share * len(texts)))
    if len(texts) - wanted < 1:
        accepted = f"at least {least + 1} different cases, of which {least} are held out, or held_out cases apart"
        raise InvalidInput("train", len(texts), accepted)
    apart = set(texts[:wanted])
    return (
        tuple(question for question in asked if question.text not in apart),
        tuple(question for question in asked if question.text in apart),
    )


def _no_leak(prompt: Prompt, held: Sequence[Question], few_shots: Sequence[FewShot[Any, Any]]) -> None:
    known = {question.text for question in held}
    for few_shot in few_shots:
        if not isinstance(few_shot, FewShot):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput("few_shots", few_shot, "FewShot(examples, k, builder) for each")
        shown = questions_of(prompt, few_shot.examples, "pool")
        if leaked := [question for question in shown if question.text in known]:
            raise InvalidInput("pool", leaked[0].variables, "examples that are not among the held-out cases")


def forecast_setup(setup: Setup, history: Ledger | Iterable[Span] | None) -> OptimiseForecast:
    """What the search will take."""
    prompt, effort, sampled = setup.prompt, setup.effort, setup.search[:SAMPLE]
    choices = setup.choices
    if choices is None:  # its own answers will stand in them: those expected are about as long
        own = [example_of(question, question.expected) for question in setup.search]
        choices = usual_choices(own, setup.client, effort.seed, setup.fixed)
    recipes = [*map(Recipe, setup.instructions), *(Recipe(None, stand_in(one)) for one in choices)]
    original = _requests(made(prompt, 0, Recipe(), "original", None, ""), sampled, setup.format)
    known = [found for recipe in recipes if (found := _sampled(prompt, recipe, sampled, setup.format))]
    longer = Recipe(f"{instructions_of(prompt) or ''}\n{' word' * WORDS}")
    base = made(prompt, 0, Recipe(), "original", None, "")
    seen = [Seen(one, Mark(0.0, Outcome(one.id, 0.0, str(one.expected), None, ()))) for one in setup.search[:SHOWN]]
    sample = Sample(
        original,
        known,
        _sampled(prompt, longer, sampled, setup.format) or original,
        None if setup.proposer is None else proposal_request(base, seen, [("word " * WORDS, 0.5)] * 3),
    )
    sizes = Sizes(
        len(setup.search), len(setup.held_out), effort.batch, effort.finalists, effort.rounds, effort.patience,
        effort.concurrency,
    )  # fmt: skip
    answers = [question.expected for question in sampled]
    return forecast_of(setup.client, setup.proposer, sample, sizes, answers=answers, history=history)


def _requests(candidate: Candidate, questions: Sequence[Question], format: Format | None) -> list[Request]:
    return [candidate.request(question.variables, format) for question in questions]


def _sampled(prompt: Prompt, recipe: Recipe, questions: Sequence[Question], format: Format | None) -> list[Request]:
    """Requests of a candidate; none where the prompt does not allow it."""
    try:
        return _requests(made(prompt, 1, recipe, "given", 0, ""), questions, format)
    except InvalidInput:
        return []
