"""The invoice of a call, from what is known about it."""

from __future__ import annotations

from decimal import Decimal

from aiapp.core.invoice import Invoice, Line
from aiapp.core.usage import Usage

OWN_MACHINE = "runs on this machine"
CACHED = "answered from the cache"


def bill(usage: Usage, *, model: str, free: bool, cached: bool = False) -> Invoice:
    """The invoice for a call's tokens.

    A free model costs 0 because it is free, an answer from the cache because nobody was asked. For any other the
    rates are unknown until a price is known for it: the invoice then says so, and its total is None.
    """
    source = CACHED if cached else OWN_MACHINE if free else ""
    rate = Decimal(0) if source else None
    lines = (
        Line("input tokens", usage.input_tokens, rate, source=source),
        Line("output tokens", usage.output_tokens, rate, source=source),
    )
    return Invoice(lines, () if source else (f"no price is known for {model}",))
