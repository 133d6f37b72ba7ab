"""The receipt of a call that failed: what was sent, every attempt, and the money as far as it is known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from aiapp.client.call import Call
from aiapp.client.receipt import response_of
from aiapp.core.errors import AiappError, AnswerInvalid, ProviderError
from aiapp.core.events import Completion, fold
from aiapp.core.invoice import Invoice, Line
from aiapp.core.response import Receipt
from aiapp.tracking.billing import REFUSED

NOTHING_SAID = fold(())
OVERLOADED = 529


def tell(error: AiappError, call: Call, said: Completion = NOTHING_SAID) -> None:
    """Give an error the receipt of the call that it ends; `said` is what had come of the answer."""
    if call.sent and not isinstance(error, AnswerInvalid):  # which has that of its answer
        error.receipt = receipt_of_failure(call, error, said)


def receipt_of_failure(call: Call, error: BaseException, said: Completion = NOTHING_SAID) -> Receipt:
    """The receipt of a call that the error ends."""
    return unsettled(response_of(said, call).receipt, call, error, said)


def unsettled(receipt: Receipt, call: Call, error: BaseException, said: Completion = NOTHING_SAID) -> Receipt:
    """The same receipt where the call did not come to its end: what it cost is known only if no model ran."""
    if receipt.request_id is None and isinstance(error, ProviderError):
        receipt = replace(receipt, request_id=error.request_id)
    free = call.provider.free and all(one.error is None or one.at_most == 0 for one in receipt.attempts)
    return receipt if free else replace(receipt, invoice=_invoice(receipt, error, said))


def _invoice(receipt: Receipt, error: BaseException, said: Completion) -> Invoice:
    refused = bool(receipt.attempts) and all(was_refused(attempt.status) for attempt in receipt.attempts)
    if refused and said == NOTHING_SAID and isinstance(error, ProviderError):
        return Invoice((Line("requests", 1, Decimal(0), 1, REFUSED),))
    how = "was closed" if isinstance(error, GeneratorExit) else f"ended with {type(error).__name__}"
    reason = f"a call {how} before its usage was told in full"
    return replace(receipt.invoice, unknown=(*receipt.invoice.unknown, reason))


def was_refused(status: int | None) -> bool:
    """Whether an error status means that no model ran; after any other one may have, and may have been charged for."""
    return status is not None and (400 <= status < 500 or status == OVERLOADED)
