"""Chains are typed from end to end: this file is checked by mypy and pyright, and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_type

from aiapp import Client, Prompt, Response
from aiapp.chains import (
    Chain,
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
    assert_type(route(length, {1: str.upper}), Chain[str, Any])
    options: dict[int, Chain[str, int]] = {4: chain(length)}
    assert_type(route(length, options, otherwise=chain(length)), Chain[str, int])
    assert_type(fallback(length, length), Chain[str, Any])
    assert_type(fallback(chain(length), chain(length)), Chain[str, int])
    assert_type(in_thread(length), Chain[str, int])
    assert_type(extend(size=len), Chain[Mapping[str, Any], dict[str, Any]])
    assert parallel(doubled, shown).run(4) == (8, "4")
