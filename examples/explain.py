"""The receipt before the call: what would be sent to whom, what had to change, what it would take. Nothing is sent."""

from __future__ import annotations

import json

from aiapp import Client, MemoryCache, Request, Settings, system, user

messages = (system("Be brief."), user("Name a river."))
request = Request(messages, settings=Settings(temperature=0.2, seed=1, max_tokens=100))
client = Client("openai:some-model", api_key="not-a-real-key", fallback=["local"])

explanation = client.explain(request)
print(json.dumps(explanation.payload))
for one in (explanation, *explanation.otherwise):
    print(f"\n{one.model}, asked up to {one.tries} times")
    for change in one.changes:
        print(f"  {'lost' if change.lost else 'changed'}: {change}")
    if one.counted is not None:
        print(f"  input: {one.counted.tokens} tokens, {'exactly' if one.counted.exact else one.counted.source}")
    most = "unknown: " + ", ".join(one.most.unknown) if one.most.total is None else f"${one.most.total}"
    print(f"  cost: at least ${one.invoice.at_least}, at most {most}")

kept = Client("local", cache=MemoryCache())
kept.complete(request)
print("\nasked again, answered from the cache:", kept.explain(request).cached)
