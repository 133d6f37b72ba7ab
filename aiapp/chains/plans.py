"""What a chain is: a closed union of frozen values, each a step or something made of steps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiapp.client.client import Client
from aiapp.core.schema import Schema
from aiapp.prompts.prompt import Prompt

Function: TypeAlias = Callable[[Any], Any]
"""A function of one value; what it gives is awaited where it can be."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function; one that is `threaded` blocks, and so has a thread of its own."""

    name: str
    function: Function
    threaded: bool = False

    @property
    def title(self) -> str:
        """What a drawing calls it."""
        return f"{self.name}, in a thread" if self.threaded else self.name


@dataclass(frozen=True, slots=True)
class Render:
    """A prompt: variables in, a request out."""

    name: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Ask:
    """A model: a request in; the response out, or only its text or (with a schema) its value."""

    name: str
    client: Client
    schema: Schema[Any] | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Sequence:
    """One step after the other, each taking what the one before gave."""

    name: str
    steps: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """The same value to every branch at once: a tuple of what they give, or where they are `keyed`, a dict.

    One that `extends` takes a mapping, and what its branches give is added to that.
    """

    name: str
    branches: tuple[Labelled, ...]
    keyed: bool
    extends: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """The value to one of several steps: the one whose key `by` gives for it, else `otherwise`."""

    name: str
    by: Plan
    options: Mapping[Any, Plan]
    otherwise: Plan | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """Every item of an iterable through a step, some at a time; a list in their order."""

    name: str
    step: Plan
    concurrency: int


@dataclass(frozen=True, slots=True)
class Loop:
    """A step on its own result, until that is good, at most so often."""

    name: str
    step: Plan
    until: Function
    at_most: int


@dataclass(frozen=True, slots=True)
class Retry:
    """A step again where it failed with one of these errors, `wait` seconds later, then twice that, and so on."""

    name: str
    step: Plan
    times: int
    on: tuple[type[Exception], ...]
    wait: float


@dataclass(frozen=True, slots=True)
class Fallback:
    """The next step where one failed with one of these errors."""

    name: str
    steps: tuple[Labelled, ...]
    on: tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class Tap:
    """A look at the value, which goes on as it is."""

    name: str
    step: Plan


@dataclass(frozen=True, slots=True)
class Cached:
    """A step whose results are kept by the key of their value; `size` at most, the least recently used go first."""

    name: str
    step: Plan
    key: Callable[[Any], Hashable]
    size: int
    kept: MutableMapping[Hashable, Any]


Plan: TypeAlias = Call | Render | Ask | Sequence | Parallel | Route | Each | Loop | Retry | Fallback | Tap | Cached
Labelled: TypeAlias = tuple[str, Plan]
"""A step by the name that it has among its neighbours."""


def inner(plan: Plan) -> tuple[Labelled, ...]:
    """The steps that a plan is made of."""
    match plan:
        case Call() | Render() | Ask():
            return ()
        case Sequence() | Fallback():
            return plan.steps
        case Parallel():
            return plan.branches
        case Route():
            options = [(_label(key), option) for key, option in plan.options.items()]
            rest = [] if plan.otherwise is None else [("otherwise", plan.otherwise)]
            return (("by", plan.by), *options, *rest)
        case Each() | Loop() | Retry() | Tap() | Cached():
            return ((plan.step.name, plan.step),)


def way(route: Route, key: Any) -> str:
    """The label of the option that a key takes."""
    return _label(key) if key in route.options else "otherwise"


def _label(key: Any) -> str:
    return str(key) or repr(key)


def labelled(steps: Iterable[Plan]) -> tuple[Labelled, ...]:
    """Each step by its name; one whose name was there before carries a number."""
    seen: dict[str, int] = {}
    labels: list[Labelled] = []
    for step in steps:
        seen[step.name] = seen.get(step.name, 0) + 1
        labels.append((step.name if seen[step.name] == 1 else f"{step.name} {seen[step.name]}", step))
    return tuple(labels)


def fork(plan: Parallel) -> str:
    """What the point says where branches part."""
    return "add to it" if plan.extends else "all at once"


def caption(plan: Each | Loop | Retry | Cached | Tap) -> str:
    """What the frame around a step says."""
    match plan:
        case Each():
            return f"each, {plan.concurrency} at a time"
        case Loop():
            return f"{plan.name}, at most {plan.at_most} times"
        case Retry():
            return f"up to {plan.times} tries"
        case Cached():
            return "cached"
        case Tap():
            return "look"
