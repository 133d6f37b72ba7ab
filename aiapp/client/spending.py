"""The gate of budgets around each try at sending: reserve what it may take, and settle what it took."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aiapp.client.bounds import Bound, bound
from aiapp.client.budget import time_left
from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.charging import no_model_ran
from aiapp.client.receipt import invoice_of, response_of
from aiapp.client.reserving import NOTHING, Account, Claim, Reservation
from aiapp.client.route import full_name
from aiapp.core.errors import OverBudget, TimedOut
from aiapp.core.events import Completion, fold
from aiapp.core.invoice import Invoice
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.providers.protocol import Prepared, Provider

LEAST_ANSWER = 256
"""Tokens of the shortest answer that a budget cuts one to; where it does not afford that, the call is refused."""

LIMIT_TOKENS = 64
"""What a limit of tokens may add to a payload."""


class Spending:
    """The policy. A `strict` client's answers are never cut to what a budget affords."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict

    async def __call__(self, call: Call, proceed: Proceed, /) -> Opened:
        """Open the answer once all budgets have room for the most that it may take."""
        if not call.budgets:
            return await proceed(call)
        sends, (reservation, most) = call.sends, await self._reserved(call)
        try:
            opened = await proceed(call)
            if opened.rest is None:
                reservation.settle(_taken_whole(call, opened, most))
        except BaseException as error:
            if call.sends == sends:
                reservation.settle(None)
            else:
                reservation.settle(_taken_by_failure(error, reservation.claim))
            if isinstance(error, TimedOut):
                time_left(call.budgets, full_name(call.provider))  # where a budget cut the try short, that is said
            raise
        if opened.rest is not None:
            call.on_close(reservation.settle_at_bound)
            call.on_response(lambda response: reservation.settle(_taken(response, response.receipt.invoice, most)))
        return opened

    async def _reserved(self, call: Call) -> tuple[Reservation, Bound]:
        """Room for the call in all its budgets, waited for where others hold it."""
        model, accounts = full_name(call.provider), [budget.account for budget in call.budgets]
        for account in accounts:
            account.begin()
        if (
            call.prepared is not None and call.prepared is call.capped
        ):  # a try before was cut, maybe to less than is left
            call.prepared = call.provider.prepare(call.request)
        while True:
            most = self._affordable(call, accounts)
            reservation = Reservation(model, accounts, Claim(most.money, most.tokens))
            if reservation.take():
                return reservation, most
            limit = asyncio.timeout(_finite(time_left(call.budgets, model)))
            with call.queueing():
                try:
                    async with limit:
                        if await reservation.wait():
                            return reservation, most
                except TimeoutError:
                    if limit.expired():
                        time_left(call.budgets, model)
                    raise

    def _affordable(self, call: Call, accounts: list[Account]) -> Bound:
        began = datetime.now(UTC) - timedelta(seconds=call.stopwatch.elapsed)
        fitted = affordable(call.provider, call.request, call.prepared, accounts, began, strict=self._strict)
        if fitted.refusal is not None:
            raise fitted.refusal
        if fitted.prepared is not call.prepared:
            call.prepared = call.capped = fitted.prepared
        return fitted.most


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is sent, and the most that it may take; or why no budget has room for it."""

    prepared: Prepared | None
    most: Bound
    refusal: OverBudget | None = None


def affordable(
    provider: Provider,
    request: Request,
    prepared: Prepared | None,
    accounts: Sequence[Account],
    began: datetime,
    *,
    strict: bool,
) -> Fitted:
    """A request as its budgets let it be sent, its answer cut where only that makes it fit.

    Nothing is reserved, so it may still have to wait for others.
    """
    model, most = full_name(provider), bound(provider, request, prepared, began)
    refusal = _refusal(model, accounts, most)
    whole = Fitted(prepared, most, refusal)
    if refusal is None or refusal.dimension not in ("money", "tokens"):
        return whole
    if strict or prepared is None or not _open_ended(request):
        return whole
    saying_so = bound(provider, request, prepared, began, more_tokens=LIMIT_TOKENS)
    longest = [saying_so.answer_within(left.money, left.tokens) for left in (one.unspent for one in accounts)]
    tokens = min((one for one in longest if one is not None), default=0)
    if tokens < LEAST_ANSWER:
        return whole
    cut = provider.prepare(replace(request, settings=replace(request.settings, max_tokens=tokens)))
    most = bound(provider, request, cut, began)
    if _refusal(model, accounts, most) is not None:  # its provider does not let the answer be cut
        return whole
    change = Change("max_tokens", f"the budget affords an answer of {tokens:,} tokens; that is sent")
    return Fitted(replace(cut, changes=(*cut.changes, change)), most)


def _refusal(model: str, accounts: Sequence[Account], most: Bound) -> OverBudget | None:
    """Why a budget has no room for it even with nothing else in flight; also where nobody knows what it may take."""
    claim = Claim(most.money, most.tokens)
    for account in accounts:
        limit, spent = account.limit, account.spent
        for name, may_take, own in (("money", claim.money, limit.money), ("tokens", claim.tokens, limit.tokens)):
            if own is not None and may_take is None:
                known = spent.money if name == "money" else spent.tokens
                return OverBudget(model, name, own, known or 0, None, _why(model, name, most))
        refusal = account.refusal(model, claim)
        if refusal is not None:
            return refusal
    return None


def _why(model: str, dimension: str, most: Bound) -> str:
    reason = "; ".join(most.invoice.unknown if dimension == "money" else most.unknown)
    if dimension == "money" and most.tokens is not None:
        table = f'[offers."{model}"] with price = {{ input = 1.0, output = 2.0 }}'
        reason += f"; say it in the TOML file that AIAPP_CATALOG names, as {table}, in dollars per million tokens"
    return reason


def _open_ended(request: Request) -> bool:
    """Whether the user left the length of the answer open."""
    limited = ("max_tokens", "max_output_tokens", "max_completion_tokens")
    return request.settings.max_tokens is None and not any(name in request.settings.extra for name in limited)


def _taken_whole(call: Call, opened: Opened, most: Bound) -> Claim:
    """What an answer took that is there as a whole."""
    completion = fold(opened.first)
    if call.prepared is None:
        invoice = invoice_of(call, completion.usage, completion.model)
    else:
        invoice = response_of(completion, call).receipt.invoice
    return _taken(completion, invoice, most)


def _taken(said: Completion, invoice: Invoice, most: Bound) -> Claim:
    """What an answer took; where that is not known, as of one that broke off, what it may have taken."""
    usage, embedded = said.usage, most.output_tokens == 0
    whole = said.finish is not None or embedded
    tokens, money = most.tokens, most.money
    if whole and usage.input_tokens is not None and (embedded or usage.output_tokens is not None):
        tokens = usage.input_tokens + (usage.output_tokens or 0)
    if whole and invoice.total is not None:
        money = invoice.total
    elif money is not None:
        money = max(money, invoice.at_least)
    return Claim(money, tokens)


def _taken_by_failure(error: BaseException, claim: Claim) -> Claim:
    """A failure before a model ran took no more than a try; any other may have been charged in full."""
    return replace(claim, money=NOTHING, tokens=0) if no_model_ran(error) else claim


def _finite(seconds: float) -> float | None:
    return None if seconds == float("inf") else seconds
