"""Spans of all kinds, for property tests, and one that is quickly made."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from aiapp.core.invoice import Invoice, Line
from aiapp.core.response import Attempt
from aiapp.core.usage import Usage
from aiapp.tracking.span import Span

START = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
texts = st.text(max_size=20)
optional_texts = st.none() | texts
counts = st.none() | st.integers(0, 10**9)
numbers = st.floats(0, 1e6)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
money = st.decimals(0, 1000, allow_nan=False, allow_infinity=False)
lines = st.builds(Line, texts, counts, st.none() | money, st.integers(1, 10**6), texts)
tuples = st.lists(texts, max_size=3).map(tuple)
invoices = st.builds(Invoice, st.lists(lines, max_size=3).map(tuple), tuples)
usages = st.builds(Usage, counts, counts, counts, counts, counts)
attempts = st.builds(Attempt, texts, numbers, optional_texts, st.none() | st.integers(100, 599), numbers)
spans = st.builds(
    Span,
    id=texts,
    trace=texts,
    name=texts,
    kind=st.sampled_from(["call", "embedding", "step", "run", "tool"]),
    started=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    seconds=numbers,
    parent=optional_texts,
    step=tuples,
    tags=tuples,
    error=optional_texts,
    message=optional_texts,
    input=plain,
    output=plain,
    model=optional_texts,
    served=optional_texts,
    tier=optional_texts,
    prompt=optional_texts,
    settings=st.dictionaries(texts, plain, max_size=2),
    usage=st.none() | usages,
    invoice=st.none() | invoices,
    first_token=st.none() | numbers,
    attempts=st.lists(attempts, max_size=2).map(tuple),
    finish=optional_texts,
    cached=st.booleans(),
    response_id=optional_texts,
    request_id=optional_texts,
)


def call(cost: str | None = "0.5", *, after: float = 0.0, seconds: float = 1.0, **known: Any) -> Span:
    """A call that began `after` seconds; a cost of None is not known."""
    rate = None if cost is None else Decimal(cost)
    known.setdefault("usage", Usage(10, 20, 0, 0, 0))
    known.setdefault("model", "openai:any")
    known.setdefault("invoice", Invoice((Line("calls", 1, rate, 1),), () if cost else ("no price is known",)))
    known = {"id": os.urandom(8).hex(), "trace": os.urandom(16).hex(), "name": known["model"], "kind": "call", **known}
    return Span(started=START + timedelta(seconds=after), seconds=seconds, **known)
