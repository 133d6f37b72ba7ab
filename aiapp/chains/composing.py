"""`chain`: steps one after the other, typed from end to end: up to ten in one call, any number with `|`.

What comes out of more than ten, or of steps that do not fit, is `Any` here; `|` names the step that does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from aiapp.chains.chain import UNNAMED, Chain, Step, checked, plan_of
from aiapp.chains.plans import Sequence, labelled
from aiapp.core.errors import InvalidInput

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")
J = TypeVar("J")
K = TypeVar("K")
L = TypeVar("L")


@overload
def chain(a: Step[A, B], /, *, name: str = ...) -> Chain[A, B]: ...
@overload
def chain(a: Step[A, B], b: Step[B, C], /, *, name: str = ...) -> Chain[A, C]: ...
@overload
def chain(a: Step[A, B], b: Step[B, C], c: Step[C, D], /, *, name: str = ...) -> Chain[A, D]: ...
@overload
def chain(a: Step[A, B], b: Step[B, C], c: Step[C, D], d: Step[D, E], /, *, name: str = ...) -> Chain[A, E]: ...
@overload
def chain(
    a: Step[A, B], b: Step[B, C], c: Step[C, D], d: Step[D, E], e: Step[E, F], /, *, name: str = ...
) -> Chain[A, F]: ...
@overload
def chain(
    a: Step[A, B], b: Step[B, C], c: Step[C, D], d: Step[D, E], e: Step[E, F], f: Step[F, G], /, *, name: str = ...
) -> Chain[A, G]: ...
@overload
def chain(
    a: Step[A, B],
    b: Step[B, C],
    c: Step[C, D],
    d: Step[D, E],
    e: Step[E, F],
    f: Step[F, G],
    g: Step[G, H],
    /,
    *,
    name: str = ...,
) -> Chain[A, H]: ...
@overload
def chain(
    a: Step[A, B],
    b: Step[B, C],
    c: Step[C, D],
    d: Step[D, E],
    e: Step[E, F],
    f: Step[F, G],
    g: Step[G, H],
    h: Step[H, J],
    /,
    *,
    name: str = ...,
) -> Chain[A, J]: ...
@overload
def chain(
    a: Step[A, B],
    b: Step[B, C],
    c: Step[C, D],
    d: Step[D, E],
    e: Step[E, F],
    f: Step[F, G],
    g: Step[G, H],
    h: Step[H, J],
    j: Step[J, K],
    /,
    *,
    name: str = ...,
) -> Chain[A, K]: ...
@overload
def chain(
    a: Step[A, B],
    b: Step[B, C],
    c: Step[C, D],
    d: Step[D, E],
    e: Step[E, F],
    f: Step[F, G],
    g: Step[G, H],
    h: Step[H, J],
    j: Step[J, K],
    k: Step[K, L],
    /,
    *,
    name: str = ...,
) -> Chain[A, L]: ...
@overload
def chain(first: Callable[[A], Any], /, *steps: Callable[[Any], Any], name: str = ...) -> Chain[A, Any]: ...
def chain(*steps: Callable[[Any], Any], name: str = UNNAMED) -> Chain[Any, Any]:
    """Steps one after the other: each takes what the one before gave.

    A step is a function of one value, async or not, a `Prompt` (variables in, request out), a `Client` (request in,
    response out; `ask(client)` gives its text or a typed value), or another chain.
    A function runs on the event loop: one that blocks belongs in `in_thread`, one that asks a model should be a chain
    itself, for `explain` runs functions.
    """
    if not steps:
        raise InvalidInput("steps", steps, "at least one step")
    return Chain(Sequence(checked(name), labelled(map(plan_of, steps))))
