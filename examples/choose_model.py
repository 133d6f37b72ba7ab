"""Which model for this traffic? Every offer against what is needed, with the trade between the first few in words."""

from __future__ import annotations

from datetime import date

from aiapp import Needs, choose
from aiapp.catalog.traffic import Traffic

needs = Needs(
    traffic=Traffic(input_tokens=6_000, output_tokens=400, calls_per_day=2_000, cached=0.7),
    max_month="300",
    context=100_000,
    features=("tools", "json_schema"),
    until=date(2027, 6, 30),
)
ranking = choose(needs, on=date(2026, 11, 21))
print("\n".join(ranking.explanation))

best = ranking.best
assert best is not None
print(f"\n{best.offer.id}, a month:")
for line in best.cost.lines:
    print(f"  {line.item:<14}{line.tokens:>16,.0f} tokens at ${line.rate} a million: ${line.amount:,.2f}")
for check in best.checks:
    by = "" if check.margin is None else f", by {check.margin:,.2f} {check.unit}"
    print(f"  {check.need:<22}{check.verdict}{by}")
