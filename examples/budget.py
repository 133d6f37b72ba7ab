"""Money first: a forecast before a batch, a loop that its budget stops, and many at once that cannot overshoot."""

from __future__ import annotations

from aiapp import Budget, Client, Request, Response, Settings, user
from aiapp.core.errors import OverBudget
from aiapp.core.usage import Usage
from aiapp.testing import Said, WireServer

SAID = Said("It is the Seine.", usage=Usage(14, 7, 0, 0, 0), model="gpt-6-sol")


def question(number: int) -> Request:
    """A question whose answer is not long."""
    return Request((user(f"Which river flows through town {number}?"),), settings=Settings(max_tokens=50))


with WireServer(lambda _: SAID) as server:  # stands in for the vendor, so that this runs without a key
    client = Client("openai:gpt-6-sol", api_key="no-key", base_url=server.url)

    print("before a batch:", client.forecast(map(question, range(100)), answer_tokens=10))

    with Budget("0.002") as budget:
        try:
            for number in range(100):
                client.complete(question(number))
        except OverBudget as error:
            print(f"\nstopped after {budget.spent.calls} calls: {error}")

    with Budget("0.002", calls=20) as budget:
        results = client.batch(map(question, range(100)), concurrency=20)
        answered = [one for one in results if isinstance(one, Response)]
        print(f"\nof 100 at once, {len(answered)} were answered for ${budget.spent.money:.6f}")
        print("the others:", next(one for one in results if not isinstance(one, Response)))

    answer = Client("openai:gpt-6-sol", api_key="no-key", base_url=server.url, budget=Budget("0.01")).complete("Why?")
    print("\nno max_tokens, little money:", answer.warnings[0])
    client.close()
