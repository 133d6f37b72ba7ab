"""A receipt on the screen: the bill line by line, and what is unknown of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from aiapp.catalog.catalogue import Catalogue
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import PriceList, Rates, Step
from aiapp.cli.receipt import invoice_lines, receipt_lines
from aiapp.core.response import Receipt, Timing
from aiapp.core.usage import Iteration, Usage
from aiapp.tracking.billing import CACHED, bill, nothing_due

DAY = date(2026, 11, 20)
NAME = "anthropic:claude"
LOW = Rates(Decimal(4), Decimal(20), Decimal("0.2"), Decimal(5), Decimal(8))
HIGH = Rates(Decimal(8), Decimal(30), Decimal("0.4"), Decimal(10), Decimal(16))
PRICES = PriceList(
    {"standard": (Step(0, LOW), Step(100_000, HIGH)), "flex": (Step(0, LOW),)},
    "a price list",
    DAY,
    valid_from=date(2026, 9, 1),
    factors={"us": Decimal("1.1")},
    uses={"web_search": Decimal("0.01")},
)
FIND = Catalogue([Offer(NAME, "anthropic", "a list", DAY, prices=(PRICES,))], ()).find
ROW = "        prices: anthropic:claude, 2026-11-20 (a price list, valid from 2026-09-01)"


def test_a_bill_is_itemised() -> None:
    usage = Usage(9000, 500, 4000, 3000, 320, long_cache_write_tokens=1000, uses={"web_search": 2})
    assert invoice_lines(bill(usage, NAME, FIND, at=DAY, region="us")) == [
        "cost    $0.060480",
        "        2,000 input tokens             x $4 / 1M x 1.1 (us)     $0.008800",
        "        4,000 cached input tokens      x $0.20 / 1M x 1.1 (us)  $0.000880",
        "        2,000 cache writes             x $5 / 1M x 1.1 (us)     $0.011000",
        "        1,000 cache writes, kept long  x $8 / 1M x 1.1 (us)     $0.008800",
        "          500 output tokens            x $20 / 1M x 1.1 (us)    $0.011000",
        "            2 web search               x $0.01                  $0.020000",
        ROW,
    ]


def test_each_request_and_each_step_is_named() -> None:
    usage = Usage(
        120_000,
        20,
        iterations=(
            Iteration("compaction", Usage(110_000, 10, 0, 0)),
            Iteration("message", Usage(10_000, 10, 0, 0)),
        ),
    )
    told = invoice_lines(bill(usage, NAME, FIND, at=DAY))
    assert told[1] == "        110,000 input tokens (compaction)   x $8 / 1M   $0.880000"
    assert told[-2:] == [ROW.replace("claude, ", "claude, more than 100,000 tokens, "), ROW]


def test_what_is_unknown_says_why_and_what_it_costs_at_the_least() -> None:
    assert invoice_lines(bill(Usage(1000, None, None, 0), NAME, FIND, at=DAY)) == [
        "cost    unknown, at least $0.000200",
        "          1,000 input tokens   x $0.20 / 1M or more  unknown",
        "        unknown output tokens  x $20 / 1M            unknown",
        "        unknown: the provider did not say how many of the input tokens were cached",
        "        unknown: the provider did not say how many output tokens there were",
        ROW,
    ]
    assert invoice_lines(bill(Usage(1000, 1), "openai:x", FIND, at=DAY))[0] == "cost    unknown"


def test_what_is_free_says_why() -> None:
    assert invoice_lines(nothing_due(Usage(1000, 1), CACHED)) == ["cost    $0 (answered from the cache)"]


def test_a_receipt_names_tier_region_and_what_the_tokens_were() -> None:
    usage = Usage(9000, 500, 4000, 3000, 320)
    receipt = Receipt(NAME, usage, nothing_due(usage, CACHED), Timing(0.5, 0.1), tier="flex", region="us")
    assert receipt_lines(receipt) == [
        "model   anthropic:claude, flex tier, in us",
        "tokens  9,000 in (4,000 cached, 3,000 written to the cache), 500 out (320 reasoning)",
        "cost    $0 (answered from the cache)",
        "time    500 ms, first token 100 ms",
    ]
