"""Response: the provider's completion with its receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic

from aiapp.core.events import Completion
from aiapp.core.invoice import Invoice, total_invoice
from aiapp.core.usage import Usage, total_usage

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=None)
else:
    from typing import TypeVar

    T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is sent otherwise than it was asked for, and why; `lost` where that means less than was asked."""

    field: str
    reason: str
    lost: bool = True

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a call; `wait` is the pause in seconds before the next one.

    `at_most` is what one that failed may have been charged in US dollars, such as one that took too long: it stands on
    no invoice. None where nobody knows, and for one that was answered.
    """

    model: str
    seconds: float
    error: str | None = None
    status: int | None = None
    wait: float = 0.0
    at_most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the start of the call; `stages` names where they went, in order."""

    total: float
    first_token: float | None = None
    stages: tuple[tuple[str, float], ...] = ()


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was sent, what had to change, every attempt, the model that served it, tokens, money and time.

    `model` is the one that was asked, `served` the one that the provider says it used, `tier` and `region` how it says
    that it served: in our words, such as `flex`, and None where it says nothing. `cached` tells an answer from
    the response cache: it was not asked for now and cost nothing; `usage` says what it took when it was.
    """

    model: str
    usage: Usage
    invoice: Invoice
    timing: Timing
    attempts: tuple[Attempt, ...] = ()
    changes: tuple[Change, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=_nothing, repr=False)
    request_id: str | None = None
    served: str = ""
    tier: str | None = None
    region: str | None = None
    prompt: str | None = None
    prompt_name: str | None = None
    cached: bool = False

    @property
    def warnings(self) -> tuple[Change, ...]:
        """What was asked for and could not be honoured."""
        return tuple(change for change in self.changes if change.lost)

    @property
    def cost(self) -> Decimal | None:
        """US dollars of the invoice; None where unknown."""
        return self.invoice.total

    @property
    def cost_at_most(self) -> Decimal | None:
        """The same with what tries that failed may have been charged besides; None where that is unknown."""
        parts = [self.cost, *(one.at_most for one in self.attempts if one.error is not None)]
        known = [part for part in parts if part is not None]
        return sum(known, Decimal(0)) if len(known) == len(parts) else None


def total_receipt(receipts: Iterable[Receipt], timing: Timing) -> Receipt:
    """One receipt for several calls that made one answer; `timing` is that of the whole."""
    items = list(receipts)
    return Receipt(
        model=", ".join(dict.fromkeys(receipt.model for receipt in items)),
        usage=total_usage(receipt.usage for receipt in items),
        invoice=total_invoice(receipt.invoice for receipt in items),
        timing=timing,
        attempts=tuple(attempt for receipt in items for attempt in receipt.attempts),
        changes=tuple(dict.fromkeys(change for receipt in items for change in receipt.changes)),
        payload={"calls": [dict(receipt.payload) for receipt in items]},
        request_id=items[-1].request_id if items else None,
        served=", ".join(dict.fromkeys(receipt.served for receipt in items)),
        tier=items[-1].tier if items else None,
        region=items[-1].region if items else None,
        prompt=items[-1].prompt if items else None,
        prompt_name=items[-1].prompt_name if items else None,
        cached=bool(items) and all(receipt.cached for receipt in items),
    )


@dataclass(frozen=True, slots=True)
class Response(Completion, Generic[T]):
    """What `Client` returns: the completion, with `receipt` and `warnings`.

    `output` is the answer as the type that was asked for; None where none was.
    """

    receipt: Receipt = field(kw_only=True)
    output: T = field(kw_only=True)

    @property
    def warnings(self) -> tuple[Change, ...]:
        """What was asked for and could not be honoured."""
        return self.receipt.warnings
