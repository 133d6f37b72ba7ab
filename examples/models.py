"""What a model costs on a day, until when it is served, and prices of your own.

The catalogue is data that came with aiapp: dated, with a source on every line, and read without a network.
"""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from aiapp.catalog.catalogue import catalogue
from aiapp.core.errors import UnknownModel

DAY = date(2026, 11, 21)
OWN = """
[offers."openai:gpt-6-sol"]
times = 0.85
source = "our contract"

[offers."vllm:llama-3.3-70b"]
model = "llama-3.3-70b"
price = { input = 0.10, output = 0.40 }
"""


def main() -> None:
    """Print prices, dates and a suggestion."""
    known = catalogue()
    offer = known.offer("openai:gpt-6-sol-2026-09-22")  # a snapshot: the same offer
    prices = offer.price(DAY)
    assert prices is not None
    for tokens in (272_000, 272_001):
        rates = prices.rates(tokens)
        assert rates is not None
        assert rates.input is not None
        print(f"{offer.id}, {tokens:,} tokens in: {rates.input * tokens / Decimal(1_000_000):.2f} dollars")

    ending = [one for one in known.offers.values() if one.successor and one.retires and one.retires > DAY]
    for one in sorted(ending, key=lambda one: (one.retires or DAY, one.id))[:3]:
        print(f"{one.id} ends on {one.retires}; its provider names {one.successor} in its place")

    try:
        known.offer("gpt-6-soll")
    except UnknownModel as error:
        print(error)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prices.toml"  # or name it in AIAPP_CATALOG
        file.write_text(OWN, encoding="utf-8")
        ours = known.with_overrides(file)
        for name in ("openai:gpt-6-sol", "vllm:llama-3.3-70b"):
            mine = ours.offer(name)
            list_now = mine.price(DAY)
            rates = None if list_now is None else list_now.rates()
            assert rates is not None
            weights = "open" if mine.open else "closed"
            print(f"{name} ({weights}): {rates.input} in, {rates.output} out, dollars per million tokens")


if __name__ == "__main__":
    main()
