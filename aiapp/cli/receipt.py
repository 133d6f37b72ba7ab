"""A receipt for people to read."""

from __future__ import annotations

from decimal import Decimal

from aiapp.core.response import Receipt


def receipt_lines(receipt: Receipt) -> list[str]:
    """The lines to print under an answer."""
    timing = receipt.timing
    usage = receipt.usage
    first = "" if timing.first_token is None else f", first token {_seconds(timing.first_token)}"
    stages = " · ".join(f"{name} {_seconds(seconds)}" for name, seconds in timing.stages)
    lines = [
        f"model   {receipt.model}",
        f"tokens  {_count(usage.input_tokens)} in, {_count(usage.output_tokens)} out",
        f"cost    {_money(receipt)}",
        f"time    {_seconds(timing.total)}{first}",
    ]
    if stages:
        lines.append(f"        {stages}")
    lines.extend(f"note    {change}" for change in receipt.changes)
    return lines


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _money(receipt: Receipt) -> str:
    if receipt.cost is None:
        return f"unknown ({'; '.join(receipt.invoice.unknown) or 'the provider reported no token counts'})"
    if receipt.cost == Decimal(0):
        sources = dict.fromkeys(line.source for line in receipt.invoice.lines if line.source)
        return f"$0 ({', '.join(sources)})" if sources else "$0"
    return f"${receipt.cost:.6f}"
