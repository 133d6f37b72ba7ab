"""Ask a model, and read what the answer took: the same lines for every model, here for the bundled one."""

from __future__ import annotations

from aiapp import Client

client = Client()  # or Client("openai:NAME"), Client("anthropic:NAME"); without a name AIAPP_MODEL, else "local"
response = client.complete("Hello! Who are you?")
print(response.text)
print(response.model, response.usage, response.receipt.timing)
print("US dollars:", response.receipt.cost)
