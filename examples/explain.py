"""What would be sent, and what had to change, before anything is sent. The key is no part of it."""

from __future__ import annotations

import json

from aiapp import Client, Request, Settings, system, user

request = Request((system("Be brief."), user("Name a river.")), settings=Settings(temperature=0.2, seed=1))

for model in ("openai:some-model", "anthropic:some-model"):
    prepared = Client(model, api_key="not-a-real-key").explain(request)
    print(model, json.dumps(prepared.payload, indent=2))
    for change in prepared.changes:
        print("  changed:", change)
