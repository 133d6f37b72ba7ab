"""The receipt of a call before it is made: nothing is sent, and what only an answer can tell is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from aiapp.catalog.prices import STANDARD
from aiapp.client.bounds import Bound
from aiapp.client.budget import Budget
from aiapp.client.fallback import UNFIT
from aiapp.client.receipt import priced, shown
from aiapp.client.route import Route
from aiapp.client.spending import affordable
from aiapp.core.errors import AiappError, OverBudget
from aiapp.core.events import Event, fold
from aiapp.core.invoice import Invoice
from aiapp.core.request import Request
from aiapp.core.response import Receipt, Timing
from aiapp.core.usage import Usage
from aiapp.providers.counting import Count
from aiapp.providers.protocol import Counts, Provider
from aiapp.providers.tiers import served_tier


@dataclass(frozen=True, slots=True)
class Explanation(Receipt):
    """What the receipt of a call will say, as far as that is known before anything is sent.

    `usage` is the input alone, as `counted` counts it, which is an estimate unless it is `exact`. So `invoice` bounds
    the cost from below (`invoice.at_least`), and `bound` from above, in tokens and in money (bounds.py): `most` is its
    invoice. Both are for one try, without what asking again costs.

    `tries` is how often this model is asked at most, and `otherwise` is what is asked where it cannot answer, in order;
    one that cannot take the request at all says why in `passed_over`.
    `refused` is whether a strict client raises `NotHonoured`, for what `changes` says is lost. `over_budget` is what
    the budgets around the call raise, as they stand now, in place of asking; what they cut is in `changes`. Where the
    answer is in the cache, `cached` says so, nobody is asked, and `usage` and `invoice` are those of the answer.
    """

    counted: Count | None = None
    bound: Bound = field(kw_only=True)
    tries: int = 0
    refused: bool = False
    over_budget: OverBudget | None = None
    passed_over: AiappError | None = None
    otherwise: tuple[Explanation, ...] = ()

    @property
    def most(self) -> Invoice:
        """The most that one try may cost."""
        return self.bound.invoice


def explain(
    routes: Sequence[Route], request: Request, kept: Sequence[Event] | None, budgets: Sequence[Budget]
) -> Explanation:
    """What would be tried, in order, and within which budgets; `kept` is the answer that the cache holds."""
    if kept is not None:
        return _kept(_of(routes[0], request, ()), kept, routes[0].provider)
    first, *others = routes
    return replace(
        _of(first, request, budgets), otherwise=tuple(_fallback(route, request, budgets) for route in others)
    )


def _fallback(route: Route, request: Request, budgets: Sequence[Budget]) -> Explanation:
    """One that stands in for another, if it can take the request."""
    try:
        return _of(route, request, budgets)
    except UNFIT as error:
        nothing = Usage(0, 0)
        return Explanation(
            route.model, nothing, Invoice(), Timing(0.0), bound=Bound(0, 0, Invoice()), passed_over=error
        )


def _of(route: Route, request: Request, budgets: Sequence[Budget]) -> Explanation:
    """One model alone."""
    provider, now = route.provider, datetime.now(UTC)
    prepared = provider.prepare(request)
    refused = route.strict and any(change.lost for change in prepared.changes)
    accounts = [one.account for one in budgets]
    fitted = affordable(provider, request, prepared, accounts, now, strict=route.strict)
    prepared = fitted.prepared or prepared
    counted = provider.count_tokens(request) if isinstance(provider, Counts) else None
    least = Usage(None if counted is None else counted.tokens)
    tier = prepared.payload.get("service_tier")
    return Explanation(
        model=route.model,
        usage=least,
        invoice=_invoice(provider, least, tier),
        timing=Timing(0.0),
        changes=prepared.changes,
        payload=shown(prepared.payload, request),
        prompt=request.prompt,
        prompt_name=request.prompt_name,
        counted=counted,
        bound=fitted.most,
        tries=route.retry.attempts,
        refused=refused,
        over_budget=fitted.refusal,
    )


def _kept(asked: Explanation, events: Sequence[Event], provider: Provider) -> Explanation:
    """The same with what the answer in the cache tells."""
    answer = fold(events)
    invoice = _invoice(provider, answer.usage, None, cached=True)
    return replace(
        asked,
        usage=answer.usage,
        invoice=invoice,
        bound=Bound(0, 0, invoice),
        request_id=answer.request_id,
        served=answer.model,
        tier=answer.tier,
        cached=True,
        counted=None,
        tries=0,
    )


def _invoice(provider: Provider, usage: Usage, tier: str | None, *, cached: bool = False) -> Invoice:
    return priced(provider, usage, datetime.now(UTC), tier=served_tier(tier) or STANDARD, cached=cached)
