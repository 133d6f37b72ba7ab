"""Retries and a fallback: when a model cannot answer, it is asked again, then the next; it is all on the receipt."""

from __future__ import annotations

from aiapp import Client, Retry
from aiapp.core.errors import Overloaded
from aiapp.testing import ScriptedModel

busy = ScriptedModel(Overloaded("no capacity", provider="scripted", model="scripted", status=529))
client = Client(provider=busy, fallback=["local"], retry=Retry(attempts=2, first_wait=0.01))
# In earnest: Client("openai:NAME", fallback=["anthropic:NAME", "local"])

response = client.complete("Passage:\nThe hall seats 40 people.\n\nQuestion: How many people does the hall seat?")
print(response.text)
for attempt in response.receipt.attempts:
    print(f"  {attempt.model}: {attempt.error or 'answered'}, then waited {attempt.wait:.3f} s")

try:
    Client(provider=busy, retry=Retry(attempts=2, first_wait=0.01)).complete("Anyone?")
except Overloaded as error:
    print(error)
    if error.receipt is not None:  # as it is for an error of a call that was sent
        print(f"  {len(error.receipt.attempts)} attempts, {error.receipt.cost} dollars")
