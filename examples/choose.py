"""Rank the options of a choice, and see every probability."""

from __future__ import annotations

import math

from aiapp import Choice, Client, Request, user

question = user(
    "Passage:\nThe red lamp costs 40 euros. The blue lamp costs 55 euros.\n\nQuestion: What does the blue lamp cost?"
)
options = ("The red lamp costs 40 euros.", "The blue lamp costs 55 euros.", "Not in the documents.")

response = Client("local").complete(Request((question,), format=Choice(options)))
for alternative in response.alternatives:
    print(f"{math.exp(alternative.logprob):6.1%}  {alternative.text}")
