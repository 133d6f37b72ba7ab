"""Limits: how many calls are in flight at once, and how many start within a time; one limit may serve many clients."""

from __future__ import annotations

import time

from aiapp import Client, RateLimit, Response
from aiapp.client.limits import Concurrency
from aiapp.testing import WireServer

at_once = Concurrency(3)
a_second = RateLimit(requests=10, per=1)  # in earnest RateLimit(requests=500, tokens=200_000), which is a minute's

with WireServer("Yes.", delay=0.05) as server:
    for model in ("openai:some-model", "openai:another-model"):  # both count towards the same limits
        with Client(model, api_key="k", base_url=server.url, concurrency=at_once, rate_limit=a_second) as client:
            began = time.perf_counter()
            results = client.batch([f"Is {number} a number?" for number in range(15)], concurrency=15)
            took = time.perf_counter() - began
        receipts = [one.receipt for one in results if isinstance(one, Response)]
        queued = [dict(receipt.timing.stages).get("queue", 0.0) for receipt in receipts]
        print(f"{model}: {len(receipts)} answers in {took:.1f} s")
        print("  seconds each call queued:", *(f"{seconds:.1f}" for seconds in queued))
    print(f"the server saw at most {server.most_in_flight} at once")
