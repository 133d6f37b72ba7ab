"""The invoice of a call, from what is known about it."""

from __future__ import annotations

from decimal import Decimal

from aiapp.core.invoice import Invoice, Line
from aiapp.core.usage import Usage

OWN_MACHINE = "runs on this machine"


def bill(usage: Usage, *, model: str, free: bool) -> Invoice:
    """The invoice for a call's tokens.

    A free model costs 0 because it is free. For any other the rates are unknown until a price is known for it: the
    invoice then says so, and its total is None.
    """
    rate = Decimal(0) if free else None
    source = OWN_MACHINE if free else ""
    lines = (
        Line("input tokens", usage.input_tokens, rate, source=source),
        Line("output tokens", usage.output_tokens, rate, source=source),
    )
    return Invoice(lines, () if free else (f"no price is known for {model}",))
