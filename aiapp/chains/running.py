"""Running a plan: one match, one way to do each kind of step, whether anybody listens or not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias, assert_never

from aiapp.chains import plans
from aiapp.client.batch import at_once
from aiapp.client.client import Client
from aiapp.client.structured import REASKS, structured
from aiapp.core.errors import InvalidInput, StepFailed
from aiapp.core.events import Event
from aiapp.core.request import Asked, Request
from aiapp.core.response import Response
from aiapp.tracking.scope import here, span

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A step began; `step` is its path, from the outside in."""

    step: str


@dataclass(frozen=True, slots=True)
class StepSaid:
    """A model said something: one of the client's events."""

    step: str
    event: Event


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step gave its value. `reason` says why a loop stopped: `until` or `at_most`."""

    step: str
    value: Any
    reason: str | None = None


Happened: TypeAlias = StepBegan | StepSaid | StepEnded
Listen: TypeAlias = Callable[[Happened], Awaitable[None]]
_END = object()
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """One run of a chain: what its steps gave so far, by path, who listens, and whether each step is a span."""

    results: dict[str, Any] = field(default_factory=dict[str, Any])
    listen: Listen | None = None
    reasons: dict[str, str] = field(default_factory=dict[str, str])
    tracked: bool = False
    debugs: bool = False
    """Whether asyncio is in its debug mode."""


def shown(path: Path) -> str:
    """A path as people read it."""
    return " > ".join(path)


def root(plan: plans.Plan) -> Path:
    """Where the paths of a chain begin: a sequence is not in the paths of its steps, any other plan is one step."""
    return () if isinstance(plan, plans.Sequence) else (plan.name,)


async def conducted(plan: plans.Plan, value: Any, run: Run) -> Any:
    """A whole plan from its root. Whatever fails in it fails as a step."""
    run.tracked, run.debugs = here() is not None, asyncio.get_running_loop().get_debug()
    if path := root(plan):
        return await _step(plan, value, run, path)
    with span(plan.name, kind="chain") if run.tracked else nullcontext():
        return await perform(plan, value, run, path)


async def perform(plan: plans.Plan, value: Any, run: Run, path: Path) -> Any:
    """What a plan gives for a value."""
    match plan:
        case plans.Call(_, function, threaded):
            if threaded or run.debugs:
                return await call(plan, value, path)
            return await settled(function(value))
        case plans.Render(_, prompt):
            return prompt(value)
        case plans.Ask():
            return await _ask(plan, value, run, path)
        case plans.Sequence(_, steps):
            for label, step in steps:
                value = await _step(step, value, run, (*path, label))
            return value
        case plans.Parallel(_, branches):
            given = await at_once(
                lambda branch: _step(branch[1], value, run, (*path, branch[0])), branches, max(1, len(branches))
            )
            return gathered(plan, value, given)
        case plans.Route():
            return await _route(plan, value, run, path)
        case plans.Each(_, step, concurrency):
            items = enumerate(_several(value), 1)
            return await at_once(lambda item: _turn(step, item[1], run, path, item[0]), items, concurrency)
        case plans.Loop():
            return await _loop(plan, value, run, path)
        case plans.Retry():
            return await _retry(plan, value, run, path)
        case plans.Fallback():
            return await _fallback(plan, value, run, path)
        case plans.Tap(_, step):
            await perform(step, value, run, path)
            return value
        case plans.Cached():
            return await _cached(plan, value, run, path)
        case _:
            assert_never(plan)


def gathered(plan: plans.Parallel, value: Any, given: list[Any]) -> Any:
    """What the branches gave, as one value."""
    if not plan.keyed:
        return tuple(given)
    named = dict(zip((label for label, _ in plan.branches), given, strict=True))
    return {**_mapping(value), **named} if plan.extends else named


async def settled(given: Any) -> Any:
    """A value, or what a coroutine or other awaitable comes to, and what that comes to where it is one again."""
    while hasattr(given, "__await__"):
        given = await given
    return given


async def call(plan: plans.Call, value: Any, path: Path) -> Any:
    """What a function gives. Where asyncio debugs, one that holds the event loop is told of by the name of its step."""
    if plan.threaded:
        return await asyncio.to_thread(plan.function, value)
    began = time.perf_counter()
    given = plan.function(value)
    took, loop = time.perf_counter() - began, asyncio.get_running_loop()
    if loop.get_debug() and took > loop.slow_callback_duration:
        _LOG.warning("step %s held the event loop for %.2f s: `in_thread` would give it a thread", shown(path), took)
    return await settled(given)


async def _turn(plan: plans.Plan, value: Any, run: Run, path: Path, turn: int) -> Any:
    """One of several goes at a step. Its path has the number, its span has not: reports add the goes up."""
    return await _step(plan, value, run, (*path, f"{plan.name} {turn}"), plan.name)


async def _step(plan: plans.Plan, value: Any, run: Run, path: Path, called: str = "") -> Any:
    name = shown(path)
    try:
        if run.listen is None and not run.tracked:
            result = await perform(plan, value, run, path)
        else:
            result = await _watched(plan, value, run, path, called or path[-1])
    except StepFailed as failed:
        if failed.results is run.results:
            raise
        raise _nested(failed, name, run) from failed.cause
    except Exception as error:
        raise StepFailed(name, error, value, run.results) from error
    run.results[name] = result
    return result


async def _watched(plan: plans.Plan, value: Any, run: Run, path: Path, called: str) -> Any:
    """A step that is tracked, or that somebody listens to."""
    name = shown(path)
    with span(called) if run.tracked else nullcontext():
        if run.listen is None:
            return await perform(plan, value, run, path)
        await run.listen(StepBegan(name))
        result = await perform(plan, value, run, path)
        await run.listen(StepEnded(name, result, run.reasons.pop(name, None)))
        return result


def _nested(failed: StepFailed, name: str, run: Run) -> StepFailed:
    """The failure of another chain that a function of this one ran."""
    run.results.update({f"{name} > {step}": result for step, result in failed.results.items()})
    return StepFailed(f"{name} > {failed.step}", failed.cause, failed.value, run.results)


async def _ask(plan: plans.Ask, value: Asked, run: Run, path: Path) -> Any:
    client, schema = plan.client, plan.schema
    if run.listen is None:
        response: Response[Any] = await (
            client.acomplete(value) if schema is None else client.acomplete(value, output=schema)
        )
    elif schema is None:
        response = await _heard(client, value, run.listen, shown(path))
    else:
        request = replace(Request.of(value), format=schema.format())
        heard = partial(_heard, client, listen=run.listen, name=shown(path))
        response = await structured(heard, request, schema, REASKS)
    return response if plan.whole else answer(plan, response)


async def _heard(client: Client, asked: Asked, listen: Listen, name: str) -> Response:
    """A model's answer, while somebody listens to it."""
    stream = client.stream(asked)
    try:
        async for event in stream:
            await listen(StepSaid(name, event))
    finally:
        await stream.aclose()
    return stream.response


def answer(plan: plans.Ask, response: Response[Any]) -> Any:
    """What a step that does not want the whole response takes of it."""
    return response.text if plan.schema is None else response.output


async def _route(plan: plans.Route, value: Any, run: Run, path: Path) -> Any:
    key = await _step(plan.by, value, run, (*path, "by"))
    option = plan.options.get(key, plan.otherwise)
    if option is None:
        raise InvalidInput(f"route {plan.name}", key, ", ".join(map(repr, plan.options)))
    return await _step(option, value, run, (*path, plans.way(plan, key)))


async def _loop(plan: plans.Loop, value: Any, run: Run, path: Path) -> Any:
    reason = "at_most"
    for turn in range(1, plan.at_most + 1):
        value = await _turn(plan.step, value, run, path, turn)
        if await settled(plan.until(value)):
            reason = "until"
            break
    run.reasons[shown(path)] = reason
    return value


async def _retry(plan: plans.Retry, value: Any, run: Run, path: Path) -> Any:
    for turn in range(1, plan.times + 1):
        try:
            return await _turn(plan.step, value, run, path, turn)
        except StepFailed as failed:
            if not isinstance(failed.cause, plan.on) or turn == plan.times:
                raise
        if plan.wait:
            await asyncio.sleep(plan.wait * 2 ** (turn - 1))
    raise AssertionError("a retry tries at least once")


async def _fallback(plan: plans.Fallback, value: Any, run: Run, path: Path) -> Any:
    *others, (last, final) = plan.steps
    for label, step in others:
        try:
            return await _step(step, value, run, (*path, label))
        except StepFailed as failed:
            if not isinstance(failed.cause, plan.on):
                raise
    return await _step(final, value, run, (*path, last))


async def _cached(plan: plans.Cached, value: Any, run: Run, path: Path) -> Any:
    key = plan.key(value)
    result = plan.kept.pop(key, _END)
    if result is _END:
        result = await _step(plan.step, value, run, (*path, plan.step.name))
    plan.kept[key] = result
    while len(plan.kept) > plan.size:
        plan.kept.pop(next(iter(plan.kept)), None)
    return result


def _mapping(value: Any) -> Mapping[Any, Any]:
    given: object = value
    if not isinstance(given, Mapping):
        raise InvalidInput("value to extend", value, "a dict, or another mapping")
    mapping: Mapping[Any, Any] = value
    return mapping


def _several(value: Any) -> Iterable[Any]:
    given: object = value
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InvalidInput("items", value, "a list, or another iterable of items")
    items: Iterable[Any] = value
    return items
