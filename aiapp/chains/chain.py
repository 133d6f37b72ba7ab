"""A chain: steps as one step, to run, stream, batch, explain and draw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar, overload

from aiapp.chains.drawing import Drawing
from aiapp.chains.explanation import ChainExplanation, explained
from aiapp.chains.plans import Ask, Call, Plan, Render, Sequence, labelled
from aiapp.chains.running import Run, perform
from aiapp.chains.stream import ChainStream
from aiapp.client.batch import CONCURRENCY, Progress, batched
from aiapp.client.client import Client
from aiapp.core.errors import AiappError, InvalidInput, StepFailed
from aiapp.prompts.prompt import Prompt
from aiapp.sync import run, sync

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


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
        try:
            result: B = await perform(self.plan, value, Run(), ())
        except StepFailed:
            raise
        except Exception as error:
            raise StepFailed(self.plan.name, error, value, {}) from error
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
        return Chain(Sequence(_checked(name), labelled([self.plan])))

    @overload
    def __or__(self, other: Callable[[B], Awaitable[C]]) -> Chain[A, C]: ...
    @overload
    def __or__(self, other: Callable[[B], C]) -> Chain[A, C]: ...
    def __or__(self, other: Any) -> Chain[Any, Any]:
        """This chain, then one more step."""
        steps = [step for _, step in self.plan.steps] if isinstance(self.plan, Sequence) else [self.plan]
        name = self.plan.name if isinstance(self.plan, Sequence) else "chain"
        return Chain(Sequence(name, labelled([*steps, plan_of(other)])))

    def __ror__(self, other: Callable[[C], Any]) -> Chain[C, B]:
        """A step, then this chain."""
        return Chain(Sequence("chain", labelled([plan_of(other), self.plan])))


def plan_of(step: Any, name: str | None = None) -> Plan:
    """Any step as a plan."""
    match step:
        case Chain():
            return step.plan if name is None else step.named(name).plan
        case Client():
            return Ask(name or step.model, step)
        case Prompt():
            return Render(name or step.name, step)
        case _ if callable(step):
            return Call(name or _name(step), step)
        case _:
            raise InvalidInput("step", step, "a function, a Prompt, a Client, a chain: anything that takes one value")


def _name(function: Any) -> str:
    name: str = getattr(function, "__name__", type(function).__name__)
    return "function" if name == "<lambda>" else name


def _checked(name: str) -> str:
    if not name or ">" in name:
        raise InvalidInput("name", name, "a name without `>`, which parts the steps of a path")
    return name
