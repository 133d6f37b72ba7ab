"""A chain: steps as one step, to run, stream, batch, explain and draw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from aiapp.chains.drawing import Drawing
from aiapp.chains.explanation import ChainExplanation, explained
from aiapp.chains.plans import Ask, Call, Plan, Render, Sequence, labelled
from aiapp.chains.running import Run, conducted
from aiapp.chains.stream import ChainStream
from aiapp.client.batch import CONCURRENCY, Progress, batched
from aiapp.client.client import Client
from aiapp.core.errors import AiappError, InvalidInput
from aiapp.prompts.prompt import Prompt
from aiapp.sync import run, sync

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
Eventually: TypeAlias = B | Awaitable[B] | Awaitable[Awaitable["Eventually[B]"]]
"""A value, or what comes to one when it is awaited.

It names itself for mypy, which solves a union of a bare variable and something of it only where that is recursive:
there it looks into the awaitable first (`handle_recursive_union`). Pyright wants `Awaitable[B]` spelt out, for `Any`.
"""
Step: TypeAlias = Callable[[A], Eventually[B]]
"""What takes an `A` and gives a `B`, async or not."""
UNNAMED = "chain"
"""The name of a chain that was given none."""


class Chain(Generic[A, B]):
    """Takes an `A`, gives a `B`. Made by `chain` and its kin; `plan` is the chain as data.

    A chain is a step itself. It holds no state of its runs: any number may go on at once.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __repr__(self) -> str:
        return f"Chain({self.plan.name!r})"

    async def arun(self, value: A, /) -> B:
        """Run it. A step that fails is `StepFailed`, which names it and holds what the steps before it gave."""
        result: B = await conducted(self.plan, value, Run())
        return result

    __call__ = arun
    run = sync(arun)

    def stream(self, value: A, /) -> ChainStream[B]:
        """Run it, and see each step begin, speak and end; for `async for` and `for` alike."""
        return ChainStream(self.plan, value)

    async def abatch(
        self, values: Iterable[A], *, concurrency: int = CONCURRENCY, on_progress: Progress | None = None
    ) -> list[B | AiappError]:
        """Run it on many values, `concurrency` at a time; the results in their order, failures in their places."""
        return await batched(self.arun, values, concurrency, on_progress)

    def batch(
        self, values: Iterable[A], *, concurrency: int = CONCURRENCY, on_progress: Progress | None = None
    ) -> list[B | AiappError]:
        """The blocking twin of `abatch`."""
        return run(self.abatch(values, concurrency=concurrency, on_progress=on_progress))

    async def aexplain(self, value: A, /) -> ChainExplanation:
        """Every request that it would send for a value, without sending any; functions do run, taps do not.

        What a model would answer is not known: a stand-in text takes its place. Where a later step cannot work with
        that, the explanation says so and ends there.
        """
        return await explained(self.plan, value)

    explain = sync(aexplain)

    def draw(self) -> Drawing:
        """The chain as a Mermaid diagram, and as a picture in SVG."""
        return Drawing(self.plan)

    def named(self, name: str) -> Chain[A, B]:
        """The same chain as one step with a name of its own."""
        steps = self.plan.steps if isinstance(self.plan, Sequence) else labelled([self.plan])
        return Chain(Sequence(checked(name), steps))

    def __or__(self, other: Step[B, C]) -> Chain[A, C]:
        """This chain, then one more step. A chain with a name of its own stays one step."""
        return _joined(self.plan, plan_of(other))

    def __ror__(self, other: Step[C, A]) -> Chain[C, B]:
        """A step, then this chain: of two that a `|` stands between, one must be a chain."""
        return _joined(plan_of(other), self.plan)


def plan_of(step: Any, name: str | None = None) -> Plan:
    """Any step as a plan."""
    match step:
        case Chain():
            return step.plan if name is None else step.named(name).plan
        case Client():
            return Ask(checked(name, step.model), step)
        case Prompt():
            return Render(checked(name, step.name), step)
        case _ if callable(step):
            return Call(checked(name, name_of(step)), step)
        case _:
            raise InvalidInput("step", step, "a function, a Prompt, a Client, a chain: anything that takes one value")


def _joined(*plans: Plan) -> Chain[Any, Any]:
    return Chain(Sequence(UNNAMED, labelled(step for plan in plans for step in _steps(plan))))


def _steps(plan: Plan) -> list[Plan]:
    return [step for _, step in plan.steps] if isinstance(plan, Sequence) and plan.name == UNNAMED else [plan]


def name_of(function: Any) -> str:
    """What a function is called, where it is called anything."""
    if isinstance(function, partial):
        return name_of(function.func)
    name: str = getattr(function, "__name__", type(function).__name__)
    return "function" if name == "<lambda>" else name


def checked(name: str | None, otherwise: str = UNNAMED) -> str:
    """A name that can stand in a path."""
    chosen = otherwise if name is None else name
    if not chosen or ">" in chosen:
        raise InvalidInput("name", chosen, "a name without `>`, which parts the steps of a path")
    return chosen
