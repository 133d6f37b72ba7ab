"""How many tokens a request takes, before it is sent: how they were counted stands beside the number."""

from __future__ import annotations

from aiapp import Client, Request, Tool, system, user

question = user("How many days of parental leave do I get?")
look_up = Tool("look_up", "Find a rule in the handbook.", {"type": "object", "properties": {"words": {}}})
requests = {
    "the question": Request((question,)),
    "with instructions": Request((system("Answer in one sentence."), question)),
    "and with a tool": Request((system("Answer in one sentence."), question), tools=(look_up,)),
}

local = Client("local")  # counts what it will read, turns and markers and all, with its own tokenizer
for name, request in requests.items():
    count = local.count_tokens(request)
    print(f"{name}: {count.tokens} tokens, {'exactly' if count.exact else 'about'} ({count.source})")
answer = local.complete(requests["and with a tool"])
print(f"it was sent, and {answer.usage.input_tokens} were read")

# Of a hosted model, this machine knows less; `explain` counts here, and never sends anything.
# `Client("anthropic:NAME").count_tokens(...)` asks the provider, which counts for its users free of charge.
for model in ("openai:some-model", "anthropic:some-model"):
    counted = Client(model, api_key="not-a-real-key").explain(requests["and with a tool"]).counted
    assert counted is not None
    print(f"{model}: {counted.tokens} tokens, {'exactly' if counted.exact else 'about'} ({counted.source})")
