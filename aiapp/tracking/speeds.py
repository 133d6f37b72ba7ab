"""How fast models were in calls that were recorded, as `choose(measured=...)` takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiapp.catalog.catalogue import Catalogue, catalogue
from aiapp.catalog.ranking import Measured
from aiapp.tracking.entry import Entry
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.totals import totals
from aiapp.tracking.wording import seconds


def speeds(calls: Ledger | Iterable[Entry], known: Catalogue | None = None) -> Mapping[str, Measured]:
    """The speed of each offer in calls of its own that were answered, by the offer's id.

    What the cache answered, what failed, and embeddings are left out; retries and waits are in the times. The first
    token is that of streamed answers alone. A model that no catalogue knows goes by its name.
    """
    listed = catalogue() if known is None else known
    entries = calls.entries() if isinstance(calls, Ledger) else calls
    by: dict[str, list[Entry]] = {}
    for one in entries:
        if one.kind == "call" and not one.failed and not one.cached:
            offer = listed.find(one.model)
            by.setdefault(one.model if offer is None else offer.id, []).append(one)
    return {name: _measured(some) for name, some in by.items()}


def _measured(calls: list[Entry]) -> Measured:
    found = totals(calls)
    streamed = sum(one.first_token is not None for one in calls)
    plural = "" if len(calls) == 1 else "s"
    about = "" if streamed == len(calls) else f", {streamed or 'none'} of them streamed"
    whole = f"whole answers {seconds(found.seconds.p50)} (p95 {seconds(found.seconds.p95)})"
    return Measured(
        first_token=found.first_token.p50,
        tokens_per_second=found.tokens_per_second,
        source=f"measured on {len(calls):,} call{plural} of yours{about}; {whole}",
        as_of=max(one.started for one in calls).date(),
        first_token_p95=found.first_token.p95,
    )
