"""Chains are typed from end to end: this file is checked by mypy and pyright, and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_type

from aiapp import Client, Prompt, Response
from aiapp.chains import (
    Chain,
    Step,
    ask,
    cache,
    chain,
    each,
    extend,
    fallback,
    in_thread,
    loop,
    parallel,
    retry,
    route,
    step,
    tap,
)
from aiapp.core.request import Asked, Request


@dataclass(frozen=True)
class Verdict:
    fits: bool


def length(text: str) -> int:
    return len(text)


async def doubled(number: int) -> int:
    return number * 2


async def shown(number: int) -> str:
    return str(number)


def halves(number: int) -> list[float]:
    return [number / 2, number / 2]


Variables: TypeAlias = Mapping[str, object] | str | Sequence[object]
CLIENT, PROMPT = Client("local"), Prompt("Say {{word}}")


async def louder(text: str) -> str:
    return text.upper()


def test_functions() -> None:
    assert_type(chain(length), Chain[str, int])
    assert_type(chain(doubled), Chain[int, int])
    assert_type(chain(length, doubled), Chain[str, int])
    assert_type(chain(length, doubled, shown), Chain[str, str])
    assert_type(chain(doubled, shown, length, halves), Chain[int, list[float]])
    assert_type(chain(length) | doubled | shown | length | halves, Chain[str, list[float]])
    assert_type(chain(chain(length, doubled), chain(shown)), Chain[str, str])
    assert chain(length, doubled, shown).run("four") == "8"
    assert (chain(length) | doubled | shown | length | halves).run("fifty") == [1.0, 1.0]


def test_long_chains() -> None:
    assert_type(chain(length, doubled, shown, length, doubled), Chain[str, int])
    assert_type(chain(length, doubled, shown, length, doubled, shown), Chain[str, str])
    assert_type(chain(length, doubled, shown, length, doubled, shown, length), Chain[str, int])
    assert_type(chain(length, doubled, shown, length, doubled, shown, length, doubled), Chain[str, int])
    assert_type(chain(length, doubled, shown, length, doubled, shown, length, doubled, shown), Chain[str, str])
    ten = chain(length, doubled, shown, length, doubled, shown, length, doubled, shown, chain(length, halves))
    assert_type(ten, Chain[str, list[float]])
    assert ten.run("four") == [0.5, 0.5]
    eleven = chain(doubled, shown, length, doubled, doubled, doubled, doubled, doubled, doubled, doubled, shown)
    assert_type(eleven, Chain[int, Any])
    listed = [chain(doubled), chain(doubled)]
    assert_type(chain(*listed), Chain[int, Any])


def test_steps_that_do_not_fit_are_told_by_the_type_checkers() -> None:
    joined = chain(length) | louder  # type: ignore[operator]  # pyright: ignore
    assert isinstance(joined, Chain)
    for wrong in (
        lambda: fallback(length, doubled).run("four"),  # type: ignore[arg-type]  # pyright: ignore
        lambda: route(length, {1: doubled}).run("four"),  # type: ignore[arg-type]  # pyright: ignore
        lambda: route(length, one=doubled).run("four"),  # type: ignore[arg-type]  # pyright: ignore
    ):
        assert callable(wrong)
    assert_type(chain(length, louder), Chain[str, Any])


def test_prompts_and_models() -> None:
    assert_type(chain(PROMPT), Chain[Variables, Request])
    assert_type(chain(CLIENT), Chain[Asked, Response])
    assert_type(ask(CLIENT), Chain[Asked, str])
    assert_type(ask(CLIENT, output=Verdict), Chain[Asked, Verdict])
    assert_type(chain(PROMPT, CLIENT), Chain[Variables, Response])
    assert_type(PROMPT | ask(CLIENT) | length, Chain[Variables, int])
    assert_type(chain(PROMPT, ask(CLIENT), length), Chain[Variables, int])
    assert_type(chain(PROMPT, ask(CLIENT, output=Verdict)), Chain[Variables, Verdict])


def test_compositions() -> None:
    assert_type(step(length), Chain[str, int])
    assert_type(step(shown, name="show"), Chain[int, str])
    assert_type(parallel(length, str.upper), Chain[str, tuple[int, str]])
    assert_type(parallel(doubled, shown), Chain[int, tuple[int, str]])
    assert_type(parallel(short=length, long=length), Chain[str, dict[str, int]])
    assert_type(each(length), Chain[Iterable[str], list[int]])
    assert_type(each(shown, 2), Chain[Iterable[int], list[str]])
    assert_type(loop(doubled, lambda n: n > 9, at_most=3), Chain[int, int])
    assert_type(retry(shown), Chain[int, str])
    assert_type(retry(length, 2, on=ValueError), Chain[str, int])
    assert_type(cache(length), Chain[str, int])
    assert_type(tap(length), Chain[str, str])
    assert_type(fallback(length, length), Chain[str, int])
    assert_type(fallback(chain(length), length), Chain[str, int])
    assert_type(fallback(str.upper, louder, chain(louder)), Chain[str, str])
    assert_type(fallback(louder, str.upper), Chain[str, str])
    assert_type(in_thread(length), Chain[str, int])
    assert_type(extend(size=len), Chain[Mapping[str, Any], dict[str, Any]])
    assert_type(parallel(doubled, halves, shown), Chain[int, tuple[int, list[float], str]])
    assert_type(parallel(length, louder, length, louder), Chain[str, tuple[int, str, int, str]])
    assert_type(parallel(length, louder, length, louder, length), Chain[str, tuple[int, str, int, str, int]])
    assert_type(parallel(upper=str.upper, louder=louder), Chain[str, dict[str, str]])
    assert parallel(doubled, shown).run(4) == (8, "4")


def test_routes() -> None:
    assert_type(route(length, {1: str.upper}), Chain[str, str])
    assert_type(route(length, {1: louder, 2: louder}), Chain[str, str])
    assert_type(route(length, {1: str.upper}, otherwise=louder), Chain[str, str])
    assert_type(route(length, {4: chain(length)}, otherwise=length), Chain[str, int])
    assert_type(route(louder, A=str.upper, B=louder, C=chain(louder), otherwise=str.lower), Chain[str, str])
    told: dict[int, Step[str, str]] = {1: str.upper, 2: louder, 3: chain(louder)}
    assert_type(route(length, told), Chain[str, str])
    assert route(louder, A=str.upper, B=louder, otherwise=str.lower).batch(["a", "B", "C"]) == ["A", "B", "c"]


def asked_for() -> Chain[str, str]:
    """Where the type is asked for, a dict of several kinds has it with mypy, too."""
    return route(length, {1: str.upper, 2: louder, 3: chain(louder)})
