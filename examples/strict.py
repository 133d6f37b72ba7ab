"""What a model cannot honour: dropped with a warning, or refused by a strict client; never lost without a word."""

from __future__ import annotations

from aiapp import Client, Request, Settings, user
from aiapp.core.errors import NotHonoured

question = user("Hello! Who are you?")
request = Request((question,), settings=Settings(max_tokens=40, effort="high", service_tier="priority"))

response = Client("local").complete(request)
print("answered:", response.text)
for warning in response.warnings:
    print("  warning:", warning)

try:
    Client("local", strict=True).complete(request)
except NotHonoured as error:
    print("a strict client sends nothing, for the sake of", [change.field for change in error.changes])

print("\nwhat each model would lose of the same settings, told before anything is sent")
request = Request((question,), settings=Settings(top_k=5, seed=1, stop=("\n\n",), effort="high", temperature=0.2))
for model in ("local", "openai:gpt-6-sol", "anthropic:claude-opus-5-5", "mistral:some-model"):
    explained = Client(model, api_key=None if model == "local" else "not-a-real-key").explain(request)
    for change in explained.changes:
        print(f"  {model}, {'lost' if change.lost else 'sent otherwise'}: {change}")
