"""Bills worked by hand, from what each provider sent to the last millionth of a dollar: golden_bills.toml."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.prices import STANDARD
from aiapp.catalog.rows import read_offer
from aiapp.core.events import Completion, Event, fold
from aiapp.core.invoice import Invoice, Line
from aiapp.providers.anthropic import decode as messages
from aiapp.providers.hosted import Decoder
from aiapp.providers.litellm import decode as litellm
from aiapp.providers.openai import decode as responses
from aiapp.providers.openai.chat import decode as chat
from aiapp.providers.openai.embeddings import decode_vectors
from aiapp.providers.openai.sdk import region_of
from aiapp.providers.openai.vendors import vendors
from aiapp.tracking.billing import CACHED, bill, nothing_due

HERE = Path(__file__).parent
BILLS: list[dict[str, Any]] = tomllib.loads((HERE / "golden_bills.toml").read_text(encoding="utf-8"))["bill"]
ROWS: list[dict[str, Any]] = tomllib.loads((HERE / "golden_prices.toml").read_text(encoding="utf-8"))["offer"]
CATALOGUE = Catalogue([read_offer(row, {}) for row in ROWS], ())
NOON = "2026-11-20T12:00:00+00:00"
MILLION = Decimal(1_000_000)
LINE = re.compile(
    r"(?:(?P<purpose>\w+) \| )?(?P<item>[^:]+): (?P<count>\S+) x (?P<rate>\S+)(?: x (?P<factor>\S+))?"
    r" = (?P<amount>\S+)(?: \((?P<offer>\S+)\))?"
)


def completion(row: Mapping[str, Any]) -> Completion:
    """What the decoder of the row's wire makes of what the provider sent."""
    provider, _, name = str(row["model"]).partition(":")
    if "stream" in row:
        return fold(streamed(row["wire"], provider, name, json.loads(row["stream"])))
    answer: dict[str, Any] = {"model": name, **json.loads(row["answer"])}
    choice = {"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}
    match row["wire"]:
        case "responses":
            return fold(responses.decode({"output": [], **answer}, name))
        case "messages":
            return fold(messages.decode({"content": [], "stop_reason": "end_turn", **answer}, name))
        case "litellm":
            return fold(litellm.decode({"choices": [choice], **answer}, name))
        case _:
            vendor = vendors().get(provider, vendors()["compatible"])
            return fold(chat.decode({"choices": [choice], **answer}, name, vendor))


def streamed(wire: str, provider: str, name: str, events: Iterable[Mapping[str, Any]]) -> Iterable[Event]:
    decoders: dict[str, Decoder] = {
        "responses": responses.StreamDecoder(name),
        "messages": messages.StreamDecoder(name),
        "chat": chat.StreamDecoder(name, vendors().get(provider, vendors()["compatible"])),
    }
    decoder = decoders[wire]
    return [ours for event in events for ours in decoder.decode(event)]


def billed(row: Mapping[str, Any]) -> Invoice:
    """The invoice of what was decoded."""
    at = datetime.fromisoformat(row.get("at", NOON))
    if row["wire"] == "embeddings":
        vectors = decode_vectors(json.loads(row["answer"]), 1, "openai", "asked")
        return bill(vectors.usage, row["model"], CATALOGUE.find, at=at, served=vectors.model.replace("asked", ""))
    said = completion(row)
    if row.get("cached"):
        return nothing_due(said.usage, CACHED)
    tier = said.tier or (None if "asked_tier" in row else STANDARD)
    region = said.region or region_of(row.get("base_url", ""))
    return bill(said.usage, row["model"], CATALOGUE.find, at=at, served=said.model, tier=tier, region=region)


def written(line: Line, expected: str) -> str:
    """The line in the form of the table; the offer stands in it where it does in the table."""
    match = LINE.fullmatch(expected)
    assert match is not None, f"the table's line cannot be read: {expected}"
    per_unit = MILLION / line.per
    least = "" if line.least is None else f"({plain(line.least * per_unit)})"
    rate = f"?{least}" if line.rate is None else plain(line.rate * per_unit)
    factor = "" if line.row is None or line.row.factor == 1 else f" x {plain(line.row.factor)}"
    amount = "?" if line.amount is None else plain(line.amount * MILLION)
    purpose = f"{line.purpose} | " if line.purpose else ""
    offer = f" ({line.row.model})" if match["offer"] and line.row is not None else ""
    count = "?" if line.count is None else line.count
    return f"{purpose}{line.item}: {count} x {rate}{factor} = {amount}{offer}"


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def added(working: str) -> Decimal:
    """The result of a sum that is worked in the table, which must be right."""
    terms, _, result = working.rpartition(" = ")
    assert not terms or sum(map(Decimal, terms.split(" + ")), Decimal(0)) == Decimal(result), working
    return Decimal(result) / MILLION


@pytest.mark.parametrize("row", BILLS, ids=[row["name"] for row in BILLS])
def test_a_bill_is_what_was_worked_by_hand(row: dict[str, Any]) -> None:
    invoice = billed(row)
    lines: list[str] = row["lines"]
    assert [written(line, said) for line, said in zip(invoice.lines, lines, strict=False)] == lines[
        : len(invoice.lines)
    ]
    assert len(invoice.lines) == len(lines)
    if "sum" in row:
        assert invoice.total == invoice.at_least == added(row["sum"])
        assert invoice.unknown == ()
    else:
        assert invoice.total is None
        assert invoice.at_least == added(row["least"])
    for reason, said in zip(invoice.unknown, row.get("unknown", ()), strict=True):
        assert said in reason
    for note, said in zip(invoice.notes, row.get("notes", ()), strict=True):
        assert said in note


@pytest.mark.parametrize("row", [row for row in BILLS if "sum" in row], ids=lambda row: row["name"])
def test_the_tables_own_arithmetic_is_right(row: dict[str, Any]) -> None:
    """Each line is its product, and the sum names each line: then no line can be wrong in two places."""
    amounts = list[Decimal]()
    for line in row["lines"]:
        match = LINE.fullmatch(line)
        assert match is not None
        amounts.append(Decimal(match["amount"]))
        if match["count"] != "?":
            assert Decimal(match["count"]) * Decimal(match["rate"]) * Decimal(match["factor"] or 1) == amounts[-1]
    terms: str = row["sum"].rpartition(" = ")[0]
    assert [Decimal(term) for term in terms.split(" + ")] == amounts


def test_every_line_that_is_priced_names_its_source_and_date() -> None:
    for row in BILLS:
        for line in billed(row).lines:
            if line.row is not None:
                assert line.source == line.row.source
                assert line.row.as_of.year == 2026
            else:
                assert line.source in ("runs on this machine", CACHED) or line.rate is None


def test_the_table_has_what_a_table_must_have() -> None:
    assert len(BILLS) >= 60
    assert {row["wire"] for row in BILLS} == {"responses", "chat", "messages", "litellm", "embeddings"}
    assert len({row["name"] for row in BILLS}) == len(BILLS)
