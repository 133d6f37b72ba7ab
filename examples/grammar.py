"""Answers that cannot leave a form: a grammar of yours, or the very words of a text; the bundled model keeps both."""

from __future__ import annotations

from aiapp import Client, Request, user
from aiapp.core.formats import Grammar, Quotation

client = Client("local")

lark = r"""
start: weekday " at " hour ":" ("00" | "30")
weekday: "Monday" | "Wednesday" | "Friday"
hour: /[0-9]|1[0-9]|2[0-3]/
"""
question = user("Passage:\nThe pool opens on Wednesday at 9:30.\n\nQuestion: When does the pool open?")
print(client.complete(Request((question,), format=Grammar(lark))).text)

terms = "Orders are sent within two days. Returns are accepted for 30 days, with the receipt."
question = user(f"Passage:\n{terms}\n\nQuestion: For how long are returns accepted?")
quote = client.complete(Request((question,), format=Quotation((terms,)))).text
print(repr(quote), quote in terms)

# Where a model cannot be held to a form, that is said before anything is sent, and `Client(strict=True)` refuses.
elsewhere = Client("anthropic:some-model", api_key="not-a-real-key")
print(*elsewhere.explain(Request((question,), format=Grammar(lark))).changes)
