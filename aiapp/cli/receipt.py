"""A receipt for people to read: what an answer took and cost, with the bill line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from aiapp.core.invoice import Invoice, Line, PriceRow
from aiapp.core.response import Attempt, Receipt
from aiapp.core.usage import Usage

_MARGIN = " " * 8
_UNITS = {1: "", 1_000: " / 1K", 1_000_000: " / 1M"}


def receipt_lines(receipt: Receipt) -> list[str]:
    """The lines to print under an answer."""
    timing = receipt.timing
    first = "" if timing.first_token is None else f", first token {_seconds(timing.first_token)}"
    stages = " · ".join(f"{name} {_seconds(seconds)}" for name, seconds in timing.stages)
    lines = [
        f"model   {_model(receipt)}",
        f"tokens  {_tokens(receipt.usage)}",
        *invoice_lines(receipt.invoice),
        *(f"{_MARGIN}{line}" for line in failed_tries(receipt.attempts)),
        f"time    {_seconds(timing.total)}{first}",
    ]
    if stages:
        lines.append(_MARGIN + stages)
    lines.extend(f"note    {change}" for change in receipt.changes)
    return lines


def failed_tries(attempts: Sequence[Attempt]) -> Iterator[str]:
    """What may have been charged beside the invoice, a line for each try that failed after a model may have run."""
    for one in attempts:
        if one.error is not None and one.at_most != 0:
            most = "how much is not known" if one.at_most is None else f"up to {_money(one.at_most)}"
            yield f"not on the invoice: a try that ended with {one.error} may have been charged: {most}"


def invoice_lines(invoice: Invoice) -> list[str]:
    """The total, each line that costs something or may, and where the prices come from."""
    told = [f"cost    {_total(invoice)}"]
    costly = [line for line in invoice.lines if line.rate != 0]
    cells = [_cells(line) for line in costly]
    widths = [max((len(row[place]) for row in cells), default=0) for place in range(4)]
    for number, item, rate, amount in cells:
        told.append(f"{_MARGIN}{number:>{widths[0]}} {item:<{widths[1]}}  x {rate:<{widths[2]}}  {amount:>{widths[3]}}")
    told.extend(f"{_MARGIN}unknown: {reason}" for reason in invoice.unknown)
    rows = dict.fromkeys(_row(line.row) for line in costly if line.row is not None)
    told.extend(f"{_MARGIN}prices: {row}" for row in rows)
    told.extend(f"{_MARGIN}{note}" for note in invoice.notes)
    return told


def _cells(line: Line) -> tuple[str, str, str, str]:
    """How many, of what, at which rate, and what that makes."""
    item = f"{line.item} ({line.purpose.replace('_', ' ')})" if line.purpose else line.item
    unit = _UNITS.get(line.per, f" / {line.per:,}")
    if line.rate is None:
        rate = "unknown" if line.least is None else f"{_money(line.least)}{unit} or more"
    else:
        rate = f"{_money(line.rate)}{unit}"
    if line.row is not None and line.row.factor != 1:
        rate += f" x {line.row.factor.normalize():f} ({line.row.because})"
    amount = "unknown" if line.amount is None else f"${line.amount:.6f}"
    return _count(line.count), item.replace("_", " "), rate, amount


def _total(invoice: Invoice) -> str:
    if invoice.total is None:
        return f"unknown, at least ${invoice.at_least:.6f}" if invoice.at_least else "unknown"
    if invoice.total == 0:
        sources = dict.fromkeys(line.source for line in invoice.lines if line.source)
        return f"$0 ({', '.join(sources)})" if sources else "$0"
    return f"${invoice.total:.6f}"


def _row(row: PriceRow) -> str:
    """Which row of whose list it is."""
    return ", ".join(_about(row))


def _about(row: PriceRow) -> Iterator[str]:
    yield row.model
    if row.tier != "standard":
        yield f"{row.tier} tier"
    if row.above:
        yield f"more than {row.above:,} tokens"
    since = "" if row.valid_from is None else f", valid from {row.valid_from}"
    yield f"{row.as_of} ({row.source}{since})"


def _model(receipt: Receipt) -> str:
    how = [f"{receipt.tier} tier"] if receipt.tier not in (None, "standard") else []
    how += [f"in {receipt.region}"] if receipt.region not in (None, "global") else []
    return ", ".join([receipt.model, *how])


def _tokens(usage: Usage) -> str:
    inside = [
        f"{count:,} {what}"
        for what, count in (("cached", usage.cached_tokens), ("written to the cache", usage.cache_write_tokens))
        if count
    ]
    thought = f" ({usage.reasoning_tokens:,} reasoning)" if usage.reasoning_tokens else ""
    cached = f" ({', '.join(inside)})" if inside else ""
    return f"{_count(usage.input_tokens)} in{cached}, {_count(usage.output_tokens)} out{thought}"


def _money(amount: Decimal) -> str:
    """Whole dollars, or at least two decimals and as many as there are."""
    exact = f"{amount.normalize():f}"
    whole, _, decimals = exact.partition(".")
    return f"${whole}" if not decimals else f"${whole}.{decimals:0<2}"


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
