"""Bootstrapped examples: what a teacher answers, where a metric passes it (as in DSPy: Khattab et al. 2023)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.request import Asked
from aiapp.prompts.fewshot.example import Example, text_of
from aiapp.prompts.fewshot.measuring import called, number
from aiapp.sync import sync


@runtime_checkable
class Answers(Protocol):
    """A client, or whatever else answers as one does."""

    async def acomplete(self, request: Asked, /) -> Any:
        """An answer with its `text`."""
        ...


Teacher: TypeAlias = Answers | Callable[[Any], Any]
"""A client, or a function from an input to an output, which may be async; a blocking one is called in a thread."""
Passes: TypeAlias = Callable[[Example[Any, Any], Any], float | Awaitable[float]]
"""How good an output is for an example, whose own output is the one that is known to be right."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that no trace was found for: the last output, and why it is none."""

    example: Example[Any, Any]
    reason: str
    output: Any = None


@dataclass(frozen=True, slots=True)
class Traces:
    """What the teacher gave: `examples` with its own outputs, to be made a `FewShot` of.

    `not_asked` are those that the budget of calls or the wanted number left out.
    """

    examples: tuple[Example[Any, Any], ...]
    failures: tuple[Failure, ...]
    not_asked: tuple[Example[Any, Any], ...]
    calls: int

    def __str__(self) -> str:
        lines = [
            f"{len(self.examples)} examples passed in {self.calls} calls, {len(self.failures)} failed,"
            f" {len(self.not_asked)} were not asked about"
        ]
        lines += [
            f"failed: {' '.join(failure.example.input_text.split())[:60]}: {failure.reason}"
            for failure in self.failures
        ]
        return "\n".join(lines)


async def abootstrap(
    examples: Sequence[Example[Any, Any]],
    teacher: Teacher,
    metric: Passes,
    *,
    calls: int,
    wanted: int | None = None,
    rounds: int = 1,
    passing: float = 1.0,
    concurrency: int = 1,
    ask: Callable[[Any], Asked] = text_of,
) -> Traces:
    """Ask a teacher about each example, and keep its whole answers that the metric scores at least `passing`.

    At most `calls` calls of the teacher are made, at most `rounds` for one example, and none once `wanted` traces are
    there; so many at a time, so that a few more than wanted may be asked for. The label of an example is kept. `ask`
    is how an input is put to a client. An `AiappError` of the teacher is a failure; anything else ends it all.
    """
    for name, given in {"calls": calls, "rounds": rounds, "concurrency": concurrency, "wanted": wanted}.items():
        if not (given is None and name == "wanted") and (type(given) is not int or given < 1):
            raise InvalidInput(name, given, "a whole number of at least 1")
    made = 0
    tried = [0] * len(examples)
    found: dict[int, Example[Any, Any]] = {}
    failed: dict[int, Failure] = {}
    waiting = list(range(len(examples)))
    while waiting and made < calls and (wanted is None or len(found) < wanted):
        now = waiting[: min(concurrency, calls - made)]
        waiting = waiting[len(now) :]
        made += len(now)
        results = await asyncio.gather(*(_trace(examples[place], teacher, metric, passing, ask) for place in now))
        for place, result in zip(now, results, strict=True):
            tried[place] += 1
            if isinstance(result, Example):
                found[place] = result
                failed.pop(place, None)
            else:
                failed[place] = result
                if tried[place] < rounds:
                    waiting.append(place)
    kept = sorted(found)[:wanted]
    return Traces(
        tuple(found[place] for place in kept),
        tuple(failed[place] for place in sorted(failed)),
        tuple(example for example, times in zip(examples, tried, strict=True) if times == 0),
        made,
    )


bootstrap = sync(abootstrap)


async def _trace(
    example: Example[Any, Any], teacher: Teacher, metric: Passes, passing: float, ask: Callable[[Any], Asked]
) -> Example[Any, Any] | Failure:
    try:
        if isinstance(teacher, Answers):
            output = (await teacher.acomplete(ask(example.input))).text
        else:
            output = await called(teacher, example.input)
    except InvalidInput:
        raise
    except AiappError as error:
        return Failure(example, f"{type(error).__name__}: {error}")
    score = number(await called(metric, example, output), "metric")
    if score < passing:
        return Failure(example, f"scored {score:g}, below {passing:g}", output)
    return Example(example.input, output, example.label)
