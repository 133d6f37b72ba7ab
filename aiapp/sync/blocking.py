"""Blocking twins of async functions, and the async twin of a function that blocks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from aiapp.sync.background import run

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(blocking: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The async twin of a function that can only block, as files do: it runs in a thread, in the caller's context.

    A caller that is cancelled goes on at once; the thread ends when the function does.
    """

    @functools.wraps(blocking)
    async def twin(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(blocking, *args, **kwargs)

    twin.__doc__ = f"The async twin of `{blocking.__name__}`."
    twin.__name__ = twin.__qualname__ = f"a{blocking.__name__}"
    return twin


def sync(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The blocking twin of an async function or method."""

    @functools.wraps(method)
    def blocking(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(method(*args, **kwargs))

    blocking.__name__ = method.__name__.removeprefix("a")
    blocking.__qualname__ = method.__qualname__.replace(method.__name__, blocking.__name__)
    blocking.__doc__ = f"The blocking twin of `{method.__name__}`."
    return blocking
