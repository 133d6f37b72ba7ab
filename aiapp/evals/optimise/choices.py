"""Which examples are tried: some of every label, and those that are nearest to the query, few of them and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiapp.catalog.catalogue import catalogue
from aiapp.client.client import Client
from aiapp.evals.metrics import METRICS
from aiapp.evals.optimise.candidate import Question
from aiapp.evals.optimise.examiner import Metric
from aiapp.prompts.fewshot.bm25 import BM25
from aiapp.prompts.fewshot.builders import Balanced, Builder, Random
from aiapp.prompts.fewshot.example import Example, labels_of, text_of
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.fewshot.nearest import Nearest
from aiapp.prompts.values import is_object

SIZES = (4, 8)
DRAWS = 3
"""So many fixed choices of each size are tried, where no others are."""
SMALL = 16_384
"""A context of fewer tokens is shared: half of it is for the examples."""
REPEATED = 0.75
"""Outputs of which more than this share is different are free text, and have no labels to be balanced over."""


def pool_of(questions: Sequence[Question], metric: Metric) -> tuple[Example[Any, Any], ...]:
    """The questions as examples, if what is expected of each is itself an answer that the metric passes; else none.

    A metric that is not one of aiapp's may cost something and is not asked: what is expected is taken for an answer.
    """
    known = metric in METRICS.values()
    if known and not all(metric(text_of(one.expected), one.expected) == 1 for one in questions):
        return ()
    return tuple(example_of(one, one.expected) for one in questions)


def example_of(question: Question, output: Any) -> Example[Any, Any]:
    """A question with an answer: the value itself where the prompt has one variable, as it is read and compared."""
    values = list(question.variables.values())
    bare = len(values) == 1 and not is_object(values[0])
    return Example(values[0] if bare else dict(question.variables), output)


def usual_choices(
    pool: Sequence[Example[Any, Any]], client: Client, seed: int, fixed: bool
) -> tuple[FewShot[Any, Any], ...]:
    """The choices that are tried where none are given: balanced, and nearest in meaning and in words.

    Meanings are compared by the bundled encoder, on this machine. With `fixed`, only such that are the same for every
    query: several draws, balanced where there are labels.
    """
    offer = catalogue().find(client.model)
    context = None if offer is None else offer.context
    budget = None if context is None or context > SMALL else context // 2
    drawn = Balanced if len(labels_of(pool)) <= REPEATED * len(pool) else Random
    builders: list[Builder] = [drawn(seed + turn) for turn in range(DRAWS if fixed else 1)]
    if not fixed:
        from aiapp.transformer.encoder import Encoder  # its weights are read only here

        builders += [Nearest(Encoder.load()), BM25()]
    sizes = [size for size in SIZES if size < len(pool)] or [len(pool)]
    return tuple(FewShot(pool, size, builder, budget=budget) for size in sizes for builder in builders) if pool else ()
