"""What tries that failed may have been charged: on no invoice, and on the receipt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from aiapp import Client, Request, Retry, Settings, track, user
from aiapp.cli.receipt import receipt_lines
from aiapp.core.errors import BadRequest, Overloaded, ProviderError, RateLimited, TimedOut, Unavailable
from aiapp.core.response import Attempt, Receipt
from aiapp.core.serialisation import from_plain, to_plain
from aiapp.testing import Said, ScriptedModel, WireServer, faults
from aiapp.tracking.tree import drawn

MODEL = "gpt-6-sol"  # $2 in and $10 out
ASKED = Request((user("Hello!"),), settings=Settings(max_tokens=100))
AT_ONCE = Retry(3, 0.0, 0.0)


class Hosted(ScriptedModel):
    """Stands in for a hosted model with a price."""

    name = "openai"

    def __init__(self, script: Any, *, model: str = MODEL, free: bool = False) -> None:
        super().__init__(script, free=free)
        self.model = model


def failure(kind: type[ProviderError], status: int | None) -> ProviderError:
    return kind("no", provider="openai", model=MODEL, status=status)


def answered(*script: Any, **of: Any) -> Receipt:
    return Client(provider=Hosted([*script, "Hello."], **of), retry=AT_ONCE).complete(ASKED).receipt


@pytest.mark.parametrize(
    ("kind", "status", "charged"),
    [
        (RateLimited, 429, False),
        (Overloaded, 529, False),
        (Unavailable, 500, True),
        (TimedOut, None, True),
    ],
)
def test_a_try_after_which_a_model_may_have_run_is_bounded(
    kind: type[ProviderError], status: int | None, charged: bool
) -> None:
    receipt = answered(failure(kind, status))
    most = Client(provider=Hosted("x")).explain(ASKED).bound.money
    assert most is not None
    assert most > Decimal("0.001")  # a hundred tokens at $10 a million
    assert [one.at_most for one in receipt.attempts] == [most if charged else 0, None]
    assert receipt.attempts[0].error == kind.__name__


def test_what_nobody_knows_is_not_zero() -> None:
    receipt = answered(failure(TimedOut, None), model="gpt-of-nobody")
    assert receipt.attempts[0].at_most is None
    assert receipt.cost_at_most is None
    assert any("may have been charged: how much is not known" in line for line in receipt_lines(receipt))


def test_on_this_machine_a_failure_costs_nothing() -> None:
    receipt = answered(failure(Unavailable, 503), free=True)
    assert receipt.attempts[0].at_most == 0
    assert receipt.cost_at_most == receipt.cost == 0


def test_over_the_wire_the_receipt_the_run_and_the_file_say_what_a_failed_try_may_cost() -> None:
    with WireServer([faults.Status(500), Said("Hello.")]) as server, track() as run:
        client = Client(f"openai:{MODEL}", api_key="k", base_url=server.url, retry=AT_ONCE)
        receipt = client.complete(ASKED).receipt
        client.close()
    most = receipt.attempts[0].at_most
    assert most
    assert receipt.cost
    assert receipt.cost_at_most == receipt.cost + most
    (line,) = (line for line in receipt_lines(receipt) if "not on the invoice" in line)
    assert line.strip().startswith(
        "not on the invoice: a try that ended with Unavailable may have been charged: up to $"
    )
    (span,) = run.calls
    assert span.cost == receipt.cost  # what is known is not mixed with what may be
    assert "where failed ones were charged" in "\n".join(drawn([span]))
    assert from_plain(Attempt, to_plain(receipt.attempts[0])) == receipt.attempts[0]


def test_a_refusal_that_ends_the_call_is_not_bounded() -> None:
    client = Client(provider=Hosted(failure(BadRequest, 400)), retry=AT_ONCE)
    with track() as run, pytest.raises(BadRequest):
        client.complete(ASKED)
    (span,) = run.calls
    assert [span.cost, *(one.at_most for one in span.attempts)] == [0, 0]
