"""An open model on machines of one's own, beside paying by the token: memory, speed, price, and the break-even."""

from __future__ import annotations

from datetime import date

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.gpus import gpus
from aiapp.catalog.hosting import Deployment
from aiapp.catalog.hosting_price import by_the_token, deployments, host
from aiapp.catalog.traffic import Traffic

known, traffic = catalogue(), Traffic(input_tokens=1_000, output_tokens=250, calls_per_day=50_000)
model = known.models["gpt-oss-20b"]
assert model.architecture is not None
first = Deployment(model.architecture, gpus()["H100"], precision="fp4", context=8_192, batch=64)
offers = by_the_token(model, traffic, known, date(2026, 11, 21))

for one in deployments(first, gpus().values()):
    rent = one.gpu.rent
    if rent is None:
        print(f"{one.gpus} x {one.gpu.name}: {one.gpu.no_price}")
        continue
    served = host(one, traffic, rent.low, utilisation=0.5)
    even = served.break_even(offers[0][1])
    print(
        f"{one.gpus} x {one.gpu.name:<9}{one.memory.total / 1e9:>5.1f} GB{served.tokens_per_second:>7,.0f} tokens/s"
        f"{served.per_million:>7.3f} $ a million tokens, cheaper than {offers[0][0].vendor}: "
        f"{'never' if even is None else f'from {even:,} calls a day'}"
    )
for offer, cost in offers[:3]:
    print(f"{offer.id}: ${cost.total:,.2f} a month")
