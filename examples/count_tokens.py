"""How many tokens a request takes, before it is sent: how they were counted stands beside the number."""

from __future__ import annotations

from aiapp import Client, Request, Tool, system, user
from aiapp.core.usage import Usage
from aiapp.testing import Said, WireServer

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

print("\nof hosted models: what this machine can tell, and what the vendor, here one on this machine, says if asked")
with WireServer(Said("", usage=Usage(input_tokens=61))) as vendor:
    for model in ("openai:some-model", "anthropic:some-model"):
        with Client(model, api_key="not-a-real-key", base_url=vendor.url) as client:
            told = client.explain(requests["and with a tool"]).counted  # never sends anything
            asked = client.count_tokens(requests["and with a tool"])  # costs nothing at these two
        for counted in (told, asked):
            if counted is not None:
                print(f"  {model}: {counted.tokens}, {'exactly' if counted.exact else 'about'} ({counted.source})")
