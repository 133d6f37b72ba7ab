"""Reservations: what is set aside of budgets before a try is sent, all of it or nothing, and settled after.

However many threads and event loops ask at once, what is spent and set aside together never passes a limit. Whoever has
to wait for others to settle stands in a line, and goes on in its turn.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiapp.client.waiting import Waiting
from aiapp.core.errors import OverBudget

NOTHING = Decimal(0)
_lock = threading.Lock()
"""One for all accounts, since a try may need several at once."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a try takes, or may take; None is unknown."""

    money: Decimal | None
    tokens: int | None
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Amounts:
    """US dollars, tokens of input and output, tries at sending, seconds; None is unknown, or without a limit."""

    money: Decimal | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None


@dataclass(slots=True)
class Sum:
    """What claims add up to. What is unknown of some is left out, and counted in `untold`."""

    money: Decimal = NOTHING
    tokens: int = 0
    calls: int = 0
    untold_money: int = 0
    untold_tokens: int = 0

    def add(self, claim: Claim, sign: int = 1) -> None:
        """Add a claim, or take it off."""
        self.money += sign * (claim.money or NOTHING)
        self.tokens += sign * (claim.tokens or 0)
        self.calls += sign * claim.calls
        self.untold_money += sign * (claim.money is None)
        self.untold_tokens += sign * (claim.tokens is None)

    def amounts(self, seconds: float) -> Amounts:
        """The sums, as far as they are known."""
        money = None if self.untold_money else self.money
        return Amounts(money, None if self.untold_tokens else self.tokens, self.calls, seconds)


class Account:
    """What is spent and set aside of one budget, and who waits for it."""

    def __init__(self, limit: Amounts) -> None:
        self.limit = limit
        self.line: deque[Reservation] = deque()
        self._spent, self._reserved = Sum(), Sum()
        self._began: float | None = None

    @property
    def spent(self) -> Amounts:
        """What tries that ended took, or may have taken where nobody knows."""
        with _lock:
            return self._spent.amounts(self.elapsed)

    @property
    def reserved(self) -> Amounts:
        """What tries in flight may take."""
        with _lock:
            return self._reserved.amounts(0.0)

    @property
    def left(self) -> Amounts:
        """What is neither spent nor reserved; None where there is no limit."""
        with _lock:
            return self._beside(self._spent, self._reserved)

    @property
    def unspent(self) -> Amounts:
        """What would be left if all that is reserved were given back."""
        with _lock:
            return self._beside(self._spent)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def begin(self) -> None:
        """The seconds run from now on, unless they do already."""
        if self._began is None:
            self._began = time.monotonic()

    def out_of_time(self, model: str) -> OverBudget | None:
        """Why nothing may be sent any more; None where there is time."""
        seconds = self.limit.seconds
        if seconds is None or self.elapsed < seconds:
            return None
        return OverBudget(model, "seconds", seconds, round(self.elapsed, 3))

    def refusal(self, model: str, claim: Claim) -> OverBudget | None:
        """Why a claim would not fit even if nothing else were in flight; None where it would."""
        with _lock:
            return self.lacking(model, claim)

    def lacking(self, model: str, claim: Claim) -> OverBudget | None:
        """The same, for whoever holds the lock."""
        limit, spent = self.limit, self._spent
        if limit.calls is not None and spent.calls + claim.calls > limit.calls:
            return OverBudget(model, "calls", limit.calls, spent.calls, claim.calls)
        if limit.tokens is not None and claim.tokens is not None and spent.tokens + claim.tokens > limit.tokens:
            return OverBudget(model, "tokens", limit.tokens, spent.tokens, claim.tokens)
        if limit.money is not None and claim.money is not None and spent.money + claim.money > limit.money:
            return OverBudget(model, "money", limit.money, spent.money, claim.money)
        return self.out_of_time(model)

    def fits(self, claim: Claim) -> bool:
        """Whether there is room beside all that is reserved; for whoever holds the lock."""
        limit, spent, reserved = self.limit, self._spent, self._reserved
        return (
            (limit.calls is None or spent.calls + reserved.calls + claim.calls <= limit.calls)
            and (limit.tokens is None or spent.tokens + reserved.tokens + (claim.tokens or 0) <= limit.tokens)
            and (limit.money is None or spent.money + reserved.money + (claim.money or NOTHING) <= limit.money)
        )

    def reserve(self, claim: Claim) -> None:
        """Set a claim aside; for whoever holds the lock."""
        self._reserved.add(claim)

    def settle(self, claim: Claim, spent: Claim | None) -> None:
        """Spend what was taken of a claim, which is set aside no more; for whoever holds the lock."""
        self._reserved.add(claim, -1)
        if spent is not None:
            self._spent.add(spent)

    def _beside(self, *taken: Sum) -> Amounts:
        limit = self.limit
        return Amounts(
            None if limit.money is None else max(NOTHING, limit.money - sum(one.money for one in taken)),
            None if limit.tokens is None else max(0, limit.tokens - sum(one.tokens for one in taken)),
            None if limit.calls is None else max(0, limit.calls - sum(one.calls for one in taken)),
            None if limit.seconds is None else max(0.0, limit.seconds - self.elapsed),
        )


class Reservation:
    """What one try holds of all its budgets, from before it is sent until it is settled, once."""

    def __init__(self, model: str, accounts: Sequence[Account], claim: Claim) -> None:
        self.model, self.accounts, self.claim = model, accounts, claim
        self._held = self._refused = False
        self._waiting: Waiting | None = None

    def take(self) -> bool:
        """Reserve at once where there is room and nobody waits; else stand in line, and then `wait`."""
        with _lock:
            if not any(account.line for account in self.accounts) and self._fits():
                self._hold()
                return True
            self._waiting = Waiting.here()
            for account in self.accounts:
                account.line.append(self)
            _advance(self.accounts)
            return self._held

    async def wait(self) -> bool:
        """Wait in line: True once it is reserved, False where it turned out that it cannot be."""
        assert self._waiting is not None
        try:
            await self._waiting.called
        except BaseException:
            self._give_up()
            raise
        return not self._refused

    def settle(self, spent: Claim | None) -> None:
        """Spend what was taken; None is nothing. Once settled, it stays so."""
        with _lock:
            self._settle(spent)

    def settle_at_bound(self) -> None:
        """Nobody knows what was taken, so it is what may have been."""
        self.settle(self.claim)

    def next(self) -> bool:
        """Its turn has come if it is first in all its lines; whether it could leave them. For `_advance`."""
        if any(account.line[0] is not self for account in self.accounts):
            return False
        self._refused = any(account.lacking(self.model, self.claim) is not None for account in self.accounts)
        if not self._refused and not self._fits():
            return False
        for account in self.accounts:
            account.line.popleft()
        assert self._waiting is not None
        if self._waiting.call() and not self._refused:
            self._hold()
        return True

    def _fits(self) -> bool:
        return all(account.fits(self.claim) for account in self.accounts)

    def _hold(self) -> None:
        self._held = True
        for account in self.accounts:
            account.reserve(self.claim)

    def _settle(self, spent: Claim | None) -> None:
        if self._held:
            self._held = False
            for account in self.accounts:
                account.settle(self.claim, spent)
            _advance(self.accounts)

    def _give_up(self) -> None:
        with _lock:  # once for both: its turn may come between them
            self._settle(None)
            for account in self.accounts:
                if self in account.line:
                    account.line.remove(self)
            _advance(self.accounts)


def _advance(accounts: Sequence[Account]) -> None:
    """Let those go on whose turn has come. All lines are in one order, so that some one is first in all of its own."""
    to_see = [*accounts]
    while to_see:
        account = to_see.pop()
        while account.line and (first := account.line[0]).next():
            to_see.extend(other for other in first.accounts if other is not account)
