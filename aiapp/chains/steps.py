"""The ways to put steps together, beside one after the other."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar, overload

from aiapp.chains.chain import Chain, Step, checked, name_of, plan_of
from aiapp.chains.plans import Ask, Cached, Call, Each, Fallback, Labelled, Loop, Parallel, Retry, Route, Tap, labelled
from aiapp.client.batch import CONCURRENCY
from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput
from aiapp.core.request import Asked
from aiapp.core.schema import Schema

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")


@overload
def ask(client: Client, *, name: str | None = None) -> Chain[Asked, str]: ...
@overload
def ask(client: Client, *, output: type[B] | Schema[B], name: str | None = None) -> Chain[Asked, B]: ...
def ask(client: Any, *, output: type[Any] | Schema[Any] | None = None, name: str | None = None) -> Chain[Any, Any]:
    """Ask a model and take its text alone, or the value of a type. A `Client` as a step gives the whole response."""
    if not isinstance(client, Client):
        raise InvalidInput("client", client, "a Client, such as Client() or Client('openai:NAME')")
    schema = None if output is None else Schema.of(output)
    return Chain(Ask(checked(name, client.model), client, schema, whole=False))


def step(work: Step[A, B], *, name: str | None = None) -> Chain[A, B]:
    """One step alone, with a name for its path, its span and the picture."""
    return Chain(plan_of(work, name))


def in_thread(work: Callable[[A], B], *, name: str | None = None) -> Chain[A, B]:
    """A function that blocks, in a thread: other steps, and all else on the event loop, go on meanwhile.

    A thread cannot be stopped: where the chain is, the function ends by itself. With `PYTHONASYNCIODEBUG=1` the log
    names each step that should be in a thread and is not.
    """
    return Chain(Call(checked(name, name_of(work)), work, threaded=True))


@overload
def parallel(a: Step[A, B], b: Step[A, C], /) -> Chain[A, tuple[B, C]]: ...
@overload
def parallel(a: Step[A, B], b: Step[A, C], c: Step[A, D], /) -> Chain[A, tuple[B, C, D]]: ...
@overload
def parallel(a: Step[A, B], b: Step[A, C], c: Step[A, D], d: Step[A, E], /) -> Chain[A, tuple[B, C, D, E]]: ...
@overload
def parallel(
    a: Step[A, B], b: Step[A, C], c: Step[A, D], d: Step[A, E], e: Step[A, F], /
) -> Chain[A, tuple[B, C, D, E, F]]: ...
@overload
def parallel(*steps: Step[A, B]) -> Chain[A, tuple[B, ...]]: ...
@overload
def parallel(**steps: Step[A, B]) -> Chain[A, dict[str, B]]: ...
def parallel(*steps: Any, **named: Any) -> Chain[Any, Any]:
    """The same value through several steps at once: a tuple of what they give, or a dict where they have names.

    The first that fails stops the others.
    """
    if bool(steps) == bool(named):
        raise InvalidInput("steps", [*steps, *named], "steps by position, or steps by name, at least one")
    branches = labelled(map(plan_of, steps)) if steps else _branches(named)
    return Chain(Parallel("parallel", branches, keyed=bool(named)))


def extend(**steps: Callable[[dict[str, Any]], Any]) -> Chain[Mapping[str, Any], dict[str, Any]]:
    """A mapping with what each step gives for it beside what was in it: for prompts that need what came before."""
    if not steps:
        raise InvalidInput("steps", [], "at least one step by its name")
    return Chain(Parallel("extend", _branches(steps), keyed=True, extends=True))


@overload
def route(
    by: Step[A, Hashable], options: Mapping[Any, Step[A, B]], /, *, otherwise: Step[A, B] | None = ...
) -> Chain[A, B]: ...
@overload
def route(by: Step[A, Hashable], /, *, otherwise: Step[A, B] | None = ..., **named: Step[A, B]) -> Chain[A, B]: ...
@overload
def route(
    by: Step[A, Hashable], options: Mapping[Any, Callable[[A], Any]], /, *, otherwise: Callable[[A], Any] | None = ...
) -> Chain[A, Any]: ...
def route(
    by: Any, options: Mapping[Any, Any] | None = None, /, *, otherwise: Any = None, **named: Any
) -> Chain[Any, Any]:
    """The value through the option whose key `by` gives for it; `otherwise` is for any other key.

    Options may be given by name where their keys are words. mypy sees the type of each then; a dict whose steps are of
    several kinds (async or not, chain or function) it takes for one of `object`, unless it is told what the dict
    holds: `options: dict[int, Step[str, str]] = {...}`.
    """
    if bool(options) == bool(named):
        raise InvalidInput("options", [*(options or ()), *named], "steps by key in a dict, or by name, at least one")
    plans = {key: plan_of(one) for key, one in (options or named).items()}
    decided = plan_of(by)
    return Chain(Route(f"by {decided.name}", decided, plans, None if otherwise is None else plan_of(otherwise)))


def each(step: Step[A, B], concurrency: int = CONCURRENCY) -> Chain[Iterable[A], list[B]]:
    """Every item through a step, `concurrency` at a time; a list in their order. The first failure stops the rest."""
    return Chain(Each("each", plan_of(step), _whole("concurrency", concurrency)))


@overload
def loop(step: Callable[[A], Awaitable[A]], until: Callable[[A], Any], *, at_most: int) -> Chain[A, A]: ...
@overload
def loop(step: Callable[[A], A], until: Callable[[A], Any], *, at_most: int) -> Chain[A, A]: ...
def loop(step: Any, until: Callable[[Any], Any], *, at_most: int) -> Chain[Any, Any]:
    """A step on its own result until that is good, at most so often; then the last result, good or not.

    A stream tells which of the two ended it.
    """
    return Chain(Loop(f"until {plan_of(until).name}", plan_of(step), until, _whole("at_most", at_most)))


def retry(
    step: Step[A, B],
    times: int = 3,
    *,
    on: type[Exception] | tuple[type[Exception], ...] = Exception,
    wait: float = 0.0,
) -> Chain[A, B]:
    """A step that is tried up to `times` times where it fails with one of the errors `on`.

    A `Client` has its own retries, for what a provider may answer the next time; this is for whole steps. `wait` is
    the pause in seconds before the second try; it doubles from try to try.
    """
    if not 0 <= wait < float("inf"):
        raise InvalidInput("wait", wait, "a number of seconds, at least 0")
    return Chain(Retry("retry", plan_of(step), _whole("times", times), _errors(on), wait))


def fallback(
    first: Step[A, B], *others: Step[A, B], on: type[Exception] | tuple[type[Exception], ...] = Exception
) -> Chain[A, B]:
    """The first step that does not fail; another error than those `on` is not caught."""
    if not others:
        raise InvalidInput("others", others, "at least one step to fall back on")
    return Chain(Fallback("fallback", labelled(map(plan_of, (first, *others))), _errors(on)))


def tap(look: Callable[[A], Any]) -> Chain[A, A]:
    """Show the value to a function, and pass it on as it is."""
    return Chain(Tap("tap", plan_of(look)))


def cache(step: Step[A, B], *, key: Callable[[A], Hashable] | None = None, size: int = 1024) -> Chain[A, B]:
    """A step whose results are kept in memory, by `key` of the value: itself, or its JSON where it is a dict or list.

    For whole answers of models see the `cache` of `Client`, which survives the process.
    """
    return Chain(Cached("cache", plan_of(step), key or _key, _whole("size", size), {}))


def _branches(steps: Mapping[str, Any]) -> tuple[Labelled, ...]:
    return tuple((checked(name), plan_of(step)) for name, step in steps.items())


def _key(value: Any) -> Hashable:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if not isinstance(value, Hashable):
        raise InvalidInput("value to cache by", value, "a value that can be hashed, or a `key` that makes one of it")
    return value


def _whole(name: str, number: int) -> int:
    if type(number) is not int or number < 1:
        raise InvalidInput(name, number, "a whole number of at least 1")
    return number


def _errors(on: type[Exception] | tuple[type[Exception], ...]) -> tuple[type[Exception], ...]:
    return on if isinstance(on, tuple) else (on,)
