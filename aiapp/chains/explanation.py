"""What a chain would send: its functions are run on a value, its models are not asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from textwrap import indent
from typing import Any, assert_never

from aiapp.chains import plans
from aiapp.chains.running import Path, call, gathered, root, settled, shown
from aiapp.client.explanation import Explanation
from aiapp.core.errors import StepFailed
from aiapp.core.events import Finish
from aiapp.core.parts import Text
from aiapp.core.request import Request
from aiapp.core.response import Response


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """A model that would be asked: for what, and the receipt of that call before it is made."""

    step: str
    request: Request
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class ChainExplanation:
    """Every request that a chain would send, in order, as far as that can be told; `unknown` says where it cannot.

    An answer that nobody has given yet stands in later requests as `[answer of STEP]`.
    """

    requests: tuple[ExplainedStep, ...]
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for number, one in enumerate(self.requests, 1):
            texts = (indent(f"{message.role}: {message.text}", "  ") for message in one.request.messages)
            yield "\n".join([f"{number}. {one.step} asks {one.explanation.model}, {_price(one.explanation)}", *texts])
        for reason in self.unknown:
            yield f"not known before it runs: {reason}"


def _price(explanation: Explanation) -> str:
    counted, most = explanation.counted, explanation.most.total
    tokens = "" if counted is None else f"{'' if counted.exact else 'about '}{counted.tokens:,} tokens, "
    return tokens + ("at a cost that is not known" if most is None else f"for ${most:f} at most")


class _Unknown(Exception):
    """What follows depends on an answer in a way that a stand-in cannot stand for."""


@dataclass(slots=True)
class _Walk:
    requests: list[ExplainedStep] = field(default_factory=list[ExplainedStep])
    unknown: list[str] = field(default_factory=list[str])
    asked: bool = False
    """Whether a stand-in is on its way: from then on a function may fail for want of the real answer."""


async def explained(plan: plans.Plan, value: Any) -> ChainExplanation:
    """What a plan would send for a value."""
    walk = _Walk()
    try:
        await _visit(plan, value, walk, root(plan))
    except _Unknown as unknown:
        walk.unknown.append(str(unknown))
    return ChainExplanation(tuple(walk.requests), tuple(walk.unknown))


async def _visit(plan: plans.Plan, value: Any, walk: _Walk, path: Path) -> Any:
    match plan:
        case plans.Call():
            return await _called(partial(call, plan, path=path), value, walk, path)
        case plans.Render(_, prompt):
            return await _called(prompt, value, walk, path)
        case plans.Ask():
            return _asked(plan, value, walk, path)
        case plans.Sequence(_, steps):
            for label, step in steps:
                value = await _visit(step, value, walk, (*path, label))
            return value
        case plans.Parallel(_, branches):
            given = await _visited(branches, value, walk, path)
            return gathered(plan, value, list(given.values()))
        case plans.Route():
            return await _routed(plan, value, walk, path)
        case plans.Each(_, step, _):
            if isinstance(value, str) and walk.asked:
                raise _Unknown(f"how many items {shown(path)} has, which an answer decides")
            return [await _visit(step, item, walk, (*path, f"{step.name} {n}")) for n, item in enumerate(value, 1)]
        case plans.Loop(_, step, _, at_most):
            walk.unknown.append(f"how many rounds {shown(path)} takes, at most {at_most}")
            return await _visit(step, value, walk, (*path, f"{step.name} 1"))
        case plans.Retry(_, step, _, _) | plans.Cached(_, step, _, _, _):
            return await _visit(step, value, walk, (*path, step.name))
        case plans.Fallback(_, steps, _):
            others = ", ".join(name for name, _ in steps[1:])
            walk.unknown.append(f"whether {steps[0][0]} fails, so that it is the turn of {others}")
            return await _visit(steps[0][1], value, walk, (*path, steps[0][0]))
        case plans.Tap():
            return value
        case _:
            assert_never(plan)


async def _called(function: Any, value: Any, walk: _Walk, path: Path) -> Any:
    try:
        return await settled(function(value))
    except Exception as error:
        if walk.asked:
            raise _Unknown(f"what {shown(path)} makes of an answer ({type(error).__name__}: {error})") from error
        raise StepFailed(shown(path), error, value, {}) from error


def _asked(plan: plans.Ask, value: Any, walk: _Walk, path: Path) -> Any:
    name = shown(path)
    explanation = plan.client.explain(value, output=plan.schema)
    walk.requests.append(ExplainedStep(name, Request.of(value), explanation))
    walk.asked = True
    if plan.schema is not None:
        raise _Unknown(f"the value that {name} gives, and so what follows it")
    text = f"[answer of {name}]"
    if not plan.whole:
        return text
    return Response(
        model=plan.client.model,
        parts=(Text(text),),
        finish=Finish("stop", "stop"),
        usage=explanation.usage,
        receipt=explanation,
        output=None,
    )


async def _visited(branches: tuple[plans.Labelled, ...], value: Any, walk: _Walk, path: Path) -> dict[str, Any]:
    """What each branch gives; one that cannot be told does not hide the others."""
    given: dict[str, Any] = {}
    unknown: list[str] = []
    for label, step in branches:
        try:
            given[label] = await _visit(step, value, walk, (*path, label))
        except _Unknown as reason:
            unknown.append(str(reason))
    if unknown:
        raise _Unknown("; ".join(unknown))
    return given


async def _routed(plan: plans.Route, value: Any, walk: _Walk, path: Path) -> Any:
    before = len(walk.requests)
    try:
        key = await _visit(plan.by, value, walk, (*path, "by"))
    except _Unknown:
        key = None
    if len(walk.requests) == before:
        option = plan.options.get(key, plan.otherwise)
        return None if option is None else await _visit(option, value, walk, (*path, plans.way(plan, key)))
    walk.unknown.append(f"which of {', '.join(map(str, plan.options))} {shown(path)} takes")
    given = await _visited(plans.inner(plan)[1:], value, walk, path)
    return next(iter(given.values()), None)
