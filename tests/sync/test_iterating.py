"""Blocking loops over what is read on the background loop."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from aiapp.sync import Readers, iterate, run
from aiapp.sync.background import Background, background
from tests.sync.scenes import SECONDS, eventually

pytestmark = pytest.mark.usefixtures("runner")

tag: contextvars.ContextVar[str] = contextvars.ContextVar("tag", default="none")


def test_iteration_is_lazy_and_closing_it_closes_the_async_side() -> None:
    closed = threading.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            for number in range(1000):
                yield number
        finally:
            closed.set()

    values = iterate(numbers())
    assert [next(values), next(values)] == [0, 1]
    values.close()
    assert closed.wait(2)


def test_reading_ahead_keeps_order_and_ends_with_the_error() -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(1000):
            yield number
        raise LookupError("no more")

    seen: list[int] = []
    with pytest.raises(LookupError, match="no more"):
        seen.extend(iterate(numbers()))
    assert seen == list(range(1000))


def test_a_slow_reader_is_not_run_away_from() -> None:
    made = 0

    async def endless() -> AsyncIterator[int]:
        nonlocal made
        while True:
            made += 1
            yield made

    numbers = iterate(endless())
    assert [next(numbers) for _ in range(3)] == [1, 2, 3]
    numbers.close()
    assert made < 200


def test_what_is_read_is_closed_in_the_context_it_is_read_in() -> None:
    async def numbers() -> AsyncIterator[int]:
        before = tag.set("reading")
        try:
            for number in range(200):
                yield number
        finally:
            tag.reset(before)

    reader = iterate(numbers())
    assert next(reader) == 0
    reader.close()
    assert list(reader) == []


def test_a_reader_may_be_closed_from_another_thread() -> None:
    async def one_and_no_more() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(60)

    reader = iterate(one_and_no_more())
    assert next(reader) == 1
    closing = threading.Timer(0.05, reader.close)
    closing.start()
    assert list(reader) == []
    closing.join()


def test_one_that_is_closed_while_another_thread_begins_it_is_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one() -> AsyncIterator[int]:
        yield 1

    reader = iterate(one())

    def closed_meanwhile() -> Background:
        monkeypatch.setattr("aiapp.sync.iterating.background", background)
        closing = threading.Thread(target=reader.close)
        closing.start()
        closing.join()
        return background()

    monkeypatch.setattr("aiapp.sync.iterating.background", closed_meanwhile)
    assert list(reader) == []


def test_threads_may_share_one() -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(500):
            yield number

    reader = iterate(numbers())
    with ThreadPoolExecutor(4) as pool:
        taken = [pool.submit(list[int], reader) for _ in range(4)]
        assert sorted(number for one in taken for number in one.result(SECONDS)) == list(range(500))


def test_a_cleanup_that_takes_long_is_not_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiapp.sync.iterating.CLEANING_SECONDS", 0.01)
    cleaned = threading.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            cleaned.set()

    readers = Readers()
    reader = readers.iterate(events := numbers())
    assert next(reader) == 1
    reader.close()
    del reader
    readers.close(lambda: aclose(events))  # which is being closed
    assert not cleaned.is_set()
    assert cleaned.wait(SECONDS)


async def aclose(events: AsyncIterator[Any]) -> None:
    await cast("AsyncGenerator[Any]", events).aclose()


def test_an_error_in_closing_reaches_who_closes() -> None:
    reader = iterate(cannot_be_closed())
    assert next(reader) == 1
    with pytest.raises(OSError, match="could not be written"):
        reader.close()
    assert list(reader) == []


def test_an_error_in_closing_what_nobody_holds_is_reported() -> None:
    told: list[str] = []

    async def listen() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context["exception"])))

    run(listen())
    reader = iterate(cannot_be_closed())
    assert next(reader) == 1
    del reader
    assert eventually(lambda: gc.collect() >= 0 and bool(told))
    assert told == ["the rest could not be written"]


async def cannot_be_closed() -> AsyncIterator[int]:
    try:
        yield 1
        await asyncio.sleep(60)
    finally:
        raise OSError("the rest could not be written")
