"""Budgets: the most that calls may take in money, tokens, calls and seconds, shared by whoever is given one.

Before each try at sending, the most that it may take (bounds.py) is reserved of every budget that it stands under, of
all at once or of none; after it, what it did take is spent. What may have been charged and is not known stays spent at
its bound. So however many calls are in flight, they cannot together take more than there is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextvars import ContextVar
from decimal import Decimal, InvalidOperation
from types import TracebackType
from typing import Self

from aiapp.client.reserving import Account, Amounts
from aiapp.client.timeouts import Late
from aiapp.core.accepted import AT_LEAST_ZERO, SECONDS
from aiapp.core.errors import InvalidInput, OverBudget


class Budget:
    """The most that calls may take: `Client(budget=...)`, or `with Budget("0.50") as budget:` for all calls inside.

    `money` is in US dollars, `tokens` are those of input and output, `calls` are tries at sending, retries included,
    and `seconds` run from the beginning of the `with`, or from the first call. One budget may serve any number of
    clients, threads and event loops. Scopes nest: every budget around a call must allow it. A scope is carried by
    `await`, new tasks, `asyncio.to_thread` and aiapp's blocking calls, not by a plain thread.

    A call that does not fit only because of what others have reserved waits for them, first come, first served; one
    that cannot fit is `OverBudget`, and nothing is sent. The most that a call may take rests on its `max_tokens`: where
    that is set, more calls fit at once; where it is not, and the longest answer of the model does not fit, the answer
    is cut to what the budget affords, and the response's `warnings` say so. A stream holds what it reserved until it is
    read to its end or closed, so whoever asks again while reading one may wait for themselves. A stream that still
    comes when the seconds are over ends with `OverBudget`, whose `said` is the answer till then.
    """

    def __init__(
        self,
        money: Decimal | str | float | None = None,
        *,
        tokens: int | None = None,
        calls: int | None = None,
        seconds: float | None = None,
    ) -> None:
        for name, value in (("tokens", tokens), ("calls", calls)):
            if value is not None:
                AT_LEAST_ZERO.check(name, value)
        if seconds is not None:
            SECONDS.check("seconds", seconds)
        if money is None and tokens is None and calls is None and seconds is None:
            raise InvalidInput("money", None, "a limit of money, tokens, calls or seconds, or several of them")
        self.limit = Amounts(None if money is None else _dollars(money), tokens, calls, seconds)
        self.account = Account(self.limit)

    @property
    def spent(self) -> Amounts:
        """What calls that ended took, or may have taken where nobody knows."""
        return self.account.spent

    @property
    def reserved(self) -> Amounts:
        """What calls in flight may take."""
        return self.account.reserved

    @property
    def left(self) -> Amounts:
        """What is neither spent nor reserved; None where there is no limit."""
        return self.account.left

    def __enter__(self) -> Self:
        self.account.begin()
        _here.set((*_here.get(), self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        around = [*_here.get()]
        if self in around:  # a generator that holds this may be closed in another context than it ran in
            del around[len(around) - 1 - around[::-1].index(self)]
            _here.set(tuple(around))

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return f"Budget(limit={self.limit}, spent={self.spent}, reserved={self.reserved})"


_here: ContextVar[tuple[Budget, ...]] = ContextVar("aiapp_budgets", default=())


def budgets_here(own: Budget | None = None) -> tuple[Budget, ...]:
    """The budgets around the running code, each once, with that of a client."""
    around = _here.get()
    return around if own is None and len(around) < 2 else tuple(dict.fromkeys((*around, *((own,) if own else ()))))


def time_left(budgets: Sequence[Budget], model: str) -> float:
    """The seconds that all budgets leave; `OverBudget` where there is none, infinite where there is no limit."""
    late = next((late for budget in budgets if (late := budget.account.out_of_time(model)) is not None), None)
    if late is not None:
        raise late
    return min((left for budget in budgets if (left := budget.left.seconds) is not None), default=math.inf)


def end_in_time(budgets: Sequence[Budget], model: str) -> Late | None:
    """When the first of the budgets' seconds are over, and what a stream that still comes then ends with."""
    timed = [(left, one) for one in budgets if (left := one.left.seconds) is not None]
    if not timed:
        return None
    left, first = min(timed, key=lambda each: each[0])
    seconds = first.limit.seconds or 0.0

    def over() -> OverBudget:
        elapsed = round(first.account.elapsed, 3)
        return OverBudget(model, "seconds", seconds, elapsed, reason="is not listened to any more")

    return Late(time.monotonic() + left, over)


def _dollars(money: Decimal | str | float) -> Decimal:
    try:
        amount = Decimal(str(money))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(money, bool) or not amount.is_finite() or amount < 0:
        raise InvalidInput("money", money, 'US dollars of at least 0, such as "0.50"')
    return amount
