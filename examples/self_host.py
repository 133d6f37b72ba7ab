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
first = Deployment(model.architecture, gpus()["H100"], precision="fp4", context=8_192, batch=16)
offers = by_the_token(model, traffic, known, date(2026, 11, 21))

for one in deployments(first, gpus().values()):
    rent = one.gpu.rent
    served = host(one, traffic, rent.low if rent else None, utilisation=0.5)
    price = "unknown" if served.per_million is None else f"${served.per_million:.3f}"
    even = served.break_even(offers[0][1])
    print(
        f"{one.gpus} x {one.gpu.name:<9}{one.memory.total / 1e9:>6.1f} GB{served.tokens_per_second:>8,.0f} tokens/s"
        f"{price:>9} a million tokens, even with {offers[0][0].vendor} from"
        f" {'no volume' if even is None else f'{even:,} calls a day'}"
    )
for offer, cost in offers[:3]:
    print(f"{offer.id}: ${cost.total} a month")
