"""What a step of a chain costs: `python tests/benchmarks/chains.py`.

A chain of functions that do nothing, run many times on one event loop: CPU time of the process for each step, beside a
bare call of the same functions and, where `langchain-core` is installed, beside its `RunnableLambda`s. Compare within
one run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from aiapp import track
from aiapp.chains import chain, parallel, step

STEPS, RUNS, ROUNDS = 10, 300, 7


def same(value: int) -> int:
    return value


async def same_later(value: int) -> int:
    return value


async def bare(value: int) -> int:
    for _ in range(STEPS):
        value = same(value)
    return value


async def bare_later(value: int) -> int:
    for _ in range(STEPS):
        value = await same_later(value)
    return value


def chained(function: Any) -> Callable[[int], Awaitable[Any]]:
    pipeline = step(function)
    for _ in range(STEPS - 1):
        pipeline = pipeline | function
    return pipeline.arun


async def streamed(value: int) -> int:
    pipeline = step(same)
    for _ in range(STEPS - 1):
        pipeline = pipeline | same
    async for _ in pipeline.stream(value):
        pass
    return value


async def tracked(value: int) -> int:
    pipeline = step(same)
    for _ in range(STEPS - 1):
        pipeline = pipeline | same
    with track():
        await pipeline.arun(value)
    return value


def langchain(function: str, work: Any) -> Callable[[int], Awaitable[Any]]:
    runnables: Any = import_module("langchain_core.runnables")
    pipeline = runnables.RunnableLambda(work)
    for _ in range(STEPS - 1):
        pipeline = pipeline | runnables.RunnableLambda(work)
    method: Any = getattr(pipeline, function)
    if function == "ainvoke":
        return method  # type: ignore[no-any-return]

    async def run(value: int) -> Any:
        return method(value)

    return run


async def seconds(work: Callable[[int], Awaitable[Any]]) -> float:
    """CPU seconds of one run: the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(RUNS):
            await work(1)
        best = min(best, (time.process_time() - began) / RUNS)
    return best


def main() -> None:
    """Print the table."""
    wide = parallel(*[same] * STEPS).arun
    cases: dict[str, Callable[[int], Awaitable[Any]]] = {
        "bare calls": bare,
        "bare awaits": bare_later,
        "chain of functions": chained(same),
        "chain of async functions": chained(same_later),
        "chain of functions, streamed": streamed,
        "chain of functions, tracked": tracked,
        "parallel, a branch": wide,
    }
    if find_spec("langchain_core") is not None:
        cases["LangChain, invoke of functions"] = langchain("invoke", same)
        cases["LangChain, ainvoke of async functions"] = langchain("ainvoke", same_later)
    else:
        print("langchain-core is not installed: its rows are left out")
    print(f"{'CPU time of a step, microseconds':<40} {'best of ' + str(ROUNDS):>10}")
    for name, work in cases.items():
        print(f"{name:<40} {asyncio.run(seconds(work)) / STEPS * 1e6:>10.2f}")


if __name__ == "__main__":
    assert chain(same, same).run(1) == 1
    main()
